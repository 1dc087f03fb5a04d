"""Superpixels of an image of any size: small cells that follow edges, found where needed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.progress import Progress
from unet_gui.regions.colors import lab
from unet_gui.regions.components import cropped
from unet_gui.regions.slic import slic_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from numpy.typing import NDArray

    Block = tuple[int, int]

BLOCK: Final = 384
"""About the side of what is found at a time, in pixels."""

ROUNDS: Final = 5
"""Of assigning and averaging: half of what Achanta et al. take, by eye no different."""

FAINT: Final = 12.0
"""Spread of lightness and colour, in CIE Lab, below which weaker edges have to count as much."""

SAMPLES: Final = 4
SAMPLE: Final = 64
"""So many squares, each way, of so many pixels tell how much contrast an image has."""

KEPT: Final = 64 << 20
"""Bytes of cells that are remembered."""


class Superpixels:
    """SLIC cells (Achanta et al., IEEE TPAMI 34(11), 2012), found block by block.

    Cells are named by the place of their seed in one grid over the whole image. A block is
    computed with the seeds and pixels around it and keeps its own pixels only, so every pixel has
    one name wherever it is asked from, and cells go on over the borders of blocks. May be used from
    any thread.

    Args:
        read: gives H×W×3 uint8 pixels of a rectangle inside `bounds`.
        bounds: the whole image.
        size: side of a cell in pixels, 2 or more.
        compactness: higher makes squarer cells, lower follows weaker edges. Images with little
            contrast get less of it, so that cells keep to dim things as well.
    """

    def __init__(
        self,
        read: Callable[[Rect], NDArray[np.uint8]],
        bounds: Rect,
        size: int,
        compactness: float = 10.0,
    ) -> None:
        self._read = read
        self._bounds = bounds
        self.size = size = max(2, int(size))
        self._compactness = compactness
        self._contrast: float | None = None
        self._margin = 2 * size
        self._block = size * max(4, round(BLOCK / size))
        self._columns = -(-bounds.width // size) + 8
        self._blocks: OrderedDict[Block, NDArray[np.int64]] = OrderedDict()
        self._keep = max(16, KEPT // (self._block * self._block * 8))
        self._lock = threading.Lock()

    def covered(self, rect: Rect, where: NDArray[np.bool_]) -> tuple[Rect, NDArray[np.bool_]]:
        """The whole cells that any pixel of a footprint lies in.

        Args:
            rect: may reach outside the image.
            where: bool array of its shape.

        Returns:
            The smallest rectangle around the cells, inside the image, and a bool array.
        """
        part = rect.intersection(self._bounds)
        if part.empty:
            return EMPTY, np.zeros((0, 0), np.bool_)
        marked = where[part.moved(-rect.x0, -rect.y0).slices]
        wanted = np.unique(self.names(part)[marked])
        if not len(wanted):
            return EMPTY, np.zeros((0, 0), np.bool_)
        window = part
        while True:
            window = window.expanded(2 * self.size).intersection(self._bounds)
            inside = np.isin(self.names(window), wanted)
            box, found = cropped(window, inside)
            if box.expanded(1).intersection(self._bounds).union(window) == window:
                return box, found

    def borders(self, rect: Rect) -> NDArray[np.bool_]:
        """Pixels whose right or lower neighbour belongs to another cell, for drawing.

        Args:
            rect: inside the image.

        Returns:
            bool array of its shape.
        """
        names = self.names(rect)
        edge = np.zeros(names.shape, np.bool_)
        edge[:, :-1] = names[:, :-1] != names[:, 1:]
        edge[:-1] |= names[:-1] != names[1:]
        return edge

    def cell_at(self, x: int, y: int) -> tuple[Rect, NDArray[np.bool_]]:
        """The cell of one pixel; empty outside the image."""
        return self.covered(Rect(x, y, x + 1, y + 1), np.ones((1, 1), np.bool_))

    def ready(self, rect: Rect) -> bool:
        """Whether the cells under `rect` can be told at once."""
        with self._lock:
            return all(block in self._blocks for block in self._touched(rect))

    def prepare(self, rect: Rect) -> Generator[Progress, None, None]:
        """Find what is missing for `covered(rect, …)`. For the background; yields after blocks.

        From the middle outwards: where the pointer is, cells are there first.
        """
        with self._lock:
            missing = [b for b in self._touched(rect) if b not in self._blocks]
        y, x = (
            (a + b) / 2 / self._block - 0.5 for a, b in ((rect.y0, rect.y1), (rect.x0, rect.x1))
        )
        missing.sort(key=lambda block: (block[0] - y) ** 2 + (block[1] - x) ** 2)
        for done, block in enumerate(missing):
            yield Progress(done, len(missing))
            self._get(block)

    def names(self, rect: Rect) -> NDArray[np.int64]:
        """The cell of every pixel: int64 array of the rectangle's shape, which must be inside."""
        out = np.empty((rect.height, rect.width), np.int64)
        for row, column in rect.tiles(self._block):
            area = self._area((row, column))
            part = area.intersection(rect)
            cells = self._get((row, column))[part.moved(-area.x0, -area.y0).slices]
            out[part.moved(-rect.x0, -rect.y0).slices] = cells
        return out

    def _touched(self, rect: Rect) -> list[Block]:
        around = rect.expanded(2 * self.size).intersection(self._bounds)
        return list(around.tiles(self._block))

    def _area(self, block: Block) -> Rect:
        side = self._block
        y, x = block[0] * side, block[1] * side
        return Rect(x, y, x + side, y + side).intersection(self._bounds)

    def _get(self, block: Block) -> NDArray[np.int64]:
        with self._lock:
            if (cells := self._blocks.get(block)) is not None:
                self._blocks.move_to_end(block)
                return cells
        # Outside the lock: two threads may find the same block, and find the same.
        cells = self._find(block)
        with self._lock:
            self._blocks[block] = cells
            while len(self._blocks) > self._keep:
                self._blocks.popitem(last=False)
        return cells

    def _find(self, block: Block) -> NDArray[np.int64]:
        side, size, margin = self._block, self.size, self._margin
        x0, y0 = block[1] * side - margin, block[0] * side - margin
        around = Rect(x0, y0, x0 + side + 2 * margin, y0 + side + 2 * margin)
        seen = around.intersection(self._bounds)
        pixels = np.pad(
            self._read(seen),
            ((seen.y0 - y0, around.y1 - seen.y1), (seen.x0 - x0, around.x1 - seen.x1), (0, 0)),
            mode="edge",
        )
        local = slic_cells(pixels, size, self._compactness * self._strength(), ROUNDS)
        across = around.width // size
        row, column = np.divmod(local.astype(np.int64), across)
        names = (row + (y0 // size + 4)) * self._columns + (column + (x0 // size + 4))
        area = self._area(block)
        return np.ascontiguousarray(names[area.moved(-x0, -y0).slices])

    def _strength(self) -> float:
        """0.1 to 1 by the contrast of the image, the same for all blocks."""
        if self._contrast is None:
            width, height = self._bounds.width, self._bounds.height
            side = min(SAMPLE, width, height)
            spots = [
                Rect(x, y, x + side, y + side)
                for x in np.linspace(0, width - side, SAMPLES).astype(int).tolist()
                for y in np.linspace(0, height - side, SAMPLES).astype(int).tolist()
            ]
            seen = np.concatenate([self._read(spot).reshape(-1, 1, 3) for spot in spots])
            spread = float(np.sqrt(lab(seen).var(axis=(1, 2)).sum()))
            self._contrast = min(max(spread / FAINT, 0.1), 1.0)
        return self._contrast
