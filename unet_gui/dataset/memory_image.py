"""An image held in memory, with coarser levels for zoomed-out views."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.geometry import Rect
from unet_gui.core.progress import Progress
from unet_gui.dataset.levels import finer, halved, level_count, level_shape

if TYPE_CHECKING:
    from collections.abc import Generator

    from unet_gui.core.document import RgbImage

_BAND_PIXELS: Final = 1 << 22

LEAN: Final = 1 << 27
"""Images of more pixels do without level 1, a quarter of themselves: it is made where it is looked
at, which costs a third of a millisecond a tile of the screen."""


class MemoryImage:
    """An H×W×3 uint8 array and its levels.

    Once they are built they cost a third of it again, of a huge image a twelfth.

    Any thread may read while another one builds. A part of a level that is not built yet is made
    from the full resolution for the occasion, so what `read` gives never depends on the building.
    """

    resident: Final = True

    def __init__(self, array: RgbImage) -> None:
        """Take over `array`, H×W×3 uint8; nobody may write to it from now on."""
        array.flags.writeable = False
        self.array: RgbImage = array
        self.shape: tuple[int, int] = (array.shape[0], array.shape[1])
        self.levels = level_count(self.shape)
        self._first = 2 if array.shape[0] * array.shape[1] > LEAN else 1  # level that is kept
        self._coarse: list[RgbImage] = []
        self._built = 0  # rows of the full resolution that are in the coarser levels
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        return self.array.nbytes + sum(level.nbytes for level in self._coarse)

    @property
    def complete(self) -> bool:
        """Whether all levels are built."""
        return self.levels <= self._first or self._built >= self.shape[0]

    def level_shape(self, level: int) -> tuple[int, int]:
        return level_shape(self.shape, level)

    def read(self, rect: Rect, level: int = 0) -> RgbImage:
        """A copy of some pixels of a level.

        Args:
            rect: In pixels of that level, inside its bounds.
            level: 0 is the full resolution.

        Returns:
            height×width×3 uint8 of `rect`.
        """
        if level == 0:
            return self.array[rect.slices].copy()
        built = self._built if level >= self._first else 0
        ready = -(-built >> level) if built >= self.shape[0] else built >> level
        if rect.y1 <= ready:
            return self._coarse[level - self._first][rect.slices].copy()
        out = np.empty((rect.height, rect.width, 3), np.uint8)
        split = max(rect.y0, ready)
        if split > rect.y0:
            upper = Rect(rect.x0, rect.y0, rect.x1, split)
            out[: upper.height] = self._coarse[level - self._first][upper.slices]
        step = max(1, (_BAND_PIXELS >> 2 * level) // max(1, rect.width))
        for y in range(split, rect.y1, step):
            band = Rect(rect.x0, y, rect.x1, min(rect.y1, y + step))
            out[y - rect.y0 : band.y1 - rect.y0] = self._reduced(band, level)
        return out

    def build_levels(self) -> Generator[Progress, None, None]:
        """Build what is missing of the levels, a band at a time; a job for the background.

        Stopped half way, the next call goes on from there.
        """
        step = self._band_height()
        while not self.complete:
            yield Progress(self._built, self.shape[0])
            with self._lock:
                self._build_band(step)

    def close(self) -> None:
        """Nothing to let go of but memory, which goes with the object."""

    def _band_height(self) -> int:
        # A multiple of what one pixel of the coarsest level is made of.
        unit = 1 << (self.levels - 1)
        return max(1, _BAND_PIXELS // (self.shape[1] * unit)) * unit

    def _build_band(self, step: int) -> None:
        if not self._coarse:
            shapes = [self.level_shape(k) for k in range(self._first, self.levels)]
            self._coarse = [np.empty((*shape, 3), np.uint8) for shape in shapes]
        top = self._built
        if top >= self.shape[0]:
            return  # another thread was quicker
        bottom = min(self.shape[0], top + step)
        band = self.array[top:bottom]
        for k in range(1, self.levels):
            band = halved(band)
            if k >= self._first:
                self._coarse[k - self._first][top >> k : (top >> k) + len(band)] = band
        self._built = bottom

    def _reduced(self, rect: Rect, level: int) -> RgbImage:
        pixels = self.array[finer(rect, level, self.shape).slices]
        for _ in range(level):
            pixels = halved(pixels)
        return pixels
