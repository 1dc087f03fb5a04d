"""Fill: the connected region of one mask value under the pointer becomes the chosen class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unet_gui.core.classes import UNLABELLED
from unet_gui.gui.canvas.tools.base import Contact, Region, tool_name, tr
from unet_gui.gui.canvas.tools.pointed import PointedTool, Read
from unet_gui.gui.state import Tool

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from unet_gui.core.geometry import Rect


class FillTool(PointedTool):
    """Floods what hangs together through its sides."""

    tool = Tool.FILL

    def press(self, contact: Contact, *, erase: bool) -> None:
        value = self.bench.value(erase=erase)
        if value is None:
            return
        document, point = self.bench.document, self.bench.point(contact)
        pixel = self.bench.pixel(point)
        if document is not None and pixel is not None and self._alone(*pixel):
            self._fill(document.bounds, None, document.value_at(*pixel), erase=erase)
        else:
            self.take(point, erase=erase)

    def _alone(self, x: int, y: int) -> bool:
        """All pixels have this value: nothing needs to be looked for, however large the image."""
        document = self.bench.document
        return document is not None and int(document.counts[document.value_at(x, y)]) == (
            document.bounds.width * document.bounds.height
        )

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
        value = self.value_at(*self._pixel_of(region))
        if value is not None:
            self._fill(*region, value, erase=erase)

    def _fill(self, rect: Rect, where: NDArray[np.bool_] | None, old: int, *, erase: bool) -> None:
        value = self.bench.value(erase=erase)
        if value is None:
            return
        if value == old:
            self._say_nothing_to_do(value)
            return
        name = tool_name(self.tool, erase=erase)
        if where is None:  # all tiles become one and the same
            self.bench.session.apply(name, rect, value)
        else:
            self.bench.apply_aside(name, (rect, where), value)

    def _say_nothing_to_do(self, value: int) -> None:
        said = tr("These pixels are unlabelled already.")
        if value != UNLABELLED and self.bench.session.project is not None:
            name = self.bench.session.project.classes[value].name
            said = tr("These pixels are {0} already.").format(name)
        self.bench.session.noticed.emit(said)

    @staticmethod
    def _pixel_of(region: Region) -> tuple[int, int]:
        """Any pixel of the region: all have one value."""
        rect, where = region
        row, column = divmod(int(where.argmax()), rect.width)
        return rect.x0 + column, rect.y0 + row
