"""Smaller versions of an image."""

from itertools import pairwise

import numpy as np
import pytest

from unet_gui.core.progress import drain
from unet_gui.gui.canvas import pyramid
from unet_gui.gui.canvas.pyramid import build_pyramid


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
