"""Brush and eraser: what a pointer passes over is painted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from unet_gui.core.classes import UNLABELLED
from unet_gui.gui.canvas.tools.base import CanvasTool, Contact, Look, Preview, tool_name
from unet_gui.gui.state import Tool

if TYPE_CHECKING:
    from unet_gui.gui.canvas.tools.base import Bench

SHIFT = Qt.KeyboardModifier.ShiftModifier


class BrushTool(CanvasTool):
    """Each move is painted as a segment, so that a fast stroke has no gaps."""

    tool = Tool.BRUSH

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._erases = False
        self._end = (0.0, 0.0)

    @property
    def erases(self) -> bool:
        """The stroke under way erases, or the next one would."""
        return self._erases if self.dragging else self.tool is Tool.ERASER

    @property
    def diameter(self) -> int:
        """In image pixels: brush and eraser each keep their own."""
        state = self.bench.state
        return state.eraser_size if self.erases else state.brush_size

    @property
    def look(self) -> Look:
        return Look(self.diameter, square=self.bench.options.square, erases=self.erases)

    @property
    def preview(self) -> Preview | None:
        """Where a straight stroke would go."""
        bench = self.bench
        if self.dragging or bench.line_start is None or not bench.held(SHIFT):
            return None
        to = bench.pointed()
        return None if to is None else Preview(line=(bench.line_start, to))

    def press(self, contact: Contact, *, erase: bool) -> None:
        bench, erase = self.bench, erase or self.tool is Tool.ERASER
        value = bench.value(erase=erase)
        if value is None:
            return
        self.dragging, self._erases = True, value == UNLABELLED
        self._end = bench.point(contact)
        start = bench.line_start if contact.modifiers & SHIFT else None
        bench.session.begin_stroke(start or self._end, value, tool_name(self.tool, erase=erase))
        self._paint(contact)

    def move(self, contact: Contact) -> None:
        if self.bench.session.stroking:  # undo may have ended it
            self._end = self.bench.point(contact)
            self._paint(contact)

    def finish(self) -> None:
        if self.dragging:
            self.dragging = False
            self.bench.line_start = self._end
            self.bench.session.end_stroke()

    def abort(self) -> bool:
        if self.dragging:
            self.bench.session.abort_stroke()
        return super().abort()

    def _paint(self, contact: Contact) -> None:
        options = self.bench.options
        pressure = contact.pressure if options.pressure else 1.0
        width = max(1.0, self.diameter * pressure)
        self.bench.session.stroke_to(self._end, width, square=options.square)


class EraserTool(BrushTool):
    """Makes pixels unlabelled again."""

    tool = Tool.ERASER
