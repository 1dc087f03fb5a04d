"""Exporting from the window: what is written, what is said, what a cancel leaves behind."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QRadioButton,
)

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import MaskWriteError
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import Progress
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
