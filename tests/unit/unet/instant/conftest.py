"""A small encoder and painted images for the tests of the instant learner."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from unet_gui.core.progress import drain
from unet_gui.unet import weights
from unet_gui.unet.device import Device
from unet_gui.unet.instant import learner as learning
from unet_gui.unet.instant import live
from unet_gui.unet.instant.cache import FeatureCache
from unet_gui.unet.instant.features import extract, ready_encoder
from unet_gui.unet.instant.learner import Effort, fit, new_net
from unet_gui.unet.instant.live import LiveLearner, View
from unet_gui.unet.instant.memory import lesson, remember
from unet_gui.unet.model import Encoder

FP32 = Device("cpu", torch.device("cpu"), None, channels_last=True, name="CPU")
QUICK = Effort(steps=60, warm_steps=20, trees=10)
SHAPE = (96, 64)


@pytest.fixture
def small_weights():
    torch.manual_seed(0)
    return weights.of_encoder(Encoder(3, 0.125), "small", "unit")


@pytest.fixture
def small_file(tmp_path, small_weights):
    path = tmp_path / "small.safetensors"
    save_file({k: v.contiguous() for k, v in small_weights.tensors.items()}, path)
    return path


def striped(mask: np.ndarray) -> np.ndarray:
    """Every eighth row of a truth, as strokes would leave it."""
    painted = np.full_like(mask, 255)
    painted[::8] = mask[::8]
    return painted


@pytest.fixture
def learnt(small_weights, drawn):
    """`learnt()` is a net fitted to two drawn images, and the lesson."""

    def make(seed=0, effort=QUICK):
        net = new_net(small_weights, 3, seed=seed)
        encoder = ready_encoder(net, FP32)
        painted = []
        for i in range(2):
            image, truth = drawn(i, (96, 64))
            painted.append(remember(extract(image, encoder, "unit", FP32), striped(truth)))
        taught = lesson(painted)
        drain(fit(net, taught, effort))
        return net, taught

    return make


@pytest.fixture
def learner(small_weights, monkeypatch, tmp_path):
    """A live learner that is soon done."""
    monkeypatch.setattr(live, "LIVE", QUICK)
    monkeypatch.setattr(learning, "CONTEXT_STEPS", 6)
    monkeypatch.setattr(learning, "MORE_CONTEXT_STEPS", 3)
    return LiveLearner(small_weights, 3, FP32, FeatureCache(tmp_path / "features"))


@pytest.fixture
def view(drawn):
    """`view(seed)` is a drawn image as a live learner sees it, and the truth."""

    def make(seed):
        image, truth = drawn(seed, SHAPE)
        return View(f"{seed}.png", truth.shape, lambda rect: image[rect.slices]), truth

    return make
