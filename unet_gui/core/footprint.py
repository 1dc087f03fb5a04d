"""The pixels an edit covers, handed out part by part, so that no edit builds more than it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.tiled_mask import TILE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.core.tiled_mask import Key

Part = tuple[Rect, "NDArray[np.bool_] | None"]
"""A rectangle and which of its pixels are meant: a bool array of its shape, None for all."""

_PLACES: Final = np.arange(TILE * TILE, dtype=np.intp)
_ROWS: Final = np.arange(TILE, dtype=np.int64) * TILE


class Footprint(Protocol):
    """Any set of pixels."""

    @property
    def rect(self) -> Rect:
        """All of them lie inside."""

    def cut(self, area: Rect) -> Part:
        """Those inside `area`; the rectangle is empty when there are none."""


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """Pixels marked in an array.

    Attributes:
        rect: where the array lies.
        where: bool array of its shape; None for all.
    """

    rect: Rect
    where: NDArray[np.bool_] | None = None

    def cut(self, area: Rect) -> Part:
        part = self.rect.intersection(area)
        if part.empty:
            return EMPTY, None
        if self.where is None:
            return part, None
        inside = self.where[part.moved(-self.rect.x0, -self.rect.y0).slices]
        return (part, inside) if inside.any() else (EMPTY, None)


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """One run of pixels in each row, which is what every convex shape is.

    A brush of 2000 pixels is 2000 pairs of numbers instead of four million bools.

    Attributes:
        rect: the rows, and all columns of any of them.
        first: int64 a row, the first covered column.
        last: int64 a row, the column after the last covered one; not above `first` for none.
    """

    rect: Rect
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    def cut(self, area: Rect) -> Part:
        part = self.rect.intersection(area)
        if part.empty:
            return EMPTY, None
        rows = slice(part.y0 - self.rect.y0, part.y1 - self.rect.y0)
        first = np.maximum(self.first[rows], part.x0)
        last = np.minimum(self.last[rows], part.x1)
        covered = np.flatnonzero(first < last)
        if not len(covered):
            return EMPTY, None
        top, bottom = int(covered[0]), int(covered[-1]) + 1
        first, last = first[top:bottom], last[top:bottom]
        some = first < last
        left = int(first[some].min())
        right = int(last[some].max())
        box = Rect(left, part.y0 + top, right, part.y0 + bottom)
        if int(first.max()) <= left and int(last.min()) >= right:
            return box, None
        columns = np.arange(left, right, dtype=np.int64)
        return box, (columns >= first[:, None]) & (columns < last[:, None])

    def pixels(self) -> Pixels:
        """The same as an array."""
        box, where = self.cut(self.rect)
        if box.empty:
            return Pixels(EMPTY, np.zeros((0, 0), np.bool_))
        if where is None:
            where = np.ones((box.height, box.width), np.bool_)
        return Pixels(box, where)


@dataclass(slots=True, eq=False)
class Runs:
    """Some runs in each row, as many in all of them: what a brush newly covers.

    Attributes:
        rect: the rows, and all columns of any of them.
        first: int64 runs×rows, the first covered column; no two runs of a row overlap.
        last: int64 runs×rows, the column after the last covered one; not above `first` for none.
    """

    rect: Rect
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    def places(self, key: Key) -> NDArray[np.intp]:
        """Where in the flattened tile its pixels lie; of a tile that is covered, all places."""
        rect, (top, left) = self.rect, (key[0] * TILE, key[1] * TILE)
        begin = rect.y0 - top if rect.y0 > top else 0
        end = rect.y1 - top if rect.y1 - top < TILE else TILE
        rows = slice(top + begin - rect.y0, top + end - rect.y0)
        first, last = self.first[:, rows], self.last[:, rows]
        if rect.x0 < left:
            first = np.maximum(first, left)
        if rect.x1 > left + TILE:
            last = np.minimum(last, left + TILE)
        lengths = last - first
        np.maximum(lengths, 0, out=lengths)
        lengths = lengths.reshape(-1)
        ends = lengths.cumsum()
        count = int(ends[-1])
        if count in (0, TILE * TILE):
            return _PLACES[:count]
        ends -= lengths
        starts = (first + _ROWS[begin:end]).reshape(-1)
        starts -= ends
        starts -= left
        places: NDArray[np.intp] = starts.repeat(lengths)
        places += _PLACES[:count]
        return places
