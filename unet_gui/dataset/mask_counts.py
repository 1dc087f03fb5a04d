"""How many pixels of each class a mask holds, without decoding it again each time."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any, Final

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.counting import histogram
from unet_gui.dataset.files import stamp, write_atomic
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
_SHARE: Final = 20

Counts = dict[int, int]
"""Pixels by mask value; values that do not occur are not in it."""


class MaskCounts:
    """Remembered counts of mask files, forgotten when a file changes. Lives in the cache folder."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, tuple[Stamp, Counts]] = _read(file)
        self._unwritten = 0
        self._flushed, self._cost = time.monotonic(), 0.0

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
        started = time.monotonic()
        data = {p: [*s, c] for p, (s, c) in [*self._known.items()]}
        # On one line, which json writes many times quicker.
        text = json.dumps(data, separators=(",", ":")).encode("ascii")
        try:
            write_atomic(self._file, lambda file: file.write(text), durable=False)
        except OSError as exc:
            _log.debug("mask counts not kept: %s", exc)
        self._flushed = time.monotonic()
        self._cost = self._flushed - started

    def _remember(self, path: Path, now: Stamp, counts: Counts) -> None:
        self._known[str(path)] = (now, counts)
        self._unwritten += 1
        # All are written each time: with very many, seldom enough not to matter.
        rested = time.monotonic() - self._flushed >= _SHARE * self._cost
        if self._unwritten >= _FLUSH_EVERY and rested:
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
