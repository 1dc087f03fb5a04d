"""Images turned and in other light."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unet_gui.unet.instant.varied import varied


def labelled(height, width):
    """Every pixel has the brightness of its class."""
    mask = np.arange(height * width, dtype=np.uint8).reshape(height, width)
    return np.repeat(mask[..., None] + np.uint8(60), 3, 2), mask


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 12))
def test_image_and_mask_turn_alike_and_brighter_stays_brighter(seed, height, width):
    image, mask = labelled(height, width)
    other, labels = varied(image, mask, np.random.default_rng(seed))
    assert sorted(labels.shape) == sorted(mask.shape)
    assert other.shape == (*labels.shape, 3)
    assert other.dtype == labels.dtype == np.uint8
    order = np.argsort(labels, axis=None)
    np.testing.assert_array_equal(labels.ravel()[order], mask.ravel())
    for channel in np.moveaxis(other, 2, 0):
        assert (np.diff(channel.ravel()[order].astype(int)) >= 0).all()


def test_all_eight_ways_and_many_lights_come_up():
    image, mask = labelled(2, 3)
    found = [varied(image, mask, np.random.default_rng(i)) for i in range(100)]
    assert len({labels.shape + tuple(labels.ravel()) for _, labels in found}) == 8
    assert np.std([other.mean() for other, _ in found]) > 20


@pytest.mark.parametrize("seed", range(3))
def test_the_same_numbers_give_the_same(seed):
    image, mask = labelled(5, 4)
    first, second = (varied(image, mask, np.random.default_rng(seed)) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
