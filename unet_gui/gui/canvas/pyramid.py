"""Smaller versions of image and mask for looking from afar, in numpy: no Qt, so any thread may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.geometry import EMPTY, Rect

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask, RgbImage

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


class CodePyramid:
    """A mask at every size, kept up to date where it changes.

    It hands out *codes*: class id + 1, and 0 for unlabelled. A level is the maximum of 2×2 of the
    one below, so that from afar a labelled pixel wins over an unlabelled one and a high class id,
    mostly the small things, over a low one, mostly the ground: thin structures stay visible.

    Attributes:
        levels: how many there are; level k is ⌈H/2ᵏ⌉×⌈W/2ᵏ⌉.
    """

    def __init__(self, mask: ClassMask) -> None:
        self._mask = mask
        self._bounds = Rect.of_shape(mask.shape)
        self._small: list[NDArray[np.uint8]] = []
        height, width = mask.shape
        while max(height, width) > BAND:
            height, width = (height + 1) // 2, (width + 1) // 2
            self._small.append(np.zeros((height, width), np.uint8))
        # For each small level the pixels of the level below that it has not seen yet.
        self._stale = [self._level_bounds(k) for k in range(len(self._small))]

    @property
    def levels(self) -> int:
        return 1 + len(self._small)

    def invalidate(self, rect: Rect) -> None:
        """The mask has changed there; levels catch up when they are next read."""
        for level in range(len(self._stale)):
            self._stale[level] = self._stale[level].union(rect)
            rect = _halved(rect)

    def read(self, level: int, rect: Rect) -> NDArray[np.uint8]:
        """Codes of `rect`, which is in pixels of that level and inside it."""
        if level == 0:
            codes: NDArray[np.uint8] = self._mask[rect.slices] + np.uint8(1)
            return codes
        self._catch_up(level)
        return self._small[level - 1][rect.slices]

    def bounds(self, level: int) -> Rect:
        return self._level_bounds(level)

    def _level_bounds(self, level: int) -> Rect:
        return self._bounds if level == 0 else Rect.of_shape(self._small[level - 1].shape)

    def _catch_up(self, level: int) -> None:
        for k in range(level):
            stale = self._stale[k].intersection(self._level_bounds(k))
            self._stale[k] = EMPTY
            if stale.empty:
                continue
            target = _halved(stale)
            source = Rect(target.x0 * 2, target.y0 * 2, target.x1 * 2, target.y1 * 2)
            codes = self.read(k, source.intersection(self._level_bounds(k)))
            self._small[k][target.slices] = _max_of_four(codes)


def _halved(rect: Rect) -> Rect:
    """The pixels one level up that `rect` touches."""
    return Rect(rect.x0 // 2, rect.y0 // 2, (rect.x1 + 1) // 2, (rect.y1 + 1) // 2)


def _max_of_four(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An odd last row or column stands for itself."""
    rows = codes[::2].copy()
    np.maximum(rows[: codes.shape[0] // 2], codes[1::2], out=rows[: codes.shape[0] // 2])
    columns = rows[:, ::2].copy()
    half = rows.shape[1] // 2
    np.maximum(columns[:, :half], rows[:, 1::2], out=columns[:, :half])
    return columns
