"""How many pixels of each class a mask holds, without decoding it again each time."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Final

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.document import histogram
from unet_gui.dataset.files import stamp, write_json
from unet_gui.dataset.masks import load_mask

if TYPE_CHECKING:
    from pathlib import Path

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
        counts = count(load_mask(path, classes=classes))
        self._remember(path, now, counts)
        return counts

    def put(self, path: Path, mask: ClassMask) -> None:
        """Remember what has just been written."""
        now = stamp(path)
        if now is not None:
            self._remember(path, now, count(mask))

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
    counted = enumerate(histogram(mask).tolist())
    return {value: pixels for value, pixels in counted if pixels}


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
