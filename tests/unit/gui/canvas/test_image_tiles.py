"""Tiles of the image: which, what colours, how many are kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QImage

from unet_gui.core.display import Display
from unet_gui.core.progress import drain
from unet_gui.dataset.memory_image import MemoryImage
from unet_gui.gui.canvas.image_tiles import (
    APRON,
    TILE,
    TileKey,
    TileStore,
    Tint,
    level_for,
    make_tile,
)

RNG = np.random.default_rng(0)


def pixels(image):
    assert image.format() == QImage.Format.Format_RGB32
    size = image.height(), image.width(), 4
    return np.frombuffer(image.constBits(), np.uint8).reshape(size)[..., 2::-1]


@pytest.mark.parametrize(
    ("zoom", "level"), [(64, 0), (1, 0), (0.51, 0), (0.5, 1), (0.26, 1), (0.25, 2), (0.001, 4)]
)
def test_the_level_is_the_one_just_finer_than_the_screen(zoom, level):
    assert level_for(zoom, 5) == level


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (260, 259)])
def test_without_a_display_pixels_are_shown_as_they_are(shape):
    rgb = RNG.integers(0, 256, (*shape, 3), np.uint8)
    assert np.array_equal(pixels(Tint().apply(rgb)[0]), rgb)
    assert np.array_equal(pixels(Tint(Display()).apply(rgb)[0]), rgb)


@given(
    gamma=st.tuples(*[st.floats(0.2, 5)] * 3),
    black=st.tuples(*[st.floats(0, 100)] * 3),
    brightness=st.floats(-1, 1),
    contrast=st.floats(-1, 1),
    invert=st.booleans(),
)
def test_a_display_is_its_table_channel_by_channel(gamma, black, brightness, contrast, invert):
    display = Display(
        black=black, gamma=gamma, brightness=brightness, contrast=contrast, invert=invert
    )
    rgb = RNG.integers(0, 256, (6, 11, 3), np.uint8)
    image, memory = Tint(display).apply(rgb)
    expected = np.stack([display.lut()[c][rgb[..., c]] for c in range(3)], -1)
    assert np.array_equal(pixels(image), expected)
    assert display.neutral or memory is not None


def test_a_tile_carries_some_of_its_neighbours_and_ends_with_the_image():
    rgb = RNG.integers(0, 256, (300, 600, 3), np.uint8)
    source = MemoryImage(rgb)
    inner = make_tile(source, TileKey(0, 0, 1), Tint())
    assert (inner.area.x0, inner.area.x1) == (TILE - APRON, 2 * TILE + APRON)
    assert (inner.area.y0, inner.area.y1) == (0, TILE + APRON)
    assert np.array_equal(pixels(inner.image), rgb[inner.area.slices])
    last = make_tile(source, TileKey(0, 1, 2), Tint())
    assert (last.area.x1, last.area.y1) == (600, 300)


def test_a_rough_tile_is_every_nth_pixel():
    rgb = RNG.integers(0, 256, (2100, 1300, 3), np.uint8)
    source = MemoryImage(rgb)
    rough = make_tile(source, TileKey(2, 1, 1), Tint(), rough=True)
    expected = rgb[::4, ::4][rough.area.slices]
    assert np.array_equal(pixels(rough.image), expected)
    drain(source.build_levels())
    assert not np.array_equal(pixels(make_tile(source, TileKey(2, 1, 1), Tint()).image), expected)


def test_the_store_keeps_what_was_used_last_within_its_budget():
    source = MemoryImage(np.zeros((256, 2560, 3), np.uint8))
    size = make_tile(source, TileKey(0, 0, 1), Tint()).nbytes
    store = TileStore(3 * size)
    for column in range(1, 4):
        store.put(TileKey(0, 0, column), make_tile(source, TileKey(0, 0, column), Tint()))
    assert store.get(TileKey(0, 0, 1)) is not None
    store.put(TileKey(0, 0, 4), make_tile(source, TileKey(0, 0, 4), Tint()))
    assert TileKey(0, 0, 1) in store
    assert TileKey(0, 0, 2) not in store
    assert store.nbytes == 3 * size
    store.clear()
    assert store.nbytes == len(store) == 0


def test_a_coarser_tile_shows_the_same_place():
    key = TileKey(1, 5, 6)
    assert key.above(2) == TileKey(3, 1, 1)
