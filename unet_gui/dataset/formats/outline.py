"""The outline of an object as one closed line through the centres of its border pixels.

Filled by the rule of `polygons.fill_centres` (that of OpenCV's fillPoly: what the line crosses and
what it encloses an odd number of times), it gives the object back to the pixel. Holes are part of
the line: from each the line goes straight up through the object to the border above, and back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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
    loops, loop_of = _loops(sides.follower)
    children = _children(sides, loops, loop_of, where)
    return _straightened(_stitched(sides, loops, children))


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


def _loops(follower: NDArray[np.int64]) -> tuple[list[list[int]], list[int]]:
    """The closed ways along the sides, the outermost first; and which one each side is on."""
    after = follower.tolist()
    loop_of = [-1] * len(after)
    loops: list[list[int]] = []
    for first in range(len(after)):
        if loop_of[first] >= 0:
            continue
        loop, side = [], first
        while loop_of[side] < 0:
            loop_of[side] = len(loops)
            loop.append(side)
            side = after[side]
        loops.append(loop)
    return loops, loop_of


def _children(
    sides: _Sides, loops: list[list[int]], loop_of: list[int], where: NDArray[np.bool_]
) -> dict[int, tuple[int, int]]:
    """For each hole, the side its line is hung on: side → (loop of the hole, side it begins at)."""
    if len(loops) == 1:
        return {}
    height = len(where)
    # The upper end of the unbroken column of object pixels above each pixel.
    rows = np.arange(height)[:, None]
    blocked = np.where(where, -1, np.broadcast_to(rows, where.shape))
    top = np.maximum.accumulate(blocked, axis=0) + 1
    hung: dict[int, tuple[int, int]] = {}
    rows_of, directions = sides.pixel[:, 0], sides.direction
    for number, loop in enumerate(loops[1:], start=1):
        members = np.array(loop)
        above = members[directions[members] == WEST]
        first = int(above[np.argmin(rows_of[above])])
        row, column = sides.pixel[first]
        side = int(sides.number[EAST, top[row, column], column])
        hung[side] = (number, first)
    return hung


def _stitched(
    sides: _Sides, loops: list[list[int]], children: dict[int, tuple[int, int]]
) -> NDArray[np.int64]:
    """One line through all loops, as (row, column) of pixels."""
    pixels: list[list[int]] = sides.pixel.tolist()
    line: list[tuple[int, int]] = []
    stack: list[tuple[list[int], int, tuple[int, int] | None]] = [(loops[0], 0, None)]
    while stack:
        loop, at, back = stack.pop()
        while at < len(loop):
            row, column = pixels[loop[at]]
            line.append((row, column))
            child = children.get(loop[at])
            at += 1
            if child is None:
                continue
            stack.append((loop, at, back))
            number, first = child
            start = loops[number].index(first)
            loop, at = loops[number][start:] + loops[number][:start], 0
            back = (row, column)
        if back is not None:
            # Close the hole, then return the way the line came.
            line += [(pixels[loop[0]][0], pixels[loop[0]][1]), back]
    return np.array(line, np.int64)


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
