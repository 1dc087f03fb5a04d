"""How often a learner was right that was as sure as this. numpy alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Counts = NDArray[np.int64]

ENOUGH: Final = 500
"""Pixels below which nothing is concluded."""

BINS: Final = 32
"""Equal steps of confidence."""

WANTED: Final = 0.9
USUAL: Final = 0.6
LEAST: Final = 0.5
SUREST: Final = 0.9


def calibrated(right: Counts, wrong: Counts) -> Pixels:
    """256×256 uint8: by proposed class and confidence, how often that was right, 255 always.

    Where little is known, what the learner says of itself; never falling with confidence.

    Args:
        right: 256×`BINS` pixels proposed rightly, by proposed class and confidence.
        wrong: The same for wrong ones.
    """
    said = (np.arange(BINS) + 0.5) / BINS
    # as if so many pixels of each step had confirmed what the learner says
    weight = right + wrong + ENOUGH
    share = (right + ENOUGH * said) / weight
    for class_id in np.flatnonzero((right + wrong).any(1)):
        share[class_id] = rising(share[class_id], weight[class_id])
    table = np.round(255 * share).astype(np.uint8)
    return np.repeat(table, 256 // BINS, axis=1)


def rising(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The closest values that never fall (pool adjacent violators).

    Args:
        values: N.
        weights: N, above 0.
    """
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        pool = (value, weight, 1)
        while pools and pools[-1][0] >= pool[0]:
            pool = _joined(pools.pop(), pool)
        pools.append(pool)
    return np.concatenate([np.full(count, value) for value, _, count in pools])


def _joined(a: tuple[float, float, int], b: tuple[float, float, int]) -> tuple[float, float, int]:
    weight = a[1] + b[1]
    return (a[0] * a[1] + b[0] * b[1]) / weight, weight, a[2] + b[2]


def sure_enough(right: Counts, wrong: Counts, *, otherwise: float = SUREST) -> float:
    """The confidence from which on nine in ten were right, 0.5..0.9; 0.6 where little is known.

    Args:
        right: Pixels proposed rightly, by confidence in equal steps.
        wrong: The same for wrong ones.
        otherwise: Where no confidence is high enough.
    """
    if (right + wrong).sum() < ENOUGH:
        return USUAL
    # of this confidence and above
    hits = np.cumsum(right[::-1])[::-1]
    judged = hits + np.cumsum(wrong[::-1])[::-1]
    good = np.flatnonzero((hits >= WANTED * judged) & (judged > 0))
    return min(SUREST, max(LEAST, float(good[0]) / len(right))) if len(good) else otherwise
