"""The connected pixels of one value, followed from block to block: only what is reached is read."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from numpy.typing import NDArray

    Read = Callable[[Rect], NDArray[np.uint8]]
    Place = tuple[int, int]
    Line = NDArray[np.bool_]

SIDE: Final = 256
"""Pixels of a block; those of a mask's tiles, for one of a single value costs next to nothing."""

OFTEN: Final = 32
"""Blocks looked at between two points where the search can be cancelled."""

_ALL = np.ones(1, np.bool_)


@dataclass(slots=True, eq=False)
class _Block:
    """A block that the region has reached.

    Attributes:
        labels: H×W, which of its pieces a pixel belongs to, 0 for none; None for a single piece
            that is the whole block.
        taken: bool by piece, whether it is part of the region.
    """

    rect: Rect
    labels: NDArray[np.uint16] | None
    taken: NDArray[np.bool_]

    def line(self, side: Place) -> NDArray[np.uint16]:
        """The pieces along a side or, of a diagonal one, at a corner."""
        if self.labels is None:
            height = 1 if side[0] else self.rect.height
            width = 1 if side[1] else self.rect.width
            return np.ones(max(height, width), np.uint16)
        rows, columns = (_END[step] for step in side)
        return self.labels[rows, columns].ravel()


_END: Final = {-1: slice(0, 1), 0: slice(None), 1: slice(-1, None)}
_SIDES: Final = {
    4: ((-1, 0), (1, 0), (0, -1), (0, 1)),
    8: ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)),
}


def flood(
    read: Read, area: Rect, x: int, y: int, *, connectivity: int = 4
) -> Generator[Progress, None, tuple[Rect, NDArray[np.bool_]]]:
    """Pixels equal to the one at (x, y) and connected with it, within `area`; as a job.

    Blocks are labelled one by one, and pieces of neighbouring ones joined where they touch, as in
    labelling by union of strips (Rosenfeld and Pfaltz 1966), but only where the region leads.

    Args:
        read: gives the H×W array of a rectangle inside `area`.
        area: never looked outside of; contains (x, y).
        x: column in image pixels.
        y: row in image pixels.
        connectivity: 4 or 8 neighbours.

    Returns:
        The smallest rectangle around the region and a bool array of its shape.
    """
    value = int(read(Rect(x, y, x + 1, y + 1))[0, 0])
    blocks: dict[Place, _Block] = {}
    start = ((y - area.y0) // SIDE, (x - area.x0) // SIDE)
    total = -(-area.width // SIDE) * -(-area.height // SIDE)

    def at(place: Place) -> _Block:
        if place not in blocks:
            rect = _rect(place, area)
            blocks[place] = _block(read(rect) == value, rect, connectivity)
        return blocks[place]

    first = at(start)
    seed = 1 if first.labels is None else int(first.labels[y - first.rect.y0, x - first.rect.x0])
    queue = deque([(start, np.array([seed]))])
    steps = 0
    while queue:
        if steps % OFTEN == 0:
            yield Progress(min(len(blocks), total - 1), total)
        steps += 1
        place, pieces = queue.popleft()
        block = blocks[place]
        pieces = pieces[~block.taken[pieces]]
        if not len(pieces):
            continue
        block.taken[pieces] = True
        new = np.zeros(len(block.taken), np.bool_)
        new[pieces] = True
        for side in _SIDES[connectivity]:
            beside = (place[0] + side[0], place[1] + side[1])
            leaving = new[block.line(side)]
            if not leaving.any() or _rect(beside, area).empty:
                continue
            other = at(beside)
            reached = _reached(leaving, other, (-side[0], -side[1]), connectivity)
            if len(reached):
                queue.append((beside, reached))
    return (yield from _put_together(list(blocks.values()), total))


def _rect(place: Place, area: Rect) -> Rect:
    row, column = place
    corner = Rect(0, 0, SIDE, SIDE).moved(area.x0 + column * SIDE, area.y0 + row * SIDE)
    return corner.intersection(area)


def _block(marked: NDArray[np.bool_], rect: Rect, connectivity: int) -> _Block:
    if marked.all():
        return _Block(rect, None, np.zeros(2, np.bool_))
    from scipy import ndimage as ndi

    structure = np.ones((3, 3), np.bool_) if connectivity == 8 else None
    labels, count = ndi.label(marked, structure)
    # Fewer than 2¹⁶ pieces fit into a block; of a huge region every block is kept.
    return _Block(rect, labels.astype(np.uint16), np.zeros(count + 1, np.bool_))


def _reached(leaving: Line, other: _Block, side: Place, connectivity: int) -> NDArray[np.intp]:
    """The pieces of the neighbour, not yet taken, that touch marked pixels across the border."""
    if connectivity == 8 and len(leaving) > 1:
        wide = leaving.copy()
        wide[1:] |= leaving[:-1]
        wide[:-1] |= leaving[1:]
        leaving = wide
    touched = np.zeros(len(other.taken), np.bool_)
    touched[other.line(side)[leaving]] = True
    touched[0] = False
    return np.flatnonzero(touched & ~other.taken)


def _put_together(
    blocks: list[_Block], total: int
) -> Generator[Progress, None, tuple[Rect, NDArray[np.bool_]]]:
    """What is taken of all blocks, in the smallest rectangle around it."""
    parts, box = [], EMPTY
    for number, block in enumerate(blocks):
        if number % OFTEN == 0:
            yield Progress(total - 1, total)
        if not block.taken.any():
            continue
        if block.labels is None:
            where, inner = _ALL, block.rect
        else:
            where = block.taken[block.labels]
            rows, columns = np.flatnonzero(where.any(1)), np.flatnonzero(where.any(0))
            inner = Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
            where = where[inner.slices]
            inner = inner.moved(block.rect.x0, block.rect.y0)
            block.labels = None  # its memory is needed for the next ones
        parts.append((inner, where))
        box = box.union(inner)
    out = np.zeros((box.height, box.width), np.bool_)
    for number, (inner, where) in enumerate(parts):
        if number % OFTEN == 0:
            yield Progress(total - 1, total)
        out[inner.moved(-box.x0, -box.y0).slices] = where
    return box, out
