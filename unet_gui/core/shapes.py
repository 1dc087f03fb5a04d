"""Which pixels lie inside a rectangle or an ellipse drawn from corner to corner."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from unet_gui.core.footprint import Spans
from unet_gui.core.geometry import EMPTY, Rect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.core.brush import Point


def rectangle_footprint(a: Point, b: Point, bounds: Rect) -> tuple[Rect, NDArray[np.bool_]]:
    """The pixels that the rectangle between two corners touches: what the outline shows.

    Returns:
        The rectangle inside `bounds` and a bool array of its shape, all True.
    """
    rect = _box(a, b).intersection(bounds)
    if rect.empty:
        return EMPTY, np.zeros((0, 0), np.bool_)
    return rect, np.ones((rect.height, rect.width), np.bool_)


def ellipse_footprint(a: Point, b: Point, bounds: Rect) -> tuple[Rect, NDArray[np.bool_]]:
    """The pixels whose centre lies in the ellipse that fills the box between two corners.

    Returns:
        The rectangle inside `bounds` and a bool array of its shape; empty when no centre is inside.
    """
    box = _box(a, b)
    rect = box.intersection(bounds)
    if rect.empty:
        return EMPTY, np.zeros((0, 0), np.bool_)
    cx, cy = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    rows = np.arange(rect.y0, rect.y1) + 0.5
    inside = 1 - ((rows - cy) / (box.height / 2)) ** 2
    half = np.sqrt(np.maximum(inside, 0)) * (box.width / 2)
    first = np.ceil(cx - half - 0.5 - 1e-9).astype(np.int64)
    last = np.floor(cx + half - 0.5 + 1e-9).astype(np.int64) + 1
    pixels = Spans(rect, np.maximum(first, rect.x0), np.minimum(last, rect.x1)).pixels()
    assert pixels.where is not None
    return pixels.rect, pixels.where


def _box(a: Point, b: Point) -> Rect:
    """The whole pixels touched; a click without a drag is one."""
    x0, x1 = sorted((a[0], b[0]))
    y0, y1 = sorted((a[1], b[1]))
    left, top = math.floor(x0), math.floor(y0)
    return Rect(left, top, max(left + 1, math.ceil(x1)), max(top + 1, math.ceil(y1)))
