"""Run lengths, the ways COCO, CVAT and Label Studio write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from unet_gui.core.geometry import Rect

Runs = tuple["NDArray[np.int64]", "NDArray[np.int64]"]
"""Starts and ends (exclusive) of the runs of set pixels, counted along the flat image."""


def bit_runs(flat: NDArray[np.bool_]) -> Runs:
    """The runs of True in a 1-D array."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flat, [False]))))
    return edges[::2], edges[1::2]


def column_runs(rect: Rect, where: NDArray[np.bool_], height: int) -> Runs:
    """Runs of an object in an image counted column by column, as COCO does.

    Args:
        rect: The object's bounding box.
        where: Its pixels in there.
        height: Height of the image.
    """
    padded = np.zeros((rect.width, rect.height + 1), bool)
    padded[:, :-1] = where.T
    starts, ends = bit_runs(padded.reshape(-1))
    stride = rect.height + 1
    starts = (starts // stride + rect.x0) * height + starts % stride + rect.y0
    ends = (ends // stride + rect.x0) * height + ends % stride + rect.y0
    # A run to the foot of a column goes on at the head of the next.
    apart = starts[1:] != ends[:-1]
    return starts[np.concatenate(([True], apart))], ends[np.concatenate((apart, [True]))]


def counts_of(runs: Runs, size: int) -> list[int]:
    """Run lengths, unset pixels first, of a flat image of `size` pixels."""
    starts, ends = runs
    edges = np.empty(2 * len(starts) + 2, np.int64)
    edges[0], edges[-1] = 0, size
    edges[1:-1:2], edges[2:-1:2] = starts, ends
    counts: list[int] = np.diff(edges).tolist()
    return counts if counts[-1] else counts[:-1]


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


def to_string(counts: Sequence[int]) -> str:
    """COCO's compressed form (`rleToString` of cocoapi's maskApi.c): differences, 5 bits a char."""
    values = np.asarray(counts, np.int64).copy()
    values[3:] -= np.asarray(counts, np.int64)[1:-2]
    rest, chars, last = values, [], np.zeros(len(values), bool)
    written = []
    while not last.all():
        low = rest & 0x1F
        rest = rest >> 5
        more = np.where(low & 0x10, rest != -1, rest != 0)
        chars.append(low + more * 0x20 + 48)
        written.append(~last)
        last = last | ~more
    table = np.stack(chars, 1).astype(np.uint8)
    return str(table[np.stack(written, 1)].tobytes(), "ascii")


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
