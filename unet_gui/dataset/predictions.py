"""Predictions kept between sessions, so that an image seen before shows its proposal at once."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.dataset.files import stamp, write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.files import Stamp

_log = logging.getLogger(__name__)

_META: Final = "meta.json"


@dataclass(frozen=True, slots=True, eq=False)
class CachedPrediction:
    """A prediction from disk.

    Attributes:
        mask: H×W uint8 class ids.
        confidence: H×W uint8, 0..255.
        round: Name of the round, or other checkpoint, that predicted it.
    """

    mask: ClassMask
    confidence: NDArray[np.uint8]
    round: str


@dataclass(frozen=True, slots=True)
class Origin:
    """What a prediction was made from; another origin makes it stale."""

    class_ids: tuple[int, ...]
    image: Stamp | None
    view: str = ""


class PredictionCache:
    """One file an image below `folder`. Losing it, or failing to write it, costs only time.

    Attributes:
        folder: Where they are kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._metas: dict[str, tuple[Stamp, dict[str, Any]]] = {}

    def save(self, name: str, prediction: CachedPrediction, origin: Origin) -> bool:
        """Keep a prediction; False when it could not be written."""
        meta = {"round": prediction.round, **_as_json(origin)}
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(_META, json.dumps(meta))
            for key, array in (("mask", prediction.mask), ("confidence", prediction.confidence)):
                with archive.open(f"{key}.npy", "w") as file:
                    np.lib.format.write_array(file, np.ascontiguousarray(array, np.uint8))
        try:
            write_atomic(
                self._file(name), lambda file: file.write(buffer.getbuffer()), durable=False
            )
        except OSError as exc:
            _log.warning("the prediction of %s was not kept: %s", name, exc)
            return False
        return True

    def load(self, name: str, origin: Origin, round_name: str | None) -> CachedPrediction | None:
        """The prediction, unless it is stale or there is none.

        Args:
            name: The image.
            origin: What it has to be made from.
            round_name: Who has to have made it; anybody when None.
        """
        if not self.fresh(name, origin, round_name):
            return None
        try:
            with np.load(self._file(name), allow_pickle=False) as archive:
                mask, confidence = archive["mask"], archive["confidence"]
                made_by = json.loads(bytes(archive[_META]))["round"]
        except Exception as exc:  # noqa: BLE001 - a damaged cache file is as good as none
            _log.info("the kept prediction of %s cannot be read: %s", name, exc)
            return None
        if mask.dtype != np.uint8 or mask.ndim != 2 or mask.shape != confidence.shape:
            return None
        return CachedPrediction(mask, confidence, str(made_by))

    def fresh(self, name: str, origin: Origin, round_name: str | None) -> bool:
        """Whether `load` would find one, at the cost of reading a few bytes."""
        meta = self._meta(name)
        if meta is None or any(meta.get(k) != v for k, v in _as_json(origin).items()):
            return False
        return round_name is None or meta.get("round") == round_name

    def drop(self, name: str) -> None:
        try:
            self._file(name).unlink(missing_ok=True)
        except OSError as exc:
            _log.debug("a stale prediction stays: %s", exc)

    def _meta(self, name: str) -> dict[str, Any] | None:
        file = self._file(name)
        now = stamp(file)
        if now is None:
            return None
        known = self._metas.get(name)
        if known is not None and known[0] == now:
            return known[1]
        try:
            with zipfile.ZipFile(file) as archive:
                meta = json.loads(archive.read(_META))
        except Exception:  # noqa: BLE001 - a damaged cache file is as good as none
            return None
        if not isinstance(meta, dict):
            return None
        self._metas[name] = (now, meta)
        return meta

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.npz"


def _as_json(origin: Origin) -> dict[str, Any]:
    return {
        "classes": list(origin.class_ids),
        "image": list(origin.image) if origin.image else None,
        "view": origin.view or None,
    }
