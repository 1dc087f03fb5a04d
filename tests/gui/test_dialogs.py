"""Every dialog by its own widgets: what it checks, what it writes, what it leaves alone."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QColorDialog,
    QFileDialog,
    QLabel,
    QPushButton,
    QRadioButton,
    QWidget,
)
from shiboken6 import isValid

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import ExportError, MaskWriteError, UnetGuiError
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import Progress
from unet_gui.dataset.class_files import voc_classes
from unet_gui.dataset.project import Project
from unet_gui.gui.class_edits import ClassEdits
from unet_gui.gui.dialogs.class_editor import choose_color
from unet_gui.gui.dialogs.class_questions import DeleteClassQuestion, MergeClassQuestion
from unet_gui.gui.dialogs.errors import ErrorBox
from unet_gui.gui.dialogs.export import ExportDialog
from unet_gui.gui.dialogs.flows import Flows
from unet_gui.gui.dialogs.folders import FolderEdit, choose_folder
from unet_gui.gui.dialogs.new_project import NewProjectDialog, suggested_place
from unet_gui.gui.jobs import JobRunner
from unet_gui.gui.session import Session
from unet_gui.gui.settings import Settings


@pytest.fixture
def host(qtbot):
    host = QWidget()
    qtbot.addWidget(host)
    host.show()
    yield host
    # A dialog left open would be a window of its own in the next test.
    for dialog in host.findChildren(QWidget):
        if dialog.isWindow():
            dialog.close()


@pytest.fixture
def session(open_session):
    """Two images of 10×10 with classes ground, cell and core; the first is open."""
    blank = np.zeros((10, 10, 3), np.uint8)
    return open_session(blank, blank)


def paint(session, name, value, rows):
    session.open_image(name)
    session.apply("Brush", Rect(0, 0, 10, rows), value)


# -- new project -----------------------------------------------------------------------------------


@pytest.fixture
def new_project(host, theme, qtbot):
    runner = JobRunner("test", synchronous=True)
    dialog = NewProjectDialog(host, theme, runner, synchronous=True)
    dialog.created_projects = []
    dialog.created.connect(dialog.created_projects.append)
    dialog.open()
    return dialog


def note(dialog, name):
    return dialog.findChild(QLabel, name).text()


def test_a_new_project_is_made(new_project, image_folder, tmp_path, qtbot):
    new_project.images.setText(str(image_folder))
    assert new_project.place.path() == str(image_folder) + "-project"
    qtbot.waitUntil(lambda: note(new_project, "new_images_note") == "3 images")
    new_project.place.setText(str(tmp_path / "here"))
    new_project.editor.rows[1].name.setText("cell")
    qtbot.keyClick(new_project.editor.rows[1].name, Qt.Key.Key_Return)
    qtbot.keyClicks(new_project.editor.rows[2].name, "core")
    assert not (tmp_path / "here").exists()
    qtbot.mouseClick(new_project.create_button, Qt.MouseButton.LeftButton)
    (project,) = new_project.created_projects
    assert project.root == tmp_path / "here"
    assert [c.name for c in project.classes] == ["background", "cell", "core"]
    assert len(project.images) == 3


def test_cancelling_writes_nothing(new_project, image_folder, tmp_path):
    new_project.images.setText(str(image_folder))
    before = sorted(tmp_path.rglob("*"))
    new_project.findChild(QPushButton, "new_cancel").click()
    assert sorted(tmp_path.rglob("*")) == before
    assert new_project.created_projects == []


@pytest.fixture
def slow_creation(host, theme, image_folder, tmp_path, monkeypatch, qtbot):
    """`slow_creation()` presses Create and returns the dialog while masks are being copied."""

    def endless(self, _folder):
        (self.root / "masks").mkdir(exist_ok=True)
        while True:
            yield Progress(1, 3)

    monkeypatch.setattr(Project, "import_masks", endless)
    runner = JobRunner("test", synchronous=True)

    def begin():
        dialog = NewProjectDialog(host, theme, runner)
        dialog.heard = []
        dialog.created.connect(dialog.heard.append)
        dialog.noticed.connect(dialog.heard.append)
        dialog.open()
        dialog.images.setText(str(image_folder))
        dialog.place.setText(str(tmp_path / "here"))
        dialog.masks.setText(str(image_folder))
        dialog.editor.rows[1].name.setText("cell")
        dialog.create_button.click()
        qtbot.waitUntil(lambda: dialog.bar.maximum() == 3)
        assert not dialog.create_button.isEnabled()
        return dialog

    return begin


def test_cancelling_while_it_is_made_takes_it_back(slow_creation, tmp_path, qtbot):
    dialog = slow_creation()
    heard = dialog.heard
    dialog.findChild(QPushButton, "new_cancel").click()
    qtbot.waitUntil(lambda: not isValid(dialog))
    assert not (tmp_path / "here").exists()
    assert heard == []


def test_cancelling_leaves_a_folder_that_was_there_and_says_so(slow_creation, tmp_path, qtbot):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "mine.txt").write_text("keep")
    dialog = slow_creation()
    heard = dialog.heard
    dialog.findChild(QPushButton, "new_cancel").click()
    qtbot.waitUntil(lambda: not isValid(dialog))
    assert (tmp_path / "here" / "mine.txt").exists()
    assert heard == [f"What was made of the project stays in {tmp_path / 'here'}."]


def test_a_project_that_cannot_be_made_leaves_nothing(
    new_project, image_folder, tmp_path, monkeypatch
):
    def full(self, _folder):
        yield Progress(0, 1)
        raise MaskWriteError("The disk is full.")

    monkeypatch.setattr(Project, "import_masks", full)
    new_project.images.setText(str(image_folder))
    new_project.place.setText(str(tmp_path / "here"))
    new_project.masks.setText(str(image_folder))
    new_project.editor.rows[1].name.setText("cell")
    new_project.create_button.click()
    assert note(new_project, "new_problem") == "The disk is full."
    assert not (tmp_path / "here").exists()
    assert new_project.create_button.isEnabled()


def test_what_is_wrong_is_said_beside_the_field(new_project, image_folder, tiny_project, tmp_path):
    create = new_project.create_button
    assert not create.isEnabled()
    new_project.images.setText(str(tmp_path / "no"))
    assert note(new_project, "new_images_note") == "There is no such folder."
    new_project.images.setText(str(image_folder))
    assert create.isEnabled()
    new_project.place.setText(str(tiny_project.root))
    assert "a project in it already" in note(new_project, "new_place_note")
    assert not create.isEnabled()
    new_project.place.setText("relative")
    assert note(new_project, "new_place_note") == "Write the whole path."
    new_project.place.setText(str(tmp_path / "fine"))
    new_project.masks.setText(str(tmp_path / "no"))
    assert note(new_project, "new_masks_note") == "There is no such folder."
    new_project.masks.clear()
    assert create.isEnabled()


def test_classes_are_checked(new_project, image_folder):
    new_project.images.setText(str(image_folder))
    rows = new_project.editor.rows
    rows[1].name.setText("Background")
    assert "Two classes" in note(new_project, "new_classes_note")
    rows[1].name.setText("")
    assert "needs a name" in note(new_project, "new_classes_note")
    rows[1].remove.click()
    assert "At least two" in note(new_project, "new_classes_note")
    assert not new_project.create_button.isEnabled()


def test_presets_fill_the_classes(new_project):
    box = new_project.editor.preset_box
    box.setCurrentIndex(box.count() - 1)
    box.activated.emit(box.count() - 1)
    assert new_project.editor.table() == voc_classes()


def test_a_class_colour_is_chosen(new_project):
    row = new_project.editor.rows[0]
    row.chip.click()
    dialog = new_project.findChild(QColorDialog)
    dialog.setCurrentColor(QColor("#123456"))
    dialog.accept()
    assert new_project.editor.table()[0].color == "#123456"


def test_masks_that_are_there_already_are_taken_over(new_project, tiny_project, tmp_path):
    new_project.images.setText(str(tiny_project.images_dir))
    new_project.place.setText(str(tmp_path / "copy"))
    new_project.masks.setText(str(tiny_project.masks_dir))
    new_project.editor.add_row().name.setText("square")
    new_project.create_button.click()
    (project,) = new_project.created_projects
    assert np.array_equal(
        project.load_mask(project.entry("a.png")),
        tiny_project.load_mask(tiny_project.entry("a.png")),
    )


def test_a_failure_stays_in_the_dialog(new_project, image_folder, tmp_path):
    (tmp_path / "file").write_text("")
    new_project.images.setText(str(image_folder))
    new_project.place.setText(str(tmp_path / "file" / "below"))
    new_project.create_button.click()
    assert note(new_project, "new_problem")
    assert new_project.isVisible()
    assert new_project.create_button.isEnabled()


def test_where_a_project_goes_by_itself(tmp_path):
    assert suggested_place(tmp_path / "cells" / "images") == tmp_path / "cells"
    assert suggested_place(tmp_path / "cells") == tmp_path / "cells-project"
    (tmp_path / "cells-project").mkdir()
    (tmp_path / "cells-project" / "project.json").write_text("{}")
    assert suggested_place(tmp_path / "cells") == tmp_path / "cells-project-2"


# -- export ----------------------------------------------------------------------------------------


@pytest.fixture
def export_dialog(host, theme, session):
    paint(session, "0.png", 1, 10)
    paint(session, "1.png", 2, 5)
    dialog = ExportDialog(host, theme, session, Settings(), synchronous=True)
    dialog.open()
    return dialog


def choose_format(dialog, key):
    dialog.findChild(QRadioButton, f"format_{key}").click()


def test_export_writes_what_was_painted(export_dialog, session, tmp_path, qtbot):
    out = tmp_path / "out"
    choose_format(export_dialog, "png")
    export_dialog.folder.setText(str(out))
    qtbot.mouseClick(export_dialog.export_button, Qt.MouseButton.LeftButton)
    assert (np.array(Image.open(out / "masks" / "0.png")) == 1).all()
    mask = np.array(Image.open(out / "masks" / "1.png"))
    assert (mask[:5] == 2).all()
    assert (mask[5:] == UNLABELLED).all()
    assert "2 images" in export_dialog.outcome.text()
    assert export_dialog.open_button.isVisible()
    assert Settings().get("export/format") == "png"


def test_export_says_what_was_lost(export_dialog, tmp_path):
    choose_format(export_dialog, "voc")
    export_dialog.folder.setText(str(tmp_path / "out"))
    export_dialog.export_button.click()
    assert (tmp_path / "out" / "SegmentationClass" / "0.png").is_file()
    assert export_dialog.report.warnings
    assert all(w in export_dialog.lost.text() for w in export_dialog.report.warnings)


def test_export_of_the_open_image_only(export_dialog, tmp_path):
    choose_format(export_dialog, "png")
    export_dialog.which.setCurrentIndex(export_dialog.which.findData("open"))
    export_dialog.folder.setText(str(tmp_path / "out"))
    export_dialog.export_button.click()
    assert [p.name for p in (tmp_path / "out" / "masks").iterdir()] == ["1.png"]
    assert export_dialog.outcome.text() == "1 image with its mask is written."


def test_export_of_what_is_done(host, theme, session, tmp_path):
    paint(session, "0.png", 1, 10)
    session.mark_done(True)
    paint(session, "1.png", 1, 10)
    dialog = ExportDialog(host, theme, session, Settings(), synchronous=True)
    choose_format(dialog, "png")
    dialog.which.setCurrentIndex(dialog.which.findData("done"))
    dialog.folder.setText(str(tmp_path / "out"))
    dialog.export_button.click()
    assert [p.name for p in (tmp_path / "out" / "masks").iterdir()] == ["0.png"]
    dialog.close()


def test_other_files_are_not_written_over_unasked(export_dialog, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    export_dialog.folder.setText(str(tmp_path / "full"))
    assert export_dialog.note.text() == "There are other files in this folder."
    assert not export_dialog.export_button.isEnabled()
    export_dialog.overwrite.click()
    export_dialog.export_button.click()
    assert export_dialog.report is not None
    assert (tmp_path / "full" / "mine.txt").read_text() == "mine"


def test_an_earlier_export_is_simply_replaced(export_dialog, tmp_path):
    export_dialog.folder.setText(str(tmp_path / "out"))
    export_dialog.export_button.click()
    export_dialog.report = None
    export_dialog.export_button.click()
    assert export_dialog.report is not None


def test_export_refuses_odd_folders(export_dialog, tmp_path):
    (tmp_path / "file").write_text("")
    for text in ("", "relative", str(tmp_path / "file")):
        export_dialog.folder.setText(text)
        assert not export_dialog.export_button.isEnabled()


def test_a_failed_export_is_told(host, theme, session, tmp_path):
    dialog = ExportDialog(host, theme, session, Settings(), synchronous=True)
    dialog.folder.setText(str(tmp_path / "out"))
    dialog.export_button.click()
    assert "nothing to export" in dialog.outcome.text()
    assert dialog.export_button.isEnabled()
    assert not (tmp_path / "out").exists()
    dialog.close()


def test_nothing_is_exported_while_a_save_fails(export_dialog, session, tmp_path, monkeypatch):
    full = MaskWriteError("The disk is full.", "Make room.")
    monkeypatch.setattr(session, "flush", lambda: full)
    export_dialog.folder.setText(str(tmp_path / "out"))
    export_dialog.export_button.click()
    assert export_dialog.outcome.text() == "The disk is full. Make room."
    assert not (tmp_path / "out").exists()


def test_closing_an_export_that_runs_cancels_it(host, theme, session, tmp_path, monkeypatch, qtbot):
    from unet_gui.gui.dialogs import export as module

    closed = []

    def endless(*_args, **_how):
        try:
            while True:
                yield Progress(1, 2)
        finally:
            closed.append(True)

    monkeypatch.setattr(module, "export", endless)
    dialog = ExportDialog(host, theme, session, Settings())
    dialog.open()
    dialog.folder.setText(str(tmp_path / "out"))
    dialog.export_button.click()
    qtbot.waitUntil(lambda: dialog.bar.maximum() == 2)
    assert not dialog.export_button.isEnabled()
    dialog.close_button.click()
    assert closed == [True]


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
        assert not flows.open_path(tmp_path / "gone")
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
