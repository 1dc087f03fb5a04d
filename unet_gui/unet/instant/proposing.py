"""What the window does with the instant learner: study, answer, compare, keep clean."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.progress import Progress
from unet_gui.regions.cleanup import remove_specks
from unet_gui.unet.arbiter import SHOWN, Arbiter, Verdict, pair
from unet_gui.unet.corrections import Corrections
from unet_gui.unet.instant.finishing import FAR_OFF
from unet_gui.unet.instant.kept import FILE_NAME
from unet_gui.unet.instant.live import Part
from unet_gui.unet.merging import merge
from unet_gui.unet.records import load_records, save_records

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.unet.instant.live import Answer, LiveLearner
    from unet_gui.unet.instant.view import View

    Pixels = NDArray[np.uint8]

INSTANT: Final = "instant"
REMEMBERED: Final = 8


@dataclass(frozen=True, slots=True)
class Offer:
    """What the window may show.

    Attributes:
        mask: H×W uint8, 255 where silent.
        confidence: H×W uint8.
        proposes: Whether this is to be shown: the instant learner is the one to propose, alone or
            together with the round in use.
        helps: Whether its proposals save more than they cost; else nothing is shown.
        strange: Nothing is shown because the image is like none that was learnt from.
        verdict: Who proposes and why; None as long as there is nobody else.
    """

    mask: ClassMask
    confidence: Pixels
    proposes: bool
    helps: bool
    verdict: Verdict | None = None
    strange: bool = False


class Proposer:
    """The instant learner of one project with its arbiter; lives on the background thread.

    Args:
        learner: The instant learner.
        records: Where the arbiter's records are kept, and beside them what the learner knows;
            nowhere when None.
        class_ids: The project's classes.
    """

    def __init__(
        self,
        learner: LiveLearner,
        records: Path | None = None,
        class_ids: Collection[int] = range(UNLABELLED),
    ) -> None:
        self.learner = learner
        self.arbiter = Arbiter() if records is None else load_records(records, class_ids)
        self._records = records
        self._images: OrderedDict[str, Corrections] = OrderedDict()
        self._labels: dict[str, Pixels] = {}
        if records is not None:
            learner.resume(records.with_name(FILE_NAME))

    def save(self) -> None:
        """Keep what was learnt, and what about the learners, where anything was."""
        if self._records is None:
            return
        if self.arbiter.changed:
            save_records(self.arbiter, self._records)
        self.learner.store(self._records.with_name(FILE_NAME))

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
            Progress, for cancelling, and an offer now and then, where a large image is only in
            part answered anew.

        Returns:
            None as long as too little is painted to learn from.
        """
        seen = self._seen(view.name, labels)
        seen.label(labels, self.arbiter, view.name)
        yield Progress(0, 1)
        yield from self.learner.prepare(view)
        if self._changed(view.name, labels):
            yield from self.learner.study(view, labels)
            self._labels[view.name] = labels
        job = self.learner.answer(view, near)
        while True:
            try:
                item = next(job)
            except StopIteration as stop:
                answer: Answer | None = stop.value
                break
            yield self._told(view, item.answer, rival)[0] if isinstance(item, Part) else item
        offer, said, chosen = self._told(view, answer, rival)
        for learner, (mask, confidence) in said.items():
            seen.say(learner, mask, confidence)
        if chosen:
            seen.say(SHOWN, *said[chosen])
        seen.keep({*said, SHOWN})
        return offer

    def _told(
        self, view: View, answer: Answer | None, rival: tuple[str, Pixels, Pixels] | None
    ) -> tuple[Offer | None, dict[str, tuple[Pixels, Pixels]], str]:
        """What is offered, what each learner says, and who has been chosen."""
        said: dict[str, tuple[Pixels, Pixels]] = {}
        if rival is not None:
            said[rival[0]] = rival[1], rival[2]
        verdict = None
        if answer is not None:
            said[INSTANT] = answer.mask, answer.confidence
            if rival is not None:
                verdict = self._verdict(view, answer, rival[0])
                said[pair(INSTANT, rival[0])] = self._together(said, rival[0], verdict)
        chosen = verdict.chosen if verdict is not None else next(iter(said), "")
        if answer is None:
            return None, said, chosen
        proposes = rival is None or chosen != rival[0]
        mask, confidence = said[chosen if proposes else INSTANT]
        clean = self._clean(mask, confidence, chosen if proposes else INSTANT)
        strange = not self.learner.worth_showing(view, answer)
        alone = chosen == INSTANT
        helps = self.arbiter.helps(chosen) and not (alone and (strange or not self.trusted))
        offer = Offer(clean, confidence, proposes, helps, verdict, alone and strange)
        return offer, said, chosen

    def _verdict(self, view: View, answer: Answer, rival: str) -> Verdict:
        """Who proposes; not the instant learner where it does not know its way about yet."""
        verdict = self.arbiter.decide(INSTANT, rival)
        lost = not self.learner.worth_showing(view, answer)
        judged = any(r.finished for r in self.arbiter.records.get(rival, {}).values())
        if lost or not (judged or self.trusted):
            return replace(verdict, chosen=rival)
        return verdict

    def succeed(self, rival: str, ancestors: Iterable[str]) -> None:
        """A round is new: until it is judged, what is known of those before it is said of it.

        Args:
            rival: Its name.
            ancestors: The round that it went on from, the one before that, and so on.
        """
        self.arbiter.inherit(rival, ancestors, INSTANT)

    def leave(self, view: View, labels: ClassMask) -> Generator[object, None, None]:
        """The person goes on to another image.

        Args:
            view: The image that was open.
            labels: H×W uint8 as it was left.
        """
        self._seen(view.name, labels).label(labels, self.arbiter, view.name)
        if self._changed(view.name, labels):
            yield from self.learner.study(view, labels)
            self._labels[view.name] = labels
        self.learner.leave(view, labels)

    def stay_with(self, names: Collection[str]) -> None:
        """The project has these images now: learn no more from others."""
        self.learner.stay_with(names)
        for name in self._labels.keys() - names:
            del self._labels[name]  # to be studied anew if it comes back

    @property
    def trusted(self) -> bool:
        """Whether the instant learner's proposals cost less than drawing by hand.

        Trials on finished images say so, or that nearly all it proposed there was right.
        """
        if self.learner.trusted:
            return True
        records = self.arbiter.records.get(INSTANT, {})
        confusion = self.arbiter.confusion(INSTANT, [i for i, r in records.items() if r.finished])
        return bool(np.trace(confusion) >= (1 - FAR_OFF) * max(1, confusion.sum()))

    def _together(
        self, said: dict[str, tuple[Pixels, Pixels]], rival: str, verdict: Verdict
    ) -> tuple[Pixels, Pixels]:
        """What both propose, each pixel by the one whose word is worth more."""
        both = pair(INSTANT, rival)
        return merge(
            said[INSTANT],
            said[rival],
            credits_=(self.arbiter.credit(INSTANT, both), self.arbiter.credit(rival, both)),
            usual=verdict.better == INSTANT,
        )

    def _changed(self, name: str, labels: ClassMask) -> bool:
        before = self._labels.get(name)
        return before is None or not np.array_equal(before, labels)

    def _seen(self, name: str, labels: ClassMask) -> Corrections:
        """The corrections of an image; those of the images looked at last are remembered."""
        known = self._labels.get(name)
        if name not in self._images or (known is not None and known.shape != labels.shape):
            self.save()
            self._images[name] = Corrections(labels)
        self._images.move_to_end(name)
        while len(self._images) > REMEMBERED:
            old, _ = self._images.popitem(last=False)
            self._labels.pop(old, None)
        return self._images[name]

    def tidied(self, mask: ClassMask) -> ClassMask:
        """Without regions that are smaller than regions are."""
        speck = self.learner.speck
        return remove_specks(mask, speck) if speck else mask.copy()

    def _clean(self, proposed: ClassMask, confidence: Pixels, learner: str) -> ClassMask:
        """Without specks, and silent where proposals of this confidence are often wrong."""
        mask = self.tidied(proposed)
        unsure = confidence < self.arbiter.threshold(learner) * 255
        mask[unsure] = UNLABELLED
        return mask
