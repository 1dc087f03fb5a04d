"""Comparing masks in the window: scores, the worst image first, its picture, the table."""

import csv

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from unet_gui.core.geometry import Rect
from unet_gui.gui.dialogs.comparison import ComparisonDialog


@pytest.fixture
def session(open_session):
    """Two images of 10×10, half cell on ground."""
    session = open_session(*[np.full((10, 10, 3), 90, np.uint8)] * 2)
    for name in ("0.png", "1.png"):
        session.open_image(name)
        session.apply("Brush", Rect(0, 0, 10, 10), 0)
        session.apply("Brush", Rect(0, 0, 10, 5), 1)
    return session


@pytest.fixture
def other(tmp_path):
    """Masks of another person: the first alike, the second with a third less."""
    folder = tmp_path / "other"
    folder.mkdir()
    for name, rows in (("0.png", 5), ("1.png", 2)):
        mask = np.zeros((10, 10), np.uint8)
        mask[:rows] = 1
        Image.fromarray(mask).save(folder / name)
    return folder


@pytest.fixture
def dialog(host, theme, session):
    dialog = ComparisonDialog(host, theme, session, synchronous=True)
    dialog.open()
    return dialog


def compare(dialog, other, qtbot):
    dialog.b.lineEdit().clear()
    qtbot.keyClicks(dialog.b.lineEdit(), str(other))
    qtbot.mouseClick(dialog.compare_button, Qt.MouseButton.LeftButton)


def test_scores_and_the_worst_image_first(dialog, other, qtbot):
    assert dialog.a.currentText() == "The masks of this project"
    assert not dialog.compare_button.isEnabled()
    compare(dialog, other, qtbot)
    assert dialog.images.texts(0)[0] == "1"
    assert dialog.images.texts(1)[1:] == ["1.000", "100.0 %"]
    assert [dialog.classes.texts(r)[0] for r in range(2)] == ["ground", "cell"]
    assert dialog.classes.texts(1)[1] == "0.700"
    assert dialog.outcome.text().startswith("2 images: mean IoU")


def test_the_picture_follows_the_list(dialog, other, qtbot):
    compare(dialog, other, qtbot)
    assert dialog.picture.has_picture
    seen = dialog.picture.grab().toImage()
    middle = seen.pixelColor(seen.width() // 2, int(seen.height() * 0.4))
    assert middle.name() == "#f032e6"  # cell in A, ground in B, and neither counts as nothing
    qtbot.keyClick(dialog.images, Qt.Key.Key_Down)
    alike = dialog.picture.grab().toImage().pixelColor(seen.width() // 2, seen.height() // 2)
    assert alike.saturation() < 20


def test_the_table_is_saved(dialog, other, tmp_path, qtbot):
    compare(dialog, other, qtbot)
    qtbot.mouseClick(dialog.csv_button, Qt.MouseButton.LeftButton)
    path = tmp_path / "table.csv"
    dialog.findChild(QFileDialog, "save_dialog").fileSelected.emit(str(path))
    with path.open(newline="", encoding="utf-8") as file:
        assert [line["image"] for line in csv.DictReader(file)] == ["1", "0"]


def test_nothing_in_common(dialog, tmp_path, qtbot):
    (tmp_path / "strange").mkdir()
    Image.new("L", (3, 3)).save(tmp_path / "strange" / "x.png")
    compare(dialog, tmp_path / "strange", qtbot)
    assert "has the same name" in dialog.errors.dialog.error.message
    assert dialog.compare_button.isEnabled()
    dialog.errors.dialog.close()


def test_images_of_one_side_only_are_told(dialog, other, qtbot):
    (other / "1.png").unlink()
    compare(dialog, other, qtbot)
    assert dialog.said.lines == ("1 images have a mask in one of the two only, such as 1.",)


def test_a_round_against_the_project(dialog, host, theme, session, qtbot):
    project = session.project
    folder = project.models_dir / "round-001"
    folder.mkdir(parents=True)
    (folder / "checkpoint.safetensors").write_bytes(b"")
    (folder / "model.json").write_text("{}")
    mask = np.zeros((10, 10), np.uint8)
    project.save_prediction(
        project.entry("0.png"), mask, np.full_like(mask, 9), round_name="round-001"
    )
    project.adopt("round-001")
    dialog = ComparisonDialog(host, theme, session, synchronous=True)
    dialog.open()
    assert dialog.b.currentText() == "What round-001 predicted"
    qtbot.mouseClick(dialog.compare_button, Qt.MouseButton.LeftButton)
    assert dialog.images.shown == 1
    assert dialog.images.texts(0)[2] == "50.0 %"
