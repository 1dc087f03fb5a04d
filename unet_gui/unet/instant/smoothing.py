"""Probabilities smoothed along the image's own edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.core.document import RgbImage

    Floats = NDArray[np.float32]

RADIUS: Final = 4
CONTRAST: Final = 1e-5
"""Variance of intensity (0..1) below which a window counts as flat."""


def smoothed(planes: Floats, guide: Floats) -> Floats:
    """A guided filter (He et al. 2010, "Guided image filtering", section 3.1) of each class.

    Borders follow edges of the image, specks of single pixels go.

    Args:
        planes: C×H×W float32 that sum to 1 over C.
        guide: H×W float32 intensity in 0..1.

    Returns:
        C×H×W float32, at least 0, that sum to 1 over C.
    """
    mean = _box(guide)
    variance = _box(guide * guide) - mean * mean
    variance = np.maximum(variance, 0) + np.float32(CONTRAST)
    smooth = np.empty_like(planes)
    for plane, out in zip(planes, smooth, strict=True):
        if not plane.any():
            out[:] = 0
            continue
        mean_plane = _box(plane)
        slope: Floats = (_box(guide * plane) - mean * mean_plane) / variance
        offset = mean_plane - slope * mean
        np.maximum(_box(slope) * guide + _box(offset), 0, out=out)
    out_of = smooth.sum(0)
    found: Floats = smooth / np.maximum(out_of, np.float32(1e-6))
    return found


def intensity(image: RgbImage) -> Floats:
    """H×W×3 uint8 to H×W float32 in 0..1."""
    grey: Floats = image.mean(2, dtype=np.float32) / np.float32(255)
    return grey


def _box(plane: Floats) -> Floats:
    """Means of squares, as scipy.ndimage's uniform filter, which takes a while to load."""
    side = 2 * RADIUS + 1
    for _ in range(2):
        rows = len(plane)
        wide = np.pad(plane, ((RADIUS, RADIUS), (0, 0)), mode="edge")
        total = wide[:rows].copy()
        for offset in range(1, side):
            total += wide[offset : offset + rows]
        total /= side
        plane = np.ascontiguousarray(total.T)
    return plane
