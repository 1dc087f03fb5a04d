"""Draws patchworks of patterns: the first lesson of the starter's encoder.

Each patch shows grain, spots, fibres, stripes, a web or nothing, at any scale, direction and
colour. Only the pattern tells which; so the encoder must learn edges and textures, not colours,
and is of use for images that look nothing like cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from cell_images import fractal_noise, smooth_noise
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Pattern = Callable[[np.random.Generator, tuple[int, int]], Floats]


def _plain(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    return smooth_noise(rng, shape, rng.uniform(40, 120)) * 0.15


def _grain(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    return smooth_noise(rng, shape, rng.uniform(1.5, 4))


def _clouds(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    return fractal_noise(rng, shape, rng.uniform(10, 24))


def _spots(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Round dots, each with an edge."""
    radius = rng.uniform(1.5, 7)
    seeds = rng.random(shape) < rng.uniform(0.05, 0.16) / radius**2
    away = ndimage.distance_transform_edt(~seeds)
    return (2 * np.clip((radius - away) / 1.2 + 0.5, 0, 1) - 0.5).astype(np.float32)


def _stripes(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Parallel waves, slightly bent."""
    turn, length = rng.uniform(0, np.pi), rng.uniform(4, 16)
    ys, xs = np.mgrid[: shape[0], : shape[1]]
    across = xs * np.cos(turn) + ys * np.sin(turn)
    bend = smooth_noise(rng, shape, 40) * length * 0.4
    return np.sin((across + bend) * 2 * np.pi / length).astype(np.float32)


def _fibres(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Thin lines that wander: where smooth noise crosses zero."""
    field = smooth_noise(rng, shape, rng.uniform(12, 30))
    steep = np.hypot(*np.gradient(field)) + 1e-3
    width = rng.uniform(0.8, 2.5)
    return (2 * np.exp(-((field / steep / width) ** 2)) - 0.4).astype(np.float32)


def _web(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Walls between cells, as in foam, epithelium or grains of metal."""
    size = rng.uniform(8, 26)
    seeds = rng.random(shape) < 1 / size**2
    seeds[rng.integers(shape[0]), rng.integers(shape[1])] = True
    where = ndimage.distance_transform_edt(~seeds, return_distances=False, return_indices=True)
    owner = where[0] * shape[1] + where[1]
    wall = (owner != np.roll(owner, 1, 0)) | (owner != np.roll(owner, 1, 1))
    away = ndimage.distance_transform_edt(~wall)
    return (2 * np.exp(-((away / rng.uniform(1, 2.2)) ** 2)) - 0.4).astype(np.float32)


PATTERNS: Final[tuple[tuple[str, Pattern], ...]] = (
    ("plain", _plain),
    ("grain", _grain),
    ("clouds", _clouds),
    ("spots", _spots),
    ("stripes", _stripes),
    ("fibres", _fibres),
    ("web", _web),
)


def draw(seed: int, width: int, height: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """One patchwork and its truth.

    Returns:
        H×W×3 uint8 RGB and H×W uint8, the index of each pixel's pattern in PATTERNS.
    """
    rng = np.random.default_rng(seed)
    shape = (height, width)
    chosen = rng.permutation(len(PATTERNS))[: rng.integers(2, 5)]
    scale = rng.uniform(35, 110)
    regions = np.argmax([smooth_noise(rng, shape, scale) for _ in chosen], axis=0)
    image = np.zeros((height, width, 3), np.float32)
    truth = chosen[regions].astype(np.uint8)
    shared = rng.uniform(0.15, 0.85, 3)
    for k, pattern in enumerate(chosen):
        values = PATTERNS[pattern][1](rng, shape)
        ground = shared + rng.normal(0, 0.12, 3)
        ink = rng.normal(0, 0.16, 3)
        ink += np.sign(ink.sum()) * 0.08
        here = regions == k
        image[here] = (ground + values[..., None] * ink)[here]
    if rng.random() < 0.35:
        image[:] = image.mean(axis=-1, keepdims=True)
    light = 1 + 0.12 * smooth_noise(rng, shape, max(shape) / 1.5)
    image = ndimage.gaussian_filter(image, (*[rng.uniform(0.3, 1.1)] * 2, 0)) * light[..., None]
    image += rng.normal(0, rng.uniform(0.005, 0.05), image.shape)
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8), truth
