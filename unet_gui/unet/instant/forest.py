"""A forest of oblivious trees on filter responses, grown and asked with nothing but numpy.

All nodes of one depth ask the same question (Kohavi and Li 1995, "Oblivious decision trees",
section 2), so that a tree is a row of comparisons and its leaf their bits, as in random ferns
(Özuysal et al. 2010, section 3). The question is the best of a few drawn at random, as in extremely
randomised trees (Geurts et al. 2006, table 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zlib import crc32

import numpy as np

from unet_gui.unet.instant.filters import FEATURES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Halves = NDArray[np.float16]

TREES: Final = 40
DEPTH: Final = 12
MOST_SHARES: Final = 1 << 17
"""Shares of classes in one tree's leaves at most: with many classes trees are less deep."""

QUESTIONS: Final = 8
"""Drawn at each depth; the best one is asked."""

PRIOR: Final = 2.0
"""Pixels by which a leaf's shares are drawn towards those of its parent."""

CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Forest:
    """Class probabilities from filter responses.

    Attributes:
        class_ids: K ids that it tells apart, sorted.
        channels: Of the images it was grown from: 1 for grey ones, else 3.
        features: T×D int16, which response each question is about.
        thresholds: T×D float32; the answer is whether the response is larger.
        shares: T×2ᴰ×K float16, of each class in each leaf; the first answer is the highest bit.
    """

    class_ids: tuple[int, ...]
    channels: int
    features: NDArray[np.int16]
    thresholds: Floats
    shares: Halves

    @classmethod
    def grown(
        cls, filters: Floats, labels: NDArray[np.uint8], *, trees: int = TREES, seed: int = 0
    ) -> Forest:
        """Grow; each class counts as much as every other one.

        Args:
            filters: N×C×F as `features.sample` returns, at least one row.
            labels: N class ids.
            trees: How many.
            seed: Of everything random.
        """
        ids, classes = np.unique(labels, return_inverse=True)
        depth = min(DEPTH, (MOST_SHARES // len(ids)).bit_length() - 1)
        columns = np.ascontiguousarray(filters.reshape(len(filters), -1).T)
        weights = len(classes) / (len(ids) * np.bincount(classes))
        rng = np.random.default_rng(seed)
        found = [_tree(columns, classes, weights, depth, rng) for _ in range(trees)]
        features, thresholds, shares = (np.stack(part) for part in zip(*found, strict=True))
        return cls(
            tuple(int(i) for i in ids),
            filters.shape[1],
            features.astype(np.int16),
            thresholds.astype(np.float32),
            shares.astype(np.float16),
        )

    def renewed(self, filters: Floats, labels: NDArray[np.uint8], *, trees: int) -> Forest:
        """The oldest trees replaced, and the leaves of all others counted anew: a tenth of growing.

        Args:
            filters: As for `grown`, of as many channels as before.
            labels: N class ids, none missing and none new.
            trees: How many to replace.
        """
        newest = Forest.grown(
            filters, labels, trees=trees, seed=crc32(self.features.tobytes(), trees)
        )
        classes = np.searchsorted(self.class_ids, labels)
        columns = np.ascontiguousarray(filters.reshape(len(filters), -1).T)
        weights = len(classes) / (len(self.class_ids) * np.bincount(classes))
        kept = self.features[trees:], self.thresholds[trees:]
        counted = [_counted(columns, classes, weights, *tree) for tree in zip(*kept, strict=True)]
        shares = [np.stack(counted).astype(np.float16)] if counted else []
        return Forest(
            self.class_ids,
            self.channels,
            np.concatenate([kept[0], newest.features]),
            np.concatenate([kept[1], newest.thresholds]),
            np.concatenate([*shares, newest.shares]),
        )

    @property
    def sound(self) -> bool:
        """Whether its parts fit each other."""
        trees, depth = self.features.shape if self.features.ndim == 2 else (0, 0)
        return (
            trees > 0
            and self.channels in (1, 3)
            and self.thresholds.shape == (trees, depth)
            and self.shares.shape == (trees, 1 << depth, len(self.class_ids))
            and 0 <= int(self.features.min()) <= int(self.features.max()) < self.channels * FEATURES
        )

    def probabilities(self, filters: Floats) -> Floats:
        """N×K float32 that sum to 1 over the classes, for N×C×F responses."""
        rows = widened(filters, self.channels).reshape(len(filters), -1)
        total = np.empty((len(rows), len(self.class_ids)), np.float32)
        few = len(rows) < self.shares.shape[1]
        shares = self.shares if few else self.shares.astype(np.float32)
        for start in range(0, len(rows), CHUNK):
            columns = np.ascontiguousarray(rows[start : start + CHUNK].T)
            out = total[start : start + CHUNK]
            out[:] = 0
            for features, thresholds, leaves in zip(
                self.features, self.thresholds, shares, strict=True
            ):
                leaf = np.zeros(len(out), np.int32)
                for feature, threshold in zip(features, thresholds, strict=True):
                    leaf += leaf
                    leaf += columns[feature] > threshold
                out += leaves.take(leaf, 0)
        total /= total.sum(1, keepdims=True)
        return total


NO_FOREST: Final = Forest(
    (),
    1,
    np.zeros((0, 0), np.int16),
    np.zeros((0, 0), np.float32),
    np.zeros((0, 1, 0), np.float16),
)
"""Of a learner that has learnt nothing."""


def _tree(
    columns: Floats,
    classes: NDArray[np.intp],
    weights: NDArray[np.float64],
    depth: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.intp], Floats, NDArray[np.float64]]:
    """Features, thresholds and leaves of one tree.

    Args:
        columns: C·F×N responses.
        classes: N places of classes.
        weights: Of a pixel of each class.
        depth: How many questions.
        rng: Draws them.
    """
    count, kinds = columns.shape[1], len(weights)
    asked, limits = np.zeros(depth, np.intp), np.zeros(depth, np.float32)
    leaf = np.zeros(count, np.intp)
    shares = np.full((1, kinds), 1 / kinds)
    for level in range(depth):
        features = rng.integers(0, len(columns), QUESTIONS)
        ends = columns[features[:, None], rng.integers(0, count, (QUESTIONS, 2))]
        # between the responses of two pixels: as fine where they are many as they are there
        thresholds = ends[:, 0] + (ends[:, 1] - ends[:, 0]) * rng.random(QUESTIONS, np.float32)
        answers = columns[features] > thresholds[:, None]
        size = (2 << level) * kinds
        places = leaf * (2 * kinds) + classes + answers * kinds
        places += np.arange(QUESTIONS)[:, None] * size
        counts = np.bincount(places.ravel(), minlength=QUESTIONS * size)
        weighed = counts.reshape(QUESTIONS, -1, kinds) * weights
        sums = weighed.sum(2)
        # the smallest Gini impurity (Breiman et al. 1984) is the largest of this
        purity = np.einsum("qlk,qlk,ql->q", weighed, weighed, 1 / np.maximum(sums, 1e-9))
        best = int(purity.argmax())
        asked[level], limits[level] = features[best], thresholds[best]
        leaf = 2 * leaf + answers[best]
        parents = np.repeat(shares, 2, 0)
        shares = (weighed[best] + PRIOR * parents) / (sums[best] + PRIOR)[:, None]
    return asked, limits, shares


def _counted(
    columns: Floats,
    classes: NDArray[np.intp],
    weights: NDArray[np.float64],
    features: NDArray[np.int16],
    thresholds: Floats,
) -> NDArray[np.float64]:
    """The leaves of a tree whose questions stay, as `_tree` would fill them."""
    kinds, depth = len(weights), len(features)
    leaf = np.zeros(columns.shape[1], np.intp)
    for feature, threshold in zip(features, thresholds, strict=True):
        leaf += leaf
        leaf += columns[feature] > threshold
    counts = np.bincount(leaf * kinds + classes, minlength=(1 << depth) * kinds)
    levels = [counts.reshape(-1, kinds) * weights]
    for _ in range(depth - 1):
        levels.append(levels[-1].reshape(-1, 2, kinds).sum(1))
    shares = np.full((1, kinds), 1 / kinds)
    for weighed in reversed(levels):
        parents = np.repeat(shares, 2, 0)
        shares = (weighed + PRIOR * parents) / (weighed.sum(1, keepdims=True) + PRIOR)
    return shares


def widened(filters: Floats, channels: int) -> Floats:
    """N×C×F rows of another number of channels: grey repeated, colour averaged."""
    if filters.shape[1] == channels:
        return filters
    wide: Floats = (
        filters.mean(1, keepdims=True) if channels == 1 else np.repeat(filters, channels, axis=1)
    )
    return wide
