"""The score on held-back corrections."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.unet.device import Device
from unet_gui.unet.samples import Cell, Sample, SampleSet
from unet_gui.unet.scoring import Score, ScoreSet, chosen

CPU = Device("cpu", torch.device("cpu"), None, channels_last=True, name="CPU")


def sample_set(side=300):
    y, x = np.mgrid[:side, :side]
    mask = ((y // 20 + x // 20) % 2).astype(np.uint8)
    image = np.stack([mask * 200] * 3, -1).astype(np.uint8)
    found = SampleSet([Sample.of("a.png", image, mask)])
    drain(found.scan([0, 1]))
    return found


class Reads:
    """A network that says what the image says, or the opposite."""

    training = True

    def __init__(self, spec, sign=1.0):
        self.spec, self.sign = spec, sign

    def eval(self):
        self.training = False

    def train(self, mode):
        self.training = mode

    def __call__(self, x):
        bright = self.sign * (x[:, :1] - 0.3)
        return torch.cat([-bright, bright, torch.full_like(bright, 99)], 1)


@pytest.fixture
def spec(make_checkpoint):
    return make_checkpoint().spec


def test_only_held_back_pixels_are_scored(spec):
    samples = sample_set()
    score_set = ScoreSet(samples)
    assert len(score_set) == len(samples.held_back) > 0
    net = Reads(spec)
    score = score_set.score(net, CPU, "unit", [0, 1])
    assert score.miou == 1
    assert score.iou == {0: 1.0, 1: 1.0}
    assert score.pixels == sum(sum(c.counts.values()) for c in samples.held_back)
    assert net.training
    assert score_set.score(Reads(spec, -1), CPU, "unit", [0, 1]).miou == 0


def test_nothing_held_back_is_no_score(spec):
    empty = SampleSet([])
    score = ScoreSet(empty).score(Reads(spec), CPU, "unit", [0, 1])
    assert math.isnan(score.miou)
    assert score.pixels == 0


def test_better_is_strictly_better():
    good, bad, none = Score(0.9), Score(0.5), Score()
    assert good.better_than(bad)
    assert not bad.better_than(good)
    assert not good.better_than(good)
    assert good.better_than(None)
    assert none.better_than(good)
    assert good.better_than(none)


def cell(draw, *classes):
    return Cell(0, Rect(draw, 0, draw + 1, 1), dict.fromkeys(classes, 5), draw)


def test_rare_classes_are_in_every_choice():
    many = [cell(i, 0) for i in range(100)]
    rare = cell(1000, 0, 1)
    picked = chosen([*many, rare], most=5)
    assert len(picked) == 5
    assert rare in picked
    assert chosen([rare, *reversed(many)], most=5) == picked
    assert chosen([], most=5) == []


def test_few_cells_are_all_taken_once():
    cells = [cell(1, 0, 1), cell(2, 1)]
    assert sorted(c.draw for c in chosen(cells)) == [1, 2]


class Boasts(Reads):
    """Surely right where it is bright, and as surely right as wrong where it is less sure."""

    def __call__(self, x):
        bright = x[:, :1] > 0.3
        coin = (torch.arange(x.shape[-1]) % 2 == 0).expand_as(bright)
        one = torch.where(bright, 4.0, torch.where(coin, 0.4, -0.4))
        return torch.cat([-one, one], 1)


def test_the_threshold_is_where_nine_in_ten_were_right(spec):
    score_set = ScoreSet(sample_set())
    assert 0.7 <= score_set.score(Boasts(spec), CPU, "unit", [0, 1]).threshold <= 0.9
    assert score_set.score(Reads(spec), CPU, "unit", [0, 1]).threshold == pytest.approx(
        0.5, abs=0.1
    )
    # a network that is never right nine times in ten keeps the usual one
    assert score_set.score(Reads(spec, -1.0), CPU, "unit", [0, 1]).threshold == 0.6


def test_a_threshold_is_written_where_there_is_one():
    assert "threshold" not in Score(0.5).to_info()
    assert Score(0.5, threshold=0.7).to_info()["threshold"] == 0.7
