"""Which codes a tile holds, at any magnification."""

import numpy as np
import pytest

from unet_gui.core.document import Document
from unet_gui.core.geometry import Rect
from unet_gui.core.mask_levels import ArrayTiles, MaskLevels
from unet_gui.gui.canvas.tiles import (
    FINEST,
    OUTLINE,
    Layer,
    TileKey,
    TileSource,
    level_for,
    to_level,
)


def key(layer=Layer.MASK, *, outline=False, level=0):
    return TileKey(layer, outline, level, 0, 0)


@pytest.mark.parametrize(
    ("zoom", "area", "line"),
    [(1.0, 0, 0), (0.5, 1, 1), (0.4, 1, 2), (0.26, 1, 2), (3.0, 0, -1), (8.0, 0, -3)],
)
def test_areas_are_drawn_from_finer_lines_from_coarser_levels(zoom, area, line):
    assert level_for(zoom, outline=False, levels=6) == area
    assert level_for(zoom, outline=True, levels=6) == line


def test_levels_end_where_there_are_no_more():
    assert level_for(0.001, outline=False, levels=3) == 2
    assert level_for(500.0, outline=True, levels=3) == FINEST


@pytest.mark.parametrize("level", [-3, -1, 0, 1, 4])
def test_a_rect_on_a_level_covers_the_image_pixels(level):
    rect = Rect(5, 9, 8, 40)
    on_level = to_level(rect, level)
    size = 2.0**level
    assert on_level.x0 * size <= rect.x0
    assert on_level.y1 * size >= rect.y1
    assert (on_level.x1 - 1) * size < rect.x1


def test_ghost_shows_only_where_the_mask_is_unlabelled():
    mask = np.full((4, 4), 255, np.uint8)
    mask[:, :2] = 1
    source = TileSource(MaskLevels(ArrayTiles(mask)))
    source.set_ghost(np.full((4, 4), 2, np.uint8))
    area = Rect(0, 0, 4, 4)
    assert source.codes(key(), area).tolist() == [[2, 2, 0, 0]] * 4
    assert source.codes(key(Layer.GHOST), area).tolist() == [[0, 0, 3, 3]] * 4


def test_a_ghost_of_another_size_is_not_shown():
    source = TileSource(ArrayTiles(np.full((4, 4), 255, np.uint8)))
    source.set_ghost(np.zeros((5, 4), np.uint8))
    assert not source.has_ghost
    assert not source.codes(key(Layer.GHOST), Rect(0, 0, 4, 4)).any()


def test_outline_is_the_border_of_each_class_but_not_the_edge_of_the_image():
    mask = np.full((20, 20), 255, np.uint8)
    mask[:, :10] = 3
    codes = TileSource(MaskLevels(ArrayTiles(mask))).codes(key(outline=True), Rect(0, 0, 20, 20))
    line = np.zeros((20, 20), np.uint8)
    line[:, 10 - OUTLINE : 10] = 4
    assert np.array_equal(codes, line)


def test_outline_of_a_part_equals_the_part_of_the_outline():
    mask = np.random.default_rng(0).integers(0, 2, (40, 40)).astype(np.uint8).repeat(4, 0)
    source = TileSource(MaskLevels(ArrayTiles(np.ascontiguousarray(mask))))
    for level in (0, -2):
        whole = source.codes(key(outline=True, level=level), source.bounds(level))
        part = Rect(13, 7, 29, 31)
        assert np.array_equal(
            source.codes(key(outline=True, level=level), part), whole[part.slices]
        )


def test_magnified_lines_are_as_thin_as_ever():
    mask = np.zeros((8, 8), np.uint8)
    mask[:, 4:] = 1
    source = TileSource(MaskLevels(ArrayTiles(mask)))
    codes = source.codes(key(outline=True, level=-3), Rect(0, 0, 64, 64))
    assert np.flatnonzero(codes[0]).tolist() == [30, 31, 32, 33]
    assert set(codes[0, 30:32]) == {1}
    assert set(codes[0, 32:34]) == {2}


def test_a_tile_of_a_single_value_says_so():
    document = Document.blank(300, 600)
    document.apply("Fill", Rect(0, 0, 256, 256), 3)
    document.apply("Dot", Rect(300, 10, 301, 11), 3)
    source = TileSource(document.levels)
    tiles = [TileKey(Layer.MASK, False, 0, 0, column) for column in range(3)]
    assert [source.single_value(tile) for tile in tiles] == [3, None, 255]
