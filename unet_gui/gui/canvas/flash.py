"""A frame that shows for a moment where to look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from unet_gui.core.geometry import Rect
    from unet_gui.gui.canvas.view import CanvasView

FRAMES: Final = 24
FRAME_MS: Final = 40
FAR: Final = 40
"""Logical pixels from which the frame closes in."""

NEAR: Final = 6
LEAST: Final = 24
SHARE: Final = 0.4
"""Part of the view that the place takes when the zoom has to change for it."""

SMALL: Final = 0.08
"""Part of the view below which a place cannot be seen well."""

CLOSEST: Final = 8.0
"""Device pixels an image pixel gets at most."""


class Flash(QWidget):
    """Lies over the canvas and lets everything through to it; there only while it shows.

    Args:
        canvas: what it lies over.
    """

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self.setObjectName("flash")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self._canvas = canvas
        self._place: Rect | None = None
        self._left = 0
        self._timer = QTimer(self, interval=FRAME_MS)
        self._timer.timeout.connect(self._on_timer_timeout)
        canvas.view_changed.connect(self._follow)
        self.hide()

    def show_place(self, rect: Rect) -> None:
        """Point at a place of the image; one out of sight or too small to see is brought near."""
        canvas = self._canvas
        view = canvas.viewport
        widest = max(rect.width / max(1, view.width), rect.height / max(1, view.height))
        shown = widest * view.scale
        fits = SMALL <= shown <= 1.0
        if not fits:
            wanted = SHARE / widest * view.ratio
            canvas.zoom_to(max(min(wanted, CLOSEST), view.fit_zoom))
        if not fits or view.visible.intersection(rect) != rect:
            canvas.look_at((rect.x0 + rect.x1) / 2, (rect.y0 + rect.y1) / 2)
        self._place, self._left = rect, FRAMES
        self._follow()
        self.show()
        self.raise_()
        self._timer.start()

    def _on_timer_timeout(self) -> None:
        self._left -= 1
        if self._left <= 0:
            self._timer.stop()
            self._place = None
            self.hide()
        else:
            self.update()

    def _follow(self) -> None:
        """The place lies elsewhere on the canvas."""
        if self._place is not None:
            box = QRect(*self._canvas.viewport.to_view_box(self._place))
            grow = max(0, LEAST - min(box.width(), box.height())) // 2 + FAR + NEAR
            self.setGeometry(box.adjusted(-grow, -grow, grow, grow))

    def paintEvent(self, _event: QPaintEvent) -> None:
        done = 1 - self._left / FRAMES
        gap = FAR * max(0.0, 1 - 2.5 * done) + NEAR
        inset = FAR + NEAR - gap
        box = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(min(1.0, 3 * (1 - done)))
        # black beside white is seen on any image
        for color, width in ((QColor(0, 0, 0, 190), 5.0), (QColor(255, 255, 255), 2.2)):
            painter.setPen(QPen(color, width))
            painter.drawRoundedRect(box.adjusted(3, 3, -3, -3), 8, 8)
