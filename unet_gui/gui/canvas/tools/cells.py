"""Superpixels of one image and size: which parts of them are known yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.geometry import Rect

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from unet_gui.dataset.image_source import ImageSource
    from unet_gui.gui.canvas.tools.base import Region
    from unet_gui.regions.superpixels import Superpixels

TILE: Final = 256
"""Side in image pixels of what is found at a time."""

AHEAD: Final = 1
"""Tiles around the brush that are found before they are needed."""

Tile = tuple[int, int]
"""(row, column)."""


class Cells:
    """Finds superpixels tile by tile in any thread and tells which are there.

    Args:
        source: the image.
        size: side of a cell in image pixels.
    """

    def __init__(self, source: ImageSource, size: int) -> None:
        self.size = size
        self._bounds = Rect.of_shape(source.shape)
        self._source = source
        self._superpixels: Superpixels | None = None
        self._ready: set[Tile] = set()
        self._asked: frozenset[Tile] = frozenset()
        self._borders: tuple[object, Region] | None = None

    def ready(self, rect: Rect) -> bool:
        """Every cell under `rect` is known."""
        return all(tile in self._ready for tile in rect.tiles(TILE))

    def covered(self, rect: Rect, where: NDArray[np.bool_]) -> Region:
        """The whole cells that any of these pixels lie in."""
        return self._found().covered(rect, where)

    def borders_near(self, rect: Rect) -> Region | None:
        """Borders between the cells of the known tiles around; one object for one set of tiles."""
        tiles = [t for t in rect.expanded(TILE // 2).tiles(TILE) if t in self._ready]
        if not tiles:
            return None
        key = frozenset(tiles)
        if self._borders is None or self._borders[0] != key:
            area = _around(tiles).intersection(self._bounds)
            self._borders = key, (area, self._found().borders(area))
        return self._borders[1]

    def missing(self, rect: Rect, view: Rect) -> list[Tile]:
        """Tiles to be found now, those under `rect` first; none when they are asked for already."""
        needed = [t for t in rect.tiles(TILE) if t not in self._ready]
        if self._asked.issuperset(needed):
            return []
        around = rect.expanded(AHEAD * TILE).intersection(view.union(rect))
        tiles = [*needed, *(t for t in around.tiles(TILE) if t not in self._ready)]
        tiles = list(dict.fromkeys(tiles))
        self._asked = frozenset(tiles)
        return tiles

    def find(self, tiles: Sequence[Tile]) -> Generator[Tile, None, None]:
        """Find the cells of these tiles. For the background."""
        superpixels = self._found()
        for tile in tiles:
            area = _around([tile]).intersection(self._bounds)
            if not area.empty and tile not in self._ready:
                superpixels.covered(area, np.ones((area.height, area.width), np.bool_))
            self._ready.add(tile)  # even when this job is not wanted any more
            yield tile
        self._asked = frozenset()

    def _found(self) -> Superpixels:
        from unet_gui.regions.superpixels import Superpixels

        if self._superpixels is None:
            self._superpixels = Superpixels(self._source.read, self._bounds, self.size)
        return self._superpixels


def _around(tiles: Sequence[Tile]) -> Rect:
    rows, columns = [t[0] for t in tiles], [t[1] for t in tiles]
    return Rect(
        min(columns) * TILE, min(rows) * TILE, (max(columns) + 1) * TILE, (max(rows) + 1) * TILE
    )
