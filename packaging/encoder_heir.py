"""A small encoder that begins as a cut of a large one: fewer channels, each weight solved for.

Layer by layer (He, Zhang and Sun 2017, sections 3.1 and 3.2): the channels are kept from which the
others are best foretold, and their weights are those least squares finds for what the small
network has computed so far. That takes a minute and saves most of the training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unet_gui.unet.model import Encoder

if TYPE_CHECKING:
    from collections.abc import Sequence

POINTS: Final = 400
"""Of a map of one image, where it is looked at."""

LEAK: Final = 0.3
"""How much counts by how much a value lies below zero, all of which a ReLU makes zero."""

RIDGE: Final = 1e-3


@torch.no_grad()
def heir(teacher: Encoder, images: Sequence[Tensor], width: float, seed: int) -> Encoder:
    """An encoder of this width that computes some of the teacher's channels, nearly.

    Args:
        teacher: On the CPU, in any number format.
        images: 3×H×W float32, normalised, sides multiples of 16.
        width: Channels relative to VGG16's.
        seed: Of the choice of points.
    """
    generator = torch.Generator().manual_seed(seed)
    small = Encoder(3, width)
    dtype = teacher.features[0].weight.dtype
    theirs = [image[None].to(dtype, memory_format=torch.channels_last) for image in images]
    ours = [image[None] for image in images]
    for old, new in zip(teacher.features, small.features, strict=True):
        theirs = [old(x) for x in theirs]
        if isinstance(new, nn.Conv2d):
            _solve(new, theirs, ours, generator)
        ours = [new(x) for x in ours]
    return small


def _solve(
    new: nn.Conv2d, theirs: Sequence[Tensor], ours: Sequence[Tensor], generator: torch.Generator
) -> None:
    """Weights with which `new` makes the best channels of `theirs` out of `ours`."""
    rows, inputs = [], []
    for wanted, given in zip(theirs, ours, strict=True):
        flat = wanted[0].flatten(1).float()
        places = torch.randperm(flat.shape[1], generator=generator)[:POINTS]
        rows.append(flat[:, places].T)
        inputs.append(F.unfold(given, 3, padding=1)[0][:, places].T)
    values, x = torch.cat(rows), torch.cat(inputs)
    kept = most_telling(values.clamp_min(0).sqrt(), new.out_channels)
    target = values[:, kept]
    target = torch.where(target > 0, target, LEAK * target).double()
    x = torch.cat([x, torch.ones(len(x), 1)], 1).double()
    gram = x.T @ x
    gram.diagonal().add_(RIDGE * gram.diagonal().mean())
    solved = torch.linalg.solve(gram, x.T @ target).T.float()
    new.weight.copy_(solved[:, :-1].reshape(new.weight.shape))
    assert new.bias is not None
    new.bias.copy_(solved[:, -1])


def most_telling(rows: Tensor, count: int) -> Tensor:
    """Columns from which the others are foretold best, greedily (a pivoted Cholesky).

    Args:
        rows: N×D float32.
        count: How many.

    Returns:
        `count` int64 numbers of columns, sorted.
    """
    standard = (rows - rows.mean(0)) / (rows.std(0) + 1e-3)
    rest = torch.cov(standard.T).double()
    kept: list[int] = []
    for _ in range(count):
        power = (rest**2).sum(0) / rest.diagonal().clamp_min(1e-6)
        power[kept] = -1
        best = int(power.argmax())
        kept.append(best)
        column = rest[:, best].clone()
        rest = rest - torch.outer(column, column) / column[best].clamp_min(1e-6)
    return torch.tensor(sorted(kept))
