"""Levels of an image: each pixel of one is the mean of 2×2 pixels of the level before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.geometry import Rect

if TYPE_CHECKING:
    from unet_gui.core.document import RgbImage

COARSEST: Final = 512
"""The coarsest level is the first whose longer side is not above this."""


_STRIP: Final = 1 << 18
"""Pixels halved at a time: what is added up then stays in the processor's cache, which makes wide
images four times as fast."""


def level_count(shape: tuple[int, int]) -> int:
    """How many levels an image of (height, width) has; at least one, the image itself."""
    count = 1
    while max(level_shape(shape, count - 1)) > COARSEST:
        count += 1
    return count


def level_shape(shape: tuple[int, int], level: int) -> tuple[int, int]:
    """(height, width) of a level: both halved `level` times, rounded up."""
    step = 1 << level
    return -(-shape[0] // step), -(-shape[1] // step)


def finer(rect: Rect, steps: int, shape: tuple[int, int]) -> Rect:
    """The pixels, `steps` levels finer, that `rect` is made of; `shape` is of that finer level."""
    x1, y1 = min(rect.x1 << steps, shape[1]), min(rect.y1 << steps, shape[0])
    return Rect(rect.x0 << steps, rect.y0 << steps, x1, y1)


def halved(pixels: RgbImage) -> RgbImage:
    """The next level: means of 2×2 pixels, rounded half up; a last odd row or column by itself.

    Args:
        pixels: h×w×3 uint8; not empty.

    Returns:
        ⌈h/2⌉×⌈w/2⌉×3 uint8.
    """
    height, width = pixels.shape[:2]
    if height % 2 or width % 2:
        pixels = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
    out = np.empty((height, width, 3), np.uint8)
    step = max(1, _STRIP // (4 * width))
    for top in range(0, height, step):
        strip = pixels[2 * top : 2 * (top + step)]
        rows = np.add(strip[0::2], strip[1::2], dtype=np.uint16)
        # A channel at a time: numpy's inner loop then runs along the row, not over three values.
        for c in range(3):
            sums = rows[:, 0::2, c] + rows[:, 1::2, c]
            sums += 2
            sums >>= 2
            out[top : top + step, :, c] = sums
    return out
