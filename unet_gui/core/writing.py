"""Writing values into the tiles of a mask, only where something changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unet_gui.core.counting import delta_of, differing
from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.tiled_mask import TILE, key_rect, uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.core.footprint import Footprint
    from unet_gui.core.history import EditRecorder
    from unet_gui.core.tiled_mask import Key, TiledMask


def write(
    mask: TiledMask,
    edit: EditRecorder,
    footprint: Footprint,
    values: int | NDArray[np.uint8],
    writable: NDArray[np.bool_] | None,
) -> tuple[Rect, list[Key]]:
    """Write values as a part of an edit, which keeps what was there and counts what changes.

    Args:
        mask: what is edited.
        edit: its recorder.
        footprint: which pixels, all inside the mask.
        values: one value, or an array of the shape of the footprint's rectangle.
        writable: bool[256] by mask value, what may be overwritten; None for all.

    Returns:
        The pixels that may have changed, and the tiles that have.
    """
    changed = EMPTY
    keys: list[Key] = []
    for key in footprint.rect.tiles(TILE):
        rect, where = footprint.cut(key_rect(key))
        if rect.empty:
            continue
        tile = mask.tile(key)
        full = where is None and writable is None and rect == key_rect(key)
        inside = rect.moved(-key[1] * TILE, -key[0] * TILE).slices
        new = values
        if not isinstance(new, int):
            new = new[rect.moved(-footprint.rect.x0, -footprint.rect.y0).slices]
        where = differing(tile, tile[inside], new, where, writable)
        if where is None:
            continue
        delta = delta_of(tile, tile[inside], new, where)
        edit.changing(new if isinstance(new, int) else None)
        if full and isinstance(new, int):
            edit.replace_tile(key, uniform(new))
        else:
            np.copyto(edit.tile_to_write(key)[inside], new, where=where)
        edit.delta += delta
        changed = changed.union(rect)
        keys.append(key)
    if keys:
        edit.rect = edit.rect.union(changed)
    return changed, keys
