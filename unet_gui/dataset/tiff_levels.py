"""The levels that a TIFF holds of its first image, read block by block through a cache."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.core.geometry import Rect
from unet_gui.dataset.channel_view import render, row_limits
from unet_gui.dataset.channels import is_plain, limits_of
from unet_gui.dataset.levels import level_shape
from unet_gui.dataset.tiff_blocks import NotInPiecesError, PageBlocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from unet_gui.core.document import RgbImage
    from unet_gui.dataset.channel_view import Channel
    from unet_gui.dataset.channels import Limits
    from unet_gui.dataset.tiff_blocks import File

CACHE_BYTES: Final = 128 << 20
LIMIT_PIXELS: Final = 1 << 24
"""Brightness limits are taken from a whole level of at most this many pixels, or from a sample."""

_SAMPLED_BLOCKS: Final = 64
_MANY: Final = 4


class BlockCache:
    """The blocks used last, within a number of bytes; for any thread."""

    def __init__(self, budget: int = CACHE_BYTES) -> None:
        self._budget = budget
        self._blocks: OrderedDict[tuple[int, int, int], RgbImage] = OrderedDict()
        self._lock = threading.Lock()
        self.nbytes = 0

    def get(self, key: tuple[int, int, int]) -> RgbImage | None:
        with self._lock:
            block = self._blocks.get(key)
            if block is not None:
                self._blocks.move_to_end(key)
            return block

    def put(self, key: tuple[int, int, int], block: RgbImage) -> None:
        with self._lock:
            if key in self._blocks:
                return
            self._blocks[key] = block
            self.nbytes += block.nbytes
            while self.nbytes > self._budget and len(self._blocks) > 1:
                self.nbytes -= self._blocks.popitem(last=False)[1].nbytes

    def clear(self) -> None:
        with self._lock:
            self._blocks.clear()
            self.nbytes = 0


class FileLevel:
    """One level as the file holds it: a page, or a page for each channel.

    Attributes:
        level: Which level it is: 2 is a quarter as wide and high as the image.
        shape: (height, width) in the file; some programs round down, so a pixel or two may lack.
    """

    def __init__(
        self, file: File, pages: list[Any], level: int, row: tuple[Channel, ...] | None = None
    ) -> None:
        """Look at the pages without decoding any.

        Raises:
            NotInPiecesError: they are compressed in pieces too large.
        """
        self.level = level
        self._row = row
        few = pages[:3] if row is None else pages
        self._pages = [PageBlocks(file, page, every=row is not None) for page in few]
        first = self._pages[0]
        self.shape, self.block, self.grid = first.shape, first.block, first.grid
        if any((p.shape, p.block) != (first.shape, first.block) for p in self._pages):
            raise NotInPiecesError("its channels are laid out differently")
        self.plain = row is None and is_plain(first.dtype)

    def raw(self, row: int, column: int) -> NDArray[Any]:
        """A block as h×w×C, values as they are."""
        planes = [page.read(row, column) for page in self._pages]
        return planes[0] if len(planes) == 1 else np.concatenate(planes, axis=2)

    def read(self, rect: Rect, blocks: BlockCache, limits: Limits | None) -> RgbImage:
        """Pixels as RGB; where the file has none, because its level is a bit small, the nearest."""
        height, width = self.shape
        inside = Rect(
            min(rect.x0, width - 1),
            min(rect.y0, height - 1),
            max(min(rect.x1, width), min(rect.x0, width - 1) + 1),
            max(min(rect.y1, height), min(rect.y0, height - 1) + 1),
        )
        out = np.empty((inside.height, inside.width, 3), np.uint8)
        rows, columns = self.block
        touched = [
            (row, column)
            for row in range(inside.y0 // rows, (inside.y1 - 1) // rows + 1)
            for column in range(inside.x0 // columns, (inside.x1 - 1) // columns + 1)
        ]

        def copy(place: tuple[int, int]) -> None:
            block = self._rgb(*place, blocks, limits)
            x, y = place[1] * columns, place[0] * rows
            area = Rect(x, y, x + columns, y + rows).intersection(inside)
            target = out[area.moved(-inside.x0, -inside.y0).slices]
            target[...] = block[area.moved(-x, -y).slices]

        _for_each(touched, copy)
        lacking = (rect.height - inside.height, rect.width - inside.width)
        if any(lacking):
            out = np.pad(out, ((0, lacking[0]), (0, lacking[1]), (0, 0)), mode="edge")
        return out

    def limits(self) -> Limits | None:
        """Brightness limits of the level: of all of it, or of blocks spread over it when large."""
        if self.plain:
            return None
        pixels = self.sample()
        return limits_of(pixels) if self._row is None else row_limits(pixels, self._row)

    def sample(self) -> NDArray[Any]:
        """Pixels of the level as N×1×C in their own values, of all of it or of some blocks."""
        places = [(r, c) for r in range(self.grid[0]) for c in range(self.grid[1])]
        if self.shape[0] * self.shape[1] > LIMIT_PIXELS:
            step = max(1, len(places) // _SAMPLED_BLOCKS)
            places = places[step // 2 :: step]
        # As one column of pixels: their places do not matter, and blocks at edges are smaller.
        blocks = [self.raw(*place) for place in places]
        return np.concatenate([b.reshape(-1, 1, b.shape[2]) for b in blocks])

    def _rgb(self, row: int, column: int, blocks: BlockCache, limits: Limits | None) -> RgbImage:
        key = (self.level, row, column)
        block = blocks.get(key)
        if block is None:
            block = render(self.raw(row, column), self._row, limits)
            blocks.put(key, block)
        return block


def _for_each(places: list[tuple[int, int]], do: Callable[[tuple[int, int]], None]) -> None:
    """Do something with each block, several at a time: decoders let other threads run."""
    if len(places) < _MANY:
        for place in places:
            do(place)
    else:
        for _ in _pool().map(do, places):
            pass


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(min(4, os.cpu_count() or 1), "tiff")


def file_levels(
    file: File, pyramid: list[list[Any]], row: tuple[Channel, ...] | None = None
) -> list[FileLevel]:
    """The levels among the pages of a pyramid, finest first; their channels shown as `row` says.

    Copies that are no level (a third of the size, a label or overview of another shape) and those
    that cannot be read in pieces are left out.

    Raises:
        NotInPiecesError: the full resolution cannot be read in pieces.
    """
    full = FileLevel(file, pyramid[0], 0, row)
    found = {0: full}
    for pages in pyramid[1:]:
        key = pages[0].keyframe
        level = _level_of((int(key.imagelength), int(key.imagewidth)), full.shape)
        if level is None or level in found:
            continue
        try:
            found[level] = FileLevel(file, pages, level, row)
        except NotInPiecesError:
            continue
    return [found[level] for level in sorted(found)]


def _level_of(shape: tuple[int, int], full: tuple[int, int]) -> int | None:
    level = round(np.log2(max(full) / max(1, *shape)))
    if level < 1 or min(shape) < 1:
        return None
    ideal = level_shape(full, level)
    # Programs that round down at each step lose a little more of each level.
    close = all(abs(a - b) <= 2 for a, b in zip(shape, ideal, strict=True))
    return level if close else None
