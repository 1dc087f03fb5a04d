"""Fill: the connected region of one mask value under the pointer becomes the chosen class."""

from __future__ import annotations

from unet_gui.core.classes import UNLABELLED
from unet_gui.gui.canvas.tools.base import Contact, Region, tool_name, tr
from unet_gui.gui.canvas.tools.pointed import PointedTool, Read
from unet_gui.gui.state import Tool


class FillTool(PointedTool):
    """Floods what hangs together through its sides."""

    tool = Tool.FILL

    def press(self, contact: Contact, *, erase: bool) -> None:
        if self.bench.value(erase=erase) is not None:
            self.take(self.bench.point(contact), erase=erase)

    def stamp(self) -> object | None:
        document = self.bench.document
        return None if document is None else (id(document), document.revision)

    def reader(self) -> Read:
        assert self.bench.document is not None
        return self.bench.document.snapshot().read

    def value_at(self, x: int, y: int) -> int | None:
        document = self.bench.document
        return None if document is None else document.value_at(x, y)

    def shown_value(self) -> int:
        return self.bench.state.active_class

    def use(self, region: Region, *, erase: bool) -> None:
        value = self.bench.value(erase=erase)
        if value is None:
            return
        x, y = self._pixel_of(region)
        if self.value_at(x, y) == value:
            said = tr("These pixels are unlabelled already.")
            if value != UNLABELLED and self.bench.session.project is not None:
                name = self.bench.session.project.classes[value].name
                said = tr("These pixels are {0} already.").format(name)
            self.bench.session.noticed.emit(said)
            return
        self.bench.apply(tool_name(self.tool, erase=erase), region, value)

    @staticmethod
    def _pixel_of(region: Region) -> tuple[int, int]:
        """Any pixel of the region: all have one value."""
        rect, where = region
        row, column = divmod(int(where.argmax()), rect.width)
        return rect.x0 + column, rect.y0 + row
