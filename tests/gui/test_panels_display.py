"""The display panel: histogram, handles, stretch, brightness; only what is seen changes."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest

from unet_gui.core.display import Display
from unet_gui.gui.panels.display import DisplayPanel, count_values
from unet_gui.gui.panels.histogram import Handle
from unet_gui.gui.state import ViewState


@pytest.fixture
def session(open_session):
    image = np.zeros((50, 100, 3), np.uint8)
    image[..., 0] = np.arange(50, 150)[None]
    image[..., 1] = 100
    image[..., 2] = np.arange(100)[None] // 2
    return open_session(image)


@pytest.fixture
def panel(session, theme, qtbot):
    state = ViewState()
    actions = {n: QAction(n) for n in ("display_stretch", "display_invert", "display_reset")}
    panel = DisplayPanel(session, state, theme, actions)
    panel.state, panel.actions_by_id = state, actions
    actions["display_stretch"].triggered.connect(panel.stretch)
    actions["display_reset"].triggered.connect(lambda: state.set_display(Display()))
    qtbot.addWidget(panel)
    panel.resize(272, 420)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def drag(plot, handle, value):
    area = plot._area()
    start = QPoint(round(plot.handle_x(handle)), round(area.bottom()) + 6)
    end = QPoint(round(plot._x(value)), start.y())
    QTest.mousePress(plot, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(plot, end)
    QTest.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=end)


def choose(panel, channel):
    panel.channel.setCurrentIndex(panel.channel.findData(channel))


def test_counting():
    image = np.zeros((4, 5, 3), np.uint8)
    image[0, 0] = (7, 8, 255)
    counts = count_values(image)
    assert counts.shape == (3, 256)
    assert counts.sum() == 60
    assert (counts[0, 7], counts[1, 8], counts[2, 255]) == (1, 1, 1)


def test_large_images_are_sampled():
    assert 200_000 < count_values(np.zeros((3000, 2000, 3), np.uint8))[0, 0] < 1_600_000


def test_dragging_black_and_white_changes_all_channels(panel):
    drag(panel.plot, Handle.BLACK, 60)
    drag(panel.plot, Handle.WHITE, 200)
    display = panel.state.display
    assert display.black == pytest.approx((60,) * 3, abs=1.5)
    assert display.white == pytest.approx((200,) * 3, abs=1.5)
    assert display.gamma == pytest.approx((1, 1, 1), abs=0.05)
    assert "60" in panel.numbers.text()


def test_the_middle_handle_is_gamma(panel):
    drag(panel.plot, Handle.GAMMA, 64)
    assert panel.state.display.gamma[0] == pytest.approx(2.0, abs=0.1)
    assert panel.plot.handle_x(Handle.GAMMA) == pytest.approx(panel.plot._x(64), abs=2)


def test_black_never_passes_white(panel):
    drag(panel.plot, Handle.WHITE, 100)
    drag(panel.plot, Handle.BLACK, 250)
    assert panel.state.display.black[0] < panel.state.display.white[0]


def test_one_channel_alone(panel):
    choose(panel, 2)
    drag(panel.plot, Handle.WHITE, 50)
    assert panel.state.display.white == pytest.approx((255, 255, 50), abs=1.5)
    choose(panel, 0)
    assert panel.plot.levels == (0, 255, 1)


def test_double_click_puts_a_handle_back(panel):
    drag(panel.plot, Handle.BLACK, 80)
    at = QPoint(round(panel.plot.handle_x(Handle.BLACK)), panel.plot.height() - 8)
    QTest.mouseDClick(panel.plot, Qt.MouseButton.LeftButton, pos=at)
    assert panel.state.display.neutral


def test_handles_move_by_keyboard(panel):
    panel.plot.setFocus()
    QTest.keyClick(panel.plot, Qt.Key.Key_Right)
    assert panel.state.display.black[0] == pytest.approx(1, abs=0.01)
    QTest.keyClick(panel.plot, Qt.Key.Key_PageDown)
    QTest.keyClick(panel.plot, Qt.Key.Key_PageDown)
    QTest.keyClick(panel.plot, Qt.Key.Key_Left)
    assert panel.state.display.white[0] == pytest.approx(254, abs=0.01)


def test_stretching_between_percentiles(panel, qtbot):
    panel.range.setCurrentIndex(panel.range.findText("0 – 100 %"))
    choose(panel, 0)
    panel.actions_by_id["display_stretch"].trigger()
    display = panel.state.display
    assert (display.black[0], display.white[0]) == pytest.approx((50, 149), abs=1)
    assert (display.black[1], display.white[1]) == (0, 255)
    choose(panel, None)
    panel.stretch()
    assert panel.state.display.black == pytest.approx((0, 0, 0))
    assert panel.state.display.white == pytest.approx((149,) * 3, abs=1)


def test_brightness_contrast_invert_and_reset(panel):
    panel.brightness.setValue(25)
    panel.contrast.setValue(-40)
    QTest.mouseClick(panel.invert, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    display = panel.state.display
    assert (display.brightness, display.contrast, display.invert) == (0.25, -0.4, True)
    button = panel.findChild(type(panel.findChild(object, "display_reset")), "display_reset")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert panel.state.display.neutral
    assert (panel.brightness.value(), panel.contrast.value()) == (0, 0)
    assert not panel.invert.isChecked()


def test_it_follows_the_state(panel):
    panel.state.set_display(Display(black=(9, 9, 9), contrast=0.5, invert=True))
    assert panel.plot.levels == (9, 255, 1)
    assert panel.contrast.value() == 50
    assert panel.invert.isChecked()


def test_the_histogram_is_counted_only_when_seen(panel, qtbot):
    asked = []
    panel.hide()
    panel.use_histogram(lambda: asked.append(1) or np.ones((3, 256), np.int64))
    panel._timer.timeout.emit()
    assert asked == []
    panel.show()
    qtbot.waitUntil(lambda: asked == [1])


def test_without_an_image_nothing_breaks(panel, session):
    session.close_project()
    panel.stretch()
    panel.grab()
    assert panel.state.display.neutral
