"""Smaller versions of an image for looking from afar, in numpy: no Qt, so any thread may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from unet_gui.core.document import RgbImage

BAND: Final = 256
"""Rows worked on at a time: what stays in the processor's cache is several times faster."""

SMALLEST: Final = 512
"""No level is made of an image whose longer side is already this short."""

_HALVES: Final = np.uint32(0xFEFEFEFE)


def build_pyramid(image: RgbImage) -> Generator[int, None, list[NDArray[np.uint32]]]:
    """Levels of an image for drawing, each the 2×2 mean of the one before.

    Yields the rows done, which is where it can be cancelled.

    Args:
        image: H×W×3 uint8 RGB.

    Returns:
        uint32 arrays 0xffRRGGBB (QImage's RGB32): level k is ⌈H/2ᵏ⌉×⌈W/2ᵏ⌉.
    """
    height, width = image.shape[:2]
    levels = [np.empty((height, width), np.uint32)]
    for y in range(0, height, BAND):
        levels[0][y : y + BAND] = _rgb32(image[y : y + BAND])
        yield min(y + BAND, height)
    while max(levels[-1].shape) > SMALLEST:
        source = levels[-1]
        height, width = source.shape
        target = np.empty(((height + 1) // 2, (width + 1) // 2), np.uint32)
        for y in range(0, height, BAND):
            target[y // 2 : (y + BAND) // 2] = _mean_of_four(source[y : y + BAND])
            yield min(y + BAND, height)
        levels.append(target)
    return levels


def _rgb32(image: RgbImage) -> NDArray[np.uint32]:
    pixels = image[..., 0].astype(np.uint32)
    for channel in (1, 2):
        pixels <<= 8
        pixels |= image[..., channel]
    pixels |= np.uint32(0xFF000000)
    return pixels


def _mean_of_four(pixels: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """All four bytes of a pixel at once; rounds up once and down once, so it stays unbiased."""
    if pixels.shape[0] % 2:
        pixels = np.concatenate([pixels, pixels[-1:]])
    if pixels.shape[1] % 2:
        pixels = np.concatenate([pixels, pixels[:, -1:]], axis=1)
    upper, lower = pixels[::2], pixels[1::2]
    rows = (upper | lower) - (((upper ^ lower) & _HALVES) >> 1)
    left, right = rows[:, ::2], rows[:, 1::2]
    means: NDArray[np.uint32] = (left & right) + (((left ^ right) & _HALVES) >> 1)
    return means
