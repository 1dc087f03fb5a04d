"""Nested regions around a point from how unlike it the pixels are, and the likeliest of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.geometry import Rect
from unet_gui.regions.components import cropped, piece
from unet_gui.regions.likely import likelihoods

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Region = tuple[Rect, NDArray[np.bool_]]

LEVELS: Final = 28
"""Thresholds tried; those that change little are left out."""

STEP: Final = 1.04
"""Least ratio of the areas of two levels."""

CLEARLY: Final = 1.25
"""How much better the second chain has to be: the first is easier to foresee for a person."""

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
        if box.empty:
            return
        inside = filled(inside)
        box = box.moved(*origin)
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


def pick(colors: NDArray[np.float32], edges: NDArray[np.float32], x: int, y: int) -> Nested:
    """The likeliest chain of regions around (x, y), its best level marked.

    A first chain holds what is like the point's own colour. Its best level says what object and
    surroundings look like; a second chain follows the direction in colour space that tells them
    apart best (Fisher 1936), and is taken when its best level scores
    clearly higher.

    Args:
        colors: float32 3×H×W.
        edges: float32 H×W edge strength.
        x: pixel of the window.
        y: pixel of the window.
    """
    first = chain_of(unlikeness(colors, x, y), x, y)
    scores = likelihoods(first, colors, edges)
    best = int(np.argmax(scores))
    second = chain_of(contrast(colors, first[best], x, y), x, y)
    again = likelihoods(second, colors, edges)
    if max(again) > CLEARLY * max(scores):
        return Nested(second, int(np.argmax(again)))
    return Nested(first, best)


def unlikeness(colors: NDArray[np.float32], x: int, y: int) -> NDArray[np.float32]:
    """Distance of every pixel's colour to the mean of the 3×3 pixels at the point."""
    near = colors[:, max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
    own = near.reshape(3, -1).mean(1)
    away: NDArray[np.float32] = np.sqrt(((colors - own[:, None, None]) ** 2).sum(0))
    away[y, x] = 0
    return away


def contrast(colors: NDArray[np.float32], region: Region, x: int, y: int) -> NDArray[np.float32]:
    """How far every pixel lies on the side of the surroundings of a region; 0 at the point."""
    box, inside = region
    height, width = colors.shape[1:]
    reach = max(8, max(box.width, box.height) // 2)
    around = box.expanded(reach).intersection(Rect(0, 0, width, height))
    held = np.zeros((around.height, around.width), np.bool_)
    held[box.moved(-around.x0, -around.y0).slices] = inside
    local = colors[(slice(None), *around.slices)]
    own, other = local[:, held], local[:, ~held]
    if own.shape[1] < 8 or other.shape[1] < 8:
        return unlikeness(colors, x, y)
    spread = np.cov(own) + np.cov(other) + np.eye(3) * 0.5
    direction = np.linalg.solve(spread, other.mean(1) - own.mean(1)).astype(np.float32)
    along = np.tensordot(direction, colors, 1)
    away: NDArray[np.float32] = np.maximum(along - along[y, x], 0)
    # Pixels beyond the object's own colour are not more like it than the point is.
    return away


def chain_of(away: NDArray[np.float32], x: int, y: int) -> tuple[Region, ...]:
    """Pieces around the point where `away` is below ever lower thresholds, smallest first."""
    chain = Chain(x, y)
    window = Rect.of_shape(away.shape)
    limits, closed = _limits(away), closing(away)
    near = np.s_[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
    closed[near] = away[near]
    for limit in limits:
        part = closed[window.slices] <= limit
        inside = piece(part, x - window.x0, y - window.y0)
        area = np.count_nonzero(inside)
        if area > LARGEST * away.size:
            continue
        if not chain.regions or area * STEP < np.count_nonzero(chain.regions[-1][1]):
            chain.add(inside, (window.x0, window.y0))
        if chain.regions:
            window = chain.regions[-1][0].expanded(2).intersection(Rect.of_shape(away.shape))
    if not chain.regions:
        chain.add(np.ones((1, 1), np.bool_), (x, y))
    return chain.ordered()


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
