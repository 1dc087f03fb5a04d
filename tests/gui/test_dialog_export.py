"""Exporting from the window: what is written, what is said, what a cancel leaves behind."""

import json

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import MaskWriteError
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import Progress
from unet_gui.dataset.images import image_size
from unet_gui.gui.dialogs.export import ExportDialog
from unet_gui.gui.settings import Settings


@pytest.fixture
def session(open_session):
    """Two images of 10×10 with classes ground, cell and core; the first is open."""
    blank = np.zeros((10, 10, 3), np.uint8)
    return open_session(blank, blank)


def paint(session, name, value, rows):
    session.open_image(name)
    session.apply("Brush", Rect(0, 0, 10, rows), value)


@pytest.fixture
def export_dialog(host, theme, session):
    paint(session, "0.png", 1, 10)
    paint(session, "1.png", 2, 5)
    dialog = ExportDialog(host, theme, session, Settings(), synchronous=True)
    dialog.open()
    return dialog


def choose_format(dialog, key):
    dialog.choose_format(key)


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
    assert export_dialog.said.isVisible()
    assert export_dialog.said.lines == export_dialog.report.warnings


def test_export_of_the_open_image_only(export_dialog, tmp_path):
    choose_format(export_dialog, "png")
    export_dialog.images_page.which.setCurrentIndex(
        export_dialog.images_page.which.findData("open")
    )
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
    dialog.images_page.which.setCurrentIndex(dialog.images_page.which.findData("done"))
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
    assert "nothing to export" in dialog.note.text()
    assert not dialog.export_button.isEnabled()
    paint(session, "0.png", 1, 10)
    dialog.images_page.which.setCurrentIndex(dialog.images_page.which.findData("open"))
    assert dialog.export_button.isEnabled()
    image = session.entry.path
    image.write_bytes(b"no image")
    dialog.export_button.click()
    assert dialog.outcome.text() == "Nothing was written."
    assert "0.png" in dialog.errors.dialog.error.message
    assert not (tmp_path / "out").exists()
    dialog.errors.dialog.close()
    dialog.close()


def test_nothing_is_exported_while_a_save_fails(export_dialog, session, tmp_path, monkeypatch):
    full = MaskWriteError("The disk is full.", "Make room.")
    monkeypatch.setattr(session, "flush", lambda: full)
    export_dialog.folder.setText(str(tmp_path / "out"))
    export_dialog.export_button.click()
    assert export_dialog.errors.dialog.error.message == "The disk is full."
    assert export_dialog.errors.dialog.error.hint == "Make room."
    assert not (tmp_path / "out").exists()


def endless_export(monkeypatch):
    """Writing never ends; the list gets an entry when it is closed."""
    from unet_gui.gui.dialogs import export as module

    closed = []

    def endless(*_args, **_how):
        try:
            while True:
                yield Progress(1, 2)
        finally:
            closed.append(True)

    monkeypatch.setattr(module, "write", endless)
    return closed


def running(host, theme, session, tmp_path, qtbot):
    paint(session, "0.png", 1, 10)
    dialog = ExportDialog(host, theme, session, Settings())
    dialog.open()
    dialog.folder.setText(str(tmp_path / "out"))
    qtbot.waitUntil(lambda: dialog.preview is not None)
    qtbot.mouseClick(dialog.export_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.bar.maximum() == 2)
    assert not dialog.export_button.isEnabled()
    return dialog


def test_stopping_an_export(host, theme, session, tmp_path, monkeypatch, qtbot):
    closed = endless_export(monkeypatch)
    dialog = running(host, theme, session, tmp_path, qtbot)
    assert dialog.close_button.text() == "Stop"
    qtbot.mouseClick(dialog.close_button, Qt.MouseButton.LeftButton)
    assert dialog.isVisible()
    assert dialog.outcome.text() == "Stopped."
    qtbot.waitUntil(lambda: closed == [True])
    assert dialog.export_button.isEnabled()
    qtbot.mouseClick(dialog.close_button, Qt.MouseButton.LeftButton)


def test_closing_an_export_that_runs_cancels_it(host, theme, session, tmp_path, monkeypatch, qtbot):
    closed = endless_export(monkeypatch)
    dialog = running(host, theme, session, tmp_path, qtbot)
    dialog.done(0)
    assert closed == [True]


def test_what_a_format_cannot_hold_is_said_before(export_dialog):
    choose_format(export_dialog, "coco")
    page = export_dialog.format_page
    page.fields.fields["background"].setCurrentText("drop")
    assert any("No class is called background" in line for line in page.losses.lines)
    choose_format(export_dialog, "png")
    assert page.losses_note.text() == "Nothing is lost."


def test_a_class_left_out_and_two_made_one(export_dialog, tmp_path):
    choose_format(export_dialog, "png")
    table = export_dialog.classes_page.table
    table.set_target(0, None)
    table.set_target(2, "cell")
    export_dialog.folder.setText(str(tmp_path / "out"))
    export_dialog.export_button.click()
    assert set(np.unique(np.array(Image.open(tmp_path / "out" / "masks" / "1.png")))) == {1, 255}
    listed = json.loads((tmp_path / "out" / "classes.json").read_text())["classes"]
    assert [c["name"] for c in listed] == ["cell"]
    assert any("core became cell" in line for line in export_dialog.said.lines)


def test_groups_are_shown_while_the_pattern_is_typed(export_dialog, qtbot):
    page = export_dialog.split_page
    export_dialog.tabs.setCurrentWidget(page)
    page.group.setCurrentIndex(page.group.findData("pattern"))
    page.pattern.clear()
    assert page.problem
    assert not export_dialog.export_button.isEnabled()
    qtbot.keyClicks(page.pattern, r"(\d)")
    assert [page.tree.topLevelItem(i).text(0) for i in range(2)] == ["0", "1"]
    page.pattern.setText("(")
    assert "no regular expression" in export_dialog.note.text()
    assert not export_dialog.export_button.isEnabled()


def test_crops_and_card(export_dialog, tmp_path):
    choose_format(export_dialog, "png")
    page = export_dialog.images_page
    page.crops.click()
    page.width_box.setValue(8)
    page.height_box.setValue(8)
    page.overlap_box.setValue(8)
    assert not export_dialog.export_button.isEnabled()
    page.overlap_box.setValue(2)
    export_dialog.card_page.licence.setCurrentText("CC BY 4.0")
    export_dialog.folder.setText(str(tmp_path / "out"))
    export_dialog.verified.click()
    export_dialog.export_button.click()
    assert export_dialog.report.verified is not None
    assert image_size(next((tmp_path / "out" / "images").iterdir())) == (8, 8)
    card = json.loads((tmp_path / "out" / "dataset_card.json").read_text())
    assert card["license"] == "CC BY 4.0"


def test_choices_are_remembered(export_dialog, host, theme, session, tmp_path):
    export_dialog.split_page.val_box.setValue(35)
    export_dialog.images_page.crops.click()
    export_dialog.folder.setText(str(tmp_path / "out"))
    export_dialog.export_button.click()
    export_dialog.close()
    again = ExportDialog(host, theme, session, Settings(), synchronous=True)
    assert again.split_page.val_box.value() == 35
    assert again.images_page.crops.isChecked()
    again.close()


def test_a_split_by_lists(export_dialog, tmp_path, qtbot):
    (tmp_path / "train.txt").write_text("0\n")
    (tmp_path / "val.txt").write_text("1\n")
    page = export_dialog.split_page
    page.kind.setCurrentIndex(page.kind.findData("lists"))
    assert not export_dialog.export_button.isEnabled()
    page.set_lists([str(tmp_path / "train.txt"), str(tmp_path / "val.txt")])
    assert page.note.text() == "1 to train, 1 to validate"
    export_dialog.folder.setText(str(tmp_path / "out"))
    export_dialog.export_button.click()
    assert export_dialog.report.val == ("1",)
