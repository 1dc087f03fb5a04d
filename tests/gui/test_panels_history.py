"""The history panel: grows with each step, travels by click, forgets nothing."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from unet_gui.core.geometry import Rect
from unet_gui.gui.panels.history import HistoryPanel
from unet_gui.gui.panels.history_model import StepRole


@pytest.fixture
def session(open_session):
    return open_session(np.zeros((40, 60, 3), np.uint8), np.zeros((20, 20, 3), np.uint8))


@pytest.fixture
def panel(session, theme, qtbot):
    panel = HistoryPanel(session, theme)
    qtbot.addWidget(panel)
    panel.resize(260, 400)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def stroke(session, number, name="Brush"):
    session.apply(name, Rect(number, 0, number + 1, 40), number % 2)


def names(panel):
    return [panel.model.index(row).data() for row in range(panel.model.rowCount())]


def flags(panel, role):
    return [panel.model.index(row).data(role) for row in range(panel.model.rowCount())]


def click(panel, row):
    index = panel.model.index(row)
    panel.view.scrollTo(index)
    at = panel.view.visualRect(index).center()
    QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_steps_are_listed_in_order(panel, session):
    assert names(panel) == ["As it was opened"]
    stroke(session, 1, "Brush")
    stroke(session, 2, "Fill")
    assert names(panel) == ["As it was opened", "Brush", "Fill"]
    assert flags(panel, StepRole.CURRENT) == [False, False, True]
    assert flags(panel, StepRole.UNDONE) == [False] * 3


def test_a_click_travels_back_and_forth(panel, session):
    for number in range(4):
        stroke(session, number)
    masks = session.document.mask.copy()
    click(panel, 1)
    assert session.document.history.position == 1
    assert (session.document.mask[:, 1:] == 255).all()
    assert flags(panel, StepRole.UNDONE) == [False, False, True, True, True]
    click(panel, 0)
    assert (session.document.mask == 255).all()
    click(panel, 4)
    assert np.array_equal(session.document.mask, masks)


def test_return_travels_to_the_row_of_the_keyboard(panel, session):
    stroke(session, 1)
    stroke(session, 2)
    panel.view.setFocus()
    QTest.keyClick(panel.view, Qt.Key.Key_Up)
    QTest.keyClick(panel.view, Qt.Key.Key_Return)
    assert session.document.history.position == 1


def test_a_new_step_replaces_what_was_taken_back(panel, session):
    for number in range(3):
        stroke(session, number, f"step {number}")
    session.undo()
    session.undo()
    stroke(session, 9, "another")
    assert names(panel) == ["As it was opened", "step 0", "another"]


def test_a_stroke_adds_one_row_and_resets_nothing(panel, session, qtbot):
    stroke(session, 0)
    resets, inserted = [], []
    panel.model.modelReset.connect(lambda: resets.append(1))
    panel.model.rowsInserted.connect(lambda _, first, last: inserted.append((first, last)))
    for number in range(1, 40):
        stroke(session, number)
    assert resets == []
    assert inserted == [(row, row) for row in range(2, 41)]


def test_thousands_of_steps_ask_only_for_rows_in_sight(panel, session):
    for number in range(1500):
        rect = Rect(number % 60, 0, number % 60 + 1, 1)
        session.document.apply("Brush", rect, number // 60 % 2)
    session.history_changed.emit()
    QApplication.processEvents()
    panel.grab()
    assert panel.model.rowCount() > 1000
    assert panel.view.visualRect(panel.view.currentIndex()).intersects(panel.view.viewport().rect())
    assert len(panel._delegate._pictures) < 100


def test_the_picture_has_the_colours_of_the_classes(panel, session):
    session.apply("Brush", Rect(0, 0, 30, 30), 1)
    index = panel.model.index(1)
    color = session.project.classes[1].color.lower()
    picture = panel._delegate._picture(index.data(StepRole.STEP)).toImage()
    assert picture.pixelColor(picture.width() // 2, picture.height() // 2).name() == color


def test_each_image_has_its_own_history(panel, session):
    stroke(session, 1)
    session.open_image("1.png")
    assert names(panel) == ["As it was opened"]
    session.open_image("0.png")
    assert len(names(panel)) == 2
    session.close_project()
    assert names(panel) == []
