"""What the menus and a drop onto the window start, in the real window."""

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QDialog, QMessageBox

from unet_gui.core.progress import drain
from unet_gui.dataset.formats import export
from unet_gui.dataset.project import Project


@pytest.fixture
def window(open_window, tiny_project):
    return open_window(tiny_project.root)


def find(window, name, kind=QDialog):
    shown = [d for d in window.findChildren(kind, name) if d.isVisible()]
    return shown[-1] if shown else None


@pytest.mark.parametrize(
    ("action", "dialog"),
    [
        ("import", "import_dialog"),
        ("check", "doctor_dialog"),
        ("statistics", "statistics_dialog"),
        ("compare_masks", "comparison_dialog"),
        ("export", "export_dialog"),
        ("load_network", "network_dialog"),
        ("fetch_encoder", "encoder_dialog"),
    ],
)
def test_each_dialog_opens_from_its_menu(window, qtbot, action, dialog):
    window.commands[action].trigger()
    opened = find(window, dialog)
    assert opened is not None
    qtbot.waitUntil(lambda: not opened.busy)
    room = window.screen().availableSize()
    assert opened.height() <= room.height()
    qtbot.keyClick(opened, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: find(window, dialog) is None)


def test_without_a_project_only_some_are_possible(window):
    window.flows.close_project()
    enabled = {
        name: window.commands[name].isEnabled()
        for name in ("import", "check", "compare_masks", "statistics", "export", "load_network")
    }
    assert [name for name, on in enabled.items() if on] == ["import", "check", "compare_masks"]


def test_no_round_in_use_is_said(window, qtbot):
    window.commands["save_network"].trigger()
    assert "No round is in use" in window.flows.errors.dialog.error.message
    window.flows.errors.dialog.close()


def test_a_finding_leads_to_its_image(window, qtbot):
    project = window.session.project
    entry = project.entry("b.jpg")
    assert window.data_flows.image_of(entry.path) == "b.jpg"
    assert window.data_flows.image_of(project.mask_file(entry)) == "b.jpg"
    assert window.data_flows.image_of(project.root / "project.json") is None


def drop(window, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    none = Qt.KeyboardModifier.NoModifier
    event = QDropEvent(
        QPointF(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, none
    )
    window.dropEvent(event)


@pytest.mark.parametrize("form", ["coco", "yolo", "labelme", "voc"])
def test_a_dropped_dataset_can_be_imported(window, tiny_project, tmp_path, qtbot, form):
    out = tmp_path / form
    drain(export(tiny_project, form, out))
    drop(window, out)
    qtbot.waitUntil(lambda: find(window, "dropped_question", QMessageBox) is not None)
    box = find(window, "dropped_question", QMessageBox)
    qtbot.mouseClick(box.defaultButton(), Qt.MouseButton.LeftButton)
    dialog = find(window, "import_dialog")
    qtbot.waitUntil(lambda: dialog.looked is not None)
    assert dialog.looked.plan.format == form
    assert dialog.looked.images == 2
    dialog.close()


def test_a_dropped_project_opens(window, tiny_project, qtbot, image_folder):
    with qtbot.waitSignal(window.session.project_opened):
        drop(window, tiny_project.root)


def test_an_import_into_the_open_project_is_seen_at_once(window, tmp_path, drawn, qtbot):
    image, truth = drawn(7)
    Image.fromarray(image).save(tmp_path / "new.png")
    other = Project.create(tmp_path / "other", images=tmp_path, classes=["background", "leaf"])
    other.save_mask(other.entry("new.png"), truth.clip(0, 1))
    drain(export(other, "coco", tmp_path / "coco"))
    window.data_flows.import_dataset(tmp_path / "coco")
    dialog = find(window, "import_dialog")
    qtbot.waitUntil(lambda: dialog.looked is not None)
    qtbot.mouseClick(dialog.import_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.report is not None)
    session = window.session
    qtbot.waitUntil(lambda: "leaf" in [c.name for c in session.project.classes])
    assert any(e.name.endswith("new.png") for e in session.project.images)
    assert dialog.isVisible()
    assert dialog.outcome.text().startswith("Images: 1, masks: 1.")
    dialog.close()
