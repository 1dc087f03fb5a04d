"""Palette PNGs written and read a band of rows at a time, so that no second copy is in memory.

The container is that of the PNG specification (ISO/IEC 15948). Written are rows without a filter,
which suits flat areas best; read are exactly such files, and all others are left to Pillow.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

import numpy as np

from unet_gui.core.geometry import Rect
from unet_gui.core.tiled_mask import TILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask

MAGIC: Final = b"\x89PNG\r\n\x1a\n"
BAND: Final = TILE
"""Rows written and read at once."""

IHDR: Final = struct.Struct(">IIBBBBB")
"""Width, height, bits, kind of colours, compression, filter, interlace."""

_PALETTE_8: Final = (8, 3, 0, 0, 0)


class Rows(Protocol):
    """A mask that is read by the rectangle."""

    @property
    def shape(self) -> tuple[int, int]: ...

    def read(self, rect: Rect) -> ClassMask: ...


class ArrayRows:
    """An H×W uint8 array as `Rows`."""

    def __init__(self, mask: ClassMask) -> None:
        self.shape: tuple[int, int] = (mask.shape[0], mask.shape[1])
        self._mask = mask

    def read(self, rect: Rect) -> ClassMask:
        return self._mask[rect.slices]


class NotPlainError(ValueError):
    """Some other kind of PNG; no fault."""


def write_png(file: BinaryIO, mask: Rows, palette: NDArray[np.uint8], text: dict[str, str]) -> None:
    """Write an 8-bit palette PNG.

    Args:
        file: Where to.
        mask: Class ids.
        palette: 256×3 uint8.
        text: Notes to keep inside, by keyword.

    Raises:
        OSError: what writing raises.
    """
    height, width = mask.shape
    file.write(MAGIC)
    write_chunk(file, b"IHDR", IHDR.pack(width, height, *_PALETTE_8))
    write_chunk(file, b"PLTE", palette.astype(np.uint8).tobytes())
    for key, value in text.items():
        write_chunk(file, b"iTXt", key.encode("latin-1") + b"\0\0\0\0\0" + value.encode("utf-8"))
    # Run lengths suit flat areas: smaller and quicker than deflate's own search.
    packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_RLE)
    for top in range(0, height, BAND):
        bottom = min(height, top + BAND)
        rows = np.zeros((bottom - top, width + 1), np.uint8)  # the first byte says: no filter
        rows[:, 1:] = mask.read(Rect(0, top, width, bottom))
        write_chunk(file, b"IDAT", packer.compress(rows.data), empty=False)
    write_chunk(file, b"IDAT", packer.flush())
    write_chunk(file, b"IEND", b"")


class PlainPng:
    """An 8-bit palette PNG whose rows have no filter, being read.

    Attributes:
        shape: (height, width).
    """

    def __init__(self, file: BinaryIO) -> None:
        """Read the header.

        Raises:
            NotPlainError: it is some other kind of file.
        """
        self._chunks = _chunks(file)
        kind, header = next(self._chunks, (b"", b""))
        if kind != b"IHDR" or len(header) != IHDR.size or IHDR.unpack(header)[2:] != _PALETTE_8:
            raise NotPlainError("not an 8-bit palette PNG")
        width, height = IHDR.unpack(header)[:2]
        if not width or not height:
            raise NotPlainError("it has no pixels")
        self.shape: tuple[int, int] = (height, width)

    def bands(self) -> Iterator[ClassMask]:
        """The rows from above, `BAND` at a time; what is left comes last.

        Yields:
            h×W uint8, read-only.

        Raises:
            NotPlainError: a row is filtered after all: Pillow must start anew.
            ValueError: damaged or cut short.
        """
        height, line = self.shape[0], self.shape[1] + 1
        rest = bytearray()
        done = 0
        for piece in _inflated(self._chunks, BAND * line):
            rest += piece
            while done < height and len(rest) >= (rows := min(BAND, height - done)) * line:
                band = np.frombuffer(bytes(rest[: rows * line]), np.uint8).reshape(rows, line)
                del rest[: rows * line]
                if band[:, 0].any():
                    raise NotPlainError("its rows are filtered")
                done += rows
                yield band[:, 1:]
        if done < height:
            raise ValueError("rows are missing")


def repainted(data: bytes, shape: tuple[int, int], palette: bytes) -> bytes | None:
    """The file of an 8-bit palette PNG with another palette and without notes; not decoded.

    Args:
        data: The file.
        shape: (height, width) that it must have.
        palette: 256 colours of three bytes each.

    Returns:
        A file of the same pixels; None where it is some other kind of file, or damaged.
    """
    pixels = []
    try:
        chunks = _chunks(io.BytesIO(data))
        kind, header = next(chunks)
        if kind != b"IHDR" or header != IHDR.pack(shape[1], shape[0], *_PALETTE_8):
            return None
        pixels = [part for kind, part in chunks if kind == b"IDAT"]
    except (ValueError, StopIteration):
        return None
    file = io.BytesIO()
    file.write(MAGIC)
    write_chunk(file, b"IHDR", header)
    write_chunk(file, b"PLTE", palette)
    for part in pixels:
        write_chunk(file, b"IDAT", part)
    write_chunk(file, b"IEND", b"")
    return file.getvalue()


def _inflated(chunks: Iterator[tuple[bytes, bytes]], most: int) -> Iterator[bytes]:
    unpacker = zlib.decompressobj()
    try:
        for kind, data in chunks:
            if kind != b"IDAT":
                continue
            yield unpacker.decompress(data, most)
            while unpacker.unconsumed_tail:
                yield unpacker.decompress(unpacker.unconsumed_tail, most)
        yield unpacker.flush()
    except zlib.error as exc:
        raise ValueError(str(exc)) from exc
    if not unpacker.eof:
        raise ValueError("its data end too soon")


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    if file.read(len(MAGIC)) != MAGIC:
        raise NotPlainError("no PNG")
    while True:
        start = file.read(8)
        if len(start) < 8:
            raise ValueError("cut short")
        size, kind = struct.unpack(">I4s", start)
        data = file.read(size)
        check = file.read(4)
        if len(data) < size or check != struct.pack(">I", zlib.crc32(data, zlib.crc32(kind))):
            raise ValueError("a checksum is wrong")
        if kind == b"IEND":
            return
        yield kind, data


def write_chunk(file: BinaryIO, kind: bytes, data: bytes, *, empty: bool = True) -> None:
    """Write a chunk of a PNG; unless `empty`, none without data.

    Raises:
        OSError: what writing raises.
    """
    if not data and not empty:
        return
    file.write(struct.pack(">I", len(data)) + kind)
    file.write(data)
    file.write(struct.pack(">I", zlib.crc32(data, zlib.crc32(kind))))
