"""Which pixels a round brush covers between two pointer positions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from unet_gui.core.geometry import Rect

if TYPE_CHECKING:
    from numpy.typing import NDArray

Point = tuple[float, float]
"""(x, y) in image coordinates: pixel (0, 0) covers 0 ≤ x < 1, 0 ≤ y < 1."""


def segment_footprint(
    start: Point, end: Point, diameter: float, bounds: Rect
) -> tuple[Rect, NDArray[np.bool_]]:
    """Pixels within `diameter`/2 of the segment, hard-edged: a class has no half pixels.

    A pixel counts when its centre does. The pixel under the pointer always counts, so that a
    brush of one pixel paints exactly the pixels it passes.

    Returns:
        The rectangle inside `bounds` and a bool array of its shape. The rectangle may be empty.
    """
    radius = max(diameter, 1.0) / 2
    (ax, ay), (bx, by) = start, end
    rect = Rect(
        math.floor(min(ax, bx) - radius),
        math.floor(min(ay, by) - radius),
        math.floor(max(ax, bx) + radius) + 1,
        math.floor(max(ay, by) + radius) + 1,
    ).intersection(bounds)
    if rect.empty:
        return Rect(0, 0, 0, 0), np.zeros((0, 0), np.bool_)
    # float32 is exact enough for a compare in a box of some thousand pixels, and half the traffic
    px = np.arange(rect.x0, rect.x1, dtype=np.float32) + np.float32(0.5 - ax)
    py = (np.arange(rect.y0, rect.y1, dtype=np.float32) + np.float32(0.5 - ay))[:, None]
    dx, dy = bx - ax, by - ay
    length2 = dx * dx + dy * dy
    if length2 < 1e-9:
        covered = px * px + py * py <= radius * radius
    else:
        t = np.clip(px * np.float32(dx / length2) + py * np.float32(dy / length2), 0.0, 1.0)
        u, v = px - t * np.float32(dx), py - t * np.float32(dy)
        covered = u * u + v * v <= radius * radius
    for x, y in (start, end):
        column, row = math.floor(x), math.floor(y)
        if rect.x0 <= column < rect.x1 and rect.y0 <= row < rect.y1:
            covered[row - rect.y0, column - rect.x0] = True
    return rect, covered
