"""Looking around: zoom, pan, keys, cursor, and what is said when there is no image."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QEnterEvent, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from unet_gui.core.errors import ImageReadError
from unet_gui.gui.canvas import backdrop
from unet_gui.gui.state import Hover, Tool

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (60, 80, 3), np.uint8)
OTHER = RNG.integers(0, 256, (50, 50, 3), np.uint8)
NONE, MIDDLE = Qt.MouseButton.NoButton, Qt.MouseButton.MiddleButton


@pytest.fixture
def easel(make_easel):
    return make_easel(IMAGE, IMAGE, OTHER)


def test_the_canvas_is_found_by_its_name(easel):
    assert easel.canvas.objectName() == "canvas"


def test_at_one_to_one_each_image_pixel_is_seen_as_it_is(easel):
    easel.canvas.zoom_actual()
    corner = easel.at(0, 0)
    x, y = int(corner.x()), int(corner.y())
    assert np.array_equal(easel.seen()[y : y + 60, x : x + 80], IMAGE)


@pytest.mark.parametrize("zoom", [2.0, 3.7, 8.0])
def test_magnified_pixels_are_squares(easel, zoom):
    easel.canvas.zoom_to(zoom)
    seen = easel.seen()
    for x, y in ((30, 20), (41, 33), (50, 40)):
        at = easel.at(x + 0.5, y + 0.5)
        assert seen[int(at.y()), int(at.x())].tolist() == IMAGE[y, x].tolist()


def test_a_large_image_seen_from_afar_is_its_mean(make_easel):
    checks = np.zeros((1024, 1024, 3), np.uint8)
    checks[::2, ::2] = checks[1::2, 1::2] = 200
    easel = make_easel(checks)
    easel.canvas.zoom_to(0.25)
    assert abs(easel.color(512, 512)[0] - 100) <= 2


def test_a_very_large_image_is_refined_later(make_easel, monkeypatch):
    monkeypatch.setattr(backdrop, "AT_ONCE", 100)
    easel = make_easel(IMAGE)
    easel.canvas.zoom_actual()
    corner = easel.at(0, 0)
    x, y = int(corner.x()), int(corner.y())
    assert np.array_equal(easel.seen()[y : y + 60, x : x + 80], IMAGE)


@pytest.mark.parametrize("steps", [1, 3, -1])
def test_the_wheel_keeps_the_point_under_the_pointer(easel, steps):
    easel.canvas.zoom_to(4.0)
    before = easel.at(44.0, 31.0)
    zoom = easel.canvas.zoom
    easel.wheel(44.0, 31.0, steps)
    assert (easel.canvas.zoom > zoom) == (steps > 0)
    assert (easel.at(44.0, 31.0) - before).manhattanLength() <= 1.0
    assert easel.state.zoom == easel.canvas.zoom


def test_the_wheel_stops_at_one_to_one(make_easel):
    easel = make_easel(np.zeros((900, 900, 3), np.uint8))
    easel.canvas.zoom_to(1.1)
    easel.wheel(40, 30, -1)
    assert easel.canvas.zoom == 1.0
    easel.wheel(40, 30, -1)
    assert easel.canvas.zoom < 1.0


def test_control_and_wheel_size_the_brush(easel):
    size, zoom = easel.state.brush_size, easel.canvas.zoom
    easel.wheel(40, 30, 1, Qt.KeyboardModifier.ControlModifier)
    assert easel.state.brush_size > size
    easel.wheel(40, 30, -0.5, Qt.KeyboardModifier.ControlModifier)
    grown = easel.state.brush_size
    easel.wheel(40, 30, -0.5, Qt.KeyboardModifier.ControlModifier)
    assert easel.state.brush_size < grown
    assert easel.canvas.zoom == zoom


def test_shift_and_wheel_pan_sideways(easel):
    easel.canvas.zoom_to(8.0)
    before = easel.at(40, 30)
    easel.wheel(40, 30, 1, Qt.KeyboardModifier.ShiftModifier)
    moved = easel.at(40, 30) - before
    assert moved.x() > 20
    assert moved.y() == 0


@pytest.mark.parametrize("how", ["middle", "space", "tool"])
def test_dragging_pans_and_paints_nothing(easel, how):
    easel.canvas.zoom_to(8.0)
    if how == "space":
        QTest.keyPress(easel.canvas, Qt.Key.Key_Space)
    elif how == "tool":
        easel.state.set_tool(Tool.PAN)
    easel.hover(40, 30)
    if how != "middle":
        assert easel.canvas.cursor().shape() == Qt.CursorShape.OpenHandCursor
    button = MIDDLE if how == "middle" else Qt.MouseButton.LeftButton
    start = easel.at(40, 30)
    end = start + QPointF(25, -12)
    easel.mouse(QEvent.Type.MouseButtonPress, start, button)
    assert easel.canvas.cursor().shape() == Qt.CursorShape.ClosedHandCursor
    easel.mouse(QEvent.Type.MouseMove, end, button)
    easel.mouse(QEvent.Type.MouseButtonRelease, end, button)
    assert easel.at(40, 30) == end
    assert (easel.session.document.mask == 255).all()
    if how == "space":
        QTest.keyRelease(easel.canvas, Qt.Key.Key_Space)
        assert easel.canvas.cursor().shape() == Qt.CursorShape.BlankCursor


@pytest.mark.parametrize(
    ("key", "x", "y"),
    [
        (Qt.Key.Key_Left, 1, 0),
        (Qt.Key.Key_Right, -1, 0),
        (Qt.Key.Key_Up, 0, 1),
        (Qt.Key.Key_Down, 0, -1),
    ],
)
def test_arrow_keys_pan(easel, key, x, y):
    easel.canvas.zoom_to(8.0)
    before = easel.at(40, 30)
    QTest.keyClick(easel.canvas, key)
    moved = easel.at(40, 30) - before
    assert np.sign(moved.x()) == x
    assert np.sign(moved.y()) == y


def test_bracket_keys_size_the_tool_in_hand(easel):
    brush, eraser = easel.state.brush_size, easel.state.eraser_size
    QTest.keyClick(easel.canvas, Qt.Key.Key_BracketRight)
    assert easel.state.brush_size > brush
    easel.state.set_tool(Tool.ERASER)
    QTest.keyClick(easel.canvas, Qt.Key.Key_BracketLeft)
    assert easel.state.eraser_size < eraser
    assert easel.state.brush_size > brush


def test_zooming_by_steps_and_to_fit(easel):
    fit = easel.canvas.zoom
    easel.canvas.zoom_in()
    assert easel.canvas.zoom > fit
    easel.canvas.zoom_out()
    easel.canvas.zoom_out()
    assert easel.canvas.zoom < fit
    easel.canvas.zoom_fit()
    assert easel.canvas.zoom == pytest.approx(fit)
    easel.canvas.resize(800, 600)
    assert easel.canvas.zoom > fit
    assert (easel.canvas.visible_image_rect.width, easel.canvas.visible_image_rect.height) == (
        80,
        60,
    )


def test_the_next_image_keeps_the_view_only_if_it_has_the_same_size(easel):
    easel.canvas.zoom_to(8.0, QPointF(10, 10))
    place = easel.at(0, 0)
    easel.session.next_image()
    assert easel.at(0, 0) == place
    easel.session.next_image()
    assert easel.canvas.visible_image_rect.width == 50


def test_hovering_tells_the_pixel_under_the_pointer(easel):
    easel.hover(33.2, 21.9)
    assert easel.state.hover == Hover(33, 21)
    easel.hover(-5, 3)
    assert easel.state.hover is None
    easel.hover(33.2, 21.9)
    easel.canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    assert easel.state.hover is None


def changed(before, after):
    return (before != after).any(-1)


def test_the_cursor_shows_the_true_size_and_only_its_surroundings_change(easel):
    easel.canvas.zoom_to(4.0)
    bare = easel.seen()
    easel.state.set_size(20)
    easel.hover(40, 30)
    with_cursor = easel.seen()
    rows, columns = np.nonzero(changed(bare, with_cursor))
    assert columns.max() - columns.min() == pytest.approx(80, abs=5)
    assert rows.max() - rows.min() == pytest.approx(80, abs=5)
    middle = easel.at(40, 30)
    inside = changed(bare, with_cursor)[int(middle.y()) - 25 : int(middle.y()) - 8]
    assert not inside[:, int(middle.x())].any()
    easel.canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    assert np.array_equal(easel.seen(), bare)


@pytest.mark.parametrize("shade", [0, 128, 255])
@pytest.mark.parametrize("tool", [Tool.BRUSH, Tool.ERASER, Tool.ACCEPT])
@pytest.mark.parametrize("size", [1, 30])
def test_the_cursor_is_seen_on_any_ground(make_easel, shade, tool, size):
    easel = make_easel(np.full((60, 80, 3), shade, np.uint8))
    easel.state.set_tool(tool)
    easel.state.set_size(size)
    easel.hover(40, 30)
    seen = easel.seen()[100:200, 150:250].astype(int)
    assert np.abs(seen - shade).max() > 90


def test_moving_leaves_no_trace_behind(easel):
    easel.canvas.repaint()
    easel.state.set_size(12)
    for x in range(10, 70, 7):
        easel.hover(x, 30 + x % 9)
    easel.drag((20, 20), (60, 30))
    easel.hover(200, 200)
    easel.session.undo()
    easel.canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    seen = easel.seen()
    easel.canvas.update()
    assert np.array_equal(easel.seen(), seen)


def test_keys_act_where_the_pointer_is_unless_something_is_typed(easel, qtbot):
    field = QLineEdit()
    qtbot.addWidget(field)
    field.show()
    enter = QEnterEvent(QPointF(5, 5), QPointF(5, 5), QPointF(5, 5))
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    easel.canvas.enterEvent(enter)
    assert field.hasFocus()
    field.clearFocus()
    easel.canvas.activateWindow()
    easel.canvas.enterEvent(enter)
    qtbot.waitUntil(easel.canvas.hasFocus)


# -- without an image ------------------------------------------------------------------------


def test_each_empty_state_says_something_else(make_easel):
    easel = make_easel(IMAGE, IMAGE)
    shown = easel.seen()
    name = easel.session.project.images[1].name
    easel.session.close_project()
    closed = easel.seen()
    error = ImageReadError("The file ends too early.", "Copy it anew.")
    easel.session.image_failed.emit(name, error)
    failed = easel.seen()
    assert not np.array_equal(shown, closed)
    assert not np.array_equal(closed, failed)
    assert len(np.unique(closed.reshape(-1, 3), axis=0)) > 2


def test_nothing_can_be_painted_where_there_is_no_image(make_easel):
    easel = make_easel(IMAGE)
    easel.session.close_project()
    easel.canvas.repaint()
    easel.drag((10, 10), (20, 20))
    easel.wheel(10, 10, 1)
    easel.canvas.pick_class()
    assert easel.state.hover is None
    assert easel.canvas.cursor().shape() == Qt.CursorShape.ArrowCursor


def test_a_project_without_images_is_no_reason_to_fail(make_easel):
    assert len(np.unique(make_easel().seen().reshape(-1, 3), axis=0)) > 2


@pytest.mark.parametrize(("window", "dark"), [("#1d1e21", True), ("#f3f4f6", False)])
def test_the_ground_goes_with_the_theme(easel, window, dark):
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Window, QColor(window))
    easel.canvas.setPalette(palette)
    assert (easel.seen()[2, 2].mean() < 128) == dark
