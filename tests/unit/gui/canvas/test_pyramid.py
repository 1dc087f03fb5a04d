"""Smaller versions of image and mask."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.gui.canvas import pyramid
from unet_gui.gui.canvas.pyramid import CodePyramid, build_pyramid


def channels(level):
    return np.stack([level >> s & 255 for s in (16, 8, 0)], -1).astype(np.float64)


def test_the_first_level_is_the_image_itself():
    image = np.random.default_rng(0).integers(0, 256, (7, 5, 3), np.uint8)
    levels = drain(build_pyramid(image))
    assert len(levels) == 1
    assert np.array_equal(channels(levels[0]), image)
    assert (levels[0] >> 24 == 255).all()


@pytest.mark.parametrize("shape", [(1030, 600), (1031, 601), (513, 1)])
def test_each_level_is_the_mean_of_two_by_two(shape):
    image = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
    levels = drain(build_pyramid(image))
    assert max(levels[-1].shape) <= pyramid.SMALLEST
    for below, level in pairwise(levels):
        padded = np.pad(channels(below), [(0, s % 2) for s in below.shape] + [(0, 0)], "edge")
        height, width = padded.shape[0] // 2, padded.shape[1] // 2
        mean = padded.reshape(height, 2, width, 2, 3).mean((1, 3))
        assert np.abs(channels(level) - mean).max() < 1
        if level.shape[1] > 1:  # an image of one column is doubled, and then rounds up only
            assert abs((channels(level) - mean).mean()) < 0.05


def test_it_can_be_cancelled_between_bands():
    job = build_pyramid(np.zeros((1024, 8, 3), np.uint8))
    assert next(job) == pyramid.BAND
    job.close()


def expected(mask, level):
    codes = (mask + np.uint8(1)).astype(np.uint8)
    for _ in range(level):
        padded = np.pad(codes, [(0, s % 2) for s in codes.shape])
        height, width = padded.shape[0] // 2, padded.shape[1] // 2
        codes = padded.reshape(height, 2, width, 2).max((1, 3))
    return codes


def test_labelled_wins_over_unlabelled_and_high_ids_over_low():
    mask = np.full((600, 600), 255, np.uint8)
    mask[0, 0], mask[0, 2], mask[1, 3] = 0, 1, 2
    codes = CodePyramid(mask).read(1, Rect(0, 0, 3, 1))
    assert codes.tolist() == [[1, 3, 0]]


@given(
    shape=st.tuples(st.integers(257, 700), st.integers(1, 700)),
    edits=st.lists(
        st.tuples(*[st.floats(0, 1)] * 4, st.integers(0, 3), st.integers(0, 255)), max_size=4
    ),
)
def test_levels_follow_edits_wherever_they_are(shape, edits):
    mask = np.random.default_rng(2).integers(250, 256, shape).astype(np.uint8)
    codes = CodePyramid(mask)
    for y, x, height, width, level, value in edits:
        y0, x0 = int(y * (shape[0] - 1)), int(x * (shape[1] - 1))
        rect = Rect(x0, y0, x0 + 1 + int(width * 99), y0 + 1 + int(height * 99))
        rect = rect.intersection(Rect.of_shape(shape))
        mask[rect.slices] = value
        codes.invalidate(rect)
        seen = min(level, codes.levels - 1)
        assert np.array_equal(codes.read(seen, codes.bounds(seen)), expected(mask, seen))
    for level in range(codes.levels):
        assert np.array_equal(codes.read(level, codes.bounds(level)), expected(mask, level))


def test_the_mask_is_looked_into_not_copied():
    mask = np.full((300, 300), 255, np.uint8)
    codes = CodePyramid(mask)
    mask[5, 5] = 7
    assert codes.read(0, Rect(5, 5, 6, 6))[0, 0] == 8
