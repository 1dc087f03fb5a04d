"""Which superpixels look like one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS: Final = 10
"""Steps of colour from one end of a window to the other, in which the commonest is sought."""

APART: Final = 0.25
"""Of the way to the most unlike cells: what is nearer cannot be what lies around the cell."""


class CellColors:
    """Mean colours of the superpixels in a window, and how much each is like a given one.

    A cell is like another when its colour is nearer to it than to the commonest other colour in
    the window, which is what lies around. Being still further from that commonest colour than the
    other cell does not make it unlike: of bright things on black, a brighter one is one of them.

    Args:
        image: H×W×3 uint8, the window.
        names: H×W int64, the cell of every pixel (`Superpixels.names`).
    """

    def __init__(self, image: NDArray[np.uint8], names: NDArray[np.int64]) -> None:
        from skimage.color import rgb2lab

        first = int(names.min())
        self._numbers = (names - first).astype(np.int32)
        flat = self._numbers.ravel()
        areas = np.bincount(flat)
        sums = [np.bincount(flat, image[..., channel].ravel(), len(areas)) for channel in range(3)]
        means = np.stack(sums, axis=1) / np.maximum(areas, 1)[:, None] / 255
        self._areas = areas
        self._colors: NDArray[np.float64] = rgb2lab(means)

    def cell(self, x: int, y: int) -> int:
        """A number for the cell at a pixel of the window."""
        return int(self._numbers[y, x])

    def unlikeness(self, x: int, y: int) -> NDArray[np.float32]:
        """How far each pixel's cell is from the cell at (x, y): float32 H×W, 0..1.

        0 is the same colour, 0.5 as near to it as to what lies around, 1 just that.
        """
        return self._shares(self.cell(x, y))[self._numbers]

    def _shares(self, cell: int) -> NDArray[np.float32]:
        own = self._colors[cell]
        to_own = self._colors - own
        other = self._commonest_other(np.linalg.norm(to_own, axis=1))
        away = own - other
        length = float(np.linalg.norm(away))
        if length > 0:
            beyond = np.maximum(to_own @ (away / length), 0)
            to_own = to_own - beyond[:, None] * (away / length)
        near, far = np.linalg.norm(to_own, axis=1), np.linalg.norm(self._colors - other, axis=1)
        shares: NDArray[np.float32] = (near / np.maximum(near + far, 1e-6)).astype(np.float32)
        return shares

    def _commonest_other(self, distance: NDArray[np.float64]) -> NDArray[np.float64]:
        """The mean colour of the fullest bin of those that are not like the cell at all."""
        there = self._areas > 0
        least = APART * float(np.percentile(distance[there], 98))
        counts = there & (distance > least)
        if not counts.any():
            counts = there
        colors, areas = self._colors[counts], self._areas[counts]
        low = colors.min(0)
        step = max(float((colors.max(0) - low).max()) / BINS, 1e-6)
        places = np.floor((colors - low) / step).astype(np.int64)
        keys = (places[:, 0] * (BINS + 1) + places[:, 1]) * (BINS + 1) + places[:, 2]
        fullest = int(np.bincount(keys, areas).argmax())
        mine = keys == fullest
        mean: NDArray[np.float64] = np.average(colors[mine], axis=0, weights=areas[mine])
        return mean
