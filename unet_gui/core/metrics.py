"""How well a mask matches the truth: counts first, scores derived from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unet_gui.core.classes import UNLABELLED

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ConfusionMatrix:
    """Pixel counts by (true class, predicted class).

    Pixels whose truth is 255 count nowhere. A prediction outside 0..n-1 (255 too) at a labelled
    pixel counts as a miss of the true class and as a hit of no class.

    Attributes:
        matrix: int64 n×(n+1); rows are the truth, the last column is "no class of these".
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes
        self.matrix: NDArray[np.int64] = np.zeros((num_classes, num_classes + 1), np.int64)

    def update(self, predicted: NDArray[np.uint8], truth: NDArray[np.uint8]) -> None:
        """Count one pair of H×W masks.

        Raises:
            ValueError: the shapes differ, or the truth holds an id outside 0..n-1 other than 255.
        """
        if predicted.shape != truth.shape:
            raise ValueError(f"shapes differ: {predicted.shape} and {truth.shape}")
        valid = truth != UNLABELLED
        rows = truth[valid].astype(np.int64)
        if rows.size and rows.max() >= self.num_classes:
            raise ValueError(f"class {rows.max()} in the truth, but {self.num_classes} classes")
        columns = np.minimum(predicted[valid].astype(np.int64), self.num_classes)
        width = self.num_classes + 1
        counted = np.bincount(rows * width + columns, minlength=self.num_classes * width)
        self.matrix += counted.reshape(self.matrix.shape)

    def __add__(self, other: ConfusionMatrix) -> ConfusionMatrix:
        total = ConfusionMatrix(self.num_classes)
        total.matrix = self.matrix + other.matrix
        return total

    @property
    def _hits(self) -> NDArray[np.int64]:
        hits: NDArray[np.int64] = np.diagonal(self.matrix)
        return hits

    @property
    def _true(self) -> NDArray[np.int64]:
        true: NDArray[np.int64] = self.matrix.sum(1)
        return true

    @property
    def _predicted(self) -> NDArray[np.int64]:
        predicted: NDArray[np.int64] = self.matrix[:, : self.num_classes].sum(0)
        return predicted

    @property
    def iou(self) -> NDArray[np.float64]:
        """float64[n] in 0..1; nan for a class that is in neither mask."""
        return _ratio(self._hits, self._true + self._predicted - self._hits)

    @property
    def dice(self) -> NDArray[np.float64]:
        """float64[n] in 0..1; nan for a class that is in neither mask."""
        return _ratio(2 * self._hits, self._true + self._predicted)

    @property
    def pixel_accuracy(self) -> float:
        """Share of labelled pixels that are right; nan when there are none."""
        total = int(self.matrix.sum())
        return float(self._hits.sum()) / total if total else float("nan")

    @property
    def miou(self) -> float:
        """Mean IoU over the classes that occur; nan when none does."""
        iou = self.iou[~np.isnan(self.iou)]
        return float(iou.mean()) if iou.size else float("nan")

    @property
    def labelled_pixels(self) -> int:
        return int(self.matrix.sum())


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    ratio: NDArray[np.float64] = np.full(part.shape, np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio
