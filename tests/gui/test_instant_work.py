"""What the instant learner does on its thread, with a real one that is small."""

import numpy as np
import pytest
import torch
from PIL import Image

from unet_gui.core.classes import ClassTable
from unet_gui.core.progress import drain
from unet_gui.dataset.channel_view import Channel, ChannelView
from unet_gui.dataset.project import Project
from unet_gui.gui.instant import work
from unet_gui.unet import device, starting, weights
from unet_gui.unet.device import Device
from unet_gui.unet.instant import live
from unet_gui.unet.instant.learner import Effort
from unet_gui.unet.model import Encoder

CPU = Device("cpu", torch.device("cpu"), None, channels_last=True, name="CPU")
RED = ChannelView().with_row(3, (Channel(), Channel(False), Channel(False)))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Two images, and a learner of next to no effort for them."""
    torch.manual_seed(0)
    small = weights.of_encoder(Encoder(3, 0.125), "small", "unit")
    monkeypatch.setattr(starting, "encoder_at_hand", lambda **_: small)
    monkeypatch.setattr(device, "pick", lambda _wanted: CPU)
    monkeypatch.setattr(device, "leave_cores", lambda _count: None)
    monkeypatch.setattr(live, "LIVE", Effort(steps=4, warm_steps=2, trees=2))
    images = tmp_path / "images"
    images.mkdir()
    pixels = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    for i in range(2):
        Image.fromarray(pixels + i).save(images / f"{i}.png")
    return Project.create(
        tmp_path / "p", images=images, classes=ClassTable.from_names(["a", "b", "c"])
    )


def learnt(project):
    """A learner that was taught by the first image of a project."""
    proposer = drain(work.load(project))
    entry = project.images[0]
    labels = np.full((48, 64), 255, np.uint8)
    labels[:8], labels[-8:] = 0, 1
    project.save_mask(entry, labels)
    assert drain(work.study(proposer, work.Work(project, entry, None, None)))
    source = drain(work.read_image_job(project, entry))
    drain(proposer.learner.answer(live.View(entry.name, source.shape, source.read)))
    return proposer


def test_what_was_learnt_of_other_channels_or_classes_is_not_recalled(project):
    learnt(project).save()
    project.preview_channels(RED)
    assert drain(work.load(project)).learner._before is None
    project.preview_channels(None)
    assert drain(work.load(project)).learner._before is not None
    project.set_classes(project.classes.removed(1))
    assert drain(work.load(project)).learner._before is None


@pytest.fixture
def changing(monkeypatch):
    """Channels are shown in another way while an image is read."""
    read = work.read_image_job

    def read_and_change(project, entry):
        source = yield from read(project, entry)
        project.preview_channels(RED)
        return source

    monkeypatch.setattr(work, "read_image_job", read_and_change)


def features(project):
    return [path for path in (project.cache_dir / "features").glob("*") if path.is_file()]


def test_nothing_is_learnt_from_pixels_whose_channels_changed_meanwhile(project, changing):
    entry = project.images[0]
    project.save_mask(entry, np.arange(48 * 64, dtype=np.uint8).reshape(48, 64) % 2)
    proposer = drain(work.load(project))
    assert not drain(work.study(proposer, work.Work(project, entry, None, None)))
    assert not proposer.learner.knows
    assert not features(project)


def test_nothing_is_kept_of_an_image_whose_channels_changed_meanwhile(project, changing):
    proposer = drain(work.load(project))
    drain(work.look_ahead(proposer, project, project.images[1], 1 << 20))
    assert not features(project)
    drain(work.look_ahead(proposer, project, project.images[1], 1 << 20))
    assert len(features(project)) == 1


def test_an_image_that_was_taken_out_of_the_project_teaches_no_more(project):
    proposer = learnt(project)
    first, second = project.images
    assert proposer.learner.knows == {first.name}
    first.path.unlink()
    project.refresh()
    source = drain(work.read_image_job(project, second))
    drain(work.answer(proposer, work.Work(project, second, source, None)))
    assert not proposer.learner.knows
