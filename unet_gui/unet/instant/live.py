"""The instant learner while a person paints: one image at a time, everything it can kept ready."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.progress import Progress, drain
from unet_gui.unet.instant.features import Rows, extract, extracting, ready_encoder
from unet_gui.unet.instant.finishing import DISPUTED, PLAIN
from unet_gui.unet.instant.head import Head
from unet_gui.unet.instant.kept import Experience, Subject, load_learner, save_learner
from unet_gui.unet.instant.learner import LIVE, fit, new_net
from unet_gui.unet.instant.memory import lesson, stacked
from unet_gui.unet.instant.net import InstantNet, blocks_of
from unet_gui.unet.instant.recall import sure_of, unpainted
from unet_gui.unet.instant.tiles import painted_pixels, seen_around, tiles
from unet_gui.unet.instant.view import View
from unet_gui.unet.instant.whole import WholeImages

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.core.geometry import Rect
    from unet_gui.unet.device import Device
    from unet_gui.unet.instant.cache import FeatureCache
    from unet_gui.unet.instant.features import Maps
    from unet_gui.unet.instant.memory import Painted
    from unet_gui.unet.instant.view import Key
    from unet_gui.unet.weights import EncoderWeights

__all__ = ["Answer", "LiveLearner", "View"]

MAPS_BUDGET: Final = 512 << 20
BLOCKS: Final = 4
"""Tiles whose filter responses are kept as the forest sees them, 20 MB each."""

SHOWN_AFTER: Final = (1, 4)
"""Tiles of a large image after which the answer is handed over as far as it is."""

MOST_TILES: Final = 16
"""Of a large image only the tiles nearest to the latest stroke are answered."""

FEWEST_CLASSES: Final = 2
ASKED: Final = 2400
"""Unpainted pixels of an image that the learner before is asked about."""

SPECK: Final = 32
"""Fewer connected pixels than this are not proposed as a region of their own before it is known
how large regions are."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is proposed, before anything is held back.

    Attributes:
        mask: H×W uint8 class ids; 255 where it was not looked.
        confidence: H×W uint8, 255 meaning certain.
        disputed: Share of the pixels looked at that its parts disagree on.
    """

    mask: ClassMask
    confidence: NDArray[np.uint8]
    disputed: float = 0.0


@dataclass(frozen=True, slots=True)
class Part(Progress):
    """Some tiles of a large image are answered anew, the others as they were before.

    Attributes:
        answer: As far as it is.
    """

    answer: Answer | None = None


class LiveLearner:
    """Remembers what was painted in every image, refits after a stroke, answers for an image.

    As from one round to the next it recalls what it was sure of when the person went on to another
    image, and learns more from images that are labelled whole: see `leave` and `deepen`.
    """

    def __init__(
        self,
        weights: EncoderWeights | None,
        num_classes: int,
        device: Device,
        cache: FeatureCache | None = None,
        *,
        class_ids: Iterable[int] | None = None,
        shown: str = "",
    ) -> None:
        """Knows nothing yet, and `resume`s what was learnt about the same things alone.

        These are the encoder, `class_ids` of the project (all below `num_classes` when None), and
        how channels are `shown`, the digest of their view.
        """
        self._net = new_net(weights, num_classes)
        self._encoder = ready_encoder(self._net, device)
        self._digest = "none" if weights is None else weights.digest
        ids = tuple(sorted(range(num_classes) if class_ids is None else class_ids))
        self._subject = Subject(self._digest, ids, shown)
        self._device = device
        self._cache = cache
        self._maps: OrderedDict[Key, Maps] = OrderedDict()
        self._blocks: OrderedDict[Key, NDArray[np.float32]] = OrderedDict()
        self._painted: dict[str, Painted] = {}
        self._free: dict[str, Rows] = {}
        self._recalled: dict[str, Painted | None] = {}
        self._said: tuple[View, Answer] | None = None
        self._before: InstantNet | None = None
        self._before_knows: frozenset[str] = frozenset()
        self._fitted = self._leaving = self._news = self._unsaved = False
        self._whole = WholeImages(self._see, self._kept, self._extract_pixels)
        self._deepening: Generator[None, None, None] | None = None

    def store(self, path: Path) -> None:
        """Keep what it knows for the next time, if there is anything new."""
        if not self._unsaved:
            return
        whole = self._whole
        known = Experience(
            self._subject,
            self.knows | self._before_knows,
            whole.known,
            whole.trials,
            self._net.finish,
            whole.trusted,
        )
        self._unsaved = not save_learner(path, self._net, known)

    def resume(self, path: Path) -> None:
        """Begin with what it knew when it was stored: that is the learner before."""
        found = load_learner(path, self._net, self._subject)
        if found is None:
            return
        net, known = found
        self._net.take(_heads_of(net), net.forest, net.context)
        self._net.finish = net.finish = self._whole.finish = known.finish
        self._whole.trusted = known.trusted
        self._whole.resume(known.whole, known.trials)
        self._before, self._before_knows = net, known.painted

    def study(self, view: View, mask: ClassMask) -> Generator[None, None, None]:
        """Take in what is painted in an image, in place of what was before."""
        self._fitted, self._news = False, True
        free: list[Rows] = []

        def see(rect: Rect) -> Maps:
            maps = self._see(view, rect)
            rows = unpainted(maps, mask[rect.slices], seed=len(free))
            free.extend([] if rows is None else [rows])
            return maps

        painted = yield from painted_pixels(mask, see)
        self._forget(view.name)
        if painted is not None:
            self._painted[view.name] = painted
        if free:
            self._free[view.name] = _some(free)

    def keep(
        self, view: View, mask: ClassMask, *, before: InstantNet | None = None, look: bool = False
    ) -> None:
        """An image is not worked on at present: `deepen` learns from what is whole of it.

        Args:
            view: The image.
            mask: H×W uint8, 255 where unlabelled.
            before: A learner that has not learnt from it.
            look: Its pixels can still be read later.
        """
        self._whole.put(view, mask, before=before, look=look)

    def leave(self, view: View, mask: ClassMask) -> None:
        """The person goes on to another image: what it is sure of then, it recalls from then on."""
        before = None if view.name in self._before_knows else self._before
        self.keep(view, mask, before=before, look=True)
        self._leaving |= self._news

    def deepen(self) -> Generator[None, None, None]:
        """Learn from images labelled whole; closed half way, it goes on from there next time."""
        if self._deepening is None:
            self._deepening = self._whole.learn(self._net)
        try:
            for _ in self._deepening:
                yield
        except Exception:
            self._deepening = None  # it has ended, and is no success
            raise
        self._deepening = None
        self._net.finish = self._whole.finish
        self._fitted, self._unsaved = False, True

    @property
    def eager(self) -> bool:
        """`deepen` has something to do."""
        return self._deepening is not None or self._whole.waiting

    def prepare(self, view: View) -> Generator[None, None, None]:
        """Have the features of an image that is one tile ready before the first stroke."""
        first, *others = tiles(view.shape)
        yield
        if not others:
            yield from self._seeing(view, seen_around(first, view.shape))

    def stay_with(self, names: Collection[str]) -> None:
        """Learn no more from any image but these: the others have gone."""
        gone = self.knows.difference(names)
        for name in gone:
            self._forget(name)
        self._whole.forget(gone)
        self._fitted = self._fitted and not gone

    def _forget(self, name: str) -> None:
        for known in (self._painted, self._free, self._recalled):
            known.pop(name, None)

    @property
    def knows(self) -> frozenset[str]:
        """Images that it has learnt something from."""
        return frozenset(self._painted)

    def answer(
        self, view: View, near: tuple[float, float] | None = None
    ) -> Generator[Progress, None, Answer | None]:
        """Refit where something was painted since, then predict, from `near` outwards.

        Args:
            view: The image.
            near: x and y of where to begin; the middle when None.

        Yields:
            Progress, a `Part` now and then; closing the generator leaves everything as it was.

        Returns:
            None as long as fewer than two classes are painted.
        """
        classes = np.unique([i for p in self._painted.values() for i in np.unique(p.labels)])
        if len(classes) < FEWEST_CLASSES:
            self._said = None
            return None
        if not self._fitted:
            recalled = yield from self._recall(classes)
            painted = [*self._painted.values(), *self._whole.other_light, *recalled]
            yield from fit(self._net, lesson(painted), LIVE, warm=True)
            self._fitted = self._unsaved = True
        if self._leaving:
            self._before, self._before_knows = _as_it_is(self._net), self.knows
            self._leaving = self._news = False
            self._recalled.clear()
        mask, confidence = self._begun(view)
        wanted = _nearest(tiles(view.shape), near)
        disputed = 0.0
        for done, tile in enumerate(wanted):
            if done in SHOWN_AFTER:
                so_far = Answer(mask.copy(), confidence.copy(), disputed / done)
                yield Part(done, len(wanted), "Proposing", so_far)
            for _ in self._seeing(view, seen_around(tile, view.shape)):
                yield Progress(done, len(wanted), "Proposing")
            yield Progress(done, len(wanted), "Proposing")
            self._fill(view, tile, mask, confidence)
            disputed += self._net.disputed
        answer = Answer(mask, confidence, disputed / len(wanted))
        if len(wanted) > 1:
            self._said = view, answer
        return answer

    def _begun(self, view: View) -> tuple[ClassMask, NDArray[np.uint8]]:
        """What was said of this image last, where that was; else nothing."""
        if self._said is not None:
            before, answer = self._said
            known = view.name, view.shape, view.stamp, view.shown
            if known == (before.name, before.shape, before.stamp, before.shown):
                return answer.mask.copy(), answer.confidence.copy()
        return np.full(view.shape, UNLABELLED, np.uint8), np.zeros(view.shape, np.uint8)

    def _recall(self, classes: NDArray[np.uint8]) -> Generator[Progress, None, list[Painted]]:
        """What the learner before was sure of where nobody has painted, image by image."""
        if self._before is None:
            return []
        for name, rows in self._free.items():
            if name not in self._recalled:
                self._recalled[name] = sure_of(self._before, rows)
                yield Progress(0, 1, "Recalling")
        found = [p.only(classes) for p in self._recalled.values() if p is not None]
        return [p for p in found if len(p)]

    def worth_showing(self, view: View, answer: Answer) -> bool:
        """Not where its parts disagree on an image that nobody has painted in."""
        return answer.disputed <= DISPUTED or view.name in self._painted

    @property
    def trusted(self) -> bool:
        """Whether proposals cost less than drawing by hand, as far as is known."""
        return self._whole.trusted

    @property
    def speck(self) -> int:
        """Pixels below which a region is none."""
        return SPECK if self._net.finish == PLAIN else self._net.finish.speck

    def _fill(self, view: View, tile: Rect, mask: ClassMask, confidence: NDArray[np.uint8]) -> None:
        seen = seen_around(tile, view.shape)
        maps = self._see(view, seen)
        probabilities = self._net.probabilities(
            view.read(seen), maps, self._blocks_of(view.key(seen), maps)
        )
        inside = tile.moved(-seen.x0, -seen.y0).slices
        top, best = probabilities.max(0)
        mask[tile.slices] = best.numpy()[inside]
        confidence[tile.slices] = (top.clamp(0, 1) * 255).round().byte().numpy()[inside]

    def _see(self, view: View, rect: Rect) -> Maps:
        return drain(self._seeing(view, rect))

    def _seeing(self, view: View, rect: Rect) -> Generator[None, None, Maps]:
        key = view.key(rect)
        maps = self._kept(key)
        if maps is None:
            maps = yield from extracting(
                view.read(rect), self._encoder, self._net.normalisation, self._device
            )
            if self._cache is not None:
                self._cache.save(self._path(key), maps)
        self._maps[key] = maps
        self._maps.move_to_end(key)
        while len(self._maps) > 1 and sum(m.nbytes for m in self._maps.values()) > MAPS_BUDGET:
            self._maps.popitem(last=False)
        return maps

    def _blocks_of(self, key: Key, maps: Maps) -> NDArray[np.float32]:
        """What the forest sees of a tile: it takes as long as the trees' answers."""
        found = self._blocks.pop(key, None)
        self._blocks[key] = blocks = blocks_of(maps) if found is None else found
        while len(self._blocks) > BLOCKS:
            self._blocks.popitem(last=False)
        return blocks

    def _kept(self, key: Key) -> Maps | None:
        """Features that are in memory or on disk."""
        maps = self._maps.get(key)
        if maps is None and self._cache is not None:
            maps = self._cache.load(self._path(key))
            if maps is not None and maps.shape != (key[2].height, key[2].width):
                return None
        return maps

    def _path(self, key: Key) -> Path:
        assert self._cache is not None
        return self._cache.path(*key, self._digest)

    def _extract_pixels(self, pixels: RgbImage) -> Maps:
        return extract(pixels, self._encoder, self._net.normalisation, self._device)


def _as_it_is(net: InstantNet) -> InstantNet:
    """A network whose heads and trees stay as they are now; judging lends it another context."""
    with torch.random.fork_rng(devices=[]):
        other = InstantNet(net.spec, net.normalisation, seed=net.seed)
    other.vgg = net.vgg
    other.take(_heads_of(net), net.forest, net.context)
    other.finish = net.finish
    return other


def _heads_of(net: InstantNet) -> list[Head]:
    return [head for head in net.heads if isinstance(head, Head)]


def _some(parts: list[Rows]) -> Rows:
    """Pixels of tiles together, not too many."""
    rows = stacked(parts)
    step = -(-len(rows) // ASKED)
    return Rows(rows.levels[::step].copy(), rows.filters[::step].copy())


def _nearest(rects: list[Rect], near: tuple[float, float] | None) -> list[Rect]:
    if near is None:
        x, y = rects[-1].x1 / 2, rects[-1].y1 / 2
    else:
        x, y = near

    def away(rect: Rect) -> float:
        return ((rect.x0 + rect.x1) / 2 - x) ** 2 + ((rect.y0 + rect.y1) / 2 - y) ** 2

    return sorted(rects, key=away)[:MOST_TILES]
