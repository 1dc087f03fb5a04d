"""The Mask menu, what is shown of classes, the image's display and pixel size, by real clicks."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDialog, QLineEdit, QPushButton, QSpinBox

from unet_gui.core.geometry import Rect
from unet_gui.gui.options import Compare


@pytest.fixture
def window(open_window, tiny_project, qtbot):
    window = open_window(tiny_project.root)
    window.session.open_image("sub/c.png")
    qtbot.waitUntil(lambda: window.session.document is not None)
    QApplication.processEvents()
    return window


def prompt(window, action_id):
    window.commands[action_id].trigger()
    (found,) = [d for d in window.findChildren(QDialog) if d.isVisible()]
    return found


def confirm(dialog):
    QTest.mouseClick(dialog.findChild(QPushButton, "prompt_confirm"), Qt.MouseButton.LeftButton)
    QApplication.processEvents()


def paint(window, *rect, value=1):
    window.session.apply("Brush", Rect(*rect), value)


def mask(window):
    return window.session.document.mask.copy()


def ring(window):
    window.state.set_active_class(1)
    paint(window, 2, 2, 12, 12)
    paint(window, 5, 5, 8, 8, value=255)


def test_filling_holes(window):
    ring(window)
    window.commands["fill_holes"].trigger()
    assert (mask(window)[2:12, 2:12] == 1).all()
    window.session.undo()
    assert (mask(window)[5:8, 5:8] == 255).all()


def test_removing_specks_asks_for_their_size_and_remembers_it(window):
    window.state.set_active_class(1)
    paint(window, 2, 2, 4, 4)
    paint(window, 8, 8, 16, 14)
    dialog = prompt(window, "remove_specks")
    box = dialog.findChild(QSpinBox, "prompt_number")
    assert dialog.focusWidget() is box
    box.setValue(10)
    confirm(dialog)
    assert (mask(window)[2:4, 2:4] == 255).all()
    assert (mask(window)[8:14, 8:16] == 1).all()
    assert window.state.options.speck == 10


def test_growing_and_shrinking(window):
    window.state.set_active_class(1)
    paint(window, 8, 8, 12, 12)
    dialog = prompt(window, "grow")
    dialog.findChild(QSpinBox, "prompt_number").setValue(2)
    confirm(dialog)
    grown = (mask(window) == 1).sum()
    assert grown > 16
    confirm(prompt(window, "shrink"))
    assert (mask(window) == 1).sum() < grown


def test_cancelling_changes_nothing(window):
    paint(window, 2, 2, 4, 4)
    before = mask(window)
    dialog = prompt(window, "smooth_border")
    QTest.mouseClick(dialog.findChild(QPushButton, "prompt_cancel"), Qt.MouseButton.LeftButton)
    assert np.array_equal(mask(window), before)


def test_replacing_a_class(window):
    paint(window, 0, 0, 6, 6, value=0)
    window.state.set_active_class(0)
    dialog = prompt(window, "replace_class")
    new = dialog.findChild(QComboBox, "replace_new")
    new.setCurrentIndex(new.findData(2))
    confirm(dialog)
    assert (mask(window)[:6, :6] == 2).all()


def test_a_class_cannot_replace_itself(window):
    dialog = prompt(window, "replace_class")
    dialog.new_box.setCurrentIndex(dialog.old_box.currentIndex())
    assert not dialog.confirm.isEnabled()
    dialog.close()


def test_clearing_is_one_step(window):
    paint(window, 0, 0, 6, 6, value=0)
    before = mask(window)
    window.commands["clear_mask"].trigger()
    assert (mask(window) == 255).all()
    window.session.undo()
    assert np.array_equal(mask(window), before)


def test_copying_needs_a_neighbour(window, qtbot):
    assert window.commands["copy_previous"].isEnabled()
    assert not window.commands["copy_next"].isEnabled()
    window.session.open_image(window.session.project.images[0].name)
    qtbot.waitUntil(lambda: window.session.document is not None)
    QApplication.processEvents()
    assert not window.commands["copy_previous"].isEnabled()


def test_locked_classes_are_safe_from_the_window(window):
    paint(window, 0, 0, 6, 6, value=0)
    window.state.set_active_class(0)
    window.commands["class_lock"].trigger()
    paint(window, 0, 0, 20, 20, value=1)
    assert (mask(window)[:6, :6] == 0).all()
    QApplication.processEvents()
    window.commands["class_show_all"].trigger()
    paint(window, 0, 0, 20, 20, value=1)
    assert (mask(window)[:6, :6] == 1).all()


def test_classes_hide_and_stand_alone_from_the_menu(window):
    state = window.state
    window.commands["class_hide"].trigger()
    assert not state.shows_class(state.active_class)
    assert window.commands["class_hide"].isChecked()
    window.commands["class_solo"].trigger()
    assert state.solo == state.active_class
    QApplication.processEvents()
    assert window.commands["class_show_all"].isEnabled()
    window.commands["class_show_all"].trigger()
    assert (state.solo, state.hidden) == (None, frozenset())
    QApplication.processEvents()
    assert not window.commands["class_show_all"].isEnabled()


def test_switches_of_the_view(window):
    for action_id, name in (
        ("smooth_zoom", "smooth"), ("pixel_grid", "pixel_grid"), ("rulers", "rulers"),
        ("superpixels", "superpixels"),
    ):  # fmt: skip
        before = getattr(window.state.view, name)
        window.commands[action_id].trigger()
        assert getattr(window.state.view, name) is not before
        assert window.commands[action_id].isChecked() is not before


def test_comparing_goes_round(window, propose):
    propose(window.session, 1)
    QApplication.processEvents()
    seen = []
    for _ in Compare:
        QTest.keyClick(window.canvas, Qt.Key.Key_V)
        seen.append(window.state.view.compare)
    assert seen == [Compare.FLICKER, Compare.SPLIT, Compare.SIDE_BY_SIDE, Compare.OFF]
    window.commands["compare_split"].trigger()
    assert window.state.view.compare is Compare.SPLIT
    window.commands["compare_off"].trigger()


def test_turning_the_view(window):
    window.commands["rotate_right"].trigger()
    assert window.canvas.rotation == 90
    window.commands["rotate_left"].trigger()
    window.commands["rotate_left"].trigger()
    assert window.canvas.rotation == 270
    window.commands["flip"].trigger()
    assert window.canvas.flipped
    window.commands["rotate_reset"].trigger()
    assert (window.canvas.rotation, window.canvas.flipped) == (0, False)


def test_the_display_from_the_menu(window, qtbot):
    qtbot.waitUntil(lambda: int(window.canvas.histogram().sum()) > 0)
    window.commands["display_invert"].trigger()
    assert window.state.display.invert
    assert window.parts.display.invert.isChecked()
    window.commands["display_stretch"].trigger()
    window.commands["display_reset"].trigger()
    assert window.state.display.neutral
    assert not window.commands["display_invert"].isChecked()


def test_the_pixel_size_is_kept_with_the_project(window):
    dialog = prompt(window, "pixel_size")
    assert not dialog.confirm.isEnabled()
    QTest.keyClicks(dialog.findChild(QLineEdit, "pixel_size"), "0.5")
    confirm(dialog)
    assert window.session.project.pixel_size == (0.5, "µm")
    dialog = prompt(window, "pixel_size")
    QTest.mouseClick(dialog.findChild(QPushButton, "pixel_size_forget"), Qt.MouseButton.LeftButton)
    assert window.session.project.pixel_size is None


def test_every_tool_says_what_its_modifiers_do(window):
    assert "Right button" in window.commands["brush"].toolTip()
    assert "Shift" in window.commands["rectangle"].toolTip()
    assert "<b>K</b>" in window.commands["edge"].toolTip()
