from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage as ndi

from unet_gui.regions.slic import slic_cells


def test_cells_of_one_colour_are_squares():
    cells = slic_cells(np.full((24, 32, 3), 90, np.uint8), 8, 10.0, 5)
    expected = np.arange(12).reshape(3, 4).repeat(8, 0).repeat(8, 1)
    assert np.array_equal(cells, expected)


@pytest.mark.parametrize("tint", [(1, 1, 1), (1, 0.2, 0.6)])
@pytest.mark.parametrize("size", [8, 16, 32])
def test_borders_move_to_an_edge_beside_the_grid(size, tint):
    x = np.arange(128)
    light = np.where((x + 0.3 * size) % (2 * size) < size, 60, 200)
    image = (light[None, :, None] * np.array(tint)).repeat(64, 0).astype(np.uint8)
    cells = slic_cells(image, size, 10.0, 5)
    bright = image[..., 0] > 130
    inside = np.bincount(cells.ravel(), bright.ravel())
    wrong = np.minimum(inside, np.bincount(cells.ravel()) - inside).sum()
    assert wrong < 0.1 * bright.size  # of the grid's squares it is 0.3


@settings(max_examples=30, deadline=None)
@given(
    st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(2, 7)).flatmap(
        lambda s: st.tuples(
            st.just(s),
            arrays(np.uint8, (s[0] * s[2], s[1] * s[2], 3), elements=st.sampled_from([0, 99, 255])),
        )
    )
)
def test_every_cell_is_one_piece_near_its_square(drawn):
    (rows, columns, size), image = drawn
    cells = slic_cells(image, size, 10.0, 5)
    assert cells.shape == image.shape[:2]
    assert cells.min() >= 0
    assert cells.max() < rows * columns
    for cell in np.unique(cells):
        assert ndi.label(cells == cell)[1] == 1
