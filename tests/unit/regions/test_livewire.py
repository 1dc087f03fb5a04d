from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from unet_gui.core.geometry import Rect
from unet_gui.regions.livewire import LiveWire, snapped_footprint


@pytest.fixture
def disc():
    y, x = np.mgrid[:80, :80]
    image = np.full((80, 80, 3), 60, np.uint8)
    image[np.hypot(x - 40, y - 40) < 25] = 190
    return image


def test_the_way_keeps_to_the_edge(disc):
    path = LiveWire(disc, (15, 40)).path((65, 40))
    assert path[0] == (15, 40)
    assert path[-1] == (65, 40)
    away = [abs(np.hypot(x - 40, y - 40) - 25) for x, y in path]
    assert max(away) <= 2


@settings(max_examples=40, deadline=None)
@given(st.tuples(st.integers(1, 15), st.integers(1, 15)).flatmap(
    lambda s: arrays(np.uint8, (*s, 3))), st.data())  # fmt: skip
def test_ways_are_connected_and_inside(image, data):
    height, width = image.shape[:2]
    start = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    to = data.draw(st.floats(-5, width + 5)), data.draw(st.floats(-5, height + 5))
    path = LiveWire(image, start).path(to)
    assert path[0] == start
    assert path[-1] == (min(max(int(np.floor(to[0])), 0), width - 1),
                        min(max(int(np.floor(to[1])), 0), height - 1))  # fmt: skip
    assert all(0 <= x < width and 0 <= y < height for x, y in path)
    steps = np.abs(np.diff(np.array(path), axis=0))
    assert not len(steps) or (steps.max(1) == 1).all()


def test_snapping_finds_the_edge_or_stays(disc):
    wire = LiveWire(disc, (40, 40))
    x, y = wire.snap((60.5, 40.5), 10)
    assert abs(np.hypot(x - 40, y - 40) - 25) <= 1.5
    assert wire.snap((40.5, 40.5), 5) == (40, 40)
    assert wire.snap((-9, 999), 3) == (0, 79)


def test_the_brush_stays_on_its_side(disc):
    rect = Rect(45, 25, 80, 55)
    y, x = np.mgrid[rect.y0 : rect.y1, rect.x0 : rect.x1]
    where = np.hypot(x - 60, y - 40) <= 13
    kept = snapped_footprint(disc[rect.slices], rect, where, (60.5, 40.5))
    inside = np.hypot(x - 40, y - 40) < 25
    assert not (kept & ~where).any()
    assert (kept & ~inside).sum() <= 0.1 * kept.sum()
    assert (where & inside & ~kept).sum() <= 0.1 * kept.sum()


def test_without_an_edge_all_of_the_brush_remains():
    rng = np.random.default_rng(0)
    image = rng.integers(100, 104, (30, 30, 3), np.uint8)
    where = np.ones((30, 30), bool)
    assert snapped_footprint(image, Rect(5, 5, 35, 35), where, (20, 20)).all()
    assert not snapped_footprint(image, Rect(0, 0, 30, 30), ~where, (3, 3)).any()


@settings(max_examples=40, deadline=None)
@given(st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(
    lambda s: st.tuples(arrays(np.uint8, (*s, 3)), arrays(np.bool_, s))),
    st.floats(-4, 16), st.floats(-4, 16))  # fmt: skip
def test_a_snapped_brush_is_a_part_of_the_brush(parts, x, y):
    image, where = parts
    before = where.copy()
    kept = snapped_footprint(image, Rect.of_shape(where.shape), where, (x, y))
    assert np.array_equal(where, before)
    assert not (kept & ~where).any()
    assert kept.any() == where.any()
