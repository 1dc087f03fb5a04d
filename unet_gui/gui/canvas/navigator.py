"""The whole image in small, with a frame around what the canvas shows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QSizePolicy, QWidget

from unet_gui.gui.canvas.compare import Part, Shows
from unet_gui.gui.canvas.gestures import NOTCH, ZOOM_PER_NOTCH
from unet_gui.gui.canvas.placeholder import tokens_for
from unet_gui.gui.canvas.viewport import FIT_MARGIN, Viewport

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent, QPaintEvent, QWheelEvent

    from unet_gui.gui.canvas.view import CanvasView
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState

QUIET: Final = 200
"""Milliseconds without a change of the mask before it is drawn here: strokes come first."""

_MARGIN: Final = 4


class Navigator(QWidget):
    """Click or drag moves the canvas there; the wheel zooms it."""

    def __init__(
        self, session: Session, state: ViewState, canvas: CanvasView, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("navigator")
        self.setAccessibleName(self.tr("Navigator"))
        self.setToolTip(self.tr("Click or drag: go there. Wheel: zoom."))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(80, 60)
        self._session = session
        self._state = state
        self._canvas = canvas
        self._viewport = Viewport(thinnest=0.0)  # the whole image, however thin
        self._quiet = QTimer(self, singleShot=True, interval=QUIET)
        self._quiet.timeout.connect(self.update)
        session.image_closed.connect(self.update)
        session.mask_touched.connect(lambda _: self._quiet.start())
        canvas.view_changed.connect(self.update)
        canvas.look_changed.connect(self.update)
        canvas.backdrop.arrived.connect(lambda _: self.update())

    def sizeHint(self) -> QSize:
        return QSize(220, 160)

    @property
    def frame(self) -> QPolygonF:
        """What the canvas shows, in this widget's coordinates."""
        shown = self._canvas.viewport
        area = QRect(shown.left, shown.top, shown.width, shown.height)
        back, _ = shown.transform().inverted()
        return (back * self._placed()).map(QPolygonF(area))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        exposed = event.rect()
        painter.fillRect(exposed, QColor(tokens_for(self.palette()).canvas))
        if self._session.document is None:
            return
        self._placed()
        self._canvas.layers.paint(
            painter, self._viewport, exposed, [Part(self.rect(), Shows.USUAL)]
        )
        if not self._whole():
            self._paint_frame(painter)

    def _paint_frame(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = self.frame
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(QColor(0, 0, 0, 170), 3.0), QPen(QColor(255, 255, 255), 1.4)):
            painter.setPen(pen)
            painter.drawPolygon(frame)

    def _whole(self) -> bool:
        """The canvas shows all of the image: a frame would say nothing."""
        view = self._canvas.viewport
        seen = view.visible
        return seen.width == view.image_width and seen.height == view.image_height

    def _placed(self) -> QTransform:
        """From image to this widget: the whole image, turned as on the canvas."""
        view, shown = self._viewport, self._canvas.viewport
        # The margin of a fitted image is made for a canvas; here there is little room.
        spare = FIT_MARGIN - _MARGIN
        view.set_view(
            self.width() + 2 * spare,
            self.height() + 2 * spare,
            self.devicePixelRatioF(),
            left=-spare,
            top=-spare,
        )
        view.set_image(shown.image_width, shown.image_height)
        view.rotation, view.mirrored = shown.rotation, shown.mirrored
        view.fit()
        return view.transform()

    def _go_to(self, at: QPointF) -> None:
        self._placed()
        self._canvas.look_at(*self._viewport.to_image(at.x(), at.y()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._session.document is not None:
            self._go_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self._session.document is not None:
            self._go_to(event.position())

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._session.document is not None:
            view = self._canvas.viewport
            steps = event.angleDelta().y() / NOTCH
            self._canvas.zoom_about(ZOOM_PER_NOTCH**steps, *view.center)
        event.accept()
