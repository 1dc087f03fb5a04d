"""Magic wand: press on a colour, drag to take more or less of what is like it, let go to paint."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from unet_gui.core.errors import UnetGuiError
from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.progress import Progress
from unet_gui.gui.canvas.tools.base import CanvasTool, Contact, Look, Preview, tool_name, tr
from unet_gui.gui.canvas.tools.window import Window, cropped, enlarged, on_image, window_around
from unet_gui.gui.state import Tool

if TYPE_CHECKING:
    from collections.abc import Generator

    from PySide6.QtCore import QPointF

    from unet_gui.dataset.image_source import ImageSource
    from unet_gui.gui.canvas.tools.base import Bench, Region
    from unet_gui.regions.wand import ColorWand

LIVE: Final = 1_000_000
"""Pixels that are looked at anew with each step of the drag; larger views use a coarser level."""

EXACT: Final = 64_000_000
"""Pixels up to which a region found in a coarser level is found again in the image itself."""

PER_STEP: Final = 2.0
"""Logical pixels of drag to a step of tolerance."""

MAX_TOLERANCE: Final = 255
KEY: Final = "wand"


class WandTool(CanvasTool):
    """Sees what is in view; the tolerance is kept for the next time."""

    tool = Tool.WAND

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._wand: ColorWand | None = None
        self._window = Window(EMPTY, 0)
        self._seed = (0, 0)
        self._from: QPointF | None = None
        self._base = self._tolerance = 0
        self._erase = False
        self._preview: Preview | None = None
        self._searching = False

    @property
    def busy(self) -> bool:
        return self.dragging or self._searching or self.bench.writing

    @property
    def look(self) -> Look:
        return Look(erases=self._erase and self.dragging)

    @property
    def preview(self) -> Preview | None:
        return self._preview

    def press(self, contact: Contact, *, erase: bool) -> None:
        from unet_gui.regions.wand import ColorWand

        bench = self.bench
        pixel, source = bench.pixel(bench.point(contact)), bench.session.source
        value = bench.value(erase=erase)
        if pixel is None or source is None or value is None or not bench.done_writing():
            return
        self.abort()
        self._window = window = window_around(source, bench.viewport.visible, pixel, LIVE)
        try:
            image = source.read(window.rect, window.level)
        except UnetGuiError as error:
            bench.session.failed.emit(error)
            return
        self._seed = pixel
        self._wand = ColorWand(image, window.inside(pixel))
        self._from, self._erase, self.dragging = contact.at, erase, True
        self._base = self._tolerance = bench.options.tolerance
        self._find()

    def move(self, contact: Contact) -> None:
        if self._from is None:
            return
        way = contact.at - self._from
        steps = round((way.x() - way.y()) / PER_STEP)
        tolerance = max(0, min(MAX_TOLERANCE, self._base + steps))
        if tolerance != self._tolerance:
            self._tolerance = tolerance
            self._find()

    def finish(self) -> None:
        if not self.dragging:
            return
        super().finish()
        self.bench.state.set_options(tolerance=self._tolerance)
        assert self._preview is not None
        assert self._preview.region is not None
        region, level, self._wand = self._preview.region, self._window.level, None
        box = on_image(region[0], level).intersection(self.bench.bounds)
        if level == 0 or box.width * box.height > EXACT:
            self._preview = None
            self._paint(enlarged(region, level, self.bench.bounds))
            return
        self._find_exactly(box.expanded(2 << level).intersection(self.bench.bounds))

    def abort(self) -> bool:
        was = self.busy
        self.bench.stop_writing()
        if self._searching:
            self.bench.session.runner.cancel(KEY)
            self.bench.session.long_work.end()
        self.dragging = self._searching = False
        self._wand = self._preview = self._from = None
        return was

    def drop(self) -> None:
        self.abort()

    def _find(self) -> None:
        assert self._wand is not None
        where = self._wand.region(self._tolerance, connected=self.bench.options.connected)
        value = 255 if self._erase else self.bench.state.active_class
        region = cropped(self._window.rect, where)
        self._preview = Preview(region=region, level=self._window.level, value=value)

    def _find_exactly(self, box: Rect) -> None:
        """The same in the pixels of the image, in the background: the coarse region says where."""
        bench = self.bench
        source, document = bench.session.source, bench.document
        assert source is not None
        assert document is not None
        self._searching = True
        bench.session.long_work.begin(tool_name(self.tool, erase=self._erase), self.abort)
        connected = bench.options.connected
        bench.session.runner.submit(
            KEY,
            partial(_exact, source, box, self._seed, self._tolerance, connected=connected),
            on_item=bench.session.long_work.progressed.emit,
            on_done=partial(self._paint_exact, document.revision),
            on_error=self._failed,
            priority=-20,
        )

    def _failed(self, error: UnetGuiError) -> None:
        self.abort()
        self.bench.session.failed.emit(error)

    def _paint_exact(self, revision: int, region: Region | None) -> None:
        self._searching, self._preview = False, None
        self.bench.session.long_work.end()
        document = self.bench.document
        if region is not None and document is not None:
            if document.revision == revision:
                self._paint(region)
            else:
                said = tr("The mask has changed meanwhile. Click again.")
                self.bench.session.noticed.emit(said)
        self.bench.changed()

    def _paint(self, region: Region) -> None:
        value = self.bench.value(erase=self._erase)
        if value is not None:
            self.bench.apply_aside(tool_name(self.tool, erase=self._erase), region, value)


def _exact(
    source: ImageSource, box: Rect, seed: tuple[int, int], tolerance: int, *, connected: bool
) -> Generator[Any, None, Region]:
    from unet_gui.regions.wand import ColorWand

    yield Progress(0, 3)
    image = source.read(box)
    yield Progress(1, 3)
    wand = ColorWand(image, (seed[0] - box.x0, seed[1] - box.y0))
    yield Progress(2, 3)
    return cropped(box, wand.region(tolerance, connected=connected))
