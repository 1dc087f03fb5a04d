"""Magic wand: pixels whose colour is like the one under the pointer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from unet_gui.regions.components import piece

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ColorWand:
    """Distances are found once; a tolerance then costs one comparison and one labelling.

    The distance is the weighted one of Riemersma ("Colour metric", CompuPhase), close to what
    people see at a fifth of the time of CIE Lab, scaled so that black and white are 255 apart.
    The weights depend on the seed's red alone, which makes it a table a channel.

    Args:
        image: H×W×3 uint8, the window looked at.
        seed: (x, y) in it; the colour is the mean of the 3×3 pixels around, so that a noisy pixel
            does not decide.
    """

    def __init__(self, image: NDArray[np.uint8], seed: tuple[int, int]) -> None:
        self._x, self._y = seed
        x, y = seed
        near = image[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
        color = near.reshape(-1, 3).mean(0)
        red = float(color[0]) / 256
        weights = np.array([2 + red, 4.0, 3 - red]) / 9
        levels = np.arange(256, dtype=np.float32)
        total = np.zeros(image.shape[:2], np.float32)
        for channel in range(3):
            table = (weights[channel] * (levels - color[channel]) ** 2).astype(np.float32)
            total += table[image[..., channel]]
        distance = np.sqrt(total, out=total)
        np.rint(distance, out=distance)
        self.distance: NDArray[np.uint8] = distance.clip(0, 255).astype(np.uint8)
        """H×W uint8, 0..255; 0 at the seed whatever its neighbours are."""
        self.distance[y, x] = 0

    def region(self, tolerance: float, *, connected: bool = True) -> NDArray[np.bool_]:
        """Pixels not further than `tolerance` (0..255) from the seed's colour.

        A larger tolerance always holds the region of a smaller one, and the seed is always in it.

        Args:
            tolerance: below 0 counts as 0.
            connected: only those connected with the seed, by 4 neighbours.

        Returns:
            bool H×W.
        """
        alike: NDArray[np.bool_] = self.distance <= max(0, min(255, math.floor(tolerance)))
        return piece(alike, self._x, self._y) if connected else alike
