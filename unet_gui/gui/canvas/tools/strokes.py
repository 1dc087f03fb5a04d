"""Brush and eraser: what a pointer passes over is painted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt

from unet_gui.core.brush import brush_spans
from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import UnetGuiError
from unet_gui.gui.canvas.tools.base import CanvasTool, Contact, Look, Preview, tool_name
from unet_gui.gui.state import Tool

if TYPE_CHECKING:
    from unet_gui.core.brush import Point
    from unet_gui.gui.canvas.tools.base import Bench, Region

SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier

SNAPPED: Final = 400
"""Diameter in image pixels up to which a brush can keep to edges while it moves."""

SHOWN: Final = 160
"""Diameter up to which that is also shown before: Ctrl is pressed for other things, too."""

DABS: Final = 12
"""Of a brush that keeps to edges, at most so many for one move."""


class BrushTool(CanvasTool):
    """Each move is painted as a segment, so that a fast stroke has no gaps."""

    tool = Tool.BRUSH

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._erases = False
        self._snaps = False
        self._end = (0.0, 0.0)
        self._shown: tuple[object, Preview | None] = (None, None)

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
        """Where a straight stroke would go, or what a brush that keeps to edges would paint."""
        bench = self.bench
        if self.dragging or not bench.modifiers:
            return None
        to = bench.pointed()
        if to is None:
            return None
        if bench.held(SHIFT) and bench.line_start is not None:
            return Preview(line=(bench.line_start, to))
        return self._snapped_preview(to) if bench.held(CTRL) else None

    def press(self, contact: Contact, *, erase: bool) -> None:
        bench, erase = self.bench, erase or self.tool is Tool.ERASER
        value = bench.value(erase=erase)
        if value is None:
            return
        self.dragging, self._erases = True, value == UNLABELLED
        self._end = bench.point(contact)
        self._snaps = self._can_snap and bool(contact.modifiers & CTRL)
        start = bench.line_start if contact.modifiers & SHIFT else None
        bench.session.begin_stroke(start or self._end, value, tool_name(self.tool, erase=erase))
        self._paint(contact, start or self._end)

    def move(self, contact: Contact) -> None:
        if self.bench.session.stroking:  # undo may have ended it
            start, self._end = self._end, self.bench.point(contact)
            self._paint(contact, start)

    def look_elsewhere(self) -> None:
        """A stroke goes on where the pointer is now, and does not jump there."""
        at = self.bench.pointed()
        if self.dragging and at is not None:
            self._end = at
            self.bench.session.move_to(at)

    def finish(self) -> None:
        if self.dragging:
            self.dragging = False
            self.bench.line_start = self._end
            self.bench.session.end_stroke()

    def abort(self) -> bool:
        if self.dragging:
            self.bench.session.abort_stroke()
        return super().abort()

    def _paint(self, contact: Contact, start: Point) -> None:
        options = self.bench.options
        pressure = contact.pressure if options.pressure else 1.0
        width = max(1.0, self.diameter * pressure)
        if self._snaps:
            self._paint_snapped(start, width)
            return
        self.bench.session.stroke_to(self._end, width, square=options.square)

    @property
    def _can_snap(self) -> bool:
        return self.diameter <= SNAPPED

    def _paint_snapped(self, start: Point, width: float) -> None:
        """Dab by dab, since each keeps to the edges around its own middle."""
        (ax, ay), (bx, by) = start, self._end
        count = min(DABS, max(1, math.ceil(math.hypot(bx - ax, by - ay) / max(1.0, width / 3))))
        try:
            for i in range(1, count + 1):
                t = i / count
                region = self._snapped((ax + t * (bx - ax), ay + t * (by - ay)), width)
                if region is not None:
                    self.bench.session.paint(*region)
        except UnetGuiError as error:
            self.abort()
            self.bench.session.failed.emit(error)

    def _snapped(self, at: Point, width: float) -> Region | None:
        """A dab without what lies beyond the edges around its middle.

        Raises:
            UnetGuiError: the image cannot be read there.
        """
        from unet_gui.regions.livewire import snapped_footprint

        bench, source = self.bench, self.bench.session.source
        dab = brush_spans(at, at, width, bench.bounds, square=bench.options.square).pixels()
        if dab.rect.empty or source is None:
            return None
        assert dab.where is not None
        return dab.rect, snapped_footprint(source.read(dab.rect), dab.rect, dab.where, at)

    def _snapped_preview(self, at: Point) -> Preview | None:
        key = (at, self.diameter, self.bench.options.square, id(self.bench.document))
        if self._shown[0] != key:
            try:
                region = self._snapped(at, self.diameter) if self.diameter <= SHOWN else None
            except UnetGuiError:
                region = None  # said when it is painted
            value = UNLABELLED if self.erases else self.bench.state.active_class
            self._shown = key, Preview(region=region, value=value) if region else None
        return self._shown[1]


class EraserTool(BrushTool):
    """Makes pixels unlabelled again."""

    tool = Tool.ERASER
