"""Polygon, lasso, rectangle and ellipse with real events."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest

from unet_gui.core.fill import polygon_footprint
from unet_gui.core.geometry import Rect
from unet_gui.core.shapes import ellipse_footprint, rectangle_footprint
from unet_gui.gui.state import Tool

GREY = np.full((60, 80, 3), 120, np.uint8)
SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
RIGHT = Qt.MouseButton.RightButton
CORNERS = [(10.0, 10.0), (50.0, 10.0), (50.0, 40.0), (20.0, 45.0)]


@pytest.fixture
def easel(make_easel):
    """A canvas at 4:1 on one of two grey images of 80×60, so that points are exact."""
    easel = make_easel(GREY, GREY)
    easel.canvas.zoom_to(4.0)
    return easel


@pytest.fixture
def polygon(easel):
    easel.state.set_tool(Tool.POLYGON)

    def click(*points, **how):
        for point in points:
            easel.drag(point, **how)

    easel.click = click
    return easel


def mask_with(region, value=1, ground=255):
    mask = np.full(GREY.shape[:2], ground, np.uint8)
    rect, where = region
    mask[rect.slices][where] = value
    return mask


def inside(points):
    return polygon_footprint(points, Rect(0, 0, 80, 60))


def close_by_double_click(easel):
    easel.mouse(QEvent.Type.MouseButtonDblClick, easel.at(*CORNERS[-1]))
    easel.release(*CORNERS[-1])


def close_by_first_corner(easel):
    easel.drag(CORNERS[0])


def close_by_enter(easel):
    QTest.keyClick(easel.canvas, Qt.Key.Key_Return)


@pytest.mark.parametrize("close", [close_by_double_click, close_by_first_corner, close_by_enter])
def test_a_polygon_fills_what_its_corners_enclose(polygon, close):
    polygon.click(*CORNERS)
    assert not polygon.session.document.history.can_undo
    close(polygon)
    assert np.array_equal(polygon.session.document.mask, mask_with(inside(CORNERS)))
    assert polygon.session.document.history.undo_name == "Polygon"
    polygon.session.undo()
    assert (polygon.session.document.mask == 255).all()


def test_a_corner_can_be_shifted_before_the_button_is_let_go(polygon):
    polygon.click(*CORNERS[:3])
    polygon.drag((30.0, 30.0), CORNERS[3])
    close_by_enter(polygon)
    assert np.array_equal(polygon.session.document.mask, mask_with(inside(CORNERS)))


def test_backspace_takes_the_last_corner_back(polygon):
    polygon.click(*CORNERS, (70.0, 55.0))
    QTest.keyClick(polygon.canvas, Qt.Key.Key_Backspace)
    close_by_enter(polygon)
    assert np.array_equal(polygon.session.document.mask, mask_with(inside(CORNERS)))


def test_escape_drops_a_polygon_and_the_next_one_begins_anew(polygon):
    polygon.click(*CORNERS)
    QTest.keyClick(polygon.canvas, Qt.Key.Key_Escape)
    close_by_enter(polygon)
    assert not polygon.session.document.history.can_undo
    polygon.click(*CORNERS)
    close_by_enter(polygon)
    assert np.array_equal(polygon.session.document.mask, mask_with(inside(CORNERS)))


def test_two_corners_are_no_polygon_yet(polygon):
    polygon.click(*CORNERS[:2])
    close_by_enter(polygon)
    assert not polygon.session.document.history.can_undo
    polygon.click(*CORNERS[2:])
    close_by_enter(polygon)
    assert np.array_equal(polygon.session.document.mask, mask_with(inside(CORNERS)))


def test_a_polygon_waits_while_another_tool_is_in_hand(polygon):
    polygon.click(*CORNERS[:3])
    polygon.state.set_tool(Tool.PAN)
    polygon.drag((30.0, 30.0), (30.0, 30.0))
    polygon.state.set_tool(Tool.POLYGON)
    polygon.click(CORNERS[3])
    close_by_enter(polygon)
    assert np.array_equal(polygon.session.document.mask, mask_with(inside(CORNERS)))


def test_a_polygon_is_not_carried_to_another_image(polygon):
    polygon.click(*CORNERS)
    polygon.session.next_image()
    close_by_enter(polygon)
    assert not polygon.session.document.history.can_undo


def test_what_the_right_button_begins_erases(polygon):
    polygon.session.apply("all", polygon.session.document.bounds, 2)
    polygon.click(*CORNERS, button=RIGHT)
    close_by_enter(polygon)
    expected = mask_with(inside(CORNERS), 255, ground=2)
    assert np.array_equal(polygon.session.document.mask, expected)
    assert "eras" in polygon.session.document.history.undo_name


def test_the_rubber_line_is_seen_and_goes(polygon):
    before = polygon.seen()
    polygon.click(*CORNERS)
    polygon.hover(30.0, 50.0)
    QTest.keyClick(polygon.canvas, Qt.Key.Key_Escape)
    polygon.canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    assert np.array_equal(polygon.seen(), before)
    polygon.click(*CORNERS)
    polygon.canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    assert not np.array_equal(polygon.seen(), before)


# -- lasso -----------------------------------------------------------------------------------


@pytest.mark.parametrize("button", [Qt.MouseButton.LeftButton, RIGHT])
def test_a_lasso_fills_what_it_encloses(easel, button):
    easel.session.apply("all", easel.session.document.bounds, 2)
    easel.state.set_tool(Tool.LASSO)
    easel.drag(*CORNERS, button=button)
    value = 255 if button == RIGHT else 1
    assert np.array_equal(easel.session.document.mask, mask_with(inside(CORNERS), value, ground=2))
    easel.session.undo()
    assert (easel.session.document.mask == 2).all()


def test_escape_drops_a_lasso(easel):
    easel.state.set_tool(Tool.LASSO)
    easel.press(*CORNERS[0])
    for point in CORNERS[1:]:
        easel.move(*point)
    QTest.keyClick(easel.canvas, Qt.Key.Key_Escape)
    easel.release(*CORNERS[-1])
    assert not easel.session.document.history.can_undo


# -- rectangle and ellipse -------------------------------------------------------------------

SHAPES = {Tool.RECTANGLE: rectangle_footprint, Tool.ELLIPSE: ellipse_footprint}


@pytest.mark.parametrize("tool", SHAPES)
@pytest.mark.parametrize(
    ("modifiers", "a", "b"),
    [
        (Qt.KeyboardModifier.NoModifier, (30, 20), (50, 26)),
        (SHIFT, (30, 20), (50, 40)),
        (ALT, (10, 14), (50, 26)),
        (SHIFT | ALT, (10, 0), (50, 40)),
    ],
)
def test_shapes_between_two_corners(easel, tool, modifiers, a, b):
    easel.state.set_tool(tool)
    easel.press(30, 20)
    easel.move(40, 22, modifiers=modifiers)
    easel.move(50, 26, modifiers=modifiers)
    easel.release(50, 26, modifiers=modifiers)
    expected = mask_with(SHAPES[tool](a, b, easel.session.document.bounds))
    assert np.array_equal(easel.session.document.mask, expected)
    easel.session.undo()
    assert (easel.session.document.mask == 255).all()


@pytest.mark.parametrize("tool", SHAPES)
def test_a_shape_may_be_aborted_and_a_click_is_none(easel, tool):
    easel.state.set_tool(tool)
    easel.press(30, 20)
    easel.move(50, 40)
    QTest.keyClick(easel.canvas, Qt.Key.Key_Escape)
    easel.release(50, 40)
    easel.drag((30, 20))
    assert not easel.session.document.history.can_undo


def test_shift_pressed_in_the_middle_changes_what_is_shown(easel):
    easel.state.set_tool(Tool.RECTANGLE)
    easel.press(10, 10)
    easel.move(60, 20)
    flat = easel.seen()
    QTest.keyPress(easel.canvas, Qt.Key.Key_Shift)
    assert not np.array_equal(easel.seen(), flat)
    QTest.keyRelease(easel.canvas, Qt.Key.Key_Shift)
    assert np.array_equal(easel.seen(), flat)


def test_alt_still_picks_the_class_before_anything_is_drawn(easel):
    easel.session.apply("all", easel.session.document.bounds, 2)
    for tool in (Tool.POLYGON, Tool.LASSO, Tool.RECTANGLE, Tool.ELLIPSE):
        easel.state.set_tool(tool)
        easel.state.set_active_class(1)
        easel.drag((20.0, 20.0), modifiers=ALT)
        assert easel.state.active_class == 2
    assert (easel.session.document.mask == 2).all()
