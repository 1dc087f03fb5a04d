"""The whole window: actions by key and by click, what it shows, what it remembers."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QLineEdit,
    QListView,
    QToolButton,
    QWidget,
)

from unet_gui.core.geometry import Rect
from unet_gui.dataset.project import Status
from unet_gui.gui.canvas.view import CanvasView
from unet_gui.gui.state import Tool
from unet_gui.gui.theme import ThemeMode


@pytest.fixture
def window(open_window, tiny_project):
    return open_window(tiny_project.root)


def press(window, key, modifiers=Qt.KeyboardModifier.NoModifier, widget=None):
    QTest.keyClick(widget or window.canvas, key, modifiers)


def settle(window):
    """The actions follow at the next turn of the event loop."""
    QApplication.processEvents()


CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


# -- finding widgets --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("canvas", CanvasView),
        ("image_list", QListView),
        ("class_list", QListView),
        ("brush_size", QWidget),
        ("accept", QToolButton),
        ("accept_next", QToolButton),
        ("fine_tune", QWidget),
        ("undo", QToolButton),
        ("redo", QToolButton),
        ("zoom_fit", QToolButton),
        ("zoom_actual", QToolButton),
    ],
)
def test_main_widgets_are_found_by_name(window, name, kind):
    found = window.findChildren(QWidget, name)
    assert len(found) == 1
    assert isinstance(found[0], kind)
    assert found[0].isVisible()


def test_every_button_says_its_name_to_a_screen_reader(window):
    for button in window.findChildren(QToolButton):
        in_a_field = isinstance(button.parent(), QLineEdit)  # Qt's own, inside the field's name
        if button.isVisible() and not in_a_field and not button.objectName().startswith("qt_"):
            assert button.accessibleName() or button.text(), button.objectName()


def test_every_action_is_in_a_menu_with_a_tip(window):
    menus = [*window.menus.values()]
    menus += [a.menu() for menu in window.menus.values() for a in menu.actions() if a.menu()]
    in_menus = {action for menu in menus for action in menu.actions()}
    for name, action in window.commands.by_id.items():
        assert action.statusTip(), name
        if not name.removeprefix("class_").isdigit():
            assert action in in_menus, name


def test_no_two_actions_share_a_key(window):
    keys = [k.toString() for a in window.commands.by_id.values() for k in a.shortcuts()]
    assert len(keys) == len(set(keys))


# -- tools, sizes, view -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "tool"),
    [
        (Qt.Key.Key_E, Tool.ERASER),
        (Qt.Key.Key_0, Tool.ERASER),
        (Qt.Key.Key_P, Tool.POLYGON),
        (Qt.Key.Key_L, Tool.LASSO),
        (Qt.Key.Key_R, Tool.RECTANGLE),
        (Qt.Key.Key_K, Tool.EDGE),
        (Qt.Key.Key_F, Tool.FILL),
        (Qt.Key.Key_W, Tool.WAND),
        (Qt.Key.Key_S, Tool.SUPERPIXEL),
        (Qt.Key.Key_C, Tool.SMART),
        (Qt.Key.Key_G, Tool.ACCEPT),
        (Qt.Key.Key_M, Tool.PAN),
    ],
)
def test_tool_keys(window, key, tool):
    press(window, key)
    assert window.state.tool is tool
    press(window, Qt.Key.Key_B)
    assert window.state.tool is Tool.BRUSH


def test_tool_buttons_are_exclusive(window, qtbot):
    for name in ("eraser", "pan", "accept_region", "brush"):
        qtbot.mouseClick(window.findChild(QToolButton, name), Qt.MouseButton.LeftButton)
        pressed = [
            n
            for n in ("brush", "eraser", "pan", "accept_region")
            if window.findChild(QToolButton, n).isChecked()
        ]
        assert pressed == [name]
    # A second click on the tool in hand leaves it in hand.
    qtbot.mouseClick(window.findChild(QToolButton, "brush"), Qt.MouseButton.LeftButton)
    assert window.findChild(QToolButton, "brush").isChecked()


def test_number_keys_choose_classes_and_take_the_brush(window):
    press(window, Qt.Key.Key_E)
    press(window, Qt.Key.Key_3)
    assert window.state.active_class == 2
    assert window.state.tool is Tool.BRUSH
    press(window, Qt.Key.Key_1)
    settle(window)
    press(window, Qt.Key.Key_X)
    assert window.state.active_class == 2
    press(window, Qt.Key.Key_9)
    assert window.state.active_class == 2


def test_size_keys_and_the_size_box(window):
    window.options_bar.diameter.box.setValue(40)
    assert window.state.brush_size == 40
    press(window, Qt.Key.Key_BracketRight)
    assert window.state.brush_size == 45
    assert window.options_bar.diameter.box.value() == 45
    press(window, Qt.Key.Key_BracketLeft)
    assert window.state.brush_size == 40
    press(window, Qt.Key.Key_E)
    window.options_bar.diameter.slider.setValue(0)
    assert (window.state.eraser_size, window.state.brush_size) == (1, 40)


def test_a_typed_size_gives_the_keyboard_back(window, qtbot):
    box = window.options_bar.diameter.box
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "33")
    press(window, Qt.Key.Key_Return, widget=box)
    assert window.state.brush_size == 33
    assert window.canvas.hasFocus()


def test_the_overlay_hides_while_h_is_held(window):
    QTest.keyPress(window.canvas, Qt.Key.Key_H)
    assert not window.state.overlay_visible
    settle(window)
    assert window.commands["overlay"].isChecked()
    QTest.keyRelease(window.canvas, Qt.Key.Key_H)
    assert window.state.overlay_visible


def test_the_overlay_hides_from_the_menu_too(window):
    window.commands["overlay"].trigger()
    assert not window.state.overlay_visible
    window.commands["overlay"].trigger()
    assert window.state.overlay_visible


def test_outline_and_proposal_switches(window):
    press(window, Qt.Key.Key_O)
    press(window, Qt.Key.Key_G, SHIFT)
    assert window.state.outline
    assert not window.state.ghost_visible
    window.tool_bar.opacity_slider.setValue(30)
    assert window.state.opacity == 0.3


def test_zoom_keys_and_buttons(window, qtbot):
    press(window, Qt.Key.Key_1, CTRL)
    assert window.canvas.zoom == 1.0
    press(window, Qt.Key.Key_Plus, CTRL)
    assert window.canvas.zoom > 1.0
    press(window, Qt.Key.Key_Minus, CTRL)
    assert window.canvas.zoom == 1.0
    qtbot.mouseClick(window.findChild(QToolButton, "zoom_fit"), Qt.MouseButton.LeftButton)
    assert window.canvas.zoom > 1.0
    qtbot.mouseClick(window.findChild(QToolButton, "zoom_actual"), Qt.MouseButton.LeftButton)
    assert window.canvas.zoom == 1.0


# -- typing wins over keys ----------------------------------------------------------------------


def test_letters_typed_into_a_field_are_text(window, qtbot):
    window.images.search.setFocus()
    qtbot.keyClicks(window.images.search, "bel0?")
    press(window, Qt.Key.Key_Return, widget=window.images.search)
    assert window.images.search.text() == "bel0?"
    assert window.state.tool is Tool.BRUSH
    assert QApplication.activeModalWidget() is None


def test_keys_work_while_a_list_has_the_keyboard(window):
    window.images.view.setFocus()
    press(window, Qt.Key.Key_E, widget=window.images.view)
    assert window.state.tool is Tool.ERASER


def test_return_in_a_class_name_does_not_accept(window, qtbot, propose):
    propose(window.session, 1)
    before = window.session.document.mask.copy()
    window.classes.view.setFocus()
    press(window, Qt.Key.Key_F2, widget=window.classes.view)
    editor = window.findChild(QWidget, "class_name")
    editor.selectAll()
    qtbot.keyClicks(editor, "meadow")
    press(window, Qt.Key.Key_Return, widget=editor)
    qtbot.waitUntil(lambda: window.session.project.classes[0].name == "meadow")
    assert np.array_equal(window.session.document.mask, before)


# -- undo, proposals, images --------------------------------------------------------------------


def paint(window):
    window.session.apply("Brush", Rect(2, 2, 8, 8), 2)
    settle(window)


def test_undo_and_redo_by_key_and_button(window, qtbot):
    undo = window.findChild(QToolButton, "undo")
    assert not undo.isEnabled()
    before = window.session.document.mask.copy()
    paint(window)
    after = window.session.document.mask.copy()
    assert undo.isEnabled()
    assert "Brush" in window.commands["undo"].text()
    press(window, Qt.Key.Key_Z, CTRL)
    assert np.array_equal(window.session.document.mask, before)
    settle(window)
    press(window, Qt.Key.Key_Y, CTRL)
    assert np.array_equal(window.session.document.mask, after)
    settle(window)
    qtbot.mouseClick(undo, Qt.MouseButton.LeftButton)
    assert np.array_equal(window.session.document.mask, before)
    settle(window)
    press(window, Qt.Key.Key_Z, CTRL | SHIFT)
    assert np.array_equal(window.session.document.mask, after)


def open_image(window, qtbot, name):
    window.session.open_image(name)
    qtbot.waitUntil(lambda: window.session.document is not None)
    settle(window)


def test_return_accepts(window, qtbot, propose):
    open_image(window, qtbot, "sub/c.png")
    accept = window.findChild(QToolButton, "accept")
    assert not accept.isEnabled()
    propose(window.session, 1)
    settle(window)
    assert accept.isEnabled()
    press(window, Qt.Key.Key_Return)
    assert (window.session.document.mask == 1).all()
    press(window, Qt.Key.Key_Return)
    assert "Nothing is left" in window.status.currentMessage()


def test_shift_return_accepts_and_goes_on(window, qtbot, propose):
    open_image(window, qtbot, "b.jpg")
    propose(window.session, 1)
    settle(window)
    press(window, Qt.Key.Key_Return, SHIFT)
    qtbot.waitUntil(lambda: window.session.entry.name == "sub/c.png")
    project = window.session.project
    assert project.status(project.entry("b.jpg")) is Status.DONE


def test_discarding_a_proposal(window, qtbot, propose):
    propose(window.session, 1)
    settle(window)
    qtbot.mouseClick(window.findChild(QToolButton, "discard"), Qt.MouseButton.LeftButton)
    assert window.session.ghost is None


def test_next_and_previous_image(window, qtbot):
    first = window.session.entry.name
    press(window, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: window.session.document is not None)
    assert window.session.entry.name != first
    press(window, Qt.Key.Key_A)
    assert window.session.entry.name == first
    assert window.images.view.currentIndex().data() == first


def test_marking_as_done(window, qtbot):
    press(window, Qt.Key.Key_D, CTRL)
    project, entry = window.session.project, window.session.entry
    assert project.status(entry) is Status.DONE
    settle(window)
    assert window.commands["done"].isChecked()
    assert window.findChild(QLabel, "status_done").text() == "1 of 3 done"
    press(window, Qt.Key.Key_D, CTRL)
    assert project.status(entry) is not Status.DONE


# -- status bar -----------------------------------------------------------------------------------


def test_the_status_bar_names_the_class_under_the_pointer(window, qtbot, propose):
    from unet_gui.gui.state import Hover

    open_image(window, qtbot, "sub/c.png")
    label = window.findChild(QLabel, "status_class")
    window.state.set_hover(Hover(3, 3))
    qtbot.waitUntil(lambda: label.text() == "unlabelled")
    propose(window.session, 1)
    qtbot.waitUntil(lambda: label.text() == "disc 0.78 (proposed)")
    window.session.accept()
    qtbot.waitUntil(lambda: label.text() == "disc")
    assert window.findChild(QLabel, "status_position").text() == "x 3  y 3"
    window.state.set_hover(None)
    qtbot.waitUntil(lambda: not label.text())


def test_the_size_of_the_image_in_the_status_bar(window):
    press(window, Qt.Key.Key_1, CTRL)
    assert window.findChild(QLabel, "status_zoom").text() == "100 %"


def test_the_status_bar_says_that_all_is_saved(window, qtbot):
    label = window.findChild(QLabel, "status_saved")
    paint(window)
    qtbot.waitUntil(lambda: label.text() == "Saved")
    qtbot.waitUntil(lambda: not window.session.saver.pending)


# -- panels, theme, focus -------------------------------------------------------------------------


def test_tab_on_the_canvas_leaves_only_the_image(window):
    before = [d.isHidden() for d in window.docks]
    press(window, Qt.Key.Key_Tab)
    assert not any(d.isVisible() for d in window.docks)
    assert not window.tool_bar.isVisible()
    press(window, Qt.Key.Key_Tab)
    assert [d.isHidden() for d in window.docks] == before
    assert window.tool_bar.isVisible()


def test_tab_elsewhere_moves_the_keyboard(window):
    window.images.search.setFocus()
    press(window, Qt.Key.Key_Tab, widget=window.images.search)
    assert window.image_dock.isVisible()
    assert not window.images.search.hasFocus()


def test_f6_goes_round_the_areas(window):
    seen = []
    for _ in window.areas:
        press(window, Qt.Key.Key_F6, widget=QApplication.focusWidget())
        seen.append(QApplication.focusWidget())
    assert set(seen) == set(window.areas)


def test_full_screen_and_back(window):
    press(window, Qt.Key.Key_F11)
    assert window.isFullScreen()
    assert window.commands["full_screen"].isChecked()
    press(window, Qt.Key.Key_F11)
    assert not window.isFullScreen()


def test_light_and_dark(window, qapp):
    window.commands["theme_dark"].trigger()
    dark = qapp.palette().window().color().lightness()
    icon = window.findChild(QToolButton, "undo").icon().cacheKey()
    window.commands["theme_light"].trigger()
    assert dark < 80 < 200 < qapp.palette().window().color().lightness()
    assert window.findChild(QToolButton, "undo").icon().cacheKey() != icon
    assert window.commands["theme_light"].isChecked()
    assert window.settings.get("window/theme") == "light"
    window.commands["theme_system"].trigger()
    assert window.theme.mode is ThemeMode.SYSTEM
