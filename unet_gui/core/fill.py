"""Which pixels lie inside a closed outline."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from unet_gui.core.geometry import EMPTY, Rect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from unet_gui.core.brush import Point


def polygon_footprint(points: Sequence[Point], bounds: Rect) -> tuple[Rect, NDArray[np.bool_]]:
    """Pixels whose centre lies inside the closed polygon, by the even-odd rule.

    Each edge toggles the pixels to its right in the rows it crosses; a running xor along the row
    then gives inside and outside (edge-flag fill, Ackland and Weste 1981).

    Args:
        points: (x, y) in image coordinates; the last is joined to the first.
        bounds: pixels outside are left out.

    Returns:
        The rectangle inside `bounds` and a bool array of its shape; empty for fewer than 3 points.
    """
    if len(points) < 3:
        return EMPTY, np.zeros((0, 0), np.bool_)
    xs, ys = np.array(points, np.float64).T
    rect = Rect(
        math.floor(xs.min()), math.floor(ys.min()), math.ceil(xs.max()), math.ceil(ys.max())
    ).intersection(bounds)
    if rect.empty:
        return EMPTY, np.zeros((0, 0), np.bool_)
    toggles = np.zeros((rect.height, rect.width + 1), np.bool_)
    for i in range(len(points)):
        _toggle_edge(toggles, rect, (xs[i - 1], ys[i - 1]), (xs[i], ys[i]))
    inside = np.logical_xor.accumulate(toggles, axis=1)[:, :-1]
    return rect, inside


def _toggle_edge(toggles: NDArray[np.bool_], rect: Rect, a: Point, b: Point) -> None:
    """Flip, in each row whose centre line the edge crosses, the first pixel right of it."""
    if a[1] > b[1]:
        a, b = b, a
    first = max(math.ceil(a[1] - 0.5), rect.y0)
    last = min(math.ceil(b[1] - 0.5), rect.y1)
    if first >= last:
        return
    rows = np.arange(first, last)
    x = a[0] + (rows + 0.5 - a[1]) * (b[0] - a[0]) / (b[1] - a[1])
    columns = np.clip(np.ceil(x - 0.5).astype(np.int64) - rect.x0, 0, rect.width)
    toggles[rows - rect.y0, columns] ^= True
