"""Teaches a small VGG16 encoder from scratch on drawn images, several subjects at once.

A VGG16 has no norms of its own and hardly starts to learn under a decoder without batch norm. So
it goes to school under a decoder with batch norm and one head for each subject; school's decoder
and heads are thrown away afterwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unet_gui.core.progress import drain
from unet_gui.unet.device import pick
from unet_gui.unet.losses import masked_loss
from unet_gui.unet.model import Encoder, encoder_channels
from unet_gui.unet.patches import PatchSampler
from unet_gui.unet.pixels import normalise
from unet_gui.unet.samples import Sample, SampleSet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NARROW: Final = 32
WARM_UP: Final = 30


@dataclass(frozen=True, slots=True)
class Subject:
    """Images to learn from and how many classes they show."""

    samples: Sequence[Sample]
    num_classes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast: steps take turns between the subjects."""

    steps: int
    width: float
    lr: float = 3e-3
    weight_decay: float = 1e-3
    patch: int = 160
    batch: int = 8
    seed: int = 0


class School(nn.Module):
    """An encoder under a narrow U-shaped decoder with batch norm and a head for each subject."""

    def __init__(self, width: float, heads: Sequence[int]) -> None:
        super().__init__()
        self.encoder = Encoder(3, width)
        self.laterals = nn.ModuleList(_block(c, NARROW, 1) for c in encoder_channels(width))
        self.stages = nn.ModuleList(_block(2 * NARROW, NARROW, 3) for _ in range(4))
        self.heads = nn.ModuleList(nn.Conv2d(NARROW, classes, 1) for classes in heads)

    def forward(self, x: Tensor, subject: int) -> Tensor:
        """N×3×H×W, sides multiples of 16, to N×classes×H×W logits of one subject."""
        levels = self.encoder(x)
        flat = [lateral(level) for lateral, level in zip(self.laterals, levels, strict=True)]
        deep = flat[4]
        for i in (3, 2, 1, 0):
            up = F.interpolate(deep, scale_factor=2, mode="bilinear", align_corners=False)
            deep = self.stages[i](torch.cat([flat[i], up], 1))
        logits: Tensor = self.heads[subject](deep)
        return logits


def _block(channels: int, out: int, kernel: int) -> nn.Sequential:
    conv = nn.Conv2d(channels, out, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out), nn.ReLU())


def teach(
    subjects: Sequence[Subject], plan: Plan, on_step: Callable[[int, list[float]], object]
) -> dict[str, Tensor]:
    """Train an encoder on a CPU, the same each time.

    Args:
        subjects: What to learn from.
        plan: How long and how fast.
        on_step: Called after each step with its number and the running loss of each subject.

    Returns:
        "features.N.weight" and "features.N.bias", rounded to half precision, as torchvision's
        vgg16 names them.
    """
    torch.manual_seed(plan.seed)
    device = pick("cpu")
    school = device.place_net(School(plan.width, [s.num_classes for s in subjects])).train()
    samplers = [_sampler(subject, plan, k) for k, subject in enumerate(subjects)]
    optimizer = torch.optim.AdamW(school.parameters(), lr=plan.lr, weight_decay=plan.weight_decay)
    losses = [math.nan] * len(subjects)
    for step in range(plan.steps):
        subject = step % len(subjects)
        rise, fall = (
            min(1.0, (step + 1) / WARM_UP),
            0.5 * (1 + math.cos(math.pi * step / plan.steps)),
        )
        for group in optimizer.param_groups:
            group["lr"] = plan.lr * rise * fall
        patches, target = samplers[subject].batch(plan.batch)
        optimizer.zero_grad(set_to_none=True)
        with device.autocast():
            logits = school(device.place(normalise(patches, 3, "imagenet")), subject)
        loss = masked_loss(logits.float(), target)
        loss.backward()
        optimizer.step()
        last, now = losses[subject], float(loss.detach())
        losses[subject] = now if math.isnan(last) else 0.95 * last + 0.05 * now
        on_step(step + 1, losses)
    state = school.encoder.state_dict()
    return {key: value.detach().half().float().contiguous() for key, value in state.items()}


def _sampler(subject: Subject, plan: Plan, number: int) -> PatchSampler:
    samples = SampleSet(list(subject.samples))
    drain(samples.scan(tuple(range(subject.num_classes))))
    return PatchSampler(samples, plan.patch, np.random.default_rng((plan.seed, number)))
