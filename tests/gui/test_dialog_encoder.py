"""Consent to a download, watching, stopping and going on with it; the file comes from here."""

import hashlib

import pytest
import torch
from PySide6.QtCore import Qt

from unet_gui.gui.dialogs.encoder import EncoderDialog
from unet_gui.unet import fetching, weights
from unet_gui.unet.fetching import PARTIAL, Published
from unet_gui.unet.model import Encoder


@pytest.fixture
def hub(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return tmp_path / "hub" / "checkpoints"


@pytest.fixture
def published(monkeypatch, tmp_path, hub):
    torch.manual_seed(0)
    file = tmp_path / "vgg16.pth"
    torch.save(Encoder(width=0.25).state_dict(), file)
    content = file.read_bytes()
    what = Published(file.as_uri(), len(content), hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(fetching, "IMAGENET", what)
    return what


@pytest.fixture
def dialog(host, theme, published):
    dialog = EncoderDialog(host, theme, synchronous=True)
    dialog.open()
    return dialog


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_nothing_is_downloaded_before_the_person_agrees(dialog, hub, published):
    assert published.url in [label.text() for label in dialog.findChildren(type(dialog.place))]
    assert str(hub / published.name) == dialog.place.text()
    assert "BSD" in dialog.findChild(type(dialog.place), "encoder_licence").text()
    assert "MB" in dialog.findChild(type(dialog.place), "encoder_size").text()
    assert dialog.fetch_button.isEnabled()
    assert not hub.exists()


def test_downloaded_verified_and_used(dialog, qtbot, published):
    with qtbot.waitSignal(dialog.fetched):
        click(qtbot, dialog.fetch_button)
    assert weights.cached_imagenet().source == "imagenet"
    assert "verified" in dialog.outcome.text()
    assert not dialog.fetch_button.isVisible()


def test_what_is_there_needs_no_download(host, theme, published, hub):
    hub.mkdir(parents=True)
    (hub / published.name).touch()
    dialog = EncoderDialog(host, theme, synchronous=True)
    dialog.open()
    assert "already" in dialog.outcome.text()
    assert not dialog.fetch_button.isVisible()


def test_no_connection_is_explained_and_can_be_tried_again(host, theme, hub, monkeypatch, qtbot):
    monkeypatch.setattr(fetching, "IMAGENET", Published("http://127.0.0.1:1/w.pth", 9, "0" * 64))
    dialog = EncoderDialog(host, theme, synchronous=True)
    dialog.open()
    click(qtbot, dialog.fetch_button)
    error = dialog.errors.dialog.error
    assert "cannot be downloaded" in error.message
    assert "internet" in error.hint
    dialog.errors.dialog.close()
    assert dialog.fetch_button.isEnabled()
    assert not (hub / "w.pth").exists()


def test_stopped_half_way_and_gone_on_with(host, theme, published, hub, qtbot, monkeypatch):
    gate, done = [], []
    receive = fetching._receive

    def slowly(*args):
        job = receive(*args)
        yield next(job)
        yield next(job)
        gate.append(True)
        while not done:
            yield fetching.Progress(1, 2, "waiting")
        return (yield from job)

    monkeypatch.setattr(fetching, "_receive", slowly)
    dialog = EncoderDialog(host, theme)
    dialog.open()
    qtbot.waitUntil(dialog.fetch_button.isEnabled)
    click(qtbot, dialog.fetch_button)
    qtbot.waitUntil(lambda: bool(gate))
    assert dialog.busy
    assert dialog.close_button.text() == "Stop"
    click(qtbot, dialog.close_button)
    assert not dialog.busy
    qtbot.waitUntil(lambda: (hub / (published.name + PARTIAL)).stat().st_size > 0)
    assert not (hub / published.name).exists()
    done.append(True)
    monkeypatch.setattr(fetching, "_receive", receive)
    with qtbot.waitSignal(dialog.fetched):
        click(qtbot, dialog.fetch_button)
    assert weights.cached_imagenet() is not None
    dialog.close()
