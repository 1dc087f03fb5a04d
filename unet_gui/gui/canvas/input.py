"""The interactive half of the canvas: Qt's events in, strokes and views out, no image yet."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRect, Qt
from PySide6.QtGui import QNativeGestureEvent
from PySide6.QtWidgets import QApplication, QWidget

from unet_gui.gui.canvas.decoration import Decoration
from unet_gui.gui.canvas.gestures import Gestures, mouse_contact, tablet_contact
from unet_gui.gui.canvas.tools import Pointer
from unet_gui.gui.canvas.viewport import Viewport
from unet_gui.gui.state import Hover

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import (
        QEnterEvent,
        QFocusEvent,
        QKeyEvent,
        QMouseEvent,
        QResizeEvent,
        QTabletEvent,
        QWheelEvent,
    )

    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState


class CanvasInput(QWidget):
    """Hands pointer, wheel and keys to the tools and the view, and keeps the cursor drawn."""

    def __init__(self, session: Session, state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._state = state
        self._viewport = Viewport()
        self._pointer = Pointer(session, state, self._viewport)
        self._gestures = Gestures(self._viewport, state)
        self._decoration = Decoration(session, state, self._viewport, self._pointer)
        self._batch: QRect | None = None
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)

    def pick_class(self) -> None:
        """Paint from now on with the class under the pointer."""
        self._pointer.pick()

    def to_image(self, at: QPointF) -> QPointF:
        """Image coordinates of a point on the canvas."""
        return QPointF(*self._viewport.to_image(at.x(), at.y()))

    def to_canvas(self, at: QPointF) -> QPointF:
        """Where a point of the image is on the canvas."""
        return QPointF(*self._viewport.to_view(at.x(), at.y()))

    # -- repainting ------------------------------------------------------------------------

    def _on_view_changed(self) -> None:
        self._state.set_zoom(self._viewport.zoom)
        self._hover()
        self._decorate()
        self.update()

    def _decorate(self) -> None:
        """Cursor and guide anew: repaint where they were and where they are now."""
        before, box = self._decoration.refresh()
        if self.cursor().shape() != self._decoration.shape:
            self.setCursor(self._decoration.shape)
        if before.intersects(box):
            self._repaint(before.united(box))
        else:
            self._repaint(before)
            self._repaint(box)

    def _repaint(self, rect: QRect) -> None:
        if self._batch is None:
            self.update(rect)
        else:
            self._batch = self._batch.united(rect)

    @contextmanager
    def _one_repaint(self) -> Iterator[None]:
        """What one event changes lies close: one rectangle is painted faster than three."""
        outer, self._batch = self._batch, QRect()
        try:
            yield
        finally:
            batch, self._batch = self._batch, outer
            self._repaint(batch)

    def _hover(self) -> None:
        self._state.set_hover(self._hovered())

    def _hovered(self) -> Hover | None:
        at = self._pointer.at
        if at is None or self._session.image is None:
            return None
        x, y = (math.floor(v) for v in self._viewport.to_image(at.x(), at.y()))
        inside = 0 <= x < self._viewport.image_width and 0 <= y < self._viewport.image_height
        return Hover(x, y) if inside else None

    # -- events ----------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        with self._one_repaint():
            self._pointer.press(mouse_contact(event))
            self._after_contact()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Two quick dabs are two dabs."""
        self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        with self._one_repaint():
            self._pointer.shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._pointer.move(mouse_contact(event))
            self._after_contact()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        with self._one_repaint():
            self._pointer.release(mouse_contact(event))
            self._after_contact()

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Accepted, so that Qt does not send the same again as a mouse."""
        act = {
            QEvent.Type.TabletPress: self._pointer.press,
            QEvent.Type.TabletMove: self._pointer.move,
            QEvent.Type.TabletRelease: self._pointer.release,
        }[event.type()]
        with self._one_repaint():
            act(tablet_contact(event))
            self._after_contact()
        event.accept()

    def _after_contact(self) -> None:
        if self._pointer.panning:
            self._on_view_changed()
        else:
            self._hover()
            self._decorate()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._gestures.wheel(event)
        self._on_view_changed()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and self._gestures.native(event):
            self._on_view_changed()
            return True
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._on_size_changed()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            if not self._pointer.abort():
                event.ignore()
        elif event.key() == Qt.Key.Key_I and not event.modifiers():
            self.pick_class()
        elif not self._hold_key(event, held=True):
            if self._gestures.key(event.key()):
                self._on_view_changed()
            else:
                super().keyPressEvent(event)
        self._decorate()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not self._hold_key(event, held=False):
            super().keyReleaseEvent(event)
        self._decorate()

    def _hold_key(self, event: QKeyEvent, *, held: bool) -> bool:
        """Keys that do something while they are down. False for all others."""
        if event.key() == Qt.Key.Key_Shift:
            self._pointer.shift = held
        elif event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._pointer.space = held
        else:
            return False
        return True

    def enterEvent(self, event: QEnterEvent) -> None:
        """Keys act where the pointer is, unless something is being typed."""
        self._pointer.at = event.position()
        typing = QApplication.focusWidget()
        if typing is None or not typing.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled):
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._hover()
        self._decorate()

    def leaveEvent(self, _event: QEvent) -> None:
        self._pointer.at = None
        self._hover()
        self._decorate()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Another window came to the front: what was drawn is kept, held keys are let go."""
        self._pointer.finish()
        self._pointer.space = self._pointer.shift = False
        self._decorate()
        super().focusOutEvent(event)

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._on_size_changed()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
        super().changeEvent(event)

    def _on_size_changed(self) -> None:
        self._viewport.set_view(self.width(), self.height(), self.devicePixelRatioF())
        self._on_view_changed()
