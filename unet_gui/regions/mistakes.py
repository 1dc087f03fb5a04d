"""Where a mask is likely to be wrong, and what correcting it would bring: where to look next."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage as ndi

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.geometry import Rect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask

    Bytes = NDArray[np.uint8]
    Floats = NDArray[np.float32]

DOUBTFUL: Final = 0.3
"""Share of wrong pixels to be expected from which on a place is worth a look."""

FINEST: Final = 512
"""Blocks along the longer side in which mistakes are sought: a huge image costs no more."""

SMALLEST: Final = 12
"""Expected wrong pixels below which a place is not worth a look."""

PARTS: Final = 4
"""A region is cut into pieces of at most this part of the image's longer side."""

MOST: Final = 200
AGREED: Final = 0.5
"""How much doubt is left where a person has painted or accepted what is predicted there."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place where the mask is likely to be wrong.

    Attributes:
        rect: The pixels around it.
        x: Of its most doubtful point, in image pixels.
        y: Likewise.
        gain: Wrong pixels to be expected there: area times probability of error.
    """

    rect: Rect
    x: int
    y: int
    gain: float


def doubt(mask: ClassMask, predicted: ClassMask, confidence: Bytes) -> Floats:
    """Probability that what a pixel is now, or would be proposed to be, is wrong.

    An unlabelled pixel becomes what is proposed, which is wrong as often as its confidence says. A
    labelled one is doubted as far as a sure prediction contradicts it.

    Args:
        mask: H×W class ids, 255 for unlabelled.
        predicted: H×W class ids, 255 where nothing is proposed.
        confidence: H×W, 0 where nobody has looked, 255 meaning certain.

    Returns:
        H×W float32 in 0..1.
    """
    sure = confidence.astype(np.float32) / 255
    labelled = mask != UNLABELLED
    unsure = np.where(confidence > 0, 1 - sure, np.float32(0))
    against = labelled & (predicted != UNLABELLED) & (predicted != mask)
    found: Floats = np.where(labelled, unsure * np.float32(AGREED), unsure)
    # a contradiction that is no surer than a coin says nothing
    np.copyto(found, np.maximum(2 * sure - 1, 0), where=against)
    return found


def expected_gain(mask: ClassMask, predicted: ClassMask, confidence: Bytes) -> float:
    """Share of an image's pixels that is likely to be wrong, 0..1; 0 for an empty image."""
    step = max(1, max(mask.shape, default=1) // (2 * FINEST))
    thin = (slice(None, None, step), slice(None, None, step))
    if not mask.size:
        return 0.0
    return float(doubt(mask[thin], predicted[thin], confidence[thin]).mean())


def likely_mistakes(mask: ClassMask, predicted: ClassMask, confidence: Bytes) -> list[Spot]:
    """Connected places where the mask is likely to be wrong, those that matter most first.

    Args:
        mask: H×W class ids, 255 for unlabelled.
        predicted: H×W class ids, 255 where nothing is proposed.
        confidence: H×W, 0 where nobody has looked, 255 meaning certain.

    Returns:
        At most 200, ordered by gain, then from top to bottom.
    """
    height, width = mask.shape
    block = max(1, -(-max(height, width) // FINEST))
    sums = _sums(mask, predicted, confidence, block)
    area = np.outer(_sizes(height, block), _sizes(width, block))
    mean = (sums / area).astype(np.float32)
    found: list[Spot] = []
    labels, _ = ndi.label(mean >= DOUBTFUL, np.ones((3, 3)))
    side = max(1, -(-max(sums.shape) // PARTS))
    for number, place in enumerate(ndi.find_objects(labels), 1):
        for part in _cut(place, side):
            inside = labels[part] == number
            gain = float(sums[part][inside].sum())
            if gain >= SMALLEST:
                found.append(_spot(part, inside, mean[part], gain, block, mask.shape))
    found.sort(key=lambda spot: (-spot.gain, spot.rect.y0, spot.rect.x0))
    return found[:MOST]


def _sums(mask: ClassMask, predicted: ClassMask, confidence: Bytes, block: int) -> Floats:
    """Expected wrong pixels by block; a band of rows at a time, so that huge images fit."""
    height, width = mask.shape
    starts = np.arange(0, width, block)
    rows = []
    for top in range(0, height, block):
        band = slice(top, top + block)
        column = doubt(mask[band], predicted[band], confidence[band]).sum(0)
        rows.append(np.add.reduceat(column, starts))
    return np.stack(rows).astype(np.float32)


def _sizes(length: int, block: int) -> NDArray[np.int64]:
    starts = np.arange(0, length, block)
    return np.minimum(starts + block, length) - starts


def _cut(place: tuple[slice, ...], side: int) -> list[tuple[slice, slice]]:
    """Equal pieces, none longer than `side`."""
    rows, columns = (_pieces(part, side) for part in place)
    return [(r, c) for r in rows for c in columns]


def _pieces(part: slice, side: int) -> list[slice]:
    length = part.stop - part.start
    count = -(-length // side)
    edges = [part.start + length * i // count for i in range(count + 1)]
    return [slice(a, b) for a, b in pairwise(edges)]


def _spot(
    part: tuple[slice, slice],
    inside: NDArray[np.bool_],
    mean: Floats,
    gain: float,
    block: int,
    shape: tuple[int, ...],
) -> Spot:
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    top, left = part[0].start, part[1].start
    rect = Rect(
        int(left + columns[0]) * block,
        int(top + rows[0]) * block,
        min(int(left + columns[-1] + 1) * block, shape[1]),
        min(int(top + rows[-1] + 1) * block, shape[0]),
    )
    # inside the region, away from its border, rather than the middle of a ring
    depth = ndi.distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]
    best = np.unravel_index(int((depth * mean).argmax()), inside.shape)
    x = min(int((left + best[1] + 0.5) * block), shape[1] - 1)
    y = min(int((top + best[0] + 0.5) * block), shape[0] - 1)
    return Spot(rect, x, y, gain)
