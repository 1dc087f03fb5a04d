"""Samples: images with the labelled part of their masks, and which part is held back.

About one in eight labelled 64-pixel cells is held back: never trained on, and used for the score
that decides whether a round is adopted. Which ones follows from the image's name and the cell's
place alone, so the same corrections are held back round after round.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import ImageReadError, MaskReadError
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import Progress
from unet_gui.unet.distributed import Group

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.dataset.project import ImageEntry, Project

CELL: Final = 64
HELD_BACK_SHARE: Final = 8
WEAK_SHARE: Final = 0.5
"""How much a pixel counts that was accepted from a proposal, beside one that was painted."""

CACHE_BYTES: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Sample:
    """An image and its mask, read when they are needed.

    Attributes:
        name: The image's name; decides what is held back.
        read: Returns H×W×3 uint8 and H×W uint8 (255 = unlabelled).
        kept: From the mask to H×W bool: which of its pixels were accepted from a proposal and
            never painted; None where nobody knows.
    """

    name: str
    read: Callable[[], tuple[RgbImage, ClassMask]]
    kept: Callable[[ClassMask], NDArray[np.bool_]] | None = None

    @classmethod
    def of(cls, name: str, image: RgbImage, mask: ClassMask) -> Sample:
        """A sample of arrays in memory."""
        return cls(name, lambda: (image, mask))


def samples_from_project(project: Project, group: Group | None = None) -> Iterator[Sample]:
    """A sample for each image with at least one labelled pixel, read when it is needed.

    Damaged masks are left out here; the doctor and the window name them. In a group of processes
    each looks at its part of the masks, and all get the same samples.
    """
    if group is None or group.size == 1:
        yield from (_sample(project, e) for e in project.images if _is_labelled(project, e))
        return
    entries = list(project.images)
    group.require_same([e.name for e in entries], "images")
    mine = [i for i in group.share(range(len(entries))) if _is_labelled(project, entries[i])]
    for index in sorted(i for part in group.gather(mine) for i in part):
        yield _sample(project, entries[index])


def _is_labelled(project: Project, entry: ImageEntry) -> bool:
    try:
        counts = project.mask_counts(entry)
    except MaskReadError:
        return False
    return any(counts.get(i) for i in project.classes.ids)


def _sample(project: Project, entry: ImageEntry) -> Sample:
    return Sample(
        entry.name, lambda: _read(project, entry), partial(project.viewed.kept, entry.name)
    )


def _read(project: Project, entry: ImageEntry) -> tuple[RgbImage, ClassMask]:
    from unet_gui.dataset import pages

    image = pages.read(entry)
    return image, project.load_mask(entry, image.shape)


@dataclass(frozen=True, slots=True)
class Cell:
    """A 64-pixel square of one sample with the labelled pixels of each class in it."""

    sample: int
    rect: Rect
    counts: dict[int, int]
    draw: int
    """Its place in the lottery: 64 bits that follow from the image's name and the place."""


class SampleSet:
    """Samples with their labelled cells, split into those to train on and those held back.

    Attributes:
        training: Cells to train on.
        held_back: Cells to score on; their pixels are never trained on.
        class_ids: Classes with at least one pixel to train on, sorted.
        skipped: Names of images that could not be read, with the reason.
    """

    def __init__(self, samples: Sequence[Sample], *, cache_bytes: int = CACHE_BYTES) -> None:
        self.samples = list(samples)
        self.training: list[Cell] = []
        self.held_back: list[Cell] = []
        self.skipped: dict[str, str] = {}
        self._meaning = np.arange(256, dtype=np.uint8)
        self._cache: OrderedDict[int, tuple[RgbImage, ClassMask]] = OrderedDict()
        self._kept: dict[int, NDArray[np.bool_]] = {}
        self._cache_bytes = cache_bytes

    @property
    def class_ids(self) -> tuple[int, ...]:
        return tuple(sorted({i for cell in self.training for i in cell.counts}))

    def scan(
        self, known: Iterable[int], group: Group | None = None
    ) -> Generator[Progress, None, None]:
        """Look through all masks for pixels of the `known` classes, and split the cells.

        In a group of processes each reads its part of the samples and tells the others.

        Raises:
            TrainingError: the processes see different samples.
        """
        self._meaning[:] = UNLABELLED
        for class_id in known:
            self._meaning[class_id] = class_id
        group = group or Group()
        group.require_same([s.name for s in self.samples], "images or masks")
        mine = group.share(range(len(self.samples)))
        seen: dict[int, list[Cell] | str] = {}
        for done, index in enumerate(mine):
            yield Progress(done, len(mine), "Reading samples")
            seen[index] = self._look(index)
        self._compare(seen, group)
        for part in group.gather(seen):
            seen.update(part)
        cells: list[Cell] = []
        for index, sample in enumerate(self.samples):
            found = seen[index]
            if isinstance(found, str):
                self.skipped[sample.name] = found
            else:
                cells += found
        self.training, self.held_back = split(cells)

    def _look(self, index: int) -> list[Cell] | str:
        """The cells of a sample, or why it cannot be read."""
        try:
            _, mask = self.read(index)
        except (ImageReadError, MaskReadError) as error:
            return error.message
        return list(_cells(index, self.samples[index].name, mask))

    def _compare(self, seen: dict[int, list[Cell] | str], group: Group) -> None:
        """Whether all see the same files: each looks at the first sample of the first process."""
        if group.size > 1 and self.samples:
            group.require_same(seen.get(0) or self._look(0), "images or masks")

    def read(self, index: int) -> tuple[RgbImage, ClassMask]:
        """Image and whole mask of a sample, ids that `scan` was not told about unlabelled.

        The most recently used ones stay in memory.
        """
        if index in self._cache:
            self._cache.move_to_end(index)
            return self._cache[index]
        image, mask = self.samples[index].read()
        pair = image, self._meaning[mask]
        self._cache[index] = pair
        while len(self._cache) > 1 and self._cached_bytes() > self._cache_bytes:
            old, _ = self._cache.popitem(last=False)
            self._kept.pop(old, None)
        return pair

    def _cached_bytes(self) -> int:
        cached = sum(image.nbytes + mask.nbytes for image, mask in self._cache.values())
        return cached + sum(kept.nbytes for kept in self._kept.values())

    def thin(self, index: int, rect: Rect, labels: ClassMask, rng: np.random.Generator) -> None:
        """Leave a random part of what was accepted from a proposal unlabelled, in place.

        Drawn anew each time, those pixels count `WEAK_SHARE` as much as painted ones.

        Args:
            index: Of the sample.
            rect: A part of it.
            labels: h×w uint8, the labels of that part.
            rng: Draws.
        """
        kept = self.samples[index].kept
        if kept is None:
            return
        _, mask = self.read(index)
        if index not in self._kept:
            self._kept[index] = kept(mask)
        part = self._kept[index][rect.slices]
        if part.any():
            labels[part & (rng.random(part.shape) >= WEAK_SHARE)] = UNLABELLED


def _cells(index: int, name: str, mask: NDArray[np.uint8]) -> Iterator[Cell]:
    height, width = mask.shape
    rows = np.flatnonzero((mask != UNLABELLED).any(1))
    for y0 in np.unique(rows // CELL * CELL):
        band = mask[y0 : y0 + CELL]
        columns = np.flatnonzero((band != UNLABELLED).any(0))
        for x0 in np.unique(columns // CELL * CELL):
            rect = Rect(int(x0), int(y0), min(int(x0) + CELL, width), min(int(y0) + CELL, height))
            found = np.bincount(mask[rect.slices].ravel(), minlength=256)[:UNLABELLED]
            counts = {int(i): int(found[i]) for i in np.flatnonzero(found)}
            yield Cell(index, rect, counts, lottery(name, rect))


def lottery(name: str, rect: Rect) -> int:
    """A number from 0 to 2⁶⁴-1, the same for this image and place in every run everywhere."""
    text = f"{name}\0{rect.y0 // CELL}\0{rect.x0 // CELL}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def split(cells: Sequence[Cell]) -> tuple[list[Cell], list[Cell]]:
    """Cells to train on and cells held back; every class keeps at least one to train on.

    Where there are enough cells but the lottery holds none back, the one that drew lowest is, so
    that a small project has a score too.
    """
    having: dict[int, list[int]] = {}
    for i, cell in enumerate(cells):
        for class_id in cell.counts:
            having.setdefault(class_id, []).append(i)
    held = {i for i, cell in enumerate(cells) if cell.draw % HELD_BACK_SHARE == 0}
    for places in having.values():
        if held.issuperset(places):
            # the last in the lottery goes to training, the same one as long as it is there
            held.discard(max(places, key=lambda i: cells[i].draw))
    if not held and len(cells) >= HELD_BACK_SHARE:
        spare = [i for i, c in enumerate(cells) if all(len(having[k]) > 1 for k in c.counts)]
        held.update(sorted(spare, key=lambda i: cells[i].draw)[:1])
    training = [cell for i, cell in enumerate(cells) if i not in held]
    return training, [cells[i] for i in sorted(held)]
