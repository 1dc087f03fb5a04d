"""What learners said of each pixel of an image before a person labelled it.

A person corrects large mistakes and lets small ones pass, so that a mask says of small differences
only what was shown. Learners are not judged by them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.unet.arbiter import SHOWN

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.unet.arbiter import Arbiter

    Pixels = NDArray[np.uint8]

MOST: Final = 1 << 20
"""Pixels of an image that are judged at most: of a larger one every second, third, … of a row."""

OVERLOOKED: Final = 0.003
"""Share of an image up to which a piece where learners differ may stay uncorrected."""


class Corrections:
    """One image under correction.

    A pixel counts once, for what was said when it was first labelled: what a learner says after
    it has seen the label is no news, and a proposal that was accepted and corrected was wrong.
    """

    def __init__(self, labels: ClassMask) -> None:
        self._step = max(1, int(np.ceil(np.sqrt(labels.size / MOST))))
        self._labels = self._thin(labels)
        self._said: dict[str, tuple[Pixels, Pixels]] = {}
        self._first: dict[str, tuple[Pixels, Pixels, NDArray[np.bool_]]] = {}
        self._noted: set[str] = set()

    def say(self, learner: str, mask: ClassMask, confidence: Pixels) -> None:
        """A learner's newest proposal: H×W class ids, 255 for none, and H×W confidence."""
        self._said[learner] = self._thin(mask), self._thin(confidence)

    def keep(self, learners: Collection[str]) -> None:
        """Forget all learners but these."""
        for learner in (self._said.keys() | self._first.keys()) - set(learners):
            self._said.pop(learner, None)
            self._first.pop(learner, None)

    def label(self, labels: ClassMask, arbiter: Arbiter, image: str) -> bool:
        """What is labelled now; the arbiter hears how good the proposals were.

        Args:
            labels: H×W class ids, 255 for unlabelled.
            arbiter: Keeps the records.
            image: The image's name.

        Returns:
            Whether anything has changed.
        """
        now = self._thin(labels)
        changed = now != self._labels
        if not changed.any():
            return False
        self._labels = now
        differ, quarrel = self._differ()
        slight = _small(differ)
        for learner, (mask, confidence) in self._said.items():
            if learner not in self._first:
                nothing = np.full_like(now, UNLABELLED), np.zeros_like(now)
                self._first[learner] = *nothing, np.zeros(now.shape, np.bool_)
            guess, sure, disputed = self._first[learner]
            news = changed & (now != UNLABELLED) & (guess == UNLABELLED)
            if learner != SHOWN:
                news &= ~slight
            guess[news], sure[news] = mask[news], confidence[news]
            disputed[news] = quarrel[news]
            if arbiter.note(
                learner,
                image,
                (guess, sure),
                now=now,
                new=guess != UNLABELLED,
                disputed=disputed,
                again=learner in self._noted,
            ):
                self._noted.add(learner)  # fmt: skip
        return True

    def _differ(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Where learners do not say the same, and where each of them says something."""
        said = [mask for learner, (mask, _) in self._said.items() if learner != SHOWN]
        differ, quarrel = np.zeros((2, *self._labels.shape), np.bool_)
        for mask in said[1:]:
            other = mask != said[0]
            differ |= other
            quarrel |= other & (mask != UNLABELLED) & (said[0] != UNLABELLED)
        return differ, quarrel

    def _thin(self, pixels: Pixels) -> Pixels:
        return pixels[:: self._step, :: self._step].copy()


def _small(differ: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pieces of it that a person may have overlooked."""
    from scipy import ndimage as ndi

    pieces, _ = ndi.label(differ)
    small = np.bincount(pieces.ravel()) <= OVERLOOKED * differ.size
    small[0] = False
    return small[pieces]  # type: ignore[no-any-return]
