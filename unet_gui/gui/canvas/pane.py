"""A second view that stays where the canvas is: same place, same zoom, same turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from unet_gui.gui.canvas.gestures import NOTCH, ZOOM_PER_NOTCH
from unet_gui.gui.canvas.placeholder import tokens_for
from unet_gui.gui.canvas.viewport import Viewport

if TYPE_CHECKING:
    from PySide6.QtCore import QRect
    from PySide6.QtGui import QMouseEvent, QPaintEvent, QWheelEvent


class Led(Protocol):
    """As much of the canvas as a linked view needs."""

    @property
    def viewport(self) -> Viewport: ...
    def pan_by(self, dx: float, dy: float) -> None: ...
    def zoom_about(self, factor: float, x: float, y: float) -> None: ...


class LinkedPane(QWidget):
    """Shows what the canvas shows, painted by those who inherit it. Dragging and wheel move both.

    Attributes:
        viewport: this view's own.
    """

    def __init__(self, canvas: Led, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._held: QPointF | None = None
        self.viewport = Viewport()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def follow(self) -> None:
        """The canvas shows something else, or this view has another size."""
        self._follow_viewport()
        self.update()

    def _follow_viewport(self) -> None:
        self.viewport.set_view(self.width(), self.height(), self.devicePixelRatioF())
        self.viewport.look_like(self._canvas.viewport)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        exposed = event.rect()
        self._follow_viewport()
        painter.fillRect(exposed, QColor(tokens_for(self.palette()).canvas))
        self._paint(painter, exposed)

    def _paint(self, painter: QPainter, exposed: QRect) -> None:
        """Draw image and all; both are in this view's coordinates."""
        raise NotImplementedError

    def resizeEvent(self, _event: object) -> None:
        self.follow()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._held = event.position()
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is not None:
            moved = event.position() - self._held
            self._held = event.position()
            self._canvas.pan_by(moved.x(), moved.y())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._held = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def wheelEvent(self, event: QWheelEvent) -> None:
        at = event.position()
        factor = ZOOM_PER_NOTCH ** (event.angleDelta().y() / NOTCH)
        self._canvas.zoom_about(factor, *self.viewport.to_image(at.x(), at.y()))
        event.accept()
