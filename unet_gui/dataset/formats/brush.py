"""The run lengths of Label Studio's brush.

A string of bits (thi.ng/rle-pack): 32 bits how many values, 5 bits of word size − 1, four times 4
bits of length size − 1; then runs: one bit whether the value repeats, 2 bits which length size, the
length − 1, and the value once, or as many values as there are. The values are the pixels' red,
green, blue and alpha, of which Label Studio looks at alpha.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from unet_gui.dataset.formats.rle import Runs

_SIZES: Final = (3, 4, 8, 16)
_CHANNELS: Final = 4
_LONGEST: Final = 1 << 16
_ALPHA: Final = 128
"""From here on a pixel is painted: the brush has soft edges."""


def encode(runs: Runs, pixels: int) -> list[int]:
    """The bytes of an image whose pixels in `runs` are painted.

    Args:
        runs: Starts and ends of painted pixels, counted row by row.
        pixels: How many pixels the image has.
    """
    starts, ends = runs
    edges = np.unique(np.concatenate(([0], starts, ends, [pixels]))) * _CHANNELS
    lengths = np.diff(edges)
    painted = np.isin(edges[:-1] // _CHANNELS, starts)
    # Long runs in pieces, the last of which takes what is left.
    pieces = -(-lengths // _LONGEST)
    values = np.repeat(painted, pieces)
    lengths_of = np.full(len(values), _LONGEST, np.int64)
    lengths_of[np.cumsum(pieces) - 1] = lengths - (pieces - 1) * _LONGEST
    kind = np.searchsorted(np.left_shift(1, _SIZES), lengths_of)
    size = np.array(_SIZES)[kind]
    token = ((1 << 2 | kind) << size | (lengths_of - 1)) << 8 | values * 255
    head = (pixels * _CHANNELS << 5 | 7) << 16
    for size_of in _SIZES:
        head |= (size_of - 1) << (12 - 4 * _SIZES.index(size_of))
    bits = np.concatenate((_bits(np.array([head]), np.array([53])), _bits(token, size + 11)))
    packed: list[int] = np.packbits(bits).tolist()
    return packed


def decode(data: Sequence[int]) -> tuple[NDArray[np.int64], int]:
    """The painted pixels, counted row by row, and how many pixels the image has.

    Raises:
        ValueError: it is cut short or holds something else.
    """
    reader = _Bits(bytes(data))
    total, word = reader.take(32), reader.take(5) + 1
    sizes = [reader.take(4) + 1 for _ in range(4)]
    if total % _CHANNELS or word > 16:
        raise ValueError("not a brush of red, green, blue and alpha")
    found: list[NDArray[np.int64]] = []
    at = 0
    while at < total:
        repeated = reader.take(1)
        length = 1 + reader.take(sizes[reader.take(2)])
        if at + length > total:
            raise ValueError("runs go beyond the image")
        if repeated:
            if reader.take(word) >= _ALPHA:
                found.append(np.arange(at // _CHANNELS, (at + length) // _CHANNELS))
        else:
            values = np.array([reader.take(word) for _ in range(length)])
            places = np.flatnonzero(values >= _ALPHA) + at
            found.append(places[places % _CHANNELS == _CHANNELS - 1] // _CHANNELS)
        at += length
    pixels = np.concatenate(found) if found else np.empty(0, np.int64)
    return pixels, total // _CHANNELS


class _Bits:
    """Reads bits from the front."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> int:
        first, last = self._at >> 3, (self._at + size + 7) >> 3
        if last > len(self._data):
            raise ValueError("cut short")
        window = int.from_bytes(self._data[first:last], "big")
        self._at += size
        return window >> (8 * last - self._at) & ((1 << size) - 1)


def _bits(values: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The bits of all values one after the other, the highest first."""
    number = np.repeat(np.arange(len(values)), sizes)
    left = np.repeat(np.cumsum(sizes), sizes) - np.arange(len(number)) - 1
    return (values[number] >> left & 1).astype(np.uint8)
