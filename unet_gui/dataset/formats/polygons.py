"""Polygons to pixels, by the rules of the programs that write them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw

from unet_gui.core.geometry import Rect
from unet_gui.dataset.formats.rle import pixels_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


_ONE: Final = 1 << 16


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
    return rect, _spans(local, rect) | _border(local, rect)


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
    return pixels_of(np.diff(edges), height * width)


def union_area(
    polygons: Sequence[NDArray[np.float64]], height: int, width: int
) -> NDArray[np.int64]:
    """The pixels that any of the polygons covers, as `fill_area`."""
    parts = [fill_area(p, height, width) for p in polygons if len(p) >= 3]
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)


def turned_box(box: Sequence[float], degrees: float) -> NDArray[np.float64]:
    """The corners of a box (x0, y0, x1, y1) turned clockwise about its centre."""
    x0, y0, x1, y1 = box
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float64)
    if not degrees:
        return corners
    centre = corners.mean(0)
    sin, cos = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    turned: NDArray[np.float64] = (corners - centre) @ np.array([(cos, sin), (-sin, cos)]) + centre
    return turned


def fill_ellipse(
    centre: tuple[float, float], radii: tuple[float, float], degrees: float, shape: tuple[int, int]
) -> tuple[Rect, NDArray[np.bool_]]:
    """The pixels of a H×W image whose centre lies in an ellipse turned clockwise.

    Returns:
        A box around it and its pixels in there.
    """
    (cx, cy), reach = centre, max(radii) + 1
    x0, x1 = (int(np.clip(v, 0, shape[1])) for v in (np.floor(cx - reach), np.ceil(cx + reach)))
    y0, y1 = (int(np.clip(v, 0, shape[0])) for v in (np.floor(cy - reach), np.ceil(cy + reach)))
    y, x = np.mgrid[y0:y1, x0:x1] + 0.5
    sin, cos = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    along, across = (x - cx) * cos + (y - cy) * sin, (y - cy) * cos - (x - cx) * sin
    rx, ry = (max(r, 1e-9) for r in radii)
    return Rect(x0, y0, x1, y1), (along / rx) ** 2 + (across / ry) ** 2 <= 1


def draw_shape(
    kind: str, points: Sequence[Sequence[float]], height: int, width: int
) -> tuple[Rect, NDArray[np.bool_]]:
    """A polygon, rectangle or circle as LabelMe draws it: with Pillow, its border included.

    Args:
        kind: "polygon", "rectangle", "circle" or "oriented_rectangle".
        points: Corners; two opposite ones of a rectangle; centre and border of a circle.
        height: Height of the image.
        width: Width of the image.

    Returns:
        A box around it and its pixels in there.
    """
    corners = np.asarray(points, np.float64).reshape(-1, 2)
    radius = 0.0
    if kind == "circle":
        centre, border = corners
        radius = float(np.hypot(*(centre - border)))
        corners = np.stack((centre - radius, centre + radius))
    low, high = np.floor(corners.min(0)) - 1, np.ceil(corners.max(0)) + 2
    x0, y0 = (int(v) for v in np.clip(low, 0, (width, height)))
    x1, y1 = (int(v) for v in np.clip(high, 0, (width, height)))
    rect = Rect(x0, y0, max(x0, x1), max(y0, y1))
    if rect.empty:
        return rect, np.zeros((rect.height, rect.width), bool)
    image = Image.new("L", (rect.width, rect.height))
    draw = ImageDraw.Draw(image)
    local = [(float(x), float(y)) for x, y in corners - (x0, y0)]
    if kind in {"rectangle", "circle"}:
        (ax, ay), (bx, by) = local
        box = (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))
        (draw.rectangle if kind == "rectangle" else draw.ellipse)(box, fill=1, outline=1)
    else:
        draw.polygon(local, fill=1, outline=1)
    return rect, np.asarray(image) > 0


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


def _spans(points: NDArray[np.int64], rect: Rect) -> NDArray[np.bool_]:
    """What the polygon encloses an odd number of times, row by row (`FillEdgeCollection`)."""
    starts, ends = points, np.roll(points, -1, axis=0)
    down = (starts[:, 1] <= ends[:, 1])[:, None]
    upper, lower = np.where(down, starts, ends), np.where(down, ends, starts)
    heights = lower[:, 1] - upper[:, 1]
    # Crossings in 1/65536 of a pixel, the slope cut towards zero.
    rise = (lower[:, 0] - upper[:, 0]) * _ONE
    slope = np.sign(rise) * (np.abs(rise) // np.maximum(heights, 1))
    edge = np.repeat(np.arange(len(points)), heights)
    along = np.arange(len(edge)) - np.repeat(np.cumsum(heights) - heights, heights)
    rows = upper[edge, 1] + along
    crossings = upper[edge, 0] * _ONE + slope[edge] * along
    order = np.lexsort((crossings, rows))
    rows, crossings = rows[order][::2], crossings[order]
    first, last = (crossings[::2] + _ONE - 1) >> 16, crossings[1::2] >> 16
    depth = np.zeros((rect.height, rect.width + 1), np.int32)
    np.add.at(depth, (rows, first), 1)
    np.add.at(depth, (rows, last + 1), -1)
    covered: NDArray[np.bool_] = np.cumsum(depth, axis=1)[:, :-1] > 0
    return covered


def _border(points: NDArray[np.int64], rect: Rect) -> NDArray[np.bool_]:
    """The pixels of the edges (`LineIterator`): from left to right, halves stay behind."""
    starts, ends = points, np.roll(points, -1, axis=0)
    swap = (starts[:, 0] > ends[:, 0])[:, None]
    starts, ends = np.where(swap, ends, starts), np.where(swap, starts, ends)
    span = ends - starts
    steps = np.abs(span).max(1)
    edge = np.repeat(np.arange(len(points)), steps + 1)
    along = np.arange(len(edge)) - np.repeat(np.cumsum(steps + 1) - steps - 1, steps + 1)
    length = np.maximum(steps, 1)[edge][:, None]
    moved = (2 * np.abs(span[edge]) * along[:, None] + length - 1) // (2 * length)
    place = starts[edge] + np.sign(span[edge]) * moved
    drawn = np.zeros((rect.height, rect.width), bool)
    drawn[place[:, 1], place[:, 0]] = True
    return drawn
