"""What the instant learner remembers: a bounded number of painted pixels of every image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.unet.instant.features import Rows, sample
from unet_gui.unet.instant.forest import widened

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.unet.instant.features import Maps

    Floats = NDArray[np.float32]

MOST_OF_A_CLASS: Final = 2000
"""Pixels kept of one class in one image."""

MOST: Final = 16384
"""Pixels learnt from in all."""


@dataclass(frozen=True, slots=True)
class Painted:
    """Painted pixels of one image.

    Attributes:
        rows: Their features.
        labels: N uint8 class ids.
    """

    rows: Rows
    labels: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.labels)

    def only(self, classes: Collection[int]) -> Painted:
        """Those of these classes."""
        kept = np.isin(self.labels, list(classes))
        if kept.all():
            return self
        return Painted(Rows(self.rows.levels[kept], self.rows.filters[kept]), self.labels[kept])


@dataclass(frozen=True, slots=True)
class Lesson:
    """All that is learnt from at once.

    Attributes:
        levels: N×D float32.
        filters: N×C×F float32.
        labels: N uint8 class ids.
        groups: N int64, which image a row is of.
    """

    levels: Floats
    filters: Floats
    labels: NDArray[np.uint8]
    groups: NDArray[np.int64]


def pick_pixels(
    mask: ClassMask, rng: np.random.Generator, most: int = MOST_OF_A_CLASS
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of at most so many labelled pixels of each class, drawn evenly."""
    flat = mask.ravel()
    places = np.flatnonzero(flat != UNLABELLED)
    labels = flat[places]
    kept = []
    for class_id in np.unique(labels):
        of_class = places[labels == class_id]
        if len(of_class) > most:
            of_class = np.sort(rng.choice(of_class, most, replace=False))
        kept.append(of_class)
    chosen = np.concatenate(kept) if kept else places
    ys, xs = np.divmod(chosen, mask.shape[1])
    return ys, xs


def remember(maps: Maps, mask: ClassMask, *, seed: int = 0) -> Painted:
    """The painted pixels of one image or tile; the same for the same mask and seed."""
    ys, xs = pick_pixels(mask, np.random.default_rng(seed))
    rows = sample(maps, ys.astype(np.float32), xs.astype(np.float32))
    return Painted(rows, mask[ys, xs])


def stacked(parts: Sequence[Rows]) -> Rows:
    """Pixels of tiles together: grey tiles of a colour image as all its channels being equal."""
    channels = max(p.filters.shape[1] for p in parts)
    return Rows(
        np.concatenate([p.levels for p in parts]),
        np.concatenate([widened(p.filters, channels) for p in parts]),
    )


def joined(parts: Sequence[Painted]) -> Painted:
    """Tiles of one image as one."""
    return Painted(stacked([p.rows for p in parts]), np.concatenate([p.labels for p in parts]))


def thinned(painted: Painted, most: int, seed: int = 0) -> Painted:
    """At most so many pixels of each class."""
    kept = _thinned(painted.labels, most, np.random.default_rng(seed))
    rows = Rows(painted.rows.levels[kept], painted.rows.filters[kept])
    return Painted(rows, painted.labels[kept])


def lesson(images: list[Painted], *, seed: int = 0, most: int = MOST) -> Lesson:
    """Every image's pixels together; past `most` the largest groups of a class give some up."""
    channels = max(p.rows.filters.shape[1] for p in images)
    sizes = np.concatenate([np.unique(p.labels, return_counts=True)[1] for p in images])
    limit = _limit(sizes, most)
    rng = np.random.default_rng(seed)
    kept = [_thinned(p.labels, limit, rng) for p in images]
    pairs = list(zip(images, kept, strict=True))
    levels = np.empty((sum(map(len, kept)), images[0].rows.levels.shape[1]), np.float32)
    ends = np.cumsum([len(k) for k in kept])
    for (painted, rows), end in zip(pairs, ends, strict=True):
        np.take(painted.rows.levels, rows, 0, levels[end - len(rows) : end], mode="clip")
    return Lesson(
        levels,
        np.concatenate([widened(p.rows.filters[k], channels) for p, k in pairs]),
        np.concatenate([p.labels[k] for p, k in pairs]),
        np.concatenate([np.full(len(k), i, np.int64) for i, (_, k) in enumerate(pairs)]),
    )


def _limit(sizes: NDArray[np.int64], most: int) -> int:
    """The largest size of a group with which all together are at most `most`."""
    low, high = 1, int(sizes.max())
    while low < high:
        middle = (low + high + 1) // 2
        if np.minimum(sizes, middle).sum() <= most:
            low = middle
        else:
            high = middle - 1
    return low


def evenly(labels: NDArray[np.uint8], most: int, *, seed: int = 0) -> NDArray[np.intp]:
    """Which of N rows to take for at most `most`; the commonest classes give up rows first."""
    if len(labels) <= most:
        return np.arange(len(labels))
    limit = _limit(np.unique(labels, return_counts=True)[1], most)
    return np.sort(_thinned(labels, limit, np.random.default_rng(seed)))


def _thinned(labels: NDArray[np.uint8], limit: int, rng: np.random.Generator) -> NDArray[np.intp]:
    kept = []
    for class_id in np.unique(labels):
        places = np.flatnonzero(labels == class_id)
        if len(places) > limit:
            places = np.sort(rng.choice(places, limit, replace=False))
        kept.append(places)
    return np.concatenate(kept)
