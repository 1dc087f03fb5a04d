"""Two learners' proposals in one: each pixel by the one that is right more often. numpy alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

BAND: Final = 512
"""Rows merged at a time, so that a huge image needs no copies of itself."""


def merge(
    first: tuple[Pixels, Pixels],
    second: tuple[Pixels, Pixels],
    *,
    tables: tuple[Pixels, Pixels],
    usual: bool,
) -> tuple[Pixels, Pixels]:
    """One proposal of two.

    Where both say the same, that. Where one is silent, what the other says. Elsewhere what the one
    says that has more often been right when it said this class as surely; in a draw the usual one.
    With two classes and honest tables that is the class of the higher mean probability.

    Args:
        first: H×W class ids (255 for silent) and H×W confidence 0..255 of the first learner.
        second: The same of the second one.
        tables: For each learner 256×256 uint8, how often it was right by class and confidence.
        usual: Whether the first learner is the usual one.

    Returns:
        H×W uint8 class ids and H×W uint8 confidence, which is that of the tables.
    """
    mask, confidence = np.empty_like(first[0]), np.empty_like(first[1])
    for top in range(0, mask.shape[0], BAND):
        rows = slice(top, top + BAND)
        a, b = first[0][rows], second[0][rows]
        sure_a, sure_b = tables[0][a, first[1][rows]], tables[1][b, second[1][rows]]
        take = (sure_a >= sure_b) if usual else (sure_a > sure_b)
        take[b == UNLABELLED] = True
        take[(a == UNLABELLED) & (b != UNLABELLED)] = False
        mask[rows] = np.where(take, a, b)
        confidence[rows] = np.where(take, sure_a, sure_b)
        same = a == b
        confidence[rows][same] = np.maximum(sure_a, sure_b)[same]
    return mask, confidence
