import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.color import rgb2lab

from unet_gui.regions.colors import lab, smooth_colors


@given(arrays(np.uint8, (3, 4, 3)), st.booleans())
def test_lab_is_that_of_skimage(image, grey):
    if grey:
        image[:] = image[..., :1]
    found = lab(image)
    assert found.dtype == np.float32
    assert np.abs(found - np.moveaxis(rgb2lab(image), 2, 0)).max() < 0.02


def test_smoothing_keeps_the_mean_of_each_channel():
    image = np.random.default_rng(0).integers(0, 255, (40, 50, 3)).astype(np.uint8)
    before, after = lab(image), smooth_colors(image)
    assert np.abs(before.mean((1, 2)) - after.mean((1, 2))).max() < 1
    assert after.std() < before.std()
