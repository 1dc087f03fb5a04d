"""The outline of objects, each as one closed line through the centres of its border pixels.

Filled by the rule of `polygons.fill_centres` (that of OpenCV's fillPoly: what the line crosses and
what it encloses an odd number of times), it gives the object back to the pixel. Holes are part of
the line: from each the line goes straight up through the object to the border above, and back.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

EAST, SOUTH, WEST, NORTH = range(4)


def outlines(numbers: NDArray[np.int32]) -> list[NDArray[np.int64]]:
    """The outline of each object of an image.

    Args:
        numbers: H×W int32: by pixel the number of its object, from 1 on without gaps; 0 elsewhere.
            Pixels of an object touch at least by a corner.

    Returns:
        By object, N×2 int64 of (x, y), N ≥ 1; neighbours lie on a row, a column or a diagonal.
    """
    sides = _Sides(numbers)
    if not len(sides.owner):
        return []
    loops = _loops(sides)
    hung = _hung(sides, loops)
    lines = [sides.pixel[loop] for loop in loops.outermost()]
    for number, holes in hung.items():
        lines[number] = _stitched(sides, loops, number, holes)
    return _straightened(lines, sides.stride)


class _Sides:
    """The sides between objects' pixels and what is not the same object, clockwise around it.

    Pixels and corners are counted row by row through the image with a border of one pixel around
    it; a corner has the number of the pixel to its lower right.

    Attributes:
        stride: Pixels in a row, the border included.
        direction: Where each side leads.
        pixel: The pixel each side belongs to.
        owner: The number of its object.
        follower: The side that comes after each one.
    """

    def __init__(self, numbers: NDArray[np.int32]) -> None:
        height, width = numbers.shape
        self.stride = stride = width + 2
        padded = np.zeros((height + 2, stride), np.int32)
        padded[1:-1, 1:-1] = numbers
        flat = padded.reshape(-1)
        upright, across = flat[stride:] != flat[:-stride], flat[1:] != flat[:-1]
        there = flat > 0
        pixels = (
            np.flatnonzero(upright & there[stride:]) + stride,
            np.flatnonzero(across & there[:-1]),
            np.flatnonzero(upright & there[:-stride]),
            np.flatnonzero(across & there[1:]) + 1,
        )
        self.pixel = np.concatenate(pixels)
        self.direction = np.repeat(np.arange(4), [len(p) for p in pixels])
        self.owner = flat[self.pixel]
        begin = np.array((0, 1, stride + 1, stride))
        step = np.array((1, stride, -1, -stride))
        keys = self.direction * len(flat) + self.pixel + begin[self.direction]
        number = np.full(4 * len(flat), -1, np.int32)
        number[keys] = np.arange(len(keys), dtype=np.int32)
        ends = self.pixel + (begin + step)[self.direction]
        # Where two pixels touch by a corner only, turning left stays on the object.
        self.follower = np.full(len(keys), -1, np.int32)
        for turn in (1, 0, 3):  # what comes later wins
            there = number[(self.direction + turn) % 4 * len(flat) + ends]
            ours = (there >= 0) & (self.owner[there] == self.owner)
            np.copyto(self.follower, there, where=ours)


class _Loops:
    """The closed ways along the sides, object by object, the outermost first.

    Attributes:
        sides: The sides in the order of the loops.
        first: Where each loop begins in there, and the end of the last.
        owned: The number of the first loop of each object, and the end of the last's.
        of: The loop of each side.
        place: Where in its loop each side is.
    """

    def __init__(
        self, sides: NDArray[np.int64], first: NDArray[np.int64], owners: NDArray[np.int32]
    ) -> None:
        self.sides, self.first = sides, first
        number = int(owners[-1])
        self.owned = np.searchsorted(owners, np.arange(1, number + 2))
        lengths = np.diff(first)
        self.of = np.empty_like(sides)
        self.of[sides] = np.repeat(np.arange(len(owners)), lengths)
        self.place = np.empty_like(sides)
        self.place[sides] = np.arange(len(sides)) - np.repeat(first[:-1], lengths)

    def __getitem__(self, loop: int) -> NDArray[np.int64]:
        return self.sides[self.first[loop] : self.first[loop + 1]]

    def outermost(self) -> list[NDArray[np.int64]]:
        """The outermost loop of each object."""
        return [self[loop] for loop in self.owned[:-1].tolist()]

    def inner(self) -> NDArray[np.int64]:
        """The loops around holes."""
        inner = np.ones(len(self.first) - 1, bool)
        inner[self.owned[:-1]] = False
        return np.flatnonzero(inner)


class _Hung(NamedTuple):
    """A hole's place in the line: it hangs on the `at`-th side of a loop, and begins at `start`."""

    loop: int
    at: int
    hole: int
    start: int


def _loops(sides: _Sides) -> _Loops:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components, depth_first_order

    number = len(sides.follower)
    ones, pointers = np.ones(number), np.arange(number + 1, dtype=np.int32)
    ways = csr_array((ones, sides.follower, pointers), shape=(number, number))
    # To each loop leads one way only, so that it need not be looked at backwards too.
    count, loop = connected_components(ways, connection="strong")
    first = np.full(count, number)
    np.minimum.at(first, loop, np.arange(number))
    order = np.lexsort((first, sides.owner[first]))
    owners = sides.owner[first]
    # All loops cut open and tied to one way, which is then walked once.
    before = np.empty(number, np.int64)
    before[sides.follower] = np.arange(number)
    onward = sides.follower.copy()
    onward[before[first[order]]] = np.roll(first[order], -1)
    way = csr_array((ones, onward, pointers), shape=(number, number))
    walked = depth_first_order(way, first[order[0]], return_predecessors=False).astype(np.int64)
    lengths = np.bincount(loop, minlength=count)[order]
    return _Loops(walked, np.concatenate(([0], np.cumsum(lengths))), owners[order])


def _hung(sides: _Sides, loops: _Loops) -> dict[int, list[_Hung]]:
    """Where the line of each hole leaves another loop, by object (counted from 0)."""
    inner = loops.inner()
    if not len(inner):
        return {}
    upper = np.flatnonzero(sides.direction == EAST)
    columns = _by_column(sides, upper)
    order = np.argsort(columns)
    upper, columns = upper[order], columns[order]
    firsts = np.empty_like(inner)
    for n, hole in enumerate(inner.tolist()):
        loop = loops[hole]
        above = loop[sides.direction[loop] == WEST]
        firsts[n] = above[np.argmin(sides.pixel[above] // sides.stride)]
    # The upper end of the unbroken column of the object's pixels above the hole.
    tops = upper[np.searchsorted(columns, _by_column(sides, firsts), "right") - 1]
    hung: dict[int, list[_Hung]] = {}
    places = zip(
        (sides.owner[firsts] - 1).tolist(),
        loops.of[tops].tolist(),
        loops.place[tops].tolist(),
        inner.tolist(),
        loops.place[firsts].tolist(),
        strict=True,
    )
    for number, loop, at, hole, start in places:
        hung.setdefault(number, []).append(_Hung(loop, at, hole, start))
    return hung


def _by_column(sides: _Sides, some: NDArray[np.int64]) -> NDArray[np.int64]:
    """A number for the pixel of each of some sides that counts column by column."""
    rows, columns = np.divmod(sides.pixel[some], sides.stride)
    counted: NDArray[np.int64] = columns << 32 | rows
    return counted


def _stitched(sides: _Sides, loops: _Loops, number: int, hung: list[_Hung]) -> NDArray[np.int64]:
    """One line through all loops of an object, as numbers of pixels."""
    outermost = int(loops.owned[number])
    on: dict[int, list[_Hung]] = {}
    for one in hung:
        on.setdefault(one.loop, []).append(one)
    pieces: list[NDArray[np.int64]] = []
    stack = [iter(_around(sides.pixel[loops[outermost]], 0, on.get(outermost, [])))]
    while stack:
        piece = next(stack[-1], None)
        if piece is None:
            stack.pop()
        elif isinstance(piece, _Hung):
            pixels = sides.pixel[loops[piece.hole]]
            inner = _around(pixels, piece.start, on.get(piece.hole, []))
            # Once around the hole and back to where the line left.
            closing = pixels[[piece.start]], sides.pixel[loops[piece.loop]][[piece.at]]
            stack.append(iter((*inner, *closing)))
        else:
            pieces.append(piece)
    return np.concatenate(pieces)


def _around(
    pixels: NDArray[np.int64], start: int, hung: list[_Hung]
) -> list[NDArray[np.int64] | _Hung]:
    """A loop from `start` on, with what hangs on it after the pixel it hangs on."""
    pixels = np.concatenate((pixels[start:], pixels[:start]))
    found: list[NDArray[np.int64] | _Hung] = []
    done = 0
    for at, one in sorted(((o.at - start) % len(pixels), o) for o in hung):
        found += [pixels[done : at + 1], one]
        done = at + 1
    return [*found, pixels[done:]]


def _straightened(lines: list[NDArray[np.int64]], stride: int) -> list[NDArray[np.int64]]:
    """As (x, y), without points that repeat or lie on the way between their neighbours."""
    points = np.concatenate(lines)
    first = np.cumsum([0, *map(len, lines)])
    kept = np.ones(len(points), bool)
    np.not_equal(points[1:], points[:-1], out=kept[1:])
    kept[first[:-1]] = True
    points, first = points[kept], _moved(first, kept)
    # A line that ends where it began says so by itself.
    last = first[1:] - 1
    kept = np.ones(len(points), bool)
    kept[last] = (last == first[:-1]) | (points[last] != points[first[:-1]])
    points, first = points[kept], _moved(first, kept)
    rows, columns = np.divmod(points, stride)
    after = np.arange(1, len(points) + 1)
    after[first[1:] - 1] = first[:-1]
    steps = np.sign(rows[after] - rows) * 3 + np.sign(columns[after] - columns)
    kept = np.empty(len(points), bool)
    kept[after] = steps[after] != steps
    short = np.diff(first) < 3
    if short.any():
        kept |= np.repeat(short, np.diff(first))
    first = _moved(first, kept)
    bends = np.stack((columns[kept] - 1, rows[kept] - 1), 1)
    return [bends[a:b] for a, b in pairwise(first.tolist())]


def _moved(first: NDArray[np.int64], kept: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Where lines begin once only what is kept is left."""
    moved: NDArray[np.int64] = np.concatenate(([0], np.cumsum(kept)))[first]
    return moved
