"""Putting the objects of a dataset together to one mask, where each pixel has one class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.core.geometry import Rect


class Canvas:
    """A mask on which objects are laid, later ones on top.

    Attributes:
        overlap: How many pixels were covered by another class than the one on top.
    """

    def __init__(self, shape: tuple[int, int], fill: int) -> None:
        self._mask = np.full(shape, fill, np.uint8)
        self._covered: NDArray[np.bool_] = np.zeros(shape, bool)
        self.overlap = 0

    @property
    def shape(self) -> tuple[int, int]:
        height, width = self._mask.shape
        return height, width

    def put(self, value: int, rect: Rect, where: NDArray[np.bool_]) -> None:
        """Lay an object: `where` are its pixels inside `rect`, which may stick out."""
        inside, cut = _clipped(rect, self.shape)
        where = where[cut]
        pixels, covered = self._mask[inside], self._covered[inside]
        self.overlap += int(np.count_nonzero(where & covered & (pixels != value)))
        pixels[where] = value
        covered |= where

    def put_flat(self, value: int, index: NDArray[np.int64]) -> None:
        """Lay an object of pixels counted row by row from the top left."""
        pixels, covered = self._mask.reshape(-1), self._covered.reshape(-1)
        self.overlap += int(np.count_nonzero(covered[index] & (pixels[index] != value)))
        pixels[index] = value
        covered[index] = True

    def mask(self) -> ClassMask:
        """H×W uint8."""
        return self._mask


def _clipped(rect: Rect, shape: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    y0, y1 = max(rect.y0, 0), max(min(rect.y1, shape[0]), 0)
    x0, x1 = max(rect.x0, 0), max(min(rect.x1, shape[1]), 0)
    y1, x1 = max(y1, y0), max(x1, x0)
    inside = (slice(y0, y1), slice(x0, x1))
    cut = (slice(y0 - rect.y0, y1 - rect.y0), slice(x0 - rect.x0, x1 - rect.x0))
    return inside, cut
