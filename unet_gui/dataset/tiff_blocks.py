"""Pieces of a TIFF page, decoded one by one: its tiles, its strips, or rows of plain pixels."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tifffile

from unet_gui.dataset.tiff import decoded, sample_count

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_BYTES: Final = 32 << 20
"""A compressed strip larger than this is no piece; reading a corner would decode half the image."""

_ROWS_BYTES: Final = 1 << 20


class NotInPiecesError(ValueError):
    """The file can only be decoded whole."""


class File:
    """An open TIFF that several threads read from."""

    def __init__(self, tif: tifffile.TiffFile) -> None:
        """Take over `tif`."""
        self.tif = tif
        self._lock = threading.Lock()
        self.byteorder = tif.byteorder

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of the file.

        Raises:
            EOFError: it ends before.
            ValueError: it is closed.
        """
        with self._lock:
            self.tif.filehandle.seek(offset)
            data: bytes = self.tif.filehandle.read(size)
        if len(data) < size:
            raise EOFError("pixels are missing at the end of the file")
        return data

    def holds(self, page: Any) -> bool:
        """Whether a page is in this file; stacks may be spread over several."""
        return page.parent is self.tif

    def close(self) -> None:
        with self._lock:
            self.tif.close()


class PageBlocks:
    """One page in blocks of equal size.

    Attributes:
        shape: (height, width) of the page.
        block: (height, width) of a block; those at the right and lower edge may be smaller.
    """

    def __init__(self, file: File, page: Any, *, every: bool = False) -> None:
        """Look at a page without decoding any of it.

        Args:
            file: The open file.
            page: The page.
            every: Whether to read all channels, also those beyond the three that are shown.

        Raises:
            NotInPiecesError: it is compressed in pieces too large, or in another file.
        """
        if not file.holds(page):
            raise NotInPiecesError("its pixels are in another file")
        self._file, self._every = file, every
        self._key = key = page.keyframe
        # tifffile reads much of this when it is first asked for, from the one file handle: here and
        # now, since later several threads ask.
        self._offsets, self._sizes = list(page.dataoffsets), list(page.databytecounts)
        self._tables = {"jpegheader": key.jpegheader, "jpegtables": page.jpegtables}
        self._tables = {name: data for name, data in self._tables.items() if data is not None}
        self._nodata, self._decode = key.nodata, key.decode
        decoded(key, np.zeros((1, 1, sample_count(key)), key.dtype))
        self.shape = (int(key.imagelength), int(key.imagewidth))
        self._plain = not key.is_tiled and _is_plain(key)
        self.block = self._block_size()
        columns = -(-self.shape[1] // self.block[1])
        self._grid = (-(-self.shape[0] // self.block[0]), columns)
        if not self._plain and self._decoded_bytes() > MOST_BYTES:
            raise NotInPiecesError(f"its pieces are {self.block[1]}×{self.block[0]} pixels")

    @property
    def grid(self) -> tuple[int, int]:
        """How many (rows, columns) of blocks there are."""
        return self._grid

    @property
    def dtype(self) -> np.dtype[Any]:
        kind: np.dtype[Any] = self._key.dtype
        return kind

    def read(self, row: int, column: int) -> NDArray[Any]:
        """A block as h×w×C in the page's own values, black as zero, transparency dropped.

        Raises:
            EOFError: the file is cut short.
            Exception: what the decoders raise on damaged data.
        """
        height = min(self.block[0], self.shape[0] - row * self.block[0])
        width = min(self.block[1], self.shape[1] - column * self.block[1])
        wanted = sample_count(self._key)
        if self._key.planarconfig == tifffile.PLANARCONFIG.SEPARATE:
            # Colours need all inks; of other channels no more than three are shown.
            inks = self._key.photometric == tifffile.PHOTOMETRIC.SEPARATED
            few = wanted if self._every else min(wanted, 4 if inks else 3)
            planes = [self._samples(s, row, column) for s in range(few)]
            pixels = np.concatenate([p[:height, :width] for p in planes], axis=2)
        else:
            pixels = self._samples(0, row, column)[:height, :width, :wanted]
        return decoded(self._key, pixels)

    def _block_size(self) -> tuple[int, int]:
        key = self._key
        if key.is_tiled:
            return int(key.tilelength), int(key.tilewidth)
        rows = min(int(key.rowsperstrip), self.shape[0])
        if self._plain:
            rows = _rows_at_a_time(rows, self._row_bytes(), whole=rows == self.shape[0])
        return rows, self.shape[1]

    def _contiguous_samples(self) -> int:
        separate = self._key.planarconfig == tifffile.PLANARCONFIG.SEPARATE
        return 1 if separate else int(self._key.samplesperpixel)

    def _row_bytes(self) -> int:
        return self.shape[1] * self._contiguous_samples() * self.dtype.itemsize

    def _decoded_bytes(self) -> int:
        return self.block[0] * self.block[1] * self._contiguous_samples() * self.dtype.itemsize

    def _samples(self, sample: int, row: int, column: int) -> NDArray[Any]:
        if self._plain:
            return self._rows(sample, row)
        rows, columns = self._grid
        depth = -(-int(self._key.imagedepth) // int(self._key.tiledepth or 1))
        index = sample * rows * columns * depth + row * columns + column
        size = self._sizes[index] if index < len(self._sizes) else 0
        if not size:  # a tile of which nothing is stored is empty on purpose
            return self._empty()
        data = self._file.read(self._offsets[index], size)
        pixels: NDArray[Any] | None = self._decode(data, index, **self._tables)[0]
        return self._empty() if pixels is None else np.asarray(pixels[0])

    def _empty(self) -> NDArray[Any]:
        return np.full((*self.block, self._contiguous_samples()), self._nodata, self.dtype)

    def _rows(self, sample: int, row: int) -> NDArray[Any]:
        """Rows of uncompressed pixels, straight from their place in the file."""
        top = row * self.block[0]
        height = min(self.block[0], self.shape[0] - top)
        strip_rows = min(int(self._key.rowsperstrip), self.shape[0])
        strips = -(-self.shape[0] // strip_rows)
        start = self._offsets[sample * strips + top // strip_rows]
        size = self._row_bytes()
        data = self._file.read(start + top % strip_rows * size, height * size)
        kind = self.dtype.newbyteorder(self._file.byteorder)
        pixels = np.frombuffer(data, kind).reshape(height, self.shape[1], -1)
        return pixels.astype(self.dtype, copy=False)


def _is_plain(key: Any) -> bool:
    return bool(
        key.compression == tifffile.COMPRESSION.NONE
        and key.predictor == tifffile.PREDICTOR.NONE
        and key.fillorder == 1
        and key.bitspersample == key.dtype.itemsize * 8
        and key.imagedepth == 1
        and not key.is_subsampled
    )


def _rows_at_a_time(strip: int, row_bytes: int, *, whole: bool) -> int:
    """Rows to read at once: about a megabyte, and never across the end of a strip."""
    most = max(1, min(strip, _ROWS_BYTES // row_bytes))
    if whole:
        return most
    return next(rows for rows in range(most, 0, -1) if strip % rows == 0)
