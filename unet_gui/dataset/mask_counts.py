"""How many pixels of each class a mask holds, without decoding it again each time."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Final

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.document import histogram
from unet_gui.dataset.files import stamp, write_json
from unet_gui.dataset.mask_tiles import TILED_SUFFIX, mask_tile_counts
from unet_gui.dataset.masks import load_mask, load_mask_tiles

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.files import Stamp

_log = logging.getLogger(__name__)

_FLUSH_EVERY: Final = 200

Counts = dict[int, int]
"""Pixels by mask value; values that do not occur are not in it."""


class MaskCounts:
    """Remembered counts of mask files, forgotten when a file changes. Lives in the cache folder."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, tuple[Stamp, Counts]] = _read(file)
        self._unwritten = 0

    def get(self, path: Path, classes: ClassTable) -> Counts:
        """Counts of a mask file; empty when there is none.

        Raises:
            MaskReadError: the file is damaged.
        """
        now = stamp(path)
        if now is None:
            return {}
        known = self._known.get(str(path))
        if known is not None and known[0] == now:
            return known[1]
        counts = _counted(path, classes)
        self._remember(path, now, counts)
        return counts

    def known(self, path: Path) -> Counts | None:
        """Counts of a mask file, if it has not changed since they were last known."""
        known = self._known.get(str(path))
        return known[1] if known is not None and known[0] == stamp(path) else None

    def put(self, path: Path, counts: Counts) -> None:
        """Remember those of the file that has just been written."""
        now = stamp(path)
        if now is not None:
            self._remember(path, now, counts)

    def flush(self) -> None:
        """Write to disk; a folder that cannot be written is no matter."""
        if not self._unwritten:
            return
        self._unwritten = 0
        data = {p: [*s, {str(k): v for k, v in c.items()}] for p, (s, c) in [*self._known.items()]}
        try:
            write_json(self._file, data, durable=False)
        except OSError as exc:
            _log.debug("mask counts not kept: %s", exc)

    def _remember(self, path: Path, now: Stamp, counts: Counts) -> None:
        self._known[str(path)] = (now, counts)
        self._unwritten += 1
        if self._unwritten >= _FLUSH_EVERY:
            self.flush()


def count(mask: ClassMask) -> Counts:
    """Pixels by value of one mask."""
    return as_counts(histogram(mask))


def as_counts(numbers: NDArray[np.int64]) -> Counts:
    """From int64[256], pixels by value."""
    return {value: pixels for value, pixels in enumerate(numbers.tolist()) if pixels}


def _counted(path: Path, classes: ClassTable) -> Counts:
    if path.suffix != TILED_SUFFIX:
        return count(load_mask(path, classes=classes))
    return as_counts(mask_tile_counts(load_mask_tiles(path, classes=classes).snapshot()))


def labelled(counts: Counts) -> int:
    return sum(n for value, n in counts.items() if value != UNLABELLED)


def _read(file: Path) -> dict[str, tuple[Stamp, Counts]]:
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return {
            path: ((int(mtime), int(size)), {int(k): int(v) for k, v in counts.items()})
            for path, (mtime, size, counts) in data.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
