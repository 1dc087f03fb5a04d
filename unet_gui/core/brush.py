"""Which pixels a brush covers between two pointer positions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.footprint import Runs, Spans
from unet_gui.core.geometry import EMPTY, Rect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

Point = tuple[float, float]
"""(x, y) in image coordinates: pixel (0, 0) covers 0 ≤ x < 1, 0 ≤ y < 1."""

_HALF: Final = 0.5 + 1e-9
"""From the corner of a pixel to its centre, and a hair of tolerance: a centre on the very edge
counts on both sides alike."""

_FAR: Final = 1 << 40
"""Beyond any column: a row that nothing covers begins there and ends on the other side."""

_STEPS: Final = np.arange(1 << 14, dtype=np.float64)


@dataclass(slots=True, eq=False)
class Dab:
    """What a brush covers that stands still, hard-edged: a class has no half pixels.

    A pixel counts when its centre is covered. The pixel under the pointer always counts, so that
    a brush of one pixel paints exactly the pixels it passes.

    Attributes:
        at: its middle.
        radius: of the disc, or half the side of the square, in pixels.
        square: the brush is a square.
        top, bottom: the first row, in pixels of the image and maybe outside of it, and the row
            after the last one.
        ends: int64 2×rows, the first covered column and, with the sign turned round, the one after
            the last: so both are widened by a minimum.
    """

    at: Point
    radius: float
    square: bool
    top: int
    bottom: int
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, at: Point, diameter: float, *, square: bool = False) -> Dab:
        """A brush somewhere, also outside the image; of a diameter below 1 it is 1 wide."""
        x, y = at
        radius = max(diameter, 1.0) / 2
        top = min(math.ceil(y - radius - _HALF), math.floor(y))
        count = max(math.floor(y + radius - 1 + _HALF), math.floor(y)) + 1 - top
        if square:
            ends = np.empty((2, count), np.int64)
            ends[0] = math.ceil(x - radius - _HALF)
            ends[1] = math.ceil(-x - radius - _HALF)
        else:
            half = _steps(count) + (top + 0.5 - y)
            half *= half
            np.subtract(radius * radius, half, out=half)
            np.maximum(half, 0.0, out=half)
            np.sqrt(half, out=half)
            both = np.array([[x - _HALF], [-x - _HALF]]) - half
            ends = np.ceil(both, out=both).astype(np.int64)
        if radius < 0.75:  # a larger one reaches the centre of the pixel it stands on
            row, column = math.floor(y) - top, math.floor(x)
            ends[0, row] = min(ends[0, row], column)
            ends[1, row] = min(ends[1, row], -column - 1)
        return cls(at, radius, square, top, top + count, ends)


def swept(a: Dab, b: Dab, bounds: Rect, *, new: bool = False) -> Runs:
    """What a brush covers on its way from one place to another.

    What a convex brush sweeps along a straight line is convex, so each row is one run; without the
    first dab it is two.

    Args:
        a: where it was.
        b: where it is; of the same size and shape.
        bounds: pixels outside are left out.
        new: leave out what the first dab covers.
    """
    top = a.top if a.top < b.top else b.top
    bottom = a.bottom if a.bottom > b.bottom else b.bottom
    ends = np.empty((2, bottom - top), np.int64)
    ends.fill(_FAR)
    under_a = slice(a.top - top, a.bottom - top)
    ends[:, under_a] = a.ends
    if b is not a:
        part = ends[:, b.top - top : b.bottom - top]
        np.minimum(part, b.ends, out=part)
        _widen_between(a, b, top, ends)
    if new:
        runs = np.empty((2, 2, bottom - top), np.int64)
        first, last = runs
        first[0] = ends[0]
        np.negative(ends[1], out=last[1])
        # Left of the first dab, and right of it; where it has no row, all is left of it.
        last[0] = first[1] = last[1]
        last[0, under_a] = a.ends[0]
        np.negative(a.ends[1], out=first[1, under_a])
    else:
        first, last = ends[:1], -ends[1:]
    return _inside(Runs(_around(a, b, top, bottom), first, last), bounds)


def pieces(start: Point, end: Point, longest: float) -> Iterator[tuple[Point, Point]]:
    """Cut a segment, so that a long slanted one does not cost the box around all of it."""
    (ax, ay), (bx, by) = start, end
    count = max(1, math.ceil(math.hypot(bx - ax, by - ay) / longest))
    for i in range(count):
        t, u = i / count, (i + 1) / count
        yield (
            (ax + t * (bx - ax), ay + t * (by - ay)),
            end if i + 1 == count else (ax + u * (bx - ax), ay + u * (by - ay)),
        )


def brush_spans(
    start: Point, end: Point, diameter: float, bounds: Rect, *, square: bool = False
) -> Spans:
    """Pixels that a brush moved along the segment covers, one run a row.

    Args:
        start: where it was.
        end: where it is.
        diameter: of the disc, or side of the square, in pixels; at least 1 is painted.
        bounds: pixels outside are left out.
        square: the brush is a square.
    """
    a = Dab.of(start, diameter, square=square)
    b = a if end == start else Dab.of(end, diameter, square=square)
    runs = swept(a, b, bounds)
    if runs.rect.empty:
        return Spans(EMPTY, runs.first[0, :0], runs.last[0, :0])
    return Spans(runs.rect, runs.first[0], runs.last[0])


def segment_footprint(
    start: Point, end: Point, diameter: float, bounds: Rect, *, square: bool = False
) -> tuple[Rect, NDArray[np.bool_]]:
    """`brush_spans` as an array.

    Returns:
        The rectangle inside `bounds` and a bool array of its shape. The rectangle may be empty.
    """
    pixels = brush_spans(start, end, diameter, bounds, square=square).pixels()
    assert pixels.where is not None
    return pixels.rect, pixels.where


def _around(a: Dab, b: Dab, top: int, bottom: int) -> Rect:
    """The box of both, for a round number of pixels at most one too wide."""
    (left, _), (right, _) = (a.at, b.at) if a.at[0] <= b.at[0] else (b.at, a.at)
    return Rect(math.floor(left - a.radius), top, math.floor(right + a.radius) + 1, bottom)


def _inside(runs: Runs, bounds: Rect) -> Runs:
    """The part of the image only. A brush that lies inside costs nothing."""
    rect = runs.rect
    if bounds.contains(rect):
        return runs
    part = rect.intersection(bounds)
    if part.empty:
        return Runs(EMPTY, runs.first[:, :0], runs.last[:, :0])
    rows = slice(part.y0 - rect.y0, part.y1 - rect.y0)
    return Runs(
        part, np.maximum(runs.first[:, rows], part.x0), np.minimum(runs.last[:, rows], part.x1)
    )


def _widen_between(a: Dab, b: Dab, top: int, ends: NDArray[np.int64]) -> None:
    """Widen rows, in place, by the two straight sides of what is swept between two dabs."""
    if a.at[1] > b.at[1]:
        a, b = b, a
    (ax, ay), (bx, by) = a.at, b.at
    if by - ay < 1e-9:
        return  # level: both dabs have the same rows, and what is between lies between them
    slope = (bx - ax) / (by - ay)
    x, y = _side(bx - ax, by - ay, a.radius, square=a.square)
    for sign, row in ((-1, ends[0]), (1, ends[1])):
        # y of where the side begins and ends, as rows whose centres it passes
        start = ay + sign * y
        begin = max(math.ceil(start - 0.5) - top, 0)
        end = min(math.floor(by + sign * y - 0.5) + 1 - top, len(row))
        if begin < end:
            at = _steps(end - begin) * (-sign * slope)
            at -= sign * (ax + (top + begin + 0.5 - start) * slope) + x + _HALF
            part = row[begin:end]
            np.minimum(part, np.ceil(at, out=at).astype(np.int64), out=part)


def _side(dx: float, dy: float, radius: float, *, square: bool) -> Point:
    """From the middle to the corner that draws the right side when moving down by (dx, dy).

    Of a disc that is where the direction touches it. The left side lies opposite.
    """
    if square:
        return radius, -radius if dx > 0 else radius
    length = math.hypot(dx, dy)
    return dy / length * radius, -dx / length * radius


def _steps(count: int) -> NDArray[np.float64]:
    """0, 1, 2 … `count` - 1, not to be written to unless it is added to first."""
    return _STEPS[:count] if count <= len(_STEPS) else np.arange(count, dtype=np.float64)
