import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unet_gui.core.tile_codec import join, pack, split, unpack
from unet_gui.core.tiled_mask import TILE, is_uniform, uniform


def striped(runs, seed=0):
    rng = np.random.default_rng(seed)
    cuts = np.sort(rng.choice(np.arange(1, TILE * TILE), runs - 1, replace=False))
    values = rng.integers(0, 256, runs).astype(np.uint8)
    return np.repeat(values, np.diff(cuts, prepend=0, append=TILE * TILE)).reshape(TILE, TILE)


@given(st.integers(1, 9000), st.integers(0, 5))
def test_a_tile_comes_back_as_it_was(runs, seed):
    tile = striped(runs, seed)
    assert np.array_equal(unpack(pack(tile)), tile)


def test_noise_comes_back_as_it_was():
    tile = np.random.default_rng(0).integers(0, 256, (TILE, TILE)).astype(np.uint8)
    assert np.array_equal(unpack(pack(tile)), tile)


def test_a_shared_tile_comes_back_as_the_shared_one():
    assert unpack(pack(uniform(255))) is uniform(255)
    assert len(pack(uniform(255))) == 2


def test_a_disc_packs_small():
    y, x = np.indices((TILE, TILE))
    tile = np.where((y - 128) ** 2 + (x - 128) ** 2 < 90**2, 3, 255).astype(np.uint8)
    assert len(pack(tile)) < 1500


@given(st.dictionaries(st.tuples(st.integers(0, 400), st.integers(0, 400)), st.integers(1, 500)))
def test_many_tiles_travel_as_one_piece(runs):
    tiles = {key: pack(striped(count)) for key, count in runs.items()}
    assert split(join(tiles)) == tiles


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_damaged_data_are_told(cut):
    data = join({(0, 0): pack(striped(50))})
    with pytest.raises(ValueError, match="undo data"):
        split(data[:-cut])


def test_what_was_not_uniform_stays_its_own_tile():
    assert not is_uniform(unpack(pack(striped(2))))
