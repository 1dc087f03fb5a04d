"""What the live learner takes from images that are labelled whole, when there is time for it.

As a round does: surroundings, other light, and how proposals are best finished. It takes seconds,
so it comes in small steps and waits while somebody paints.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zlib import crc32

import numpy as np

from unet_gui.core.geometry import Rect
from unet_gui.unet.instant.finishing import PLAIN, choose
from unet_gui.unet.instant.learner import context_steps, fit_context
from unet_gui.unet.instant.lookout import OTHERS, Lookout, is_whole, judging
from unet_gui.unet.instant.memory import MOST_OF_A_CLASS, joined, remember, thinned
from unet_gui.unet.instant.tiles import seen_around, tiles
from unet_gui.unet.instant.varied import varied

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping

    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.unet.instant.context import Context
    from unet_gui.unet.instant.features import Maps
    from unet_gui.unet.instant.finishing import Finish
    from unet_gui.unet.instant.memory import Painted
    from unet_gui.unet.instant.net import InstantNet
    from unet_gui.unet.instant.view import Key, View

_log = logging.getLogger(__name__)

AREAS_BUDGET: Final = 256 << 20
"""Bytes of features that are learnt from at once, beside those of the open image."""

TILES_OF_AN_IMAGE: Final = 4
MOST: Final = 64
"""Images whose whole tiles are remembered."""

PART: Final = 256
"""Side of the parts that are looked at in other light: none takes longer than a stroke."""


@dataclass(frozen=True, slots=True)
class Place:
    """A tile that is labelled whole, and where its features are kept."""

    key: Key
    labels: ClassMask

    @property
    def rect(self) -> Rect:
        """Where it is in its image."""
        return self.key[2]


@dataclass(frozen=True, slots=True)
class Task:
    """An image that was left: what to look at, and who has not learnt from it.

    Its places are those of the moment it was left; another list is there once it has changed.
    """

    view: View
    places: list[Place]
    before: InstantNet | None


class WholeImages:
    """All images that are labelled whole.

    Args:
        see: Features of a rectangle of an image.
        find: Features by place, as far as they are kept; None else.
        look: Features of pixels that are no image.
        seed: Of everything random.

    Attributes:
        finish: How proposals are finished best.
        trusted: Whether proposals cost less than drawing by hand, as far as is known.
    """

    def __init__(
        self,
        see: Callable[[View, Rect], Maps],
        find: Callable[[Key], Maps | None],
        look: Callable[[RgbImage], Maps],
        *,
        seed: int = 0,
    ) -> None:
        self.finish: Finish = PLAIN
        self.trusted = True
        self._see, self._find, self._look = see, find, look
        self._seed = seed
        self._places: OrderedDict[str, list[Place]] = OrderedDict()
        self._tasks: dict[str, Task] = {}
        self._fresh: set[str] = set()
        self._known: set[str] = set()
        self._trials: dict[str, list[float]] = {}
        self._other_light: OrderedDict[str, Painted] = OrderedDict()

    @property
    def known(self) -> frozenset[str]:
        """Images whose surroundings were learnt."""
        return frozenset(self._known)

    @property
    def trials(self) -> dict[str, list[float]]:
        """By image, what proposals would have cost."""
        return dict(self._trials)

    def resume(self, known: Iterable[str], trials: Mapping[str, list[float]]) -> None:
        """Go on from what was known before."""
        self._known, self._trials = set(known), dict(trials)

    @property
    def waiting(self) -> bool:
        """There is something to learn."""
        return bool(self._tasks or self._fresh)

    @property
    def other_light(self) -> list[Painted]:
        """Pixels of some of the images as they look in other light."""
        return list(self._other_light.values())

    def put(
        self, view: View, mask: ClassMask, *, before: InstantNet | None = None, look: bool = True
    ) -> None:
        """Remember what is whole of an image that nobody works on at present.

        Args:
            view: The image.
            mask: H×W uint8, 255 where unlabelled.
            before: A learner that has not learnt from it.
            look: Its pixels may still be looked at later.
        """
        seen = [seen_around(tile, view.shape) for tile in tiles(view.shape)]
        rects = [rect for rect in seen if is_whole(mask[rect.slices])][:TILES_OF_AN_IMAGE]
        places = [Place(view.key(rect), mask[rect.slices].copy()) for rect in rects]
        if _same(places, self._places.get(view.name, [])):
            return
        self.forget([view.name])
        if not places:
            return
        self._places[view.name] = places
        self._fresh.add(view.name)
        while len(self._places) > MOST:
            self._places.popitem(last=False)
        if look:
            self._tasks[view.name] = Task(view, places, before)

    def forget(self, names: Iterable[str]) -> None:
        """Learn from these no more."""
        for name in names:
            self._places.pop(name, None)
            self._tasks.pop(name, None)
            self._other_light.pop(name, None)
            self._fresh.discard(name)

    def learn(self, net: InstantNet) -> Generator[None, None, None]:
        """Take in all that is waiting: `net` gets another context decoder.

        Args:
            net: May be fitted anew between two steps.

        Raises:
            Exception: whatever fitting fails with; what was waiting waits again then.
        """
        fresh, self._fresh = self._fresh, set()
        tasks, self._tasks = list(self._tasks.values()), {}
        lookout = Lookout(room=AREAS_BUDGET)
        for task in tasks:
            yield from self._look_at(task, net.context, lookout)
        try:
            yield from self._gather(fresh, lookout)
            if lookout.areas:
                steps = context_steps(net.context)
                for _ in fit_context(net, lookout.shared_out(), steps, before=net.context):
                    yield
        except Exception:
            self._fresh |= fresh & self._places.keys()
            raise
        if lookout.areas:
            self._known |= fresh & lookout.whole
            self.finish, tried = choose(self._trials.values(), len(self._known))
            self.trusted = tried or not self._trials

    def _look_at(
        self, task: Task, context: Context | None, lookout: Lookout
    ) -> Generator[None, None, None]:
        """An image that cannot be read any more keeps nobody from learning from the others."""
        try:
            yield from self._judge(task, context)
            yield from self._look_otherwise(task, lookout)
        except Exception:  # noqa: BLE001 - readers and networks fail in any way there is
            _log.exception("“%s” was not looked at in other light", task.view.name)

    def _judge(self, task: Task, context: Context | None) -> Generator[None, None, None]:
        """What proposals would have cost, by one that has not learnt from the image.

        Args:
            task: The image.
            context: What has been learnt of surroundings up to now: not of this image.
        """
        net, name = task.before, task.view.name
        if net is None or context is None or name in self._known or name in self._trials:
            return
        net.context = context
        place = task.places[0]
        yield
        if not self._stands(task):
            return
        maps = self._see(task.view, place.rect)
        yield
        pixels = task.view.read(place.rect)
        trial = yield from judging(net, pixels, maps, place.labels, len(self._known))
        if self._stands(task):
            self._trials[name] = trial

    def _look_otherwise(self, task: Task, lookout: Lookout) -> Generator[None, None, None]:
        name, place = task.view.name, task.places[0]
        if not self._stands(task):
            return
        rng = np.random.default_rng((self._seed, len(self._known), crc32(name.encode())))
        pixels = task.view.read(place.rect)
        seen = []
        for part in _parts(place.rect.width, place.rect.height):
            yield
            if not self._stands(task):
                return
            other, labels = varied(pixels[part.slices], place.labels[part.slices], rng)
            seen.append((self._look(other), labels))
        for maps, labels in seen:
            lookout.add_area(name, maps, labels, known=False)
        found = [remember(maps, labels, seed=self._seed) for maps, labels in seen]
        found = [part for part in found if len(part)]
        if found:
            self._other_light[name] = thinned(joined(found), MOST_OF_A_CLASS, self._seed)
        while len(self._other_light) > OTHERS:
            self._other_light.popitem(last=False)

    def _gather(self, fresh: set[str], lookout: Lookout) -> Generator[None, None, None]:
        """What is learnt from: all that is new, and others as far as there is room."""
        new = [n for n in self._places if n in fresh]
        others = [n for n in self._places if n not in fresh]
        np.random.default_rng((self._seed, len(self._known))).shuffle(others)
        for name in (*new, *others):
            places = self._places.get(name, [])
            for place in places:
                yield
                if self._places.get(name) is not places:
                    break
                if sum(a.nbytes for _, a in lookout.areas) > AREAS_BUDGET and name not in fresh:
                    return
                maps = self._find(place.key)
                if maps is not None:
                    lookout.add_area(name, maps, place.labels, known=name not in fresh)

    def _stands(self, task: Task) -> bool:
        """The image has been neither forgotten nor labelled otherwise since it was left."""
        return self._places.get(task.view.name) is task.places


def _same(places: list[Place], others: list[Place]) -> bool:
    return len(places) == len(others) and all(
        a.key == b.key and np.array_equal(a.labels, b.labels)
        for a, b in zip(places, others, strict=True)
    )


def _parts(width: int, height: int) -> list[Rect]:
    """Parts of about equal size, no side longer than `PART` by much."""
    columns, rows = (max(1, round(side / PART)) for side in (width, height))
    xs = [width * i // columns for i in range(columns + 1)]
    ys = [height * i // rows for i in range(rows + 1)]
    return [Rect(xs[i], ys[j], xs[i + 1], ys[j + 1]) for j in range(rows) for i in range(columns)]
