"""Hands what the pointer does to the tool in hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from unet_gui.core.classes import UNLABELLED
from unet_gui.gui.canvas.tools.base import Bench, CanvasTool, Contact, tr
from unet_gui.gui.canvas.tools.pan import PanTool
from unet_gui.gui.canvas.tools.registry import make_tool
from unet_gui.gui.state import Tool

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QPointF

    from unet_gui.gui.canvas.tools.base import Look, Preview
    from unet_gui.gui.canvas.viewport import Viewport
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
MIDDLE, NONE = Qt.MouseButton.MiddleButton, Qt.MouseButton.NoButton


class Pointer:
    """Knows the tool in hand, and which button it was pressed with.

    A tool in the middle of something keeps the pointer until its button is up, even when another
    tool is chosen meanwhile. What takes several clicks waits while another tool is in hand.

    Attributes:
        bench: where the pointer is, which keys are held.
        space: the space bar is held, which turns any tool into the hand.
        eraser_end: a pen is held the wrong way round.
        used: called when a press does something.
    """

    def __init__(
        self,
        session: Session,
        state: ViewState,
        viewport: Viewport,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        self._session = session
        self._state = state
        self.bench = Bench(session, state, viewport, changed)
        self._tools: dict[Tool, CanvasTool] = {}
        self._pan = PanTool(self.bench)
        self._held: CanvasTool | None = None
        self._button = NONE
        self._notches = 0.0
        self.space = False
        self.eraser_end = False
        self.used: Callable[[], object] = lambda: None

    @property
    def at(self) -> QPointF | None:
        """Where the pointer is on the canvas, None when it is elsewhere."""
        return self.bench.at

    @at.setter
    def at(self, at: QPointF | None) -> None:
        self.bench.at = at

    @property
    def hand(self) -> CanvasTool:
        """The tool that acts now, or would when pressed."""
        if self._held is not None:
            return self._held
        if self.space:
            return self._pan
        return self._tool(self._chosen)

    @property
    def tool(self) -> Tool:
        return self.hand.tool

    @property
    def panning(self) -> bool:
        """The image moves with the pointer."""
        return self._held is self._pan

    @property
    def dragging(self) -> bool:
        """A button is held down for a tool."""
        return self._held is not None

    @property
    def look(self) -> Look:
        return self.hand.look

    @property
    def preview(self) -> Preview | None:
        return self.hand.preview

    def press(self, contact: Contact) -> None:
        """Another button during a drag finishes that first: nothing painted is lost."""
        self._press(contact, double=False)

    def double_press(self, contact: Contact) -> None:
        """The second press of a double click."""
        self._press(contact, double=True)

    def move(self, contact: Contact) -> None:
        self.bench.at, self.bench.modifiers = contact.at, contact.modifiers
        if self._held is not None:
            self._held.move(contact)
        else:
            self.eraser_end = contact.eraser_end
            self.hand.hover()

    def release(self, contact: Contact) -> None:
        """The button that began the drag ends it."""
        if self._held is not None and contact.button == self._button:
            self.move(contact)
            self.finish()

    def wheel(self, notches: float, modifiers: Qt.KeyboardModifier) -> bool:
        """Offer the wheel to the tool; fine wheels send parts of a notch, which add up."""
        if self.panning or not self.hand.wants_wheel(modifiers):
            self._notches = 0.0
            return False
        self.bench.modifiers = modifiers
        self._notches += notches
        whole = math.trunc(self._notches)
        self._notches -= whole
        if whole:
            self.hand.wheel(whole)
        return True

    def leave(self) -> None:
        """The pointer is elsewhere."""
        self.bench.at = None
        self.hand.hover()

    def finish(self) -> None:
        """End what is under way as if the button had been released."""
        held, self._held = self._held, None
        if held is not None:
            held.finish()
            self.hand.hover()

    def abort(self) -> bool:
        """Take back what is under way. False when nothing was."""
        hand, self._held = self.hand, None
        return hand.abort()

    def drop(self) -> None:
        """The image has gone: forget what is under way, and where the last stroke ended."""
        self._held = None
        self.bench.line_start = None
        for tool in self._tools.values():
            tool.drop()

    def pick(self) -> None:
        """Paint from now on with the class under the pointer, or the one proposed there."""
        class_id = self._class_under()
        if class_id == UNLABELLED:
            self._session.noticed.emit(tr("There is no class here to take."))
            return
        self._state.set_active_class(class_id)
        if self._state.tool is Tool.ERASER:
            self._state.set_tool(Tool.BRUSH)

    def _press(self, contact: Contact, *, double: bool) -> None:
        self.finish()
        self.bench.at, self.bench.modifiers = contact.at, contact.modifiers
        self.eraser_end = contact.eraser_end
        if self._session.document is None:
            return
        self._button, self._held = contact.button, None
        left, right = contact.button == LEFT, contact.button == RIGHT
        hand = self.hand
        if contact.button == MIDDLE or (left and isinstance(hand, PanTool)):
            self._pan.press(contact, erase=False)
            self._held = self._pan
        elif left and self.bench.held(Qt.KeyboardModifier.AltModifier) and not hand.busy:
            self.pick()
        elif left or right:
            erase = right or contact.eraser_end
            (hand.double_press if double else hand.press)(contact, erase=erase)
            self._held = hand if hand.dragging else None
        self.used()

    @property
    def _chosen(self) -> Tool:
        if self.eraser_end and self._state.tool is Tool.BRUSH:
            return Tool.ERASER
        return self._state.tool

    def _tool(self, tool: Tool) -> CanvasTool:
        if tool is Tool.PAN:
            return self._pan
        if tool not in self._tools:
            self._tools[tool] = make_tool(tool, self.bench)
        return self._tools[tool]

    def _class_under(self) -> int:
        document, ghost, point = self._session.document, self._session.ghost, self.bench.pointed()
        pixel = None if point is None else self.bench.pixel(point)
        if document is None or pixel is None:
            return UNLABELLED
        value = document.value_at(*pixel)
        if value == UNLABELLED and ghost is not None and ghost.mask.shape == document.shape:
            value = int(ghost.mask[pixel[1], pixel[0]])
        return value
