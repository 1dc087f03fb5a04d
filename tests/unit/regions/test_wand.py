from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from unet_gui.regions.components import piece
from unet_gui.regions.wand import ColorWand

images = st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(
    lambda shape: arrays(np.uint8, (*shape, 3), elements=st.sampled_from([0, 60, 64, 200, 255]))
)


@settings(max_examples=60, deadline=None)
@given(images, st.data(), st.integers(0, 255), st.integers(0, 255))
def test_more_tolerance_never_takes_less(image, data, a, b):
    x = data.draw(st.integers(0, image.shape[1] - 1))
    y = data.draw(st.integers(0, image.shape[0] - 1))
    wand = ColorWand(image, (x, y))
    low, high = sorted((a, b))
    for connected in (True, False):
        small = wand.region(low, connected=connected)
        large = wand.region(high, connected=connected)
        assert small.shape == image.shape[:2]
        assert small[y, x]
        assert not (small & ~large).any()
    joined = wand.region(low)
    assert np.array_equal(joined, piece(joined, x, y))
    assert not (joined & ~wand.region(low, connected=False)).any()


def test_it_takes_a_field_of_one_colour_and_not_its_twin_elsewhere(drawn):
    image = np.full((20, 30, 3), 90, np.uint8)
    image[4:9, 3:9] = image[4:9, 20:26] = (200, 40, 40)
    wand = ColorWand(image, (5, 6))
    assert wand.region(30).sum() == 30
    assert wand.region(30, connected=False).sum() == 60
    assert wand.region(-5)[6, 5]
    assert wand.region(255).all()


def test_black_and_white_are_255_apart():
    image = np.zeros((3, 9, 3), np.uint8)
    image[:, 5:] = 255
    assert ColorWand(image, (1, 1)).distance.max() == 255


def test_one_noisy_pixel_does_not_decide():
    image = np.full((9, 9, 3), 100, np.uint8)
    image[4, 4] = 130
    assert ColorWand(image, (4, 4)).region(8).all()
