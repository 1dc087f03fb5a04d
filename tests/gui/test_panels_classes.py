"""The class list: choosing, adding, renaming, recolouring, moving."""

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QModelIndex, QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit

from unet_gui.core.geometry import Rect
from unet_gui.gui.class_edits import ClassEdits
from unet_gui.gui.panels.class_delegate import chip_rect, eye_rect, lock_rect
from unet_gui.gui.panels.class_list import BUTTONS, MENU, ClassListPanel
from unet_gui.gui.panels.class_model import ClassRole
from unet_gui.gui.state import Tool, ViewState


@pytest.fixture
def session(open_session):
    return open_session(np.zeros((10, 10, 3), np.uint8), np.zeros((10, 10, 3), np.uint8))


@pytest.fixture
def panel(session, theme, qtbot):
    """ground, cell and core; the first is chosen."""
    state = ViewState()
    names = {*BUTTONS, *(name for section in MENU for name in section)}
    actions = {name: QAction(name) for name in names}
    panel = ClassListPanel(session, state, ClassEdits(session), theme, actions)
    panel.state, panel.actions_by_id, panel.session = state, actions, session
    qtbot.addWidget(panel)
    panel.resize(260, 400)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def shown(panel):
    return [panel.model.index(row).data() for row in range(panel.model.rowCount())]


def names(panel):
    return [c.name for c in panel.session.project.classes]


def click(panel, row, *, double=False, at=None):
    point = at or panel.view.visualRect(panel.model.index(row)).center()
    mouse = QTest.mouseDClick if double else QTest.mouseClick
    QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=point)
    if double:
        mouse(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=point)


def editor(panel):
    return panel.findChild(QLineEdit, "class_name")


def retype(panel, text):
    field = editor(panel)
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)
    QApplication.processEvents()


def test_classes_are_listed_with_their_keys(panel):
    assert shown(panel) == ["ground", "cell", "core"]
    keys = [panel.model.index(r).data(ClassRole.KEY) for r in range(3)]
    assert keys == ["1", "2", "3"]


def test_a_click_chooses_the_class_and_takes_the_brush(panel):
    panel.state.set_tool(Tool.ERASER)
    click(panel, 2)
    assert panel.state.active_class == 2
    assert panel.state.tool is Tool.BRUSH
    assert panel.chosen == 2


def test_the_list_follows_the_state(panel):
    panel.state.set_active_class(1)
    assert panel.view.currentIndex().row() == 1


def test_double_click_renames(panel, qtbot):
    click(panel, 1, double=True)
    retype(panel, "nucleus")
    qtbot.waitUntil(lambda: names(panel) == ["ground", "nucleus", "core"])
    assert shown(panel) == ["ground", "nucleus", "core"]


def test_a_doubled_name_is_refused(panel, qtbot):
    panel.rename_chosen()
    with qtbot.waitSignal(panel.session.failed) as failed:
        retype(panel, "Core")
    assert "core" in failed.args[0].message
    assert shown(panel) == ["ground", "cell", "core"]


def test_an_empty_name_changes_nothing(panel):
    panel.rename_chosen()
    retype(panel, " ")
    assert names(panel) == ["ground", "cell", "core"]


def test_adding_lets_the_person_type_a_name(panel, qtbot):
    panel.add()
    assert names(panel)[-1] == "class 4"
    assert panel.state.active_class == 3
    retype(panel, "debris")
    qtbot.waitUntil(lambda: names(panel)[-1] == "debris")
    panel.add()
    assert len(names(panel)) == 5


def test_moving_by_buttons(panel):
    panel.move_chosen(+1)
    assert names(panel) == ["cell", "ground", "core"]
    assert panel.chosen == 0
    panel.move_chosen(-1)
    panel.move_chosen(-1)
    assert names(panel) == ["ground", "cell", "core"]


def drop(panel, class_id, row):
    data = QMimeData()
    data.setData(panel.model.mimeTypes()[0], str(class_id).encode())
    panel.model.dropMimeData(data, Qt.DropAction.MoveAction, row, 0, QModelIndex())


def test_moving_by_drag(panel):
    dragged = panel.model.mimeData([panel.model.index(0)])
    assert dragged.formats() == panel.model.mimeTypes()
    drop(panel, 0, 3)
    assert names(panel) == ["cell", "core", "ground"]
    drop(panel, 0, 0)
    assert names(panel) == ["ground", "cell", "core"]
    drop(panel, 1, -1)
    assert names(panel) == ["ground", "core", "cell"]
    drop(panel, 7, 0)
    assert names(panel) == ["ground", "core", "cell"]


def test_moving_keeps_ids_and_pixels(panel):
    panel.session.apply("Brush", Rect(0, 0, 5, 10), 1)
    drop(panel, 1, 0)
    assert panel.session.project.classes.ids == (1, 0, 2)
    assert (panel.session.document.mask[:, :5] == 1).all()
    assert panel.model.index(0).data(ClassRole.SHARE) == "50 %"


def test_the_colour_chip_asks_for_another_colour(panel, qtbot):
    chip = chip_rect(panel.view.visualRect(panel.model.index(1))).center()
    with qtbot.waitSignal(panel.recolor_requested) as asked:
        click(panel, 1, double=True, at=QPoint(chip))
    assert asked.args == [1]
    assert editor(panel) is None


def test_shares_follow_the_mask(panel, qtbot):
    panel.session.apply("Brush", Rect(0, 0, 10, 1), 2)
    qtbot.waitUntil(lambda: panel.model.index(2).data(ClassRole.SHARE) == "10 %")
    assert panel.findChild(QLabel, "unlabelled_share").text() == "Unlabelled 90 %"
    panel.session.open_image("1.png")
    assert panel.model.index(2).data(ClassRole.SHARE) == ""


def test_delete_key_asks_for_deletion(panel, qtbot):
    panel.view.setFocus()
    with qtbot.waitSignal(panel.actions_by_id["class_delete"].triggered):
        QTest.keyClick(panel.view, Qt.Key.Key_Delete)


def test_positions_beyond_the_last_class_do_nothing(panel):
    panel.choose_position(1)
    panel.choose_position(8)
    assert panel.state.active_class == 1


def test_deleting_the_active_class_chooses_another(panel):
    click(panel, 2)
    panel._edits.delete(2)
    assert names(panel) == ["ground", "cell"]
    assert panel.state.active_class == 0


def test_closing_the_project_empties_the_list(panel):
    panel.session.close_project()
    assert shown(panel) == []
    assert panel.chosen is None
    panel.rename_chosen()
    panel.move_chosen(1)


def switch(panel, row, rect, modifiers=Qt.KeyboardModifier.NoModifier):
    at = rect(panel.view.visualRect(panel.model.index(row))).center()
    QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, modifiers, at)


def seen(panel):
    rows = range(panel.model.rowCount())
    return [not panel.model.index(row).data(ClassRole.HIDDEN) for row in rows]


def test_the_eye_hides_a_class_and_chooses_nothing(panel):
    switch(panel, 1, eye_rect)
    assert panel.state.hidden == {1}
    assert seen(panel) == [True, False, True]
    assert panel.chosen == 0
    assert "hidden" in panel.model.index(1).data(Qt.ItemDataRole.AccessibleTextRole)
    switch(panel, 1, eye_rect)
    assert seen(panel) == [True, True, True]


def test_alt_and_the_eye_show_a_class_alone(panel):
    switch(panel, 0, eye_rect)
    switch(panel, 2, eye_rect, Qt.KeyboardModifier.AltModifier)
    assert panel.state.solo == 2
    assert seen(panel) == [False, False, True]
    switch(panel, 2, eye_rect, Qt.KeyboardModifier.AltModifier)
    assert seen(panel) == [False, True, True]
    switch(panel, 1, eye_rect, Qt.KeyboardModifier.AltModifier)
    switch(panel, 0, eye_rect)
    assert seen(panel) == [True, True, True]


def test_the_lock(panel):
    switch(panel, 1, lock_rect)
    switch(panel, 2, lock_rect)
    assert panel.state.locked == {1, 2}
    assert panel.model.index(1).data(ClassRole.LOCKED)
    switch(panel, 2, lock_rect)
    assert panel.state.locked == {1}
    assert panel.chosen == 0


def test_two_quick_clicks_on_a_switch_are_two_clicks(panel):
    at = eye_rect(panel.view.visualRect(panel.model.index(1))).center()
    QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseDClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert editor(panel) is None
    assert panel.state.hidden in (frozenset(), frozenset({1}))


def test_hiding_by_menu_and_showing_all(panel):
    panel.hide_chosen()
    panel.lock_chosen()
    assert (panel.state.hidden, panel.state.locked) == ({0}, {0})
    panel.solo_chosen()
    panel.show_all()
    state = panel.state
    assert (state.hidden, state.locked, state.solo) == (frozenset(), frozenset(), None)


def test_context_menu(panel):
    panel.view.customContextMenuRequested.emit(QPoint(5, 5))
    menu = QApplication.activePopupWidget()
    assert panel.actions_by_id["class_merge"] in menu.actions()
    menu.close()
