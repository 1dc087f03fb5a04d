"""Teaches a small encoder to see what VGG16 sees (Romero et al. 2015, section 2).

At each of its five levels a linear layer over the roots of the small encoder's maps, which is what
the instant learner looks at, foretells the roots of the large one's. Those are whitened halfway:
their principal components count by the fourth root of their variance, or a few strong ones would
be all that is learnt. The linear layers are thrown away afterwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from encoder_heir import heir
from torch import Tensor, nn

from unet_gui.unet.device import pick
from unet_gui.unet.model import Encoder, encoder_channels
from unet_gui.unet.pixels import to_input

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from unet_gui.unet.device import Device
    from unet_gui.unet.weights import EncoderWeights

    Pixels = NDArray[np.uint8]

POINTS: Final = (1600, 1200, 900, 400, 100)
"""Of each level, where an image is compared."""

COMPONENTS: Final = (32, 64, 96, 128, 96)
"""Principal components of each level that are foretold."""

COUNTS: Final = (1.0, 1.0, 1.0, 1.0, 0.5)
"""How much each level counts."""

FIRST: Final = 96
"""Images from which the principal components are taken."""

WARM_UP: Final = 50
NEAR_ZERO: Final = 1e-2
"""Keeps the slope of a root finite."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast."""

    steps: int
    width: float
    lr: float = 1e-3
    weight_decay: float = 1e-4
    batch: int = 8
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Answers:
    """What the teacher sees of one image: for each level, where, and what there.

    Attributes:
        places: For each level N int64 places in its map, row by row.
        values: For each level N×components float16.
    """

    places: tuple[Tensor, ...]
    values: tuple[Tensor, ...]


class Pupil(nn.Module):
    """The small encoder with a linear layer a level."""

    def __init__(self, encoder: Encoder, width: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.words = nn.ModuleList(
            Words(c, k) for c, k in zip(encoder_channels(width), COMPONENTS, strict=True)
        )


class Words(nn.Module):
    """Linear over the roots of a level's maps."""

    mean: Tensor
    scale: Tensor

    def __init__(self, channels: int, components: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, components)
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("scale", torch.ones(channels))

    def forward(self, rows: Tensor) -> Tensor:
        """N×channels maps to N×components."""
        roots = (rows + NEAR_ZERO).sqrt()
        told: Tensor = self.linear((roots - self.mean) * self.scale)
        return told

    @torch.no_grad()
    def begin(self, rows: Tensor, truth: Tensor) -> None:
        """The best that least squares finds for the maps as they are."""
        roots = (rows + NEAR_ZERO).sqrt()
        self.mean.copy_(roots.mean(0))
        self.scale.copy_(1 / (roots.std(0) + 1e-3))
        x = (roots - self.mean) * self.scale
        gram = x.T @ x / len(x)
        gram.diagonal().add_(1e-2)
        self.linear.weight.copy_(torch.linalg.solve(gram, x.T @ truth / len(x)).T)
        self.linear.bias.copy_(truth.mean(0))


class Teacher:
    """A large encoder and the basis of what it sees."""

    def __init__(self, weights: EncoderWeights, device: Device) -> None:
        encoder = Encoder(3, weights.width)
        weights.load_into(encoder)
        self.encoder = device.place_net(encoder).to(device.dtype or torch.float32).eval()
        self._device = device
        self._normalisation = weights.normalisation
        self._basis: list[tuple[Tensor, Tensor]] = []

    @torch.no_grad()
    def _look(self, image: Pixels, rng: np.random.Generator) -> list[tuple[Tensor, Tensor]]:
        x = self._device.place(to_input(image, 3, self._normalisation)[None])
        seen = []
        for level, count in zip(
            self.encoder(x.to(self._device.dtype or torch.float32)), POINTS, strict=True
        ):
            flat = level[0].flatten(1).T
            places = torch.from_numpy(rng.permutation(len(flat))[:count])
            seen.append((places, flat[places].float().sqrt()))
        return seen

    def prepare(self, images: Sequence[Pixels], rng: np.random.Generator) -> None:
        """Find the principal components of these images' maps."""
        seen = [self._look(image, rng) for image in images]
        for level, count in enumerate(COMPONENTS):
            rows = torch.cat([s[level][1] for s in seen])
            mean, spread = rows.mean(0), rows.std(0) + 1e-3
            variance, axes = torch.linalg.eigh(torch.cov(((rows - mean) / spread).T))
            strongest = variance[-count:].clamp_min(1e-6)
            matrix = axes[:, -count:] * strongest**-0.25
            matrix = matrix / (strongest**0.5).mean().sqrt()  # on average of variance 1
            self._basis.append((mean, matrix / spread[:, None]))

    def answers(self, image: Pixels, rng: np.random.Generator) -> Answers:
        """What it sees at some places of an image."""
        seen = self._look(image, rng)
        values = tuple(
            ((rows - mean) @ matrix).half()
            for (_, rows), (mean, matrix) in zip(seen, self._basis, strict=True)
        )
        return Answers(tuple(places for places, _ in seen), values)


def teach(
    images: Sequence[Pixels],
    weights: EncoderWeights,
    plan: Plan,
    on_step: Callable[[int, list[float]], object],
) -> dict[str, Tensor]:
    """Train a small encoder on a CPU, the same each time.

    Args:
        images: H×W×3 uint8, all of one size, sides multiples of 16.
        weights: Of the teacher.
        plan: How long and how fast.
        on_step: Called after each step with its number and, for each level, the running share of
            the variance that is not foretold.

    Returns:
        "features.N.weight" and "features.N.bias", rounded to half precision, as torchvision's
        vgg16 names them.
    """
    device = pick("cpu")
    rng = np.random.default_rng(plan.seed)
    order = rng.permutation(len(images))
    teacher = Teacher(weights, device)
    teacher.prepare([images[i] for i in order[:FIRST]], rng)
    answers = [teacher.answers(image, rng) for image in images]
    torch.manual_seed(plan.seed)
    inputs = [to_input(images[i], 3, weights.normalisation) for i in order[:FIRST]]
    pupil = Pupil(heir(teacher.encoder, inputs, plan.width, plan.seed), plan.width)
    pupil.requires_grad_(True)
    device.place_net(pupil).train()
    first = order[:FIRST]
    _begin(pupil, [images[i] for i in first], [answers[i] for i in first], weights, device)
    optimizer = torch.optim.AdamW(pupil.parameters(), lr=plan.lr, weight_decay=plan.weight_decay)
    running = [math.nan] * len(POINTS)
    queue: list[int] = []
    for step in range(plan.steps):
        for group in optimizer.param_groups:
            group["lr"] = plan.lr * _pace(step, plan.steps)
        if len(queue) < plan.batch:
            queue = [int(i) for i in rng.permutation(len(images))]
        drawn, queue = queue[: plan.batch], queue[plan.batch :]
        optimizer.zero_grad(set_to_none=True)
        errors = _errors(
            pupil, [images[i] for i in drawn], [answers[i] for i in drawn], weights, device
        )
        torch.stack([c * e for c, e in zip(COUNTS, errors, strict=True)]).sum().backward()
        nn.utils.clip_grad_norm_(pupil.parameters(), 1.0)
        optimizer.step()
        now = [float(e.detach()) for e in errors]
        running = [
            n if math.isnan(r) else 0.95 * r + 0.05 * n for r, n in zip(running, now, strict=True)
        ]
        on_step(step + 1, running)
    state = pupil.encoder.state_dict()
    return {key: value.detach().half().float().contiguous() for key, value in state.items()}


def _pace(step: int, steps: int) -> float:
    """Rises from nothing, then falls along a cosine."""
    rise = min(1.0, (step + 1) / WARM_UP)
    return rise * 0.5 * (1 + math.cos(math.pi * step / steps))


@torch.no_grad()
def _begin(
    pupil: Pupil,
    images: Sequence[Pixels],
    answers: Sequence[Answers],
    weights: EncoderWeights,
    device: Device,
) -> None:
    told = [_rows(pupil, [i], [a], weights, device) for i, a in zip(images, answers, strict=True)]
    for k, words in enumerate(pupil.words):
        assert isinstance(words, Words)
        truth = torch.cat([a.values[k] for a in answers]).float()
        words.begin(torch.cat([rows[k] for rows in told]), truth)


def _rows(
    pupil: Pupil,
    images: Sequence[Pixels],
    answers: Sequence[Answers],
    weights: EncoderWeights,
    device: Device,
) -> list[Tensor]:
    """For each level the pupil's maps where the teacher was asked."""
    x = device.place(torch.stack([to_input(i, 3, weights.normalisation) for i in images]))
    with device.autocast():
        levels = pupil.encoder(x)
    found = []
    for k, level in enumerate(levels):
        flat = level.permute(0, 2, 3, 1).flatten(1, 2)
        found.append(torch.cat([flat[i, a.places[k]] for i, a in enumerate(answers)]).float())
    return found


def _errors(
    pupil: Pupil,
    images: Sequence[Pixels],
    answers: Sequence[Answers],
    weights: EncoderWeights,
    device: Device,
) -> list[Tensor]:
    """Mean square of what is foretold wrongly, for each level."""
    rows = _rows(pupil, images, answers, weights, device)
    errors = []
    for k, words in enumerate(pupil.words):
        truth = torch.cat([a.values[k] for a in answers]).float()
        errors.append(((words(rows[k]) - truth) ** 2).mean())
    return errors
