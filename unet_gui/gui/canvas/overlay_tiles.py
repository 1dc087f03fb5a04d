"""Coloured tiles of mask and ghost: made when wanted, coloured anew only where changed."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import qimage2ndarray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.tiled_mask import TILE as MASK_TILE
from unet_gui.core.tiled_mask import key_rect
from unet_gui.gui.canvas.tiles import OUTLINE, TILE, Layer, TileKey, TileSource, to_level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.core.mask_levels import MaskLevels
    from unet_gui.core.tiled_mask import Key

MAX_TILES: Final = 320
"""Tiles kept, a quarter of a MiB each: three times what a large window shows."""

MOST_LOOKS: Final = 6
"""Kinds of tiles after which those that nobody keeps any more are forgotten."""


@dataclass(slots=True)
class ColoredTile:
    """A coloured tile. `stale` are its pixels to be coloured anew, in pixels of its level."""

    image: QImage
    pixels: NDArray[np.uint32]
    stale: Rect
    palette: int
    blank: bool = True


class Piece(NamedTuple):
    """Something to draw: a part of a picture, and where it goes in pixels of the wanted level."""

    target: QRectF
    image: QImage
    source: QRectF


class ColoredTiles:
    """The tiles of one document's overlay, the most recently used ones."""

    def __init__(self) -> None:
        self.source: TileSource | None = None
        self._tiles: OrderedDict[TileKey, ColoredTile] = OrderedDict()
        self._looks: set[tuple[Layer, bool, int]] = set()
        self._classes = np.zeros((256, 3), np.uint32)
        self._shown = np.zeros(256, np.bool_)
        self._strength = 255
        self._colors = np.zeros(256, np.uint32)
        self._palette = 0

    def __len__(self) -> int:
        return len(self._tiles)

    def set_mask(self, mask: MaskLevels | None) -> None:
        """Another document; it is looked into, never copied."""
        self.source = TileSource(mask) if mask is not None else None
        self._tiles.clear()
        self._looks.clear()

    def set_ghost(self, mask: ClassMask | None) -> None:
        """Another proposal; None for none."""
        if self.source is not None:
            self.source.set_ghost(mask)
        for key in [k for k in self._tiles if k.layer is not Layer.MASK]:
            del self._tiles[key]

    def set_palette(self, palette: NDArray[np.uint8], shown: NDArray[np.bool_] | None) -> None:
        """See `Overlay.set_palette`."""
        self._classes = palette.astype(np.uint32)
        self._shown = np.ones(256, np.bool_) if shown is None else shown
        self._mix()

    def set_strength(self, strength: int) -> None:
        """Opacity of all colours, 0..255."""
        if strength != self._strength:
            self._strength = strength
            self._mix()

    def _mix(self) -> None:
        """The colour of each code, premultiplied; tiles follow when they are next drawn."""
        rgb = (self._classes * self._strength + 127) // 255
        colors = np.uint32(self._strength << 24) | rgb[:, 0] << 16 | rgb[:, 1] << 8 | rgb[:, 2]
        colors[~self._shown] = 0
        self._colors = np.concatenate([np.zeros(1, np.uint32), colors[:255]])
        self._palette += 1

    def invalidate(self, rect: Rect, keys: Iterable[Key] | None) -> None:
        """See `Overlay.invalidate`."""
        if self.source is None or rect.empty:
            return
        keys = list(rect.tiles(MASK_TILE) if keys is None else keys)
        for mask_key in keys:
            part = key_rect(mask_key).intersection(rect)
            for look in self._looks:
                self._mark(look, part)

    def _mark(self, look: tuple[Layer, bool, int], changed: Rect) -> None:
        """Note which pixels of the tiles of one look are to be coloured anew."""
        assert self.source is not None
        layer, outline, level = look
        touched = to_level(changed, level).expanded(OUTLINE if outline else 0)
        for row, column in touched.intersection(self.source.bounds(level)).tiles(TILE):
            key = TileKey(layer, outline, level, row, column)
            tile = self._tiles.get(key)
            if tile is not None:
                tile.stale = tile.stale.union(touched.intersection(key.area))

    # -- for drawing -----------------------------------------------------------------------

    def at_hand(self, key: TileKey) -> bool:
        """Whether a tile in the present colours exists.

        What has changed of it is not asked: the person just did that, and sees it at once.
        """
        tile = self._tiles.get(key)
        return tile is not None and tile.palette == self._palette

    def fresh(self, key: TileKey) -> ColoredTile:
        """The tile as it should look now."""
        assert self.source is not None
        area = key.area.intersection(self.source.bounds(key.level))
        tile = self._tiles.get(key)
        if tile is None:
            tile = self._new(key, area)
        else:
            self._tiles.move_to_end(key)
        if tile.palette != self._palette:
            tile.stale, tile.palette = area, self._palette
        stale = tile.stale.intersection(area)
        if not stale.empty:
            self._color(tile, key, stale, whole=stale == area)
        tile.stale = EMPTY
        return tile

    def _new(self, key: TileKey, area: Rect) -> ColoredTile:
        image, pixels = self._picture()
        tile = self._tiles[key] = ColoredTile(image, pixels, area, self._palette)
        if key.layer is not Layer.PREDICTION:
            self._looks.add(key[:3])
            if len(self._looks) > MOST_LOOKS:  # those of zooms long gone
                self._looks = {k[:3] for k in self._tiles if k.layer is not Layer.PREDICTION}
        return tile

    def _picture(self) -> tuple[QImage, NDArray[np.uint32]]:
        """An empty one; that of the longest unused tile, for new memory takes as long as colour."""
        reused = None
        while len(self._tiles) >= MAX_TILES:
            reused = self._tiles.popitem(last=False)[1]
        if reused is not None:
            reused.pixels.fill(0)
            return reused.image, reused.pixels
        image = QImage(TILE, TILE, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(0)
        return image, qimage2ndarray.raw_view(image)

    def _color(self, tile: ColoredTile, key: TileKey, stale: Rect, *, whole: bool) -> None:
        assert self.source is not None
        codes = self.source.codes(key, stale)
        something = bool(codes.any())
        if something or not tile.blank:
            inside = stale.moved(-key.area.x0, -key.area.y0)
            self._colors.take(codes, out=tile.pixels[inside.slices], mode="clip")
        tile.blank = not something and (whole or tile.blank)

    # -- what stands in --------------------------------------------------------------------

    def stand_in(self, key: TileKey) -> list[Piece]:
        """The best there is to show in place of a tile that has yet to be made, perhaps nothing.

        In this order: the tile in its old colours, one of the next coarser level, the four of the
        next finer one, those still coarser.
        """
        assert self.source is not None
        old = self._tiles.get(key)
        if old is not None:
            return [] if old.blank else [own_piece(key, old)]
        if key.above(1) in self._tiles:
            return self._enlarged(key, 1)
        finer = [k for k in key.below() if k in self._tiles]
        if finer:
            return [_shrunk(key, k, self._tiles[k]) for k in finer if not self._tiles[k].blank]
        coarsest = self.source.levels - 1
        for by in range(2, coarsest - key.level + 1):
            if key.above(by) in self._tiles:
                return self._enlarged(key, by)
        if key.level < coarsest and self.source.prepared(key.layer, coarsest):
            self.fresh(key.above(coarsest - key.level))
            return self._enlarged(key, coarsest - key.level)
        return []

    def _enlarged(self, key: TileKey, by: int) -> list[Piece]:
        above = key.above(by)
        tile, scale = self._tiles[above], 2.0**-by
        if tile.blank:
            return []
        area, corner = key.area, above.area
        source = QRectF(
            area.x0 * scale - corner.x0, area.y0 * scale - corner.y0, TILE * scale, TILE * scale
        )
        return [Piece(_rect(area), tile.image, source)]


def own_piece(key: TileKey, tile: ColoredTile) -> Piece:
    """A whole tile."""
    return Piece(_rect(key.area), tile.image, QRectF(0, 0, TILE, TILE))


def _shrunk(key: TileKey, below: TileKey, tile: ColoredTile) -> Piece:
    area = below.area
    target = QRectF(area.x0 / 2, area.y0 / 2, TILE / 2, TILE / 2)
    return Piece(target, tile.image, QRectF(0, 0, TILE, TILE))


def _rect(area: Rect) -> QRectF:
    return QRectF(area.x0, area.y0, area.width, area.height)
