"""What the instant learner says of the samples: weak labels for the network to learn from.

Labels on a few strokes say nothing of the rest of an image. A learner that answers for all of it
after seconds is often right, and a network that agrees with it where nobody painted keeps to
sensible answers while the strokes teach it better (Hinton et al. 2015, "Distilling the knowledge
in a neural network", section 2; Lee 2013, "Pseudo-label").
"""

from __future__ import annotations

import time
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import Progress
from unet_gui.unet.instant.features import extract, ready_encoder
from unet_gui.unet.instant.learner import fit, new_net
from unet_gui.unet.instant.memory import lesson
from unet_gui.unet.instant.recall import recalled
from unet_gui.unet.instant.tiles import painted_pixels, seen_around, tiles
from unet_gui.unet.weights import of_encoder

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.unet.device import Device
    from unet_gui.unet.instant.features import Maps
    from unet_gui.unet.instant.memory import Painted
    from unet_gui.unet.instant.net import InstantNet
    from unet_gui.unet.model import EncoderDecoder
    from unet_gui.unet.pixels import Normalisation
    from unet_gui.unet.samples import SampleSet

    Bytes = NDArray[np.uint8]

MAPS_BYTES: Final = 1 << 29
ANSWERS_BYTES: Final = 1 << 28


class WeakLabels:
    """An instant learner fitted to the training cells, and its answers, found when needed.

    Attributes:
        instant: The learner.
        late: Names of images that there was no time to look at.
    """

    def __init__(
        self,
        samples: SampleSet,
        net: EncoderDecoder,
        normalisation: Normalisation,
        device: Device,
        seed: int,
        earlier: InstantNet | None = None,
    ) -> None:
        """Nothing is learnt yet; `learn` does.

        Args:
            samples: Scanned.
            net: On `device`; its encoder is looked through.
            normalisation: What the encoder expects.
            device: Where it is.
            seed: Of everything random.
            earlier: The learner of the round before, which saw through the same encoder: what it
                was sure of is not forgotten.
        """
        self.late: list[str] = []
        self._earlier = earlier
        self._samples = samples
        self._device = device
        self._seed = seed
        weights = of_encoder(net.vgg, "the network", normalisation)
        self.instant: InstantNet = new_net(weights, net.spec.num_classes, seed=seed)
        self._encoder = ready_encoder(self.instant, device)
        self._maps: OrderedDict[tuple[int, Rect], Maps] = OrderedDict()
        self._answers: OrderedDict[tuple[int, Rect], Bytes] = OrderedDict()

    def learn(self, until: float | None) -> Generator[Progress, None, None]:
        """Look at the labelled images and fit.

        Args:
            until: When, by `time.perf_counter`, no further image is looked at; None for never.
        """
        held_back: dict[int, list[Rect]] = {}
        for cell in self._samples.held_back:
            held_back.setdefault(cell.sample, []).append(cell.rect)
        wanted = sorted({cell.sample for cell in self._samples.training})
        found: dict[int, Painted] = {}
        sure: list[Painted] = []
        self.late = []
        for done, index in enumerate(np.random.default_rng(self._seed).permutation(wanted)):
            yield Progress(done, len(wanted), "Looking at images")
            if until is not None and found and time.perf_counter() > until:
                self.late.append(self._samples.samples[index].name)
                continue
            mask = _training_mask(self._samples, int(index), held_back.get(int(index), []))
            rng = np.random.default_rng((self._seed, int(index)))
            self._samples.thin(int(index), Rect.of_shape(mask.shape), mask, rng)
            looking = painted_pixels(mask, partial(self._look, sure, int(index)), seed=self._seed)
            part = yield from _quietly(looking, Progress(done, len(wanted), "Looking at images"))
            if part is not None:
                found[int(index)] = part
        lessons = lesson([*(found[i] for i in sorted(found)), *sure], seed=self._seed)
        yield from fit(self.instant, lessons)

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
            found = self.instant.probabilities(image[seen.slices], self._see(sample, seen))
            inside = tile.moved(-seen.x0, -seen.y0).slices
            found = found[(slice(None), *inside)]
            self._answers[key] = found.mul(255).round_().byte().numpy()
            _limit(self._answers, ANSWERS_BYTES)
        self._answers.move_to_end(key)
        return self._answers[key]

    def _look(self, sure: list[Painted], sample: int, rect: Rect) -> Maps:
        """Features of a rectangle that is learnt from; what was known of the rest of it as well."""
        maps = self._see(sample, rect)
        if self._earlier is not None:
            mask = self._samples.read(sample)[1][rect.slices]
            known = recalled(self._earlier, maps, mask, seed=self._seed)
            sure += [known] if known is not None else []
        return maps

    def _see(self, sample: int, rect: Rect) -> Maps:
        key = sample, rect
        if key not in self._maps:
            image, _ = self._samples.read(sample)
            part = image[rect.slices]
            normalisation = self.instant.normalisation
            self._maps[key] = extract(part, self._encoder, normalisation, self._device)
            _limit(self._maps, MAPS_BYTES)
        self._maps.move_to_end(key)
        return self._maps[key]


def _training_mask(samples: SampleSet, index: int, held_back: list[Rect]) -> ClassMask:
    mask = samples.read(index)[1].copy()
    for rect in held_back:
        mask[rect.slices] = UNLABELLED
    return mask


def _quietly(
    job: Generator[None, None, Painted | None], progress: Progress
) -> Generator[Progress, None, Painted | None]:
    while True:
        try:
            next(job)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        yield progress


def _limit(
    kept: OrderedDict[tuple[int, Rect], Maps] | OrderedDict[tuple[int, Rect], Bytes], most: int
) -> None:
    """Drop the least recently used ones, but never the latest."""
    while len(kept) > 1 and sum(value.nbytes for value in kept.values()) > most:
        kept.popitem(last=False)
