"""Superpixel brush: whatever cell of the image the brush touches is painted whole."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt

from unet_gui.core.brush import segment_footprint
from unet_gui.core.classes import UNLABELLED
from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.gui.canvas.tools.base import CanvasTool, Contact, Look, Preview, tool_name
from unet_gui.gui.canvas.tools.cells import Cells, in_tiles
from unet_gui.gui.state import Tool

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from unet_gui.core.brush import Point
    from unet_gui.core.errors import UnetGuiError
    from unet_gui.gui.canvas.tools.base import Bench, Region

SMALLEST, LARGEST = 4, 256
"""Limits of the side of a cell in image pixels."""

GROWTH: Final = 1.25
KEPT: Final = 4
"""Cell sizes that are remembered, so that turning the wheel back costs nothing."""

WIDEST: Final = 300
"""Diameter in image pixels; cells under a wider brush could not be found as fast as it moves."""

ALIKE: Final = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8)
"""How unlike the first cell others may be, 0..1, by the turn of the wheel."""

USUAL: Final = 5
"""Where in `ALIKE` the wheel stands at first."""

SOUGHT: Final = 1024
"""Pixels to each side of the pointer, within the view, in which cells are compared."""

KEY: Final = "superpixels"
ALIKE_KEY: Final = "superpixels alike"
SHIFT: Final = Qt.KeyboardModifier.ShiftModifier
SEEN_FROM: Final = 7.0
"""Logical pixels of a cell's side from which its borders help more than they hide."""


class SuperpixelTool(CanvasTool):
    """Cells are found in the background; what is painted ahead of them follows when they are.

    With Shift only cells that look like the first one are painted: one stroke over many things
    takes them all and leaves what lies between. The cells it would take are shown before.
    """

    tool = Tool.SUPERPIXEL

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._kept: OrderedDict[tuple[int, int], Cells] = OrderedDict()
        self._waiting: list[Region] = []
        self._closing = False
        self._erase = False
        self._last: Point = (0.0, 0.0)
        self._preview: Preview | None = None
        self._turn = USUAL
        self._shows_alike = False
        self._alike: tuple[object, Region] | None = None
        self._first: tuple[int, int] | None = None
        self._window = EMPTY
        self._seeking: tuple[Cells, Rect] | None = None

    @property
    def busy(self) -> bool:
        return self.dragging or self._closing

    @property
    def look(self) -> Look:
        return Look(self._diameter, erases=self._erase and self.dragging)

    @property
    def preview(self) -> Preview | None:
        if not self.dragging and self.bench.held(SHIFT) != self._shows_alike:
            self.hover()  # the key has gone down or up since
        return self._preview

    def hover(self) -> None:
        point, cells = self.bench.pointed(), self._cells()
        self._shows_alike = self.bench.held(SHIFT)
        if point is None or cells is None:
            self._preview = None
            return
        pixel = self.bench.pixel(point)
        if self._shows_alike and pixel is not None and not self.busy:
            self._window = self._sought(pixel)
            if self._seek_alike(cells, pixel):
                return
        rect, where = self._footprint(point, point)
        if not rect.empty and cells.ready(rect):
            self._show(cells, rect, where)
        else:
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
        self._first = self.bench.pixel(self._last) if contact.modifiers & SHIFT else None
        if self._first is not None:
            self._window = self._sought(self._first)
        self.bench.session.begin_stroke(self._last, value, tool_name(self.tool, erase=erase))
        self._cover(self._last)

    def look_elsewhere(self) -> None:
        self._last = self.bench.pointed() or self._last

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
        self._first = None
        if was:
            self.bench.session.abort_stroke()
        return was

    def drop(self) -> None:
        super().drop()
        self.bench.session.runner.cancel(KEY)
        self.bench.session.runner.cancel(ALIKE_KEY)
        self._waiting.clear()
        self._closing = False
        self._preview = self._alike = self._first = self._seeking = None
        self._kept.clear()

    def wants_wheel(self, modifiers: Qt.KeyboardModifier) -> bool:
        return bool(modifiers & (Qt.KeyboardModifier.ControlModifier | SHIFT)) or self.dragging

    def wheel(self, steps: int) -> None:
        """Never so little that nothing changes. With Shift: what counts as alike."""
        if self._first is not None if self.busy else self.bench.held(SHIFT):
            self._turn = max(0, min(len(ALIKE) - 1, self._turn + steps))
            cells = self._cells()
            if self._first is None or cells is None:
                self.hover()
            else:
                self._seek_alike(cells, self._first)
            return
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
        if not self._waiting and self._known(cells, rect):
            self._paint(cells, self._show(cells, rect, where))
        else:
            self._waiting.append((rect, where))
            self._prepare(cells, rect)

    def _known(self, cells: Cells, rect: Rect) -> bool:
        """What is painted by a footprint can be told."""
        if self._first is not None and not self._seek_alike(cells, self._first):
            return False
        return cells.ready(rect)

    def _paint_waiting(self) -> None:
        """In their order, as far as the cells are known."""
        cells = self._cells()
        while self._waiting and cells is not None and self._known(cells, self._waiting[0][0]):
            self._paint(cells, cells.covered(*self._waiting.pop(0)))

    def _paint(self, cells: Cells, region: Region) -> None:
        rect, where = region
        if self._first is not None and self._alike is not None:
            held, alike = self._alike[1]
            rect = rect.intersection(held)
            where = where[rect.moved(-region[0].x0, -region[0].y0).slices]
            where = where & alike[rect.moved(-held.x0, -held.y0).slices]
        if not rect.empty:
            self.bench.session.paint(rect, where)

    def _show(self, cells: Cells, rect: Rect, where: NDArray[np.bool_]) -> Region:
        """Show the cells under a footprint, which are known."""
        region = cells.covered(rect, where)
        if self._first is not None:
            return region  # what would be painted in all stays shown
        seen = cells.size * self.bench.viewport.scale >= SEEN_FROM
        marks = cells.borders_near(rect) if seen and self.bench.state.view.superpixels else None
        old = self._preview
        same = old is not None and old.marks is marks and old.value == self._value
        if not (same and old is not None and _same(old.region, region)):
            self._preview = Preview(region=region, marks=marks, value=self._value)
        return region

    @property
    def _value(self) -> int:
        return UNLABELLED if self._erase and self.dragging else self.bench.state.active_class

    # -- cells that are like the first -----------------------------------------------------

    def _sought(self, pixel: tuple[int, int]) -> Rect:
        """The part of the view around a pixel in which cells are compared."""
        x, y = pixel
        near = Rect(x, y, x + 1, y + 1).expanded(SOUGHT)
        view = self.bench.viewport.visible.intersection(self.bench.bounds)
        return in_tiles(near.intersection(view)).intersection(self.bench.bounds)

    def _seek_alike(self, cells: Cells, pixel: tuple[int, int]) -> bool:
        """Find and show the cells like the one at a pixel; False when they are not known yet."""
        window = self._window
        x, y = pixel[0] - window.x0, pixel[1] - window.y0
        if not (0 <= x < window.width and 0 <= y < window.height):
            return False
        if cells.colors(window) is None and self._seeking != (cells, window):
            self._seeking = cells, window
            self.bench.session.runner.submit(
                ALIKE_KEY,
                partial(cells.find_colors, window),
                on_done=lambda _: self._on_colors(),
                on_error=self._on_error,
                priority=-20,
            )
        colors = cells.colors(window)
        if colors is None:
            return False
        key = (colors, colors.cell(x, y), self._turn)
        if self._alike is None or self._alike[0] != key:
            self._alike = key, (window, colors.unlikeness(x, y) <= ALIKE[self._turn])
        region = self._alike[1]
        old = self._preview
        if old is None or old.region is not region or old.value != self._value:
            self._preview = Preview(region=region, value=self._value)
        return True

    def _on_colors(self) -> None:
        self._seeking = None
        self._on_found()

    # -- finding cells ---------------------------------------------------------------------

    def _prepare(self, cells: Cells, rect: Rect) -> None:
        """Find the cells under the brush and a little around it, where they are not known yet."""
        area = cells.missing(rect, self.bench.viewport.visible.intersection(self.bench.bounds))
        if not area.empty:
            for other in self._kept.values():
                if other is not cells:
                    other.forget_asked()
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
        self._seeking = None
        self._kept.clear()
        self.bench.session.failed.emit(error)

    def _end_now(self) -> None:
        self._waiting.clear()
        self._closing = False
        self._first = None
        self.bench.session.end_stroke()


def _same(a: Region | None, b: Region) -> bool:
    """The pointer has moved within the same cells: nothing needs to be drawn anew."""
    return a is not None and a[0] == b[0] and bool((a[1] == b[1]).all())
