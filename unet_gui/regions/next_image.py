"""Which image to correct next: where it teaches most about those that are still to come.

A learner profits from an image as far as others are like it, are doubtful themselves, and are not
like what was labelled before: facility location over what is likely to be wrong (compare Wei et
al. 2015, "Submodularity in data subset selection and active learning"). Doubt alone would choose
the odd ones, from which nothing follows for the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.core.document import RgbImage

    Floats = NDArray[np.float64]

LEVELS: Final = 8
LAYOUT: Final = 3
FIRST: Final = 12


def descriptor(thumbnail: RgbImage) -> Floats:
    """What an image looks like: tones, colours, their place, how rough it is.

    Args:
        thumbnail: H×W×3 uint8, some 100 pixels wide; at least 1×1.

    Returns:
        N float64; comparable only after `gains` has brought them to one scale.
    """
    pixels = thumbnail.astype(np.float64) / 255
    grey = pixels.mean(2)
    tones = np.histogram(grey, LEVELS, (0, 1))[0] / grey.size
    rough = []
    for step in (1, 2, 4):
        small = grey[::step, ::step]
        rough += [float(np.abs(np.diff(small, axis=a)).mean()) if small.shape[a] > 1 else 0.0
                  for a in (0, 1)]  # fmt: skip
    rows = np.array_split(pixels, LAYOUT, axis=0)
    layout = [
        part.mean((0, 1)) if part.size else np.zeros(3)
        for row in rows
        for part in np.array_split(row, LAYOUT, axis=1)
    ]
    return np.concatenate(
        [np.sqrt(tones), pixels.mean((0, 1)), pixels.std((0, 1)), rough, np.ravel(layout) / LAYOUT]
    )


def gains(descriptors: Floats, doubts: Floats, labelled: NDArray[np.bool_]) -> Floats:
    """What each image would teach about all that are not labelled yet.

    Args:
        descriptors: N×D, see `descriptor`.
        doubts: N, share of likely wrong pixels; nan where nobody has looked, which counts as the
            mean of the others.
        labelled: N, what was learnt from already.

    Returns:
        N float64 of at least 0; 0 for labelled images.
    """
    count = len(descriptors)
    found = np.zeros(count)
    left = np.flatnonzero(~labelled)
    if not len(left):
        return found
    spread = descriptors.std(0)
    scaled = (descriptors - descriptors.mean(0)) / np.where(spread > 1e-9, spread, 1)
    known = doubts[np.isfinite(doubts)]
    weight = np.where(np.isfinite(doubts), doubts, known.mean() if len(known) else 1.0)[left]
    squares = (scaled**2).sum(1)
    distance = squares[:, None] + squares[left][None, :] - 2 * scaled @ scaled[left].T
    distance = np.maximum(distance, 0)
    usual = float(np.median(distance)) or 1.0
    like = np.exp(-distance / usual)
    taught = like[labelled].max(0) if labelled.any() else np.zeros(len(left))
    found[left] = (np.maximum(like[left] - taught, 0) * weight).sum(1)
    return found


def ranked(
    descriptors: Floats, doubts: Floats, labelled: NDArray[np.bool_], first: int = FIRST
) -> list[int]:
    """Images that are not labelled, those that teach most first.

    Args:
        descriptors: N×D, see `descriptor`.
        doubts: N, as for `gains`.
        labelled: N, what was learnt from already.
        first: So many are chosen one after the other, each as if those before it were labelled;
            the others follow by what they would teach then.
    """
    taken = labelled.copy()
    order: list[int] = []
    for _ in range(min(first, int((~labelled).sum()))):
        found = gains(descriptors, doubts, taken)
        found[taken] = -1
        best = int(found.argmax())
        taken[best] = True
        order.append(best)
    found = gains(descriptors, doubts, taken)
    rest = np.flatnonzero(~taken)
    return [*order, *rest[np.argsort(-found[rest], kind="stable")].tolist()]
