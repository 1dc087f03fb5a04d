"""The interactive half of the canvas: Qt's events in, strokes and views out, no image yet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPointF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent, QNativeGestureEvent, QPaintEvent, QTouchEvent
from PySide6.QtWidgets import QApplication, QWidget

from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.gui.canvas.decoration import Decoration
from unet_gui.gui.canvas.gestures import NOTCH, Gestures, mouse_contact, tablet_contact
from unet_gui.gui.canvas.tools import Contact, Pointer, SpringKeys
from unet_gui.gui.canvas.touch import Touch
from unet_gui.gui.canvas.viewport import Viewport
from unet_gui.gui.state import Hover

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import (
        QEnterEvent,
        QFocusEvent,
        QResizeEvent,
        QTabletEvent,
        QWheelEvent,
    )

    from unet_gui.gui.session import Session
    from unet_gui.gui.state import Tool, ViewState

_MODIFIERS = {
    Qt.Key.Key_Shift: Qt.KeyboardModifier.ShiftModifier,
    Qt.Key.Key_Control: Qt.KeyboardModifier.ControlModifier,
    Qt.Key.Key_Alt: Qt.KeyboardModifier.AltModifier,
}


HOVER_AFTER: Final = 30
"""Milliseconds after which others hear where the pointer is in the middle of a stroke."""

_COMMON: Final = (QMouseEvent, QPaintEvent)


class CanvasInput(QWidget):
    """Hands pointer, wheel and keys to the tools and the view, and keeps the cursor drawn."""

    def __init__(self, session: Session, state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._state = state
        self._viewport = Viewport()
        self._pointer = Pointer(session, state, self._viewport, self._decorate)
        self._spring = SpringKeys(state)
        self._pointer.used = self._spring.used
        self._touch = Touch(self._pointer, self._viewport)
        self._gestures = Gestures(self._viewport, state)
        self._decoration = Decoration(session, state, self._viewport, self._pointer)
        self._one_repaint = _OneRepaint(self)
        self._shape = Qt.CursorShape.ArrowCursor
        self._hover_soon = QTimer(self, singleShot=True, interval=HOVER_AFTER)
        self._hover_soon.timeout.connect(self._hover)
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        state.tool_changed.connect(self._look_again)
        state.options_changed.connect(self._look_again)
        session.history_changed.connect(self._look_again)

    def set_tool_keys(self, keys: Mapping[str, Tool]) -> None:
        """Other keys for the tools than `TOOL_KEYS`, as QKeySequence writes them."""
        self._spring.set_keys(keys)

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
        if self._pointer.dragging:
            self._pointer.hand.look_elsewhere()
        self._hover()
        self._decorate()
        self.update()

    def _decorate(self, *, same: bool = False) -> None:
        """Cursor and guide anew: repaint where they were and where they are now.

        With `same` the tool looks as it did at the press, and has only moved.
        """
        changed = self._decoration.follow() if same else self._decoration.refresh()
        shape = self._decoration.shape
        if shape is not self._shape:
            self._shape = shape
            self.setCursor(shape)
        for box in changed:
            self._repaint(box)

    def _look_again(self, _changed: object = None) -> None:
        """What the tool in hand would do may be something else now."""
        if not self._pointer.dragging:
            self._pointer.hand.hover()
        self._decorate()

    def _repaint(self, box: Rect) -> None:
        """Paint a rectangle of the canvas soon."""
        if self._one_repaint.open:
            self._one_repaint.add(box)
        elif not box.empty:
            self.update(box.x0, box.y0, box.width, box.height)

    def _hover(self) -> None:
        self._state.set_hover(self._hovered())

    def _hovered(self) -> Hover | None:
        at = self._pointer.at
        if at is None or self._session.document is None:
            return None
        x, y = (math.floor(v) for v in self._viewport.to_image(at.x(), at.y()))
        inside = 0 <= x < self._viewport.image_width and 0 <= y < self._viewport.image_height
        return Hover(x, y) if inside else None

    # -- events ----------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        with self._one_repaint:
            self._pointer.press(mouse_contact(event))
            self._after_contact()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Closes a polygon; two quick dabs are two dabs."""
        with self._one_repaint:
            self._pointer.double_press(mouse_contact(event))
            self._after_contact()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        with self._one_repaint:
            self._pointer.move(Contact(event.position(), modifiers=event.modifiers()))
            self._after_contact(same=self._pointer.dragging)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        with self._one_repaint:
            self._pointer.release(mouse_contact(event))
            self._after_contact()

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Accepted, so that Qt does not send the same again as a mouse."""
        act = {
            QEvent.Type.TabletPress: self._pointer.press,
            QEvent.Type.TabletMove: self._pointer.move,
            QEvent.Type.TabletRelease: self._pointer.release,
        }[event.type()]
        with self._one_repaint:
            act(tablet_contact(event))
            self._after_contact()
        event.accept()

    def _after_contact(self, *, same: bool = False) -> None:
        if self._spring.lends:
            self._spring.settle(busy=self._pointer.hand.busy)
        if self._pointer.panning:
            self._on_view_changed()
            return
        if not same:
            self._hover()
        elif not self._hover_soon.isActive():
            self._hover_soon.start()  # words need not keep up with a brush
        self._decorate(same=same)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned, notches = event.angleDelta(), event.angleDelta().y()
        if event.modifiers() == Qt.KeyboardModifier.ShiftModifier:
            notches = notches or turned.x()  # where Shift turns the wheel sideways
        if self._pointer.wheel(notches / NOTCH, event.modifiers()):
            self._spring.used()
            self._decorate()
            return
        self._gestures.wheel(event)
        self._on_view_changed()

    def event(self, event: QEvent) -> bool:
        """Whatever has no handler of its own; a move of a brush is not kept waiting by it."""
        if type(event) in _COMMON:
            return super().event(event)
        if isinstance(event, QNativeGestureEvent) and self._gestures.native(event):
            self._on_view_changed()
            return True
        if isinstance(event, QTouchEvent) and self._touched(event):
            return True
        if event.type() == QEvent.Type.ShortcutOverride and self._claims(event):
            event.accept()
            return True
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._on_size_changed()
        return super().event(event)

    def _touched(self, event: QTouchEvent) -> bool:
        with self._one_repaint:
            if not self._touch.event(event):
                return False
            if self._touch.moved_view:
                self._on_view_changed()
            else:
                self._after_contact()
        event.accept()
        return True

    def _claims(self, event: QEvent) -> bool:
        """A key that is for the tool in hand, or takes another: no shortcut of the window."""
        if not isinstance(event, QKeyEvent):
            return False
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plain and self._pointer.hand.wants_key(event.key()):
            return True
        return self._session.document is not None and self._spring.tool_for(event) is not None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._on_key_pressed(event)
        self._spring.settle(busy=self._pointer.hand.busy)
        self._decorate()

    def _on_key_pressed(self, event: QKeyEvent) -> None:
        key, plain = event.key(), not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key == Qt.Key.Key_Escape:
            if not self._pointer.abort():
                event.ignore()
        elif plain and self._pointer.hand.wants_key(key):
            self._pointer.hand.key(key)
        elif self._hold_key(event, held=True) or self._spring.press(event):
            return
        elif self._gestures.key(key):
            self._on_view_changed()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        sprung = self._spring.release(event, busy=self._pointer.hand.busy)
        if not sprung and not self._hold_key(event, held=False):
            super().keyReleaseEvent(event)
        self._decorate()

    def _hold_key(self, event: QKeyEvent, *, held: bool) -> bool:
        """Keys that do something while they are down. False for all others."""
        if event.key() in _MODIFIERS:
            flag, bench = _MODIFIERS[Qt.Key(event.key())], self._pointer.bench
            bench.modifiers = bench.modifiers | flag if held else bench.modifiers & ~flag
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
        self._pointer.leave()
        self._hover()
        self._decorate()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Another window came to the front: what was drawn is kept, held keys are let go."""
        self._pointer.finish()
        self._pointer.space = False
        self._pointer.bench.modifiers = Qt.KeyboardModifier.NoModifier
        self._spring.let_go(busy=self._pointer.hand.busy)
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


class _OneRepaint:
    """What one event changes lies close: one rectangle is painted faster than three."""

    def __init__(self, canvas: QWidget) -> None:
        self._canvas = canvas
        self._box = EMPTY
        self.open = False

    def __enter__(self) -> None:
        self._box, self.open = EMPTY, True

    def add(self, box: Rect) -> None:
        self._box = self._box.union(box)

    def __exit__(self, *_error: object) -> None:
        box, self.open = self._box, False
        if not box.empty:
            self._canvas.update(box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0)
