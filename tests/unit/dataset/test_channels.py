"""Contrast stretching: the same for the screen and the network."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from unet_gui.dataset.channels import stretch, to_rgb


@given(hnp.arrays(np.uint16, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_order_is_kept(plane):
    stretched = stretch(plane)
    order = np.argsort(plane, axis=None, kind="stable")
    assert (np.diff(stretched.ravel()[order].astype(int)) >= 0).all()


def test_outliers_do_not_darken_the_rest():
    plane = np.tile(np.linspace(100, 200, 1000), (10, 1)).astype(np.uint16)
    plane[0, 0] = 65535
    assert stretch(plane).mean() > 100


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_a_few_bright_pixels_on_black_are_seen(dtype):
    plane = np.zeros((100, 100), dtype)
    plane[50, 50:54] = 900
    assert stretch(plane).max() == 255


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_flat_is_black(dtype):
    assert stretch(np.full((3, 3), 7, dtype)).max() == 0


def test_8_bit_is_left_alone():
    plane = np.arange(200, dtype=np.uint8).reshape(10, 20)
    assert stretch(plane) is plane


def test_complex_shows_its_magnitude():
    assert stretch(np.array([[3 + 4j, 0]])).tolist() == [[255, 0]]


def test_channels_are_stretched_each_for_itself():
    ramp = np.arange(10000).reshape(100, 100)
    rgb = to_rgb(np.dstack([ramp, ramp * 3, ramp + 5]).astype(np.uint16))
    assert np.array_equal(rgb[..., 0], rgb[..., 2])
    assert rgb.flags.c_contiguous
