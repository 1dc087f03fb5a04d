"""The arbiter's records on disk, so that a project opened again knows who did better."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.dataset.files import write_json
from unet_gui.unet.arbiter import STEPS, Arbiter, Record

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

FILE_NAME: Final = "records.json"
FORMAT: Final = 2

_log = logging.getLogger(__name__)


def save_records(arbiter: Arbiter, path: Path) -> bool:
    """Write all records; False, and no harm but to be learnt anew, when that was not possible."""
    learners = {
        learner: {
            image: {
                "finished": record.finished,
                "inherited": record.inherited,
                "codes": record.codes.tolist(),
                "counts": record.counts.tolist(),
            }
            for image, record in images.items()
        }
        for learner, images in arbiter.records.items()
    }
    try:
        write_json(path, {"format": FORMAT, "steps": STEPS, "learners": learners}, durable=False)
    except OSError as exc:
        _log.warning("the records of who proposed well were not kept: %s", exc)
        return False
    arbiter.changed = False
    return True


def load_records(path: Path, class_ids: Collection[int]) -> Arbiter:
    """The records in a file; none when it is missing, damaged or of another kind.

    Args:
        path: The file.
        class_ids: The project's classes; what is said of others is left out.
    """
    arbiter = Arbiter()
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT or data["steps"] != STEPS:
            return arbiter
        for learner, images in data["learners"].items():
            for image, record in images.items():
                arbiter.put(str(learner), str(image), _read(record, class_ids))
    except FileNotFoundError:
        return arbiter
    except Exception as exc:  # noqa: BLE001 - whatever is wrong with it, it is as good as none
        _log.warning("the records of who proposed well cannot be read: %s", exc)
        return Arbiter()
    arbiter.changed = False
    return arbiter


def _read(record: dict[str, Any], class_ids: Collection[int]) -> Record:
    codes = np.asarray(record["codes"], np.int64)
    counts = np.asarray(record["counts"], np.int64)
    if codes.ndim != 1 or codes.shape != counts.shape or (counts < 0).any():
        raise ValueError("codes and counts do not fit")
    if codes.size and not 0 <= codes.min() <= codes.max() < 256 * 256 * STEPS:
        raise ValueError("there are no such codes")
    known = np.zeros(256, np.bool_)
    known[list(class_ids)] = True
    truth, guess = np.divmod(codes // STEPS, 256)
    kept = known[truth] & known[guess]
    finished, inherited = bool(record["finished"]), bool(record["inherited"])
    return Record(codes[kept], counts[kept], finished, inherited)
