"""Zoom and pan as numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unet_gui.core.geometry import Rect
from unet_gui.gui.canvas.viewport import STEPS, Viewport


def viewport(width=800, height=600, image=(400, 300), ratio=1.0):
    view = Viewport()
    view.set_view(width, height, ratio)
    view.set_image(*image)
    return view


def test_a_new_image_is_fitted_whole_and_centred():
    view = viewport()
    left, top = view.to_view(0, 0)
    right, bottom = view.to_view(400, 300)
    assert left >= 0
    assert top >= 0
    assert right <= 800
    assert bottom <= 600
    assert left == pytest.approx(800 - right, abs=1)
    assert view.visible == Rect(0, 0, 400, 300)


def test_a_fitted_image_stays_fitted_when_the_canvas_grows():
    view = viewport()
    view.set_view(1600, 1200, 1.0)
    assert view.zoom == view.fit_zoom
    assert view.visible == Rect(0, 0, 400, 300)


def test_resizing_keeps_the_middle_when_not_fitted():
    view = viewport()
    view.zoom_to(3.0, (100, 100))
    middle = view.to_image(400, 300)
    view.set_view(500, 700, 1.0)
    assert view.to_image(250, 350) == pytest.approx(middle, abs=0.5)


def test_the_next_image_of_the_same_size_is_shown_at_the_same_place():
    view = viewport()
    view.zoom_to(4.0, (10, 10))
    before = (view.zoom, view.center)
    view.set_image(400, 300)
    assert (view.zoom, view.center) == before
    view.set_image(401, 300)
    assert view.zoom == view.fit_zoom


@given(
    at=st.tuples(st.floats(0, 800), st.floats(0, 600)),
    factor=st.floats(1.0, 3.0),
    ratio=st.sampled_from([1.0, 1.25, 2.0]),
)
def test_zooming_in_keeps_the_point_under_the_pointer(at, factor, ratio):
    view = viewport(image=(2000, 1500), ratio=ratio)
    before = view.to_image(*at)
    inside = 0 <= before[0] <= 2000 and 0 <= before[1] <= 1500
    view.zoom_to(view.zoom * factor, at)
    if inside:
        # The image lies on whole device pixels: half of one is all it may be off.
        after = view.to_view(*before)
        assert after == pytest.approx(at, abs=1.0 / ratio)


def test_zoom_is_limited():
    view = viewport()
    view.zoom_to(1e9)
    assert view.zoom == 64
    view.zoom_to(1e-9)
    assert view.zoom == pytest.approx(min(view.fit_zoom / 4, 1.0))


def test_a_tiny_image_can_be_shown_fitted_and_one_to_one():
    view = viewport(image=(4, 4))
    assert view.zoom > 64
    view.zoom_to(1.0)
    assert view.zoom == 1.0


def test_panning_never_loses_the_image():
    view = viewport()
    view.pan(1e6, -1e6)
    assert not view.visible.empty


def test_one_to_one_puts_image_pixels_on_device_pixels():
    view = viewport(width=801, height=599, image=(333, 77), ratio=1.5)
    view.zoom_to(1.0, (17.3, 5.9))
    x, y = view.to_view(0, 0)
    assert x * 1.5 == pytest.approx(round(x * 1.5))
    assert y * 1.5 == pytest.approx(round(y * 1.5))
    assert view.scale * 1.5 == pytest.approx(1.0)


def test_stepping_visits_round_zooms_and_ends_at_the_last():
    view = viewport()
    view.zoom_to(1.3)
    assert view.stepped(+1) == 1.5
    assert view.stepped(-1) == 1.0
    view.zoom_to(1.0)
    assert view.stepped(+1) == 1.5
    assert view.stepped(-1) == pytest.approx(2 / 3)
    view.zoom_to(64)
    assert view.stepped(+1) == STEPS[-1]


def test_the_box_of_a_rect_covers_it_on_the_canvas():
    view = viewport()
    view.zoom_to(2.7, (40, 50))
    x, y, width, height = view.to_view_box(Rect(10, 20, 13, 22))
    left, top = view.to_view(10, 20)
    right, bottom = view.to_view(13, 22)
    assert x <= left
    assert y <= top
    assert x + width >= right
    assert y + height >= bottom


def test_before_it_is_shown_nothing_is_divided_by_zero():
    view = Viewport()
    view.set_image(100, 50)
    assert view.visible.empty
    assert view.zoom > 0
    view.set_view(0, 0, 1.0)
    view.fit()
    assert view.zoom > 0


@pytest.mark.parametrize("ratio", [1.0, 2.0])
@pytest.mark.parametrize("image", [(1, 5000), (5000, 1), (2, 90_000), (1, 1), (1, 240)])
def test_a_fitted_image_is_never_thinner_than_can_be_seen(image, ratio):
    view = viewport(image=image, ratio=ratio)
    assert min(image) * view.scale >= 3.0
    x, y = view.to_view(image[0] / 2, image[1] / 2)
    assert (x, y) == pytest.approx((400, 300), abs=2)
    low, _ = view.limits
    view.zoom_to(low)
    assert view.visible == Rect(0, 0, *image)  # all of it can be seen as well


def test_what_is_thick_enough_is_shown_whole():
    assert viewport(image=(40, 5000)).visible == Rect(0, 0, 40, 5000)
