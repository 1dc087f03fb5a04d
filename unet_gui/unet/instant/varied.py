"""Another look at an image: turned, mirrored, in other light.

A learner that has seen every image in one light takes a brighter background for what was bright
before. Gamma, gain and offset as they vary from one exposure to the next (Isensee et al. 2021,
"nnU-Net", supplementary note 4: data augmentation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask, RgbImage

GAMMA: Final = 0.6
GAIN: Final = 0.5
"""Natural logarithms of the largest change either way."""

OFFSETS: Final = (-0.08, 0.12)
"""Of the full range."""


def varied(
    image: RgbImage, mask: ClassMask, rng: np.random.Generator
) -> tuple[RgbImage, ClassMask]:
    """An image and its mask, turned and mirrored alike, the image in other light.

    Args:
        image: H×W×3 uint8.
        mask: H×W uint8.
        rng: Draws the change.

    Returns:
        New arrays, H×W or W×H.
    """
    turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
    gamma, gain = np.exp(rng.uniform(-GAMMA, GAMMA)), np.exp(rng.uniform(-GAIN, GAIN))
    light = np.linspace(0, 1, 256) ** gamma * gain + rng.uniform(*OFFSETS)
    table = np.round(255 * light.clip(0, 1)).astype(np.uint8)
    return _turned(table[image], turns, mirrored), _turned(mask, turns, mirrored)


def _turned(pixels: NDArray[np.uint8], turns: int, mirrored: bool) -> NDArray[np.uint8]:
    pixels = np.rot90(pixels, turns)
    return np.ascontiguousarray(pixels[:, ::-1] if mirrored else pixels)
