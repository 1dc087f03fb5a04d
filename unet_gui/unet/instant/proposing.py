"""What the window does with the instant learner: study, answer, compare, keep clean."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.progress import Progress
from unet_gui.regions.cleanup import remove_specks
from unet_gui.unet.arbiter import Arbiter

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.unet.instant.live import Answer, LiveLearner, View

    Pixels = NDArray[np.uint8]

INSTANT: Final = "instant"
REMEMBERED: Final = 8
SPECK: Final = 32
"""Fewer connected pixels than this are not proposed as a region of their own."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the window may show.

    Attributes:
        mask: H×W uint8, 255 where silent.
        confidence: H×W uint8.
        proposes: Whether the instant learner is the one to propose.
        helps: Whether its proposals save more than they cost; else nothing is shown.
    """

    mask: ClassMask
    confidence: Pixels
    proposes: bool
    helps: bool


class Proposer:
    """The instant learner of one project with its arbiter; lives on the background thread."""

    def __init__(self, learner: LiveLearner) -> None:
        self.learner = learner
        self.arbiter = Arbiter()
        self._said: OrderedDict[str, dict[str, tuple[Pixels, Pixels]]] = OrderedDict()
        self._labels: dict[str, Pixels] = {}

    def offer(
        self,
        view: View,
        labels: ClassMask,
        *,
        rival: tuple[str, Pixels, Pixels] | None = None,
        near: tuple[float, float] | None = None,
    ) -> Generator[object, None, Offer | None]:
        """Learn from what is painted in an image and propose the rest of it.

        Args:
            view: The image.
            labels: H×W uint8 as painted so far.
            rival: The round in use: its name, mask and confidence for this image.
            near: Where to begin.

        Yields:
            Progress, for cancelling.

        Returns:
            None as long as too little is painted to learn from.
        """
        self._judge(view.name, labels)
        yield Progress(0, 1)
        yield from self.learner.prepare(view)
        if self._changed(view.name, labels):
            yield from self.learner.study(view, labels)
            self._labels[view.name] = labels
        answer = yield from self.learner.answer(view, near)
        said = self._said.setdefault(view.name, {})
        self._said.move_to_end(view.name)
        if rival is not None:
            said[rival[0]] = rival[1], rival[2]
        if answer is None:
            return None
        said[INSTANT] = answer.mask, answer.confidence
        while len(self._said) > REMEMBERED:
            name, _ = self._said.popitem(last=False)
            self._labels.pop(name, None)
        proposes = rival is None or self.arbiter.prefers(INSTANT, rival[0])
        mask = self._clean(answer)
        return Offer(mask, answer.confidence, proposes, self.arbiter.helps(INSTANT))

    def _changed(self, name: str, labels: ClassMask) -> bool:
        before = self._labels.get(name)
        return before is None or not np.array_equal(before, labels)

    def _judge(self, name: str, labels: ClassMask) -> None:
        """What was painted since the last proposal says how good that was."""
        before = self._labels.get(name)
        if before is None or name not in self._said or before.shape != labels.shape:
            return
        new = labels != before
        if new.any():
            for learner, said in self._said[name].items():
                self.arbiter.note(learner, name, said, now=labels, new=new)

    def _clean(self, answer: Answer) -> ClassMask:
        """Without specks, and silent where proposals of this confidence are often wrong."""
        mask = remove_specks(answer.mask, SPECK)
        unsure = answer.confidence < self.arbiter.threshold(INSTANT) * 255
        mask[unsure] = UNLABELLED
        return mask
