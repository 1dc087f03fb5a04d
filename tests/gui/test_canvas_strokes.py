"""Real pointer events into the canvas: what is painted, and what is not."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from unet_gui.core.brush import segment_footprint
from unet_gui.core.fill import polygon_footprint
from unet_gui.core.geometry import Rect
from unet_gui.gui.canvas.tools import tool_hint
from unet_gui.gui.state import Tool

GREY = np.full((60, 80, 3), 120, np.uint8)
SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
RIGHT, MIDDLE = Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton


@pytest.fixture
def easel(make_easel):
    """A canvas on one of two grey images of 80×60."""
    return make_easel(GREY, GREY)


def painted(points, diameter, value=1, mask=None):
    """The mask that these image points should leave."""
    mask = np.full(GREY.shape[:2], 255, np.uint8) if mask is None else mask.copy()
    for start, end in zip([points[0], *points], points, strict=False):
        rect, covered = segment_footprint(start, end, diameter, Rect.of_shape(mask.shape))
        mask[rect.slices][covered] = value
    return mask


@pytest.mark.parametrize("zoom", ["fit", 1.0, 8.0])
def test_a_stroke_paints_exactly_its_footprint_at_any_zoom(easel, zoom):
    if zoom != "fit":
        easel.canvas.zoom_to(zoom)
    easel.state.set_size(7)
    points = [(33.5, 25.5), (41.25, 30.75), (47.5, 28.5)]
    easel.drag(*points)
    assert np.array_equal(easel.session.document.mask, painted(points, 7))
    assert easel.session.document.history.undo_name == "Brush"


def test_a_click_is_one_dab_and_a_double_click_two(easel):
    easel.state.set_size(5)
    at = easel.at(20.5, 20.5)
    easel.drag((20.5, 20.5))
    easel.mouse(QEvent.Type.MouseButtonDblClick, at)
    easel.release(20.5, 20.5)
    assert np.array_equal(easel.session.document.mask, painted([(20.5, 20.5)], 5))
    assert not easel.session.document.stroking


def test_a_fast_stroke_has_no_gaps(easel):
    easel.state.set_size(3)
    easel.drag((5.5, 30.5), (75.5, 30.5))
    assert (easel.session.document.mask[30, 5:75] == 1).all()


def test_a_stroke_may_leave_image_and_canvas_and_come_back(easel):
    easel.state.set_size(3)
    easel.drag((70.5, 30.5), (500.0, 30.5), (500.0, 50.5), (70.5, 50.5))
    assert (easel.session.document.mask[30, 70:] == 1).all()
    assert (easel.session.document.mask[50, 70:] == 1).all()
    assert (easel.session.document.mask[40] == 255).all()


def test_undo_and_redo_are_seen(easel):
    before = easel.color(40.5, 30.5)
    easel.drag((40.5, 30.5))
    easel.canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    painted_color = easel.color(40.5, 30.5)
    assert painted_color != before
    easel.session.undo()
    assert easel.color(40.5, 30.5) == before
    easel.session.redo()
    assert easel.color(40.5, 30.5) == painted_color


@pytest.mark.parametrize("how", ["tool", "right button"])
def test_erasing_makes_pixels_unlabelled(easel, how):
    easel.session.apply("Fill", easel.session.document.bounds, 2)
    easel.state.eraser_size = 9
    if how == "tool":
        easel.state.set_tool(Tool.ERASER)
        easel.drag((40.5, 30.5))
    else:
        easel.drag((40.5, 30.5), button=RIGHT)
    expected = painted([(40.5, 30.5)], 9, 255, np.full(GREY.shape[:2], 2, np.uint8))
    assert np.array_equal(easel.session.document.mask, expected)
    assert easel.state.tool is (Tool.ERASER if how == "tool" else Tool.BRUSH)


def test_escape_takes_a_half_drawn_stroke_back(easel):
    easel.press(20.5, 20.5)
    easel.move(60.5, 40.5)
    QTest.keyClick(easel.canvas, Qt.Key.Key_Escape)
    easel.move(70.5, 50.5)
    easel.release(70.5, 50.5)
    assert (easel.session.document.mask == 255).all()
    assert not easel.session.document.history.can_undo


def test_shift_click_draws_a_straight_line_from_the_last_stroke(easel):
    easel.state.set_size(3)
    easel.drag((10.5, 10.5), (12.5, 10.5))
    easel.hover(40.5, 30.5, modifiers=SHIFT)
    easel.drag((60.5, 50.5), modifiers=SHIFT)
    expected = painted([(10.5, 10.5), (12.5, 10.5), (60.5, 50.5)], 3)
    assert np.array_equal(easel.session.document.mask, expected)
    easel.session.undo()
    assert np.array_equal(easel.session.document.mask, painted([(10.5, 10.5), (12.5, 10.5)], 3))


def test_shift_click_on_a_new_image_is_just_a_dab(easel):
    easel.state.set_size(3)
    easel.drag((10.5, 10.5))
    easel.session.next_image()
    easel.drag((60.5, 50.5), modifiers=SHIFT)
    assert np.array_equal(easel.session.document.mask, painted([(60.5, 50.5)], 3))


@pytest.mark.parametrize("how", ["alt", "command"])
def test_picking_takes_the_class_under_the_pointer_or_the_proposed_one(easel, propose, how):
    easel.session.apply("Fill", Rect(0, 0, 40, 60), 0)
    propose(easel.session, 2)

    def pick(x, y):
        if how == "alt":
            easel.drag((x, y), modifiers=ALT)
        else:
            easel.hover(x, y)
            easel.canvas.pick_class()

    pick(10.5, 10.5)
    assert easel.state.active_class == 0
    easel.state.set_tool(Tool.ERASER)
    pick(60.5, 10.5)
    assert easel.state.active_class == 2
    assert easel.state.tool is Tool.BRUSH
    assert (easel.session.document.mask[:, 40:] == 255).all()


def test_a_second_button_finishes_the_stroke_and_nothing_is_lost(easel):
    easel.state.set_size(3)
    easel.press(20.5, 20.5)
    easel.move(30.5, 20.5)
    easel.press(30.5, 20.5, button=MIDDLE)
    assert not easel.session.document.stroking
    easel.move(45.5, 30.5, button=MIDDLE)
    easel.release(45.5, 30.5, button=MIDDLE)
    assert np.array_equal(easel.session.document.mask, painted([(20.5, 20.5), (30.5, 20.5)], 3))
    assert easel.session.document.history.can_undo


def test_losing_the_focus_finishes_the_stroke(easel):
    easel.press(20.5, 20.5)
    QApplication.sendEvent(easel.canvas, QFocusEvent(QEvent.Type.FocusOut))
    assert not easel.session.document.stroking
    assert easel.session.document.history.can_undo
    easel.move(60.5, 50.5)
    assert (easel.session.document.mask[45:] == 255).all()


def test_switching_images_finishes_the_stroke_on_the_old_one(easel):
    first = easel.session.document
    easel.press(20.5, 20.5)
    easel.session.next_image()
    easel.move(60.5, 50.5)
    easel.release(60.5, 50.5)
    assert first.history.can_undo
    assert (first.mask[18:23, 18:23] == 1).all()
    assert (easel.session.document.mask == 255).all()


def test_undo_in_the_middle_of_a_stroke_ends_it(easel):
    easel.press(20.5, 20.5)
    easel.session.undo()
    easel.move(60.5, 50.5)
    easel.release(60.5, 50.5)
    assert (easel.session.document.mask == 255).all()
    assert easel.session.document.history.can_redo


def test_painting_with_a_class_that_is_gone_says_so(easel, qtbot):
    easel.state.set_active_class(9)
    with qtbot.waitSignal(easel.session.noticed) as noticed:
        easel.drag((20.5, 20.5))
    assert "class" in noticed.args[0]
    assert (easel.session.document.mask == 255).all()


# -- lasso -----------------------------------------------------------------------------------

OUTLINE = [(10.0, 10.0), (50.0, 12.0), (55.0, 45.0), (30.0, 50.0), (8.0, 40.0)]


def test_a_lasso_accepts_the_proposal_inside_it(easel, propose):
    easel.session.apply("Fill", Rect(0, 0, 30, 60), 0)
    propose(easel.session, 2)
    easel.state.set_tool(Tool.ACCEPT)
    easel.drag(*OUTLINE)
    rect, inside = polygon_footprint(OUTLINE, easel.session.document.bounds)
    expected = np.full(GREY.shape[:2], 255, np.uint8)
    expected[rect.slices][inside] = 2
    expected[:, :30] = 0
    # The easel.canvas has whole pixels, so that the outline may run half a one beside its points.
    assert (easel.session.document.mask != expected).mean() < 0.002


def test_escape_gives_the_lasso_up(easel, propose):
    propose(easel.session, 2)
    easel.state.set_tool(Tool.ACCEPT)
    easel.press(*OUTLINE[0])
    for point in OUTLINE[1:]:
        easel.move(*point)
    QTest.keyClick(easel.canvas, Qt.Key.Key_Escape)
    easel.release(*OUTLINE[-1])
    assert (easel.session.document.mask == 255).all()


def test_a_lasso_is_not_accepted_on_another_image(easel, propose):
    easel.state.set_tool(Tool.ACCEPT)
    easel.press(*OUTLINE[0])
    for point in OUTLINE[1:]:
        easel.move(*point)
    easel.session.next_image()
    propose(easel.session, 2)
    easel.release(*OUTLINE[-1])
    assert (easel.session.document.mask == 255).all()


def test_a_lasso_around_nothing_says_so(easel, qtbot):
    easel.state.set_tool(Tool.ACCEPT)
    with qtbot.waitSignal(easel.session.noticed):
        easel.drag(*OUTLINE)


# -- pen -------------------------------------------------------------------------------------


def pen(canvas, kind, at, *, pressure, end=QPointingDevice.PointerType.Pen):
    """A tablet event as a driver sends it."""
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    # Named, since the event does not keep it alive.
    stylus = QPointingDevice.DeviceType.Stylus
    senses = QPointingDevice.Capability.Position | QPointingDevice.Capability.Pressure
    device = QPointingDevice("pen", 1, stylus, end, senses, 1, 3)
    event = QTabletEvent(
        kind,
        device,
        at,
        QPointF(canvas.mapToGlobal(at)),
        pressure,
        *(0.0,) * 5,
        Qt.KeyboardModifier.NoModifier,
        none if kind == QEvent.Type.TabletMove else left,
        none if kind == QEvent.Type.TabletRelease else left,
    )
    QApplication.sendEvent(canvas, event)


def test_a_pen_sizes_the_brush_by_pressure(easel):
    easel.state.set_size(20)
    pen(easel.canvas, QEvent.Type.TabletPress, easel.at(40.5, 30.5), pressure=0.25)
    pen(easel.canvas, QEvent.Type.TabletRelease, easel.at(40.5, 30.5), pressure=0.0)
    assert np.array_equal(easel.session.document.mask, painted([(40.5, 30.5)], 5))
    pen(easel.canvas, QEvent.Type.TabletPress, easel.at(40.5, 30.5), pressure=1.0)
    pen(easel.canvas, QEvent.Type.TabletRelease, easel.at(40.5, 30.5), pressure=0.0)
    assert np.array_equal(easel.session.document.mask, painted([(40.5, 30.5)], 20))


def test_the_other_end_of_a_pen_erases(easel):
    easel.session.apply("Fill", easel.session.document.bounds, 2)
    eraser = QPointingDevice.PointerType.Eraser
    pen(easel.canvas, QEvent.Type.TabletPress, easel.at(40.5, 30.5), pressure=1.0, end=eraser)
    pen(easel.canvas, QEvent.Type.TabletMove, easel.at(45.5, 30.5), pressure=1.0, end=eraser)
    pen(easel.canvas, QEvent.Type.TabletRelease, easel.at(45.5, 30.5), pressure=0.0, end=eraser)
    assert (easel.session.document.mask[30, 40:46] == 255).all()


def test_each_tool_says_what_it_does():
    assert all(tool_hint(tool) for tool in Tool)
    assert "Right button" in tool_hint(Tool.BRUSH)


@pytest.mark.parametrize("change", ["rotate", "flip", "pan", "resize"])
def test_a_stroke_does_not_jump_when_the_view_changes_under_it(easel, change):
    easel.canvas.zoom_to(2.0)
    easel.state.set_size(3)
    easel.press(20.5, 30.5)
    easel.move(30.5, 30.5)
    canvas, at = easel.canvas, easel.at(30.5, 30.5)
    {
        "rotate": lambda: canvas.rotate(90),
        "flip": canvas.flip,
        "pan": lambda: canvas.pan_by(0, 14),
        "resize": lambda: canvas.resize(canvas.width() + 40, canvas.height() + 20),
    }[change]()
    moved = canvas.to_image(QPointF(at)).toTuple()
    to = (moved[0] + 4, moved[1] - 5)
    easel.move(*to)
    easel.release(*to)
    wanted = painted([(20.5, 30.5), (30.5, 30.5)], 3)
    assert np.array_equal(easel.session.document.mask, painted([moved, to], 3, mask=wanted))
    assert len(easel.session.document.history.steps) == 1
