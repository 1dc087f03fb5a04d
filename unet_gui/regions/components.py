"""The connected pixels of one value around a point, at a cost that follows the region's size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.progress import drain
from unet_gui.regions.flood import flood

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from numpy.typing import NDArray

    from unet_gui.core.progress import Progress

    Read = Callable[[Rect], NDArray[np.uint8]]


def connected_region(
    read: Read, bounds: Rect, x: int, y: int, *, connectivity: int = 4, limit: Rect | None = None
) -> tuple[Rect, NDArray[np.bool_]]:
    """Pixels equal to the one at (x, y) and connected with it.

    In a mask of any size a small region costs what is around it.

    Args:
        read: gives the H×W array of a rectangle inside `bounds`.
        bounds: the whole mask.
        x: column in image pixels.
        y: row in image pixels.
        connectivity: 4 or 8 neighbours.
        limit: never look outside this rectangle.

    Returns:
        The smallest rectangle around the region and a bool array of its shape; empty when (x, y)
        lies outside.

    Raises:
        ValueError: `connectivity` is neither 4 nor 8.
    """
    return drain(region_job(read, bounds, x, y, connectivity=connectivity, limit=limit))


def region_job(
    read: Read, bounds: Rect, x: int, y: int, *, connectivity: int = 4, limit: Rect | None = None
) -> Generator[Progress, None, tuple[Rect, NDArray[np.bool_]]]:
    """As `connected_region`, for the background."""
    if connectivity not in (4, 8):
        raise ValueError(f"connectivity is 4 or 8, not {connectivity}")
    area = bounds if limit is None else bounds.intersection(limit)
    if not (area.x0 <= x < area.x1 and area.y0 <= y < area.y1):
        return EMPTY, np.zeros((0, 0), np.bool_)
    return (yield from flood(read, area, x, y, connectivity=connectivity))


def piece(marked: NDArray[np.bool_], x: int, y: int, connectivity: int = 4) -> NDArray[np.bool_]:
    """The connected part of `marked` (H×W) that (x, y) belongs to; none if it is not marked."""
    if not marked[y, x]:
        return np.zeros_like(marked)
    labels = _labels(marked, connectivity)
    found: NDArray[np.bool_] = labels == labels[y, x]
    return found


def labelled(
    mask: NDArray[np.uint8], value: int, *, connectivity: int = 4
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Number the connected regions of one value.

    Returns:
        int32 H×W, 0 elsewhere; and int64 sizes by number, sizes[0] = 0.
    """
    labels = _labels(mask == value, connectivity)
    sizes = np.bincount(labels.ravel(), minlength=1)
    sizes[0] = 0
    return labels, sizes


def cropped(window: Rect, inside: NDArray[np.bool_]) -> tuple[Rect, NDArray[np.bool_]]:
    """The smallest rectangle around what is marked in `window`, and that part of the array."""
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    if not len(rows):
        return EMPTY, np.zeros((0, 0), np.bool_)
    box = Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return box.moved(window.x0, window.y0), inside[box.slices]


def _labels(marked: NDArray[np.bool_], connectivity: int) -> NDArray[np.int32]:
    from scipy import ndimage as ndi

    structure = np.ones((3, 3), np.bool_) if connectivity == 8 else None
    labels: NDArray[np.int32] = ndi.label(marked, structure)[0]
    return labels
