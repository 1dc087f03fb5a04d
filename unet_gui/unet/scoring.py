"""The score on held-back corrections: what decides whether a round is adopted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.geometry import Rect
from unet_gui.core.metrics import ConfusionMatrix
from unet_gui.unet.pixels import to_input
from unet_gui.unet.sureness import BINS, ENOUGH, USUAL, sure_enough

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.unet.device import Device
    from unet_gui.unet.model import EncoderDecoder
    from unet_gui.unet.pixels import Normalisation
    from unet_gui.unet.samples import Cell, SampleSet

MARGIN: Final = 48
"""What the network sees around a held-back cell, in pixels."""

MOST_WINDOWS: Final = 48


@dataclass(frozen=True, slots=True)
class Score:
    """How well a network does on held-back pixels.

    Attributes:
        miou: Mean over the classes that occur; nan when nothing is held back.
        iou: By class id; classes that occur neither in the truth nor in the prediction are left
            out.
        pixel_accuracy: Share of pixels that are right; nan when nothing is held back.
        pixels: How many held-back pixels were looked at.
        threshold: Confidence from which on nine proposals in ten were right there, 0.5..0.9, or
            0.6 when that is nowhere so; nan where too little is held back.
    """

    miou: float = float("nan")
    iou: dict[int, float] = field(default_factory=dict)
    pixel_accuracy: float = float("nan")
    pixels: int = 0
    threshold: float = float("nan")

    def to_info(self) -> dict[str, Any]:
        """The "scores" of a model.json."""
        return {
            "miou": self.miou,
            "iou": {str(k): v for k, v in self.iou.items()},
            "pixel_accuracy": self.pixel_accuracy,
            "held_back_pixels": self.pixels,
            **({} if np.isnan(self.threshold) else {"threshold": self.threshold}),
        }

    def better_than(self, other: Score | None) -> bool:
        """Whether a network with this score replaces one with the `other`.

        Where nothing is held back nothing can be compared, and the newer network, which has seen
        the latest corrections, is taken.
        """
        if other is None or np.isnan(other.miou) or np.isnan(self.miou):
            return True
        return self.miou > other.miou


@dataclass(frozen=True, slots=True)
class _Window:
    image: RgbImage
    truth: ClassMask


class ScoreSet:
    """Windows of the images around held-back cells, ready to be predicted again and again."""

    def __init__(self, samples: SampleSet) -> None:
        self._windows = [_window(samples, cell) for cell in chosen(samples.held_back)]

    def __len__(self) -> int:
        return len(self._windows)

    @torch.inference_mode()
    def score(
        self,
        net: EncoderDecoder,
        device: Device,
        normalisation: Normalisation,
        class_ids: Iterable[int],
    ) -> Score:
        """Predict all windows and compare.

        Args:
            net: On `device`; its mode (training or evaluation) is left as it was.
            device: Where the network is.
            normalisation: What the network expects.
            class_ids: What may be predicted.
        """
        if not self._windows:
            return Score()
        matrix = ConfusionMatrix(UNLABELLED)
        sureness = np.zeros((2, BINS), np.int64)
        ids = sorted(class_ids)
        names = np.array(ids, np.uint8)
        was_training = net.training
        net.eval()
        try:
            for window in self._windows:
                pixels = to_input(window.image, net.spec.in_channels, normalisation)
                with device.autocast():
                    logits = net(device.place(pixels[None]))[0, ids]
                top, best = logits.float().softmax(0).max(0)
                predicted = names[best.cpu().numpy()]
                matrix.update(predicted, window.truth)
                sureness += _by_confidence(predicted, top.cpu().numpy(), window.truth)
        finally:
            net.train(was_training)
        iou = matrix.iou
        by_class = {int(i): float(iou[i]) for i in np.flatnonzero(~np.isnan(iou))}
        known = sureness.sum() >= ENOUGH
        threshold = float("nan")
        if known:
            # a round that is seldom sure is not silent everywhere
            threshold = sure_enough(sureness[1], sureness[0], otherwise=USUAL)
        return Score(
            matrix.miou, by_class, matrix.pixel_accuracy, matrix.labelled_pixels, threshold
        )


def _by_confidence(
    predicted: ClassMask, confidence: NDArray[np.float32], truth: ClassMask
) -> NDArray[np.int64]:
    """2×`BINS` pixels, wrong and right ones, by confidence."""
    known = truth != UNLABELLED
    steps = np.minimum((confidence[known] * BINS).astype(np.int64), BINS - 1)
    right = (predicted[known] == truth[known]).astype(np.int64)
    return np.bincount(right * BINS + steps, minlength=2 * BINS).reshape(2, BINS)


def chosen(cells: Sequence[Cell], most: int = MOST_WINDOWS) -> list[Cell]:
    """At most so many cells, classes taking turns, the same ones as long as they are there."""
    queues = [
        sorted((c for c in cells if i in c.counts), key=lambda c: c.draw)
        for i in sorted({i for cell in cells for i in cell.counts})
    ]
    taken: dict[tuple[int, Rect], Cell] = {}
    for turn in range(len(cells)):
        for queue in queues:
            if turn < len(queue) and len(taken) < most:
                taken.setdefault((queue[turn].sample, queue[turn].rect), queue[turn])
    return list(taken.values())


def _window(samples: SampleSet, cell: Cell) -> _Window:
    image, mask = samples.read(cell.sample)
    seen = cell.rect.expanded(MARGIN).intersection(Rect.of_shape(mask.shape))
    truth = np.full((seen.height, seen.width), UNLABELLED, np.uint8)
    inside = cell.rect.moved(-seen.x0, -seen.y0).slices
    truth[inside] = mask[cell.rect.slices]
    return _Window(image[seen.slices].copy(), truth)
