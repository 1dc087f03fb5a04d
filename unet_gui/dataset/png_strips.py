"""A huge PNG made small a strip at a time: its thumbnail needs no room for all its pixels.

A row of a PNG is stored as differences to the row above, so decoders start at the top and keep
everything. Here the stream is unpacked piece by piece, and each strip is given to a decoder as a
small PNG of its own, led by the last row of the strip before.
"""

from __future__ import annotations

import io
import logging
import struct
import zlib
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np

from unet_gui.dataset.decoding import raw_mode
from unet_gui.dataset.mask_png import IHDR, MAGIC, write_chunk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL import Image

    from unet_gui.core.document import RgbImage

_log = logging.getLogger(__name__)

WORTH_IT: Final = 64_000_000
"""Pixels of an image from which its memory matters."""

_KINDS: Final = {"L": (0, 1), "RGB": (2, 3)}
_STRIP: Final = 1 << 20
_PIECE: Final = 1 << 18


def shrunk(path: Path, image: Image.Image, enough: int) -> RgbImage | None:
    """A huge PNG made smaller by a whole number: means of squares.

    Args:
        path: The file.
        image: The same, opened by Pillow and not decoded.
        enough: The longer side of the result is at least this, and less than twice that.

    Returns:
        h×w×3 uint8 as it is stored, not turned upright; None where the file is of another kind or
        seems damaged: Pillow decides.
    """
    width, height = image.size
    plain = image.format == "PNG" and image.mode in _KINDS and raw_mode(image) == image.mode
    if not plain or image.info.get("interlace") or width * height < WORTH_IT:
        return None
    by = min(max(width, height) // enough, width, height, 255)
    if by < 2:
        return None
    small = np.empty((height // by, width // by, 3), np.uint8)
    try:
        top = 0
        for strip in _strips(path, image.mode, (height, width), by):
            rows = len(strip) // by
            small[top : top + rows] = _means(strip, by)
            top += rows
    except Exception as exc:  # noqa: BLE001 - Pillow decides whether the file is damaged
        _log.debug("%s was left to Pillow: %s", path, exc)
        return None
    return small


def _strips(path: Path, mode: str, shape: tuple[int, int], by: int) -> Iterator[NDArray[np.uint8]]:
    """The rows from above, h×W×C; each time a multiple of `by`, but for the last."""
    (height, width), (kind, channels) = shape, _KINDS[mode]
    line = 1 + width * channels
    step = max(1, _STRIP // width // by) * by
    above = bytes(line)  # black, and it says: no filter
    with path.open("rb") as file:
        rest, done = bytearray(), 0
        for piece in _unpacked(file, step * line):
            rest += piece
            while done < height and len(rest) >= (rows := min(step, height - done)) * line:
                strip = _decoded(above + rest[: rows * line], (rows + 1, width), kind)
                del rest[: rows * line]
                strip = strip.reshape(rows + 1, width, channels)
                above = b"\0" + strip[-1].tobytes()
                done += rows
                yield strip[1:]
    if done < height:
        raise ValueError("rows are missing")


def _unpacked(file: BinaryIO, most: int) -> Iterator[bytes]:
    """The rows as they are stored, at most so many bytes at a time."""
    unpacker = zlib.decompressobj()
    file.seek(len(MAGIC))
    while not unpacker.eof:
        size, kind = struct.unpack(">I4s", file.read(8))
        end = file.tell() + size
        while kind == b"IDAT" and file.tell() < end:
            piece = file.read(min(_PIECE, end - file.tell()))
            if not piece:
                raise ValueError("cut short")
            yield unpacker.decompress(piece, most)
            while unpacker.unconsumed_tail:
                yield unpacker.decompress(unpacker.unconsumed_tail, most)
        file.seek(end + 4)


def _decoded(rows: bytes, shape: tuple[int, int], kind: int) -> NDArray[np.uint8]:
    import imagecodecs

    file = io.BytesIO()
    file.write(MAGIC)
    write_chunk(file, b"IHDR", IHDR.pack(shape[1], shape[0], 8, kind, 0, 0, 0))
    write_chunk(file, b"IDAT", zlib.compress(rows, 0))
    write_chunk(file, b"IEND", b"")
    pixels: NDArray[np.uint8] = imagecodecs.spng_decode(file.getvalue())
    return pixels


def _means(strip: NDArray[np.uint8], by: int) -> NDArray[np.uint8]:
    """Of squares; what is left over at the right and at the bottom is left out."""
    rows, columns, channels = len(strip) // by, strip.shape[1] // by, strip.shape[2]
    whole = strip[: rows * by, : columns * by].reshape(rows, by, columns * by * channels)
    sums = whole.sum(1, dtype=np.uint16).reshape(rows, columns, by, channels)
    means: NDArray[np.uint8] = (sums.sum(2, dtype=np.uint32) // (by * by)).astype(np.uint8)
    return means
