"""Polygon and lasso: an outline is drawn, then what it encloses is painted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt

from unet_gui.core.fill import polygon_footprint
from unet_gui.gui.canvas.tools.base import CLOSE, CanvasTool, Contact, Look, Preview, tool_name
from unet_gui.gui.state import Tool

if TYPE_CHECKING:
    from unet_gui.core.brush import Point
    from unet_gui.gui.canvas.tools.base import Bench

APART: Final = 2.0
"""Logical pixels between the points of a free outline."""

ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class OutlineTool(CanvasTool):
    """Keeps the points of an outline and paints its inside."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.points: list[Point] = []
        self._erase = False

    @property
    def busy(self) -> bool:
        return bool(self.points)

    @property
    def look(self) -> Look:
        return Look(erases=self._erase and self.busy)

    def fill(self) -> None:
        """Paint what the outline encloses and forget it."""
        points, self.points = self.points, []
        value = self.bench.value(erase=self._erase) if len(points) >= 3 else None
        if value is not None:
            name = tool_name(self.tool, erase=self._erase)
            self.bench.apply(name, polygon_footprint(points, self.bench.bounds), value)

    def abort(self) -> bool:
        was = self.busy
        self.drop()
        return was

    def drop(self) -> None:
        super().drop()
        self.points = []

    def shown(self, line: list[Point]) -> Preview:
        """The preview of this outline."""
        value = 255 if self._erase else self.bench.state.active_class
        return Preview(line=line, closed=True, filled=True, value=value)


class LassoTool(OutlineTool):
    """A free outline, filled on release."""

    tool = Tool.LASSO

    @property
    def preview(self) -> Preview | None:
        return self.shown(self.points) if len(self.points) > 1 else None

    def press(self, contact: Contact, *, erase: bool) -> None:
        if self.bench.value(erase=erase) is not None:
            self._erase, self.dragging = erase, True
            self.points = [self.bench.point(contact)]

    def move(self, contact: Contact) -> None:
        point = self.bench.point(contact)
        if self.points and self.bench.apart(self.points[-1], point) >= APART:
            self.points.append(point)

    def finish(self) -> None:
        if self.dragging:
            super().finish()
            self.fill()


class PolygonTool(OutlineTool):
    """Clicks set corners; a double click, Enter or a click on the first one closes it."""

    tool = Tool.POLYGON

    @property
    def preview(self) -> Preview | None:
        if not self.points:
            return None
        to = self.bench.pointed()
        line = [*self.points, to] if to is not None and not self.dragging else self.points
        value = 255 if self._erase else self.bench.state.active_class
        return Preview(line=line, closed=True, filled=True, nodes=self.points, value=value)

    def press(self, contact: Contact, *, erase: bool) -> None:
        point = self.bench.point(contact)
        if not self.points:
            if self.bench.value(erase=erase) is None:
                return
            self._erase = erase
        elif len(self.points) >= 3 and self.bench.apart(self.points[0], point) <= CLOSE:
            self.fill()
            return
        self.points.append(point)
        self.dragging = True

    def double_press(self, contact: Contact, *, erase: bool) -> None:
        """The first press of the two has set the last corner."""
        if len(self.points) >= 3:
            self.fill()
        else:
            self.press(contact, erase=erase)

    def move(self, contact: Contact) -> None:
        """A corner can still be shifted before the button is let go."""
        if self.points:
            self.points[-1] = self.bench.point(contact)

    def wants_key(self, key: int) -> bool:
        return self.busy and (key in ENTER or key == Qt.Key.Key_Backspace)

    def key(self, key: int) -> None:
        if key == Qt.Key.Key_Backspace:
            self.points.pop()
        elif len(self.points) >= 3:
            self.fill()
