"""TIFF images too large for the memory: only the blocks that are looked at are read."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tifffile

from unet_gui.core.errors import ImageReadError
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import Progress
from unet_gui.dataset import tiff
from unet_gui.dataset.channel_view import default_row
from unet_gui.dataset.levels import finer, halved, level_count, level_shape
from unet_gui.dataset.overview import Overview, overview_file
from unet_gui.dataset.tiff_blocks import File, NotInPiecesError
from unet_gui.dataset.tiff_levels import BlockCache, file_levels

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.document import RgbImage
    from unet_gui.dataset.channel_view import ChannelView
    from unet_gui.dataset.tiff_levels import FileLevel

OVERVIEW_PIXELS: Final = 1 << 24
"""A file without a level this small gets an overview of at most this many pixels."""

_PIECE: Final = 2048


class TiledTiff:
    """A TIFF read on demand: tiled, in strips, with or without smaller copies of itself.

    A level that the file lacks is made from the next finer one, where it is looked at. When even
    the coarsest of the file is large, an `Overview` remembers what was made. Deep images are
    stretched between the same limits everywhere, those of the file's coarsest level.
    """

    resident: Final = False
    array: Final = None

    def __init__(
        self,
        path: Path,
        page: int | None = None,
        view: ChannelView | None = None,
        *,
        cache: Path | None = None,
    ) -> None:
        """Open a file, reading little more than its header.

        Args:
            path: The TIFF.
            page: Which of the images in it, from 0; the first when None.
            view: How its channels are shown; as they come when None.
            cache: Folder where an overview is kept for the next time; only in memory when None.

        Raises:
            NotInPiecesError: it can only be decoded whole.
            Exception: what tifffile raises on files that are damaged or missing.
        """
        self._path = path
        self._kind = ("" if page is None else f"#{page}") + (view.digest if view else "")
        tif = tifffile.TiffFile(path)
        self._file = File(tif)
        try:
            pyramid = tiff.pyramid(tif, page)
            if tiff.orientation(pyramid[0][0].keyframe) != 1:
                raise NotInPiecesError("it is stored lying on its side")
            row = None if view is None else view.of(tiff.channel_count(pyramid[0]))
            self._reader = _Reader(file_levels(self._file, pyramid, row))
        except BaseException:
            self._file.close()
            raise
        # Whoever stops looking at an image need not know whether another thread still does.
        weakref.finalize(self, self._file.close)
        self.shape: tuple[int, int] = self._reader.shape
        self.levels = level_count(self.shape)
        self._overview_level, self._overview = self._new_overview(cache)

    @property
    def nbytes(self) -> int:
        overview = self._overview.pixels.nbytes if self._overview else 0
        return self._reader.cache.nbytes + overview

    @property
    def complete(self) -> bool:
        """Whether every level can be read without looking at much of the file."""
        return self._overview is None or self._overview.complete

    def level_shape(self, level: int) -> tuple[int, int]:
        return level_shape(self.shape, level)

    def read(self, rect: Rect, level: int = 0) -> RgbImage:
        """Some pixels of a level; see `ImageSource.read`.

        Raises:
            ImageReadError: the file is damaged there, or gone.
        """
        try:
            if self._overview is None or level < self._overview_level:
                return self._reader.read(rect, level)
            steps = level - self._overview_level
            source = finer(rect, steps, self.level_shape(self._overview_level))
            return np.array(_shrunk(self._overview.read(source), steps))
        except MemoryError as exc:
            raise ImageReadError(f"There is not enough memory to read {self._path.name}.") from exc
        except Exception as exc:
            raise ImageReadError(
                f"{self._path.name} cannot be read: it is damaged or not there any more.",
                "Open it in another program to see whether it is whole.",
            ) from exc

    def build_levels(self) -> Generator[Progress, None, None]:
        """Make the overview where the file has no small copy of itself; a job for the background.

        Raises:
            ImageReadError: the file is damaged, or gone.
        """
        overview = self._overview
        if overview is None or overview.complete:
            return
        try:
            for done, total in overview.fill():
                yield Progress(done, total)
        except Exception as exc:
            raise ImageReadError(f"{self._path.name} cannot be read: it is damaged.") from exc

    def close(self) -> None:
        """Close the file; no reading afterwards."""
        self._file.close()
        self._reader.cache.clear()

    def _new_overview(self, cache: Path | None) -> tuple[int, Overview | None]:
        coarsest = self._reader.levels[-1]
        if coarsest.shape[0] * coarsest.shape[1] <= OVERVIEW_PIXELS:
            return self.levels, None
        level = coarsest.level + 1
        while np.prod(self.level_shape(level), dtype=np.int64) > OVERVIEW_PIXELS:
            level += 1
        reader = self._reader  # not this object itself, which would then never go away
        overview = Overview(
            self.level_shape(level),
            lambda rect: reader.read(rect, level),
            block=reader.piece(coarsest, level - coarsest.level),
        )
        if cache is not None:
            overview.keep(overview_file(cache, self._path, self._kind), self._path)
        return level, overview


def sample_blocks(path: Path, page: int | None) -> NDArray[Any]:
    """Pixels of a large image as N×1×C, all channels in their own values.

    Raises:
        NotInPiecesError, Exception: as `TiledTiff`.
    """
    file = File(tifffile.TiffFile(path))
    try:
        pyramid = tiff.pyramid(file.tif, page)
        row = default_row(tiff.channel_count(pyramid[0]))
        return file_levels(file, pyramid, row)[-1].sample()
    finally:
        file.close()


class _Reader:
    """Any level, made from the next finer one that the file holds; for any thread."""

    def __init__(self, levels: list[FileLevel]) -> None:
        self.levels = levels
        self.shape = levels[0].shape
        self.cache = BlockCache()
        self._limits = levels[-1].limits()

    def read(self, rect: Rect, level: int) -> RgbImage:
        source = next(f for f in reversed(self.levels) if f.level <= level)
        steps = level - source.level
        bounds = level_shape(self.shape, source.level)
        out = np.empty((rect.height, rect.width, 3), np.uint8)
        height, width = self.piece(source, steps)
        for y in range(rect.y0, rect.y1, height):
            for x in range(rect.x0, rect.x1, width):
                part = Rect(x, y, min(x + width, rect.x1), min(y + height, rect.y1))
                pixels = source.read(finer(part, steps, bounds), self.cache, self._limits)
                out[part.moved(-rect.x0, -rect.y0).slices] = _shrunk(pixels, steps)
        return out

    def piece(self, source: FileLevel, steps: int) -> tuple[int, int]:
        """(height, width), `steps` coarser, of what is made at once: no block is decoded twice."""
        height, width = _PIECE, _PIECE
        if source.block[1] > _PIECE:  # strips
            width = source.shape[1]
            height = max(source.block[0], _PIECE * _PIECE // width)
        return max(1, height >> steps), max(1, -(-width // (1 << steps)))


def _shrunk(pixels: RgbImage, steps: int) -> RgbImage:
    for _ in range(steps):
        pixels = halved(pixels)
    return pixels
