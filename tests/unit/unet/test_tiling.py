"""Tiles cover every pixel once they are blended, and blending equal opinions changes nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unet_gui.core.geometry import Rect
from unet_gui.unet.tiling import Blender, Grid

SIDES = st.integers(1, 300)


@given(SIDES, SIDES, st.sampled_from([64, 96, 128]), st.sampled_from([0, 16, 32]))
def test_grid_covers_the_image(height, width, tile, overlap):
    grid = Grid.of((height, width), tile, overlap)
    covered = np.zeros((height, width), int)
    for rect in grid.tiles():
        assert rect.x0 % 16 == rect.y0 % 16 == 0
        assert 0 < rect.width <= tile
        assert 0 < rect.height <= tile
        assert Rect(0, 0, width, height).contains(rect)
        covered[rect.slices] += 1
    assert (covered > 0).all()


@given(SIDES, st.sampled_from([64, 96]), st.sampled_from([16, 32]))
def test_neighbours_overlap_enough(length, tile, overlap):
    rows = Grid.of((length, 10), tile, overlap).rows
    for (_, stop), (start, _) in itertools.pairwise(rows):
        assert stop - start >= overlap


def test_tiles_on_the_screen_come_first():
    grid = Grid.of((512, 512), 128, 32)
    seen = Rect(400, 300, 480, 380)
    order = grid.tiles(seen)
    touching = [not rect.intersection(seen).empty for rect in order]
    assert touching == sorted(touching, reverse=True)
    assert sum(touching) >= 1
    assert sorted(order, key=repr) == sorted(grid.tiles(), key=repr)
    assert grid.tiles(Rect(0, 0, 0, 0)) == grid.tiles()


@given(SIDES, SIDES, st.integers(0, 2**32 - 1))
def test_blending_parts_of_one_picture_gives_the_picture(height, width, seed):
    rng = np.random.default_rng(seed)
    picture = rng.random((2, height, width), np.float32)
    grid = Grid.of((height, width), 64, 32)
    blender = Blender(grid)
    tiles = grid.tiles()
    rng.shuffle(tiles)
    result = np.full_like(picture, np.nan)
    for rect in tiles:
        for part, mixed in blender.add(rect, picture[(slice(None), *rect.slices)]):
            result[(slice(None), *part.slices)] = mixed
    np.testing.assert_allclose(result, picture, rtol=1e-4)
    assert all(cell.total is None for cell in blender._cells.values())


def test_opinions_fade_into_each_other():
    grid = Grid.of((16, 96), 64, 32)
    blender = Blender(grid)
    result = np.zeros(96)
    for value, rect in enumerate(grid.tiles()):
        tile = np.full((1, rect.height, rect.width), value, np.float32)
        for part, mixed in blender.add(rect, tile):
            result[part.x0 : part.x1] = mixed[0, 0]
    assert result[:32] == pytest.approx(0)
    assert result[64:] == pytest.approx(1)
    assert (np.diff(result) < 0.05).all()
    assert (np.diff(result) >= 0).all()
