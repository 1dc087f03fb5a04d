"""Draws heaps of leaves: shapes that cover each other, of any size, colour and pattern.

The "dead leaves" model (Lee, Mumford and Huang 2001, section 2; Baradad et al. 2021, section 3.1)
has the edges, corners, junctions and sizes of photographs, which the other drawn images lack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from cell_images import fractal_noise, smooth_noise
from pattern_images import PATTERNS
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

SMALLEST: Final = 1.5
"""Radius of the smallest leaf in pixels."""

TEXTURES: Final = 3


def draw(seed: int, width: int, height: int) -> NDArray[np.uint8]:
    """One heap, H×W×3 uint8 RGB; the same seed gives the same image."""
    rng = np.random.default_rng(seed)
    shape = (height, width)
    palette = rng.uniform(0.05, 0.95, (rng.integers(3, 8), 3)).astype(np.float32)
    palette += (palette.mean(1, keepdims=True) - palette) * np.float32(rng.uniform(0, 0.8))
    textures = [_texture(rng, shape) for _ in range(TEXTURES)]
    image = _colour(rng, palette) + textures[0][..., None] * np.float32(rng.uniform(0, 0.12))
    largest = min(shape) * rng.uniform(0.15, 0.45)
    for _ in range(int(rng.integers(40, 220))):
        # sizes by a power law: as many details at each scale
        radius = SMALLEST * (largest / SMALLEST) ** rng.random()
        _lay(rng, image, palette, textures, float(radius))
    if rng.random() < 0.35:
        image[:] = image.mean(-1, keepdims=True)
    image *= 1 + 0.2 * smooth_noise(rng, shape, max(shape) / 1.5)[..., None]
    image = ndimage.gaussian_filter(image, (*[rng.uniform(0.3, 1.3)] * 2, 0))
    image = np.clip(image * rng.uniform(0.4, 1.2) + rng.uniform(-0.1, 0.15), 0, 1)
    image = image ** rng.uniform(0.6, 1.6) + rng.normal(0, rng.uniform(0.003, 0.06), image.shape)
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)


def _texture(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    if rng.random() < 0.5:
        return fractal_noise(rng, shape, rng.uniform(3, 40))
    return PATTERNS[rng.integers(len(PATTERNS))][1](rng, shape)


def _colour(rng: np.random.Generator, palette: Floats) -> Floats:
    colour: Floats = palette[rng.integers(len(palette))] + rng.normal(0, 0.06, 3).astype(np.float32)
    return colour


def _lay(
    rng: np.random.Generator,
    image: Floats,
    palette: Floats,
    textures: list[Floats],
    radius: float,
) -> None:
    """One leaf over what is there: an ellipse, a polygon or a long bar."""
    height, width = image.shape[:2]
    y, x = rng.uniform(0, height), rng.uniform(0, width)
    stretch = rng.uniform(1, 6) if rng.random() < 0.3 else rng.uniform(1, 1.7)
    reach = radius * stretch + 1
    top, bottom = max(0, int(y - reach)), min(height, int(y + reach) + 2)
    left, right = max(0, int(x - reach)), min(width, int(x + reach) + 2)
    ys, xs = np.mgrid[top:bottom, left:right].astype(np.float32)
    turn = rng.uniform(0, np.pi)
    u = ((xs - x) * np.cos(turn) + (ys - y) * np.sin(turn)) / stretch
    v = (ys - y) * np.cos(turn) - (xs - x) * np.sin(turn)
    corners = int(rng.integers(2, 7))
    if corners == 2:
        away = np.hypot(u, v)
    else:  # inside a polygon all sides are at most the radius away
        angles = np.arange(corners) * 2 * np.pi / corners + rng.uniform(0, 0.4, corners)
        away = np.max([u * np.cos(a) + v * np.sin(a) for a in angles], axis=0)
    cover = np.clip(radius - away + 0.5, 0, 1)[..., None] * np.float32(rng.uniform(0.5, 1) ** 0.3)
    ink = np.float32(rng.normal(0, 0.1)) * (0.5 + rng.random(3).astype(np.float32))
    texture = textures[rng.integers(len(textures))][top:bottom, left:right, None]
    shade = (u / radius * np.float32(rng.normal(0, 0.08)))[..., None]
    leaf = _colour(rng, palette) + texture * ink + shade
    part = image[top:bottom, left:right]
    part += (leaf - part) * cover
