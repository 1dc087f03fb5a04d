"""Lines between pixels at high zoom, and the bar that tells how long something is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLineF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen

from unet_gui.gui.canvas.rulers import PixelSize, format_tick, nice_step

if TYPE_CHECKING:
    from PySide6.QtGui import QFont

    from unet_gui.core.geometry import Rect
    from unet_gui.gui.canvas.viewport import Viewport

GRID_FROM: Final = 8.0
"""Zoom from which pixels are large enough for lines between them."""

BAR: Final = (70.0, 180.0)
"""Shortest and longest scale bar in logical pixels."""

_MARGIN: Final = 14
_PAD: Final = 7


def paint_grid(painter: QPainter, viewport: Viewport, exposed: Rect) -> None:
    """Thin lines between the image pixels `exposed`, seen on dark and bright alike."""
    if exposed.empty:
        return
    painter.save()
    painter.setTransform(viewport.transform(), True)
    # A difference is seen on any ground, and stronger where there is more room between the lines.
    strength = min(56, round(3 * viewport.zoom))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Difference)
    painter.setPen(QPen(QColor(strength, strength, strength), 0))
    x0, y0, x1, y1 = exposed.x0, exposed.y0, exposed.x1, exposed.y1
    painter.drawLines([QLineF(x, y0, x, y1) for x in range(x0, x1 + 1)])
    painter.drawLines([QLineF(x0, y, x1, y) for y in range(y0, y1 + 1)])
    painter.restore()


class ScaleBar:
    """A bar of a round length in the lower left corner of the view."""

    def __init__(self, viewport: Viewport) -> None:
        self._viewport = viewport
        self.size = PixelSize()

    def paint(self, painter: QPainter, exposed: QRect) -> None:
        """Draw it where it is exposed, when the size of a pixel is known."""
        box = self.box(painter.font())
        if not box.intersects(exposed):
            return
        text, length = self._measure()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 150))
        painter.drawRoundedRect(QRectF(box), 5, 5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        middle = box.center().x() + 0.5
        bar = QRectF(middle - length / 2, box.bottom() - _PAD - 3, length, 3)
        painter.fillRect(bar, QColor(255, 255, 255))
        painter.setPen(QColor(255, 255, 255))
        above = box.adjusted(0, _PAD - 2, 0, -_PAD - 4)
        painter.drawText(above, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)
        painter.restore()

    def box(self, font: QFont) -> QRect:
        """Where it is on the canvas; empty when there is none."""
        if self.size.size is None or not self._viewport.image_width:
            return QRect()
        text, length = self._measure()
        metrics = QFontMetrics(font)
        width = max(round(length), metrics.horizontalAdvance(text)) + 2 * _PAD
        height = metrics.height() + 3 + 2 * _PAD
        view = self._viewport
        bottom = view.top + view.height - _MARGIN
        return QRect(view.left + _MARGIN, bottom - height, width, height)

    def _measure(self) -> tuple[str, float]:
        """The words, and the length in logical pixels."""
        assert self.size.size is not None
        per_pixel = self.size.size / self._viewport.scale
        step = nice_step(BAR[0] * per_pixel)
        while step * 2 <= BAR[1] * per_pixel:
            step = nice_step(step * 1.01)
        return f"{format_tick(step, step)} {self.size.unit}", step / per_pixel
