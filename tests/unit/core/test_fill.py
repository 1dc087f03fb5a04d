import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from unet_gui.core.fill import polygon_footprint
from unet_gui.core.geometry import Rect

BOUNDS = Rect(0, 0, 24, 18)
# Off the pixel centres, where "inside" is a matter of taste.
coordinate = st.tuples(
    st.integers(-40, 130).map(lambda v: v / 5 + 0.03), st.integers(-40, 110).map(lambda v: v / 5)
)


def full(points):
    rect, inside = polygon_footprint(points, BOUNDS)
    out = np.zeros((BOUNDS.height, BOUNDS.width), bool)
    out[rect.slices] = inside
    return out


def even_odd(points, x, y):
    inside = False
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            inside = not inside
    return inside


@given(st.lists(coordinate, min_size=3, max_size=7))
@settings(max_examples=40, deadline=None)
def test_matches_the_even_odd_rule_at_every_pixel_centre(points):
    got = full(points)
    for y in range(BOUNDS.height):
        for x in range(BOUNDS.width):
            near = any(
                abs((bx - ax) * (y + 0.5 - ay) - (by - ay) * (x + 0.5 - ax)) < 1e-6
                for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True)
            )
            if not near:
                assert got[y, x] == even_odd(points, x + 0.5, y + 0.5)


def test_a_rectangle_fills_exactly():
    assert np.array_equal(
        np.argwhere(full([(2, 3), (6, 3), (6, 5), (2, 5)])),
        [[y, x] for y in (3, 4) for x in (2, 3, 4, 5)],
    )


def test_fewer_than_three_points_enclose_nothing():
    assert polygon_footprint([(1, 1), (9, 9)], BOUNDS)[0].empty


def test_larger_than_the_image_covers_it_all():
    assert full([(-9, -9), (99, -9), (99, 99), (-9, 99)]).all()
