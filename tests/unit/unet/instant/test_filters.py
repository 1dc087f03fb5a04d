"""Filters on images of any size."""

import numpy as np
import pytest

from unet_gui.unet.instant.filters import OCTAVES, filter_octaves


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (7, 9), (16, 17)])
def test_the_smallest_images_have_features_too(shape):
    octaves = filter_octaves(np.full((*shape, 3), 90, np.uint8))
    sizes = [tuple(-(-side >> k) for side in shape) for k in range(OCTAVES)]
    assert [octave.shape[:2] for octave in octaves] == sizes
    assert all(np.isfinite(octave).all() for octave in octaves)
