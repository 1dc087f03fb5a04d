"""Rectangle and ellipse between two corners."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt

from unet_gui.core.shapes import ellipse_footprint, rectangle_footprint
from unet_gui.gui.canvas.tools.base import CanvasTool, Contact, Look, Preview, Region, tool_name
from unet_gui.gui.state import Tool

if TYPE_CHECKING:
    from unet_gui.core.brush import Point
    from unet_gui.gui.canvas.tools.base import Bench

SMALLEST: Final = 2.0
"""Logical pixels across below which a drag was just a click."""

CORNERS: Final = 72
"""Of the line that stands for an ellipse."""


class ShapeTool(CanvasTool):
    """Drag from corner to corner. Shift: as wide as high. Alt: the press is the middle."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._start: Point = (0.0, 0.0)
        self._end: Point = (0.0, 0.0)
        self._erase = False

    @property
    def look(self) -> Look:
        return Look(erases=self._erase and self.dragging)

    @property
    def preview(self) -> Preview | None:
        if not self.dragging:
            return None
        value = 255 if self._erase else self.bench.state.active_class
        return Preview(line=self.line(*self.corners()), closed=True, filled=True, value=value)

    def corners(self) -> tuple[Point, Point]:
        """Two opposite corners as the keys held now would have them."""
        (ax, ay), (bx, by) = self._start, self._end
        dx, dy = bx - ax, by - ay
        if self.bench.held(Qt.KeyboardModifier.ShiftModifier):
            side = max(abs(dx), abs(dy))
            dx, dy = math.copysign(side, dx), math.copysign(side, dy)
        if self.bench.held(Qt.KeyboardModifier.AltModifier):
            return (ax - dx, ay - dy), (ax + dx, ay + dy)
        return (ax, ay), (ax + dx, ay + dy)

    def line(self, a: Point, b: Point) -> list[Point]:
        raise NotImplementedError

    def footprint(self, a: Point, b: Point) -> Region:
        raise NotImplementedError

    def press(self, contact: Contact, *, erase: bool) -> None:
        if self.bench.value(erase=erase) is not None:
            self._start = self._end = self.bench.point(contact)
            self._erase, self.dragging = erase, True

    def move(self, contact: Contact) -> None:
        self._end = self.bench.point(contact)

    def finish(self) -> None:
        if not self.dragging:
            return
        super().finish()
        value = self.bench.value(erase=self._erase)
        if value is not None and self.bench.apart(self._start, self._end) >= SMALLEST:
            name = tool_name(self.tool, erase=self._erase)
            self.bench.apply(name, self.footprint(*self.corners()), value)


class RectangleTool(ShapeTool):
    """Along the rows and columns of the image."""

    tool = Tool.RECTANGLE

    def line(self, a: Point, b: Point) -> list[Point]:
        return [a, (b[0], a[1]), b, (a[0], b[1])]

    def footprint(self, a: Point, b: Point) -> Region:
        return rectangle_footprint(a, b, self.bench.bounds)


class EllipseTool(ShapeTool):
    """The ellipse that touches the four sides of the rectangle."""

    tool = Tool.ELLIPSE

    def line(self, a: Point, b: Point) -> list[Point]:
        middle = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
        across = abs(b[0] - a[0]) / 2, abs(b[1] - a[1]) / 2
        turns = (2 * math.pi * i / CORNERS for i in range(CORNERS))
        return [
            (middle[0] + across[0] * math.cos(t), middle[1] + across[1] * math.sin(t))
            for t in turns
        ]

    def footprint(self, a: Point, b: Point) -> Region:
        return ellipse_footprint(a, b, self.bench.bounds)
