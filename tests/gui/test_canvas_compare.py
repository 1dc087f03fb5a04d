"""Mask and prediction side by side, hidden classes, rulers and the scale bar."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from unet_gui.core.geometry import Rect
from unet_gui.gui.canvas import compare
from unet_gui.gui.canvas.rulers import RULER
from unet_gui.gui.options import Compare

SHADE = 120


@pytest.fixture
def easel(make_easel, propose):
    """Mask all class 1, prediction all class 2."""
    easel = make_easel(np.full((60, 80, 3), SHADE, np.uint8))
    easel.session.apply("Fill", Rect(0, 0, 80, 60), 1)
    propose(easel.session, 2)
    easel.canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    return easel


def color_of(easel, class_id):
    """What a class looks like over the grey image."""
    rgb = easel.session.project.classes.palette()[class_id].astype(float)
    return rgb * easel.state.opacity + SHADE * (1 - easel.state.opacity)


def shows(easel, point, class_id):
    return np.abs(np.array(easel.color(*point)) - color_of(easel, class_id)).max() <= 3


def test_split_shows_the_mask_left_and_the_prediction_right_of_a_line(easel):
    easel.state.set_view(compare=Compare.SPLIT)
    assert shows(easel, (20, 30), 1)
    assert shows(easel, (60, 30), 2)
    divider = easel.canvas.findChild(compare.Divider)
    assert divider.isVisible()
    easel.state.set_view(compare=Compare.OFF)
    assert shows(easel, (60, 30), 1)
    assert not divider.isVisible()


def test_the_dividing_line_can_be_dragged(easel):
    easel.state.set_view(compare=Compare.SPLIT)
    divider = easel.canvas.findChild(compare.Divider)
    middle = divider.rect().center()
    QTest.mousePress(divider, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(divider, middle + QPoint(90, 0))
    event_target = middle + QPoint(90, 0)
    QTest.mouseRelease(divider, Qt.MouseButton.LeftButton, pos=event_target)
    assert divider.at > 280
    assert shows(easel, (48, 30), 1)
    assert shows(easel, (75, 30), 2)


def test_painting_goes_on_left_of_the_line(easel):
    easel.state.set_view(compare=Compare.SPLIT)
    easel.state.set_active_class(0)
    easel.drag((10, 30), (20, 30))
    easel.canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    assert easel.session.document.value_at(15, 30) == 0
    assert shows(easel, (15, 30), 0)


def test_flicker_takes_turns_but_not_while_painting(easel, qtbot):
    easel.state.set_view(compare=Compare.FLICKER)
    turn = easel.canvas._comparison._turn
    assert shows(easel, (60, 50), 1)
    turn()
    assert shows(easel, (60, 50), 2)
    easel.press(10, 10)
    turn()
    assert shows(easel, (60, 50), 1)
    turn()
    assert shows(easel, (60, 50), 1)
    easel.release(10, 10)
    turn()
    assert shows(easel, (60, 50), 2)
    easel.state.set_view(compare=Compare.OFF)
    assert shows(easel, (60, 50), 1)


def test_flicker_goes_by_a_clock(easel, qtbot):
    easel.state.set_view(compare=Compare.FLICKER)
    with qtbot.waitSignal(easel.canvas._comparison.changed, timeout=5000):
        pass
    assert shows(easel, (60, 50), 2)


def test_without_a_prediction_flicker_shows_the_mask(make_easel):
    easel = make_easel(np.full((60, 80, 3), SHADE, np.uint8))
    easel.session.apply("Fill", Rect(0, 0, 80, 60), 1)
    easel.state.set_view(compare=Compare.FLICKER)
    easel.canvas._comparison._turn()
    assert shows(easel, (60, 50), 1)


@pytest.mark.parametrize("rotation", [0, 90])
def test_side_by_side_shows_the_same_place_twice(easel, rotation):
    easel.canvas.rotate(rotation)
    easel.state.set_view(compare=Compare.SIDE_BY_SIDE)
    twin = easel.canvas.findChild(QWidget, "compare_twin")
    assert twin.isVisible()
    assert twin.x() == 200
    seen, at = easel.seen(), easel.at(40, 30)
    assert 0 <= at.x() < 200
    for shift, class_id in ((0, 1), (200, 2)):
        color = seen[int(at.y()), int(at.x()) + shift]
        assert np.abs(color - color_of(easel, class_id)).max() <= 3


def test_dragging_and_wheel_in_the_twin_move_both_and_paint_nothing(easel):
    easel.state.set_view(compare=Compare.SIDE_BY_SIDE)
    easel.canvas.zoom_to(8.0)
    twin = easel.canvas.findChild(QWidget, "compare_twin")
    before, revision = easel.at(40, 30), easel.session.document.revision
    QTest.mousePress(twin, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    QTest.mouseMove(twin, QPoint(80, 110))
    QTest.mouseRelease(twin, Qt.MouseButton.LeftButton, pos=QPoint(80, 110))
    assert easel.at(40, 30) - before == QPointF(-20, 10)
    assert easel.session.document.revision == revision


def test_a_hidden_class_is_not_drawn(easel):
    easel.state.set_hidden({1})
    easel.state.set_ghost_visible(False)
    assert easel.color(40, 50) == (SHADE,) * 3
    easel.state.set_hidden(())
    assert shows(easel, (40, 50), 1)
    easel.state.set_solo(0)
    assert easel.color(40, 50) == (SHADE,) * 3
    easel.state.set_solo(1)
    assert shows(easel, (40, 50), 1)


# -- rulers ------------------------------------------------------------------------------------


def rulers(easel):
    return easel.canvas._rulers


def test_rulers_take_room_only_while_they_are_shown(easel):
    assert easel.canvas.viewport.left == 0
    easel.state.set_view(rulers=True)
    assert easel.canvas.viewport.left == easel.canvas.viewport.top == RULER
    assert rulers(easel).top.isVisible()
    easel.state.set_view(rulers=False)
    assert easel.canvas.viewport.left == 0
    assert not rulers(easel).top.isVisible()


@pytest.mark.parametrize(
    ("degrees", "flipped"), [(0, False), (90, False), (180, True), (270, True)]
)
def test_ticks_stand_where_their_pixels_are(easel, degrees, flipped):
    easel.state.set_view(rulers=True)
    easel.canvas.rotate(degrees)
    if flipped:
        easel.canvas.flip()
    easel.canvas.zoom_to(6.0)
    turned = easel.canvas.rotation % 180 == 90
    for ruler, upright in ((rulers(easel).top, False), (rulers(easel).left, True)):
        ticks = [(place, float(text)) for place, text in ruler.ticks() if text]
        assert len(ticks) >= 2
        for place, value in ticks:
            along_y = upright != turned
            at = easel.at(40, value) if along_y else easel.at(value, 30)
            assert place + RULER == pytest.approx(at.y() if upright else at.x(), abs=1e-6)


def test_rulers_count_in_units_when_the_pixel_size_is_known(easel):
    easel.state.set_view(rulers=True)
    easel.canvas.zoom_to(5.0)
    easel.canvas.set_pixel_size(0.2, "µm")
    ruler = rulers(easel).top
    for place, text in ruler.ticks():
        if text:
            at = easel.at(float(text) / 0.2, 30)
            assert place + RULER == pytest.approx(at.x(), abs=1e-6)
    assert rulers(easel).corner.unit == "µm"
    easel.canvas.set_pixel_size(None)
    assert rulers(easel).corner.unit == "px"


def test_a_slanted_image_has_no_ticks(easel):
    easel.state.set_view(rulers=True)
    easel.canvas.rotate(15)
    assert rulers(easel).top.ticks() == []


def test_the_pointer_is_marked_on_both_rulers(easel):
    easel.state.set_view(rulers=True)
    easel.canvas.zoom_to(5.0)
    bare = rulers(easel).top.grab().toImage()
    easel.hover(40, 30)
    assert rulers(easel).top.grab().toImage() != bare
    easel.canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    assert rulers(easel).top.grab().toImage() == bare


@pytest.mark.parametrize("zoom", [1.3, 2.7, 5.0, 10.0])
def test_the_scale_bar_has_the_length_it_says(easel, zoom):
    easel.state.set_view(pixel_grid=False)
    easel.canvas.zoom_to(zoom)
    bare = easel.seen()
    easel.canvas.set_pixel_size(0.5, "mm")
    text, length = easel.canvas._scale_bar._measure()
    value, unit = text.split()
    assert unit == "mm"
    assert length == pytest.approx(float(value) / 0.5 * zoom)
    assert 70 <= length <= 180
    changed = (easel.seen() != bare).any(-1)
    rows, columns = np.nonzero(changed)
    assert rows.min() > 200
    assert columns.max() < 220
    easel.canvas.set_pixel_size(None)
    assert np.array_equal(easel.seen(), bare)


def test_side_by_side_the_rulers_measure_the_left_half_only(easel):
    easel.state.set_view(rulers=True, compare=Compare.SIDE_BY_SIDE)
    easel.canvas.zoom_to(8.0)
    top = rulers(easel).top
    assert top.width() + RULER == 400  # no strip of the image is left between it and the twin
    assert max(place for place, _ in top.ticks()) <= 200


def test_the_brush_cursor_does_not_stay_behind_when_the_pointer_goes_to_the_twin(easel):
    easel.state.set_view(compare=Compare.SIDE_BY_SIDE)
    bare = easel.seen()
    easel.hover(40, 30)
    assert (easel.seen() != bare).any()
    twin = easel.canvas.findChild(QWidget, "compare_twin")
    QApplication.sendEvent(twin, QEnterEvent(QPointF(5, 5), QPointF(5, 5), QPointF(5, 5)))
    assert np.array_equal(easel.seen(), bare)
    assert easel.state.hover is None
