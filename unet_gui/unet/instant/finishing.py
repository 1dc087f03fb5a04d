"""From probabilities to a proposal that saves strokes, and how that is chosen.

A proposal of ragged borders and specks costs more to correct than drawing by hand. How much to
smooth, from what size a region is kept and how far to trust the context decoder is different for
each kind of image. It is chosen by what each way would have cost on labelled images before they
were learnt from (prequential evaluation, Dawid 1984); where drawing by hand would have been
cheaper than all of them, nothing is proposed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.unet.instant.smoothing import intensity, smoothed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask, RgbImage

    Floats = NDArray[np.float32]

TOLERANCE: Final = 0.03
"""Share of wrong pixels that a person lets pass."""

BORDER_PER_STROKE: Final = 150
"""Pixels of a mistake's border that one stroke puts right, besides one stroke for each mistake:
fitted to a scripted person who corrected membranes."""

FADING: Final = 0.7
LEARNING: Final = 0.75
"""A proposal costs as much less than a trial as this power of how many more images were learnt
from since (power laws of learning curves, Hestness et al. 2017)."""

FAR_OFF: Final = 2 * TOLERANCE
"""Share of wrong held-back pixels past which nothing is proposed before a trial went well."""

DISPUTED: Final = 5 * TOLERANCE
"""Past this share of pixels that its parts dispute an image is like none that was learnt from."""


@dataclass(frozen=True, slots=True)
class Finish:
    """How probabilities become a mask.

    Attributes:
        context: Share of the context decoder beside heads and forest, 0 to 1.
        blur: Standard deviation in pixels of the Gaussian that probabilities are smoothed with;
            0 smooths them along the image's edges instead.
        speck: Connected pixels below which a region goes to what surrounds it.
    """

    context: float = 0.5
    blur: float = 0.0
    speck: int = 0

    def to_info(self) -> dict[str, Any]:
        """For model.json."""
        return asdict(self)

    @classmethod
    def from_info(cls, info: Mapping[str, Any] | None) -> Finish:
        """What was kept in model.json; the plain one where nothing usable was."""
        try:
            kept = dict(info or {})
            found = cls(float(kept["context"]), float(kept["blur"]), int(kept["speck"]))
        except (KeyError, TypeError, ValueError):
            return cls()
        usable = 0 <= found.context <= 1 and 0 <= found.blur <= 16 and found.speck >= 0
        return found if usable else cls()


PLAIN: Final = Finish()
UNTRIED: Final = Finish(context=0.0, blur=1.5, speck=128)
"""For whole images as long as none has been proposed for."""

CANDIDATES: Final = tuple(
    Finish(*each) for each in product((0.5, 0.0, 0.8), (1.5, 0.7, 0.0), (128, 40, 0))
)
"""Of about equally cheap ones the first is taken. Accepted masks keep what was left wrong of the
way that was shown and speak for it in every later trial: so none smooths so much that it moves
borders, and the first is half of each part, which is never far off."""

TRIFLE: Final = 5.0
"""Strokes; saving fewer over all trials is no reason for another way than the first."""


def mixed(base: Floats, context: Floats | None, finish: Finish) -> Floats:
    """Probabilities C×H×W float32 as `finish` wants them; `base` and `context` stay.

    Args:
        base: C×H×W float32 of heads and forest.
        context: The same of the context decoder; None where there is none.
        finish: How.
    """
    if context is None or not finish.context:
        return base
    share = np.float32(finish.context)
    return base * (1 - share) + context * share


def smooth(probabilities: Floats, finish: Finish, image: RgbImage) -> Floats:
    """Along the image's edges, or evenly where `finish` says how far. C×H×W float32."""
    if not finish.blur:
        return smoothed(probabilities, intensity(image))
    from scipy.ndimage import gaussian_filter

    even = np.zeros_like(probabilities)
    for plane, out in zip(probabilities, even, strict=True):
        if plane.any():
            gaussian_filter(plane, finish.blur, mode="nearest", truncate=3.0, output=out)
    return even


def effort(mask: ClassMask, truth: ClassMask) -> float:
    """Roughly how many strokes it takes to correct a mask, the largest mistakes first.

    Args:
        mask: H×W uint8, 255 where nothing is proposed.
        truth: H×W uint8, 255 where it does not matter.

    Returns:
        0 where no more than `TOLERANCE` of it is wrong already.
    """
    known = truth != UNLABELLED
    wrong = (mask != truth) & known
    needed = int(wrong.sum()) - TOLERANCE * int(known.sum())
    if needed <= 0:
        return 0.0
    sizes, borders = _mistakes(wrong, truth)
    order = np.argsort(-sizes, kind="stable")
    count = int(np.searchsorted(np.cumsum(sizes[order]), needed)) + 1
    return count + float(borders[order[:count]].sum()) / BORDER_PER_STROKE


def _mistakes(
    wrong: NDArray[np.bool_], truth: ClassMask
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pixels and border pixels of each connected mistake of one true class."""
    from scipy import ndimage as ndi

    sizes, borders = [], []
    for class_id in np.unique(truth[wrong]):
        part = wrong & (truth == class_id)
        labels, count = ndi.label(part)
        sizes.append(np.bincount(labels.ravel(), minlength=count + 1)[1:])
        rim = part & ~ndi.binary_erosion(part)
        borders.append(np.bincount(labels[rim], minlength=count + 1)[1:])
    return np.concatenate(sizes), np.concatenate(borders)


def choose(records: Iterable[Sequence[float]], images: int) -> tuple[Finish, bool]:
    """The cheapest candidate over all records, and whether it beats drawing by hand by now.

    Args:
        records: For each image strokes by candidate, then by hand, then how many images had been
            learnt from; the oldest first: a learner that has seen more images since is another
            one, so that a record counts less with each that follows against drawing by hand. Of
            the candidates the early ones say more: the masks were drawn without any of them.
        images: How many have been learnt from now.
    """
    rows = np.array([r for r in records if len(r) == len(CANDIDATES) + 2], np.float64)
    if not len(rows):
        return UNTRIED, False
    costs, by_hand, learnt = rows[:, :-2], rows[:, -2], rows[:, -1]
    total = costs.sum(0)
    best = int((total < total.min() + TRIFLE).argmax())
    better = (np.clip(learnt, 1, max(images, 1)) / max(images, 1)) ** LEARNING
    weights = FADING ** np.arange(len(rows))[::-1]
    return CANDIDATES[best], bool((weights * better) @ costs[:, best] <= weights @ by_hand)


def disputed(base: Floats, context: Floats | None) -> float:
    """Share of pixels for which the two name different classes; half of them at least are wrong."""
    if context is None:
        return 0.0
    return float((base.argmax(0) != context.argmax(0)).mean())
