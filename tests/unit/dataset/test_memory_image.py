"""Levels of an image in memory: the same whether they are built already or not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.dataset import levels, memory_image
from unet_gui.dataset.image_source import ImageSource, MemoryImage


def slow_level(pixels: np.ndarray, level: int) -> np.ndarray:
    """2×2 means, one pixel after the other, as the definition has it."""
    for _ in range(level):
        h, w = -(-pixels.shape[0] // 2), -(-pixels.shape[1] // 2)
        small = np.empty((h, w, 3), np.uint8)
        for y in range(h):
            for x in range(w):
                block = pixels[2 * y : 2 * y + 2, 2 * x : 2 * x + 2].astype(float)
                small[y, x] = np.floor(block.mean(axis=(0, 1)) + 0.5)
        pixels = small
    return pixels


@pytest.fixture(autouse=True, params=[1 << 27, 60], ids=["all", "lean"])
def small_limits(monkeypatch, request):
    monkeypatch.setattr(memory_image, "LEAN", request.param)
    monkeypatch.setattr(levels, "COARSEST", 4)
    monkeypatch.setattr(levels, "_STRIP", 40)
    monkeypatch.setattr(memory_image, "_BAND_PIXELS", 64)


def image(h: int, w: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (h, w, 3), np.uint8)


@given(st.integers(1, 33), st.integers(1, 33), st.data())
def test_any_part_of_any_level_at_any_time_of_building(h, w, data):
    pixels = image(h, w, h * 100 + w)
    source = MemoryImage(pixels.copy())
    job = source.build_levels()
    for _ in range(data.draw(st.integers(0, 12))):
        next(job, None)
    level = data.draw(st.integers(0, source.levels - 1))
    expected = slow_level(pixels, level)
    assert source.level_shape(level) == expected.shape[:2]
    x0 = data.draw(st.integers(0, expected.shape[1] - 1))
    y0 = data.draw(st.integers(0, expected.shape[0] - 1))
    rect = Rect(
        x0,
        y0,
        data.draw(st.integers(x0 + 1, expected.shape[1])),
        data.draw(st.integers(y0 + 1, expected.shape[0])),
    )
    assert np.array_equal(source.read(rect, level), expected[rect.slices])


def test_all_levels_once_built():
    pixels = image(37, 21)
    source = MemoryImage(pixels.copy())
    assert not source.complete
    drain(source.build_levels())
    assert source.complete
    assert source.nbytes > pixels.nbytes
    for level in range(source.levels):
        h, w = source.level_shape(level)
        whole = Rect(0, 0, w, h)
        assert np.array_equal(source.read(whole, level), slow_level(pixels, level))
    assert max(source.level_shape(source.levels - 1)) <= 4


def test_two_jobs_share_the_building():
    pixels = image(80, 8)
    source = MemoryImage(pixels.copy())
    one, other = source.build_levels(), source.build_levels()
    next(one)
    next(other)
    next(one)
    next(other)
    one.close()
    drain(other)
    assert np.array_equal(source.read(Rect(0, 0, 4, 40), 1), slow_level(pixels, 1))


def test_it_is_an_image_source_and_copies():
    source = MemoryImage(image(5, 6))
    assert isinstance(source, ImageSource)
    assert source.resident
    part = source.read(Rect(1, 1, 4, 4))
    part[:] = 0
    assert source.array[1:4, 1:4].any()
    with pytest.raises(ValueError, match="read-only"):
        source.array[0, 0] = 1
