"""Extremely randomised trees on filter responses (Geurts et al. 2006, table 1)."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

TREES: Final = 40
CHUNK: Final = 1 << 16


class Forest:
    """Class probabilities from filter responses.

    Nothing of it is ever stored: rows, labels and seed are, and give the same trees again.
    """

    def __init__(
        self, filters: Floats, labels: NDArray[np.uint8], *, trees: int = TREES, seed: int = 0
    ) -> None:
        """Fit.

        Args:
            filters: N×C×F as `features.sample` returns.
            labels: N class ids.
            trees: How many.
            seed: Of the trees.
        """
        from sklearn.ensemble import ExtraTreesClassifier

        self._channels = filters.shape[1]
        self._trees: Any = ExtraTreesClassifier(
            trees,
            min_samples_leaf=2,
            class_weight="balanced_subsample",
            random_state=seed,
            n_jobs=_threads(),
        ).fit(filters.reshape(len(filters), -1), labels)
        self.class_ids: tuple[int, ...] = tuple(int(c) for c in self._trees.classes_)

    def probabilities(self, filters: Floats) -> Floats:
        """N×len(class_ids) float32."""
        rows = widened(filters, self._channels).reshape(len(filters), -1)
        parts = [self._trees.predict_proba(rows[i : i + CHUNK]) for i in range(0, len(rows), CHUNK)]
        replies: Floats = np.concatenate(parts).astype(np.float32)
        return replies


def widened(filters: Floats, channels: int) -> Floats:
    """N×C×F rows of another number of channels: grey repeated, colour averaged."""
    if filters.shape[1] == channels:
        return filters
    wide: Floats = (
        filters.mean(1, keepdims=True) if channels == 1 else np.repeat(filters, channels, axis=1)
    )
    return wide


def preload() -> None:
    """Load scikit-learn now, which takes a second, rather than when the first stroke waits."""
    importlib.import_module("sklearn.ensemble")


def _threads() -> int:
    import torch

    return torch.get_num_threads()
