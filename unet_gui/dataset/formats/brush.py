"""The run lengths of Label Studio's brush.

A string of bits (thi.ng/rle-pack): 32 bits how many values, 5 bits of word size − 1, four times 4
bits of length size − 1; then runs: one bit whether the value repeats, 2 bits which length size, the
length − 1, and the value once, or as many values as there are. The values are the pixels' red,
green, blue and alpha, of which Label Studio looks at alpha.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.dataset.formats.rle import counts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from unet_gui.dataset.formats.objects import Runs

_SIZES: Final = (3, 4, 8, 16)
_CHANNELS: Final = 4
_LONGEST: Final = 1 << 16
_HEAD_BITS: Final = 53
_ALPHA: Final = 128
"""From here on a pixel is painted: the brush has soft edges."""


def encode(runs: Runs, pixels: int) -> list[bytes]:
    """The bytes of images whose pixels in the runs of an object are painted, object by object.

    Args:
        runs: Painted pixels of n objects, counted row by row.
        pixels: How many pixels the image has.
    """
    tokens, sizes, first = _tokens(runs, pixels)
    # Where each token begins, in bits; each image begins with a byte of its own.
    total = np.concatenate(([0], np.cumsum(sizes)))
    length = -(-(total[first[1:]] - total[first[:-1]] + _HEAD_BITS) // 8)
    begin = np.concatenate(([0], np.cumsum(length)))
    owner = np.repeat(np.arange(len(length)), np.diff(first))
    at = total[:-1] - total[first[:-1]][owner] + begin[owner] * 8 + _HEAD_BITS
    # A token lies in at most five bytes, of which it has bits that no other has.
    shifted = tokens << (40 - (at & 7) - sizes)
    packed = np.zeros(begin[-1] + 5, np.uint8)
    for place in range(5):
        part = shifted >> (32 - 8 * place) & 255
        np.bitwise_or.at(packed, (at >> 3) + place, part.astype(np.uint8))
    head = (pixels * _CHANNELS << 5 | 7) << 16
    for place, size in enumerate(_SIZES):
        head |= (size - 1) << (12 - 4 * place)
    heads = np.frombuffer((head << 3).to_bytes(7, "big"), np.uint8)
    packed[begin[:-1, None] + np.arange(7)] |= heads
    data = packed.tobytes()
    return [data[a:b] for a, b in pairwise(begin.tolist())]


def _tokens(
    runs: Runs, pixels: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """What stands for each run, painted or not: the token, its bits; and where objects begin."""
    counts = counts_of(runs, np.full(len(runs.first) - 1, pixels))
    lengths = counts.lengths * _CHANNELS
    painted = np.arange(len(lengths)) - np.repeat(counts.first[:-1], np.diff(counts.first)) & 1
    # Long runs in pieces, the last of which takes what is left; empty ones in none.
    pieces = -(-lengths // _LONGEST)
    ends = np.cumsum(pieces)
    pieces_of = np.full(ends[-1] if len(ends) else 0, _LONGEST, np.int64)
    pieces_of[ends[pieces > 0] - 1] = (lengths - (pieces - 1) * _LONGEST)[pieces > 0]
    kind = np.searchsorted(np.left_shift(1, _SIZES), pieces_of)
    size = np.array(_SIZES)[kind]
    values = np.repeat(painted, pieces) * 255
    tokens = ((1 << 2 | kind) << size | (pieces_of - 1)) << 8 | values
    return tokens, size + 11, np.concatenate(([0], ends))[counts.first]


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
