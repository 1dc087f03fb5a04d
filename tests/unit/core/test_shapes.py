import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unet_gui.core.geometry import Rect
from unet_gui.core.shapes import ellipse_footprint, rectangle_footprint

BOUNDS = Rect(0, 0, 50, 40)
corner = st.tuples(st.floats(-20, 70), st.floats(-20, 60))


@given(corner, corner)
def test_a_rectangle_is_every_pixel_its_outline_encloses_or_touches(a, b):
    rect, where = rectangle_footprint(a, b, BOUNDS)
    assert where.all()
    assert BOUNDS.contains(rect)
    xs, ys = sorted((a[0], b[0])), sorted((a[1], b[1]))
    wanted = Rect(
        int(np.floor(xs[0])), int(np.floor(ys[0])), int(np.ceil(xs[1])), int(np.ceil(ys[1]))
    ).intersection(BOUNDS)
    assert wanted.empty or rect.contains(wanted)


@given(corner, corner)
def test_an_ellipse_lies_in_its_rectangle_and_is_symmetric(a, b):
    rect, _ = rectangle_footprint(a, b, BOUNDS)
    oval, where = ellipse_footprint(a, b, BOUNDS)
    assert rect.contains(oval)
    assert where.shape == (oval.height, oval.width)
    whole, inside = ellipse_footprint(a, b, Rect(-30, -30, 90, 90))
    if not whole.empty:
        assert np.array_equal(inside, inside[::-1, ::-1])


def test_an_ellipse_has_the_area_of_one():
    _, where = ellipse_footprint((5, 5), (45, 35), BOUNDS)
    assert abs(where.sum() - np.pi * 20 * 15) < 12


def test_a_click_is_one_pixel():
    assert rectangle_footprint((3.2, 4.9), (3.2, 4.9), BOUNDS)[0] == Rect(3, 4, 4, 5)
    assert ellipse_footprint((3.2, 4.9), (3.2, 4.9), BOUNDS)[1].tolist() == [[True]]


def test_outside_the_image_nothing_is_covered():
    assert rectangle_footprint((-9, -9), (-5, -5), BOUNDS)[0].empty
    assert ellipse_footprint((60, 50), (80, 70), BOUNDS)[0].empty
