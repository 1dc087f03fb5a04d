"""Superpixels of one image and size: what is known of them, and what is to be found next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from unet_gui.core.geometry import EMPTY, Rect

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np
    from numpy.typing import NDArray

    from unet_gui.core.progress import Progress
    from unet_gui.dataset.image_source import ImageSource
    from unet_gui.gui.canvas.tools.base import Region
    from unet_gui.regions.cell_colors import CellColors
    from unet_gui.regions.superpixels import Superpixels

TILE: Final = 256
"""Borders are shown in squares of this side around the brush."""

AHEAD: Final = 160
"""Pixels around the brush within which cells are found before they are needed."""


class Cells:
    """Finds superpixels in any thread and tells which are there.

    Args:
        source: the image.
        size: side of a cell in image pixels.
    """

    def __init__(self, source: ImageSource, size: int) -> None:
        self.size = size
        self._bounds = Rect.of_shape(source.shape)
        self._source = source
        self._superpixels: Superpixels | None = None
        self._asked = EMPTY
        self._borders: tuple[Rect, Region] | None = None
        self._colors: tuple[Rect, CellColors] | None = None

    def ready(self, rect: Rect) -> bool:
        """Every cell under `rect` is known."""
        return self._superpixels is not None and self._superpixels.ready(rect)

    def covered(self, rect: Rect, where: NDArray[np.bool_]) -> Region:
        """The whole cells that any of these pixels lie in."""
        return self._found().covered(rect, where)

    def borders_near(self, rect: Rect) -> Region | None:
        """Borders between cells around, as far as known; one object for one place."""
        for around in (rect.expanded(TILE // 2), rect):
            area = in_tiles(around).intersection(self._bounds)
            if self._borders is not None and self._borders[0] == area:
                return self._borders[1]
            if self.ready(area):
                self._borders = area, (area, self._found().borders(area))
                return self._borders[1]
        return None

    def missing(self, rect: Rect, view: Rect) -> Rect:
        """What is to be found now around `rect`; empty when it is there, or asked for already.

        That is also what borders are shown in: of large cells more than lies ahead of the brush.
        """
        shown = in_tiles(rect).intersection(self._bounds)
        if self.ready(shown) or self._asked.contains(shown):
            return EMPTY
        # Ahead of the brush only where it is seen.
        ahead = rect.expanded(AHEAD).intersection(view)
        self._asked = shown if ahead.empty else shown.union(ahead)
        return self._asked

    def forget_asked(self) -> None:
        """Another search has taken the place of the one asked for."""
        self._asked = EMPTY

    def find(self, area: Rect) -> Generator[Progress, None, None]:
        """Find the cells in an area. For the background."""
        try:
            yield from self._found().prepare(area)
        finally:
            if self._asked == area:
                self._asked = EMPTY

    def colors(self, window: Rect) -> CellColors | None:
        """Of the cells in a window, if they are known."""
        return self._colors[1] if self._colors is not None and self._colors[0] == window else None

    def find_colors(self, window: Rect) -> Generator[Progress, None, None]:
        """Find the cells of a window and their colours. For the background."""
        from unet_gui.regions.cell_colors import CellColors

        yield from self._found().prepare(window)
        names = self._found().names(window)
        self._colors = window, CellColors(self._source.read(window), names)

    def _found(self) -> Superpixels:
        from unet_gui.regions.superpixels import Superpixels

        if self._superpixels is None:
            self._superpixels = Superpixels(self._source.read, self._bounds, self.size)
        return self._superpixels


def in_tiles(rect: Rect) -> Rect:
    """The whole squares of the grid that a rectangle touches."""
    return Rect(
        rect.x0 // TILE * TILE,
        rect.y0 // TILE * TILE,
        -(-rect.x1 // TILE) * TILE,
        -(-rect.y1 // TILE) * TILE,
    )
