"""Who proposes: the learner that did better on corrections it had not seen when it proposed.

Prequential scores (Dawid 1984, "Statistical theory: the prequential approach"): each pixel that a
person paints or accepts is compared with what was proposed there before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

FINISHED: Final = 0.9
"""Share of an image that has to be labelled before it says how good proposals are on the whole;
earlier only mistakes have been painted."""

ENOUGH: Final = 500
"""Pixels below which nothing is concluded."""

WANTED: Final = 0.9
USEFUL: Final = 0.8
BINS: Final = 32
USUAL: Final = 0.6
LEAST: Final = 0.5


@dataclass(slots=True)
class Record:
    """What one learner's proposals for one image turned out to be worth.

    Attributes:
        confusion: 256×256 pixels, by true class and by proposed one.
        right: Pixels proposed rightly, by confidence in `BINS` steps.
        wrong: The same for wrong ones.
        finished: Nearly all of the image is labelled.
    """

    confusion: NDArray[np.int64] = field(default_factory=lambda: np.zeros((256, 256), np.int64))
    right: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))
    wrong: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))
    finished: bool = False


class Arbiter:
    """Keeps the records of all learners in one project."""

    def __init__(self) -> None:
        self._records: dict[str, dict[str, Record]] = {}

    def note(
        self,
        learner: str,
        image: str,
        proposed: tuple[Pixels, Pixels],
        *,
        now: Pixels,
        new: NDArray[np.bool_],
    ) -> None:
        """Compare a proposal with what was labelled since.

        Args:
            learner: Who proposed.
            image: For which image.
            proposed: H×W class ids, 255 for none, and H×W confidence 0..255.
            now: H×W labels.
            new: H×W bool, what was labelled or changed after the proposal.
        """
        mask, confidence = proposed
        judged = new & (now != UNLABELLED) & (mask != UNLABELLED)
        truth, guess = now[judged].astype(np.int64), mask[judged].astype(np.int64)
        record = self._records.setdefault(learner, {}).setdefault(image, Record())
        record.confusion += np.bincount(truth * 256 + guess, minlength=65536).reshape(256, 256)
        steps = confidence[judged].astype(np.int64) * BINS // 256
        hit = truth == guess
        record.right += np.bincount(steps[hit], minlength=BINS)
        record.wrong += np.bincount(steps[~hit], minlength=BINS)
        record.finished = float((now != UNLABELLED).mean()) >= FINISHED

    def miou(self, learner: str, images: Iterable[str] | None = None) -> float:
        """Mean IoU over what was judged; nan where that is too little."""
        confusion = self._sum(learner, images)
        if confusion.sum() < ENOUGH:
            return float("nan")
        both = confusion.sum(0) + confusion.sum(1) - np.diag(confusion)
        truth = confusion.sum(1) > 0
        return float((np.diag(confusion)[truth] / both[truth]).mean())

    def prefers(self, learner: str, other: str) -> bool:
        """Whether `learner` did better than the `other` on images that both proposed for.

        Until both have been judged the other, which was adopted, stays.
        """
        shared = self._records.get(learner, {}).keys() & self._records.get(other, {}).keys()
        own, others = self.miou(learner, shared), self.miou(other, shared)
        return bool(own > others)

    def threshold(self, learner: str) -> float:
        """Confidence above which proposals were right nine times in ten, from 0.5 to 0.9.

        Taken from finished images alone: elsewhere what was right has not been confirmed.
        """
        records = [r for r in self._records.get(learner, {}).values() if r.finished]
        right, wrong = np.zeros(BINS, np.int64), np.zeros(BINS, np.int64)
        for record in records:
            right += record.right
            wrong += record.wrong
        if (right + wrong).sum() < ENOUGH:
            return USUAL
        # of this confidence and above
        hits = np.cumsum(right[::-1])[::-1]
        judged = hits + np.cumsum(wrong[::-1])[::-1]
        good = np.flatnonzero((hits >= WANTED * judged) & (judged > 0))
        return min(0.9, max(LEAST, float(good[0]) / BINS)) if len(good) else 0.9

    def helps(self, learner: str) -> bool:
        """Whether proposals save more than they cost.

        False where not one class was proposed rightly four times in five in finished images.
        """
        finished = [i for i, r in self._records.get(learner, {}).items() if r.finished]
        confusion = self._sum(learner, finished)
        proposed = confusion.sum(0)
        judged = proposed >= ENOUGH
        if not judged.any():
            return True
        precision = np.diag(confusion)[judged] / proposed[judged]
        return bool((precision >= USEFUL).any())

    def _sum(self, learner: str, images: Iterable[str] | None) -> NDArray[np.int64]:
        records = self._records.get(learner, {})
        names = records.keys() if images is None else images
        total = np.zeros((256, 256), np.int64)
        for name in names:
            total += records[name].confusion
        return total
