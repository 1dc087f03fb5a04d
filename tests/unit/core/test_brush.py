import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unet_gui.core.brush import segment_footprint
from unet_gui.core.geometry import Rect

BOUNDS = Rect(0, 0, 40, 30)
coordinate = st.tuples(st.floats(-20, 60), st.floats(-20, 50))


def full(start, end, diameter, bounds=BOUNDS):
    rect, covered = segment_footprint(start, end, diameter, bounds)
    out = np.zeros((bounds.height, bounds.width), bool)
    out[rect.slices] = covered
    return out


@given(coordinate, coordinate, st.floats(1, 30))
@settings(deadline=None)
def test_covers_the_pixels_whose_centre_is_near_the_segment(a, b, diameter):
    ys, xs = np.indices((BOUNDS.height, BOUNDS.width)) + 0.5
    ax, ay, bx, by = *a, *b
    length2 = (bx - ax) ** 2 + (by - ay) ** 2
    along = (xs - ax) * (bx - ax) + (ys - ay) * (by - ay)
    t = np.clip(along / length2, 0, 1) if length2 > 1e-9 else 0.0
    distance = np.hypot(xs - ax - t * (bx - ax), ys - ay - t * (by - ay))
    got = full(a, b, diameter)
    assert got[distance < diameter / 2 - 1e-3].all()
    far = distance > diameter / 2 + 1e-3
    for x, y in (a, b):  # the pixel under the pointer is always painted
        if 0 <= x < BOUNDS.width and 0 <= y < BOUNDS.height:
            far[int(y), int(x)] = False
    assert not got[far].any()


def test_a_brush_of_one_pixel_paints_exactly_one():
    for x, y in ((3.01, 4.99), (3.5, 4.5), (3.99, 4.0)):
        assert np.argwhere(full((x, y), (x, y), 1)).tolist() == [[4, 3]]


def test_a_round_brush_is_symmetric():
    disc = full((20.5, 15.5), (20.5, 15.5), 11)
    assert disc.sum() > 80
    box = disc[10:21, 15:26]
    assert np.array_equal(box, box.T)
    assert np.array_equal(box, box[::-1, ::-1])


def test_outside_the_image_nothing_is_covered():
    rect, covered = segment_footprint((-50, -50), (-40, -40), 10, BOUNDS)
    assert rect.empty
    assert covered.size == 0


def test_a_fast_stroke_leaves_no_gap():
    line = full((2.5, 15.5), (37.5, 15.5), 3)
    assert line[15, 2:38].all()


@given(coordinate, coordinate, st.floats(0.2, 60), st.booleans())
@settings(deadline=None)
def test_a_way_covers_no_less_than_its_ends_and_all_places_between(a, b, diameter, square):
    def covered(start, end):
        rect, where = segment_footprint(start, end, diameter, BOUNDS, square=square)
        out = np.zeros((BOUNDS.height, BOUNDS.width), bool)
        out[rect.slices] = where
        return out

    way = covered(a, b)
    assert np.array_equal(way, covered(b, a))
    assert not (covered(a, a) & ~way).any()
    assert not (covered(b, b) & ~way).any()
    for t in (0.25, 0.5):
        at = (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]))
        missed = covered(at, at) & ~way
        x, y = math.floor(at[0]), math.floor(at[1])
        if 0 <= x < BOUNDS.width and 0 <= y < BOUNDS.height:
            missed[y, x] = False  # what lies under the pointer counts where it is, not on its way
        assert not missed.any()


@pytest.mark.parametrize("square", [False, True])
def test_a_level_way_is_as_high_as_the_brush(square):
    rect, where = segment_footprint((10.2, 12.0), (25.7, 12.0), 8, BOUNDS, square=square)
    assert (rect.y0, rect.y1) == (8, 16)
    assert where[4, :].sum() == where[3, :].sum() >= 23
