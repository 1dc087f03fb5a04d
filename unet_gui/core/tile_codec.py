"""Tiles made small for undo: runs of equal values, which masks consist of.

Packing and unpacking cost some ten microseconds a tile, a fifth of zlib's at its fastest, so that
undo of a long stroke is instant. What does not consist of runs is left to zlib.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.tiled_mask import TILE, is_uniform, uniform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from unet_gui.core.tiled_mask import Key

PIXELS: Final = TILE * TILE
MOST_RUNS: Final = PIXELS // 8
"""Beyond this many runs zlib makes less of a tile than runs do."""

_HEADER: Final = struct.Struct("<IIcI")


def pack(tile: NDArray[np.uint8]) -> bytes:
    """A uint8 TILE×TILE tile as bytes."""
    if is_uniform(tile):
        return b"u" + bytes([int(tile[0, 0])])
    flat = tile.reshape(-1)
    starts = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    if len(starts) >= MOST_RUNS:
        return b"z" + zlib.compress(flat.tobytes(), 1)
    # The first run starts at 0; all other starts fit into 16 bits.
    values: bytes = flat[np.concatenate([[0], starts])].tobytes()
    return b"r" + starts.astype("<u2").tobytes() + values


def unpack(packed: bytes) -> NDArray[np.uint8]:
    """The tile that `pack` was given; read-only."""
    kind, rest = packed[:1], memoryview(packed)[1:]
    if kind == b"u":
        return uniform(rest[0])
    if kind == b"z":
        return np.frombuffer(zlib.decompress(rest), np.uint8).reshape(TILE, TILE)
    count = (len(rest) - 1) // 3
    starts = np.frombuffer(rest[: 2 * count], "<u2").astype(np.int64)
    values = np.frombuffer(rest[2 * count :], np.uint8)
    lengths = np.diff(starts, prepend=0, append=PIXELS)
    tile = np.repeat(values, lengths).reshape(TILE, TILE)
    tile.flags.writeable = False
    return tile


def join(tiles: Mapping[Key, bytes]) -> bytes:
    """Packed tiles by key as one piece, smaller by another half: for the disk."""
    return b"".join(
        _HEADER.pack(row, column, kind, len(data)) + data
        for (row, column), (kind, data) in (
            (key, _smaller(packed)) for key, packed in tiles.items()
        )
    )


def split(data: bytes) -> dict[Key, bytes]:
    """What `join` was given.

    Raises:
        ValueError: the data are damaged.
    """
    tiles: dict[Key, bytes] = {}
    at = 0
    while at < len(data):
        try:
            row, column, kind, size = _HEADER.unpack_from(data, at)
            body = data[at + _HEADER.size : at + _HEADER.size + size]
            tiles[row, column] = zlib.decompress(body) if kind == b"c" else body
        except (struct.error, zlib.error) as error:
            raise ValueError(f"damaged undo data: {error}") from error
        if len(body) != size:
            raise ValueError("undo data end too soon")
        at += _HEADER.size + size
    return tiles


def _smaller(packed: bytes) -> tuple[bytes, bytes]:
    compressed = zlib.compress(packed, 1)
    return (b"c", compressed) if len(compressed) < len(packed) else (b"p", packed)
