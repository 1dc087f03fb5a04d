"""Classic filter responses at five scales: edges, ridges, blobs and texture of each channel.

The set is the one of interactive pixel classifiers (Sommer et al. 2011, "ilastik", section 2):
smoothed intensity, gradient magnitude, eigenvalues of the Hessian (Frangi et al. 1998, section
2.1) and local standard deviation. Each doubling of the scale halves the resolution, so that the
whole bank costs little more than its finest scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.core.document import RgbImage

    Floats = NDArray[np.float32]

OCTAVES: Final = 4
PER_SCALE: Final = 5
FEATURES: Final = (OCTAVES + 1) * PER_SCALE
"""Of one channel: two scales at full resolution, one at each coarser octave."""

FINEST: Final = 0.7
SIGMA: Final = 1.4
"""In pixels of the octave: 1.4, 2.8, 5.6 and 11.2 pixels of the image."""

ALIGN: Final = 1 << (OCTAVES - 1)


def filter_octaves(image: RgbImage) -> list[Floats]:
    """Filter responses of an image.

    Args:
        image: H×W×3 uint8. Grey images, whose channels are equal, count as one channel.

    Returns:
        For octave k an array ⌈H/2ᵏ⌉×⌈W/2ᵏ⌉×C×F float32, F = 10 for k = 0, else 5, and C = 1
        for a grey image, else 3.
    """
    height, width = image.shape[:2]
    # at least two points at the coarsest octave, or there is no slope
    pad = (*((0, max(-side % ALIGN, 2 * ALIGN - side)) for side in (height, width)), (0, 0))
    planes = np.pad(image if not is_grey(image) else image[..., :1], pad, mode="edge")
    banks = [_of_channel(np.ascontiguousarray(p)) for p in np.moveaxis(planes, -1, 0)]
    return [
        np.stack([bank[k] for bank in banks], 2)[: -(-height >> k) or 1, : -(-width >> k) or 1]
        for k in range(OCTAVES)
    ]


def is_grey(image: RgbImage) -> bool:
    """Whether all three channels are equal."""
    red = image[..., 0]
    return bool((red == image[..., 1]).all() and (red == image[..., 2]).all())


def _of_channel(plane: NDArray[np.uint8]) -> list[Floats]:
    base = plane.astype(np.float32) / np.float32(255)
    square = base * base
    finest = _responses(base, square, FINEST)
    octaves = []
    for k in range(OCTAVES):
        if k:
            base, square = _halved(base), _halved(square)
        coarse = _responses(base, square, SIGMA)
        octaves.append(np.stack(finest + coarse if k == 0 else coarse, -1))
    return octaves


def _responses(base: Floats, square: Floats, sigma: float) -> list[Floats]:
    smooth = _blurred(base, sigma)
    gy, gx = np.gradient(smooth)
    gyy, gyx = np.gradient(gy)
    gxx = np.gradient(gx, axis=1)
    middle = (gxx + gyy) * 0.5
    spread = np.hypot((gxx - gyy) * 0.5, gyx)
    scale = np.float32(sigma * sigma)
    variance = _blurred(square, 2 * sigma) - _blurred(base, 2 * sigma) ** 2
    return [
        smooth,
        np.hypot(gx, gy) * np.float32(sigma),
        (middle + spread) * scale,
        (middle - spread) * scale,
        np.sqrt(np.maximum(variance, 0)),
    ]


def _blurred(plane: Floats, sigma: float) -> Floats:
    """A Gaussian cut off at three sigma, as scipy.ndimage's, which takes a while to load."""
    reach = int(3 * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(reach + 1) / sigma) ** 2)
    weights = (weights / (2 * weights.sum() - weights[0])).astype(np.float32)
    for _ in range(2):
        rows = len(plane)
        wide = np.pad(plane, ((reach, reach), (0, 0)), mode="edge")
        blurred = wide[reach : reach + rows] * weights[0]
        for offset in range(1, reach + 1):
            above, below = reach - offset, reach + offset
            pair = wide[above : above + rows] + wide[below : below + rows]
            pair *= weights[offset]
            blurred += pair
        plane = np.ascontiguousarray(blurred.T)
    return plane


def _halved(plane: Floats) -> Floats:
    height, width = plane.shape
    pairs = plane.reshape(height // 2, 2, width // 2, 2)
    halved: Floats = pairs.mean((1, 3))
    return halved
