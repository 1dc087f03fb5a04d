"""Tools that take the whole region under the pointer: it is found in the background and shown."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.gui.canvas.tools.base import CanvasTool, Preview, Region, tool_name, tr

if TYPE_CHECKING:
    from unet_gui.core.brush import Point
    from unet_gui.core.errors import UnetGuiError
    from unet_gui.gui.canvas.tools.base import Bench

Read = Callable[[Rect], NDArray[np.uint8]]
"""Values of the pixels in a rectangle; from any thread."""

AT_ONCE: Final = 1_000_000
"""Pixels of an image up to which a click finds its region on the spot."""

SHOWN: Final = 4_000_000
"""Pixels in view up to which the region is shown before the click."""

HOVER_KEY: Final = "region under the pointer"
CLICK_KEY: Final = "region clicked"


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A region and what it was found in.

    Attributes:
        preview: made once, so that its picture is.
        stamp: equal as long as the same would be found.
        whole: it does not end at the border of the view.
    """

    preview: Preview
    stamp: object
    whole: bool

    def contains(self, x: int, y: int) -> bool:
        assert self.preview.region is not None
        rect, where = self.preview.region
        inside = rect.x0 <= x < rect.x1 and rect.y0 <= y < rect.y1
        return inside and bool(where[y - rect.y0, x - rect.x0])


class PointedTool(CanvasTool):
    """Subclasses say in which values pixels hang together, and what is done with a region."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._found: Found | None = None
        self._searching = False

    @property
    def busy(self) -> bool:
        return self.dragging or self._searching or self.bench.writing

    @property
    def preview(self) -> Preview | None:
        found = self._current()
        return found.preview if found is not None else None

    def stamp(self) -> object | None:
        """Changes when the values do; None when there are none to read."""
        raise NotImplementedError

    def reader(self) -> Read:
        """How to read values, as they are now; not asked for when there is no stamp."""
        raise NotImplementedError

    def value_at(self, x: int, y: int) -> int | None:
        """The value whose region is looked for; None when there is nothing to take here."""
        raise NotImplementedError

    def use(self, region: Region, *, erase: bool) -> None:
        """The person has clicked on it."""
        raise NotImplementedError

    def shown_value(self) -> int:
        """The class whose colour the preview has."""
        raise NotImplementedError

    def hover(self) -> None:
        pixel, stamp = self._pointed_pixel(), self.stamp()
        runner = self.bench.session.runner
        if pixel is None or stamp is None or self.value_at(*pixel) is None:
            self._found = None
            runner.cancel(HOVER_KEY)
            return
        if self._current() is not None:
            return
        self._found = None
        view = self.bench.viewport.visible.intersection(self.bench.bounds)
        if view.width * view.height > SHOWN or not _inside(view, *pixel):
            return
        runner.submit(
            HOVER_KEY,
            partial(_find, self.reader(), view, pixel),
            on_done=partial(self._show, view, stamp),
            priority=-5,
        )

    def take(self, point: Point, *, erase: bool) -> None:
        """Use the region at a point, now if it is known or the image is small."""
        pixel, stamp = self.bench.pixel(point), self.stamp()
        if pixel is None or not self.bench.done_writing():
            return
        if stamp is None or self.value_at(*pixel) is None:
            self.nothing_here()
            return
        found = self._current()
        if found is not None and found.whole and found.contains(*pixel):
            assert found.preview.region is not None
            self.use(found.preview.region, erase=erase)
            return
        bounds = self.bench.bounds
        job = partial(_find, self.reader(), bounds, pixel)
        if bounds.width * bounds.height <= AT_ONCE:
            self.use(drain(job()), erase=erase)
            return
        self._searching = True
        work = self.bench.session.long_work
        work.begin(tool_name(self.tool, erase=erase), self.abort)
        self.bench.session.runner.submit(
            CLICK_KEY,
            job,
            on_item=work.progressed.emit,
            on_done=partial(self._take_found, stamp, erase),
            on_error=self._on_error,
            priority=-20,
        )

    def nothing_here(self) -> None:
        """Say why a click does nothing."""

    def abort(self) -> bool:
        was = self.busy
        self.bench.stop_writing()
        if self._searching:
            self.bench.session.runner.cancel(CLICK_KEY)
            self.bench.session.long_work.end()
        self.dragging = self._searching = False
        return was

    def drop(self) -> None:
        self.abort()
        self._found = None
        self.bench.session.runner.cancel(HOVER_KEY)

    def _pointed_pixel(self) -> tuple[int, int] | None:
        point = self.bench.pointed()
        return None if point is None else self.bench.pixel(point)

    def _current(self) -> Found | None:
        """What was found, if it is still there and under the pointer."""
        found, pixel = self._found, self._pointed_pixel()
        if found is None or pixel is None or not found.contains(*pixel):
            return None
        return found if found.stamp == self.stamp() else None

    def _show(self, view: Rect, stamp: object, region: Region | None) -> None:
        if region is None or region[0].empty:
            return
        whole = _inner(view, self.bench.bounds).contains(region[0])
        self._found = Found(Preview(region=region, value=self.shown_value()), stamp, whole)
        self.bench.changed()

    def _on_error(self, error: UnetGuiError) -> None:
        self.abort()
        self.bench.session.failed.emit(error)

    def _take_found(self, stamp: object, erase: bool, region: Region | None) -> None:
        self._searching = False
        self.bench.session.long_work.end()
        if region is None:
            return
        if self.stamp() != stamp:
            self.bench.session.noticed.emit(tr("The mask has changed meanwhile. Click again."))
            return
        self.use(region, erase=erase)


def _find(read: Read, bounds: Rect, pixel: tuple[int, int]) -> Generator[Any, None, Region]:
    from unet_gui.regions.components import region_job

    return (yield from region_job(read, bounds, *pixel))


def _inside(rect: Rect, x: int, y: int) -> bool:
    return rect.x0 <= x < rect.x1 and rect.y0 <= y < rect.y1


def _inner(view: Rect, bounds: Rect) -> Rect:
    """What a region must stay in not to reach over the border of the view."""
    return Rect(
        view.x0 + (view.x0 > bounds.x0),
        view.y0 + (view.y0 > bounds.y0),
        view.x1 - (view.x1 < bounds.x1),
        view.y1 - (view.y1 < bounds.y1),
    )
