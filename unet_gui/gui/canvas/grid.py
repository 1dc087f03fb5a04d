"""Lines between pixels at high zoom, and the bar that tells how long something is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter

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
    """Thin lines between the image pixels `exposed`: a dark and a bright one, for any ground.

    None on an image that is turned by less than a quarter: slanted, they would not be thin.
    """
    if exposed.empty or not viewport.square:
        return
    thin = 1 / viewport.ratio
    left, top, width, height = viewport.to_view_box(exposed)
    columns, rows = _lines(viewport, exposed)
    # Filled rectangles: lines, even straight ones, take thirty times as long.
    for shift, color in ((0.0, QColor(0, 0, 0, 64)), (thin, QColor(255, 255, 255, 44))):
        for x in columns:
            painter.fillRect(QRectF(x + shift, top, thin, height), color)
        for y in rows:
            painter.fillRect(QRectF(left, y + shift, width, thin), color)


def _lines(viewport: Viewport, exposed: Rect) -> tuple[list[float], list[float]]:
    """Where upright and level lines are on the canvas, each on a whole device pixel."""
    transform, ratio = viewport.transform(), viewport.ratio
    turned = viewport.rotation % 180 == 90
    across, down = range(exposed.x0, exposed.x1 + 1), range(exposed.y0, exposed.y1 + 1)
    if turned:
        across, down = down, across
    x_step, y_step = (
        (transform.m21(), transform.m12()) if turned else (transform.m11(), transform.m22())
    )
    columns = [round((transform.dx() + x_step * n) * ratio) / ratio for n in across]
    rows = [round((transform.dy() + y_step * n) * ratio) / ratio for n in down]
    return columns, rows


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
        while (longer := nice_step(step * 1.01)) <= BAR[1] * per_pixel:
            step = longer
        return f"{format_tick(step, step)} {self.size.unit}", step / per_pixel
