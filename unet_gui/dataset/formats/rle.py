"""Run lengths, the ways COCO, CVAT and Label Studio write them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from unet_gui.dataset.formats.objects import Runs


class Counts(NamedTuple):
    """Run lengths of objects, unset pixels first, those of one object together.

    Attributes:
        first: int64[n + 1], where those of each of n objects begin.
        lengths: int64, the run lengths.
    """

    first: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def lists(self) -> Iterator[list[int]]:
        """The run lengths of each object."""
        lengths, first = self.lengths.tolist(), self.first.tolist()
        return (lengths[a:b] for a, b in pairwise(first))


def counts_of(runs: Runs, sizes: NDArray[np.int64]) -> Counts:
    """Run lengths of objects, each in a flat image of its own size.

    Args:
        runs: The runs of n objects.
        sizes: int64[n], how many pixels the image of each has.
    """
    number = np.arange(len(runs.starts))
    owner = np.repeat(np.arange(len(sizes)), np.diff(runs.first))
    # Each run ends a length of unset pixels and one of set ones; the rest of the image follows.
    first = 2 * runs.first + np.arange(len(sizes) + 1)
    lengths = np.empty(first[-1], np.int64)
    before = np.concatenate(([0], runs.ends[:-1]))
    before[runs.first[:-1]] = 0
    place = 2 * number + owner
    lengths[place] = runs.starts - before
    lengths[place + 1] = runs.ends - runs.starts
    rest = sizes - runs.ends[runs.first[1:] - 1]
    lengths[first[1:] - 1] = rest
    if rest.all():
        return Counts(first, lengths)
    kept = np.ones(len(lengths), bool)
    kept[first[1:] - 1] = rest > 0
    return Counts(np.concatenate(([0], np.cumsum(kept)))[first], lengths[kept])


def pixels_of(counts: Sequence[int] | NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Flat places of the set pixels of run lengths, unset ones first.

    Raises:
        ValueError: they do not fit into `size` pixels.
    """
    lengths = np.asarray(counts, np.int64).reshape(-1)
    if (lengths < 0).any() or lengths.sum() > size:
        raise ValueError("run lengths go beyond the image")
    ends = np.cumsum(lengths)
    starts, lengths = (ends - lengths)[1::2], lengths[1::2]
    total = int(lengths.sum())
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(total)


def to_strings(counts: Counts) -> list[str]:
    """COCO's compressed form of each object (`rleToString` of cocoapi's maskApi.c).

    From the fourth on, the difference to the one before the last; 5 bits a character.
    """
    rest = counts.lengths.copy()
    place = np.arange(len(rest)) - np.repeat(counts.first[:-1], np.diff(counts.first))
    later = np.flatnonzero(place > 2)
    rest[later] -= counts.lengths[later - 2]
    chars, sizes = [], np.ones(len(rest), np.int64)
    while True:
        low = rest & 0x1F
        rest >>= 5
        more = np.where(low & 0x10, rest != -1, rest != 0)
        chars.append((low + more * 0x20 + 48).astype(np.uint8))
        if not more.any():
            break
        sizes += more
        # A number that is written already stays 0 or −1, and is cut off below.
    table = np.stack(chars, 1)
    text = str(table[np.arange(len(chars)) < sizes[:, None]].tobytes(), "ascii")
    ends = np.concatenate(([0], np.cumsum(sizes)))[counts.first].tolist()
    return [text[a:b] for a, b in pairwise(ends)]


def from_string(text: str) -> list[int]:
    """The run lengths in COCO's compressed form (`rleFrString`).

    Raises:
        ValueError: it ends in the middle of a number, or holds something else.
    """
    codes = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int64) - 48
    if not len(codes):
        return []
    if codes.min() < 0 or codes.max() > 0x3F or codes[-1] & 0x20:
        raise ValueError("not a run length string")
    ends = np.flatnonzero(~codes & 0x20)
    starts = np.concatenate(([0], ends[:-1] + 1))
    place = np.arange(len(codes)) - np.repeat(starts, ends - starts + 1)
    values = np.add.reduceat((codes & 0x1F) << (5 * place), starts)
    negative = (codes[ends] & 0x10).astype(bool)
    values -= np.where(negative, np.int64(1) << (5 * (ends - starts + 1)), 0)
    # Each but the first three is the difference to the one before the last.
    values[1::2] = np.cumsum(values[1::2])
    even = values[2::2]
    values[2::2] = np.cumsum(even)
    return [int(v) for v in values]


def image_pixels(flat: NDArray[np.int64], height: int, width: int) -> NDArray[np.int64]:
    """Places counted row by row from places counted column by column."""
    return (flat % height) * width + flat // height
