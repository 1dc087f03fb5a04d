"""What learners said of each pixel of an image before a person labelled it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.unet.arbiter import Arbiter

    Pixels = NDArray[np.uint8]

MOST: Final = 1 << 20
"""Pixels of an image that are judged at most: of a larger one every second, third, … of a row."""


class Corrections:
    """One image under correction.

    A pixel counts once, for what was said when it was first labelled: what a learner says after
    it has seen the label is no news, and a proposal that was accepted and corrected was wrong.
    """

    def __init__(self, labels: ClassMask) -> None:
        self._step = max(1, int(np.ceil(np.sqrt(labels.size / MOST))))
        self._labels = self._thin(labels)
        self._said: dict[str, tuple[Pixels, Pixels]] = {}
        self._first: dict[str, tuple[Pixels, Pixels]] = {}
        self._noted: set[str] = set()

    def say(self, learner: str, mask: ClassMask, confidence: Pixels) -> None:
        """A learner's newest proposal: H×W class ids, 255 for none, and H×W confidence."""
        self._said[learner] = self._thin(mask), self._thin(confidence)

    def keep(self, learners: Collection[str]) -> None:
        """Forget all learners but these."""
        for known in (self._said, self._first):
            for learner in set(known) - set(learners):
                del known[learner]

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
        for learner, (mask, confidence) in self._said.items():
            if learner not in self._first:
                self._first[learner] = np.full_like(now, UNLABELLED), np.zeros_like(now)
            guess, sure = self._first[learner]
            news = changed & (now != UNLABELLED) & (guess == UNLABELLED)
            guess[news], sure[news] = mask[news], confidence[news]
            if arbiter.note(
                learner,
                image,
                (guess, sure),
                now=now,
                new=guess != UNLABELLED,
                again=learner in self._noted,
            ):
                self._noted.add(learner)  # fmt: skip
        return True

    def _thin(self, pixels: Pixels) -> Pixels:
        return pixels[:: self._step, :: self._step].copy()
