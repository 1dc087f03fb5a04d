from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage as ndi

from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.regions.components import (
    connected_region,
    cropped,
    labelled,
    piece,
    region_job,
)

masks = arrays(np.uint8, st.tuples(st.integers(1, 24), st.integers(1, 24)),
               elements=st.sampled_from([0, 1, 255]))  # fmt: skip


class Reader:
    """Gives windows of an array and remembers how many pixels were asked for."""

    def __init__(self, values):
        self.values, self.pixels = values, 0
        self.bounds = Rect.of_shape(values.shape)

    def __call__(self, rect):
        assert self.bounds.contains(rect)
        self.pixels += rect.width * rect.height
        return self.values[rect.slices].copy()


def whole(region, shape):
    out = np.zeros(shape, bool)
    out[region[0].slices] = region[1]
    return out


@settings(max_examples=60, deadline=None)
@given(masks, st.data(), st.sampled_from([4, 8]), st.integers(1, 9))
def test_the_region_is_the_labelled_one_however_small_the_windows(mask, data, connectivity, first):
    x = data.draw(st.integers(0, mask.shape[1] - 1))
    y = data.draw(st.integers(0, mask.shape[0] - 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("unet_gui.regions.flood.SIDE", first)
        reader = Reader(mask)
        found = connected_region(reader, reader.bounds, x, y, connectivity=connectivity)
    structure = np.ones((3, 3)) if connectivity == 8 else None
    labels, _ = ndi.label(mask == mask[y, x], structure)
    assert np.array_equal(whole(found, mask.shape), labels == labels[y, x])
    inside = found[1]
    assert inside.any(0).all() or inside[:, [0, -1]].any(0).all()
    assert inside[[0, -1]].any(1).all()


def test_a_small_region_costs_what_is_around_it():
    mask = np.zeros((4000, 3000), np.uint8)
    mask[2000:2010, 1500:1510] = 3
    reader = Reader(mask)
    rect, where = connected_region(reader, reader.bounds, 1505, 2005)
    assert rect == Rect(1500, 2000, 1510, 2010)
    assert where.all()
    assert reader.pixels < 300 * 300


def test_only_the_sides_that_are_reached_grow():
    mask = np.zeros((2000, 2000), np.uint8)
    mask[1000] = 1
    reader = Reader(mask)
    rect, _ = connected_region(reader, reader.bounds, 1000, 1000)
    assert rect == Rect(0, 1000, 2000, 1001)
    assert reader.pixels < mask.size


def test_limit_and_outside():
    reader = Reader(np.zeros((9, 9), np.uint8))
    assert connected_region(reader, reader.bounds, 9, 0)[0] == EMPTY
    limit = Rect(2, 3, 5, 7)
    assert connected_region(reader, reader.bounds, 2, 3, limit=limit)[0] == limit
    assert connected_region(reader, reader.bounds, 1, 3, limit=limit)[0].empty
    with pytest.raises(ValueError, match="4 or 8"):
        connected_region(reader, reader.bounds, 0, 0, connectivity=6)


def test_pieces_and_numbers():
    mask = np.array([[1, 0, 1], [0, 1, 0]], np.uint8)
    labels, sizes = labelled(mask, 1)
    assert labels.max() == 3
    assert sizes.tolist() == [0, 1, 1, 1]
    assert labelled(mask, 1, connectivity=8)[1].tolist() == [0, 3]
    assert labelled(mask, 9)[1].tolist() == [0]
    assert piece(mask == 1, 0, 0, 8).sum() == 3
    assert not piece(mask == 1, 1, 0).any()
    assert cropped(Rect(5, 5, 8, 7), np.zeros((2, 3), bool))[0] == EMPTY


@settings(max_examples=25, deadline=None)
@given(masks, st.data(), st.sampled_from([4, 8]), st.integers(1, 7))
def test_a_limit_cuts_the_region_like_the_edge_of_an_image(mask, data, connectivity, side):
    height, width = mask.shape
    x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    limit = Rect(
        x0, y0, data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height))
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("unet_gui.regions.flood.SIDE", side)
        reader = Reader(mask)
        found = connected_region(
            reader, reader.bounds, x0, y0, connectivity=connectivity, limit=limit
        )
    part = mask[limit.slices]
    labels, _ = ndi.label(part == part[0, 0], np.ones((3, 3)) if connectivity == 8 else None)
    assert np.array_equal(whole(found, mask.shape)[limit.slices], labels == labels[0, 0])


def test_a_search_can_be_given_up():
    mask = np.zeros((3000, 3000), np.uint8)
    reader = Reader(mask)
    job = region_job(reader, reader.bounds, 5, 5)
    shown = [next(job) for _ in range(3)]
    assert 0 <= shown[0].done < shown[-1].done < shown[0].total == 144
    job.close()
    assert reader.pixels < mask.size
