"""The editable mask of one image: one write path, and every edit returns its Rect."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from unet_gui.core.brush import segment_footprint
from unet_gui.core.classes import UNLABELLED
from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.history import EditRecorder, History, tile_rect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unet_gui.core.brush import Point

RgbImage = NDArray[np.uint8]
"""H×W×3 uint8, 0..255."""

ClassMask = NDArray[np.uint8]
"""H×W uint8 of class ids 0..254; 255 = unlabelled."""


class Document:
    """A mask, its history and its running class counts.

    Attributes:
        counts: int64[256], how many pixels hold each value; kept up to date by every edit.
        revision: grows with every change, so that a saver knows whether it is up to date.
    """

    def __init__(self, mask: ClassMask, *, history: History | None = None) -> None:
        if mask.ndim != 2 or mask.dtype != np.uint8:
            raise ValueError(f"a mask is H×W uint8, not {mask.dtype} {mask.shape}")
        self._mask = np.array(mask, order="C")
        self._view = self._mask.view()
        self._view.flags.writeable = False
        self._bounds = Rect.of_shape(mask.shape)
        self._stroke: EditRecorder | None = None
        self._value = UNLABELLED
        self._last: Point = (0.0, 0.0)
        self.history = history or History()
        self.counts = histogram(self._mask)
        self.revision = 0

    @classmethod
    def blank(cls, height: int, width: int) -> Document:
        """All unlabelled."""
        return cls(np.full((height, width), UNLABELLED, np.uint8))

    @property
    def mask(self) -> ClassMask:
        """H×W uint8, read-only: edits go through the methods below."""
        return self._view

    @property
    def bounds(self) -> Rect:
        return self._bounds

    @property
    def stroking(self) -> bool:
        """A stroke is under way."""
        return self._stroke is not None

    def begin_stroke(self, name: str, value: int, at: Point) -> None:
        """Start a stroke that paints `value` (255 erases); one still open is finished first."""
        self.end_stroke()
        self._stroke = EditRecorder(name, self._mask)
        self._value = value
        self._last = at

    def stroke_to(self, point: Point, diameter: float) -> Rect:
        """Paint from the last position to `point`; returns the pixels that may have changed."""
        if self._stroke is None:
            return EMPTY
        changed = EMPTY
        for start, end in _pieces(self._last, point, max(256.0, 4 * diameter)):
            rect, covered = segment_footprint(start, end, diameter, self._bounds)
            if not rect.empty:
                changed = changed.union(self._write(self._stroke, rect, covered, self._value))
        self._last = point
        return changed

    def end_stroke(self) -> Rect:
        """Make the open stroke one undo step; returns what it changed in all."""
        if self._stroke is None:
            return EMPTY
        edit = self._stroke.finish()
        self._stroke = None
        self.history.push(edit)
        return edit.rect

    def abort_stroke(self) -> Rect:
        """Take the open stroke back without a trace."""
        if self._stroke is None:
            return EMPTY
        rect = self._stroke.revert()
        self._stroke = None
        self._recount()
        self.revision += 1
        return rect

    def apply(
        self,
        name: str,
        rect: Rect,
        values: int | ClassMask,
        *,
        where: NDArray[np.bool_] | None = None,
    ) -> Rect:
        """Write `values` into `rect` as one undoable edit.

        Args:
            name: what the undo menu calls it.
            rect: pixels to write; must lie inside the image.
            values: one value, or an array of the rect's shape.
            where: bool array of the rect's shape; pixels that are False stay as they are.

        Returns:
            The pixels that changed; empty when none did.

        Raises:
            ValueError: `rect` reaches outside the image.
        """
        if not self._bounds.contains(rect):
            raise ValueError(f"{rect} is outside {self._bounds}")
        self.end_stroke()
        if rect.empty:
            return EMPTY
        recorder = EditRecorder(name, self._mask)
        self._write(recorder, rect, where, values)
        edit = recorder.finish()
        self.history.push(edit)
        return edit.rect

    def undo(self) -> Rect:
        """Take back the last edit (finishing an open stroke first); returns what changed."""
        self.end_stroke()
        return self._swap(redo=False)

    def redo(self) -> Rect:
        self.end_stroke()
        return self._swap(redo=True)

    def _swap(self, *, redo: bool) -> Rect:
        edit = self.history.peek(redo=redo)
        if edit is None:
            return EMPTY
        areas = [tile_rect(key, self._bounds) for key in edit.tiles]
        for area in areas:
            self._count(area, -1)
        rect = self.history.redo(self._mask) if redo else self.history.undo(self._mask)
        for area in areas:
            self._count(area, +1)
        self.revision += 1
        return rect

    def _write(
        self,
        recorder: EditRecorder,
        rect: Rect,
        where: NDArray[np.bool_] | None,
        values: int | ClassMask,
    ) -> Rect:
        """The one write path."""
        recorder.about_to_write(rect)
        target = self._mask[rect.slices]
        if where is None:
            self.counts -= histogram(target)
            target[...] = values
            self.counts += histogram(target)
        elif isinstance(values, int):
            old = target[where]
            self.counts -= histogram(old)
            self.counts[values] += old.size
            target[where] = values
        else:
            self.counts -= histogram(target[where])
            self.counts += histogram(values[where])
            np.copyto(target, values, where=where)
        self.revision += 1
        return rect

    def _count(self, rect: Rect, sign: int) -> None:
        self.counts += sign * histogram(self._mask[rect.slices])

    def _recount(self) -> None:
        self.counts = histogram(self._mask)


def _pieces(start: Point, end: Point, longest: float) -> Iterator[tuple[Point, Point]]:
    """Cut a segment, so that a long slanted one does not cost the box around all of it."""
    (ax, ay), (bx, by) = start, end
    count = max(1, math.ceil(math.hypot(bx - ax, by - ay) / longest))
    for i in range(count):
        t, u = i / count, (i + 1) / count
        yield (
            (ax + t * (bx - ax), ay + t * (by - ay)),
            end if i + 1 == count else (ax + u * (bx - ax), ay + u * (by - ay)),
        )


def histogram(values: NDArray[np.uint8]) -> NDArray[np.int64]:
    """int64[256]. In pieces, since bincount widens its input to eight times the size."""
    flat = values.reshape(-1)
    counts = np.zeros(256, np.int64)
    for start in range(0, flat.size, 1 << 20):
        counts += np.bincount(flat[start : start + (1 << 20)], minlength=256)
    return counts
