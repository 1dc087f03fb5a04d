"""Small projects of any masks, and what an export of them should hold."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.classes import ClassTable
from unet_gui.dataset.images import load_image
from unet_gui.dataset.project import Project


@pytest.fixture(scope="session")
def make_project():
    """`make_project(folder, masks by name, classes)`: a project of random images with them."""
    return _make_project


@pytest.fixture(scope="session")
def expected():
    """`expected(project, report)`: mask and image by name in the export."""
    return _expected


@pytest.fixture
def odd_project(tmp_path):
    """Everything that is rare: 255 classes, 1×1, holes, dots, long and foreign names."""
    rng = np.random.default_rng(1)
    ring = np.full((9, 13), 7, np.uint8)
    ring[2:7, 3:9], ring[4, 5] = 200, 7
    dots = np.full((16, 16), 255, np.uint8)
    dots[::3, ::5] = rng.integers(0, 255, dots[::3, ::5].shape)
    masks = {
        "one pixel.png": np.array([[254]], np.uint8),
        "细胞 Übung #1.png": ring,
        f"{'l' * 230}.png": ring,
        f"{'长' * 70}.png": dots,
        "sub/dots.png": dots,
        "all.png": np.arange(256, dtype=np.uint8).reshape(16, 16),
        "void.png": np.where(ring == 7, 255, 0).astype(np.uint8),
    }
    return _make_project(tmp_path, masks, ClassTable.from_names([f"c {i}" for i in range(255)]))


def _make_project(tmp_path, masks, classes):
    rng = np.random.default_rng(0)
    images = tmp_path / "pictures"
    for name, mask in masks.items():
        path = images / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (*mask.shape, 3), np.uint8)).save(path)
    project = Project.create(tmp_path / "project", images=images, classes=classes)
    for name, mask in masks.items():
        project.save_mask(project.entry(name), mask)
    return project


def _expected(project, report):
    by_stem = {}
    for name in (*report.train, *report.val, *report.test):
        stem = name.rpartition("__")[2]
        entry = next(e for e in project.images if e.path.stem == stem)
        by_stem[name] = project.load_mask(entry), load_image(entry.path)
    return by_stem
