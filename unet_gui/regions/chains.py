"""Nested regions around a point from how unlike it the pixels are, and the likeliest of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.geometry import Rect
from unet_gui.regions import sides
from unet_gui.regions.components import cropped, piece
from unet_gui.regions.likely import likelihoods

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.regions.known import Known

    Region = tuple[Rect, NDArray[np.bool_]]

LEVELS: Final = 28
"""Thresholds tried; those that change little are left out."""

STEP: Final = 1.04
"""Least ratio of the areas of two levels."""

FAINTEST: Final = 6.0
"""Grey levels a pixel: what is usual for edges in a window is at least that."""

LARGEST: Final = 0.6
"""Of the window, the largest region."""


@dataclass(frozen=True)
class Nested:
    """Regions that each lie within the next one.

    Attributes:
        regions: rectangles in the window and bool arrays, smallest first; at least one.
        start: the best guess.
    """

    regions: tuple[Region, ...]
    start: int

    @property
    def count(self) -> int:
        return len(self.regions)

    def region(self, level: int) -> Region:
        """A level, 0 to `count` - 1; beyond that the nearest one."""
        return self.regions[max(0, min(level, self.count - 1))]


class Chain:
    """Collects regions around a point from the largest to the smallest.

    Args:
        x: the point, a pixel of the window.
        y: the point.
    """

    def __init__(self, x: int, y: int) -> None:
        self._x, self._y = x, y
        self.regions: list[Region] = []

    def add(self, marked: NDArray[np.bool_], origin: tuple[int, int] = (0, 0)) -> None:
        """The piece of `marked` (H×W, its corner at `origin`) at the point, its holes filled.

        What lies outside the region before it is left out; what is no smaller is not kept.
        """
        x, y = self._x - origin[0], self._y - origin[1]
        window = Rect.of_shape(marked.shape)
        box, inside = cropped(window, piece(marked, x, y))
        if not box.empty:
            self.add_piece(box.moved(*origin), inside)

    def add_piece(self, box: Rect, inside: NDArray[np.bool_]) -> None:
        """As `add`, of a connected piece at the point that is cut out already."""
        inside = filled(inside)
        if self.regions:
            outer, held = self.regions[-1]
            part = box.intersection(outer)
            inside = inside[part.moved(-box.x0, -box.y0).slices]
            inside = inside & held[part.moved(-outer.x0, -outer.y0).slices]
            box, inside = cropped(part, inside)
            if np.count_nonzero(inside) == np.count_nonzero(held):
                return
        self.regions.append((box, inside))

    def ordered(self) -> tuple[Region, ...]:
        """Smallest first."""
        return tuple(reversed(self.regions))


def filled(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """With its holes, by labelling what lies outside: many times as fast as growing into it."""
    from scipy import ndimage as ndi

    labels = ndi.label(np.pad(~inside, 1, constant_values=True))[0]
    whole: NDArray[np.bool_] = (labels != labels[0, 0])[1:-1, 1:-1]
    return whole


def opened_piece(marked: NDArray[np.bool_], x: int, y: int, radius: int = 1) -> NDArray[np.bool_]:
    """The piece at a point after thin bridges are cut; the 3×3 pixels at the point stay.

    Larger `marked` never gives a smaller piece, so pieces of nested sets are nested.
    """
    from scipy import ndimage as ndi

    cross = ndi.generate_binary_structure(2, 1)
    padded = np.pad(marked, radius, mode="edge")
    opened = ndi.binary_opening(padded, cross, iterations=radius)
    opened = opened[radius:-radius, radius:-radius]
    near = np.s_[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
    opened[near] |= marked[near]
    return piece(opened, x, y)


def pick(
    colors: NDArray[np.float32],
    edges: NDArray[np.float32],
    x: int,
    y: int,
    known: Known | None = None,
    free: NDArray[np.bool_] | None = None,
) -> Nested:
    """The likeliest chain of regions around (x, y), its best level marked.

    A first chain holds what is like the point's own colour. Its best level says what object and
    surroundings look like; another chain follows the direction in colour space that tells them
    apart best (Fisher 1936). Further ones take all that is at least as far as the point is from
    what is usual in the window, in lightness, red against green, and yellow against blue: an
    object clicked where it is faint is held whole by those. The last one is led by what is
    labelled already.

    Args:
        colors: float32 3×H×W.
        edges: float32 H×W edge strength.
        x: pixel of the window.
        y: pixel of the window.
        known: of the class to be painted.
        free: bool H×W; None for all. The rest is labelled otherwise and no part of anything.
    """
    usual = math.sqrt(max(float(np.percentile(edges[::2, ::2], 95)), FAINTEST))
    score = partial(likelihoods, colors=colors, edges=edges, usual=usual, known=known, free=free)
    first = chain_of(sides.unlikeness(colors, x, y), x, y)
    scores = score(first)
    found = [(float(scores.max()), first, int(scores.argmax()))]
    ways = [sides.contrast(colors, first[found[0][2]], x, y)]
    ways += [sides.beyond(plane, x, y) for plane in colors if np.ptp(plane[::4, ::4]) > 0]
    if known is not None:
        ways.append(sides.towards(known.along, x, y))
    for away in ways:
        chain = chain_of(away, x, y)
        scores = score(chain)
        found.append((float(scores.max()), chain, int(scores.argmax())))
    _, chain, best = max(found, key=lambda one: one[0])
    inner = () if chain is first else _inner(chain[0], first, x, y)
    return _seen_to_differ(Nested(inner + chain, best + len(inner)), free)


def _seen_to_differ(nested: Nested, free: NDArray[np.bool_] | None) -> Nested:
    """Without levels that differ from the one before only in what stays as it is."""
    if free is None:
        return nested
    areas = [int(np.count_nonzero(inside & free[box.slices])) for box, inside in nested.regions]
    kept = [nested.start]
    for level in range(nested.start - 1, -1, -1):
        if areas[level] * STEP < areas[kept[0]]:
            kept.insert(0, level)
    start = len(kept) - 1
    for level in range(nested.start + 1, nested.count):
        if areas[level] > areas[kept[-1]] * STEP:
            kept.append(level)
    return Nested(tuple(nested.regions[level] for level in kept), start)


def _inner(smallest: Region, first: tuple[Region, ...], x: int, y: int) -> tuple[Region, ...]:
    """Parts of a region that are ever more like the point itself, smallest first.

    What is at least as far from the usual as the point may be more than the object.
    """
    chain = Chain(x, y)
    chain.regions.append(smallest)
    kept: list[Region] = []
    before = float(np.count_nonzero(smallest[1]))
    for box, inside in reversed(first):
        chain.add_piece(box, inside)
        area = float(np.count_nonzero(chain.regions[-1][1]))
        if area * STEP < before:
            kept.append(chain.regions[-1])
            before = area
    return tuple(reversed(kept))


def chain_of(away: NDArray[np.float32], x: int, y: int) -> tuple[Region, ...]:
    """Pieces around the point where `away` is below ever lower thresholds, smallest first."""
    chain = Chain(x, y)
    window = Rect.of_shape(away.shape)
    limits, closed = _limits(away), closing(away)
    near = np.s_[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
    closed[near] = away[near]
    before = math.inf
    for limit in limits[_first_small(closed, limits, x, y) :]:
        part = closed[window.slices] <= limit
        box, inside = cropped(window, piece(part, x - window.x0, y - window.y0))
        area = float(np.count_nonzero(inside))
        if area * STEP < before:
            chain.add_piece(box, inside)
            before = area
        window = box.expanded(2).intersection(Rect.of_shape(away.shape))
    if not chain.regions:
        chain.add(np.ones((1, 1), np.bool_), (x, y))
    return chain.ordered()


def _first_small(closed: NDArray[np.float32], limits: NDArray[np.float64], x: int, y: int) -> int:
    """The first limit whose piece is not nearly the whole window, by halving: pieces shrink."""
    low, high = 0, len(limits)
    while low < high:
        middle = (low + high) // 2
        if np.count_nonzero(piece(closed <= limits[middle], x, y)) > LARGEST * closed.size:
            low = middle + 1
        else:
            high = middle
    return low


def closing(field: NDArray[np.float32]) -> NDArray[np.float32]:
    """Grey closing by a cross: below any threshold lies what an opening leaves there.

    Once for all thresholds, and by whole rows: a hundredth of the time of opening at each.
    """
    return -_highest(-_highest(field))


def _highest(field: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest of each pixel and its 4 neighbours."""
    most = field.copy()
    for to, of in ((most[1:], field[:-1]), (most[:-1], field[1:])):
        np.maximum(to, of, out=to)
    for to, of in ((most[:, 1:], field[:, :-1]), (most[:, :-1], field[:, 1:])):
        np.maximum(to, of, out=to)
    return most


def _limits(away: NDArray[np.float32]) -> NDArray[np.float64]:
    """Thresholds from large to small, finer where they are low."""
    top = float(np.percentile(away[::2, ::2], 90))
    return np.linspace(1.0, 0.08, LEVELS) ** 2 * top
