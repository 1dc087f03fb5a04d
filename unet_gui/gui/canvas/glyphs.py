"""Small signs beside the pointer that tell which tool is in hand, in two tones for any ground."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from unet_gui.gui.state import Tool

DARK: Final = QColor(0, 0, 0, 170)
LIGHT: Final = QColor(255, 255, 255, 235)

GLYPH_SIZE: Final = 12
"""Logical pixels each way."""

Line = tuple[tuple[float, float], ...]

GLYPHS: Final[dict[Tool, tuple[Line, ...]]] = {
    Tool.POLYGON: (((6, 1), (11, 5), (9, 11), (3, 11), (1, 5), (6, 1)),),
    Tool.LASSO: (
        ((4, 9), (1.5, 6.5), (2, 3.5), (5, 1.5), (9, 2), (11, 4.5), (9.5, 7.5), (5.5, 8.5)),
        ((4, 7.5), (5, 9), (3.5, 11.5)),
    ),
    Tool.RECTANGLE: (((1, 2.5), (11, 2.5), (11, 9.5), (1, 9.5), (1, 2.5)),),
    Tool.ELLIPSE: (
        ((6, 2), (9.5, 3.2), (11, 6), (9.5, 8.8), (6, 10), (2.5, 8.8), (1, 6), (2.5, 3.2), (6, 2)),
    ),
    Tool.FILL: (
        ((5, 1), (10, 6), (5.5, 10.5), (1, 6), (5, 2), (5, 5)),
        ((11, 8), (11, 11)),
    ),
    Tool.WAND: (
        ((1, 11), (7.5, 4.5)),
        ((9, 1), (9, 4)),
        ((7.5, 2.5), (10.5, 2.5)),
        ((11, 6), (11, 8)),
        ((4, 1), (4, 3)),
    ),
    Tool.SUPERPIXEL: (
        ((1, 1), (11, 1), (11, 11), (1, 11), (1, 1)),
        ((6, 1), (5, 5), (1, 6)),
        ((5, 5), (8, 7), (11, 6)),
        ((8, 7), (7, 11)),
    ),
    Tool.EDGE: (
        ((1, 10), (3, 6), (5, 7.5), (7, 3), (9, 4.5), (11, 1)),
        ((0.5, 9.5), (1.5, 10.5)),
    ),
    Tool.SMART: (
        ((6, 0.5), (6, 3)), ((6, 9), (6, 11.5)), ((0.5, 6), (3, 6)), ((9, 6), (11.5, 6)),
        ((6, 4.5), (7.5, 6), (6, 7.5), (4.5, 6), (6, 4.5)),
    ),
    Tool.ACCEPT: (((1, 6.5), (4.5, 10), (11, 2)),),
}  # fmt: skip
"""Lines in a box of GLYPH_SIZE. A plain brush needs no sign: its outline says it."""


def draw_glyph(painter: QPainter, tool: Tool, at: QPointF) -> None:
    """Draw the sign with its upper left corner `at`."""
    painter.save()
    painter.translate(at)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    round_ = Qt.PenCapStyle.RoundCap
    for color, width in ((DARK, 3.2), (LIGHT, 1.3)):
        painter.setPen(QPen(color, width, Qt.PenStyle.SolidLine, round_))
        for line in GLYPHS[tool]:
            painter.drawPolyline([QPointF(*point) for point in line])
    painter.restore()
