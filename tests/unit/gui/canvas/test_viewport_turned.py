"""Turned and mirrored views as numbers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF

from unet_gui.core.geometry import Rect
from unet_gui.gui.canvas.viewport import Viewport

ANGLES = st.one_of(st.sampled_from(range(0, 360, 15)), st.floats(-720, 720))


@st.composite
def views(draw, angles=ANGLES):
    view = Viewport()
    size = draw(st.integers(1, 3000)), draw(st.integers(1, 2000))
    insets = {"left": draw(st.integers(0, 30)), "top": draw(st.integers(0, 30))}
    view.set_view(*size, draw(st.sampled_from([1.0, 1.25, 1.5, 2.0])), **insets)
    view.set_image(draw(st.integers(1, 100_000)), draw(st.integers(1, 100_000)))
    view.rotate(draw(angles))
    if draw(st.booleans()):
        view.mirror()
    if draw(st.booleans()):
        view.zoom_to(draw(st.floats(1e-4, 100)), (draw(st.floats(0, 99)), draw(st.floats(0, 99))))
        view.pan(draw(st.floats(-500, 500)), draw(st.floats(-500, 500)))
    return view


@given(view=views(), x=st.floats(-50, 4000), y=st.floats(-50, 4000))
def test_to_the_image_and_back_is_where_one_was(view, x, y):
    assert view.to_view(*view.to_image(x, y)) == pytest.approx((x, y), abs=1e-6)


@given(view=views(), x=st.floats(0, 1e5), y=st.floats(0, 1e5))
def test_the_transform_says_the_same(view, x, y):
    point = view.transform().map(QPointF(x, y))
    assert view.to_view(x, y) == pytest.approx((point.x(), point.y()), abs=1e-4, rel=1e-9)


@given(view=views(), data=st.data())
def test_the_box_of_a_rect_holds_all_its_corners(view, data):
    x = data.draw(st.integers(0, view.image_width - 1))
    y = data.draw(st.integers(0, view.image_height - 1))
    rect = Rect(x, y, min(view.image_width, x + 7), min(view.image_height, y + 9))
    left, top, width, height = view.to_view_box(rect)
    for corner in ((rect.x0, rect.y0), (rect.x1, rect.y0), (rect.x0, rect.y1), (rect.x1, rect.y1)):
        at = view.to_view(*corner)
        assert left <= at[0] <= left + width
        assert top <= at[1] <= top + height


@given(view=views(), data=st.data())
def test_every_pixel_seen_through_a_box_is_in_its_rect(view, data):
    box = Rect(10, 20, 60, 45)
    seen = view.image_box(box.x0, box.y0, box.width, box.height)
    x, y = data.draw(st.floats(10, 60)), data.draw(st.floats(20, 45))
    point = view.to_image(x, y)
    if 0 <= point[0] < view.image_width and 0 <= point[1] < view.image_height:
        assert seen.x0 - 1e-6 <= point[0] <= seen.x1 + 1e-6
        assert seen.y0 - 1e-6 <= point[1] <= seen.y1 + 1e-6


@given(view=views())
def test_a_fitted_image_lies_inside_whichever_way_it_is_turned(view):
    view.thinnest = 0.0  # of one as thin as a hair only a part is shown
    view.fit()
    for x in (0, view.image_width):
        for y in (0, view.image_height):
            at = view.to_view(x, y)
            assert view.left - 1 <= at[0] <= view.left + max(view.width, 26) + 1
            assert view.top - 1 <= at[1] <= view.top + max(view.height, 26) + 1


@given(view=views(), turns=st.integers(0, 5))
def test_quarter_turns_and_mirroring_come_back(view, turns):
    view.fitted = False
    before = view.rotation, view.mirrored, view.center
    for _ in range(turns):
        view.rotate(90)
    view.mirror()
    view.mirror()
    for _ in range(turns):
        view.rotate(-90)
    turned = (view.rotation - before[0] + 180) % 360 - 180  # a full turn is none
    assert (turned, view.mirrored) == (pytest.approx(0, abs=1e-9), before[1])
    assert view.center == before[2]


@given(
    angle=st.sampled_from(range(0, 360, 15)),
    at=st.tuples(st.floats(300, 500), st.floats(200, 400)),
    factor=st.floats(1.0, 3.0),
)
def test_zooming_keeps_the_point_under_the_pointer_in_a_turned_view(angle, at, factor):
    view = Viewport()
    view.set_view(800, 600, 1.0)
    view.set_image(3000, 3000)
    view.rotate(angle)
    view.zoom_to(1.0)
    before = view.to_image(*at)
    view.zoom_to(view.zoom * factor, at)
    assert view.to_view(*before) == pytest.approx(at, abs=1.5)


@pytest.mark.parametrize("angle", [0, 15, 90, 200])
@pytest.mark.parametrize("mirrored", [False, True])
def test_what_is_panned_follows_the_pointer(angle, mirrored):
    view = Viewport()
    view.set_view(800, 600, 1.0)
    view.set_image(3000, 3000)
    view.rotate(angle)
    if mirrored:
        view.mirror()
    view.zoom_to(2.0)
    before = view.to_view(1400, 1500)
    view.pan(31, -17)
    after = view.to_view(1400, 1500)
    assert (after[0] - before[0], after[1] - before[1]) == pytest.approx((31, -17), abs=1)


def test_mirroring_swaps_left_and_right_of_what_is_seen():
    view = Viewport()
    view.set_view(800, 600, 1.0)
    view.set_image(400, 300)
    view.rotate(90)
    x, y = view.to_view(100, 50)
    view.mirror()
    assert view.to_view(100, 50) == pytest.approx((800 - x, y), abs=1)


def test_turning_clockwise_brings_the_upper_edge_to_the_right():
    view = Viewport()
    view.set_view(600, 600, 1.0)
    view.set_image(100, 100)
    view.rotate(90)
    assert view.to_view(50, 0)[0] > view.to_view(50, 100)[0]
    view.straighten()
    assert view.upright


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_quarter_turns_at_one_to_one_put_pixels_on_pixels(angle):
    view = Viewport()
    view.set_view(801, 599, 1.5)
    view.set_image(333, 77)
    view.rotate(angle)
    view.zoom_to(1.0, (17.3, 5.9))
    x, y = (v * 1.5 for v in view.to_view(5, 7))
    assert (x, y) == pytest.approx((round(x), round(y)))


@pytest.mark.parametrize("size", [(1, 1), (1, 100_000), (100_000, 1)])
def test_tiny_and_long_images_can_be_fitted_and_magnified(size):
    view = Viewport()
    view.set_view(800, 600, 1.0)
    view.set_image(*size)
    assert not view.visible.empty
    low, high = view.limits
    assert 0 < low <= 1.0 <= high
    view.zoom_to(low)
    assert view.visible == Rect(0, 0, *size)
    view.zoom_to(math.inf)
    assert view.zoom == high
    assert not view.visible.empty


def test_a_linked_view_shows_the_same_point_at_the_same_size():
    canvas, other = Viewport(), Viewport()
    canvas.set_view(800, 600, 2.0, left=22, top=22)
    canvas.set_image(500, 400)
    canvas.rotate(30)
    canvas.zoom_to(3.0)
    other.set_view(300, 200, 1.0)
    other.set_image(100, 900)
    other.look_like(canvas)
    assert other.to_image(150, 100) == pytest.approx(canvas.to_image(422, 322), abs=1)
    assert other.scale == canvas.scale
    assert other.rotation == canvas.rotation
