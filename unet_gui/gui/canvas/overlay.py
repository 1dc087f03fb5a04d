"""Mask and ghost in colour over the image: cached tiles, coloured anew only where changed.

The one module that looks into QImage memory (through qimage2ndarray).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
import qimage2ndarray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QImage, QPainter

from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.tiled_mask import TILE as MASK_TILE
from unet_gui.core.tiled_mask import key_rect
from unet_gui.gui.canvas.tiles import (
    OUTLINE,
    TILE,
    Layer,
    TileKey,
    TileSource,
    level_for,
    to_level,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.core.mask_levels import MaskLevels
    from unet_gui.core.tiled_mask import Key
    from unet_gui.gui.canvas.viewport import Viewport

MAX_TILES: Final = 320
"""Tiles kept, a quarter of a MiB each: four times what a large window shows."""

MOST_LOOKS: Final = 6
"""Kinds of tiles after which those that nobody keeps any more are forgotten."""

STRIPE: Final = 12
"""Device pixels from one stripe of the ghost to the next."""

BETWEEN_STRIPES: Final = 0.22
"""How much of the ghost's colour is left between its stripes."""


@dataclass(slots=True)
class _Tile:
    """A coloured tile. `stale` are its pixels to be coloured anew, in pixels of its level."""

    image: QImage
    pixels: NDArray[np.uint32]
    stale: Rect
    palette: int
    blank: bool = True


class Overlay:
    """Draws a mask and, where it is unlabelled, a ghost."""

    def __init__(self) -> None:
        self._source: TileSource | None = None
        self._tiles: OrderedDict[TileKey, _Tile] = OrderedDict()
        self._looks: set[tuple[Layer, bool, int]] = set()
        self._classes = np.zeros((256, 3), np.uint32)
        self._shown = np.zeros(256, np.bool_)
        self._strength = 255
        self._colors = np.zeros(256, np.uint32)
        self._palette = 0
        self._scratch = QImage()
        self._sheet = QImage()

    def set_mask(self, mask: MaskLevels | None) -> None:
        """Another document; it is looked into, never copied."""
        self._source = TileSource(mask) if mask is not None else None
        self._tiles.clear()
        self._looks.clear()

    def set_ghost(self, mask: ClassMask | None) -> None:
        """Another proposal; None for none."""
        if self._source is not None:
            self._source.set_ghost(mask)
        for key in [k for k in self._tiles if k.layer is not Layer.MASK]:
            del self._tiles[key]

    def set_palette(
        self, palette: NDArray[np.uint8], shown: NDArray[np.bool_] | None = None
    ) -> None:
        """Class colours; tiles follow when they are next drawn.

        Args:
            palette: 256×3 uint8 RGB by mask value.
            shown: bool[256], values that are drawn at all; None draws every class.
        """
        self._classes = palette.astype(np.uint32)
        self._shown = np.ones(256, np.bool_) if shown is None else shown
        self._mix()

    def _mix(self) -> None:
        """The colour of each code, premultiplied; tiles follow when they are next drawn."""
        rgb = (self._classes * self._strength + 127) // 255
        colors = np.uint32(self._strength << 24) | rgb[:, 0] << 16 | rgb[:, 1] << 8 | rgb[:, 2]
        colors[~self._shown] = 0
        self._colors = np.concatenate([np.zeros(1, np.uint32), colors[:255]])
        self._palette += 1

    def invalidate(self, rect: Rect, keys: Iterable[Key] | None = None) -> None:
        """Mask pixels have changed.

        Args:
            rect: all of them lie inside.
            keys: the tiles of the mask that have changed; None for all that `rect` touches.
        """
        if self._source is None or rect.empty:
            return
        keys = list(rect.tiles(MASK_TILE) if keys is None else keys)
        for mask_key in keys:
            part = key_rect(mask_key).intersection(rect)
            for look in self._looks:
                self._mark(look, part)

    def _mark(self, look: tuple[Layer, bool, int], changed: Rect) -> None:
        """Note which pixels of the tiles of one look are to be coloured anew."""
        assert self._source is not None
        layer, outline, level = look
        touched = to_level(changed, level).expanded(OUTLINE if outline else 0)
        for row, column in touched.intersection(self._source.bounds(level)).tiles(TILE):
            key = TileKey(layer, outline, level, row, column)
            tile = self._tiles.get(key)
            if tile is not None:
                tile.stale = tile.stale.union(touched.intersection(key.area))

    def paint(
        self,
        painter: QPainter,
        viewport: Viewport,
        exposed: QRect,
        *,
        outline: bool,
        ghost: bool,
        opacity: float,
    ) -> None:
        """Draw what lies under `exposed`; painter and `exposed` are in canvas coordinates."""
        if self._source is None:
            return
        self._set_strength(opacity, outline=outline)
        self._paint_layer(painter, viewport, exposed, Layer.MASK, outline=outline)
        if ghost and self._source.has_ghost:
            self._paint_ghost(painter, viewport, exposed, outline=outline)

    def paint_prediction(
        self,
        painter: QPainter,
        viewport: Viewport,
        exposed: QRect,
        *,
        outline: bool,
        opacity: float,
    ) -> None:
        """Draw the whole proposal, also where the mask is labelled, in full colour."""
        if self._source is not None and self._source.has_ghost:
            self._set_strength(opacity, outline=outline)
            self._paint_layer(painter, viewport, exposed, Layer.PREDICTION, outline=outline)

    def _set_strength(self, opacity: float, *, outline: bool) -> None:
        """Opacity goes into the tiles: given to the painter, scaled tiles take three times as long.

        Thin lines need more strength than areas to be seen equally well.
        """
        strength = round(255 * (1 - (1 - opacity) ** 2 if outline else opacity))
        if strength != self._strength:
            self._strength = strength
            self._mix()

    def _paint_layer(
        self, painter: QPainter, viewport: Viewport, exposed: QRect, layer: Layer, *, outline: bool
    ) -> bool:
        """Returns whether there was anything to draw."""
        assert self._source is not None
        level = level_for(viewport.zoom, outline=outline, levels=self._source.levels)
        box = viewport.image_box(exposed.x(), exposed.y(), exposed.width(), exposed.height())
        bounds = self._source.bounds(level)
        # One pixel more, for a turned sheet must not end where it is seen.
        area = to_level(box, level).expanded(0 if viewport.upright else 1).intersection(bounds)
        tiles = []
        for row, column in area.tiles(TILE):
            key = TileKey(layer, outline, level, row, column)
            tile = self._fresh(key)
            if not tile.blank:
                tiles.append((key.area, tile.image))
        if tiles:
            size = 2.0**level
            painter.save()
            painter.setTransform(viewport.transform(), True)
            painter.scale(size, size)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            if not viewport.upright:
                tiles = [(area, self._sheet_of(area, tiles))]
            for part, image in tiles:
                # The last pixel of a small level may stand for less than a full block of the image.
                width = min(part.width, viewport.image_width / size - part.x0)
                height = min(part.height, viewport.image_height / size - part.y0)
                target = QRectF(part.x0, part.y0, width, height)
                painter.drawImage(target, image, QRectF(0, 0, width, height))
            painter.restore()
        return bool(tiles)

    def _sheet_of(self, area: Rect, tiles: list[tuple[Rect, QImage]]) -> QImage:
        """Tiles put together: turned one by one they would show their sides."""
        if self._sheet.width() < area.width or self._sheet.height() < area.height:
            size = QSize(area.width, area.height).expandedTo(self._sheet.size())
            self._sheet = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
        inner = QPainter(self._sheet)
        inner.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        inner.fillRect(0, 0, area.width, area.height, Qt.GlobalColor.transparent)
        for part, image in tiles:
            inner.drawImage(part.x0 - area.x0, part.y0 - area.y0, image)
        inner.end()
        return self._sheet

    def _paint_ghost(
        self, painter: QPainter, viewport: Viewport, exposed: QRect, *, outline: bool
    ) -> None:
        """Colours first, off screen, then all but the stripes is faded out of them.

        So stripes have the same size at any zoom, and lie still on the image when it is moved.
        """
        ratio = viewport.ratio
        x0, y0 = round(exposed.x() * ratio), round(exposed.y() * ratio)
        width, height = round(exposed.width() * ratio) + 1, round(exposed.height() * ratio) + 1
        area = QRect(0, 0, width, height)
        scratch = self._scratch_of(area.size())
        inner = QPainter(scratch)
        inner.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        inner.fillRect(area, Qt.GlobalColor.transparent)
        inner.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        inner.setClipRect(area)
        inner.save()
        inner.translate(-x0, -y0)
        inner.scale(ratio, ratio)
        drawn = self._paint_layer(inner, viewport, exposed, Layer.GHOST, outline=outline)
        inner.restore()
        if drawn:
            inner.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
            left, top = viewport.origin
            inner.setBrushOrigin(QPointF(round(left * ratio) - x0, round(top * ratio) - y0))
            inner.fillRect(area, _stripes(round(STRIPE * max(1.0, ratio)), steep=outline))
        inner.end()
        if drawn:
            target = QRectF(x0 / ratio, y0 / ratio, width / ratio, height / ratio)
            painter.drawImage(target, scratch, QRectF(area))

    def _scratch_of(self, size: QSize) -> QImage:
        if self._scratch.width() < size.width() or self._scratch.height() < size.height():
            self._scratch = QImage(
                size.expandedTo(self._scratch.size()), QImage.Format.Format_ARGB32_Premultiplied
            )
        return self._scratch

    def _fresh(self, key: TileKey) -> _Tile:
        """The tile as it should look now."""
        assert self._source is not None
        area = key.area.intersection(self._source.bounds(key.level))
        tile = self._tiles.get(key)
        if tile is None:
            image = QImage(TILE, TILE, QImage.Format.Format_ARGB32_Premultiplied)
            image.fill(0)
            tile = _Tile(image, qimage2ndarray.raw_view(image), area, self._palette)
            self._tiles[key] = tile
            if key.layer is not Layer.PREDICTION:
                self._looks.add(key[:3])
                if len(self._looks) > MOST_LOOKS:  # those of zooms long gone
                    self._looks = {k[:3] for k in self._tiles if k.layer is not Layer.PREDICTION}
            while len(self._tiles) > MAX_TILES:
                self._tiles.popitem(last=False)
        else:
            self._tiles.move_to_end(key)
        if tile.palette != self._palette:
            tile.stale, tile.palette = area, self._palette
        stale = tile.stale.intersection(area)
        if not stale.empty:
            self._color(tile, key, stale, whole=stale == area)
        tile.stale = EMPTY
        return tile

    def _color(self, tile: _Tile, key: TileKey, stale: Rect, *, whole: bool) -> None:
        assert self._source is not None
        codes = self._source.codes(key, stale)
        something = bool(codes.any())
        if something or not tile.blank:
            inside = stale.moved(-key.area.x0, -key.area.y0)
            tile.pixels[inside.slices] = self._colors.take(codes, mode="clip")
        tile.blank = not something and (whole or tile.blank)


@cache
def _stripes(period: int, *, steep: bool) -> QBrush:
    """Alpha of diagonal stripes; steep ones make dashes of level and upright lines alike."""
    y, x = np.mgrid[: 2 * period, :period]
    phase = ((2 * x + y if steep else x + y) % period + 0.5) / period
    # A ramp of one pixel keeps the slanted edges smooth.
    edge = (0.25 - np.abs(phase - 0.5)) * period + 0.5
    alpha = BETWEEN_STRIPES + (1 - BETWEEN_STRIPES) * np.clip(edge, 0, 1)
    value = np.round(alpha * 255).astype(np.uint32)
    image = QImage(period, 2 * period, QImage.Format.Format_ARGB32_Premultiplied)
    qimage2ndarray.raw_view(image)[...] = value << 24 | value << 16 | value << 8 | value
    return QBrush(image)
