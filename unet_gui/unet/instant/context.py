"""What needs more than a pixel's own features: a narrow decoder over the frozen levels.

Learnt where areas are labelled without gaps, from features that are there already: a step costs a
twentieth of one through the encoder. Strokes alone say too little about neighbours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import torch
import torch.nn.functional as F
from torch import nn

from unet_gui.core.classes import UNLABELLED
from unet_gui.unet.instant.adamw import AdamW
from unet_gui.unet.model import LiteStage, PixelNorm

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from torch import Tensor

CHANNELS: Final = (16, 24, 32, 32)
"""Of the decoder at levels 1 to 4; the first costs as much as all others together."""

SIDE: Final = 96
"""Of the squares a step looks at; a multiple of `ALIGN`."""

ALIGN: Final = 8
SQUARES: Final = 4
"""Squares of a step."""

RATE: Final = 3e-3
SMALLEST_SPREAD: Final = 1e-2
WARM_UP: Final = 20


@dataclass(frozen=True, slots=True)
class Area:
    """A tile of which nearly all is labelled.

    Attributes:
        levels: h×w×C at 1/2ᵏ, as in `Maps`.
        labels: H×W uint8 class ids, 255 where unlabelled, no larger than the first level.
        share: How often it is drawn, relative to others.
    """

    levels: tuple[Tensor, ...]
    labels: Tensor
    share: float = 1.0

    @property
    def nbytes(self) -> int:
        return sum(level.nbytes for level in self.levels)


class Context(nn.Module):
    """Four 1×1 convolutions and a U-shaped decoder over levels 1 to 4."""

    def __init__(self, channels: Sequence[int], num_classes: int) -> None:
        super().__init__()
        narrow = [min(c, n) for c, n in zip(channels, CHANNELS, strict=True)]
        self.laterals = nn.ModuleList(
            nn.Conv2d(c, n, 1) for c, n in zip(channels, narrow, strict=True)
        )
        self.deepest = nn.Sequential(PixelNorm(narrow[-1]), nn.ReLU())
        self.stages = nn.ModuleList(LiteStage(n + m, n) for n, m in pairwise(narrow))
        self.final = nn.Conv2d(narrow[0], num_classes, 1)
        for k, count in enumerate(channels):
            self.register_buffer(f"mean{k}", torch.zeros(count))
            self.register_buffer(f"scale{k}", torch.ones(count))

    def standardise(self, areas: Sequence[Area]) -> None:
        """Take mean and spread of the levels' channels from areas."""
        for k in range(len(self.laterals)):
            flat = [a.levels[k].float().flatten(0, 1) for a in areas]
            self.get_buffer(f"mean{k}").copy_(torch.stack([f.mean(0) for f in flat]).mean(0))
            spread = torch.stack([f.std(0, unbiased=False) for f in flat]).mean(0)
            self.get_buffer(f"scale{k}").copy_(1 / (spread + SMALLEST_SPREAD))

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        """Logits N×num_classes×H×W of levels N×C×h×w as they come from the encoder."""
        x: Tensor | None = None
        for k in reversed(range(len(levels))):
            mean, scale = self.get_buffer(f"mean{k}"), self.get_buffer(f"scale{k}")
            level = (levels[k].float() - mean[:, None, None]) * scale[:, None, None]
            flat = self.laterals[k](F.dropout2d(level, 0.1, self.training))
            if x is None:
                x = self.deepest(flat)
                continue
            up = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = self.stages[k](torch.cat([flat, up[..., : flat.shape[2], : flat.shape[3]]], 1))
        assert x is not None
        logits: Tensor = self.final(x)
        return logits

    def fit(
        self,
        areas: Sequence[Area],
        steps: int,
        generator: torch.Generator,
        more: Callable[[], bool] = lambda: True,
    ) -> Generator[None, None, None]:
        """AdamW on squares of the areas, the learning rate along a short rise and half a cosine.

        Args:
            areas: What to learn from.
            steps: How many.
            generator: Of everything random but dropout, which follows torch's own.
            more: Asked before each step; False ends it early.

        Yields:
            After each step.
        """
        parameters = list(self.parameters())
        optimizer = AdamW(parameters, decay=3e-2)
        shares = torch.tensor([a.share for a in areas], dtype=torch.float64)
        reduced = areas[0].levels[0].dtype is torch.bfloat16
        self.train()
        try:
            for step in range(steps):
                if not more():
                    return
                drawn = torch.multinomial(shares, SQUARES, True, generator=generator).tolist()
                levels, labels = _squares([areas[i] for i in drawn], generator)
                with torch.autocast("cpu", torch.bfloat16, enabled=reduced):
                    logits = self(levels)
                loss = F.cross_entropy(
                    logits.float(), labels.long(), ignore_index=UNLABELLED, label_smoothing=0.02
                )
                if bool(loss.isfinite()):  # not a number where all of it was held back
                    gradients = torch.autograd.grad(loss, parameters)
                    optimizer.step(gradients, RATE * _rate(step, steps))
                yield
        finally:
            self.eval()

    @torch.inference_mode()
    def logits(self, levels: Sequence[Tensor], shape: tuple[int, int]) -> Tensor:
        """num_classes×H×W float32 of levels h×w×C at 1/2ᵏ, as in `Maps`."""
        reduced = levels[0].dtype is torch.bfloat16
        batch = [level.permute(2, 0, 1)[None] for level in levels]
        with torch.autocast("cpu", torch.bfloat16, enabled=reduced):
            found: Tensor = self(batch)
        return found[0, :, : shape[0], : shape[1]].float()


def _rate(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / WARM_UP) * (1 + math.cos(math.pi * step / steps)) / 2


def _squares(areas: Sequence[Area], generator: torch.Generator) -> tuple[list[Tensor], Tensor]:
    """Squares at random places: N×C×h×w levels and N×SIDE×SIDE labels.

    Of an area smaller than a square what is there is taken, in all of them.
    """
    sides = [min(a.labels.shape[d] // ALIGN * ALIGN for a in areas) for d in (0, 1)]
    height, width = (max(ALIGN, min(SIDE, side)) for side in sides)
    levels: list[list[Tensor]] = [[] for _ in areas[0].levels]
    labels = []
    for area in areas:
        top, left = (
            ALIGN * int(torch.randint((size - side) // ALIGN + 1, (1,), generator=generator))
            for size, side in zip(area.labels.shape, (height, width), strict=True)
        )
        for k, level in enumerate(area.levels):
            rows = slice(top >> k, (top + height) >> k)
            columns = slice(left >> k, (left + width) >> k)
            levels[k].append(level[rows, columns].permute(2, 0, 1))
        labels.append(area.labels[top : top + height, left : left + width])
    return [torch.stack(level) for level in levels], torch.stack(labels)
