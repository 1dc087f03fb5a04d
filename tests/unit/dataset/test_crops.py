"""Crops cover an image whole, are of one size and overlap as asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unet_gui.core.errors import UsageError
from unet_gui.dataset.crops import Crops

sides = st.integers(1, 60)


@given(sides, sides, st.integers(1, 20), st.integers(1, 20), st.integers(0, 19))
def test_crops_cover_everything_once_or_more(height, width, tall, wide, overlap):
    crops = Crops(wide, tall, min(overlap, wide - 1, tall - 1))
    seen = np.zeros((height, width), int)
    windows = list(crops.windows((height, width)))
    for window in windows:
        assert (window.height, window.width) == (min(tall, height), min(wide, width))
        assert window.x0 >= 0
        assert window.y0 >= 0
        seen[window.slices] += 1
    assert seen.min() >= 1
    assert len(set(windows)) == len(windows)


def test_overlap_and_the_last_crop():
    lefts = [w.x0 for w in Crops(10, 10, 4).windows((10, 25))]
    assert lefts == [0, 6, 12, 15]
    assert [w.x0 for w in Crops(10, 10).windows((10, 20))] == [0, 10]


def test_sizes_in_words():
    assert Crops.parse("512") == Crops(512, 512)
    assert Crops.parse(" 640X480 ", 8) == Crops(640, 480, 8)


@pytest.mark.parametrize(("size", "overlap"), [("0", 0), ("4x", 0), ("-3", 0), ("8", 8), ("8", -1)])
def test_nonsense_is_refused(size, overlap):
    with pytest.raises(UsageError):
        Crops.parse(size, overlap)
