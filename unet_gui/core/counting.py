"""How many pixels hold each value, and what a write changes about that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.tiled_mask import is_uniform, key_rect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.core.tiled_mask import TiledMask


def histogram(values: NDArray[np.uint8]) -> NDArray[np.int64]:
    """int64[256]. In pieces, since bincount widens its input to eight times the size."""
    flat = values.reshape(-1)
    counts = np.zeros(256, np.int64)
    for start in range(0, flat.size, 1 << 20):
        counts += np.bincount(flat[start : start + (1 << 20)], minlength=256)
    return counts


def count_all(mask: TiledMask) -> NDArray[np.int64]:
    """int64[256] of a whole mask; tiles of a single value cost nothing."""
    counts = np.zeros(256, np.int64)
    seen = 0
    for key in mask.keys:
        area = key_rect(key).intersection(mask.bounds)
        tile = mask.tile(key)
        if is_uniform(tile):
            counts[tile[0, 0]] += area.width * area.height
        else:
            counts += histogram(tile[: area.height, : area.width])
        seen += area.width * area.height
    counts[UNLABELLED] += mask.shape[0] * mask.shape[1] - seen
    return counts


def differing(
    tile: NDArray[np.uint8],
    old: NDArray[np.uint8],
    new: int | NDArray[np.uint8],
    where: NDArray[np.bool_] | None,
    writable: NDArray[np.bool_] | None,
) -> NDArray[np.bool_] | None:
    """The pixels that a write changes; None when it changes none.

    Moves of a brush overlap: mostly there is nothing left to do for the greater part of a tile.
    """
    if isinstance(new, int) and is_uniform(tile):
        value = int(tile[0, 0])
        if value == new or (writable is not None and not writable[value]):
            return None
        return np.ones(old.shape, np.bool_) if where is None else where
    differs: NDArray[np.bool_] = old != new
    if where is not None:
        differs &= where
    if writable is not None:
        differs &= writable[old]
    return differs if differs.any() else None


def delta_of(
    tile: NDArray[np.uint8],
    old: NDArray[np.uint8],
    new: int | NDArray[np.uint8],
    where: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """int64[256], how the counts of the values change."""
    delta = np.zeros(256, np.int64)
    number = int(np.count_nonzero(where))
    if is_uniform(tile):
        delta[tile[0, 0]] -= number
    else:
        delta -= np.bincount(old[where], minlength=256)
    if isinstance(new, int):
        delta[new] += number
    else:
        delta += np.bincount(new[where], minlength=256)
    return delta


def changing(
    tile: NDArray[np.uint8],
    places: NDArray[np.intp],
    writable: NDArray[np.bool_] | None,
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Which places of a flattened tile may be written to, and int64[256], what is there now.

    Where a tile is of a single value nothing is looked up: a stroke mostly begins on such tiles.
    """
    if is_uniform(tile):
        value = int(tile[0, 0])
        if writable is not None and not writable[value]:
            places = places[:0]
        counts = np.zeros(256, np.int64)
        counts[value] = len(places)
        return places, counts
    old = tile.reshape(-1).take(places)
    if writable is not None:
        free = writable[old]
        places, old = places[free], old[free]
    return places, np.bincount(old, minlength=256)
