"""Superpixel brush: whatever cell of the image the brush touches is painted whole."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt

from unet_gui.core.brush import segment_footprint
from unet_gui.core.classes import UNLABELLED
from unet_gui.gui.canvas.tools.base import CanvasTool, Contact, Look, Preview, tool_name
from unet_gui.gui.canvas.tools.cells import Cells
from unet_gui.gui.state import Tool

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from unet_gui.core.brush import Point
    from unet_gui.core.errors import UnetGuiError
    from unet_gui.core.geometry import Rect
    from unet_gui.gui.canvas.tools.base import Bench, Region

SMALLEST, LARGEST = 4, 256
"""Limits of the side of a cell in image pixels."""

GROWTH: Final = 1.25
KEPT: Final = 4
"""Cell sizes that are remembered, so that turning the wheel back costs nothing."""

WIDEST: Final = 300
"""Diameter in image pixels; cells under a wider brush could not be found as fast as it moves."""

KEY: Final = "superpixels"
SEEN_FROM: Final = 7.0
"""Logical pixels of a cell's side from which its borders help more than they hide."""


class SuperpixelTool(CanvasTool):
    """Cells are found in the background; what is painted ahead of them follows when they are."""

    tool = Tool.SUPERPIXEL

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._kept: OrderedDict[tuple[int, int], Cells] = OrderedDict()
        self._waiting: list[Region] = []
        self._closing = False
        self._erase = False
        self._last: Point = (0.0, 0.0)
        self._preview: Preview | None = None

    @property
    def busy(self) -> bool:
        return self.dragging or self._closing

    @property
    def look(self) -> Look:
        return Look(self._diameter, erases=self._erase and self.dragging)

    @property
    def preview(self) -> Preview | None:
        return self._preview

    def hover(self) -> None:
        point, cells = self.bench.pointed(), self._cells()
        if point is None or cells is None:
            self._preview = None
            return
        rect, where = self._footprint(point, point)
        if not rect.empty and cells.ready(rect):
            self._show(cells, rect, where)
            return
        self._preview = None
        if not rect.empty:
            self._prepare(cells, rect)

    def press(self, contact: Contact, *, erase: bool) -> None:
        value = self.bench.value(erase=erase)
        if value is None or self._cells() is None:
            return
        self._end_now()
        self.dragging, self._erase = True, value == UNLABELLED
        self._last = self.bench.point(contact)
        self.bench.session.begin_stroke(self._last, value, tool_name(self.tool, erase=erase))
        self._cover(self._last)

    def move(self, contact: Contact) -> None:
        if self.bench.session.stroking:  # undo may have ended it
            self._cover(self.bench.point(contact))

    def finish(self) -> None:
        if not self.dragging:
            return
        super().finish()
        if self._waiting and self.bench.session.stroking:
            self._closing = True
        else:
            self._end_now()

    def abort(self) -> bool:
        was = self.busy
        self._waiting.clear()
        self._closing = self.dragging = False
        if was:
            self.bench.session.abort_stroke()
        return was

    def drop(self) -> None:
        super().drop()
        self.bench.session.runner.cancel(KEY)
        self._waiting.clear()
        self._closing = False
        self._preview = None
        self._kept.clear()

    def wants_wheel(self, modifiers: Qt.KeyboardModifier) -> bool:
        return bool(modifiers & Qt.KeyboardModifier.ControlModifier) or self.dragging

    def wheel(self, steps: int) -> None:
        """Never so little that nothing changes."""
        size = self.bench.options.superpixel
        for _ in range(abs(steps)):
            size = max(size + 1, round(size * GROWTH)) if steps > 0 else round(size / GROWTH)
        self.bench.state.set_options(superpixel=max(SMALLEST, min(LARGEST, size)))

    @property
    def _diameter(self) -> int:
        return min(self.bench.state.brush_size, WIDEST)

    def _cells(self) -> Cells | None:
        """Of the open image at the size chosen."""
        source, size = self.bench.session.source, self.bench.options.superpixel
        if source is None:
            return None
        key = (id(source), size)
        if key not in self._kept:
            self._kept[key] = Cells(source, size)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def _footprint(self, start: Point, end: Point) -> Region:
        return segment_footprint(start, end, self._diameter, self.bench.bounds)

    def _cover(self, point: Point) -> None:
        cells = self._cells()
        rect, where = self._footprint(self._last, point)
        self._last = point
        if rect.empty or cells is None:
            return
        if not self._waiting and cells.ready(rect):
            self._paint(self._show(cells, rect, where))
        else:
            self._waiting.append((rect, where))
            self._prepare(cells, rect)

    def _paint_waiting(self) -> None:
        """In their order, as far as the cells are known."""
        cells = self._cells()
        while self._waiting and cells is not None and cells.ready(self._waiting[0][0]):
            self._paint(cells.covered(*self._waiting.pop(0)))

    def _paint(self, region: Region) -> None:
        if not region[0].empty:
            self.bench.session.paint(*region)

    def _show(self, cells: Cells, rect: Rect, where: NDArray[np.bool_]) -> Region:
        """Show the cells under a footprint, which are known."""
        region = cells.covered(rect, where)
        seen = cells.size * self.bench.viewport.scale >= SEEN_FROM
        marks = cells.borders_near(rect) if seen and self.bench.state.view.superpixels else None
        value = UNLABELLED if self._erase and self.dragging else self.bench.state.active_class
        old = self._preview
        same = old is not None and old.marks is marks and old.value == value
        if not (same and old is not None and _alike(old.region, region)):
            self._preview = Preview(region=region, marks=marks, value=value)
        return region

    def _prepare(self, cells: Cells, rect: Rect) -> None:
        """Find the cells under the brush and a little around it, where they are not known yet."""
        area = cells.missing(rect, self.bench.viewport.visible.intersection(self.bench.bounds))
        if not area.empty:
            self.bench.session.runner.submit(
                KEY,
                partial(cells.find, area),
                on_item=lambda _progress: self._on_found(),
                on_done=lambda _: self._on_found(),
                on_error=self._on_error,
                priority=-20,
            )

    def _on_found(self) -> None:
        if self._waiting and not self.bench.session.stroking:
            self._waiting.clear()
            self._closing = False
        self._paint_waiting()
        if self._closing and not self._waiting:
            self._end_now()
        if not self.busy:
            self.hover()
        self.bench.changed()

    def _on_error(self, error: UnetGuiError) -> None:
        self.abort()
        self._kept.clear()
        self.bench.session.failed.emit(error)

    def _end_now(self) -> None:
        self._waiting.clear()
        self._closing = False
        self.bench.session.end_stroke()


def _alike(a: Region | None, b: Region) -> bool:
    """The pointer has moved within the same cells: nothing needs to be drawn anew."""
    return a is not None and a[0] == b[0] and bool((a[1] == b[1]).all())
