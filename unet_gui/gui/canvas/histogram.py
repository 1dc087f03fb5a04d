"""How often each value occurs in the open image, for judging and stretching its contrast."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, Signal

from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from unet_gui.core.document import RgbImage
    from unet_gui.core.errors import UnetGuiError
    from unet_gui.dataset.image_source import ImageSource
    from unet_gui.gui.jobs import JobRunner

ENOUGH: Final = 1_000_000
"""Pixels to look at: a percentile hardly changes with more."""

AT_ONCE: Final = 4_000_000
"""Images of up to so many pixels in memory are counted on the spot."""

PART: Final = 512

SPOTS: Final = 8
"""Parts along each side that stand for an image of which coarse levels would take long to make."""


def count_values(source: ImageSource) -> Generator[None, None, NDArray[np.int64]]:
    """Histogram of a sample of an image.

    Of an image in memory every n-th pixel of every n-th row; of another one a coarse level, or
    some parts where there is none yet.

    Returns:
        int64[3, 256].

    Raises:
        ImageReadError: the file is damaged.
    """
    counts = np.zeros((3, 256), np.int64)
    if source.array is not None:
        step = max(1, math.isqrt(math.prod(source.shape) // ENOUGH))
        sample = source.array[::step, ::step]
        for y in range(0, len(sample), PART):
            _count(counts, sample[y : y + PART])
            yield
        return counts
    if not source.complete:
        bounds = Rect.of_shape(source.shape)
        for row in range(SPOTS):
            for column in range(SPOTS):
                x = (2 * column + 1) * bounds.width // (2 * SPOTS)
                y = (2 * row + 1) * bounds.height // (2 * SPOTS)
                part = Rect(x, y, x + PART // 4, y + PART // 4).intersection(bounds)
                _count(counts, source.read(part))
                yield
        return counts
    level = next(
        (k for k in range(source.levels) if math.prod(source.level_shape(k)) <= ENOUGH),
        source.levels - 1,
    )
    bounds = Rect.of_shape(source.level_shape(level))
    for row, column in bounds.tiles(PART):
        part = Rect(0, 0, PART, PART).moved(column * PART, row * PART)
        _count(counts, source.read(part.intersection(bounds), level))
        yield
    return counts


def _count(counts: NDArray[np.int64], rgb: RgbImage) -> None:
    for channel in range(3):
        counts[channel] += np.bincount(rgb[..., channel].ravel(), minlength=256)


class ImageHistogram(QObject):
    """The histogram of the open image, counted when it is first asked for.

    Signals:
        changed: there is another one.
    """

    changed = Signal()

    def __init__(self, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._source: ImageSource | None = None
        self._counts: NDArray[np.int64] | None = None
        self._asked = False

    def set_source(self, source: ImageSource | None) -> None:
        self._runner.cancel("histogram")
        self._source, self._counts, self._asked = source, None, False
        self.changed.emit()

    def counts(self) -> NDArray[np.int64]:
        """int64[3, 256]; zeros until they are known, which `changed` tells."""
        if self._counts is None and self._source is not None and not self._asked:
            self._asked = True
            self._start(self._source)
        return self._counts if self._counts is not None else np.zeros((3, 256), np.int64)

    def _start(self, source: ImageSource) -> None:
        if source.array is not None and math.prod(source.shape) <= AT_ONCE:
            self._counts = drain(count_values(source))
            return
        self._runner.submit(
            "histogram",
            lambda: count_values(source),
            on_done=self._on_counted,
            on_error=self._on_error,
            priority=-5,
        )

    def _on_counted(self, counts: NDArray[np.int64]) -> None:
        self._counts = counts
        self.changed.emit()

    def _on_error(self, _error: UnetGuiError) -> None:
        """The canvas has said already that the image cannot be read."""
