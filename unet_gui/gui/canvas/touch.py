"""A touch screen: one finger paints, two move and zoom the view."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEventPoint, QPointingDevice

from unet_gui.gui.canvas.tools import Contact

if TYPE_CHECKING:
    from PySide6.QtGui import QTouchEvent

    from unet_gui.gui.canvas.tools import Pointer
    from unet_gui.gui.canvas.viewport import Viewport

SLIP: Final = 24.0
"""Logical pixels that the first finger may have painted before the second one takes it back."""


class Touch:
    """Follows the fingers. A touch pad is left to the gestures that the system makes of it."""

    def __init__(self, pointer: Pointer, viewport: Viewport) -> None:
        self._pointer = pointer
        self._viewport = viewport
        self._start: QPointF | None = None
        self._pair: tuple[QPointF, float] | None = None
        self.moved_view = False

    def event(self, event: QTouchEvent) -> bool:
        """False for what is not of a touch screen. `moved_view` tells what it did."""
        self.moved_view = False
        if event.device().type() != QPointingDevice.DeviceType.TouchScreen:
            return False
        if event.type() == QEvent.Type.TouchCancel:
            self._pointer.abort()
            self._start = self._pair = None
            return True
        released = QEventPoint.State.Released
        down = [p.position() for p in event.points() if p.state() != released]
        if len(down) >= 2:
            self._two(down[0], down[1])
        elif self._pair is None:
            self._one(event, down[0] if down else None)
        if not down:
            self._start = self._pair = None
            self._pointer.leave()
        return True

    def _one(self, event: QTouchEvent, at: QPointF | None) -> None:
        modifiers, left = event.modifiers(), Qt.MouseButton.LeftButton
        if at is None:
            end = event.points()[0].position()
            self._pointer.release(Contact(end, left, modifiers))
        elif self._start is None:
            self._start = at
            self._pointer.press(Contact(at, left, modifiers))
        else:
            self._pointer.move(Contact(at, modifiers=modifiers))
        self.moved_view = self._pointer.panning

    def _two(self, a: QPointF, b: QPointF) -> None:
        middle = (a + b) / 2
        spread = max(1.0, math.dist(a.toTuple(), b.toTuple()))
        if self._pair is None:
            self._stop_painting()
        else:
            was, before = self._pair
            moved = middle - was
            self._viewport.pan(moved.x(), moved.y())
            self._viewport.zoom_to(self._viewport.zoom * spread / before, middle.toTuple())
            self.moved_view = True
        self._pair = middle, spread

    def _stop_painting(self) -> None:
        """The first of two fingers always lands a little earlier: its speck was not meant."""
        if self._start is None or self._pointer.at is None:
            return
        if math.dist(self._start.toTuple(), self._pointer.at.toTuple()) < SLIP:
            self._pointer.abort()
        else:
            self._pointer.finish()
