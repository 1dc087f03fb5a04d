"""The instant learner while a person paints: one image at a time, everything it can kept ready."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.progress import Progress
from unet_gui.unet.instant.features import extract, ready_encoder
from unet_gui.unet.instant.learner import LIVE, fit, new_net
from unet_gui.unet.instant.memory import lesson
from unet_gui.unet.instant.tiles import painted_pixels, seen_around, tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.core.geometry import Rect
    from unet_gui.dataset.files import Stamp
    from unet_gui.unet.device import Device
    from unet_gui.unet.instant.cache import FeatureCache
    from unet_gui.unet.instant.features import Maps
    from unet_gui.unet.instant.memory import Painted
    from unet_gui.unet.weights import EncoderWeights

MAPS_BUDGET: Final = 512 << 20
MOST_TILES: Final = 16
"""Of a large image only the tiles nearest to the latest stroke are answered."""

FEWEST_CLASSES: Final = 2


@dataclass(frozen=True, slots=True)
class View:
    """An image as the learner sees it.

    Attributes:
        name: Of the image.
        shape: Height and width.
        read: The pixels of a rectangle, h×w×3 uint8; any thread.
        stamp: Of the file.
    """

    name: str
    shape: tuple[int, int]
    read: Callable[[Rect], RgbImage]
    stamp: Stamp | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is proposed, before anything is held back.

    Attributes:
        mask: H×W uint8 class ids; 255 where it was not looked.
        confidence: H×W uint8, 255 meaning certain.
    """

    mask: ClassMask
    confidence: NDArray[np.uint8]


class LiveLearner:
    """Remembers what was painted in every image, refits after a stroke, answers for an image."""

    def __init__(
        self,
        weights: EncoderWeights | None,
        num_classes: int,
        device: Device,
        cache: FeatureCache | None = None,
    ) -> None:
        self._net = new_net(weights, num_classes)
        self._encoder = ready_encoder(self._net, device)
        self._digest = "none" if weights is None else weights.digest
        self._device = device
        self._cache = cache
        self._maps: OrderedDict[tuple[object, ...], Maps] = OrderedDict()
        self._painted: dict[str, Painted] = {}
        self._fitted = False

    def study(self, view: View, mask: ClassMask) -> Generator[None, None, None]:
        """Take in what is painted in an image, in place of what was before."""
        self._fitted = False
        painted = yield from painted_pixels(mask, lambda rect: self._see(view, rect))
        if painted is None:
            self._painted.pop(view.name, None)
        else:
            self._painted[view.name] = painted

    def prepare(self, view: View) -> Generator[None, None, None]:
        """Have the features of a small image ready before the first stroke."""
        for tile in tiles(view.shape)[:1]:
            yield
            self._see(view, seen_around(tile, view.shape))

    def forget(self, names: Iterable[str]) -> None:
        for name in names:
            self._painted.pop(name, None)
        self._fitted = False

    @property
    def knows(self) -> frozenset[str]:
        """Images that it has learnt something from."""
        return frozenset(self._painted)

    def answer(
        self, view: View, near: tuple[float, float] | None = None
    ) -> Generator[Progress, None, Answer | None]:
        """Refit where something was painted since, then predict.

        Args:
            view: The image.
            near: x and y of where to begin; the middle when None.

        Yields:
            Progress; closing the generator leaves everything as it was.

        Returns:
            None as long as fewer than two classes are painted.
        """
        images = list(self._painted.values())
        if len({int(i) for p in images for i in np.unique(p.labels)}) < FEWEST_CLASSES:
            return None
        if not self._fitted:
            yield from fit(self._net, lesson(images), LIVE, warm=True)
            self._fitted = True
        mask = np.full(view.shape, UNLABELLED, np.uint8)
        confidence = np.zeros(view.shape, np.uint8)
        wanted = _nearest(tiles(view.shape), near)
        for done, tile in enumerate(wanted):
            yield Progress(done, len(wanted), "Proposing")
            self._fill(view, tile, mask, confidence)
        return Answer(mask, confidence)

    def _fill(self, view: View, tile: Rect, mask: ClassMask, confidence: NDArray[np.uint8]) -> None:
        seen = seen_around(tile, view.shape)
        probabilities = self._net.probabilities(view.read(seen), self._see(view, seen))
        inside = tile.moved(-seen.x0, -seen.y0).slices
        top, best = probabilities.max(0)
        mask[tile.slices] = best.numpy()[inside]
        confidence[tile.slices] = (top.clamp(0, 1) * 255).round().byte().numpy()[inside]

    def _see(self, view: View, rect: Rect) -> Maps:
        key = (view.name, view.stamp, rect)
        maps = self._maps.get(key)
        if maps is None:
            maps = self._maps[key] = self._look(view, rect)
        self._maps.move_to_end(key)
        while len(self._maps) > 1 and sum(m.nbytes for m in self._maps.values()) > MAPS_BUDGET:
            self._maps.popitem(last=False)
        return maps

    def _look(self, view: View, rect: Rect) -> Maps:
        if self._cache is None:
            return self._extract(view, rect)
        path = self._cache.path(view.name, view.stamp, rect, self._digest)
        kept = self._cache.load(path)
        if kept is not None and kept.shape == (rect.height, rect.width):
            return kept
        maps = self._extract(view, rect)
        self._cache.save(path, maps)
        return maps

    def _extract(self, view: View, rect: Rect) -> Maps:
        return extract(view.read(rect), self._encoder, self._net.normalisation, self._device)


def _nearest(rects: list[Rect], near: tuple[float, float] | None) -> list[Rect]:
    if near is None:
        x, y = rects[-1].x1 / 2, rects[-1].y1 / 2
    else:
        x, y = near

    def away(rect: Rect) -> float:
        return ((rect.x0 + rect.x1) / 2 - x) ** 2 + ((rect.y0 + rect.y1) / 2 - y) ** 2

    return sorted(rects, key=away)[:MOST_TILES]
