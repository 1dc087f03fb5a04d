"""Wheel, pads, keys and pens, translated into what they ask of view and tools."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPointingDevice, QTabletEvent

from unet_gui.gui.canvas.tools import Contact

if TYPE_CHECKING:
    from PySide6.QtGui import QNativeGestureEvent, QWheelEvent

    from unet_gui.gui.canvas.viewport import Viewport
    from unet_gui.gui.state import ViewState

NOTCH: Final = 120
"""angleDelta of one click of a wheel."""

ZOOM_PER_NOTCH: Final = 1.25
PAN_PER_NOTCH: Final = 60
PAN_PER_KEY: Final = 0.1
"""Share of the canvas that an arrow key moves the image by."""

_ARROWS: Final = {
    Qt.Key.Key_Left: (1, 0),
    Qt.Key.Key_Right: (-1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class Gestures:
    """Everything that changes the view or the brush without being a drag."""

    def __init__(self, viewport: Viewport, state: ViewState) -> None:
        self._viewport = viewport
        self._state = state
        self._size_rest = 0.0

    def wheel(self, event: QWheelEvent) -> None:
        """Zoom to the pointer; Ctrl: brush size; Shift: sideways. Two fingers on a pad: pan."""
        steps = QPointF(event.angleDelta()) / NOTCH
        modifiers = event.modifiers()
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            self._step_size(steps.y())
        elif modifiers & Qt.KeyboardModifier.ShiftModifier:
            self._viewport.pan((steps.x() or steps.y()) * PAN_PER_NOTCH, 0)
        elif event.device().type() == QPointingDevice.DeviceType.TouchPad:
            moved = QPointF(event.pixelDelta())
            moved = steps * PAN_PER_NOTCH if moved.isNull() else moved
            self._viewport.pan(moved.x(), moved.y())
        else:
            self._viewport.pan(steps.x() * PAN_PER_NOTCH, 0)
            self._zoom_by(ZOOM_PER_NOTCH ** steps.y(), event.position())

    def native(self, event: QNativeGestureEvent) -> bool:
        """What a touch pad reports. False for gestures that mean nothing here."""
        kind = event.gestureType()
        if kind == Qt.NativeGestureType.ZoomNativeGesture:
            self._zoom_by(max(0.1, 1 + event.value()), event.position())
        elif kind == Qt.NativeGestureType.SmartZoomNativeGesture:
            self._viewport.fit()
        elif kind == Qt.NativeGestureType.PanNativeGesture:
            self._viewport.pan(event.delta().x(), event.delta().y())
        else:
            return False
        return True

    def key(self, key: int) -> bool:
        """Arrows pan, brackets size the brush. False for other keys."""
        if key in _ARROWS:
            x, y = _ARROWS[Qt.Key(key)]
            view = self._viewport
            view.pan(x * view.width * PAN_PER_KEY, y * view.height * PAN_PER_KEY)
        elif key in (Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight):
            self._state.step_size(1 if key == Qt.Key.Key_BracketRight else -1)
        else:
            return False
        return True

    def _zoom_by(self, factor: float, at: QPointF) -> None:
        view = self._viewport
        zoom = view.zoom * factor
        # Passing 1:1 stops there once, so that the wheel can reach it.
        if min(view.zoom, zoom) < 0.999 and max(view.zoom, zoom) > 1.001:
            zoom = 1.0
        view.zoom_to(zoom, (at.x(), at.y()))

    def _step_size(self, steps: float) -> None:
        """Fine wheels send parts of a step: they add up."""
        self._size_rest += steps
        whole = math.trunc(self._size_rest)
        self._size_rest -= whole
        if whole:
            self._state.step_size(whole)


def mouse_contact(event: QMouseEvent) -> Contact:
    return Contact(event.position(), event.button(), event.modifiers())


def tablet_contact(event: QTabletEvent) -> Contact:
    """A pen sizes the brush by pressure; its other end erases."""
    released = event.type() == QEvent.Type.TabletRelease
    return Contact(
        event.position(),
        event.button(),
        event.modifiers(),
        pressure=0.0 if released else event.pressure(),
        eraser_end=event.pointerType() == QPointingDevice.PointerType.Eraser,
    )
