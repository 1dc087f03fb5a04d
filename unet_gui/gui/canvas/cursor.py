"""The cursor: the true outline of what a press would paint, in two tones for any ground."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from unet_gui.core.geometry import Rect
from unet_gui.gui.canvas.glyphs import DARK, GLYPH_SIZE, GLYPHS, LIGHT, draw_glyph

if TYPE_CHECKING:
    from unet_gui.gui.state import Tool

SMALLEST_CIRCLE: Final = 7.0
"""Below this many logical pixels across, a circle hides what it encloses: a crosshair is shown."""

LARGEST_PICTURE: Final = 1024
"""Circles up to this many logical pixels are drawn once and kept as a picture."""

GLYPH_AT: Final = 10
"""Logical pixels right of and below the pointer."""

_ARM: Final = 9
_GAP: Final = 3
_MARGIN: Final = 3


class Outline(Enum):
    """How the cursor is drawn."""

    PLAIN = "plain"
    DASHED = "dashed"


@dataclass(frozen=True)
class BrushCursor:
    """What to show at the pointer.

    Attributes:
        diameter: of the brush on the canvas, in logical pixels; 0 shows a crosshair.
        outline: dashed for the eraser.
        color: of the class it paints, "" for none.
        ratio: device pixels per logical pixel.
        square: the brush is a square.
        angle: how far a square is turned, in degrees.
        glyph: the tool whose sign is shown beside the pointer; none for a plain brush.
    """

    diameter: float
    outline: Outline = Outline.PLAIN
    color: str = ""
    ratio: float = 1.0
    square: bool = False
    angle: float = 0.0
    glyph: Tool | None = None

    @cached_property
    def reach(self) -> float:
        """Logical pixels from the pointer to the farthest that is drawn."""
        if self.crosshair:
            brush = float(_ARM)
        else:
            # A turned square sticks out beyond the circle of the same width.
            brush = self.diameter / 2 * (math.sqrt(2) if self.square else 1.0)
        return (max(brush, GLYPH_AT + GLYPH_SIZE) if self.glyph in GLYPHS else brush) + _MARGIN

    @property
    def crosshair(self) -> bool:
        return self.diameter < SMALLEST_CIRCLE

    @cached_property
    def _drawn(self) -> tuple[QImage, float]:
        """Its picture, and half the width of that in logical pixels."""
        picture = _picture(self)
        return picture, picture.width() / self.ratio / 2

    def box(self, at: QPointF) -> Rect:
        """The canvas pixels it covers when the pointer is `at`."""
        x, y, reach = at.x(), at.y(), self.reach
        return Rect(
            math.floor(x - reach),
            math.floor(y - reach),
            math.ceil(x + reach),
            math.ceil(y + reach),
        )

    def paint(self, painter: QPainter, at: QPointF) -> None:
        """Draw it; the painter is in canvas coordinates."""
        if self.diameter > LARGEST_PICTURE:
            _draw(painter, self, at)
            return
        picture, half = self._drawn
        x = round((at.x() - half) * self.ratio) / self.ratio
        y = round((at.y() - half) * self.ratio) / self.ratio
        painter.drawImage(QPointF(x, y), picture)


@lru_cache(maxsize=8)
def _picture(cursor: BrushCursor) -> QImage:
    """Stroking a large smooth circle anew for each move would cost more than the paint under it."""
    reach = cursor.reach
    side = round(2 * reach * cursor.ratio) + 1
    picture = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(cursor.ratio)
    picture.fill(0)
    painter = QPainter(picture)
    _draw(painter, cursor, QPointF(side / cursor.ratio / 2, side / cursor.ratio / 2))
    painter.end()
    return picture


def _draw(painter: QPainter, cursor: BrushCursor, at: QPointF) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if cursor.crosshair:
        _draw_crosshair(painter, at)
    else:
        _draw_brush(painter, cursor, at)
    if cursor.color:
        offset = QPointF(-_ARM + 2, _ARM - 2) if cursor.crosshair else QPointF(0, 0)
        if cursor.crosshair or cursor.diameter >= 4 * SMALLEST_CIRCLE:
            painter.setPen(QPen(LIGHT, 1.0))
            painter.setBrush(QColor(cursor.color))
            painter.drawEllipse(at + offset, 3.0, 3.0)
    if cursor.glyph in GLYPHS:
        draw_glyph(painter, cursor.glyph, at + QPointF(GLYPH_AT, GLYPH_AT))
    painter.restore()


def _draw_brush(painter: QPainter, cursor: BrushCursor, at: QPointF) -> None:
    radius = cursor.diameter / 2
    painter.save()
    painter.translate(at)
    painter.rotate(cursor.angle)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    light = QPen(LIGHT, 1.4)
    if cursor.outline is Outline.DASHED:
        light.setDashPattern([4.0, 3.0])
        light.setCapStyle(Qt.PenCapStyle.FlatCap)
    for pen in (QPen(DARK, 3.0), light):
        painter.setPen(pen)
        if cursor.square:
            painter.drawRect(QRectF(-radius, -radius, cursor.diameter, cursor.diameter))
        else:
            painter.drawEllipse(QPointF(0, 0), radius, radius)
    painter.restore()


def _draw_crosshair(painter: QPainter, at: QPointF) -> None:
    arms = [
        (at + QPointF(x * _GAP, y * _GAP), at + QPointF(x * _ARM, y * _ARM))
        for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1))
    ]
    for pen in (QPen(DARK, 3.0), QPen(LIGHT, 1.2)):
        painter.setPen(pen)
        for start, end in arms:
            painter.drawLine(start, end)
