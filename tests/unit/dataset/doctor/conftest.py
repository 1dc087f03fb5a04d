"""Small datasets that are well, for tests to spoil in one way each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.progress import drain
from unet_gui.dataset.doctor import Report, examine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CLASSES = [
    {"id": 0, "name": "background", "color": "#000000"},
    {"id": 1, "name": "cell", "color": "#c80000"},
    {"id": 2, "name": "nucleus", "color": "#0000c8"},
]
SIZE = (48, 32)


def picture(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def ids(seed: int = 0, size: tuple[int, int] = SIZE, classes: int = 3) -> np.ndarray:
    """H×W class ids: bars of classes, moved a little by the seed."""
    width, height = size
    mask = np.zeros((height, width), np.uint8)
    step = width // classes
    for i in range(1, classes):
        mask[4:-4, i * step + seed % 4 : (i + 1) * step] = i
    return mask


class Zoo:
    """A folder with `images` and `masks` that is well until it is spoilt."""

    def __init__(self, root: Path, *, classes: int = 3, count: int = 4) -> None:
        self.root = root
        self.images, self.masks = root / "images", root / "masks"
        self.images.mkdir(parents=True)
        self.masks.mkdir()
        self.classes = CLASSES[:classes]
        (root / "classes.json").write_text(json.dumps({"classes": self.classes}), "utf-8")
        for i in range(count):
            picture(i).save(self.images / f"n{i}.png")
            Image.fromarray(ids(i, classes=classes)).save(self.masks / f"n{i}.png")

    @staticmethod
    def picture(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
        return picture(seed, size)

    @staticmethod
    def ids(seed: int = 0, size: tuple[int, int] = SIZE, classes: int = 3) -> np.ndarray:
        return ids(seed, size, classes)

    def content(self) -> dict[str, bytes]:
        """Every file and what is in it."""
        files = [p for p in self.root.rglob("*") if p.is_file()]
        return {p.relative_to(self.root).as_posix(): p.read_bytes() for p in files}

    def colored(self, mask: np.ndarray) -> Image.Image:
        """The mask in the colours of the classes."""
        colors = [tuple(bytes.fromhex(str(c["color"])[1:])) for c in self.classes]
        return Image.fromarray(np.array(colors, np.uint8)[mask])

    def project(self, **more: object) -> None:
        (self.root / "classes.json").unlink()
        settings = {"format": 1, "classes": self.classes, "images": "images", "masks": "masks"}
        (self.root / "project.json").write_text(json.dumps(settings | more), "utf-8")

    def image(self, name: str = "n0.png") -> Path:
        return self.images / name

    def mask(self, name: str = "n0.png") -> Path:
        return self.masks / name

    def put(self, mask: np.ndarray | Image.Image, name: str = "n0.png", **options: object) -> None:
        image = mask if isinstance(mask, Image.Image) else Image.fromarray(mask)
        image.save(self.mask(name), **options)

    def examine(self) -> Report:
        return drain(examine(self.root))


@pytest.fixture
def zoo(tmp_path: Path) -> Callable[..., Zoo]:
    def make(**options: int) -> Zoo:
        return Zoo(tmp_path / "zoo", **options)

    return make
