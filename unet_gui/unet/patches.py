"""Training patches: drawn so that every class gets its turn, then varied."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.geometry import Rect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray
    from torch import Tensor

    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.unet.samples import Cell, SampleSet


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How much patches are varied. Flips and quarter turns are always drawn evenly.

    Attributes:
        scale: Zoom by up to this factor either way; 1 leaves the size alone.
        brightness: Added to all channels, up to this much of the full range either way.
        contrast: Contrast and saturation change by up to this factor either way.
        hue: Colours turn by up to this part of the full circle either way.
    """

    scale: float = 1.25
    brightness: float = 0.1
    contrast: float = 1.25
    hue: float = 0.05


@dataclass(frozen=True, slots=True)
class Patches:
    """What is learnt from in one step, or the part of it that one process has.

    Attributes:
        pixels: N×3×S×S float32 RGB in about 0..1.
        target: N×S×S int64 class ids, 255 where unlabelled.
        weak: N×C×S×S float32 probabilities where another learner was asked, 0 beyond the image;
            None where none was.
    """

    pixels: Tensor
    target: Tensor
    weak: Tensor | None = None


class PatchSampler:
    """Draws patches from the training cells of a sample set."""

    def __init__(
        self,
        samples: SampleSet,
        size: int,
        rng: np.random.Generator,
        augmentation: Augmentation | None = None,
        weak: Callable[[int, Rect], NDArray[np.uint8]] | None = None,
    ) -> None:
        """Prepare.

        Args:
            samples: Scanned.
            size: Side of a patch.
            rng: For `batch` and `draw`.
            augmentation: How patches are varied.
            weak: What another learner says of a rectangle of a sample, C×h×w probabilities as
                uint8.
        """
        self.size = size
        self._weak = weak
        self._samples = samples
        self._rng = rng
        self._augmentation = augmentation or Augmentation()
        self._draws = {i: _ClassDraw(samples.training, i) for i in samples.class_ids}
        self._held_back: dict[int, list[Rect]] = {}
        for cell in samples.held_back:
            self._held_back.setdefault(cell.sample, []).append(cell.rect)

    def batch(self, count: int) -> tuple[Tensor, Tensor]:
        """N×3×S×S float32 RGB in about 0..1 and N×S×S int64 class ids, 255 where unlabelled."""
        pairs = [self.draw() for _ in range(count)]
        return torch.stack([p for p, _ in pairs]), torch.stack([m for _, m in pairs])

    def part(self, key: tuple[int, int], places: Iterable[int]) -> Patches:
        """The patches at some `places` of the batch that belongs to `key`.

        What is drawn follows from key and place alone, so several processes can share a batch, and
        one that goes on later draws what it would have drawn.
        """
        drawn = [self._drawn(np.random.default_rng((*key, place))) for place in places]
        pixels, target, weak = zip(*drawn, strict=True)
        answers = torch.stack([w for w in weak if w is not None]) if self._weak else None
        return Patches(torch.stack(pixels), torch.stack(target), answers)

    def draw(self) -> tuple[Tensor, Tensor]:
        """One patch around a random labelled pixel; classes and images take even turns."""
        return self._drawn(self._rng)[:2]

    def _drawn(self, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor | None]:
        augmentation = self._augmentation
        class_id = list(self._draws)[rng.integers(len(self._draws))]
        cell = self._draws[class_id].cell(rng)
        image, mask = self._samples.read(cell.sample)
        ys, xs = np.nonzero(mask[cell.rect.slices] == class_id)
        at = rng.integers(len(ys))
        zoom = math.exp(rng.uniform(-1, 1) * math.log(augmentation.scale))
        side = max(1, round(self.size / zoom))
        x, y = cell.rect.x0 + int(xs[at]), cell.rect.y0 + int(ys[at])
        rect = _around(x, y, side, mask.shape, rng)
        patch, labels = cut(image, mask, rect, side, self._held_back.get(cell.sample, []))
        self._samples.thin(cell.sample, rect, labels[: rect.height, : rect.width], rng)
        turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
        patch, labels = _turned(patch, turns, mirrored), _turned(labels, turns, mirrored)
        pixels, target = _resized(patch, labels, self.size)
        weak = None
        if self._weak is not None:
            below, beyond = side - rect.height, side - rect.width
            found = np.pad(self._weak(cell.sample, rect), ((0, 0), (0, below), (0, beyond)))
            found = np.moveaxis(_turned(np.moveaxis(found, 0, -1), turns, mirrored), -1, 0)
            weak = _resized_weak(np.ascontiguousarray(found), self.size)
        return vary_colour(pixels, augmentation, rng), target, weak


def _around(x: int, y: int, side: int, shape: tuple[int, ...], rng: np.random.Generator) -> Rect:
    """A square of this side (less at the image's border) that holds the pixel x, y."""
    height, width = shape
    x0 = int(np.clip(x - rng.integers(side), 0, max(width - side, 0)))
    y0 = int(np.clip(y - rng.integers(side), 0, max(height - side, 0)))
    return Rect(x0, y0, min(x0 + side, width), min(y0 + side, height))


class _ClassDraw:
    """Draws a cell for one class: images take even turns, cells count by their pixels."""

    def __init__(self, cells: list[Cell], class_id: int) -> None:
        by_sample: dict[int, list[Cell]] = {}
        for cell in cells:
            if class_id in cell.counts:
                by_sample.setdefault(cell.sample, []).append(cell)
        self._cells = list(by_sample.values())
        self._sums = [np.cumsum([c.counts[class_id] for c in group]) for group in self._cells]

    def cell(self, rng: np.random.Generator) -> Cell:
        i = int(rng.integers(len(self._cells)))
        sums = self._sums[i]
        return self._cells[i][int(np.searchsorted(sums, rng.integers(sums[-1]), side="right"))]


def cut(
    image: RgbImage, mask: ClassMask, rect: Rect, side: int, held_back: list[Rect]
) -> tuple[RgbImage, ClassMask]:
    """A side×side patch: held-back pixels unlabelled; mirrored, unlabelled, beyond the image."""
    patch, labels = image[rect.slices], mask[rect.slices].copy()
    for held in held_back:
        part = held.intersection(rect)
        if not part.empty:
            labels[part.moved(-rect.x0, -rect.y0).slices] = UNLABELLED
    below, beyond = side - rect.height, side - rect.width
    if below or beyond:
        # np.pad mirrors again and again when the image is much smaller than the patch
        mode = "symmetric" if min(rect.height, rect.width) == 1 else "reflect"
        patch = np.pad(patch, ((0, below), (0, beyond), (0, 0)), mode=mode)  # type: ignore[call-overload]
        labels = np.pad(labels, ((0, below), (0, beyond)), constant_values=UNLABELLED)
    return patch, labels


def _turned(patch: NDArray[np.uint8], turns: int, mirrored: bool) -> NDArray[np.uint8]:
    patch = np.rot90(patch, turns)
    return np.ascontiguousarray(patch[:, ::-1] if mirrored else patch)


def _resized(
    patch: NDArray[np.uint8], labels: NDArray[np.uint8], size: int
) -> tuple[Tensor, Tensor]:
    pixels = torch.from_numpy(patch).permute(2, 0, 1).float().div_(255)
    target = torch.from_numpy(labels)
    if pixels.shape[-1] != size:
        smaller = pixels.shape[-1] > size
        pixels = F.interpolate(
            pixels[None], (size, size), mode="bilinear", align_corners=False, antialias=smaller
        )[0]
        target = F.interpolate(target[None, None], (size, size), mode="nearest-exact")[0, 0]
    return pixels, target.long()


def _resized_weak(found: NDArray[np.uint8], size: int) -> Tensor:
    weak = torch.from_numpy(found).float().div_(255)
    if weak.shape[-1] == size:
        return weak
    return F.interpolate(weak[None], (size, size), mode="bilinear", align_corners=False)[0]


def vary_colour(pixels: Tensor, augmentation: Augmentation, rng: np.random.Generator) -> Tensor:
    """Random brightness, contrast, saturation and hue of 3×H×W float32 RGB.

    Hue turns the colour about the grey axis (Rodrigues' formula), which leaves grey images grey.
    """
    spread = math.log(augmentation.contrast)
    contrast, saturation = (math.exp(rng.uniform(-1, 1) * spread) for _ in range(2))
    brightness = rng.uniform(-1, 1) * augmentation.brightness
    angle = rng.uniform(-1, 1) * augmentation.hue * 2 * math.pi
    mean = pixels.mean()
    pixels = (pixels - mean) * contrast + (mean + brightness)
    grey = pixels.mean(0, keepdim=True)
    cos, sin = math.cos(angle), math.sin(angle) / math.sqrt(3)
    cross = torch.tensor([[0.0, -sin, sin], [sin, 0.0, -sin], [-sin, sin, 0.0]])
    turn = torch.eye(3) * cos + cross + (1 - cos) / 3
    return grey + saturation * torch.einsum("ij,jhw->ihw", turn, pixels - grey)
