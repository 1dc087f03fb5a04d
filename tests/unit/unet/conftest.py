"""Small networks, samples and fake devices for the tests of the learners."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from unet_gui.core.classes import ClassTable
from unet_gui.unet.checkpoint import Checkpoint, class_list
from unet_gui.unet.instant import learner as learning
from unet_gui.unet.model import ModelSpec, build
from unet_gui.unet.samples import Sample

WIDTH = 0.125


@pytest.fixture(autouse=True)
def few_steps(monkeypatch):
    """Drawn samples are labelled whole, and every guided round would learn surroundings."""
    monkeypatch.setattr(learning, "CONTEXT_STEPS", 4)
    monkeypatch.setattr(learning, "MORE_CONTEXT_STEPS", 2)


@pytest.fixture
def classes() -> ClassTable:
    return ClassTable.from_names(["background", "disc", "square"])


@pytest.fixture
def make_checkpoint(classes):
    """`make_checkpoint("lite")` is a random network of width 1/8 that knows the three classes."""

    def make(decoder="tutorial", *, seed=0, num_classes=3, table=classes, **info) -> Checkpoint:
        torch.manual_seed(seed)
        spec = ModelSpec(decoder, num_classes, width=WIDTH)
        about = {"normalisation": "unit", **spec.to_info(), **info}
        if table is not None:
            about["classes"] = class_list(table)
        return Checkpoint(build(spec).eval(), spec, about)

    return make


@pytest.fixture
def drawn_samples(drawn):
    """`drawn_samples(2)` are fully labelled samples of 96×64 pixels."""

    def make(count: int, size=(96, 64)) -> list[Sample]:
        return [Sample.of(f"{i}.png", *drawn(i, size)) for i in range(count)]

    return make


@pytest.fixture
def vgg16_file() -> Path:
    """ImageNet weights of VGG16's convolutions; skips where they are not there."""
    shared = os.environ.get("UNET_GUI_SHARED") or Path(__file__).parents[3].parent / "shared"
    path = Path(shared) / "weights" / "vgg16_imagenet_features.fp16.safetensors"
    if not path.is_file():
        pytest.skip(f"the weights of VGG16 are not at {path}")
    return path


@pytest.fixture
def noise():
    """`noise(h, w)` is an H×W×3 image of coloured blocks, which a network has opinions about."""

    def make(height: int, width: int, seed: int = 0) -> np.ndarray:
        rng = np.random.default_rng(seed)
        blocks = rng.integers(0, 256, (-(-height // 10), -(-width // 10), 3), dtype=np.uint8)
        return np.ascontiguousarray(blocks.repeat(10, 0).repeat(10, 1)[:height, :width])

    return make
