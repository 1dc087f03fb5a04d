"""What is labelled already says what the next thing of its class may look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.regions.margins import widened

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST: Final = 25
"""Pixels; something smaller is painted with the brush, and scores by chance."""

MOST: Final = 8000
"""Pixels of each side that are averaged."""

SHARE: Final = 0.5
"""Of the window: what is larger is no thing but what lies around."""


@dataclass(frozen=True, eq=False)
class Known:
    """Of the labelled things in a window.

    Attributes:
        along: float32 H×W, how far each pixel lies towards their colours, away from all others.
        color: their mean CIE Lab, float64 of 3.
        areas: of each in pixels, float64.
    """

    along: NDArray[np.float32]
    color: NDArray[np.float64]
    areas: NDArray[np.float64]


def known_things(colors: NDArray[np.float32], labelled: NDArray[np.bool_]) -> Known | None:
    """What the labelled pixels of one class have in common; None where they say nothing.

    Args:
        colors: float32 3×H×W, CIE Lab.
        labelled: bool H×W.
    """
    from scipy import ndimage as ndi

    labels, _ = ndi.label(labelled)
    areas = np.bincount(labels.ravel())[1:].astype(np.float64)
    areas = areas[areas >= LEAST]
    outside = ~widened(labelled, 2)
    if not len(areas) or labelled.mean() > SHARE or not outside.any():
        return None
    own, other = _some(colors[:, labelled]), _some(colors[:, outside])
    spread = np.cov(own) + np.cov(other) + np.eye(3) * 0.5
    direction = np.linalg.solve(spread, own.mean(1) - other.mean(1)).astype(np.float32)
    return Known(np.tensordot(direction, colors, 1), own.mean(1, dtype=np.float64), areas)


def _some(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Every so manieth of 3×n."""
    return pixels[:, :: pixels.shape[1] // MOST + 1]
