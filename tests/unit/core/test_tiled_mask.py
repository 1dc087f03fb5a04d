import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.geometry import Rect
from unet_gui.core.tiled_mask import TILE, TiledMask, is_uniform, key_rect, uniform

HEIGHT, WIDTH = TILE + 44, 2 * TILE + 3


def noise(shape=(HEIGHT, WIDTH)):
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


rects = st.builds(
    lambda x, y, w, h: Rect(x, y, x + w, y + h).intersection(Rect(0, 0, WIDTH, HEIGHT)),
    st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), st.integers(1, 400), st.integers(1, 300),
)  # fmt: skip


@given(rects)
def test_reading_a_rectangle_equals_slicing_the_array(rect):
    array = noise()
    assert np.array_equal(TiledMask.of_array(array).read(rect), array[rect.slices])


@pytest.mark.parametrize("shape", [(1, 1), (TILE, TILE), (TILE + 1, 1), (3, 700)])
def test_an_array_comes_back_as_it_was(shape):
    array = noise(shape)
    assert np.array_equal(TiledMask.of_array(array).read(Rect.of_shape(shape)), array)


def test_what_is_unlabelled_costs_nothing():
    mask = TiledMask.of_array(np.full((HEIGHT, WIDTH), UNLABELLED, np.uint8))
    assert list(mask.keys) == []
    assert mask.nbytes == 0
    assert mask.value_at(WIDTH - 1, HEIGHT - 1) == UNLABELLED


def test_tiles_of_one_value_are_shared():
    array = np.full((TILE, 2 * TILE), 7, np.uint8)
    mask = TiledMask.of_array(array)
    assert mask.tile((0, 0)) is mask.tile((0, 1)) is uniform(7)
    assert mask.nbytes == 0


def test_beyond_the_image_a_tile_is_unlabelled():
    mask = TiledMask.of_array(np.zeros((10, 20), np.uint8))
    tile = mask.tile((0, 0))
    assert (tile[:10, :20] == 0).all()
    assert (tile[10:] == UNLABELLED).all()
    assert (tile[:, 20:] == UNLABELLED).all()


def test_a_snapshot_keeps_what_is_painted_over_later():
    array = noise()
    mask = TiledMask.of_array(array)
    early = mask.snapshot(3)
    mask.writable((0, 0))[:] = 1
    assert np.array_equal(early.to_array(), array)
    assert early.revision == 3
    late = mask.snapshot()
    mask.writable((0, 0))[:] = 2  # a second write must not reach the snapshot either
    assert (late.tile((0, 0)) == 1).all()
    assert late.tile((1, 1)) is early.tile((1, 1))  # what nobody touched is the same memory


def test_nobody_can_write_to_a_shared_tile():
    with pytest.raises(ValueError, match="read-only"):
        uniform(3)[0, 0] = 1


def test_writing_is_seen_and_ends_with_release():
    mask = TiledMask((TILE, TILE))
    mask.writable((0, 0))[5, 6] = 9
    assert mask.value_at(6, 5) == 9
    kept = mask.release((0, 0))
    mask.writable((0, 0))[5, 6] = 1
    assert kept[5, 6] == 9
    mask.writable((0, 0))[:] = 4
    assert is_uniform(mask.release((0, 0)))


@given(rects, st.integers(1, 40))
def test_a_sample_is_small_and_holds_values_of_its_rectangle(rect, side):
    array = noise()
    sample = TiledMask.of_array(array).sample(rect, side)
    step = max(1, -(-max(rect.width, rect.height) // side))
    assert max(sample.shape) <= side
    assert np.array_equal(sample, array[rect.slices][::step, ::step])


def test_a_sample_of_a_huge_rectangle_reads_single_pixels():
    mask = TiledMask((60_000, 60_000))
    mask.writable((0, 0))[0, 0] = 2
    sample = mask.sample(mask.bounds, 16)
    assert sample.shape == (16, 16)
    assert sample[0, 0] == 2
    assert (sample.ravel()[1:] == UNLABELLED).all()


@pytest.mark.parametrize("bad", [np.zeros((3, 3), np.int32), np.zeros((3, 3, 3), np.uint8)])
def test_only_a_uint8_plane_is_a_mask(bad):
    with pytest.raises(ValueError, match="uint8"):
        TiledMask.of_array(bad)


def test_key_rect_is_the_whole_tile():
    assert key_rect((1, 2)) == Rect(2 * TILE, TILE, 3 * TILE, 2 * TILE)
