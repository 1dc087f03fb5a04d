"""Coloured tiles of mask and ghost: made when wanted, coloured anew only where changed."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import qimage2ndarray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from unet_gui.core.classes import UNLABELLED
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

MOST_CHANGES: Final = 400
"""Changes of the mask noted before all tiles are told, also those of looks nobody looks at."""

FEW: Final = 40
"""Changes up to which it costs less to tell each than to put together those of the same place."""

Look = tuple[Layer, bool, int]
"""What tiles of the same kind have in common: layer, outline, level."""


class Piece(NamedTuple):
    """Something to draw: a part of a picture, and where it goes in pixels of the wanted level."""

    target: QRectF
    image: QImage
    source: QRectF


@dataclass(slots=True)
class ColoredTile:
    """A coloured tile.

    Attributes:
        piece: all of it that lies in the image.
        pixels: the memory of its picture.
        area: what it holds of its level, in pixels of that.
        stale: its pixels to be coloured anew, of the same kind.
        palette: the colours it was made with.
        blank: there is nothing to see on it.
    """

    piece: Piece
    pixels: NDArray[np.uint32]
    area: Rect
    stale: Rect
    palette: int
    blank: bool = True


class ColoredTiles:
    """The tiles of one document's overlay, the most recently used ones."""

    def __init__(self) -> None:
        self.source: TileSource | None = None
        self._tiles: OrderedDict[TileKey, ColoredTile] = OrderedDict()
        # How many of the changes each kind of tile has been told.
        self._looks: dict[Look, int] = {}
        self._changes: list[Rect] = []
        self._classes = np.zeros((256, 3), np.uint32)
        self._shown = np.zeros(256, np.bool_)
        self._strength = 255
        self._colors = np.zeros(256, np.uint32)
        self._by_value = self._colors
        self._palette = 0
        self._room = MAX_TILES
        self._spare: list[tuple[QImage, NDArray[np.uint32]]] = []

    def __len__(self) -> int:
        return len(self._tiles)

    def set_mask(self, mask: MaskLevels | None) -> None:
        """Another document; it is looked into, never copied."""
        self.source = TileSource(mask) if mask is not None else None
        self._tiles.clear()
        self._looks.clear()
        self._changes.clear()
        self._room = MAX_TILES

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
        colors[UNLABELLED] = 0
        self._by_value = colors.astype(np.uint32)
        self._colors = np.concatenate([np.zeros(1, np.uint32), colors[:255]])
        self._palette += 1

    def invalidate(self, rect: Rect, keys: Iterable[Key] | None) -> None:
        """See `Overlay.invalidate`."""
        if self.source is None or rect.empty:
            return
        keys = rect.tiles(MASK_TILE) if keys is None else keys
        self._changes.extend(key_rect(key).intersection(rect) for key in keys)
        if len(self._changes) > MOST_CHANGES:
            self._tell_all()

    def catch_up(self, look: Look) -> None:
        """Tell the tiles of one look, before they are drawn, what has changed since."""
        known = self._looks.get(look)
        if known is not None and known < len(self._changes):
            self._tell(look, known)
            self._looks[look] = len(self._changes)

    def _tell(self, look: Look, known: int) -> None:
        changes = self._changes[known:]
        for changed in changes if len(changes) <= FEW else _put_together(changes, look[2]):
            self._mark(look, changed)

    def _tell_all(self) -> None:
        """Begin a new list of changes."""
        for look, known in self._looks.items():
            self._tell(look, known)
        self._looks = dict.fromkeys(self._looks, 0)
        self._changes.clear()

    def _mark(self, look: Look, changed: Rect) -> None:
        """Note which pixels of the tiles of one look are to be coloured anew."""
        assert self.source is not None
        layer, outline, level = look
        touched = to_level(changed, level)
        if outline:
            touched = touched.expanded(OUTLINE).intersection(self.source.bounds(level))
        for row, column in touched.tiles(TILE):
            tile = self._tiles.get((layer, outline, level, row, column))  # type: ignore[call-overload]
            if tile is not None:
                tile.stale = tile.stale.union(touched.intersection(tile.area))

    # -- for drawing -----------------------------------------------------------------------

    def make_room(self, drawn: int) -> None:
        """Forget what was used longest ago, before so many tiles are drawn.

        Not while they are: what one of them stands in for would be drawn over. All that a view of
        two layers shows is kept, or tiles would be made and forgotten without an end.
        """
        self._room = max(self._room, 2 * drawn)
        while len(self._tiles) > self._room:
            tile = self._tiles.popitem(last=False)[1]
            if len(self._spare) < FEW:
                self._spare.append((tile.piece.image, tile.pixels))

    def present(self, key: TileKey) -> ColoredTile | None:
        """The tile as it should look now if there is one in the present colours.

        What has changed of it is no reason to wait: the person just did that, and sees it at once.
        """
        tile = self._tiles.get(key)
        if tile is None or tile.palette != self._palette:
            return None
        self._tiles.move_to_end(key)
        if not tile.stale.empty:
            self._color(tile, key)
        return tile

    def fresh(self, key: TileKey) -> ColoredTile:
        """The tile as it should look now, made if need be."""
        tile = self._tiles.get(key)
        if tile is None:
            tile = self._new(key)
        else:
            self._tiles.move_to_end(key)
        if tile.palette != self._palette:
            tile.stale, tile.palette = tile.area, self._palette
        if not tile.stale.empty:
            self._color(tile, key)
        return tile

    def _new(self, key: TileKey) -> ColoredTile:
        assert self.source is not None
        (image, pixels), area = (
            self._picture(),
            key.area.intersection(self.source.bounds(key.level)),
        )
        piece = within(Piece(_rect(key.area), image, QRectF(0, 0, TILE, TILE)), self.whole(key))
        tile = self._tiles[key] = ColoredTile(piece, pixels, area, area, self._palette)
        if key.layer is not Layer.PREDICTION:
            self._looks.setdefault(key[:3], len(self._changes))
            if len(self._looks) > MOST_LOOKS:  # those of zooms long gone
                kept = {k[:3] for k in self._tiles if k.layer is not Layer.PREDICTION}
                self._looks = {k: v for k, v in self._looks.items() if k in kept}
        return tile

    def whole(self, key: TileKey) -> QRectF:
        """The image in pixels of a tile's level.

        The last pixel of a small level may stand for less than a full block of the image.
        """
        assert self.source is not None
        height, width = self.source.shape
        return QRectF(0, 0, width / 2.0**key.level, height / 2.0**key.level)

    def _picture(self) -> tuple[QImage, NDArray[np.uint32]]:
        """An empty one; one that was used before, for new memory takes as long as the colours."""
        if self._spare:
            image, pixels = self._spare.pop()
            pixels.fill(0)
            return image, pixels
        image = QImage(TILE, TILE, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(0)
        return image, qimage2ndarray.raw_view(image)

    def _color(self, tile: ColoredTile, key: TileKey) -> None:
        """Colour what is stale of it."""
        assert self.source is not None
        stale, tile.stale = tile.stale, EMPTY
        value: int | None = None
        if key.layer is Layer.MASK and key.level == 0 and not key.outline:
            codes, nothing, colors = self.source.values(key, stale), UNLABELLED, self._by_value
            value = self.source.single_value(key)
        else:
            codes, nothing, colors = self.source.codes(key, stale), 0, self._colors
        if tile.blank or stale == tile.area:
            blank = value == nothing if value is not None else not (codes != nothing).any()
            if blank and tile.blank:
                return
            tile.blank = blank
        pixels = tile.pixels[stale.moved(-tile.area.x0, -tile.area.y0).slices]
        if value is not None:
            pixels[...] = colors[value]
        else:
            colors.take(codes, mode="clip", out=pixels)

    # -- what stands in --------------------------------------------------------------------

    def stand_ins(self, keys: list[TileKey]) -> list[Piece]:
        """The best there is to show in place of tiles that have yet to be made, perhaps nothing."""
        pieces: list[Piece] = []
        above: dict[TileKey, list[TileKey]] = {}
        for key in keys:
            for other in self._alike(key):
                tile = self._tiles[other]
                if tile.blank:
                    continue
                if other.level > key.level:
                    above.setdefault(other, []).append(key)
                else:
                    pieces.append(tile.piece if other == key else _shrunk(key, other, tile))
        for other, below in above.items():
            pieces += self._enlarged(other, below)
        return pieces

    def _alike(self, key: TileKey) -> list[TileKey]:
        """Itself in its old colours, else the next coarser one, finer ones, one still coarser."""
        assert self.source is not None
        for near in (key, key.above(1)):
            if near in self._tiles:
                return [near]
        finer = [k for k in key.below() if k in self._tiles]
        if finer:
            return finer
        coarsest = self.source.levels - 1
        for by in range(2, coarsest - key.level + 1):
            if key.above(by) in self._tiles:
                return [key.above(by)]
        if key.level < coarsest and self.source.prepared(key.layer, coarsest):
            far = key.above(coarsest - key.level)
            self.fresh(far)
            return [far]
        return []

    def _enlarged(self, above: TileKey, keys: list[TileKey]) -> list[Piece]:
        """A coarser tile in place of finer ones: drawn once where they lie side by side.

        It must not reach beyond them, for colours that are drawn twice are too strong.
        """
        scale, corner, areas = 2.0 ** (keys[0].level - above.level), above.area, EMPTY
        for key in keys:
            areas = areas.union(key.area)
        whole = areas.width * areas.height == len(keys) * TILE * TILE
        pieces = []
        for area in [areas] if whole else [key.area for key in keys]:
            x, y = area.x0 * scale - corner.x0, area.y0 * scale - corner.y0
            source = QRectF(x, y, area.width * scale, area.height * scale)
            pieces.append(Piece(_rect(area), self._tiles[above].piece.image, source))
        return pieces


def within(piece: Piece, whole: QRectF) -> Piece:
    """As much of a piece as lies in the image."""
    target, image, part = piece
    width = min(target.width(), whole.width() - target.x())
    height = min(target.height(), whole.height() - target.y())
    if width == target.width() and height == target.height():
        return piece
    across, down = part.width() / target.width(), part.height() / target.height()
    return Piece(
        QRectF(target.x(), target.y(), width, height),
        image,
        QRectF(part.x(), part.y(), width * across, height * down),
    )


def _put_together(changes: list[Rect], level: int) -> list[Rect]:
    """One rectangle for each tile of a level, or of the mask for finer ones."""
    side = MASK_TILE << max(level, 0)
    places: dict[tuple[int, int], Rect] = {}
    for rect in changes:
        place = rect.x0 // side, rect.y0 // side
        known = places.get(place)
        places[place] = rect if known is None else known.union(rect)
    return list(places.values())


def _shrunk(key: TileKey, below: TileKey, tile: ColoredTile) -> Piece:
    area = below.area
    target = QRectF(area.x0 / 2, area.y0 / 2, TILE / 2, TILE / 2)
    return Piece(target, tile.piece.image, QRectF(0, 0, TILE, TILE))


def _rect(area: Rect) -> QRectF:
    return QRectF(area.x0, area.y0, area.width, area.height)
