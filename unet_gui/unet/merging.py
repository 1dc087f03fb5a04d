"""Two learners' proposals in one. numpy alone.

With two classes a pixel goes to whoever has been right more often when it was as sure: what is said
of one class is said of the other too, and the surer of two honest learners is the one that the mean
of their probabilities agrees with.

With more classes that favours the frequent ones: a learner that says “soil” is right nearly always,
because nearly always both say it. So there it counts how often a learner was right *where the other
one said something else*, and a pixel goes where mean IoU gains most by it. For a class of IoU J and
union U, a pixel that is right with probability p changes the IoU by (p − (1 − p) J) / U.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Floats = NDArray[np.float32]

BAND: Final = 512
"""Rows merged at a time, so that a huge image needs no copies of itself."""

RARITY: Final = 0.25
"""The power of a class's union that a gain is divided by. 1 would be mean IoU's own; but how often
a rare class is right is known from few pixels, and one strange image would be painted over."""

RAREST: Final = 0.03
"""No class counts as rarer than this share of all pixels."""


@dataclass(frozen=True, slots=True)
class Credit:
    """What a learner's word is worth, by proposed class and confidence: 256×256 each.

    Attributes:
        agreed: uint8, how often it was right, 255 always; where both say the same, or one alone.
        disputed: uint8, the same for where they do not agree.
        worth: float32, of two that do not agree the higher one is believed.
    """

    agreed: Pixels
    disputed: Pixels
    worth: Floats


def surest(table: Pixels) -> Credit:
    """Whoever has been right more often is believed.

    Args:
        table: 256×256 uint8, how often it was right by class and confidence.
    """
    return Credit(table, table, table.astype(np.float32))


def most_useful(table: Pixels, disputed: Pixels, confusion: NDArray[np.float64]) -> Credit:
    """Whoever is believed to more gain of mean IoU.

    Args:
        table: 256×256 uint8, how often it was right by class and confidence.
        disputed: 256×256 uint8, how often where the other said something else.
        confusion: 256×256 pixels by true and by proposed class, of what both proposed together.
    """
    hit = np.diag(confusion)
    union = confusion.sum(0) + confusion.sum(1) - hit
    iou = (hit / np.maximum(union, 1))[:, None]
    share = np.maximum(union / max(union.sum(), 1), RAREST)[:, None]
    right = disputed / 255
    worth = (right - (1 - right) * iou) / share**RARITY
    return Credit(table, disputed, worth.astype(np.float32))


def merge(
    first: tuple[Pixels, Pixels],
    second: tuple[Pixels, Pixels],
    *,
    credits_: tuple[Credit, Credit],
    usual: bool,
) -> tuple[Pixels, Pixels]:
    """One proposal of two.

    Where both say the same, that. Where one is silent, what the other says. Elsewhere what is worth
    more; in a draw what the usual one says.

    Args:
        first: H×W class ids (255 for silent) and H×W confidence 0..255 of the first learner.
        second: The same of the second one.
        credits_: What the word of either is worth.
        usual: Whether the first learner is the usual one.

    Returns:
        H×W uint8 class ids and H×W uint8 confidence, which is that of the tables.
    """
    mask, confidence = np.empty_like(first[0]), np.empty_like(first[1])
    width = mask.shape[1]
    one, other = credits_
    for top in range(0, mask.shape[0], BAND):
        rows = slice(top, top + BAND)
        a, b = first[0][rows].ravel(), second[0][rows].ravel()
        by_a, by_b = _places(a, first[1][rows]), _places(b, second[1][rows])
        agreed_a, agreed_b = one.agreed.ravel()[by_a], other.agreed.ravel()[by_b]
        chosen, sure = a.copy(), np.maximum(agreed_a, agreed_b)
        for at, speaks, how_sure in (
            (np.flatnonzero((b == UNLABELLED) & (a != UNLABELLED)), a, agreed_a),
            (np.flatnonzero((a == UNLABELLED) & (b != UNLABELLED)), b, agreed_b),
        ):
            chosen[at], sure[at] = speaks[at], how_sure[at]
        at = np.flatnonzero((a != b) & (a != UNLABELLED) & (b != UNLABELLED))
        by_a, by_b = by_a[at], by_b[at]
        worth_a, worth_b = one.worth.ravel()[by_a], other.worth.ravel()[by_b]
        take = (worth_a >= worth_b) if usual else (worth_a > worth_b)
        chosen[at] = np.where(take, a[at], b[at])
        sure[at] = np.where(take, one.disputed.ravel()[by_a], other.disputed.ravel()[by_b])
        mask[rows], confidence[rows] = chosen.reshape(-1, width), sure.reshape(-1, width)
    return mask, confidence


def _places(ids: Pixels, confidence: Pixels) -> NDArray[np.uint16]:
    """Where a 256×256 table, laid flat, has what belongs to each pixel."""
    places = ids.astype(np.uint16)
    places <<= 8
    places |= confidence.ravel()
    return places
