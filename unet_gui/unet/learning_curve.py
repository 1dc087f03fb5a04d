"""How proposals get better from image to image, how sure that is, and what more images would bring.

What was shown for an image is compared with what the person made of it, so every image tests what
was learnt from those before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Counts = NDArray[np.int64]
    Floats = NDArray[np.float64]

WINDOW: Final = 5
"""Images that a point of the curve stands for: one alone says more of itself than of the rest."""

DRAWS: Final = 300
BAND: Final = (10, 90)
"""Percentiles: four times in five the score lies within."""

FEWEST: Final = 10
"""Finished images below which nothing is foretold."""

AHEAD: Final = 4
"""No further than to so many times the images there are."""

POWERS: Final = (0.3, 0.5, 0.75, 1.0, 1.5)
AGREED: Final = 0.8
"""Share of the drawn curves that have to say the same."""

CERTAIN: Final = 0.9
"""Share of them that has to say that more images would hardly help."""

SPREAD: Final = 4.0
"""How far apart the number of images may lie in them, largest by smallest."""

FLAT: Final = 0.01


@dataclass(frozen=True, slots=True)
class Point:
    """The score after so many images.

    Attributes:
        images: How many have been finished.
        value: IoU, 0..1, over the last five of them.
        low: Lower end of the band; nan where one image is all there is.
        high: Upper end.
    """

    images: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What more images would bring.

    Attributes:
        images: How many more, about; 0 where more would hardly help.
        gain: How much the score would rise.
    """

    images: int
    gain: float


def curve(confusions: Sequence[Counts], class_id: int | None = None) -> list[Point]:
    """Points in the order of work, with a band by drawing images anew (Efron 1979).

    Args:
        confusions: For each image C×C pixels by true and by proposed class.
        class_id: Of this class alone; the mean of all when None.

    Returns:
        A point after each image that has the class, the same for the same images.
    """
    tallies = _tallies(confusions, class_id)
    found = []
    for end in range(1, len(tallies) + 1):
        last = tallies[max(0, end - WINDOW) : end]
        value = _score(last.sum(0))
        low = high = float("nan")
        if len(last) > 1:
            drawn = np.random.default_rng(end).integers(0, len(last), (DRAWS, len(last)))
            low, high = np.nanpercentile(_score(last[drawn].sum(1)), BAND)
        found.append(Point(end, float(value), float(low), float(high)))
    return found


def forecast(
    confusions: Sequence[Counts], class_id: int | None = None, *, gain: float = 0.02
) -> Forecast | None:
    """How many more images a gain would take; None where the curve does not say.

    A power law (score = a - b·n^-c) is fitted to the scores of single images. Images are drawn
    anew many times; only where most of the curves fitted to them say about the same is it told.

    Args:
        confusions: For each image C×C pixels by true and by proposed class.
        class_id: Of this class alone; the mean of all when None.
        gain: Rise of the score that is asked for.
    """
    tallies = _tallies(confusions, class_id)
    count = len(tallies)
    if count < FEWEST:
        return None
    scores = _score(tallies)
    order = np.arange(1, count + 1, dtype=float)
    rng = np.random.default_rng(count)
    wanted, later = [], []
    for _ in range(DRAWS):
        drawn = np.sort(rng.integers(0, count, count))
        law = _fitted(order[drawn], scores[drawn])
        here = law.at(count)
        later.append(law.at(2 * count) - here)
        wanted.append(law.reaches(here + gain) - count)
    if np.mean(np.array(later) < FLAT) >= CERTAIN:
        return Forecast(0, FLAT)
    far = (AHEAD - 1) * count
    edge = 100 * (1 - AGREED)
    low, middle, high = np.percentile(np.minimum(wanted, far), (edge, 50, 100 - edge))
    if high >= far or high > SPREAD * max(1.0, low):
        return None
    return Forecast(max(1, round(float(middle))), gain)


@dataclass(frozen=True, slots=True)
class _Law:
    top: float
    drop: float
    power: float

    def at(self, n: float) -> float:
        return float(self.top - self.drop * n**-self.power)

    def reaches(self, score: float) -> float:
        """After how many images; infinite when never."""
        if score >= self.top or self.drop <= 0:
            return float("inf")
        return float((self.drop / (self.top - score)) ** (1 / self.power))


def _fitted(order: Floats, scores: Floats) -> _Law:
    """The power law of least squares; it never falls and never ends above 1."""
    best, least = _Law(float(scores.mean()), 0.0, 1.0), float(((scores - scores.mean()) ** 2).sum())
    for power in POWERS:
        x = order**-power
        spread = float(((x - x.mean()) ** 2).sum())
        if spread <= 0:
            continue
        drop = -float(((x - x.mean()) * (scores - scores.mean())).sum()) / spread
        top = float(scores.mean() + drop * x.mean())
        if top > 1:
            top, drop = 1.0, float(((1 - scores) * x).sum() / (x * x).sum())
        error = float(((scores - top + drop * x) ** 2).sum())
        if drop > 0 and error < least:
            best, least = _Law(top, drop, power), error
    return best


def _tallies(confusions: Sequence[Counts], class_id: int | None) -> Counts:
    """N×3×K: pixels hit, true and proposed of the classes looked at, for images that have any."""
    if not confusions:
        return np.zeros((0, 3, 0), np.int64)
    hits = np.stack([np.diag(c) for c in confusions])
    truth = np.stack([c.sum(1) for c in confusions])
    guess = np.stack([c.sum(0) for c in confusions])
    classes = np.flatnonzero(truth.any(0))
    if class_id is not None:
        classes = classes[classes == class_id]
    tallies = np.stack([hits[:, classes], truth[:, classes], guess[:, classes]], 1)
    kept: Counts = tallies[tallies[:, 1].any(1)]
    return kept


def _score(tallies: Counts) -> Floats:
    """Mean IoU over the classes that occur, of …×3×K pixels."""
    hit, truth, guess = (tallies[..., i, :].astype(float) for i in range(3))
    occurs = truth > 0
    iou = np.where(occurs, hit / np.maximum(truth + guess - hit, 1), 0)
    found: Floats = iou.sum(-1) / np.maximum(occurs.sum(-1), 1)
    return found
