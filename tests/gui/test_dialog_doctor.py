"""Checking a dataset in the window: findings, filters, a repaired copy."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from unet_gui.dataset.doctor import Severity
from unet_gui.gui.dialogs.doctor import DoctorDialog


@pytest.fixture
def sick(tmp_path, drawn):
    """Three pairs; the first mask is 0 and 255, the third image an empty file."""
    folder = tmp_path / "sick"
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    (folder / "classes.txt").write_text("ground\nthing\n")
    for number in range(3):
        image, truth = drawn(number)
        Image.fromarray(image).save(folder / "images" / f"{number}.png")
        values = np.minimum(truth, 1) * (255 if number == 0 else 1)
        Image.fromarray(values.astype(np.uint8)).save(folder / "masks" / f"{number}.png")
    (folder / "images" / "2.png").write_bytes(b"")
    return folder


@pytest.fixture
def dialog(host, theme, sick):
    dialog = DoctorDialog(host, theme, sick, synchronous=True)
    dialog.open()
    return dialog


def codes(dialog):
    return {dialog.table.finding(row).code for row in range(dialog.table.shown)}


def test_findings_are_listed_the_gravest_first(dialog):
    assert {"mask-0-255", "image-empty"} <= codes(dialog)
    assert dialog.table.finding(0).severity is Severity.ERROR
    assert "errors" in dialog.outcome.text()
    model = dialog.table.model()
    assert any("0.png" in str(model.index(r, 1).data()) for r in range(model.rowCount()))
    assert not model.index(0, 0).data(Qt.ItemDataRole.DecorationRole).isNull()


def test_findings_are_filtered(dialog, qtbot):
    everything = dialog.table.shown
    dialog.kind.setCurrentIndex(dialog.kind.findData("fixable"))
    assert 0 < dialog.table.shown <= everything
    assert all(dialog.table.finding(r).fixable for r in range(dialog.table.shown))
    dialog.kind.setCurrentIndex(0)
    qtbot.keyClicks(dialog.search, "2.PNG")
    assert codes(dialog) == {"image-empty"}
    dialog.search.clear()
    assert dialog.table.shown == everything


def test_return_shows_the_file(dialog, sick, qtbot):
    qtbot.keyClicks(dialog.search, "images/2.png")
    dialog.table.setCurrentIndex(dialog.table.model().index(0, 0))
    with qtbot.waitSignal(dialog.file_chosen) as chosen:
        qtbot.keyClick(dialog.table, Qt.Key.Key_Return)
    assert chosen.args == [sick.resolve() / "images" / "2.png"]


def test_a_double_click_shows_the_file(dialog, qtbot):
    index = dialog.table.model().index(0, 0)
    at = dialog.table.visualRect(index).center()
    with qtbot.waitSignal(dialog.file_chosen):
        qtbot.mouseClick(dialog.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
        qtbot.mouseDClick(dialog.table.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_a_repaired_copy(dialog, sick, qtbot):
    assert dialog.copy.path() == str(sick) + "-fixed"
    before = (sick / "masks" / "0.png").read_bytes()
    qtbot.mouseClick(dialog.repair_button, Qt.MouseButton.LeftButton)
    copy = sick.with_name("sick-fixed")
    with Image.open(copy / "masks" / "0.png") as mask:
        assert set(np.unique(np.array(mask))) == {0, 1}
    assert (sick / "masks" / "0.png").read_bytes() == before
    assert "put right" in dialog.outcome.text()
    with qtbot.waitSignal(dialog.folder_chosen) as chosen:
        qtbot.mouseClick(dialog.open_button, Qt.MouseButton.LeftButton)
    assert chosen.args == [copy]


def test_a_copy_never_goes_where_something_is(dialog, tmp_path, qtbot):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    dialog.copy.setText(str(tmp_path / "full"))
    dialog.repair_button.click()
    assert "is there already" in dialog.errors.dialog.error.message
    assert [p.name for p in (tmp_path / "full").iterdir()] == ["mine.txt"]
    dialog.errors.dialog.close()


def test_a_healthy_folder(dialog, sick, qtbot):
    (sick / "images" / "2.png").unlink()
    for name in ("0.png", "2.png"):
        (sick / "masks" / name).unlink()
    (sick / "images" / "0.png").unlink()
    dialog.check_button.click()
    assert dialog.outcome.text() == "1 images, 1 masks: all is well."
    assert dialog.repair_row.isHidden()


def test_without_a_folder_it_waits_for_one(host, theme, sick, qtbot):
    dialog = DoctorDialog(host, theme, None, synchronous=True)
    dialog.open()
    assert not dialog.check_button.isEnabled()
    qtbot.keyClicks(dialog.folder, str(sick / "nowhere"))
    qtbot.keyClick(dialog.folder, Qt.Key.Key_Return)
    assert "There is no folder" in dialog.errors.dialog.error.message
    dialog.errors.dialog.close()


def test_stopping_it(host, theme, sick, monkeypatch, qtbot):
    from unet_gui.core.progress import Progress
    from unet_gui.gui.dialogs import doctor as module

    closed = []

    def endless(_folder):
        try:
            while True:
                yield Progress(1, 2)
        finally:
            closed.append(True)

    monkeypatch.setattr(module, "examine", endless)
    dialog = DoctorDialog(host, theme, sick)
    dialog.open()
    qtbot.waitUntil(lambda: dialog.bar.maximum() == 2)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert dialog.outcome.text() == "Stopped."
    qtbot.waitUntil(lambda: closed == [True])
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not dialog.isVisible())
