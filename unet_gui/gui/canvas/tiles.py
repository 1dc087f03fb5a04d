"""Class codes of one overlay tile at any magnification, in numpy: what is yet to be coloured."""

from __future__ import annotations

import math
from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from unet_gui.core.geometry import Rect
from unet_gui.core.mask_levels import ArrayTiles, MaskLevels
from unet_gui.core.tiled_mask import is_uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask

TILE: Final = 256

FINEST: Final = -5
"""Outline tiles exist down to 2⁵ tile pixels per image pixel, which serves 64-fold zoom."""

OUTLINE: Final = 2
"""Thickness of a class border on each side, in tile pixels."""


class Layer(IntEnum):
    """What a tile shows: the mask, what is proposed beside it, or the prediction by itself."""

    MASK = 0
    GHOST = 1
    PREDICTION = 2


class TileKey(NamedTuple):
    """One tile. Level k has 2ᵏ image pixels to a tile pixel; negative levels magnify."""

    layer: Layer
    outline: bool
    level: int
    row: int
    column: int

    @property
    def area(self) -> Rect:
        """In pixels of its level."""
        return Rect(0, 0, TILE, TILE).moved(self.column * TILE, self.row * TILE)

    def above(self, by: int) -> TileKey:
        """The tile that shows the same `by` levels coarser."""
        return self._replace(level=self.level + by, row=self.row >> by, column=self.column >> by)

    def below(self) -> list[TileKey]:
        """The four that show the same one level finer."""
        return [
            self._replace(level=self.level - 1, row=2 * self.row + y, column=2 * self.column + x)
            for y in (0, 1)
            for x in (0, 1)
        ]


def level_for(zoom: float, *, outline: bool, levels: int) -> int:
    """The level to draw at `zoom`.

    Areas come from the level just finer than the screen and are never finer than the mask. Borders
    come from the level just coarser, so that a line of whole tile pixels never breaks up.
    """
    exact = -math.log2(zoom)
    if outline:
        return max(FINEST, min(levels - 1, math.ceil(exact - 1e-9)))
    return max(0, min(levels - 1, math.floor(exact + 1e-9)))


def to_image(area: Rect, level: int) -> Rect:
    """The image pixels that pixels of a level stand for; may reach beyond the image."""
    return to_level(area, -level)


def to_level(rect: Rect, level: int) -> Rect:
    """The pixels of a level that image pixels in `rect` touch."""
    if level >= 0:
        return Rect(rect.x0 >> level, rect.y0 >> level, -(-rect.x1 >> level), -(-rect.y1 >> level))
    return Rect(rect.x0 << -level, rect.y0 << -level, rect.x1 << -level, rect.y1 << -level)


class TileSource:
    """Codes of mask and ghost by tile: class id + 1, 0 where nothing is to be drawn."""

    def __init__(self, mask: MaskLevels) -> None:
        self._mask = mask
        self._ghost: MaskLevels | None = None
        self._shape = mask.shape

    @property
    def levels(self) -> int:
        return self._mask.levels

    def set_ghost(self, mask: ClassMask | None) -> None:
        """What is proposed; one of another size is not for this image and is not shown."""
        fits = mask is not None and mask.shape == self._shape
        self._ghost = MaskLevels(ArrayTiles(mask)) if mask is not None and fits else None

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the mask."""
        return self._shape

    @property
    def has_ghost(self) -> bool:
        return self._ghost is not None

    def prepared(self, layer: Layer, level: int) -> bool:
        """Whether codes of a whole level are quickly had."""
        ghost = self._ghost if layer is not Layer.MASK else None
        return self._mask.prepared(level) and (ghost is None or ghost.prepared(level))

    def bounds(self, level: int) -> Rect:
        """All pixels of a level."""
        if level >= 0:
            return self._mask.bounds(level)
        return to_level(self._mask.bounds(0), level)

    def values(self, key: TileKey, area: Rect) -> NDArray[np.uint8]:
        """Of the mask itself, uncopied: a tile of level 0 is one of the mask."""
        tile = self._mask.tile((key.row, key.column))
        return tile[area.moved(-key.column * TILE, -key.row * TILE).slices]

    def single_value(self, key: TileKey) -> int | None:
        """What `values` of a tile of level 0 all are, where that can be told without a look."""
        tile = self._mask.tile((key.row, key.column))
        return int(tile[0, 0]) if is_uniform(tile) else None

    def codes(self, key: TileKey, area: Rect) -> NDArray[np.uint8]:
        """Codes of `area`, in pixels of the tile's level and inside its bounds."""
        if not key.outline:
            return self._areas(key.layer, key.level, area)
        outer = area.expanded(OUTLINE).intersection(self.bounds(key.level))
        codes = self._areas(key.layer, key.level, outer)
        inner = area.moved(-outer.x0, -outer.y0)
        if not codes.any():
            return codes[inner.slices]
        return (codes * _near_border(codes))[inner.slices]

    def _areas(self, layer: Layer, level: int, area: Rect) -> NDArray[np.uint8]:
        if level >= 0:
            return self._combined(layer, level, area)
        coarse = to_level(area, -level)
        codes = self._combined(layer, 0, coarse).repeat(1 << -level, 0).repeat(1 << -level, 1)
        corner = to_level(coarse, level)
        return codes[area.moved(-corner.x0, -corner.y0).slices]

    def _combined(self, layer: Layer, level: int, area: Rect) -> NDArray[np.uint8]:
        if layer is Layer.MASK:
            return self._mask.read(level, area)
        if self._ghost is None:
            return np.zeros((area.height, area.width), np.uint8)
        proposed = self._ghost.read(level, area)
        if layer is Layer.PREDICTION:
            return proposed
        shown: NDArray[np.uint8] = proposed * (self._mask.read(level, area) == 0)
        return shown


def _near_border(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels less than OUTLINE from one of another code; the edge of the image is no border."""
    near = np.zeros(codes.shape, np.bool_)
    for axis in (0, 1):
        a, b = np.moveaxis(codes, axis, 0), np.moveaxis(near, axis, 0)
        for distance in range(1, OUTLINE + 1):
            if a.shape[0] > distance:
                differs = a[distance:] != a[:-distance]
                b[distance:] |= differs
                b[:-distance] |= differs
    return near
