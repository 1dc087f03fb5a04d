"""The window from start to end: what it opens, remembers, saves, and how rounds come and go."""

import json

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QMessageBox,
    QWidget,
)

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import MaskWriteError, TrainingError
from unet_gui.core.geometry import Rect
from unet_gui.dataset.project import Project
from unet_gui.gui import app
from unet_gui.gui.finetuning import Outcome
from unet_gui.gui.settings import Settings


@pytest.fixture
def window(open_window, tiny_project):
    return open_window(tiny_project.root)


def press(window, key, modifiers=Qt.KeyboardModifier.NoModifier, widget=None):
    QTest.keyClick(widget or window.canvas, key, modifiers)


def settle(window):
    """The actions follow at the next turn of the event loop."""
    QApplication.processEvents()


def paint(window):
    window.session.apply("Brush", Rect(2, 2, 8, 8), 2)
    settle(window)


def open_image(window, qtbot, name):
    window.session.open_image(name)
    qtbot.waitUntil(lambda: window.session.document is not None)
    settle(window)


CTRL = Qt.KeyboardModifier.ControlModifier


# -- opening, remembering, closing ----------------------------------------------------------------


def test_the_first_start_opens_the_sample(open_window, qtbot):
    window = open_window()
    assert window.session.project.name == "sample"
    assert window.session.project.images


def test_the_next_start_opens_the_last_project(open_window, tiny_project):
    open_window(tiny_project.root).close()
    assert open_window().session.project.root == tiny_project.root


def test_a_project_that_is_gone_is_no_error(open_window, tmp_path):
    settings = Settings()
    settings.remember_project(str(tmp_path / "gone"))
    settings.sync()
    window = open_window()
    assert window.session.project is None
    assert window.start_page.isVisible()
    assert "not there any more" in window.toaster.texts[0]


def test_a_folder_that_cannot_be_opened_is_told(open_window, tmp_path):
    (tmp_path / "empty").mkdir()
    window = open_window(tmp_path / "empty")
    assert window.session.project is None
    assert "no images" in window.flows.errors.dialog.message.text()
    window.flows.errors.dialog.close()


def test_size_tools_and_docks_are_remembered(open_window, tiny_project):
    window = open_window(tiny_project.root)
    window.state.set_size(77)
    window.state.set_opacity(0.25)
    window.state.set_outline(True)
    window.learner.set_budget(300)
    window.image_dock.close()
    window.commands["theme_dark"].trigger()
    window.close()
    again = open_window(tiny_project.root)
    assert again.state.brush_size == 77
    assert again.options_bar.diameter.box.value() == 77
    assert again.state.opacity == 0.25
    assert again.state.outline
    assert again.learner.budget == 300
    assert again.image_dock.isHidden()
    assert not again.class_dock.isHidden()
    assert again.theme.tokens.dark


def test_panels_hidden_for_a_moment_come_back_at_the_next_start(open_window, tiny_project):
    window = open_window(tiny_project.root)
    before = [d.isHidden() for d in window.docks]
    press(window, Qt.Key.Key_Tab)
    window.close()
    assert [d.isHidden() for d in open_window(tiny_project.root).docks] == before


def test_closing_a_project_leads_to_the_start_page(window, open_window, qtbot):
    before = [d.isHidden() for d in window.docks]
    window.commands["close_project"].trigger()
    assert window.start_page.isVisible()
    assert not any(d.isVisible() for d in window.docks)
    assert not window.commands["export"].isEnabled()
    button = window.findChild(QWidget, "recent_project")
    assert button.toolTip() == str(window.settings.recent_projects()[0])
    button.click()
    assert window.canvas.isVisible()
    qtbot.waitUntil(lambda: window.session.project is not None)
    assert [d.isHidden() for d in window.docks] == before


def test_the_recent_menu_opens_projects(window, image_folder, qtbot):
    first = window.session.project.root
    window.flows.open_path(image_folder)
    qtbot.waitUntil(lambda: window.session.project.root == image_folder)
    window.recent_menu.aboutToShow.emit()
    action = next(a for a in window.recent_menu.actions() if a.toolTip() == str(first))
    action.trigger()
    qtbot.waitUntil(lambda: window.session.project.root == first)


def test_a_dropped_folder_opens(window, image_folder, qtbot):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(image_folder / "a.png"))])
    how = Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    # Qt delivers drops only within a drag of its own.
    entering = QDragEnterEvent(QPoint(10, 10), *how)
    window.dragEnterEvent(entering)
    assert entering.isAccepted()
    window.dropEvent(QDropEvent(QPointF(10, 10), *how))
    qtbot.waitUntil(lambda: window.session.project.root == image_folder)


def test_closing_saves(window, tiny_project):
    paint(window)
    name, mask = window.session.entry.name, window.session.document.mask.copy()
    window.close()
    again = Project.open(tiny_project.root)
    assert np.array_equal(again.load_mask(again.entry(name)), mask)


def test_closing_asks_when_something_cannot_be_saved(window, monkeypatch):
    answers = iter([False, True])
    asked = []

    def may_lose(error):
        asked.append(error)
        return next(answers)

    full = MaskWriteError("The disk is full.", "Make room.")
    monkeypatch.setattr(window.session, "flush", lambda: full)
    monkeypatch.setattr(window, "_may_lose", may_lose)
    window.close()
    assert window.isVisible()
    window.close()
    assert not window.isVisible()
    assert asked == [full, full]


def test_an_error_of_the_session_becomes_a_dialog(window):
    window.session.failed.emit(MaskWriteError("The disk is full.", "Make room."))
    dialog = window.flows.errors.dialog
    assert dialog.message.text() == "The disk is full."
    assert dialog.hint.text() == "Make room."
    dialog.close()


def test_fine_tuning_that_fails_is_told_without_a_dialog(window):
    window.finetuning.failed.emit(TrainingError("Nothing is painted yet.", "Paint something."))
    assert window.toaster.texts == ["Nothing is painted yet."]
    assert window.flows.errors.dialog is None


def test_an_unreadable_image_leaves_the_window_working(open_window, image_folder, qtbot):
    (image_folder / "0.png").write_bytes(b"not an image")
    _, window = app.create(["unet-gui", str(image_folder)])
    with qtbot.waitSignal(window.session.image_failed):
        pass
    window.session.open_image("a.png")
    qtbot.waitUntil(lambda: window.session.document is not None)
    window.close()
    window.deleteLater()


def test_the_title_names_image_and_project(window):
    assert window.windowTitle() == "b.jpg – project – U-Net GUI" or "a.png" in window.windowTitle()
    assert "project" in window.windowTitle()


def test_nothing_stays_unlabelled_by_accident(window, qtbot, propose):
    """Accepting writes only where nothing was painted."""
    open_image(window, qtbot, "b.jpg")
    mask = window.session.document.mask.copy()
    propose(window.session, 2)
    settle(window)
    press(window, Qt.Key.Key_Return)
    after = window.session.document.mask
    painted = mask != UNLABELLED
    assert np.array_equal(after[painted], mask[painted])
    assert (after[~painted] == 2).all()


# -- rounds ----------------------------------------------------------------------------------------


def make_round(project, name, score):
    folder = project.models_dir / name
    folder.mkdir(parents=True)
    (folder / "checkpoint.safetensors").write_bytes(b"")
    (folder / "model.json").write_text(json.dumps({"scores": {"miou": score}}))


def test_a_better_round_proposes_at_once(window, monkeypatch):
    reloads = []
    monkeypatch.setattr(window.prediction, "reload", lambda: reloads.append(True))
    window.finetuning.finished.emit(Outcome("round-002", False, 0.7, 0.8))
    assert reloads == []
    window.finetuning.finished.emit(Outcome("round-002", True, 0.9, 0.8))
    assert reloads == [True]
    assert window.toaster.texts[-1] == "Better: 0.80 → 0.90. Now used."


def test_markup_in_names_is_shown_as_it_is(window):
    project = window.session.project
    assert window.edits.rename(project.classes.ids[0], "<h1>x</h1>")
    row = window.classes.model.index(0)
    assert "&lt;h1&gt;" in row.data(Qt.ItemDataRole.ToolTipRole)
    assert row.data() == "<h1>x</h1>"
    names = (
        "status_class",
        "status_learner",
        "who_proposes",
        "prediction_text",
        "fine_tune_result",
    )
    for name in names:
        assert window.findChild(QLabel, name).textFormat() == Qt.TextFormat.PlainText


def test_statuses_follow_classes_and_rounds(window, monkeypatch):
    read = []
    monkeypatch.setattr(window.images.statuses, "read", lambda project, _: read.append(project))
    monkeypatch.setattr(window.prediction, "reload", lambda: None)
    window.edits.finished.emit()
    assert read == [window.session.project]
    window.finetuning.finished.emit(Outcome("round-002", True, 0.7, 0.6))
    assert len(read) == 2
    window.learner.use_round("")
    assert len(read) == 3


def test_back_to_the_previous_round(window, monkeypatch):
    project = window.session.project
    make_round(project, "round-001", 0.6)
    make_round(project, "round-002", 0.7)
    project.adopt("round-002")
    monkeypatch.setattr(window.prediction, "reload", lambda: None)
    window.finetuning.finished.emit(Outcome("round-002", True, 0.7, 0.6))
    window.finetuning.state_changed.emit(window.finetuning.state)
    settle(window)
    window.commands["roll_back"].trigger()
    assert project.adopted == "round-001"


def test_fine_tune_by_key_and_button(window, monkeypatch, qtbot):
    started = []
    monkeypatch.setattr(window.finetuning, "start", started.append)
    window.learner.set_budget(30)
    press(window, Qt.Key.Key_T, CTRL)
    qtbot.mouseClick(window.learner.button, Qt.MouseButton.LeftButton)
    assert started == [30, 30]


@pytest.mark.parametrize(("answer", "visible"), [("Leave", False), ("Stay", True)])
def test_the_question_when_a_save_fails(window, monkeypatch, answer, visible):
    monkeypatch.setattr(window.session, "flush", lambda: MaskWriteError("The disk is full."))

    timer = QTimer(window, interval=10)

    def click():
        box = window.findChild(QMessageBox, "unsaved_question")
        if box is not None and box.isVisible():
            timer.stop()
            assert "disk is full" in box.informativeText()
            next(b for b in box.buttons() if b.text().startswith(answer)).click()

    timer.timeout.connect(click)
    timer.start()
    window.close()
    still_there = window.isVisible()
    monkeypatch.undo()
    assert still_there == visible


def test_the_instant_learner_can_be_switched_off_in_the_menu(window, qtbot):
    action = window.commands["instant"]
    action.setChecked(True)
    with qtbot.waitSignal(window.instant_switched) as told:
        action.trigger()
    assert told.args == [False]


def test_the_panel_says_when_the_instant_learner_proposes(window):
    window.prediction.leave_to("The instant learner proposes")
    assert window.findChild(QLabel, "who_proposes").text() == "The instant learner proposes"
    window.prediction.leave_to("")
    assert window.findChild(QLabel, "who_proposes").text() != "The instant learner proposes"
