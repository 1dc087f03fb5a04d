from hypothesis import given
from hypothesis import strategies as st

from unet_gui.core.geometry import EMPTY, Rect

number = st.integers(-50, 50)
rects = st.builds(Rect, number, number, number, number)


def pixels(rect):
    return {(x, y) for x in range(rect.x0, rect.x1) for y in range(rect.y0, rect.y1)}


@given(rects, rects)
def test_intersection_is_the_shared_pixels_and_union_holds_both(a, b):
    assert pixels(a.intersection(b)) == pixels(a) & pixels(b)
    assert pixels(a.union(b)) >= pixels(a) | pixels(b)
    assert a.union(b).contains(a)
    assert a.union(b).contains(b)


@given(rects, st.integers(1, 20))
def test_tiles_are_those_that_hold_a_pixel(rect, size):
    assert set(rect.tiles(size)) == {(y // size, x // size) for x, y in pixels(rect)}


def test_size_of_an_empty_one():
    assert EMPTY.empty
    assert (Rect(5, 5, 2, 2).width, Rect(5, 5, 2, 2).height) == (0, 0)
    assert Rect(1, 2, 4, 6).moved(1, 1).expanded(1) == Rect(1, 2, 6, 8)
