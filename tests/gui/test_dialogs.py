"""Every dialog by its own widgets: what it checks, what it writes, what it leaves alone."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QColorDialog,
    QFileDialog,
    QLabel,
    QPushButton,
)
from shiboken6 import isValid

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import ExportError, MaskWriteError, UnetGuiError
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import Progress
from unet_gui.dataset.project import Project
from unet_gui.gui.class_edits import ClassEdits
from unet_gui.gui.dialogs.class_editor import choose_color
from unet_gui.gui.dialogs.class_questions import DeleteClassQuestion, MergeClassQuestion
from unet_gui.gui.dialogs.errors import ErrorBox
from unet_gui.gui.dialogs.flows import Flows
from unet_gui.gui.dialogs.folders import FolderEdit, choose_folder
from unet_gui.gui.session import Session
from unet_gui.gui.settings import Settings


@pytest.fixture
def session(open_session):
    """Two images of 10×10 with classes ground, cell and core; the first is open."""
    blank = np.zeros((10, 10, 3), np.uint8)
    return open_session(blank, blank)


def paint(session, name, value, rows):
    session.open_image(name)
    session.apply("Brush", Rect(0, 0, 10, rows), value)


# -- classes ---------------------------------------------------------------------------------------


@pytest.fixture
def edits(session):
    paint(session, "0.png", 1, 3)
    paint(session, "1.png", 1, 2)
    return ClassEdits(session)


def test_deleting_says_what_it_touches_and_does_it(host, session, edits, qtbot):
    dialog = DeleteClassQuestion(host, session, edits, 1)
    dialog.open()
    assert dialog.question.text() == "Delete “cell”?"
    assert dialog.effect.text() == (
        "50 pixels in 2 images become unlabelled. This cannot be undone."
    )
    with qtbot.waitSignal(dialog.accepted):
        qtbot.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)
    project = Project.open(session.project.root)
    assert [c.name for c in project.classes] == ["ground", "core"]
    assert project.retired == {1}
    assert (project.load_mask(project.entry("0.png")) == UNLABELLED).all()


def test_not_deleting(host, session, edits, qtbot):
    dialog = DeleteClassQuestion(host, session, edits, 2)
    dialog.open()
    assert dialog.effect.text() == "No pixel has this class."
    dialog.cancel.click()
    assert 2 in session.project.classes


def test_merging_says_what_it_touches_and_does_it(host, session, edits, qtbot):
    dialog = MergeClassQuestion(host, session, edits, 1)
    dialog.open()
    targets = [dialog.target_box.itemText(i) for i in range(dialog.target_box.count())]
    assert targets == ["ground", "core"]
    dialog.target_box.setCurrentIndex(1)
    assert dialog.effect.text() == "50 pixels in 2 images become “core”. This cannot be undone."
    with qtbot.waitSignal(dialog.accepted):
        dialog.confirm.click()
    assert (session.project.load_mask(session.project.entry("0.png"))[:3] == 2).all()
    assert (session.document.mask[:2] == 2).all()


def test_a_question_goes_with_its_project(host, session, edits, qtbot):
    dialog = DeleteClassQuestion(host, session, edits, 1)
    dialog.open()
    with qtbot.waitSignal(dialog.rejected):
        session.close_project()


def test_counting_needs_saved_masks(host, session, edits, monkeypatch):
    monkeypatch.setattr(session, "flush", lambda: MaskWriteError("The disk is full."))
    dialog = DeleteClassQuestion(host, session, edits, 1)
    dialog.open()
    assert dialog.effect.text() == "The disk is full."
    assert not dialog.confirm.isEnabled()
    dialog.close()


def test_a_question_that_is_closed_hears_nothing_more(host, image_folder, tmp_path, qtbot):
    session = Session()
    with qtbot.waitSignal(session.image_opened):
        session.use_project(
            Project.create(tmp_path / "p", images=image_folder, classes=["ground", "cell"])
        )
    edits = ClassEdits(session)
    for close in (lambda d: d.reject(), lambda d: d.deleteLater()):
        dialog = DeleteClassQuestion(host, session, edits, 1)
        dialog.open()
        close(dialog)
        qtbot.waitUntil(lambda d=dialog: not isValid(d))
        qtbot.waitUntil(lambda: not session.runner.busy)
        edits.progressed.emit(Progress(1, 2))
        edits.finished.emit()
    assert session.close_project()
    session.shutdown()


def test_a_rewrite_that_cannot_begin_unlocks_its_question(host, session, edits, monkeypatch, qtbot):
    dialog = DeleteClassQuestion(host, session, edits, 1)
    dialog.open()
    monkeypatch.setattr(session, "flush", lambda: MaskWriteError("The disk is full."))
    with qtbot.waitSignals([dialog.finished, session.failed]):
        dialog.confirm.click()
    assert 1 in session.project.classes


def test_closing_the_project_unlocks_a_rewrite(host, session, edits, monkeypatch, qtbot):
    dialog = DeleteClassQuestion(host, session, edits, 1)
    dialog.open()
    monkeypatch.setattr(session.runner, "submit", lambda *_, **__: None)
    dialog.confirm.click()
    dialog.reject()
    assert dialog.isVisible()
    with qtbot.waitSignal(dialog.finished):
        session.close_project()


def test_markup_in_a_class_name_is_shown_as_it_is(host, session, edits):
    edits.rename(1, "<h1>x</h1>")
    dialog = DeleteClassQuestion(host, session, edits, 1)
    for label in (dialog.question, dialog.effect):
        assert label.textFormat() == Qt.TextFormat.PlainText
    dialog.close()


def test_a_colour_dialog_gives_hex(host):
    chosen = []
    dialog = choose_color(host, "#ff0000", chosen.append)
    assert dialog.currentColor() == QColor("#ff0000")
    dialog.setCurrentColor(QColor("#0a0b0c"))
    dialog.accept()
    assert chosen == ["#0a0b0c"]


# -- errors ----------------------------------------------------------------------------------------


def test_errors_come_one_after_another_and_once(host, theme):
    box = ErrorBox(host, theme)
    first, second = UnetGuiError("One.", "Do this."), ExportError("Two.")
    box.show(first, "line 1\nline 2")
    box.show(UnetGuiError("One.", "Do this."))
    box.show(second)
    dialog = box.dialog
    assert (dialog.message.text(), dialog.hint.text()) == ("One.", "Do this.")
    more = dialog.findChild(QPushButton, "error_more")
    more.click()
    assert dialog.details.isVisible()
    assert dialog.details.toPlainText() == "line 1\nline 2"
    dialog.findChild(QPushButton, "error_copy").click()
    assert QGuiApplication.clipboard().text() == "One.\nDo this.\nline 1\nline 2"
    dialog.findChild(QPushButton, "error_close").click()
    assert box.dialog.message.text() == "Two."
    assert not box.dialog.hint.isVisible()
    assert not box.dialog.findChild(QPushButton, "error_more").isVisible()
    box.dialog.close()
    assert box.dialog is None


def test_markup_in_a_message_is_shown_as_it_is(host, theme):
    box = ErrorBox(host, theme)
    box.show(UnetGuiError("<b>odd</b>.png is damaged."))
    assert box.dialog.message.textFormat() == Qt.TextFormat.PlainText
    box.dialog.close()


# -- folders ---------------------------------------------------------------------------------------


def test_choosing_a_folder_does_not_block(host, tmp_path):
    chosen = []
    dialog = choose_folder(host, "Where?", str(tmp_path), chosen.append)
    assert dialog.isVisible()
    dialog.fileSelected.emit(str(tmp_path))
    dialog.close()
    assert chosen == [str(tmp_path)]


def test_a_folder_field_has_a_browse_button(theme, qtbot, tmp_path):
    field = FolderEdit("Where?", theme.icon("open_folder"), "place")
    qtbot.addWidget(field)
    field.setText(f"  {tmp_path} ")
    assert field.path() == str(tmp_path)
    field.findChild(QAction, "place_browse").trigger()
    dialog = field.findChild(QFileDialog)
    dialog.fileSelected.emit("/elsewhere")
    dialog.close()
    assert field.path() == "/elsewhere"


# -- flows -----------------------------------------------------------------------------------------


@pytest.fixture
def flows(host, session, theme):
    return Flows(host, session, ClassEdits(session), Settings(), theme)


def dialogs(name):
    return [w for w in QApplication.topLevelWidgets() if w.objectName() == name and w.isVisible()]


def test_opening_asks_for_a_folder(flows, session, image_folder):
    flows.open()
    (dialog,) = dialogs("folder_dialog")
    dialog.fileSelected.emit(str(image_folder))
    dialog.close()
    assert session.project.source == image_folder
    assert Settings().recent_projects()[0] == str(image_folder)


def test_a_folder_that_is_gone_leaves_the_recent_list(flows, session, tmp_path, qtbot):
    settings = Settings()
    settings.remember_project(str(tmp_path / "gone"))
    settings.sync()
    project = session.project
    with qtbot.waitSignal(session.failed):
        flows.open_path(tmp_path / "gone")
    assert session.project is project
    assert flows._settings.recent_projects() == []


def test_a_new_project_is_opened_and_remembered(flows, session, image_folder, tmp_path, qtbot):
    flows.new_project()
    (dialog,) = dialogs("new_project_dialog")
    dialog.images.setText(str(image_folder))
    dialog.place.setText(str(tmp_path / "mine"))
    dialog.create_button.click()
    qtbot.waitUntil(lambda: session.project.root == tmp_path / "mine")
    assert flows._settings.get("projects/last") == str(tmp_path / "mine")


def test_recolouring_a_class(flows, session, host):
    flows.recolor_class(1)
    dialog = host.findChild(QColorDialog)
    dialog.setCurrentColor(QColor("#010203"))
    dialog.accept()
    assert session.project.classes[1].color == "#010203"


def test_flows_without_a_project_do_nothing(flows, session):
    session.close_project()
    flows.export()
    flows.recolor_class(1)
    flows.delete_class(1)
    flows.merge_class(1)
    flows.refresh()
    assert not dialogs("export_dialog")
    assert not dialogs("class_question")


def test_images_folder_gone_is_told(flows, session):
    import shutil

    session.failed.connect(flows.errors.show)
    shutil.rmtree(session.project.images_dir)
    flows.refresh()
    assert "images are not there" in flows.errors.dialog.message.text()
    flows.errors.dialog.close()


def test_the_log_that_is_not_there_is_told(flows):
    flows.show_log()
    assert "log" in flows.errors.dialog.message.text()
    flows.errors.dialog.close()


# -- help ------------------------------------------------------------------------------------------


def test_the_cheat_sheet_shows_every_key(open_window, tiny_project):
    window = open_window(tiny_project.root)
    QTest.keyClick(window.canvas, Qt.Key.Key_Question)
    (sheet,) = dialogs("cheat_sheet")
    caps = {label.text() for label in sheet.findChildren(QLabel) if label.property("keycap")}
    wanted = {k for row in window.commands.rows() for k in row.keys}
    assert wanted - caps <= {str(n) for n in range(2, 9)}
    sheet.close()


def test_finding_a_command(open_window, tiny_project, qtbot):
    window = open_window(tiny_project.root)
    window.commands["commands"].trigger()
    (search,) = dialogs("command_search")
    assert search.list.topLevelItemCount() > 20
    qtbot.keyClicks(search.field, "larger")
    assert search.list.topLevelItemCount() == 1
    size = window.state.size
    qtbot.keyClick(search.field, Qt.Key.Key_Return)
    assert window.state.size > size
    assert not dialogs("command_search")


def test_up_and_down_move_in_the_commands(open_window, tiny_project, qtbot):
    window = open_window(tiny_project.root)
    window.commands["commands"].trigger()
    (search,) = dialogs("command_search")
    qtbot.keyClick(search.field, Qt.Key.Key_Down)
    assert search.list.currentIndex().row() == 1
    qtbot.keyClick(search.field, Qt.Key.Key_Up)
    qtbot.keyClick(search.field, Qt.Key.Key_Up)
    assert search.list.currentIndex().row() == search.list.topLevelItemCount() - 1
    qtbot.keyClicks(search.field, "there is no such thing")
    qtbot.keyClick(search.field, Qt.Key.Key_Return)
    assert search.isVisible()
    search.close()


def test_about(open_window, tiny_project):
    window = open_window(tiny_project.root)
    window.commands["about"].trigger()
    (about,) = dialogs("about_dialog")
    assert any("Version" in label.text() for label in about.findChildren(QLabel))
    about.close()
