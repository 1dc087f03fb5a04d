"""Only labelled pixels count: exactly, not nearly."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from unet_gui.unet.losses import class_columns, dice_loss, masked_loss, sharpened


@pytest.fixture
def logits():
    return torch.randn(2, 4, 9, 7, generator=torch.Generator().manual_seed(0), requires_grad=True)


@pytest.fixture
def sparse():
    """A few labelled pixels, everything else 255."""
    target = torch.full((2, 9, 7), 255)
    target[0, 2, 3], target[0, 2, 4], target[1, 8, 6] = 0, 2, 3
    return target


@pytest.mark.parametrize("dice_weight", [0.0, 1.0])
def test_unlabelled_pixels_get_exactly_no_gradient(logits, sparse, dice_weight):
    masked_loss(logits, sparse, dice_weight=dice_weight).backward()
    gradient = logits.grad.movedim(1, -1)
    assert (gradient[sparse == 255] == 0).all()
    assert (gradient[sparse != 255].abs().sum(-1) > 0).all()


@pytest.mark.parametrize("dice_weight", [0.0, 1.0])
def test_loss_does_not_depend_on_unlabelled_pixels(logits, sparse, dice_weight):
    before = masked_loss(logits, sparse, dice_weight=dice_weight)
    other = logits.detach().clone()
    other.movedim(1, -1)[sparse == 255] += 100
    assert masked_loss(other, sparse, dice_weight=dice_weight) == before


def test_loss_is_not_diluted_by_unlabelled_pixels(logits, sparse):
    padded = F.pad(logits, (0, 50, 0, 50))
    target = F.pad(sparse, (0, 50, 0, 50), value=255)
    torch.testing.assert_close(masked_loss(padded, target), masked_loss(logits, sparse))


def test_cross_entropy_is_the_mean_over_labelled_pixels(logits, sparse):
    expected = F.cross_entropy(logits, sparse, ignore_index=255)
    torch.testing.assert_close(masked_loss(logits, sparse, dice_weight=0), expected)


def test_nothing_labelled_is_no_loss_and_no_gradient(logits):
    loss = masked_loss(logits, torch.full((2, 9, 7), 255))
    loss.backward()
    assert loss == 0
    assert (logits.grad == 0).all()


def test_dice_of_perfect_and_of_opposite():
    truth = torch.tensor([0] * 50 + [1] * 50)
    sure = F.one_hot(truth, 2).float() * 100
    assert dice_loss(sure, truth) == pytest.approx(0, abs=1e-6)
    assert dice_loss(-sure, truth) > 0.95


def test_dice_leaves_classes_out_that_do_not_occur():
    truth = torch.zeros(10, dtype=torch.long)
    even = torch.zeros(10, 3)
    assert dice_loss(even, truth) == pytest.approx(1 - (2 * 10 / 3 + 1) / (10 / 3 + 10 + 1))


def test_hidden_classes_get_no_gradient_and_no_probability(logits, sparse):
    known = class_columns(logits, torch.tensor([0, 2, 3]))
    assert (known.softmax(1)[:, 1] == 0).all()
    loss = masked_loss(known, sparse)
    loss.backward()
    assert loss.isfinite()
    assert (logits.grad[:, 1] == 0).all()
    assert (logits.grad[:, 0] != 0).any()


def test_sharpening_makes_the_likely_likelier_and_leaves_nothing_where_nothing_was():
    weak = torch.tensor([[0.6, 0.4, 0.0], [1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 0.0]])
    sharp = sharpened(weak.T[None, :, :, None])[0, :, :, 0].T
    expected = torch.tensor([[0.7714, 0.2286, 0.0], [1, 0, 0], [0.5, 0.5, 0], [0, 0, 0]])
    torch.testing.assert_close(sharp, expected, atol=1e-4, rtol=0)
