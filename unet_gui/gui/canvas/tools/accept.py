"""Accepting parts of the proposal: one region by a click, whatever a lasso encloses by a drag."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.fill import polygon_footprint
from unet_gui.core.geometry import Rect
from unet_gui.gui.canvas.tools.base import Contact, Preview, Region, tr
from unet_gui.gui.canvas.tools.outlines import APART
from unet_gui.gui.canvas.tools.pointed import PointedTool, Read
from unet_gui.gui.state import Tool

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.core.brush import Point
    from unet_gui.gui.canvas.tools.base import Bench
    from unet_gui.gui.documents import Ghost
    from unet_gui.gui.state import ToolOptions

CLICK: Final = 4.0
"""Logical pixels that the pointer may move during a click."""


class AcceptTool(PointedTool):
    """Honours the options: only from a confidence on, only one class."""

    tool = Tool.ACCEPT

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.points: list[Point] = []

    @property
    def preview(self) -> Preview | None:
        if len(self.points) > 1:
            return Preview(line=self.points, closed=True)
        return super().preview

    def press(self, contact: Contact, *, erase: bool) -> None:
        if not erase:
            self.points, self.dragging = [self.bench.point(contact)], True

    def move(self, contact: Contact) -> None:
        point = self.bench.point(contact)
        if self.points and self.bench.apart(self.points[-1], point) >= APART:
            self.points.append(point)

    def finish(self) -> None:
        if not self.dragging:
            return
        self.dragging = False
        points, self.points = self.points, []
        if max(self.bench.apart(points[0], point) for point in points) <= CLICK:
            self.take(points[0], erase=False)
        elif len(points) < 3 or not self._accept(polygon_footprint(points, self.bench.bounds)):
            said = tr("There is nothing to accept inside this outline.")
            self.bench.session.noticed.emit(said)

    def abort(self) -> bool:
        self.points = []
        return super().abort()

    def stamp(self) -> object | None:
        document, ghost = self.bench.document, self.bench.session.ghost
        if document is None or ghost is None or ghost.mask.shape != document.shape:
            return None
        options = self.bench.options
        return (
            *(id(document), document.revision, id(ghost)),
            *(options.accept_above, options.accept_only),
        )

    def reader(self) -> Read:
        document, ghost = self.bench.document, self.bench.session.ghost
        assert document is not None
        assert ghost is not None
        return partial(_acceptable, document.snapshot().read, ghost, self.bench.options)

    def value_at(self, x: int, y: int) -> int | None:
        document, ghost = self.bench.document, self.bench.session.ghost
        if document is None or ghost is None or ghost.mask.shape != document.shape:
            return None
        pixel = Rect(x, y, x + 1, y + 1)
        value = int(_acceptable(document.read, ghost, self.bench.options, pixel)[0, 0])
        return None if value == UNLABELLED else value

    def shown_value(self) -> int:
        pixel = self._pointed_pixel()
        value = None if pixel is None else self.value_at(*pixel)
        return UNLABELLED if value is None else value

    def use(self, region: Region, *, erase: bool) -> None:
        self._accept(region)

    def nothing_here(self) -> None:
        self.bench.session.noticed.emit(tr("There is nothing to accept here."))

    def _accept(self, region: Region) -> int:
        options = self.bench.options
        return self.bench.session.accept(
            region, above=options.accept_above, only=options.accept_only
        )


def _acceptable(read: Read, ghost: Ghost, options: ToolOptions, rect: Rect) -> NDArray[np.uint8]:
    """Classes that are proposed, wanted and not decided on; 255 elsewhere."""
    proposed = ghost.mask[rect.slices]
    wanted = read(rect) == UNLABELLED
    if options.accept_above > 0:
        wanted &= ghost.confidence[rect.slices] >= options.accept_above * 255
    if options.accept_only is not None:
        wanted &= proposed == options.accept_only
    return np.where(wanted, proposed, np.uint8(UNLABELLED))
