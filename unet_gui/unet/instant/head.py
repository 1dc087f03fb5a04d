"""Small heads on encoder levels: trained on rows, applied as convolutions level by level."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from unet_gui.unet.instant.adamw import AdamW

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    Floats = NDArray[np.float32]

HIDDEN: Final = 64
BATCH: Final = 256
NOISES: Final = 2048
PIECE: Final = 256
PAUSE_EVERY: Final = 10
DROPPED: Final = 0.2
SMOOTHED: Final = 0.05
NEVER: Final = -1e9
SMALLEST_SPREAD: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Training:
    """Rows to learn from.

    Attributes:
        rows: N×D float32.
        labels: N int64.
        weights: N float64, the chance of a row to be drawn.
    """

    rows: Tensor
    labels: Tensor
    weights: Tensor


class Head(nn.Module):
    """Linear, ReLU, linear over the first `sum(channels)` columns of the levels' rows.

    Buffers hold mean and scale of the columns, so that the weights see standardised inputs.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, channels: Sequence[int], num_classes: int, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.channels = tuple(channels)
        self.inner = nn.Linear(sum(channels), hidden)
        self.outer = nn.Linear(hidden, num_classes)
        self.register_buffer("mean", torch.zeros(sum(channels)))
        self.register_buffer("scale", torch.ones(sum(channels)))

    @property
    def width(self) -> int:
        """Columns that it looks at."""
        return sum(self.channels)

    def standardise(self, rows: Tensor) -> None:
        """Take mean and scale from N×D rows."""
        # in pieces that fit into the processor's cache: a quarter of the time
        sums = torch.zeros(2, rows.shape[1], dtype=torch.double)
        for piece in torch.split(rows, PIECE):
            sums[0] += piece.sum(0)
            sums[1] += (piece * piece).sum(0)
        mean, square = sums / len(rows)
        self.mean.copy_(mean)
        spread = (square - mean * mean).clamp_min_(0).sqrt_()
        self.scale.copy_(1 / (spread + SMALLEST_SPREAD))

    def forward(self, standardised: Tensor) -> Tensor:
        """N×D standardised rows to N×num_classes logits."""
        logits: Tensor = self.outer(F.relu(self.inner(standardised)))
        return logits

    @torch.no_grad()
    def fit(
        self, data: Training, steps: int, rate: float, generator: torch.Generator
    ) -> Generator[None, None, None]:
        """AdamW on balanced draws with input noise and label smoothing; a yield every few steps.

        Args:
            data: Rows of at least `width` columns.
            steps: How many.
            rate: Highest learning rate; falls along a cosine.
            generator: Of everything random.
        """
        rows = data.rows[:, : self.width]
        optimizer = AdamW(list(self.parameters()), decay=3e-2)
        draws = torch.multinomial(data.weights, steps * BATCH, True, generator=generator)
        # drawing noise anew for every step would take longer than the step itself
        noise = 0.1 * torch.randn((NOISES, self.width), generator=generator)
        shifts = torch.randint(NOISES - BATCH, (steps,), generator=generator).tolist()
        inputs = torch.empty(BATCH, self.width)
        self.train()
        try:
            for step, drawn in enumerate(draws.view(steps, BATCH)):
                if step % PAUSE_EVERY == 0:
                    yield
                x = (
                    torch.index_select(rows, 0, drawn, out=inputs)
                    .sub_(self.mean)
                    .mul_(self.scale)
                    .add_(noise[shifts[step] : shifts[step] + BATCH])
                )
                grads = self._gradients(x, data.labels[drawn], generator)
                optimizer.step(grads, rate * (1 + math.cos(math.pi * step / steps)) / 2)
        finally:
            self.eval()

    def _gradients(self, x: Tensor, labels: Tensor, generator: torch.Generator) -> list[Tensor]:
        """Of cross-entropy with label smoothing and dropout, in the order of the parameters.

        By hand, for torch's own bookkeeping takes longer than so small a network.
        """
        inner = torch.addmm(self.inner.bias, x, self.inner.weight.T)
        # dropout (Srivastava et al. 2014) and ReLU are one mask of 0 and 1/0.8
        open_ = (torch.rand(inner.shape, generator=generator) >= DROPPED).mul_(inner > 0)
        scale = open_.float().mul_(1 / (1 - DROPPED))
        hidden = inner.mul_(scale)
        wrong = torch.addmm(self.outer.bias, hidden, self.outer.weight.T).softmax(1)
        wrong -= SMOOTHED / wrong.shape[1]
        right = torch.full((len(labels), 1), SMOOTHED - 1)
        wrong.scatter_add_(1, labels[:, None], right)
        wrong /= len(labels)
        back = (wrong @ self.outer.weight).mul_(scale)
        return [back.T @ x, back.sum(0), wrong.T @ hidden, wrong.sum(0)]

    @torch.inference_mode()
    def logits(self, levels: Sequence[Tensor], shape: tuple[int, int]) -> Tensor:
        """Logits of every pixel.

        The first layer is split by level and applied at each level's own size, so that no array
        of all features of all pixels ever exists.

        Args:
            levels: h×w×C at 1/2ᵏ, as in `Maps`.
            shape: Height and width in pixels.

        Returns:
            num_classes×H×W float32.
        """
        weight = self.inner.weight * self.scale
        bias = self.inner.bias - weight @ self.mean
        total: Tensor | None = None
        parts = torch.split(weight, list(self.channels), 1)
        for level, part in reversed(list(zip(levels, parts, strict=False))):
            size = level.shape[:2]
            flat = level.reshape(size[0] * size[1], -1)
            reply = (flat @ part.T.to(flat.dtype)).view(1, *size, -1).permute(0, 3, 1, 2)
            if total is None:
                # added where the map is smallest; interpolation leaves a constant alone
                total = reply + bias.to(reply.dtype)[:, None, None]
            else:
                up = F.interpolate(total, scale_factor=2, mode="bilinear", align_corners=False)
                total = reply.add_(up[..., : size[0], : size[1]])
        assert total is not None
        hidden = F.relu_(total)
        outer = self.outer.weight[:, :, None, None].to(hidden.dtype)
        logits = F.conv2d(hidden, outer)[0, :, : shape[0], : shape[1]]
        return logits.float() + self.outer.bias[:, None, None]


def balance(labels: NDArray[np.uint8], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """Chances of rows to be drawn: rare classes and images with few strokes get their turn.

    A row counts by one over the root of how many there are of its class in its image, then each
    class by one over the root of what it has in all.

    Args:
        labels: N class ids.
        groups: N numbers of images.
    """
    _, inverse, counts = np.unique(
        labels.astype(np.int64) + 256 * groups, return_inverse=True, return_counts=True
    )
    weights = 1 / np.sqrt(counts[inverse])
    totals = np.bincount(labels, weights, 256)
    balanced: NDArray[np.float64] = weights / np.sqrt(totals[labels])
    balanced /= balanced.sum()
    return balanced
