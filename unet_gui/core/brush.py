"""Which pixels a brush covers between two pointer positions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from unet_gui.core.footprint import Spans
from unet_gui.core.geometry import EMPTY, Rect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Point = tuple[float, float]
"""(x, y) in image coordinates: pixel (0, 0) covers 0 ≤ x < 1, 0 ≤ y < 1."""


def brush_spans(
    start: Point, end: Point, diameter: float, bounds: Rect, *, square: bool = False
) -> Spans:
    """Pixels that a brush moved along the segment covers, hard-edged: a class has no half pixels.

    A pixel counts when its centre is covered. The pixel under the pointer always counts, so that
    a brush of one pixel paints exactly the pixels it passes. What a convex brush sweeps along a
    straight line is convex, so each row is one run.

    Args:
        start: where it was.
        end: where it is.
        diameter: of the disc, or side of the square, in pixels; at least 1 is painted.
        bounds: pixels outside are left out.
        square: the brush is a square.
    """
    radius = max(diameter, 1.0) / 2
    rect = Rect(
        math.floor(min(start[0], end[0]) - radius),
        math.floor(min(start[1], end[1]) - radius),
        math.floor(max(start[0], end[0]) + radius) + 1,
        math.floor(max(start[1], end[1]) + radius) + 1,
    ).intersection(bounds)
    if rect.empty:
        nothing = np.zeros(0, np.int64)
        return Spans(EMPTY, nothing, nothing)
    rows = np.arange(rect.y0, rect.y1, dtype=np.float64) + 0.5
    low, high = np.full(len(rows), np.inf), np.full(len(rows), -np.inf)
    if square:
        _reach_of_polygons(rows, _swept_square(start, end, radius), low, high)
    else:
        for x, y in {start, end}:
            _reach_of_disc(rows, x, y, radius, low, high)
        _reach_of_polygons(rows, [_band(start, end, radius)], low, high)
    none = low > high
    low[none], high[none] = rect.x1, rect.x0 - 1
    # a hair of tolerance, so that a centre on the very edge counts on both sides alike
    first = np.ceil(low - 0.5 - 1e-9).astype(np.int64)
    last = np.floor(high - 0.5 + 1e-9).astype(np.int64) + 1
    for x, y in (start, end):
        column, row = math.floor(x), math.floor(y) - rect.y0
        if 0 <= row < len(rows):
            empty = first[row] >= last[row]
            first[row] = column if empty else min(first[row], column)
            last[row] = column + 1 if empty else max(last[row], column + 1)
    return Spans(rect, np.maximum(first, rect.x0), np.minimum(last, rect.x1))


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


def _reach_of_disc(
    rows: NDArray[np.float64],
    x: float,
    y: float,
    radius: float,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> None:
    """Widen `low` and `high`, in place, by the chord of a disc in each row."""
    square = radius * radius - (rows - y) ** 2
    hit = square >= 0
    half = np.sqrt(square[hit])
    low[hit] = np.minimum(low[hit], x - half)
    high[hit] = np.maximum(high[hit], x + half)


def _reach_of_polygons(
    rows: NDArray[np.float64],
    polygons: Sequence[Sequence[Point]],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> None:
    """Widen `low` and `high`, in place, by where the polygons' edges cross each row."""
    for polygon in polygons:
        for i in range(len(polygon)):
            (ax, ay), (bx, by) = sorted((polygon[i - 1], polygon[i]), key=lambda p: p[1])
            if by - ay < 1e-12:
                continue  # a level edge ends where its neighbours begin
            hit = (rows >= ay) & (rows <= by)
            x = ax + (rows[hit] - ay) * ((bx - ax) / (by - ay))
            low[hit] = np.minimum(low[hit], x)
            high[hit] = np.maximum(high[hit], x)


def _band(start: Point, end: Point, radius: float) -> list[Point]:
    """The rectangle between the two discs; nothing when they are one."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    if length < 1e-9:
        return []
    nx, ny = -dy / length * radius, dx / length * radius
    return [
        (start[0] + nx, start[1] + ny),
        (end[0] + nx, end[1] + ny),
        (end[0] - nx, end[1] - ny),
        (start[0] - nx, start[1] - ny),
    ]


def _swept_square(start: Point, end: Point, radius: float) -> list[list[Point]]:
    """Both squares, and the paths of their corners: between them they hold every outer edge."""
    corners = [(-radius, -radius), (radius, -radius), (radius, radius), (-radius, radius)]
    squares = [[(x + dx, y + dy) for dx, dy in corners] for x, y in (start, end)]
    paths = [[a, b] for a, b in zip(*squares, strict=True)]
    return squares + paths
