"""What a write changes about how many pixels hold each value."""

import numpy as np
import pytest

from unet_gui.core.counting import changing
from unet_gui.core.tiled_mask import TILE, uniform

PLACES = np.arange(100, 160, dtype=np.intp)


@pytest.mark.parametrize("tile", [uniform(3), np.full((TILE, TILE), 3, np.uint8)])
@pytest.mark.parametrize("free", [True, False, None])
def test_a_tile_of_one_value_is_as_any_other(tile, free):
    writable = None if free is None else np.full(256, free)
    places, counts = changing(tile, PLACES, writable)
    number = 0 if free is False else len(PLACES)
    assert places.tolist() == PLACES[:number].tolist()
    assert counts[3] == counts.sum() == number


def test_places_that_are_kept_from_being_written_to_are_left_out():
    tile = np.zeros((TILE, TILE), np.uint8)
    tile.reshape(-1)[110:130] = 7
    places, counts = changing(tile, PLACES, np.arange(256) != 7)
    assert places.tolist() == [*range(100, 110), *range(130, 160)]
    assert (counts[0], counts[7]) == (40, 0)
