"""Networks from files into the project and out of it, with real files of small networks."""

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt

from unet_gui.core.errors import CheckpointError
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.gui.dialogs.network_files import NetworkDialog, round_to_save, save_job
from unet_gui.unet.checkpoint import load
from unet_gui.unet.model import ModelSpec, UNet, build
from unet_gui.unet.network_files import look_at, take_in
from unet_gui.unet.rounds import proposing_checkpoint, write_round

WIDTH = 0.125


@pytest.fixture
def session(open_session):
    """One image with the classes ground, cell, core, half of it painted."""
    session = open_session(np.zeros((32, 32, 3), np.uint8))
    session.apply("Brush", Rect(0, 0, 32, 16), 1)
    return session


@pytest.fixture
def pth(tmp_path):
    """`pth(3)` is a tutorial file for three classes."""

    def make(classes):
        torch.manual_seed(0)
        path = tmp_path / f"unet_vgg_{classes}.pth"
        torch.save(UNet(classes, width=WIDTH).state_dict(), path)
        return path

    return make


@pytest.fixture
def dialog(host, theme, session):
    dialog = NetworkDialog(host, theme, session, synchronous=True)
    dialog.open()
    return dialog


def test_a_network_that_fits_becomes_the_round_in_use(dialog, session, pth, qtbot):
    dialog.path.setText(str(pth(3)))
    assert "3 classes" in dialog.what.text()
    assert "fits this project" in dialog.verdict.text()
    assert "mIoU" in dialog.notes.text()  # the decoder was measured on what is painted
    with qtbot.waitSignal(dialog.taken) as taken:
        qtbot.mouseClick(dialog.use_button, Qt.MouseButton.LeftButton)
    project = session.project
    assert taken.args == [project.adopted] == ["round-001"]
    assert project.round("round-001").info["source"] == "unet_vgg_3.pth"
    checkpoint, name = proposing_checkpoint(project)
    assert name == "round-001"
    assert [c.name for c in checkpoint.classes] == ["ground", "cell", "core"]


def test_a_network_for_other_classes_can_be_learned_from(dialog, session, pth, qtbot):
    path = pth(5)
    dialog.path.setText(str(path))
    assert "predicts 5 classes, the project has 3" in dialog.verdict.text()
    assert not dialog.use_button.isEnabled()
    with qtbot.waitSignal(dialog.learn_requested) as wanted:
        qtbot.mouseClick(dialog.learn_button, Qt.MouseButton.LeftButton)
    assert wanted.args == [path]
    assert session.project.rounds() == []


def test_what_is_no_network(dialog, tmp_path):
    dialog.path.setText(str(tmp_path / "none.pth"))
    assert dialog.what.text() == "There is no such file."
    (tmp_path / "odd.pth").write_bytes(b"odd")
    dialog.path.setText(str(tmp_path / "odd.pth"))
    assert "odd.pth" in dialog.errors.dialog.error.message
    assert not dialog.learn_button.isEnabled()
    dialog.errors.dialog.close()


def test_a_network_that_does_not_fit_is_never_taken_in(session, pth):
    network = drain(look_at(pth(5), session.project))
    with pytest.raises(CheckpointError, match="5 classes"):
        drain(take_in(network, session.project))
    assert session.project.adopted is None


def test_the_round_in_use_is_saved_as_pth(session, pth, tmp_path):
    with pytest.raises(CheckpointError, match="No round is in use"):
        round_to_save(session)
    path = pth(3)
    drain(take_in(drain(look_at(path, session.project)), session.project))
    drain(save_job(round_to_save(session), tmp_path / "back.pth"))
    before = torch.load(path, weights_only=True)
    after = torch.load(tmp_path / "back.pth", weights_only=True)
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_a_lite_round_says_why_it_cannot_be_saved(session, pth):
    checkpoint = load(pth(3))
    checkpoint.net = build(ModelSpec("lite", 3, width=WIDTH))
    checkpoint.spec = checkpoint.net.spec
    written = write_round(session.project, checkpoint, {"normalisation": "unit"})
    session.project.adopt(written.name)
    with pytest.raises(CheckpointError, match="“lite” decoder"):
        round_to_save(session)
