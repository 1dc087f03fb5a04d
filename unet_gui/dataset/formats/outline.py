"""The outline of an object as one closed line through the centres of its border pixels.

Filled by the rule of `polygons.fill_centres` (that of OpenCV's fillPoly: what the line crosses and
what it encloses an odd number of times), it gives the object back to the pixel. Holes are part of
the line: from each the line goes straight up through the object to the border above, and back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

EAST, SOUTH, WEST, NORTH = range(4)
# From the corner a side starts at to the pixel it belongs to, (rows, columns).
_PIXEL: Final = np.array([(0, 0), (0, -1), (-1, -1), (-1, 0)])
_STEP: Final = np.array([(0, 1), (1, 0), (0, -1), (-1, 0)])


def outline(where: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The outline of one object.

    Args:
        where: H×W bool, one region whose pixels touch at least by a corner.

    Returns:
        N×2 int64 of (x, y), N ≥ 1; neighbours in it lie on a row, a column or a diagonal.
    """
    sides = _Sides(where)
    loops = _loops(sides.follower)
    return _straightened(_stitched(sides, loops, _children(sides, loops, where)))


class _Sides:
    """The sides between an object's pixels and what is not the object, clockwise around it.

    Attributes:
        direction: Where each side leads.
        pixel: (row, column) of the pixel each side belongs to.
        follower: The side that comes after each one.
        number: Side by direction and corner it starts at; −1 where there is none.
    """

    def __init__(self, where: NDArray[np.bool_]) -> None:
        height, width = where.shape
        padded = np.zeros((height + 2, width + 2), bool)
        padded[1:-1, 1:-1] = where
        bare = np.zeros((4, height + 1, width + 1), bool)
        bare[EAST, :-1, :-1] = where & ~padded[:-2, 1:-1]
        bare[SOUTH, :-1, 1:] = where & ~padded[1:-1, 2:]
        bare[WEST, 1:, 1:] = where & ~padded[2:, 1:-1]
        bare[NORTH, 1:, :-1] = where & ~padded[1:-1, :-2]
        self.direction, rows, columns = np.nonzero(bare)
        corners = np.stack((rows, columns), 1)
        self.pixel = corners + _PIXEL[self.direction]
        self.number = np.full(bare.shape, -1, np.int64)
        self.number[bare] = np.arange(len(rows))
        ends = corners + _STEP[self.direction]
        # Where two pixels touch by a corner only, turning left stays on the object.
        follower = np.full(len(rows), -1, np.int64)
        for turn in (1, 0, 3):  # what comes later wins
            there = self.number[(self.direction + turn) % 4, ends[:, 0], ends[:, 1]]
            follower = np.where(there >= 0, there, follower)
        self.follower = follower


class _Hung(NamedTuple):
    """A hole's place in the line: it hangs on the `at`-th side of a loop, and begins at `start`."""

    loop: int
    at: int
    hole: int
    start: int


def _loops(follower: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The closed ways along the sides, the outermost first."""
    after: list[int] = follower.tolist()
    loops: list[NDArray[np.int64]] = []
    for first in range(len(after)):
        if after[first] < 0:
            continue
        loop, side = [], first
        while (follows := after[side]) >= 0:
            loop.append(side)
            after[side] = -1  # been here
            side = follows
        loops.append(np.array(loop))
    return loops


def _children(
    sides: _Sides, loops: list[NDArray[np.int64]], where: NDArray[np.bool_]
) -> list[_Hung]:
    """Where the line of each hole leaves another loop."""
    if len(loops) == 1:
        return []
    # The upper end of the unbroken column of object pixels above each pixel.
    rows = np.arange(len(where))[:, None]
    blocked = np.where(where, -1, np.broadcast_to(rows, where.shape))
    top = np.maximum.accumulate(blocked, axis=0) + 1
    loop_of = np.empty(len(sides.direction), np.int64)
    place = np.empty_like(loop_of)
    for number, loop in enumerate(loops):
        loop_of[loop], place[loop] = number, np.arange(len(loop))
    hung = []
    for number, loop in enumerate(loops[1:], start=1):
        above = loop[sides.direction[loop] == WEST]
        first = int(above[np.argmin(sides.pixel[above, 0])])
        row, column = sides.pixel[first]
        side = int(sides.number[EAST, top[row, column], column])
        hung.append(_Hung(int(loop_of[side]), int(place[side]), number, int(place[first])))
    return hung


def _stitched(
    sides: _Sides, loops: list[NDArray[np.int64]], hung: list[_Hung]
) -> NDArray[np.int64]:
    """One line through all loops, as (row, column) of pixels."""
    if not hung:
        line: NDArray[np.int64] = sides.pixel[loops[0]]
        return line
    on: dict[int, list[_Hung]] = {}
    for one in hung:
        on.setdefault(one.loop, []).append(one)
    pieces: list[NDArray[np.int64]] = []
    stack = [iter(_around(sides.pixel[loops[0]], 0, on.get(0, [])))]
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
    pixels = np.roll(pixels, -start, axis=0)
    found: list[NDArray[np.int64] | _Hung] = []
    done = 0
    for at, one in sorted(((o.at - start) % len(pixels), o) for o in hung):
        found += [pixels[done : at + 1], one]
        done = at + 1
    return [*found, pixels[done:]]


def _straightened(line: NDArray[np.int64]) -> NDArray[np.int64]:
    """As (x, y), without points that repeat or lie on the way between their neighbours."""
    points = line[:, ::-1]
    points = points[np.concatenate(([True], (np.diff(points, axis=0) != 0).any(1)))]
    if len(points) > 1 and (points[0] == points[-1]).all():
        points = points[:-1]
    if len(points) < 3:
        return points
    before = np.sign(points - np.roll(points, 1, axis=0))
    after = np.sign(np.roll(points, -1, axis=0) - points)
    bends: NDArray[np.int64] = points[(before != after).any(1)]
    return bends
