"""Small drawings that say a status by shape as well as by colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap

from unet_gui.dataset.project import Status

if TYPE_CHECKING:
    from unet_gui.gui.theme.tokens import Tokens


def status_color(status: Status, tokens: Tokens) -> QColor:
    """The colour of a status in this theme."""
    return QColor(
        {
            Status.UNTOUCHED: tokens.muted,
            Status.PROPOSED: tokens.accent,
            Status.IN_WORK: tokens.warning,
            Status.DONE: tokens.success,
        }[status]
    )


def draw_status(painter: QPainter, area: QRectF, status: Status, tokens: Tokens) -> None:
    """An empty ring, a dashed ring with a core, a half disc, or a disc with a tick."""
    color = status_color(status, tokens)
    line = area.width() * 0.12
    ring = area.adjusted(line, line, -line, -line)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    pen = QPen(color, line)
    if status is Status.PROPOSED:
        pen.setDashPattern([1.5, 1.2])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    if status is Status.DONE:
        painter.setBrush(color)
    painter.drawEllipse(ring)
    if status is Status.PROPOSED:
        core = area.width() * 0.3
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(area.adjusted(core, core, -core, -core))
    elif status is Status.IN_WORK:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawPie(ring, 90 * 16, 180 * 16)
    elif status is Status.DONE:
        _draw_tick(painter, area, QColor(tokens.surface))
    painter.restore()


def _draw_tick(painter: QPainter, area: QRectF, color: QColor) -> None:
    pen = QPen(color, area.width() * 0.13)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    x, y, w, h = area.x(), area.y(), area.width(), area.height()
    path = QPainterPath(QPointF(x + 0.29 * w, y + 0.52 * h))
    path.lineTo(x + 0.44 * w, y + 0.67 * h)
    path.lineTo(x + 0.72 * w, y + 0.36 * h)
    painter.drawPath(path)


def status_pixmap(status: Status, tokens: Tokens, size: int, density: float) -> QPixmap:
    """The drawing on its own, for menus and labels."""
    pixmap = QPixmap(round(size * density), round(size * density))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw_status(painter, QRectF(pixmap.rect()), status, tokens)
    painter.end()
    pixmap.setDevicePixelRatio(density)
    return pixmap


def draw_chip(painter: QPainter, area: QRectF, color: str, tokens: Tokens) -> None:
    """The colour of a class, with an edge that keeps near-white and near-black visible."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(tokens.faint), 1))
    painter.setBrush(QColor(color))
    painter.drawRoundedRect(area, 4, 4)
    painter.restore()


def chip_pixmap(color: str, tokens: Tokens, size: int, density: float) -> QPixmap:
    """A class colour as a picture for menus and lists."""
    pixmap = QPixmap(round(size * density), round(size * density))
    pixmap.fill(Qt.GlobalColor.transparent)
    pixmap.setDevicePixelRatio(density)
    painter = QPainter(pixmap)
    draw_chip(painter, QRectF(0.5, 0.5, size - 1, size - 1), color, tokens)
    painter.end()
    return pixmap
