"""Objects of a mask: connected regions of one class, for formats that list objects.

A mask is looked at as runs of equal pixels in its rows. They are some thousands where pixels are a
million, and all that formats write follows from them: boxes, areas, run lengths of any kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from unet_gui.core.classes import UNLABELLED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask


class Runs(NamedTuple):
    """Runs of the pixels of objects, those of one object together and in order.

    Attributes:
        first: int64[n + 1], where the runs of each of n objects begin.
        starts: Where runs start, and
        ends: where they end (exclusive), counted along some flat order of pixels.
    """

    first: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


_MANY: Final = 4000
"""From so many on, merging by scipy's graphs is quicker than by hand."""


@dataclass(frozen=True, slots=True)
class Objects:
    """The objects of a mask.

    Attributes:
        shape: (height, width) of the mask.
        class_ids: The class of each.
        boxes: int64[n, 4], left, top, right and bottom (exclusive) of each.
        areas: int64[n], how many pixels each has.
    """

    shape: tuple[int, int]
    class_ids: list[int]
    boxes: NDArray[np.int64]
    areas: NDArray[np.int64]
    _first: NDArray[np.int64]
    _starts: NDArray[np.int64]
    _ends: NDArray[np.int64]
    _every: NDArray[np.int64]
    _owner: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.class_ids)

    def numbers(self, named: NDArray[np.int64] | None = None) -> NDArray[np.int32]:
        """H×W int32: by pixel the number of its object, from 1 on; 0 where there is none.

        Args:
            named: Other numbers to write instead, by object.
        """
        names = np.arange(1, len(self) + 1) if named is None else named
        by_owner = np.concatenate((names, [0])).astype(np.int32)  # an owner of −1 is the last
        height, width = self.shape
        lengths = np.diff(self._every, append=height * width)
        return np.repeat(by_owner[self._owner], lengths).reshape(self.shape)

    def pictures(self) -> Iterator[NDArray[np.bool_]]:
        """The pixels of each object inside its box, bool."""
        numbers = self.numbers()
        for number, (x0, y0, x1, y1) in enumerate(self.boxes.tolist(), start=1):
            yield numbers[y0:y1, x0:x1] == number

    def row_runs(self) -> Runs:
        """Runs counted row by row through the whole image."""
        return _joined(self._first, self._starts, self._ends)

    def box_runs(self) -> Runs:
        """Runs counted row by row inside the box of each object."""
        of = np.repeat(np.arange(len(self)), np.diff(self._first))
        left, top = self.boxes[of, 0], self.boxes[of, 1]
        wide = self.boxes[of, 2] - left
        rows = self._starts // self.shape[1]
        shift = (rows - top) * wide - rows * self.shape[1] - left
        return _joined(self._first, self._starts + shift, self._ends + shift)

    def column_runs(self, mask: ClassMask) -> Runs:
        """Runs counted column by column through the whole image, as COCO does.

        Args:
            mask: The mask that the objects were found in.
        """
        height, width = self.shape
        heads = np.flatnonzero(mask[1:] != mask[:-1]) + width
        heads = np.concatenate((np.arange(width), heads))
        rows, columns = np.divmod(heads, width)
        order = np.argsort(columns.astype(np.uint16) if width < 1 << 16 else columns, kind="stable")
        starts = (columns * height + rows)[order]
        owner = self._owner[np.searchsorted(self._every, heads[order], "right") - 1]
        ends = np.append(starts[1:], height * width)
        first, order = _grouped(owner, len(self))
        return _joined(first, starts[order], ends[order])


def objects(mask: ClassMask, *, skip: Collection[int] = ()) -> Objects:
    """The connected regions of a mask, pixels that touch by a corner being connected.

    Args:
        mask: H×W uint8 of class ids.
        skip: Classes to leave out; unlabelled pixels are left out always.

    Returns:
        Regions in the order of their first pixel, row by row.
    """
    starts, values = _row_runs(mask)
    kept = np.flatnonzero(_wanted(skip)[values])
    owner = np.full(len(starts), -1, np.int64)
    owner[kept] = _connected(starts[kept], _ends(starts, mask)[kept], values[kept], mask.shape[1])
    return _listed(mask, starts, values, owner)


def whole_classes(mask: ClassMask, *, skip: Collection[int] = ()) -> Objects:
    """All pixels of a class as one object, class by class."""
    starts, values = _row_runs(mask)
    there = np.zeros(256, bool)
    there[values] = True
    there &= _wanted(skip)
    place = np.where(there, np.cumsum(there) - 1, -1)
    return _listed(mask, starts, values, place[values])


def _row_runs(mask: ClassMask) -> tuple[NDArray[np.int64], ClassMask]:
    """Where runs of equal pixels start, each in one row, and their values; flat, all pixels."""
    height, width = mask.shape
    begins = np.empty((height, width), bool)
    begins[:, 0] = True
    np.not_equal(mask[:, 1:], mask[:, :-1], out=begins[:, 1:])
    starts = np.flatnonzero(begins)
    return starts, mask.reshape(-1)[starts]


def _ends(starts: NDArray[np.int64], mask: ClassMask) -> NDArray[np.int64]:
    return np.append(starts[1:], mask.size)


def _wanted(skip: Collection[int]) -> NDArray[np.bool_]:
    wanted = np.ones(256, bool)
    wanted[[*skip, UNLABELLED]] = False
    return wanted


def _connected(
    starts: NDArray[np.int64], ends: NDArray[np.int64], values: ClassMask, width: int
) -> NDArray[np.int64]:
    """The number of the region of each run, by the first run of the regions."""
    # Rows are set apart, so that runs touch those of the row above and no others.
    rows = starts // width
    starts, ends = starts + rows * 2, ends + rows * 2
    above = width + 2
    low = np.searchsorted(ends, starts - above)
    number = np.maximum(np.searchsorted(starts, ends - above, "right") - low, 0)
    run = np.repeat(np.arange(len(starts)), number)
    other = np.arange(len(run)) + np.repeat(low - np.cumsum(number) + number, number)
    same = values[other] == values[run]
    run, other = run[same], other[same]
    # Most runs touch one above: such chains are followed all at once, the rest is little.
    extra = np.zeros(len(run), bool)
    np.equal(run[1:], run[:-1], out=extra[1:])
    root = np.arange(len(starts))
    root[run[~extra]] = other[~extra]
    root = _followed(root)
    if extra.any():
        root = _merged(root, root[run[extra]], root[other[extra]])
    firsts = root == np.arange(len(root))
    owner: NDArray[np.int64] = (np.cumsum(firsts) - 1)[root]
    return owner


def _followed(root: NDArray[np.int64]) -> NDArray[np.int64]:
    """The end of the chain that each run begins; doubling its steps finds it soon."""
    while not np.array_equal(further := root[root], root):
        root = further
    return root


def _merged(
    root: NDArray[np.int64], some: NDArray[np.int64], others: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Roots of runs where some roots are the same region as others; the first stays."""
    if len(some) > _MANY:
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        ones = np.ones(len(some), np.int8)
        graph = coo_array((ones, (some, others)), shape=(len(root), len(root)))
        number, region = connected_components(graph, directed=False)
        first = np.full(number, len(root))
        np.minimum.at(first, region, np.arange(len(root)))
        found: NDArray[np.int64] = first[region][root]
        return found
    into: dict[int, int] = {}
    for one, other in zip(some.tolist(), others.tolist(), strict=True):
        low, high = sorted((_end(into, one), _end(into, other)))
        if low != high:
            into[high] = low
    moved = np.arange(len(root))
    for one in into:
        moved[one] = _end(into, one)
    merged: NDArray[np.int64] = moved[root]
    return merged


def _end(into: dict[int, int], one: int) -> int:
    end = one
    while end in into:
        end = into[end]
    while one != end:  # so that the way is short next time
        into[one], one = end, into[one]
    return end


def _listed(
    mask: ClassMask, every: NDArray[np.int64], values: ClassMask, owner: NDArray[np.int64]
) -> Objects:
    number = int(owner.max(initial=-1)) + 1
    first, order = _grouped(owner, number)
    starts, ends = every[order], _ends(every, mask)[order]
    boxes = np.empty((number, 4), np.int64)
    areas = np.zeros(number, np.int64)
    if number:
        width, begin = mask.shape[1], first[:-1]
        rows = starts // width
        boxes[:, 0] = np.minimum.reduceat(starts - rows * width, begin)
        boxes[:, 1] = rows[begin]
        boxes[:, 2] = np.maximum.reduceat(ends - rows * width, begin)
        boxes[:, 3] = rows[first[1:] - 1] + 1
        areas = np.add.reduceat(ends - starts, begin)
    height, width = mask.shape
    class_ids: list[int] = values[order[first[:-1]]].tolist()
    return Objects((height, width), class_ids, boxes, areas, first, starts, ends, every, owner)


def _grouped(owner: NDArray[np.int64], number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each owner's runs begin among those that have one, and these by owner, in order."""
    # Small integers are sorted in linear time.
    small = (owner + 1).astype(np.uint16) if number < (1 << 16) - 1 else owner + 1
    order = np.argsort(small, kind="stable")
    sizes = np.bincount(small, minlength=number + 1)
    first = np.cumsum(sizes) - sizes[0]
    return first, order[sizes[0] :]


def _joined(first: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Runs:
    """Runs that follow each other without a gap made one, such as over the end of a row."""
    apart = np.ones(len(starts) + 1, bool)
    np.not_equal(starts[1:], ends[:-1], out=apart[1:-1])
    apart[first] = True
    kept = np.concatenate(([0], np.cumsum(apart[:-1])))
    return Runs(kept[first], starts[apart[:-1]], ends[apart[1:]])


_BACKGROUND = frozenset({"background", "_background_", "bg", "__background__", "back ground"})


def background(classes: ClassTable) -> int | None:
    """The class that is meant by “nothing is there”, told by its name; None when there is none."""
    return next((c.id for c in classes if c.name.strip().casefold() in _BACKGROUND), None)
