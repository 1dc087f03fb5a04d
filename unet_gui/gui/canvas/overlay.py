"""Mask and ghost in colour over the image, drawn from coloured tiles.

Only this module and its tiles look into QImage memory (through qimage2ndarray).
"""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
import qimage2ndarray
from PySide6.QtCore import QObject, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QImage, QPainter

from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.gui.canvas.overlay_tiles import ColoredTiles, Piece, within
from unet_gui.gui.canvas.pacing import Later, PaintPace
from unet_gui.gui.canvas.tiles import TILE, Layer, TileKey, level_for, to_image, to_level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.core.mask_levels import MaskLevels
    from unet_gui.core.tiled_mask import Key
    from unet_gui.gui.canvas.viewport import Viewport

STRIPE: Final = 12
"""Device pixels from one stripe of the ghost to the next."""

BETWEEN_STRIPES: Final = 0.22
"""How much of the ghost's colour is left between its stripes."""

_SMOOTH: Final = QPainter.RenderHint.SmoothPixmapTransform


class Overlay(QObject):
    """Draws a mask and, where it is unlabelled, a ghost.

    Signals:
        arrived: the Rect of image pixels that can be drawn better than when they were last painted.
    """

    arrived = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tiles = ColoredTiles()
        self._later: Later[TileKey] = Later(self._make, self.arrived.emit, self)
        self._begun = 0.0
        self._scratch = QImage()
        self._sheet = QImage()

    @property
    def unfinished(self) -> bool:
        """Tiles that were painted wait to be made; something like them was shown."""
        return self._later.waiting

    def set_mask(self, mask: MaskLevels | None) -> None:
        """Another document; it is looked into, never copied."""
        self._later.clear()
        self._tiles.set_mask(mask)

    def set_ghost(self, mask: ClassMask | None) -> None:
        """Another proposal; None for none."""
        self._tiles.set_ghost(mask)

    def set_palette(
        self, palette: NDArray[np.uint8], shown: NDArray[np.bool_] | None = None
    ) -> None:
        """Class colours; tiles follow when they are next drawn.

        Args:
            palette: 256×3 uint8 RGB by mask value.
            shown: bool[256], values that are drawn at all; None draws every class.
        """
        self._tiles.set_palette(palette, shown)

    def invalidate(self, rect: Rect, keys: Iterable[Key] | None = None) -> None:
        """Mask pixels have changed.

        Args:
            rect: all of them lie inside.
            keys: the tiles of the mask that have changed; None for all that `rect` touches.
        """
        self._tiles.invalidate(rect, keys)

    def look_elsewhere(self) -> None:
        """The view has changed: what nobody draws again need not be made."""
        self._later.clear()

    def _make(self, key: TileKey) -> Rect:
        source = self._tiles.source
        if source is None or (key.layer is not Layer.MASK and not source.has_ghost):
            return EMPTY
        self._tiles.fresh(key)
        return to_image(key.area.intersection(source.bounds(key.level)), key.level)

    def begin_frame(self) -> None:
        """A paint event begins: the longer what lies below takes, the more tiles have to wait."""
        self._begun = time.perf_counter()

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
        if self._tiles.source is None:
            return
        self._set_strength(opacity, outline=outline)
        self._paint_layer(painter, viewport, exposed, Layer.MASK, outline=outline)
        if ghost and self._tiles.source.has_ghost:
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
        if self._tiles.source is not None and self._tiles.source.has_ghost:
            self._set_strength(opacity, outline=outline)
            self._paint_layer(painter, viewport, exposed, Layer.PREDICTION, outline=outline)

    def _set_strength(self, opacity: float, *, outline: bool) -> None:
        """Opacity goes into the tiles: given to the painter, scaled tiles take three times as long.

        Thin lines need more strength than areas to be seen equally well.
        """
        self._tiles.set_strength(round(255 * (1 - (1 - opacity) ** 2 if outline else opacity)))

    def _paint_layer(
        self, painter: QPainter, viewport: Viewport, exposed: QRect, layer: Layer, *, outline: bool
    ) -> bool:
        """Returns whether there was anything to draw."""
        source = self._tiles.source
        assert source is not None
        level = level_for(viewport.zoom, outline=outline, levels=source.levels)
        # The stubs do not know that these are four numbers.
        area = to_level(viewport.image_box(*exposed.getRect()), level)  # type: ignore[misc]
        if not viewport.upright:  # one pixel more: a turned sheet must not end where it is seen
            area = area.expanded(1).intersection(source.bounds(level))
        if layer is not Layer.PREDICTION:  # which knows nothing of the mask
            self._tiles.catch_up((layer, outline, level))
        keys = [TileKey(layer, outline, level, row, column) for row, column in area.tiles(TILE)]
        self._tiles.make_room(len(keys))
        pieces = self._pieces(keys, viewport)
        if pieces:
            painter.save()
            painter.setTransform(viewport.transform(2.0**level), True)
            painter.setRenderHint(_SMOOTH, False)
            if not viewport.upright:
                pieces = [within(self._sheet_of(area, pieces), self._tiles.whole(keys[0]))]
            for target, image, part in pieces:
                painter.drawImage(target, image, part)
            painter.restore()
        return bool(pieces)

    def _pieces(self, keys: list[TileKey], viewport: Viewport) -> list[Piece]:
        """What to draw for these tiles."""
        pieces, missing = [], []
        for key in keys:
            tile = self._tiles.present(key)
            if tile is None:
                missing.append(key)
            elif not tile.blank:
                pieces.append(tile.piece)
        return pieces + self._made(missing, viewport) if missing else pieces

    def _made(self, missing: list[TileKey], viewport: Viewport) -> list[Piece]:
        """New tiles as far as time allows, from the middle outwards; for others what stands in."""
        tiles, pieces, later, pace = self._tiles, [], [], PaintPace(self._begun)
        whole = tiles.whole(missing[0])
        size = 2.0 ** missing[0].level * TILE
        x, y = (v / size - 0.5 for v in viewport.center)
        missing.sort(key=lambda key: (key.column - x) ** 2 + (key.row - y) ** 2)
        for key in missing:
            if pace.take():
                tile = tiles.fresh(key)
                if not tile.blank:
                    pieces.append(tile.piece)
            else:
                later.append(key)
        if later:
            pieces += [within(piece, whole) for piece in tiles.stand_ins(later)]
            self._later.want(later)
        return pieces

    def _sheet_of(self, area: Rect, pieces: list[Piece]) -> Piece:
        """Tiles put together: turned one by one they would show their sides."""
        if self._sheet.width() < area.width or self._sheet.height() < area.height:
            size = QSize(area.width, area.height).expandedTo(self._sheet.size())
            self._sheet = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
        inner = QPainter(self._sheet)
        inner.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        inner.fillRect(0, 0, area.width, area.height, Qt.GlobalColor.transparent)
        for target, image, part in pieces:
            inner.drawImage(target.translated(-area.x0, -area.y0), image, part)
        inner.end()
        size_ = (area.width, area.height)
        return Piece(QRectF(area.x0, area.y0, *size_), self._sheet, QRectF(0, 0, *size_))

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
