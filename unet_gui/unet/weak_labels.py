"""What the instant learner says of the samples: weak labels for the network to learn from.

Labels on a few strokes say nothing of the rest of an image. A learner that answers for all of it
after seconds is often right, and a network that agrees with it where nobody painted keeps to
sensible answers while the strokes teach it better (Hinton et al. 2015, "Distilling the knowledge
in a neural network", section 2; Lee 2013, "Pseudo-label").
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.unet.instant.features import extract, ready_encoder
from unet_gui.unet.instant.tiles import seen_around, tiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.core.document import RgbImage
    from unet_gui.core.geometry import Rect
    from unet_gui.unet.device import Device
    from unet_gui.unet.instant.cache import FeatureCache
    from unet_gui.unet.instant.features import Maps
    from unet_gui.unet.instant.net import InstantNet
    from unet_gui.unet.samples import SampleSet

    Bytes = NDArray[np.uint8]

ANSWERS_BYTES: Final = 1 << 28


class WeakLabels:
    """The answers of an instant learner, found when needed.

    Attributes:
        instant: The learner.
    """

    def __init__(
        self,
        samples: SampleSet,
        instant: InstantNet,
        device: Device,
        cache: FeatureCache | None = None,
        encoder: str = "",
    ) -> None:
        """Nothing is asked yet.

        Args:
            samples: Scanned.
            instant: Fitted.
            device: Where its encoder runs.
            cache: Where features of images are kept.
            encoder: What the encoder's weights are called there.
        """
        self.instant = instant
        self._samples = samples
        self._device = device
        self._cache = cache
        self._name = encoder
        self._encoder = ready_encoder(instant, device)
        self._answers: OrderedDict[tuple[int, Rect], Bytes] = OrderedDict()

    def probabilities(self, sample: int, rect: Rect) -> Bytes:
        """num_classes×h×w uint8, 255 meaning certain, of a rectangle inside a sample."""
        _, mask = self._samples.read(sample)
        out = np.zeros((self.instant.spec.num_classes, rect.height, rect.width), np.uint8)
        for tile in tiles(mask.shape):
            part = tile.intersection(rect)
            if not part.empty:
                answer = self._answer(sample, tile, mask.shape)
                to = part.moved(-rect.x0, -rect.y0).slices
                of = part.moved(-tile.x0, -tile.y0).slices
                out[(slice(None), *to)] = answer[(slice(None), *of)]
        return out

    def _answer(self, sample: int, tile: Rect, shape: tuple[int, int]) -> Bytes:
        key = sample, tile
        if key not in self._answers:
            seen = seen_around(tile, shape)
            image, _ = self._samples.read(sample)
            pixels = image[seen.slices]
            found = self.instant.probabilities(pixels, self._see(pixels))
            inside = tile.moved(-seen.x0, -seen.y0).slices
            found = found[(slice(None), *inside)]
            self._answers[key] = found.mul(255).round_().byte().numpy()
            self._limit()
        self._answers.move_to_end(key)
        return self._answers[key]

    def _see(self, pixels: RgbImage) -> Maps:
        def look() -> Maps:
            return extract(pixels, self._encoder, self.instant.normalisation, self._device)

        return look() if self._cache is None else self._cache.of_pixels(pixels, self._name, look)

    def _limit(self) -> None:
        """Drop the least recently used ones, but never the latest."""
        kept = self._answers
        while len(kept) > 1 and sum(answer.nbytes for answer in kept.values()) > ANSWERS_BYTES:
            kept.popitem(last=False)
