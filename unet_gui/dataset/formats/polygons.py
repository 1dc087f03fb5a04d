"""Polygons to pixels, by the rules of the programs that write them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from unet_gui.core.geometry import Rect
from unet_gui.dataset.formats.rle import pixels_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def fill_centres(points: NDArray[np.int64]) -> tuple[Rect, NDArray[np.bool_]]:
    """A polygon whose corners are pixels, its border included (as OpenCV's fillPoly).

    Args:
        points: N×2 of (x, y), N ≥ 1.

    Returns:
        Its bounding box and its pixels in there.
    """
    low, high = points.min(0), points.max(0)
    rect = Rect(int(low[0]), int(low[1]), int(high[0]) + 1, int(high[1]) + 1)
    local = points - low
    return rect, _inside(local, rect) | _border(local, rect)


def fill_area(polygon: NDArray[np.float64], height: int, width: int) -> NDArray[np.int64]:
    """A polygon in continuous coordinates, where pixel (x, y) covers x..x+1 and y..y+1.

    This is `rleFrPoly` of cocoapi's maskApi.c, step by step, so that pixels are those that COCO
    itself counts.

    Args:
        polygon: N×2 of (x, y).
        height: Height of the image.
        width: Width of the image.

    Returns:
        Flat places of its pixels, counted column by column, ascending.
    """
    scale = 5
    corners = (scale * polygon + 0.5).astype(np.int64)
    corners = np.concatenate((corners, corners[:1]))
    dense = np.concatenate([_dense(a, b) for a, b in pairwise(corners)])
    u, v = dense[:, 0], dense[:, 1]
    moved = np.flatnonzero(u[1:] != u[:-1]) + 1
    x = (np.where(u[moved] < u[moved - 1], u[moved], u[moved] - 1) + 0.5) / scale - 0.5
    y = (np.minimum(v[moved], v[moved - 1]) + 0.5) / scale - 0.5
    kept = (np.floor(x) == x) & (x >= 0) & (x <= width - 1)
    y = np.ceil(np.clip(y[kept], 0, height)).astype(np.int64)
    toggles = np.sort(x[kept].astype(np.int64) * height + y)
    edges = np.concatenate(([0], toggles, [height * width]))
    return pixels_of(np.diff(edges))


def union_area(
    polygons: Sequence[NDArray[np.float64]], height: int, width: int
) -> NDArray[np.int64]:
    """The pixels that any of the polygons covers, as `fill_area`."""
    parts = [fill_area(p, height, width) for p in polygons if len(p) >= 3]
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)


def draw_shape(
    kind: str, points: Sequence[Sequence[float]], height: int, width: int
) -> NDArray[np.bool_]:
    """A polygon, rectangle or circle as LabelMe draws it: with Pillow, its border included.

    Args:
        kind: "polygon", "rectangle", "circle" or "oriented_rectangle".
        points: Corners; two opposite ones of a rectangle; centre and border of a circle.
        height: Height of the image.
        width: Width of the image.

    Returns:
        H×W bool.
    """
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    corners = [(float(x), float(y)) for x, y in points]
    if kind == "rectangle":
        (x0, y0), (x1, y1) = corners
        box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        draw.rectangle(box, fill=1, outline=1)
    elif kind == "circle":
        (x, y), (px, py) = corners
        radius = float(np.hypot(x - px, y - py))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1, outline=1)
    else:
        draw.polygon(corners, fill=1, outline=1)
    return np.asarray(image) > 0


def _dense(start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.int64]:
    """Points one step apart along an edge, both ends included."""
    dx, dy = np.abs(end - start).tolist()
    flat = dx >= dy
    axis = 0 if flat else 1
    flip = start[axis] > end[axis]
    low, high = (end, start) if flip else (start, end)
    steps = np.arange(max(dx, dy) + 1)
    if flip:
        steps = steps[::-1]
    slope = (high[1 - axis] - low[1 - axis]) / max(dx, dy) if max(dx, dy) else 0.0
    points = np.empty((len(steps), 2), np.int64)
    points[:, axis] = steps + low[axis]
    points[:, 1 - axis] = (low[1 - axis] + slope * steps + 0.5).astype(np.int64)
    return points


def _inside(points: NDArray[np.int64], rect: Rect) -> NDArray[np.bool_]:
    """Pixels whose centre the polygon encloses an odd number of times; its border is undecided."""
    starts, ends = points, np.roll(points, -1, axis=0)
    down = starts[:, 1] <= ends[:, 1]
    upper = np.where(down[:, None], starts, ends)
    lower = np.where(down[:, None], ends, starts)
    heights = lower[:, 1] - upper[:, 1]
    edge = np.repeat(np.arange(len(points)), heights)
    along = np.arange(len(edge)) - np.repeat(np.cumsum(heights) - heights, heights)
    run = (lower[edge, 0] - upper[edge, 0]) * along
    # The first column at or right of the crossing, in whole numbers.
    column = upper[edge, 0] - (-run // heights[edge])
    toggles = np.zeros((rect.height, rect.width + 1), np.uint8)
    np.bitwise_xor.at(toggles, (upper[edge, 1] + along, column), 1)
    odd = np.bitwise_xor.accumulate(toggles, axis=1)[:, :-1]
    return odd.astype(bool)


def _border(points: NDArray[np.int64], rect: Rect) -> NDArray[np.bool_]:
    starts, ends = points, np.roll(points, -1, axis=0)
    span = ends - starts
    steps = np.abs(span).max(1)
    edge = np.repeat(np.arange(len(points)), steps + 1)
    along = np.arange(len(edge)) - np.repeat(np.cumsum(steps + 1) - steps - 1, steps + 1)
    length = np.maximum(steps, 1)[edge]
    # Rounded half up, in whole numbers.
    moved = (2 * span[edge] * along[:, None] + length[:, None]) // (2 * length[:, None])
    place = starts[edge] + moved
    drawn = np.zeros((rect.height, rect.width), bool)
    drawn[place[:, 1], place[:, 0]] = True
    return drawn
