"""Importing in the window: what is found, which class becomes which, what is said after."""

import json

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from unet_gui.core.progress import Progress, drain
from unet_gui.dataset.formats import export
from unet_gui.dataset.project import Project
from unet_gui.gui.dialogs.import_dataset import ImportDialog, suggested_place


@pytest.fixture
def session(open_session):
    """A project of one image with the classes ground, cell, core."""
    return open_session(np.zeros((10, 10, 3), np.uint8))


@pytest.fixture
def coco(tiny_project, tmp_path):
    """Two images of background, disc and square, as COCO."""
    out = tmp_path / "coco"
    drain(export(tiny_project, "coco", out))
    return out


@pytest.fixture
def dialog(host, theme, session):
    dialog = ImportDialog(host, theme, session, synchronous=True)
    dialog.open()
    return dialog


def choose(dialog, target):
    dialog.target.setCurrentIndex(dialog.target.findData(target))


def test_an_empty_dialog_says_what_it_takes(dialog):
    assert "COCO" in dialog.note.text()
    assert not dialog.import_button.isEnabled()
    assert dialog.tabs.isHidden()


def test_what_comes_is_shown_before(dialog, coco):
    dialog.src.setText(str(coco / "nowhere"))
    assert dialog.note.text() == "There is no such folder or file."
    assert not dialog.import_button.isEnabled()
    dialog.src.setText(str(coco))
    assert dialog.note.text().startswith("COCO. Images: 2, with a mask: 2, classes: 3.")
    assert dialog.mapping.topLevelItemCount() == 3
    assert dialog.import_button.isEnabled()


def test_into_the_open_project_with_classes_given(dialog, session, coco, qtbot):
    dialog.src.setText(str(coco))
    ids = {c.name: c.id for c in dialog.looked.plan.classes}
    dialog.mapping.set_target(ids["background"], "ground")
    dialog.mapping.set_target(ids["disc"], "cell")
    dialog.mapping.set_target(ids["square"], "cell")
    with qtbot.waitSignal(dialog.imported) as imported:
        qtbot.mouseClick(dialog.import_button, Qt.MouseButton.LeftButton)
    assert imported.args == [session.project.root]
    project = Project.open(session.project.root)
    assert [c.name for c in project.classes] == ["ground", "cell", "core"]
    mask = project.load_mask(next(e for e in project.images if e.name.endswith("a.png")))
    assert set(np.unique(mask)) == {0, 1}
    assert dialog.outcome.text().startswith("Images: 2, masks: 2.")


def test_a_class_left_out(dialog, session, coco):
    dialog.src.setText(str(coco))
    ids = {c.name: c.id for c in dialog.looked.plan.classes}
    dialog.mapping.set_target(ids["square"], None)
    dialog.import_button.click()
    project = Project.open(session.project.root)
    assert "square" not in [c.name for c in project.classes]
    assert dialog.report.added == ["background", "disc"]


def test_into_a_new_project(dialog, coco, tmp_path):
    dialog.src.setText(str(coco))
    choose(dialog, "new")
    assert dialog.place.path() == str(tmp_path / "coco-project")
    dialog.import_button.click()
    project = Project.open(tmp_path / "coco-project")
    assert len(project.images) == 2
    assert {"background", "disc", "square"} == {c.name for c in project.classes}


def test_a_place_that_is_taken(dialog, coco, tmp_path, session):
    dialog.src.setText(str(coco))
    choose(dialog, "new")
    for place in ("relative", str(session.project.root), str(coco), ""):
        dialog.place.setText(place)
        assert not dialog.import_button.isEnabled()
    dialog.place.setText(str(tmp_path / "free"))
    assert dialog.import_button.isEnabled()


def test_a_single_file_is_enough(dialog, coco):
    dialog.src.setText(str(next(coco.rglob("instances_train.json"))))
    assert dialog.looked.plan.format == "coco"


def test_what_is_of_no_format(dialog, tmp_path):
    (tmp_path / "odd").mkdir()
    dialog.src.setText(str(tmp_path / "odd"))
    assert "no format" in dialog.note.text()
    assert "--format" not in dialog.note.text()
    assert not dialog.import_button.isEnabled()


def test_the_doctor_looks_first(dialog, tmp_path, drawn):
    folder = tmp_path / "pairs"
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    for number in range(2):
        image, truth = drawn(number)
        Image.fromarray(image).save(folder / "images" / f"{number}.png")
        Image.fromarray(truth).save(folder / "masks" / f"{number}.png")
    (folder / "classes.json").write_text(
        json.dumps({"unlabelled": 255, "classes": [{"id": 0, "name": "a", "color": "#102030"}]})
    )
    (folder / "images" / "1.png").write_bytes(b"")
    dialog.src.setText(str(folder))
    codes = {dialog.findings.finding(row).code for row in range(dialog.findings.shown)}
    assert "image-empty" in codes
    assert f"({dialog.findings.shown})" in dialog.tabs.tabText(1)


def test_masks_of_the_project_are_kept_unless_told_otherwise(dialog, session, coco):
    dialog.src.setText(str(coco))
    dialog.import_button.click()
    dialog.src.setText(str(coco / "annotations"))
    dialog.src.setText(str(coco))
    dialog.import_button.click()
    assert dialog.report.masks == 0
    assert any("it was kept" in line for line in dialog.said.lines)


def test_stopping_it(host, theme, session, coco, monkeypatch, qtbot):
    from unet_gui.gui.dialogs import import_dataset as module

    closed = []

    def endless(*_args, **_how):
        try:
            while True:
                yield Progress(1, 2)
        finally:
            closed.append(True)

    monkeypatch.setattr(module, "bring_in", endless)
    dialog = ImportDialog(host, theme, session, coco)
    dialog.open()
    qtbot.waitUntil(lambda: dialog.looked is not None)
    dialog.import_button.click()
    qtbot.waitUntil(lambda: dialog.bar.maximum() == 2)
    with qtbot.waitSignal(dialog.imported):
        qtbot.mouseClick(dialog.close_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: closed == [True])
    assert "importing again goes on" in dialog.outcome.text()
    dialog.close()


def test_the_place_is_never_one_that_is_there(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set-project").mkdir()
    assert suggested_place(tmp_path / "set") == tmp_path / "set-project-2"
