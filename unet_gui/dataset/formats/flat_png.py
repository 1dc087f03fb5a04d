"""PNGs of masks and colours by class: large flat areas, which need no search for a good filter.

A third to a sixth of the time that a general encoder takes. (PNG specification, ISO/IEC 15948.)
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAGIC: Final = b"\x89PNG\r\n\x1a\n"
_GREY: Final = 0
_COLORS: Final = 2
_PALETTE: Final = 3
_PLAIN: Final = 0
_UP: Final = 2
_BAND: Final = 4 << 20
"""Bytes that are packed at once, so that no second copy of a large image is in memory."""


def flat_png(
    pixels: NDArray[Any], palette: bytes | None = None, transparent: bytes | None = None
) -> bytes:
    """A PNG without loss.

    Args:
        pixels: H×W bool (1 bit), uint8 or uint16, or H×W×3 uint8.
        palette: Three bytes a value, for bool or uint8.
        transparent: Opacity of the first values of the palette.
    """
    height, width = pixels.shape[:2]
    kind = _COLORS if pixels.ndim == 3 else _GREY if palette is None else _PALETTE
    depth = 1 if pixels.dtype == np.bool_ else 8 * pixels.dtype.itemsize
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    chunks = [_MAGIC, _chunk(b"IHDR", head)]
    if palette is not None:
        chunks.append(_chunk(b"PLTE", palette))
    if transparent is not None:
        chunks.append(_chunk(b"tRNS", transparent))
    chunks += [_chunk(b"IDAT", _packed(pixels)), _chunk(b"IEND", b"")]
    return b"".join(chunks)


def _packed(pixels: NDArray[Any]) -> bytes:
    # Equal neighbours are run lengths; in colours they are none, but what is equal to the row
    # above becomes zeros.
    colors = pixels.ndim == 3
    strategy = zlib.Z_DEFAULT_STRATEGY if colors else zlib.Z_RLE
    packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, 8, strategy)
    step = max(1, _BAND // max(1, pixels[:1].nbytes))
    pieces = []
    for top in range(0, len(pixels), step):
        rows = _bytes(pixels[top : top + step])
        filtered = np.empty((len(rows), rows.shape[1] + 1), np.uint8)
        filtered[:, 0] = _UP if colors else _PLAIN
        if colors:
            above = _bytes(pixels[top - 1 : top])[0] if top else np.uint8(0)
            np.subtract(rows[0], above, out=filtered[0, 1:])
            np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
        else:
            filtered[:, 1:] = rows
        pieces.append(packer.compress(filtered.data))
    return b"".join((*pieces, packer.flush()))


def _bytes(rows: NDArray[Any]) -> NDArray[np.uint8]:
    """The bytes of rows as PNG has them."""
    if rows.dtype == np.bool_:
        return np.packbits(rows, axis=1)
    if rows.dtype == np.uint16:
        rows = rows.astype(">u2")
    return np.ascontiguousarray(rows).reshape(len(rows), -1).view(np.uint8)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
