"""The small views beside the canvas: navigator and linked view."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from unet_gui.core.geometry import Rect
from unet_gui.gui.canvas.linked_view import LinkedView
from unet_gui.gui.canvas.navigator import Navigator

SHADES = (60, 120, 180, 240)
IMAGES = [np.full((300, 400, 3), shade, np.uint8) for shade in SHADES]


def seen(widget):
    QApplication.processEvents()
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    size = image.height(), image.width(), 4
    return np.frombuffer(image.constBits(), np.uint8).reshape(size)[..., 2::-1].copy()


def roll(widget, at, steps):
    event = QWheelEvent(
        QPointF(at), QPointF(widget.mapToGlobal(at)), QPoint(), QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase,
        False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


@pytest.fixture
def easel(make_easel):
    return make_easel(*IMAGES)


@pytest.fixture
def navigator(easel, qtbot):
    navigator = Navigator(easel.session, easel.state, easel.canvas)
    qtbot.addWidget(navigator)
    navigator.resize(208, 158)
    navigator.show()
    return navigator


def test_the_navigator_shows_the_whole_image_and_its_mask(easel, navigator):
    assert (seen(navigator)[79, 104] == SHADES[0]).all()
    easel.session.apply("Fill", Rect(150, 100, 250, 200), 1)
    navigator._quiet.timeout.emit()
    assert (seen(navigator)[79, 104] != SHADES[0]).any()
    assert (seen(navigator)[20, 20] == SHADES[0]).all()


def test_the_frame_is_around_what_the_canvas_shows(easel, navigator):
    easel.canvas.zoom_to(4.0)
    easel.canvas.look_at(100, 75)
    frame = navigator.frame.boundingRect()
    # 400×300 of canvas at 4:1 are 100×75 of 400×300, shown here on 200×150.
    assert (frame.width(), frame.height()) == pytest.approx((50, 37.5), abs=1)
    assert (frame.center().x(), frame.center().y()) == pytest.approx((54, 41.5), abs=1)


def test_a_click_or_drag_in_the_navigator_moves_the_canvas(easel, navigator):
    easel.canvas.zoom_to(4.0)
    QTest.mousePress(navigator, Qt.MouseButton.LeftButton, pos=QPoint(104, 79))
    assert easel.canvas.viewport.center == pytest.approx((200, 150), abs=2)
    QTest.mouseMove(navigator, QPoint(54, 41))
    QTest.mouseRelease(navigator, Qt.MouseButton.LeftButton, pos=QPoint(54, 41))
    assert easel.canvas.viewport.center == pytest.approx((100, 75), abs=2)


def test_the_wheel_in_the_navigator_zooms_the_canvas_in_place(easel, navigator):
    easel.canvas.zoom_to(2.0)
    easel.canvas.look_at(120, 90)
    roll(navigator, QPoint(10, 10), 2)
    assert easel.canvas.zoom > 2.0
    assert easel.canvas.viewport.center == pytest.approx((120, 90), abs=1)


@pytest.mark.parametrize(("degrees", "flipped"), [(90, False), (30, True)])
def test_the_navigator_is_turned_like_the_canvas(easel, navigator, degrees, flipped):
    easel.canvas.rotate(degrees)
    if flipped:
        easel.canvas.flip()
    easel.canvas.zoom_to(5.0)
    QTest.mouseClick(navigator, Qt.MouseButton.LeftButton, pos=QPoint(110, 70))
    center = navigator.frame.boundingRect().center()
    assert (center.x(), center.y()) == pytest.approx((110.5, 70.5), abs=2)


def test_the_navigator_is_bare_without_an_image(easel, navigator):
    easel.session.close_project()
    assert len(np.unique(seen(navigator).reshape(-1, 3), axis=0)) == 1
    QTest.mouseClick(navigator, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    roll(navigator, QPoint(20, 20), 1)


# -- linked view -------------------------------------------------------------------------------


@pytest.fixture
def linked(easel, qtbot):
    linked = LinkedView(easel.session, easel.state, easel.canvas)
    qtbot.addWidget(linked)
    linked.resize(300, 260)
    linked.show()
    qtbot.waitExposed(linked)
    return linked


def middle(linked):
    pane = seen(linked.pane)
    return pane[pane.shape[0] // 2, pane.shape[1] // 2].tolist()


def test_the_linked_view_shows_the_next_image_and_says_its_name(easel, linked):
    assert linked.label.text() == "1.png"
    assert middle(linked) == [SHADES[1]] * 3
    easel.session.next_image()
    assert linked.label.text() == "2.png"
    assert middle(linked) == [SHADES[2]] * 3


def test_the_linked_view_stays_where_the_canvas_is(easel, linked):
    easel.canvas.rotate(30)
    easel.canvas.zoom_to(3.0)
    easel.canvas.look_at(77, 99)
    pane = linked.pane.viewport
    assert pane.scale == easel.canvas.viewport.scale
    assert pane.rotation == 30
    assert pane.to_image(pane.width / 2, pane.height / 2) == pytest.approx((77, 99), abs=0.5)


def test_dragging_and_wheel_in_the_linked_view_move_the_canvas(easel, linked):
    easel.canvas.zoom_to(4.0)
    easel.canvas.look_at(200, 150)
    QTest.mousePress(linked.pane, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    QTest.mouseMove(linked.pane, QPoint(120, 92))
    QTest.mouseRelease(linked.pane, Qt.MouseButton.LeftButton, pos=QPoint(120, 92))
    assert easel.canvas.viewport.center == pytest.approx((195, 152), abs=0.3)
    at = QPoint(60, 50)
    before = linked.pane.viewport.to_image(60, 50)
    roll(linked.pane, at, 1)
    assert easel.canvas.zoom > 4.0
    assert linked.pane.viewport.to_image(60, 50) == pytest.approx(before, abs=0.6)


def test_before_and_after_pass_over_the_open_image(easel, linked):
    easel.session.next_image()
    linked.before.click()
    assert linked.label.text() == "0.png"
    assert not linked.before.isEnabled()
    linked.after.click()
    linked.after.click()
    assert linked.label.text() == "3.png"
    assert not linked.after.isEnabled()
    assert middle(linked) == [SHADES[3]] * 3


def test_after_the_last_image_the_one_before_it_is_shown(easel, linked):
    for _ in range(3):
        easel.session.next_image()
    assert linked.label.text() == "2.png"


def test_the_saved_mask_of_the_neighbour_is_shown(easel, linked):
    easel.session.next_image()
    easel.session.apply("Fill", Rect(0, 0, 400, 300), 1)
    easel.session.flush()
    linked.offset = -1
    easel.session.next_image()
    assert linked.label.text() == "1.png"
    assert middle(linked) != [SHADES[1]] * 3
    easel.state.set_hidden({1})
    assert middle(linked) == [SHADES[1]] * 3


def test_a_mask_saved_meanwhile_is_shown_without_reading_the_image_again(easel, linked):
    source, project = linked.pane.source, easel.session.project
    project.save_mask(project.images[1], np.ones((300, 400), np.uint8))
    easel.session.status_changed.emit("1.png")
    assert middle(linked) != [SHADES[1]] * 3
    assert linked.pane.source is source


def test_a_hidden_linked_view_loads_nothing(easel, linked):
    linked.hide()
    assert linked.name == ""
    easel.session.next_image()
    assert linked.name == ""
    linked.show()
    assert linked.name == "2.png"


def test_a_neighbour_that_cannot_be_read_is_said_quietly(easel, linked, qtbot):
    path = easel.session.project.images[2].path
    path.write_bytes(b"nothing of use")
    failures = []
    easel.session.failed.connect(failures.append)
    easel.session.next_image()
    assert linked.pane.said
    assert failures == []
    seen(linked.pane)


def test_an_image_of_another_size_is_shown_at_its_own(easel, linked):
    Image.fromarray(np.full((20, 30, 3), 33, np.uint8)).save(easel.session.project.images[2].path)
    easel.session.next_image()
    easel.canvas.zoom_to(2.0)
    easel.canvas.look_at(15, 10)
    assert middle(linked) == [33] * 3
    assert (linked.pane.viewport.image_width, linked.pane.viewport.image_height) == (30, 20)


def test_a_lone_image_has_no_neighbour(make_easel, qtbot):
    easel = make_easel(IMAGES[0])
    linked = LinkedView(easel.session, easel.state, easel.canvas)
    qtbot.addWidget(linked)
    linked.show()
    assert linked.name == ""
    assert not linked.after.isEnabled()
    easel.session.close_project()
    assert linked.label.text()


def test_the_device_pixel_ratio_is_followed(easel, monkeypatch):
    easel.canvas.zoom_actual()
    assert easel.canvas.viewport.scale == 1.0
    monkeypatch.setattr(type(easel.canvas), "devicePixelRatioF", lambda _: 2.0)
    QApplication.sendEvent(easel.canvas, QEvent(QEvent.Type.DevicePixelRatioChange))
    assert easel.canvas.viewport.scale == 0.5
    assert easel.canvas.zoom == 1.0
