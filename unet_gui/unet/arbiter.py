"""Who proposes: both learners, or the one that did better on corrections it had not seen before.

Prequential scores (Dawid 1984, "Statistical theory: the prequential approach"): each pixel that a
person paints or accepts is compared with what was proposed there before. Images that were labelled
nearly whole decide: elsewhere a person has painted the mistakes of whoever proposed. Where there is
none yet, one that makes many mistakes loses to the other, whose mistakes are painted from then on.
Both propose together, see `merging`, for as long as neither alone is clearly better than that.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.unet.merging import Credit, most_useful, surest
from unet_gui.unet.sureness import BINS, ENOUGH, calibrated, sure_enough

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Counts = NDArray[np.int64]

FINISHED: Final = 0.9
"""Share of an image that has to be labelled before it says how good proposals are on the whole;
earlier only mistakes have been painted."""

JUDGED: Final = 0.5
"""Share of an image that has to have been labelled while proposals were there."""

FADING: Final = 0.8
"""What an image counts for beside the one after it: who goes on learning is as good as lately
(fading factors, Gama et al. 2013, "On evaluating stream learning algorithms")."""

DOUBT: Final = 0.1
"""By how much mean IoU one image can be wrong about who is better; n images by an nth of it."""

STEPS: Final = 2 * BINS
"""Confidence of pixels of which both learners said the same, then of those that they disputed."""

USEFUL: Final = 0.8
TWO_CLASSES: Final = 2

SHOWN: Final = "shown"
"""Stands for whatever was offered, whoever made it: the curve over images."""

KEPT: Final = 64
"""Images of one learner that are remembered; of `SHOWN` as many as there are."""

LEARNERS: Final = 8


@dataclass(frozen=True, slots=True)
class Record:
    """What one learner's proposals for one image turned out to be worth.

    Attributes:
        codes: N int64, ascending: (true class · 256 + proposed class) · `STEPS` + confidence step.
        counts: N int64 pixels.
        finished: Nearly all of the image is labelled, most of it while this was proposed.
        inherited: It is of a round before this one.
    """

    codes: Counts
    counts: Counts
    finished: bool = False
    inherited: bool = False

    @property
    def pixels(self) -> int:
        return int(self.counts.sum())

    @property
    def flawless(self) -> bool:
        """Nothing that was proposed has been corrected."""
        truth, guess = np.divmod(self.codes // STEPS, 256)
        return bool((truth == guess).all())


@dataclass(frozen=True, slots=True)
class Claim:
    """Who knows a class, and how well.

    Attributes:
        owner: The learner that has known it better.
        score: Its IoU, 0..1; nan where too little is known, and the better one on the whole has it.
        other: The IoU of the other learner, likewise.
    """

    owner: str
    score: float
    other: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who proposes next.

    Attributes:
        chosen: One of the two learners, or their `pair`.
        better: Of the two, the one that did better on the whole.
        claims: By class id.
        images: How many images have decided.
        scores: Mean IoU by learner, the pair included; nan where too little is known.
    """

    chosen: str
    better: str
    claims: dict[int, Claim] = field(default_factory=dict)
    images: int = 0
    scores: dict[str, float] = field(default_factory=dict)


class Arbiter:
    """Keeps the records of all learners in one project.

    Attributes:
        changed: Something was noted since it was last cleared.
    """

    def __init__(self) -> None:
        self._records: dict[str, dict[str, Record]] = {}
        self.changed = False

    @property
    def records(self) -> Mapping[str, Mapping[str, Record]]:
        """By learner and image, in the order in which they were first noted."""
        return self._records

    def note(  # noqa: PLR0913 - what comes after the proposal goes by name
        self,
        learner: str,
        image: str,
        proposed: tuple[Pixels, Pixels],
        *,
        now: Pixels,
        new: NDArray[np.bool_],
        disputed: NDArray[np.bool_] | None = None,
        again: bool = False,
    ) -> bool:
        """Compare what was proposed for an image with what it is labelled now.

        It takes the place of what was noted of this image before.

        Args:
            learner: Who proposed.
            image: For which image.
            proposed: H×W class ids, 255 for none, and H×W confidence 0..255.
            now: H×W labels.
            new: H×W bool, what was labelled or changed after the proposal.
            disputed: H×W bool, where another learner proposed something else.
            again: What was noted before is of the same labelling. Otherwise it stays where it
                has judged more: someone came back to a finished image for a stroke or two.

        Returns:
            Whether it was noted.
        """
        mask, confidence = proposed
        judged = new & (now != UNLABELLED) & (mask != UNLABELLED)
        steps = 0 if learner == SHOWN else confidence[judged].astype(np.int64) * BINS // 256
        if disputed is not None and learner != SHOWN:
            steps += BINS * disputed[judged]
        pairs = now[judged].astype(np.int64) * 256 + mask[judged]
        counts = np.bincount(pairs * STEPS + steps)
        codes = np.flatnonzero(counts)
        whole = float((now != UNLABELLED).mean()) >= FINISHED
        finished = whole and float(judged.mean()) >= JUDGED
        record = Record(codes, counts[codes], finished)
        before = self._records.get(learner, {}).get(image)
        if before is not None and not again and not finished and before.pixels > record.pixels:
            return False
        self.put(learner, image, record)
        return True

    def put(self, learner: str, image: str, record: Record) -> None:
        """Remember a record, and forget the oldest ones."""
        images = self._records.pop(learner, {})
        self._records[learner] = images
        if record.finished and not record.inherited:
            for name in [name for name, known in images.items() if known.inherited]:
                del images[name]
        images[image] = record
        self.changed = True
        while len(images) > KEPT and learner != SHOWN:
            del images[next(iter(images))]
        while len(self._records) > LEARNERS:
            del self._records[next(name for name in self._records if name != SHOWN)]

    def inherit(self, learner: str, ancestors: Iterable[str], beside: str) -> None:
        """Until it is judged itself, a round is taken to be as good as the one it went on from.

        What is inherited goes with the first image that is finished with its own proposals.

        Args:
            learner: The round; one that was judged already inherits nothing.
            ancestors: The rounds before it, its parent first. The first that was judged is taken.
            beside: The learner that it proposes together with.
        """
        if learner in self._records:
            return
        old = next((name for name in ancestors if name in self._records), None)
        if old is None:
            return
        for name in (old, pair(beside, old), beside):  # not forgotten to make room
            if name in self._records:
                self._records[name] = self._records.pop(name)
        for new, before in ((learner, old), (pair(beside, learner), pair(beside, old))):
            for image, record in dict(self._records.get(before, {})).items():
                self.put(new, image, replace(record, inherited=True))

    # -- scores ----------------------------------------------------------------------------

    def miou(self, learner: str, images: Iterable[str] | None = None) -> float:
        """Mean IoU over what was judged; nan where that is too little."""
        confusion = self.confusion(learner, images)
        if confusion.sum() < ENOUGH:
            return float("nan")
        return float(np.nanmean(iou_of(confusion)))

    def prefers(self, learner: str, other: str) -> bool:
        """Whether `learner` did better than the `other` on images that both proposed for.

        Until both have been judged the other, which was adopted, stays.
        """
        shared = self._shared(learner, other)
        return bool(self._lately(learner, shared) > self._lately(other, shared))

    def decide(self, learner: str, other: str) -> Verdict:
        """Who proposes next, `learner`, the `other` one, or both together.

        Both together, until one alone has clearly done better. A class is best known to the one
        with the higher IoU; where little is known of it, to the better one on the whole.

        Args:
            learner: One of the two.
            other: The one that counts as the better one as long as nothing is known.
        """
        shared = self._shared(learner, other)
        names = (learner, other)
        scores = {name: self._lately(name, shared) for name in names}
        better = learner if scores[learner] > scores[other] else other
        claims = self._claims(names, shared, better)
        both = pair(learner, other)
        tried = [i for i in shared if i in self._records.get(both, {})]
        scores[both] = self._lately(both, tried)
        alone = max(self._lately(n, tried) for n in names)
        # too little known makes no number, which is not clearly better
        joint = not alone > scores[both] + DOUBT / max(1, len(tried))
        return Verdict(both if joint else better, better, claims, len(shared), scores)

    def _claims(self, names: tuple[str, str], shared: list[str], better: str) -> dict[int, Claim]:
        tables = {name: self._faded(name, shared) for name in names}
        iou = {name: iou_of(tables[name]) for name in names}
        claims = {}
        for class_id in np.flatnonzero(tables[names[0]].sum(1) + tables[names[1]].sum(1)):
            index = int(class_id)
            known = min(int(tables[name][index].sum()) for name in names) >= ENOUGH
            values = {n: float(iou[n][index]) if known else float("nan") for n in names}
            rival = next(n for n in names if n != better)
            owner = rival if values[rival] > values[better] else better
            loser = next(n for n in names if n != owner)
            claims[index] = Claim(owner, values[owner], values[loser])
        return claims

    def _shared(self, learner: str, other: str) -> list[str]:
        """Images that both have proposed for, in the order of work.

        Those in the making count only where none is finished. What was accepted as it was shown
        says nothing: the mask is a copy of that proposal, mistakes and all.
        """
        own, others = self._records.get(learner, {}), self._records.get(other, {})
        copies = {i for i, r in self._records.get(SHOWN, {}).items() if r.finished and r.flawless}
        shared = [image for image in own if image in others and image not in copies]
        finished = [i for i in shared if own[i].finished and others[i].finished]
        return finished or shared

    def _lately(self, learner: str, images: list[str]) -> float:
        """Mean IoU over these images, the latest counting most; nan where that is too little."""
        if self.confusion(learner, images).sum() < ENOUGH:
            return float("nan")
        return float(np.nanmean(iou_of(self._faded(learner, images))))

    def _faded(self, learner: str, images: list[str]) -> NDArray[np.float64]:
        """256×256, as `confusion`, each image worth less than the one after it."""
        total = np.zeros(256 * 256)
        for age, name in enumerate(reversed(images)):
            record = self._records[learner][name]
            np.add.at(total, record.codes // STEPS, record.counts * FADING**age)
        return total.reshape(256, 256)

    def curve(self) -> list[Counts]:
        """C×C confusion of what was shown for each finished image, in the order of work.

        C is one more than the highest class in any of them.
        """
        shown = {i: r for i, r in self._records.get(SHOWN, {}).items() if r.finished}
        ids = [np.divmod(r.codes // STEPS, 256) for r in shown.values()]
        top = 1 + max((int(part.max(initial=0)) for both in ids for part in both), default=0)
        return [self.confusion(SHOWN, [i])[:top, :top] for i in shown]

    # -- how sure is sure ------------------------------------------------------------------

    def threshold(self, learner: str) -> float:
        """Confidence above which proposals were right nine times in ten, from 0.5 to 0.9.

        Taken from finished images alone: elsewhere what was right has not been confirmed.
        """
        right, wrong = self._by_confidence(learner)
        return sure_enough(right.sum(0), wrong.sum(0))

    def calibration(self, learner: str, *, disputed: bool = False) -> Pixels:
        """256×256 uint8: by proposed class and confidence, how often that was right, 255 always.

        Taken from finished images; where little is known, what the learner says of itself.

        Args:
            learner: Who proposed.
            disputed: Only where another one proposed something else.
        """
        return calibrated(*self._by_confidence(learner, disputed=disputed))

    def _by_confidence(self, learner: str, *, disputed: bool = False) -> tuple[Counts, Counts]:
        """256×BINS pixels proposed rightly and wrongly, by proposed class and confidence."""
        found = np.zeros((2, 256, STEPS), np.int64)
        for record in self._records.get(learner, {}).values():
            if record.finished:
                pairs, step = np.divmod(record.codes, STEPS)
                truth, guess = np.divmod(pairs, 256)
                np.add.at(found, ((truth != guess).astype(np.intp), guess, step), record.counts)
        undisputed, quarrel = found[..., :BINS], found[..., BINS:]
        right, wrong = quarrel if disputed else undisputed + quarrel
        return right, wrong

    def credit(self, learner: str, both: str) -> Credit:
        """What its word is worth beside another's.

        Args:
            learner: Who proposed.
            both: What the two together are called.
        """
        table = self.calibration(learner)
        confusion = self._faded(both, list(self._records.get(both, {})))
        if np.count_nonzero(confusion.any(1)) <= TWO_CLASSES:
            return surest(table)
        return most_useful(table, self.calibration(learner, disputed=True), confusion)

    def helps(self, learner: str) -> bool:
        """Whether proposals save more than they cost.

        False where not one class was proposed rightly four times in five in finished images.
        """
        finished = [i for i, r in self._records.get(learner, {}).items() if r.finished]
        confusion = self.confusion(learner, finished)
        proposed = confusion.sum(0)
        judged = proposed >= ENOUGH
        if not judged.any():
            return True
        precision = np.diag(confusion)[judged] / proposed[judged]
        return bool((precision >= USEFUL).any())

    def confusion(self, learner: str, images: Iterable[str] | None = None) -> Counts:
        """256×256 pixels by true and by proposed class, over all images or these."""
        records = self._records.get(learner, {})
        total = np.zeros(256 * 256, np.int64)
        for name in records if images is None else images:
            np.add.at(total, records[name].codes // STEPS, records[name].counts)
        return total.reshape(256, 256)


def pair(learner: str, other: str) -> str:
    """What the two are called together."""
    return f"{learner} + {other}"


def iou_of(confusion: Counts | NDArray[np.float64]) -> NDArray[np.float64]:
    """IoU by class; nan where nothing is truly of the class.

    Args:
        confusion: C×C pixels by true and by proposed class.
    """
    hit, truth = np.diag(confusion).astype(float), confusion.sum(1)
    union = truth + confusion.sum(0) - hit
    return np.where(truth > 0, hit / np.maximum(union, 1e-9), np.nan)
