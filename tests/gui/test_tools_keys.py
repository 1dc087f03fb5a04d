"""Tool keys that lend a tool, and modifiers, with real events."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from unet_gui.gui.canvas.tools import TOOL_KEYS, SpringKeys, tool_hint
from unet_gui.gui.state import Tool, ViewState

GREY = np.full((60, 80, 3), 120, np.uint8)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def easel(make_easel, clock):
    easel = make_easel(GREY)
    easel.canvas.setFocus()
    spring = SpringKeys(easel.state, clock)
    easel.canvas._spring = spring
    easel.canvas._pointer.used = spring.used
    return easel


def hold(easel, key, modifiers=Qt.KeyboardModifier.NoModifier):
    QTest.keyPress(easel.canvas, key, modifiers)


def let_go(easel, key, modifiers=Qt.KeyboardModifier.NoModifier):
    QTest.keyRelease(easel.canvas, key, modifiers)


@pytest.mark.parametrize(("key", "tool"), TOOL_KEYS.items())
def test_a_tap_takes_the_tool(easel, key, tool):
    QTest.keySequence(easel.canvas, QKeySequence(key))
    assert easel.state.tool is tool


def test_every_tool_has_a_key_and_a_hint():
    assert set(TOOL_KEYS.values()) == set(Tool)
    assert all(tool_hint(tool) for tool in Tool)


def test_a_held_key_lends_the_tool(easel, clock):
    hold(easel, Qt.Key.Key_E)
    assert easel.state.tool is Tool.ERASER
    clock.now = 0.3
    let_go(easel, Qt.Key.Key_E)
    assert easel.state.tool is Tool.BRUSH


def test_a_tool_used_within_a_tap_is_given_back(easel):
    easel.session.apply("all", easel.session.document.bounds, 2)
    hold(easel, Qt.Key.Key_E)
    easel.drag((40.5, 30.5))
    let_go(easel, Qt.Key.Key_E)
    assert easel.state.tool is Tool.BRUSH
    assert easel.session.document.mask[30, 40] == 255


def test_repeats_of_a_held_key_change_nothing(easel, clock):
    hold(easel, Qt.Key.Key_E)
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        event = QKeyEvent(kind, Qt.Key.Key_E, Qt.KeyboardModifier.NoModifier, "e", True)
        QApplication.sendEvent(easel.canvas, event)
    assert easel.state.tool is Tool.ERASER
    clock.now = 1.0
    let_go(easel, Qt.Key.Key_E)
    assert easel.state.tool is Tool.BRUSH


def test_a_button_that_is_still_down_is_finished_with_the_lent_tool(easel, clock):
    easel.session.apply("all", easel.session.document.bounds, 2)
    easel.state.eraser_size = 5
    hold(easel, Qt.Key.Key_E)
    easel.press(20.5, 30.5)
    clock.now = 1.0
    let_go(easel, Qt.Key.Key_E)
    easel.move(60.5, 30.5)
    easel.release(60.5, 30.5)
    assert (easel.session.document.mask[30, 20:60] == 255).all()
    assert easel.state.tool is Tool.BRUSH


def test_a_lent_polygon_stays_until_it_is_closed(easel, clock):
    hold(easel, Qt.Key.Key_P)
    for point in [(10, 10), (50, 10), (50, 40)]:
        easel.drag(point)
    clock.now = 1.0
    let_go(easel, Qt.Key.Key_P)
    assert easel.state.tool is Tool.POLYGON
    QTest.keyClick(easel.canvas, Qt.Key.Key_Return)
    assert easel.state.tool is Tool.BRUSH
    assert easel.session.document.history.undo_name == "Polygon"


def test_a_second_key_lends_another_tool_and_the_first_former_one_returns(easel, clock):
    hold(easel, Qt.Key.Key_E)
    hold(easel, Qt.Key.Key_R)
    clock.now = 1.0
    let_go(easel, Qt.Key.Key_E)
    assert easel.state.tool is Tool.RECTANGLE
    let_go(easel, Qt.Key.Key_R)
    assert easel.state.tool is Tool.BRUSH


def test_a_tool_chosen_meanwhile_stays(easel, clock):
    hold(easel, Qt.Key.Key_E)
    easel.state.set_tool(Tool.FILL)
    clock.now = 1.0
    let_go(easel, Qt.Key.Key_E)
    assert easel.state.tool is Tool.FILL


def test_losing_the_keyboard_gives_the_tool_back(easel):
    hold(easel, Qt.Key.Key_E)
    QApplication.sendEvent(easel.canvas, QFocusEvent(QEvent.Type.FocusOut))
    assert easel.state.tool is Tool.BRUSH


def test_other_keys_can_be_set(easel):
    easel.canvas.set_tool_keys({"Z": Tool.FILL})
    QTest.keyClick(easel.canvas, Qt.Key.Key_Z)
    assert easel.state.tool is Tool.FILL
    QTest.keyClick(easel.canvas, Qt.Key.Key_B)
    assert easel.state.tool is Tool.FILL


def test_shortcuts_of_the_window_do_not_take_the_keys_away(easel, clock):
    heard = []
    for key in ("E", "Return", "A"):
        shortcut = QShortcut(QKeySequence(key), easel.canvas)
        shortcut.activated.connect(lambda key=key: heard.append(key))
    QTest.keyPress(easel.canvas, Qt.Key.Key_E)
    clock.now = 1.0
    QTest.keyRelease(easel.canvas, Qt.Key.Key_E)
    assert easel.state.tool is Tool.BRUSH
    easel.state.set_tool(Tool.POLYGON)
    for point in [(10, 10), (50, 10), (50, 40)]:
        easel.drag(point)
    QTest.keyClick(easel.canvas, Qt.Key.Key_Return)
    assert easel.session.document.history.undo_name == "Polygon"
    assert heard == []
    QTest.keyClick(easel.canvas, Qt.Key.Key_Return)
    QTest.keyClick(easel.canvas, Qt.Key.Key_A)
    assert heard == ["Return", "A"]


def test_a_former_tool_is_forgotten_after_a_tap():
    state, clock = ViewState(), Clock()
    spring = SpringKeys(state, clock)
    none = Qt.KeyboardModifier.NoModifier

    def event(kind, key, text):
        return QKeyEvent(kind, key, none, text)

    for key, text in ((Qt.Key.Key_F, "f"), (Qt.Key.Key_E, "e")):
        assert spring.press(event(QEvent.Type.KeyPress, key, text))
        assert spring.release(event(QEvent.Type.KeyRelease, key, text), busy=False)
    assert state.tool is Tool.ERASER
    assert spring.press(event(QEvent.Type.KeyPress, Qt.Key.Key_B, "b"))
    clock.now = 1.0
    assert spring.release(event(QEvent.Type.KeyRelease, Qt.Key.Key_B, "b"), busy=False)
    assert state.tool is Tool.ERASER
