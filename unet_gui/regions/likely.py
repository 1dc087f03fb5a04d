"""How much each of nested regions of an image looks like one object."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.geometry import Rect
from unet_gui.regions.known import LEAST, Known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Region = tuple[Rect, NDArray[np.bool_]]
    Numbers = NDArray[np.float64]

RING: Final = 3
"""Pixels to each side of a border whose colours are compared."""

STRONG: Final = 0.6
"""Of the edge strength usual in the window: a border pixel above it lies on an edge."""

TINY: Final = 1e-3
"""Added before a logarithm is taken."""

UNLIKELY: Final = -1e9


@dataclass(frozen=True, eq=False)
class Measures:
    """Of each region of a chain, arrays of its length.

    Attributes:
        whole: its pixels.
        area: those of them that count.
        length: of the border in pixels, where the window ends included.
        cut: the share of it where the window ends.
        edge: mean root of the edge strength along the border; 0 without a border.
        strong: the share of the border that lies on an edge.
        contrast: distance of the mean colours in a ring inside and one outside the border.
        grown: logarithm of the growth from one level to the next, about this one.
        colors: n×3, mean colours.
        spread: the root of the variance of the colours inside.
    """

    whole: Numbers
    area: Numbers
    length: Numbers
    cut: Numbers
    edge: Numbers
    strong: Numbers
    contrast: Numbers
    grown: Numbers
    colors: Numbers
    spread: Numbers

    @property
    def plain(self) -> Numbers:
        """1 for a disc, towards 0 for ragged regions."""
        plain: Numbers = np.minimum(1.0, 4 * math.pi * self.area / np.maximum(self.length, 1) ** 2)
        return plain


WEIGHTS: Final = {
    "prior": 1.35,
    "area": -0.69,
    "grown": -0.73,
    "edge": 8.26,
    "strong": 3.76,
    "contrast": 1.22,
    "plain": 2.66,
    "cut": 5.26,
    "place": 10.19,
    "size": -4.29,
    "color": -1.16,
    "spread": 0.73,
    "apart": 1.09,
    "over": -3.92,
    "share": -26.3,
    "odd": -1.51,
}
"""Of the terms of `likelihoods`."""


def likelihoods(
    chain: Sequence[Region],
    colors: NDArray[np.float32],
    edges: NDArray[np.float32],
    usual: float,
    known: Known | None = None,
    free: NDArray[np.bool_] | None = None,
) -> Numbers:
    """Score nested regions, smallest first; only the order of the scores means anything.

    An object has an edge all along its border, other colours outside than inside and more alike
    ones inside, a plain shape, and keeps its size when the threshold moves a little (as maximally
    stable regions do: Matas et al., BMVC 2002). What is labelled already says how large and of
    which colour it is, and what is labelled otherwise is none of it. The weights were fitted on
    objects of seven kinds of images so that the overlap to be expected of the best region is
    largest; left out of the fit, each kind fared nearly as well.

    Args:
        chain: regions of the window.
        colors: float32 3×H×W, CIE Lab.
        edges: float32 H×W edge strength.
        usual: the root of the edge strength usual for edges in the window.
        known: of the things sought, if some are labelled.
        free: bool H×W; what is labelled otherwise counts neither as inside nor as outside.
    """
    found = measured(chain, colors, edges, usual, free)
    log_area = np.log(found.area)
    common = np.median(colors[:, ::2, ::2].reshape(3, -1), axis=1)
    stable = 1 / (1 + 2 * found.grown)
    likely = stable * found.area**0.2 * found.edge
    likely *= np.sqrt(found.contrast * found.plain * (1 - found.cut))
    terms = {
        "prior": np.log(likely + 0.01),
        "area": log_area,
        "grown": np.log1p(4 * found.grown),
        "edge": np.log(np.maximum(found.edge / usual, TINY)),
        "strong": found.strong,
        "contrast": np.log(found.contrast + 0.5),
        "plain": np.log(np.maximum(found.plain, TINY)),
        "cut": found.cut,
        "place": np.arange(len(chain)) / len(chain),
        "spread": np.log(found.spread + 1),
        "apart": np.log((found.contrast + 0.5) / (found.spread + 1)),
        "over": 1 - found.area / found.whole,
        "share": found.area / edges.size,
        "odd": np.log(np.linalg.norm(found.colors - common, axis=1) + 1),
    }
    if known is not None:
        away = np.abs(log_area[:, None] - np.log(known.areas)[None]).min(1)
        tint = np.linalg.norm(found.colors - known.color, axis=1)
        terms["size"], terms["color"] = np.minimum(away, 2.5), np.minimum(tint, 25) / 10
    scores = sum(WEIGHTS[name] * values for name, values in terms.items())
    return np.where((found.area < LEAST) | (found.edge == 0), UNLIKELY + log_area, scores)


def measured(
    chain: Sequence[Region],
    colors: NDArray[np.float32],
    edges: NDArray[np.float32],
    usual: float,
    free: NDArray[np.bool_] | None = None,
) -> Measures:
    """Measure all levels in one go: each pixel knows the first level that it belongs to.

    Pixels that are not `free` count neither as inside nor as outside, at no border.

    A pixel of level a next to one of level b > a is border of the levels a to b - 1, so all that
    is summed along borders is a difference of two histograms, summed up.
    """
    count, shape = len(chain), edges.shape
    around = chain[-1][0].expanded(RING + 1).intersection(Rect.of_shape(shape))
    first = np.full((around.height, around.width), count, np.int16)
    for level in range(count - 1, -1, -1):
        box, inside = chain[level]
        first[box.moved(-around.x0, -around.y0).slices][inside] = level
    flat = first.ravel()
    lab = colors[(slice(None), *around.slices)].reshape(3, -1)
    counting = np.ones(first.shape, np.bool_) if free is None else free[around.slices]
    counts = counting.ravel()
    held = np.flatnonzero((flat < count) & counts)
    area = np.maximum(_summed(flat[held], count), 1)
    means = [_summed(flat[held], count, plane[held]) / area for plane in lab]
    squares = _summed(flat[held], count, (lab[:, held] ** 2).sum(0)) / area
    spread = np.sqrt(np.maximum(squares - sum(mean * mean for mean in means), 0))

    # What does not count is a neighbour to nothing.
    high = np.where(counting, first, np.int16(-1))
    low = np.where(counting, first, np.int16(count))
    most, least = _among(high, np.maximum, 1), _among(low, np.minimum, 1)
    rim, outer = _Ring(flat, most, count, counts), _Ring(least, flat, count, counts)
    roots = np.sqrt(edges[around.slices]).ravel()
    both = np.maximum(rim.count + outer.count, 1)
    on_edge = (roots > STRONG * usual).astype(np.float32)
    length = rim.count + _ends(first, around, shape, count)

    inner = _Ring(flat, _among(high, np.maximum, RING), count, counts)
    beyond = _Ring(_among(low, np.minimum, RING), flat, count, counts)
    apart = [inner.mean(plane) - beyond.mean(plane) for plane in lab]
    before, after = np.r_[area[:1], area[:-1]], np.r_[area[1:], area[-1:]]
    # At the ends there is one step only, which would flatter.
    steps = np.r_[1, np.full(max(count - 2, 0), 2), 1][:count] if count > 1 else np.ones(1)
    return Measures(
        whole=np.maximum(_summed(flat, count), 1),
        area=area,
        length=length,
        cut=(length - rim.count) / np.maximum(length, 1),
        edge=np.where(outer.count > 0, (rim.sum(roots) + outer.sum(roots)) / both, 0),
        strong=(rim.sum(on_edge) + outer.sum(on_edge)) / both,
        contrast=np.where(beyond.count > 0, np.sqrt(sum(a * a for a in apart)), 0),
        grown=np.log(after / before) / steps,
        colors=np.stack(means, axis=1),
        spread=spread,
    )


class _Ring:
    """Pixels that count for the levels from `low` up to, not with, `high`: flat int16 arrays."""

    def __init__(
        self,
        low: NDArray[np.int16],
        high: NDArray[np.int16],
        count: int,
        counts: NDArray[np.bool_],
    ) -> None:
        self._pixels = np.flatnonzero((low < high) & counts)
        self._low, self._high = low[self._pixels], high[self._pixels]
        self._levels = count
        self.count = self.sum(None)

    def sum(self, values: NDArray[np.float32] | None) -> Numbers:
        """Of flat values, for each level."""
        weights = None if values is None else values[self._pixels]
        sums: Numbers = _summed(self._low, self._levels, weights)
        return sums - _summed(self._high, self._levels, weights)

    def mean(self, values: NDArray[np.float32]) -> Numbers:
        return self.sum(values) / np.maximum(self.count, 1)


def _summed(
    levels: NDArray[np.int16], count: int, weights: NDArray[np.float32] | None = None
) -> Numbers:
    """Sums of the weights of all pixels up to each level."""
    sums: Numbers = np.cumsum(np.bincount(levels, weights, count + 1)[:count].astype(np.float64))
    return sums


def _among(first: NDArray[np.int16], choose: np.ufunc, pixels: int) -> NDArray[np.int16]:
    """The highest or lowest level within so many steps up, down and sideways, flattened."""
    best = first
    for _ in range(pixels):
        before, best = best, best.copy()
        for to, of in ((np.s_[1:], np.s_[:-1]), (np.s_[:-1], np.s_[1:])):
            choose(best[to], before[of], out=best[to])
            choose(best[:, to], before[:, of], out=best[:, to])
    return best.ravel()


def _ends(first: NDArray[np.int16], around: Rect, shape: tuple[int, ...], count: int) -> Numbers:
    """Pixels of each level in the outermost rows and columns of the window."""
    sides = (
        (first[0], around.y0 == 0),
        (first[-1], around.y1 == shape[0]),
        (first[:, 0], around.x0 == 0),
        (first[:, -1], around.x1 == shape[1]),
    )
    ends = np.zeros(count)
    for side, at_end in sides:
        if at_end:
            ends += _summed(side, count)
    return ends
