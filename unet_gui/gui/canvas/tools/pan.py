"""The hand: moves the image along with the pointer."""

from __future__ import annotations

from PySide6.QtCore import QPointF

from unet_gui.gui.canvas.tools.base import CanvasTool, Contact
from unet_gui.gui.state import Tool


class PanTool(CanvasTool):
    """Also used by the middle button and the space bar, whatever tool is in hand."""

    tool = Tool.PAN
    _at = QPointF()

    def press(self, contact: Contact, *, erase: bool) -> None:
        self._at, self.dragging = contact.at, True

    def move(self, contact: Contact) -> None:
        delta = contact.at - self._at
        self._at = contact.at
        self.bench.viewport.pan(delta.x(), delta.y())
