"""How unlike the pixel clicked the others are, each time in another way: 0 at the pixel itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unet_gui.core.geometry import Rect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float32]
    Region = tuple[Rect, NDArray[np.bool_]]


def unlikeness(colors: Field, x: int, y: int) -> Field:
    """Distance of every pixel's colour to the mean of the 3×3 pixels at the point."""
    near = colors[(slice(None), *_near(x, y))]
    own = near.reshape(3, -1).mean(1)
    away: Field = np.sqrt(((colors - own[:, None, None]) ** 2).sum(0))
    away[y, x] = 0
    return away


def contrast(colors: Field, region: Region, x: int, y: int) -> Field:
    """How far every pixel lies on the side of the surroundings of a region (Fisher 1936).

    Pixels beyond the object's own colour are not more like it than the point is.
    """
    box, inside = region
    height, width = colors.shape[1:]
    reach = max(8, max(box.width, box.height) // 2)
    around = box.expanded(reach).intersection(Rect(0, 0, width, height))
    held = np.zeros((around.height, around.width), np.bool_)
    held[box.moved(-around.x0, -around.y0).slices] = inside
    local = colors[(slice(None), *around.slices)]
    own, other = local[:, held], local[:, ~held]
    if own.shape[1] < 8 or other.shape[1] < 8:
        return unlikeness(colors, x, y)
    spread = np.cov(own) + np.cov(other) + np.eye(3) * 0.5
    direction = np.linalg.solve(spread, own.mean(1) - other.mean(1)).astype(np.float32)
    along = np.tensordot(direction, colors, 1)
    away: Field = np.maximum(along[y, x] - along, 0)
    return away


def beyond(plane: Field, x: int, y: int) -> Field:
    """How much nearer than the point every pixel is to what is usual in the window.

    What is at least as far from it as the point, on the same side, is not unlike at all.

    Args:
        plane: float32 H×W, one channel of the colours.
        x: the point.
        y: the point.
    """
    own = float(plane[_near(x, y)].mean())
    usual = float(np.median(plane[::2, ::2]))
    return towards(plane if own >= usual else -plane, x, y)


def towards(along: Field, x: int, y: int) -> Field:
    """How much lower than at the point a field is; 0 where it is higher."""
    own = np.float32(along[_near(x, y)].mean())
    away: Field = np.maximum(own - along, 0)
    away[y, x] = 0
    return away


def _near(x: int, y: int) -> tuple[slice, slice]:
    """The 3×3 pixels at the point."""
    return slice(max(y - 1, 0), y + 2), slice(max(x - 1, 0), x + 2)
