"""How image values become screen values: levels, gamma, brightness and contrast as one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Three = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Display:
    """What is done to the image on its way to the screen; the pixels themselves never change.

    Attributes:
        black: value of each channel that is shown black, 0..255.
        white: value of each channel that is shown at full strength; not below `black`.
        gamma: of each channel, 0.1..10; above 1 brightens the dark parts.
        brightness: -1..1, added after that.
        contrast: -1..1, around middle grey.
        invert: show the negative.
    """

    black: Three = (0.0, 0.0, 0.0)
    white: Three = (255.0, 255.0, 255.0)
    gamma: Three = (1.0, 1.0, 1.0)
    brightness: float = 0.0
    contrast: float = 0.0
    invert: bool = False

    @property
    def neutral(self) -> bool:
        """The image is shown as it is."""
        return self == Display()

    def lut(self) -> NDArray[np.uint8]:
        """uint8[3, 256]: what to show for each value of each channel."""
        return np.stack([self._channel(c) for c in range(3)])

    def _channel(self, channel: int) -> NDArray[np.uint8]:
        black, white = self.black[channel], self.white[channel]
        values = np.arange(256, dtype=np.float64)
        span = max(white - black, 1e-9)
        shown = np.clip((values - black) / span, 0.0, 1.0) ** (1.0 / self.gamma[channel])
        # tan makes -1 flat grey and +1 a hard step, evenly felt between (as GIMP does).
        slope = np.tan((min(self.contrast, 0.999) + 1) * np.pi / 4)
        shown = np.clip((shown - 0.5) * slope + 0.5 + self.brightness, 0.0, 1.0)
        if self.invert:
            shown = 1.0 - shown
        table: NDArray[np.uint8] = np.round(shown * 255).astype(np.uint8)
        return table

    @classmethod
    def from_percentiles(
        cls, histogram: NDArray[np.int64], low: float, high: float, *, each: bool = True
    ) -> Display:
        """Stretch between two percentiles.

        Args:
            histogram: int64[3, 256], pixels of each value in each channel.
            low: percent of pixels that become black, 0..100.
            high: percentile that becomes white, above `low`.
            each: every channel by itself, which changes hues; otherwise all alike.
        """
        rows = histogram if each else np.repeat(histogram.sum(0)[None], 3, 0)
        limits = [_percentiles(row, (low, high)) for row in rows]
        black, white = zip(*limits, strict=True)
        return cls(black=black, white=white)


def _percentiles(counts: NDArray[np.int64], percents: Sequence[float]) -> list[float]:
    total = int(counts.sum())
    if total == 0:
        return [0.0, 255.0]
    running = np.cumsum(counts)
    shares = [total * p / 100 for p in percents]
    low = min(float(np.searchsorted(running, shares[0], side="right")), 255.0)
    high = min(float(np.searchsorted(running, shares[1], side="left")), 255.0)
    return [low, high] if high > low else [max(0.0, low - 1), min(255.0, low + 1)]
