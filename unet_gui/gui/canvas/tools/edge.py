"""Live-wire: the outline follows the edges of the image between clicks."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt

from unet_gui.core.geometry import Rect
from unet_gui.gui.canvas.tools.base import CLOSE, Contact, Preview
from unet_gui.gui.canvas.tools.outlines import ENTER, OutlineTool
from unet_gui.gui.canvas.tools.window import Window, on_level
from unet_gui.gui.state import Tool

if TYPE_CHECKING:
    from collections.abc import Generator

    from unet_gui.core.brush import Point
    from unet_gui.core.errors import UnetGuiError
    from unet_gui.dataset.image_source import ImageSource
    from unet_gui.gui.canvas.tools.base import Bench
    from unet_gui.regions.livewire import LiveWire

REACH: Final = 320
"""Pixels of the level in view that the line can lead away from the last point, each way."""

KEY: Final = "live wire"


class EdgeTool(OutlineTool):
    """Clicks hold the line; a double click, Enter or a click on the first point closes it.

    Finding the ways from a point takes a moment and is done in the background; until then, and
    beyond its reach, the line is straight.
    """

    tool = Tool.EDGE

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._anchors: list[int] = []
        self._wire: LiveWire | None = None
        self._window: Window | None = None

    @property
    def preview(self) -> Preview | None:
        if not self.points:
            return None
        nodes = [self.points[at] for at in self._anchors]
        to = self.bench.pointed()
        line = [*self.points, *self._way(to)] if to is not None else self.points
        value = 255 if self._erase else self.bench.state.active_class
        return Preview(line=line, closed=True, filled=True, nodes=nodes, value=value)

    def press(self, contact: Contact, *, erase: bool) -> None:
        point = self.bench.point(contact)
        if not self.points:
            if self.bench.pixel(point) is None or self.bench.value(erase=erase) is None:
                return
            self._erase = erase
        elif len(self._anchors) >= 2 and self.bench.apart(self.points[0], point) <= CLOSE:
            self._close()
            return
        self._hold(point)

    def double_press(self, contact: Contact, *, erase: bool) -> None:
        """The first press of the two has held the last point."""
        if len(self._anchors) >= 2:
            self._close()
        else:
            self.press(contact, erase=erase)

    def wants_key(self, key: int) -> bool:
        return self.busy and (key in ENTER or key == Qt.Key.Key_Backspace)

    def key(self, key: int) -> None:
        if key == Qt.Key.Key_Backspace:
            self._back()
        elif len(self._anchors) >= 2:
            self._close()

    def drop(self) -> None:
        super().drop()
        self._anchors = []
        self._let_go()

    def _hold(self, point: Point) -> None:
        if self.points:
            self.points.extend(self._way(point))
        else:
            self.points.append(point)
        self._anchors.append(len(self.points) - 1)
        self._look_from(self.points[-1])

    def _back(self) -> None:
        self._anchors.pop()
        if not self._anchors:
            self.drop()
            return
        del self.points[self._anchors[-1] + 1 :]
        self._look_from(self.points[-1])

    def _close(self) -> None:
        self.points.extend(self._way(self.points[0]))
        self._anchors = []
        self._let_go()
        self.fill()

    def _way(self, to: Point) -> list[Point]:
        """From the last point to another, along edges where that is known."""
        wire, window = self._wire, self._window
        if wire is None or window is None or not window.holds(to):
            return [to]
        target = window.inside((math.floor(to[0]), math.floor(to[1])))
        # The pointer itself is the end: rounding to pixels of a level would be seen.
        return [*(window.point(*step) for step in wire.path(target)[1:-1]), to]

    def _look_from(self, point: Point) -> None:
        self._let_go()
        bench, source = self.bench, self.bench.session.source
        pixel = bench.pixel(point)
        if source is None or pixel is None:
            return
        level = min(source.levels - 1, max(0, math.floor(-math.log2(bench.viewport.zoom))))
        x, y = pixel[0] >> level, pixel[1] >> level
        around = Rect(x, y, x + 1, y + 1).expanded(REACH)
        window = Window(around.intersection(on_level(bench.bounds, level)), level)
        bench.session.runner.submit(
            KEY,
            partial(_wire_from, source, window, pixel),
            on_done=partial(self._on_wire, window),
            on_error=self._on_error,
            priority=-20,
        )

    def _on_wire(self, window: Window, wire: LiveWire | None) -> None:
        self._wire, self._window = wire, window
        self.bench.changed()

    def _on_error(self, error: UnetGuiError) -> None:
        self.bench.session.failed.emit(error)

    def _let_go(self) -> None:
        self.bench.session.runner.cancel(KEY)
        self._wire = self._window = None


def _wire_from(
    source: ImageSource, window: Window, pixel: tuple[int, int]
) -> Generator[Any, None, LiveWire]:
    from unet_gui.regions.livewire import LiveWire

    yield
    image = source.read(window.rect, window.level)
    yield
    return LiveWire(image, window.inside(pixel))
