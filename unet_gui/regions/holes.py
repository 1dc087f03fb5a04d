"""Holes of masks of any size: pieces of blocks are joined where they touch, then judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import Progress
from unet_gui.regions.blocks import block_rect, blocks_of, single_value

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.core.tiled_mask import MaskSnapshot
    from unet_gui.regions.blocks import Part, Parts, Place

    Ints = NDArray[np.int64]

_NONE = 256
"""Above every value of a mask."""


@dataclass(slots=True)
class _Pieces:
    """What is known of the pieces of all blocks, numbered from 0 through.

    Attributes:
        links: pairs of pieces that touch across the border of two blocks.
        open: pieces at the edge of the image.
        low, high: the smallest and largest value that lies beside a piece.
        first: number of a block's first piece.
    """

    links: list[Ints] = field(default_factory=list)
    open: list[NDArray[np.bool_]] = field(default_factory=list)
    low: list[Ints] = field(default_factory=list)
    high: list[Ints] = field(default_factory=list)
    first: dict[Place, int] = field(default_factory=dict)
    count: int = 0


def filled_holes(mask: MaskSnapshot, class_id: int | None = None) -> Parts:
    """See `cleanup.fill_holes` with `over=(255,)`: only unlabelled pixels are filled.

    Args:
        mask: the mask.
        class_id: fill what this class surrounds on all sides; None, for every class, unlabelled
            holes that touch no other.
    """
    places = blocks_of(mask.bounds)
    pieces = _Pieces()
    right: dict[int, Ints] = {}
    below: dict[int, Ints] = {}
    for number, place in enumerate(places):
        yield Progress(number, 2 * len(places))
        labels, count = _labels(mask, place, class_id)
        first = pieces.count
        _judge(mask, place, (labels, count), class_id, pieces)
        row, column = place
        _link(pieces, below.get(column), _numbered(labels[0], first))
        _link(pieces, right.get(row) if column else None, _numbered(labels[:, 0], first))
        below[column] = _numbered(labels[-1], first)
        right[row] = _numbered(labels[:, -1], first)
    fill = _verdict(pieces, class_id)
    parts: list[Part] = []
    for number, place in enumerate(places):
        yield Progress(len(places) + number, 2 * len(places))
        first = pieces.first[place]
        last = first + len(pieces.open[number])
        if (fill[first:last] == _NONE).all():
            continue
        parts += _filled(mask, place, _labels(mask, place, class_id)[0], fill[first:last])
    return parts


def _numbered(line: NDArray[np.int32], first: int) -> Ints:
    """Numbers of the pieces along a line; -1 for none."""
    return np.where(line > 0, line + np.int64(first - 1), np.int64(-1))


def _labels(
    mask: MaskSnapshot, place: Place, class_id: int | None
) -> tuple[NDArray[np.int32], int]:
    """Numbers the pieces of a block that may be holes, from 1, 0 elsewhere; and how many."""
    area = block_rect(place, mask.bounds)
    value = single_value(mask, area)
    if value is not None:
        hole = value == UNLABELLED if class_id is None else value != class_id
        return np.broadcast_to(np.int32(hole), (area.height, area.width)), int(hole)
    from scipy import ndimage as ndi

    values = mask.read(area)
    labels, count = ndi.label(values == UNLABELLED if class_id is None else values != class_id)
    return labels, count


def _judge(
    mask: MaskSnapshot,
    place: Place,
    labelled: tuple[NDArray[np.int32], int],
    class_id: int | None,
    pieces: _Pieces,
) -> None:
    """Note of each piece whether it is open and what lies beside it."""
    area, bounds = block_rect(place, mask.bounds), mask.bounds
    labels, count = labelled
    opened = np.zeros(count + 1, np.bool_)
    for at_edge, line in (
        (area.y0 == bounds.y0, labels[0]),
        (area.y1 == bounds.y1, labels[-1]),
        (area.x0 == bounds.x0, labels[:, 0]),
        (area.x1 == bounds.x1, labels[:, -1]),
    ):
        if at_edge:
            opened[line] = True
    low, high = np.full(count + 1, _NONE, np.int64), np.full(count + 1, -1, np.int64)
    window = area.expanded(1).intersection(bounds)
    if class_id is None and count and single_value(mask, window) is None:
        values = mask.read(window)
        x, y = area.x0 - window.x0, area.y0 - window.y0
        padded = np.full((area.height + 2, area.width + 2), UNLABELLED, np.uint8)
        padded[1 - y : 1 - y + window.height, 1 - x : 1 - x + window.width] = values
        for dy, dx in ((0, 1), (2, 1), (1, 0), (1, 2)):
            beside = padded[dy : dy + area.height, dx : dx + area.width]
            border = (labels > 0) & (beside != UNLABELLED)
            np.minimum.at(low, labels[border], beside[border])
            np.maximum.at(high, labels[border], beside[border])
    pieces.first[place] = pieces.count
    pieces.count += count
    pieces.open.append(opened[1:])
    pieces.low.append(low[1:])
    pieces.high.append(high[1:])


def _link(pieces: _Pieces, one: Ints | None, other: Ints) -> None:
    if one is not None:
        both = (one >= 0) & (other >= 0)
        if both.any():
            pieces.links.append(np.unique(np.stack([one[both], other[both]], 1), axis=0))


def _verdict(pieces: _Pieces, class_id: int | None) -> Ints:
    """What each piece is to be filled with; 256 for nothing."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not pieces.count:
        return np.zeros(0, np.int64)
    links = np.concatenate([*pieces.links, np.zeros((0, 2), np.int64)])
    ones = np.ones(len(links), np.bool_)
    shape = (pieces.count, pieces.count)
    number, group = connected_components(
        coo_array((ones, (links[:, 0], links[:, 1])), shape=shape), directed=False
    )
    opened = np.zeros(number, np.bool_)
    np.logical_or.at(opened, group, np.concatenate(pieces.open))
    if class_id is not None:
        return np.where(opened[group], _NONE, class_id)
    low, high = np.full(number, _NONE, np.int64), np.full(number, -1, np.int64)
    np.minimum.at(low, group, np.concatenate(pieces.low))
    np.maximum.at(high, group, np.concatenate(pieces.high))
    value = np.where(opened | (low != high), _NONE, low)
    verdict: Ints = value[group]
    return verdict


def _filled(mask: MaskSnapshot, place: Place, labels: NDArray[np.int32], fill: Ints) -> list[Part]:
    """A part for each value that pieces of a block are filled with."""
    area = block_rect(place, mask.bounds)
    unlabelled = mask.read(area) == UNLABELLED
    parts: list[Part] = []
    for value in np.unique(fill[fill != _NONE]):
        chosen = np.concatenate([[False], fill == value])
        where = chosen[labels] & unlabelled
        rows, columns = np.flatnonzero(where.any(1)), np.flatnonzero(where.any(0))
        if len(rows):
            box = Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
            parts.append((box.moved(area.x0, area.y0), int(value), where[box.slices].copy()))
    return parts
