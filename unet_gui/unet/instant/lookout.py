"""One look at all labelled images of a round, keeping what fitting and judging need of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from zlib import crc32

import numpy as np
import torch

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.metrics import ConfusionMatrix
from unet_gui.core.progress import drain
from unet_gui.unet.instant.context import Area
from unet_gui.unet.instant.features import cut
from unet_gui.unet.instant.finishing import (
    CANDIDATES,
    DISPUTED,
    disputed,
    effort,
    mixed,
    smooth,
)
from unet_gui.unet.instant.memory import Painted, remember
from unet_gui.unet.instant.varied import varied
from unet_gui.unet.scoring import Score

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator

    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.core.geometry import Rect
    from unet_gui.unet.instant.features import Maps
    from unet_gui.unet.instant.net import InstantNet

MARGIN: Final = 16
"""Around a held-back cell, for what smoothing looks at; features have seen all of the image."""

WHOLE: Final = 0.75
"""Labelled share from which a tile is learnt from as a whole; one cell in eight is held back."""

AREAS_BUDGET: Final = 1 << 30
OTHERS: Final = 8
"""Whole tiles that are looked at once more in other light: each costs what the first look does."""

NEW_SHARE: Final = 0.5
"""Of the draws that go to areas which were not learnt from before."""


@dataclass(frozen=True, slots=True)
class Window:
    """A held-back cell with its surroundings: pixels, features, and the truth inside the cell."""

    image: RgbImage
    maps: Maps
    truth: ClassMask


@dataclass(frozen=True, slots=True)
class Others:
    """Which whole tiles are seen once more, and how: other ones, in other light, in every round.

    Attributes:
        known: Images that were learnt from whole before; some of them take turns.
        see: Features of an image.
        seed: Of everything random.
    """

    known: Collection[str]
    see: Callable[[RgbImage], Maps]
    seed: int

    def random(self, name: str) -> np.random.Generator:
        """Random numbers for an image, others with each image that becomes known."""
        return np.random.default_rng((self.seed, len(self.known), crc32(name.encode())))

    def wanted(self, name: str) -> bool:
        """Whether it is an image's turn."""
        if name not in self.known:
            return True
        return bool(self.random(name).random() * len(self.known) < OTHERS)


@dataclass(slots=True)
class Lookout:
    """What was kept of the images.

    Attributes:
        windows: Of held-back cells.
        areas: Whole tiles with the name of the image of each.
        trials: By image, what `judged` says.
        varied: Pixels of whole tiles in other light.
        recalled: Pixels that nobody has painted, as the learner before answers for them.
        whole: Names of images with whole tiles, those that there was no room for too.
        room: Bytes that the areas may take.
    """

    windows: list[Window] = field(default_factory=list)
    areas: list[tuple[str, Area]] = field(default_factory=list)
    trials: dict[str, list[float]] = field(default_factory=dict)
    varied: list[Painted] = field(default_factory=list)
    recalled: list[Painted] = field(default_factory=list)
    whole: set[str] = field(default_factory=set)
    room: int = field(default_factory=lambda: AREAS_BUDGET)

    def hold_back(self, image: RgbImage, maps: Maps, mask: ClassMask, cell: Rect) -> None:
        """Keep a held-back cell of an image for the score."""
        part, seen = cut(maps, cell.expanded(MARGIN))
        truth = np.full(part.shape, UNLABELLED, np.uint8)
        truth[cell.moved(-seen.x0, -seen.y0).slices] = mask[cell.slices]
        self.windows.append(Window(image[seen.slices].copy(), part, truth))

    def add_area(self, name: str, maps: Maps, mask: ClassMask, *, known: bool) -> None:
        """Keep a tile to learn from where nearly all of it is labelled and there is room.

        Args:
            name: Of the image.
            maps: Features of the tile.
            mask: H×W uint8, 255 where unlabelled or held back.
            known: It was learnt from before; such ones make way for new ones.
        """
        if not is_whole(mask):
            return
        self.whole.add(name)
        area = Area(maps.levels, torch.from_numpy(mask), 0.0 if known else 1.0)
        self.areas.append((name, area))
        while len(self.areas) > 1 and sum(a.nbytes for _, a in self.areas) > self.room:
            old = [i for i, (_, a) in enumerate(self.areas) if not a.share]
            self.areas.pop(old[0] if old else 0)

    def add_other(self, name: str, image: RgbImage, mask: ClassMask, others: Others) -> None:
        """Keep a whole tile as it looks turned and in other light, where it is its turn.

        Args:
            name: Of the image.
            image: H×W×3 uint8, the tile.
            mask: H×W uint8, 255 where unlabelled or held back.
            others: Whose turn it is.
        """
        if len(self.varied) == OTHERS or not (is_whole(mask) and others.wanted(name)):
            return
        rng = others.random(name)
        other, labels = varied(image, mask, rng)
        maps = others.see(other)
        self.varied.append(remember(maps, labels, seed=others.seed))
        self.add_area(name, maps, labels, known=name in others.known)

    def shared_out(self) -> list[Area]:
        """The areas with their shares of the draws."""
        new = sum(a.share > 0 for _, a in self.areas)
        old = len(self.areas) - new
        if not new or not old:
            return [Area(a.levels, a.labels) for _, a in self.areas]
        weight = max(NEW_SHARE, new / len(self.areas))
        return [
            Area(a.levels, a.labels, weight / new if a.share else (1 - weight) / old)
            for _, a in self.areas
        ]

    def score(self, net: InstantNet) -> Score:
        """How well a network does on the held-back cells."""
        if not self.windows:
            return Score()
        matrix = ConfusionMatrix(UNLABELLED)
        for window in self.windows:
            found = net.probabilities(window.image, window.maps).argmax(0)
            matrix.update(found.numpy().astype(np.uint8), window.truth)
        iou = matrix.iou
        by_class = {int(i): float(iou[i]) for i in np.flatnonzero(~np.isnan(iou))}
        return Score(matrix.miou, by_class, matrix.pixel_accuracy, matrix.labelled_pixels)


def is_whole(mask: ClassMask) -> bool:
    """Whether nearly all of a mask is labelled."""
    return bool((mask != UNLABELLED).mean() >= WHOLE)


def judged(
    net: InstantNet, image: RgbImage, maps: Maps, mask: ClassMask, learnt: int
) -> list[float]:
    """Strokes that each of `CANDIDATES` would have cost on an image, those by hand, and `learnt`.

    Args:
        net: A network that has not learnt from this image.
        image: H×W×3 uint8.
        maps: Its features.
        mask: H×W uint8 as the person left it.
        learnt: From how many whole images it has learnt.

    Returns:
        Nothing for an image for which nothing would have been proposed.
    """
    return drain(judging(net, image, maps, mask, learnt))


def judging(
    net: InstantNet, image: RgbImage, maps: Maps, mask: ClassMask, learnt: int
) -> Generator[None, None, list[float]]:
    """The same, a candidate at a time."""
    from unet_gui.regions.cleanup import remove_specks

    base, context = net.parts(maps)
    if disputed(base, context) > DISPUTED:
        return []
    ragged: dict[tuple[float, float], ClassMask] = {}
    costs = []
    for way in CANDIDATES:
        yield
        key = (way.context if context is not None else 0.0, way.blur)
        if key not in ragged:
            found = smooth(mixed(base, context, way), way, image)
            ragged[key] = found.argmax(0).astype(np.uint8)
        proposal = remove_specks(ragged[key], way.speck) if way.speck else ragged[key]
        costs.append(effort(proposal, mask))
    return [*costs, effort(_blank(mask), mask), float(learnt)]


def _blank(mask: ClassMask) -> ClassMask:
    """What a person begins with who fills an image with the commonest class first."""
    return np.full(
        mask.shape, np.bincount(mask.ravel(), minlength=256)[:UNLABELLED].argmax(), np.uint8
    )
