"""Filters on images of any size."""

import numpy as np
import pytest
from scipy import ndimage

from unet_gui.unet.instant.filters import OCTAVES, _blurred, filter_octaves
from unet_gui.unet.instant.smoothing import RADIUS, _box


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (7, 9), (16, 17)])
def test_the_smallest_images_have_features_too(shape):
    octaves = filter_octaves(np.full((*shape, 3), 90, np.uint8))
    sizes = [tuple(-(-side >> k) for side in shape) for k in range(OCTAVES)]
    assert [octave.shape[:2] for octave in octaves] == sizes
    assert all(np.isfinite(octave).all() for octave in octaves)


@pytest.mark.parametrize("sigma", [0.7, 1.4, 2.8])
@pytest.mark.parametrize("shape", [(40, 56), (16, 16)])
def test_blurring_is_what_scipy_does(sigma, shape):
    plane = np.random.default_rng(0).random(shape, np.float32)
    expected = ndimage.gaussian_filter(plane, sigma, mode="nearest", truncate=3.0)
    np.testing.assert_allclose(_blurred(plane, sigma), expected, atol=1e-6)


def test_means_of_squares_are_what_scipy_says():
    plane = np.random.default_rng(0).random((30, 41), np.float32) + 100
    expected = ndimage.uniform_filter(plane.astype(np.float64), 2 * RADIUS + 1, mode="nearest")
    np.testing.assert_allclose(_box(plane), expected, rtol=1e-6)
