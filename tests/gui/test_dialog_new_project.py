"""Making a project: what is checked, what a cancel leaves behind."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QColorDialog,
    QLabel,
    QPushButton,
)
from shiboken6 import isValid

from unet_gui.core.errors import MaskWriteError
from unet_gui.core.progress import Progress
from unet_gui.dataset.class_files import voc_classes
from unet_gui.dataset.project import Project
from unet_gui.gui.dialogs.new_project import NewProjectDialog, suggested_place
from unet_gui.gui.jobs import JobRunner


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
