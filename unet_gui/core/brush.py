"""Which pixels a brush covers between two pointer positions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.footprint import Runs, Spans
from unet_gui.core.geometry import EMPTY, Rect

if TYPE_CHECKING:
    from numpy.typing import NDArray

Point = tuple[float, float]
"""(x, y) in image coordinates: pixel (0, 0) covers 0 ≤ x < 1, 0 ≤ y < 1."""

Rows = tuple[int, "NDArray[np.int64]"]
"""The first row of something, in pixels of the image and maybe outside of it, and int64 2×rows: the
first covered column and, with the sign turned round, the one after the last, so that widening is a
minimum on both sides."""

_HALF: Final = 0.5 + 1e-9
"""From the corner of a pixel to its centre, and a hair of tolerance: a centre on the very edge
counts on both sides alike."""

_LEVEL: Final = 1e-9
"""Pixels between two rows that are the same."""

_STEPS: Final = np.arange(1 << 14, dtype=np.float64)


def swept(
    start: Point,
    end: Point,
    diameter: float,
    bounds: Rect,
    *,
    square: bool = False,
    new: bool = False,
) -> Runs:
    """What a brush covers on its way from one place to another, hard-edged.

    What a convex brush sweeps along a straight line is convex, so each row is one run; without
    what lay under it at the start it is two. A pixel counts when its centre is covered. The pixel
    under the pointer always counts, so that a brush of one pixel paints exactly the pixels it
    passes.

    Args:
        start: where it was.
        end: where it is.
        diameter: of the disc, or side of the square, in pixels; at least 1 is painted.
        bounds: pixels outside are left out.
        square: the brush is a square.
        new: leave out what it covers at the start.
    """
    radius = max(diameter, 1.0) / 2
    top, ends = _rows(start, end, radius, square=square)
    bottom = top + ends.shape[1]
    (left, right) = (start[0], end[0]) if start[0] <= end[0] else (end[0], start[0])
    # For a round number of pixels at most one too wide.
    rect = Rect(math.floor(left - radius), top, math.floor(right + radius) + 1, bottom)
    if new:
        first = np.empty((2, bottom - top), np.int64)
        last = np.empty_like(first)
        first[0] = ends[0]
        np.negative(ends[1], out=last[1])
        # Left of where it was, and right of it; where that has no row, all is left of it.
        last[0] = first[1] = last[1]
        under, was = _rows(start, start, radius, square=square)
        rows = slice(under - top, under - top + was.shape[1])
        last[0, rows] = was[0]
        np.negative(was[1], out=first[1, rows])
    else:
        first, last = ends[:1], -ends[1:]
    return _inside(Runs(rect, first, last), bounds)


def pieces(start: Point, end: Point, longest: float) -> list[tuple[Point, Point]]:
    """Cut a segment, so that a long slanted one does not cost the box around all of it."""
    (ax, ay), (bx, by) = start, end
    length = math.hypot(bx - ax, by - ay)
    if length <= longest:
        return [(start, end)]
    count = math.ceil(length / longest)
    across, down = (bx - ax) / count, (by - ay) / count
    ways = [(ax + i * across, ay + i * down) for i in range(count)]
    return list(zip(ways, [*ways[1:], end], strict=True))


def brush_spans(
    start: Point, end: Point, diameter: float, bounds: Rect, *, square: bool = False
) -> Spans:
    """`swept`, one run a row."""
    runs = swept(start, end, diameter, bounds, square=square)
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


def _rows(start: Point, end: Point, radius: float, *, square: bool) -> Rows:
    """Of each row the part that is covered on the way, also outside the image.

    A row is covered farthest to the left from one place on the way: from where the way runs along
    the disc there, or where a corner of the square comes to the row. Before the start and after
    the end that is the start and the end. To the right it is the other way round.
    """
    (ax, ay), (bx, by) = start, end
    upper, lower = (ay, by) if ay <= by else (by, ay)
    top = min(math.ceil(upper - radius - _HALF), math.floor(upper))
    bottom = max(math.floor(lower + radius - 1 + _HALF), math.floor(lower)) + 1
    dx, dy = bx - ax, by - ay
    down = _steps(bottom - top) + (top + 0.5 - ay)  # from the start to the centre of each row
    out = np.empty((2, bottom - top))
    if -_LEVEL < dy < _LEVEL:
        out[0], out[1] = (ax, -bx) if dx >= 0 else (bx, -ax)
        away = down
    else:
        away = np.empty_like(out)
        slope = dx / dy
        ahead = math.copysign(radius, dx) if square else radius * dx / math.hypot(dx, dy)
        ahead = math.copysign(ahead, dx * dy)
        for side, sign in ((0, 1.0), (1, -1.0)):
            # from the start down to where it stands then
            place = np.subtract(down, sign * ahead, out=out[side])
            np.maximum(place, min(dy, 0.0), out=place)
            np.minimum(place, max(dy, 0.0), out=place)
            np.subtract(down, place, out=away[side])
            place *= sign * slope
            place += sign * ax
    if square:
        out -= radius + _HALF
    else:
        np.square(away, out=away)
        np.subtract(radius * radius, away, out=away)
        np.maximum(away, 0.0, out=away)
        np.sqrt(away, out=away)
        out -= away
        out -= _HALF
    ends = np.ceil(out, out=out).astype(np.int64)
    if radius < 0.75:  # a larger one reaches the centre of the pixel it stands on
        for x, y in (start, end):
            row, column = math.floor(y) - top, math.floor(x)
            ends[0, row] = min(ends[0, row], column)
            ends[1, row] = min(ends[1, row], -column - 1)
    return top, ends


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


def _steps(count: int) -> NDArray[np.float64]:
    """0, 1, 2 … `count` - 1, not to be written to unless it is added to first."""
    return _STEPS[:count] if count <= len(_STEPS) else np.arange(count, dtype=np.float64)
