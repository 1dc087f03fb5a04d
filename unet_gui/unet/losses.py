"""The loss: only labelled pixels count, and they count the same however few they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
import torch.nn.functional as F

from unet_gui.core.classes import UNLABELLED

SUREST_MISS: Final = -30.0
"""Logarithm of the least probability that counts; classes never learnt have one of 0."""

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


def masked_loss(
    logits: Tensor,
    target: Tensor,
    *,
    dice_weight: float = 1.0,
    total: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Cross-entropy averaged over labelled pixels plus `dice_weight` times the masked Dice loss.

    Unlabelled pixels are left out before the softmax sums, so they carry exactly no gradient and
    do not dilute the gradient of the labelled ones.

    Args:
        logits: N×C×H×W floating point.
        target: N×H×W int64 class ids below C; 255 where unlabelled.
        dice_weight: 0 leaves the Dice loss out.
        total: Sums a vector over all processes that share a batch; None without others.

    Returns:
        A scalar; 0 (with a gradient of 0) when nothing is labelled. With `total` the loss of the
        whole batch, whose gradient is only this process's part of it: those of all are to be
        added, not averaged.
    """
    labelled = target != UNLABELLED
    rows = logits.movedim(1, -1)[labelled].float()
    truth = target[labelled]
    if total is not None:
        return _loss_of_part(rows, truth, dice_weight, total)
    if not len(truth):
        return rows.sum()
    loss = F.cross_entropy(rows, truth)
    return loss + dice_weight * dice_loss(rows, truth) if dice_weight else loss


def dice_loss(rows: Tensor, truth: Tensor) -> Tensor:
    """One minus the soft Dice coefficient, averaged over the classes that occur.

    Milletari et al. 2016, "V-Net", section 3, with probabilities not squared.

    Args:
        rows: P×C logits of the labelled pixels.
        truth: P int64 class ids.
    """
    probabilities = rows.softmax(1)
    wanted = F.one_hot(truth, rows.shape[1]).to(probabilities.dtype)
    both = (probabilities * wanted).sum(0)
    size = (probabilities + wanted).sum(0)
    occurs = wanted.any(0)
    dice = (2 * both + 1) / (size + 1)  # the ones keep a class of few pixels from dominating
    return 1 - dice[occurs].mean()


def _loss_of_part(
    rows: Tensor, truth: Tensor, dice_weight: float, total: Callable[[Tensor], Tensor]
) -> Tensor:
    """`masked_loss` of a batch of which this process has a part.

    Neither mean nor Dice of the whole is the mean of the parts' own, so sums are exchanged.
    """
    probabilities = rows.softmax(1)
    wanted = F.one_hot(truth, rows.shape[1]).to(probabilities.dtype)
    entropy = F.cross_entropy(rows, truth, reduction="sum")
    both, size = (probabilities * wanted).sum(0), (probabilities + wanted).sum(0)
    own = torch.cat([entropy[None], both, size])
    counts = torch.cat([wanted.sum()[None], wanted.sum(0)])
    summed = total(torch.cat([own.detach(), counts]))
    everywhere, counts = summed[: len(own)] + (own - own.detach()), summed[len(own) :]
    if not counts[0]:
        return rows.sum()
    loss = everywhere[0] / counts[0]
    if not dice_weight:
        return loss
    both, size = everywhere[1:].chunk(2)
    occurs = counts[1:] > 0
    return loss + dice_weight * (1 - ((2 * both + 1) / (size + 1))[occurs].mean())


def weak_loss(
    logits: Tensor,
    target: Tensor,
    weak: Tensor,
    count: int,
    *,
    total: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Cross-entropy to another learner's probabilities where nothing is labelled.

    Averaged over all pixels of the batch, so that it counts less the more is labelled (Hinton et
    al. 2015, section 2, at temperature 1).

    Args:
        logits: N×C×H×W float32.
        target: N×H×W int64, 255 where unlabelled.
        weak: N×C×H×W float32 probabilities; all 0 where there are none.
        count: Patches of the whole batch.
        total: Sums a vector over all processes that share a batch; None without others.

    Returns:
        A scalar; with `total` the whole batch's, whose gradient is this process's part of it.
    """
    entropy = -(weak * logits.log_softmax(1).clamp_min(SUREST_MISS)).sum(1)
    own = entropy[target == UNLABELLED].sum() / (count * target.shape[1] * target.shape[2])
    return own if total is None else total(own.detach()[None])[0] + (own - own.detach())


def sharpened(weak: Tensor) -> Tensor:
    """Probabilities at a third of their temperature: each to the third, made to sum to 1 again.

    What several learners agree on in the mean is less certain than it should be, and a network
    that only repeats it stays in between (Berthelot et al. 2019, "MixMatch", section 3.2).

    Args:
        weak: N×C×H×W float32 probabilities; all 0 where there are none, and it stays so.
    """
    cubed = weak * weak * weak
    return cubed / cubed.sum(1, keepdim=True).clamp_min(torch.finfo(weak.dtype).tiny)


def class_columns(logits: Tensor, class_ids: Tensor) -> Tensor:
    """N×C×H×W logits with all classes but these at the lowest value, so that none is learnt."""
    hidden = torch.ones(logits.shape[1], dtype=torch.bool, device=logits.device)
    hidden[class_ids] = False
    return logits.masked_fill(hidden.view(1, -1, 1, 1), torch.finfo(logits.dtype).min)
