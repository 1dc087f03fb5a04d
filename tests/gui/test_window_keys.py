"""Keys of the person's own: changed in a dialog, told when they clash, remembered."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPushButton

from unet_gui.gui.state import Tool

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(open_window, tiny_project):
    return open_window(tiny_project.root)


@pytest.fixture
def dialog(window):
    window.commands["change_keys"].trigger()
    (found,) = [d for d in window.findChildren(QDialog) if d.objectName() == "keys_dialog"]
    return found


def to_front(window):
    """A dialog has gone; not every platform gives its window the keyboard again by itself."""
    window.activateWindow()
    QApplication.processEvents()


def press(window, key, modifiers=Qt.KeyboardModifier.NoModifier):
    to_front(window)
    QTest.keyClick(window.canvas, key, modifiers)
    QApplication.processEvents()


def click(dialog, name):
    button = dialog.findChild(QPushButton, name)
    assert button.isEnabled(), name
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def give(dialog, action_id, key, modifiers=Qt.KeyboardModifier.NoModifier):
    dialog.choose(action_id)
    dialog.field.setFocus()
    QTest.keyClick(dialog.field, key, modifiers)


def test_another_key_works_at_once_and_at_the_next_start(window, dialog, open_window):
    give(dialog, "wand", Qt.Key.Key_J)
    click(dialog, "keys_use")
    click(dialog, "keys_ok")
    press(window, Qt.Key.Key_J)
    assert window.state.tool is Tool.WAND
    press(window, Qt.Key.Key_B)
    press(window, Qt.Key.Key_W)
    assert window.state.tool is Tool.BRUSH
    assert "<b>J</b>" in window.commands["wand"].toolTip()
    root = window.session.project.root
    window.close()
    again = open_window(root)
    press(again, Qt.Key.Key_J)
    assert again.state.tool is Tool.WAND


def test_a_clash_is_told_and_the_other_loses_its_key(window, dialog):
    give(dialog, "wand", Qt.Key.Key_B)
    message = dialog.findChild(QLabel, "keys_message")
    assert "Brush" in message.text()
    click(dialog, "keys_use")
    click(dialog, "keys_ok")
    assert window.commands.shortcuts.keys("brush") == ()
    press(window, Qt.Key.Key_B)
    assert window.state.tool is Tool.WAND


def test_nothing_changes_when_cancelled(window, dialog):
    give(dialog, "wand", Qt.Key.Key_B)
    click(dialog, "keys_use")
    click(dialog, "keys_cancel")
    press(window, Qt.Key.Key_B)
    assert window.state.tool is Tool.BRUSH


def test_keys_of_the_canvas_cannot_be_taken(dialog):
    give(dialog, "undo", Qt.Key.Key_Space)
    assert not dialog.use.isEnabled()
    assert "canvas" in dialog.findChild(QLabel, "keys_message").text()


def test_a_second_key_and_no_key(window, dialog):
    give(dialog, "brush", Qt.Key.Key_F7)
    click(dialog, "keys_also")
    dialog.choose("eraser")
    click(dialog, "keys_clear")
    click(dialog, "keys_ok")
    assert window.commands.shortcuts.keys("brush") == ("B", "F7")
    press(window, Qt.Key.Key_E)
    assert window.state.tool is Tool.BRUSH
    press(window, Qt.Key.Key_F7)
    assert window.state.tool is Tool.BRUSH


def test_back_to_the_usual_keys(window, dialog, open_window):
    give(dialog, "wand", Qt.Key.Key_B)
    click(dialog, "keys_use")
    dialog.choose("brush")
    click(dialog, "keys_usual")
    assert dialog._now["brush"] == ("B",)
    assert dialog._now["wand"] == ()
    click(dialog, "keys_all_usual")
    click(dialog, "keys_ok")
    assert dict(window.commands.shortcuts.own) == {}
    assert window.settings.own_keys(window.commands.shortcuts.ids()) == {}


def test_held_keys_can_be_changed_too(window, dialog):
    give(dialog, "overlay", Qt.Key.Key_Y)
    click(dialog, "keys_use")
    click(dialog, "keys_ok")
    to_front(window)
    QTest.keyPress(window.canvas, Qt.Key.Key_Y)
    assert not window.state.overlay_visible
    QTest.keyRelease(window.canvas, Qt.Key.Key_Y)
    assert window.state.overlay_visible
    press(window, Qt.Key.Key_H)
    assert window.state.overlay_visible


def test_the_key_for_all_panels_can_be_changed(window, dialog):
    give(dialog, "panels", Qt.Key.Key_F12)
    click(dialog, "keys_use")
    click(dialog, "keys_ok")
    press(window, Qt.Key.Key_F12)
    assert all(dock.isHidden() for dock in window.docks)
    press(window, Qt.Key.Key_F12)
    assert not window.class_dock.isHidden()


def test_searching_by_name_and_by_key(dialog):
    dialog.search.setText("magic")
    assert dialog.chosen == "wand"
    dialog.search.setText("ctrl+z")
    assert dialog.chosen == "undo"
    dialog.search.setText("no such thing")
    assert dialog.chosen == ""
    assert not dialog.use.isEnabled()


def test_unknown_and_senseless_keys_in_settings_do_no_harm(window, open_window):
    window.settings.set_own_keys({"brush": ("Ctrl+F9",), "gone": ("B",)})
    window.settings._store.setValue("keys/eraser", "no json")
    window.settings.sync()
    root = window.session.project.root
    again = open_window(root)
    shortcuts = again.commands.shortcuts
    assert shortcuts.keys("brush") == ("Ctrl+F9",)
    assert shortcuts.keys("eraser") == ("E", "0")


def test_the_cheat_sheet_shows_the_new_key_and_finds_lines(window):
    window.commands.shortcuts.replace({"wand": ("Ctrl+F8",)})
    window.commands["keys"].trigger()
    (sheet,) = [d for d in window.findChildren(QDialog) if d.objectName() == "cheat_sheet"]
    caps = {label.text() for label in sheet.findChildren(QLabel) if label.property("keycap")}
    assert QKeySequence("Ctrl+F8").toString() in caps
    assert {"Right button", "Hold its key", "Pressure", "Wheel"} <= caps
    QTest.keyClicks(sheet.field, "wand")
    page = sheet.area.widget()
    words = [label.text() for label in page.findChildren(QLabel)]
    assert "Magic wand" in words
    assert "Undo" not in words
    sheet.close()
