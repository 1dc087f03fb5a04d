"""What a round starts from, in every constellation of parent, weights and width."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from unet_gui.core.classes import ClassTable
from unet_gui.core.errors import CheckpointError
from unet_gui.unet import checkpoint, weights
from unet_gui.unet.device import Device, cpu
from unet_gui.unet.instant.filters import FEATURES
from unet_gui.unet.instant.forest import Forest
from unet_gui.unet.instant.learner import new_net
from unet_gui.unet.model import Encoder
from unet_gui.unet.settings import preset
from unet_gui.unet.starting import encoder_at_hand, start

GPU = Device("cuda", torch.device("cpu"), None, channels_last=True, name="Test GPU")


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch):
    monkeypatch.setattr(weights, "cached_imagenet", lambda: None)


@pytest.fixture
def encoder_file(tmp_path):
    torch.manual_seed(5)
    encoder = Encoder(width=0.125)
    path = tmp_path / "vgg.pth"
    torch.save(encoder.state_dict(), path)
    return path, encoder


@pytest.fixture
def parent(make_checkpoint):
    return make_checkpoint("lite", seed=9, encoder="sha256:abc", encoder_source="somewhere")


@pytest.fixture
def starter(tmp_path, make_checkpoint):
    folder = tmp_path / "starter"
    folder.mkdir()
    own = make_checkpoint("lite", seed=7)
    checkpoint.save(folder, own.net, own.info)
    return folder, own


def same(a, b):
    return all(torch.equal(v, b.state_dict()[k]) for k, v in a.state_dict().items())


@pytest.mark.parametrize(("device", "decoder"), [(cpu(), "lite"), (GPU, "tutorial")])
def test_auto_decoder_follows_the_device(classes, encoder_file, device, decoder):
    path, encoder = encoder_file
    begin = start(preset("quick", encoder_weights=path), classes, device)
    assert begin.net.spec.decoder == decoder
    assert begin.net.spec.width == 0.125
    assert begin.parent is None
    assert begin.normalisation == "imagenet"
    assert begin.encoder == weights.digest(encoder.state_dict())
    assert begin.encoder_source == "vgg.pth"
    assert same(encoder, begin.net.vgg)


def test_a_parent_that_fits_goes_on(classes, parent):
    begin = start(preset("quick"), classes, cpu(), parent)
    assert begin.parent is parent
    assert begin.kept == {0, 1, 2}
    assert begin.encoder == "sha256:abc"
    assert begin.normalisation == "unit"
    assert same(parent.net, begin.net)
    assert begin.net is not parent.net


def test_same_encoder_file_as_the_parents_goes_on(classes, make_checkpoint, encoder_file):
    path, encoder = encoder_file
    parent = make_checkpoint("lite", encoder=weights.digest(encoder.state_dict()))
    settings = preset("quick", encoder_weights=path)
    assert start(settings, classes, cpu(), parent).parent is parent


def test_another_encoder_file_starts_anew(classes, parent, encoder_file):
    path, encoder = encoder_file
    begin = start(preset("quick", encoder_weights=path), classes, cpu(), parent)
    assert begin.parent is None
    assert begin.kept == frozenset()
    assert same(encoder, begin.net.vgg)


def test_another_decoder_keeps_the_parents_encoder(classes, parent):
    begin = start(preset("quick", decoder="tutorial"), classes, cpu(), parent)
    assert begin.parent is None
    assert same(parent.net.vgg, begin.net.vgg)
    assert begin.normalisation == "unit"


def test_classes_may_come_and_go(parent):
    more = ClassTable.from_names(["background", "disc", "square", "ring"])
    begin = start(preset("quick"), more, cpu(), parent)
    assert begin.net.spec.num_classes == 4
    assert begin.kept == {0, 1, 2}
    assert torch.equal(begin.net.final.weight[:3], parent.net.final.weight)
    fewer = more.removed(3).removed(2)
    begin = start(preset("quick"), fewer, cpu(), parent)
    assert begin.kept == {0, 1}
    assert torch.equal(begin.net.final.bias, parent.net.final.bias[:2])


def test_other_classes_keep_everything_but_their_outputs(parent):
    other = ClassTable.from_names(["background", "leaf", "square"])
    begin = start(preset("quick"), other, cpu(), parent)
    assert begin.kept == {0, 2}
    assert torch.equal(begin.net.final.weight[2], parent.net.final.weight[2])
    assert not torch.equal(begin.net.final.weight[1], parent.net.final.weight[1])
    assert same(parent.net.stages, begin.net.stages)


def test_bare_parent_keeps_its_outputs_when_their_number_fits(make_checkpoint, classes):
    bare = make_checkpoint("tutorial", table=None)
    settings = preset("quick", decoder="tutorial")
    assert start(settings, classes, cpu(), bare).kept == {0, 1, 2}
    four = classes.added("ring")
    assert start(settings, four, cpu(), bare).kept == frozenset()


def test_starter_is_the_last_resort(classes, starter, encoder_file):
    folder, own = starter
    begin = start(preset("quick"), classes, cpu(), starter=folder)
    assert same(own.net, begin.net)
    assert begin.kept == {0, 1, 2}
    assert "starter" in begin.text
    path, _ = encoder_file
    begin = start(preset("quick", encoder_weights=path), classes, cpu(), starter=folder)
    assert begin.encoder_source == "vgg.pth"
    begin = start(preset("quick", decoder="tutorial"), classes, cpu(), starter=folder)
    assert same(own.net.vgg, begin.net.vgg)
    assert begin.encoder_source == "the bundled starter"


def test_downloaded_weights_come_before_the_starter(classes, starter, monkeypatch):
    folder, _ = starter
    downloaded = weights.of_encoder(Encoder(width=0.125), "imagenet", "imagenet")
    monkeypatch.setattr(weights, "cached_imagenet", lambda: downloaded)
    begin = start(preset("quick"), classes, cpu(), starter=folder)
    assert begin.encoder_source == "imagenet"


@pytest.mark.parametrize("normalisation", ["imagenet", "unit"])
def test_a_round_can_lend_its_encoder(classes, tmp_path, make_checkpoint, normalisation):
    own = make_checkpoint("tutorial", seed=4, normalisation=normalisation)
    folder = tmp_path / "round-007"
    folder.mkdir()
    checkpoint.save(folder, own.net, own.info)
    for named in (folder, folder / "checkpoint.safetensors"):
        begin = start(preset("quick", encoder_weights=named), classes, cpu())
        assert same(own.net.vgg, begin.net.vgg)
        assert begin.normalisation == normalisation
        assert begin.encoder_source == "round-007"
        assert encoder_at_hand(named).digest == weights.digest(own.net.vgg.state_dict())


def test_a_round_of_the_instant_learner_lends_nothing(classes, tmp_path):
    net = new_net(weights.of_encoder(Encoder(width=0.125), "here", "imagenet"), 3)
    filters = np.random.default_rng(0).random((12, 1, FEATURES), np.float32)
    net.plant(Forest.grown(filters, np.arange(12, dtype=np.uint8) % 3, trees=1))
    checkpoint.save(tmp_path, net, {"encoder_source": "vgg.pth"})
    with pytest.raises(CheckpointError, match="only a part of its encoder") as raised:
        start(preset("quick", encoder_weights=tmp_path), classes, cpu())
    assert "vgg.pth" in raised.value.hint


def test_no_silent_random_start(classes, starter):
    with pytest.raises(CheckpointError, match="no encoder weights") as raised:
        start(preset("quick"), classes, cpu())
    assert "--encoder-weights imagenet" in raised.value.hint
    with pytest.raises(CheckpointError, match="of width 1"):
        start(preset("quick", width=1.0), classes, cpu(), starter=starter[0])


def test_random_start_when_asked_for(classes, starter):
    settings = preset("quick", encoder_weights="none", width=0.125, seed=3)
    begin = start(settings, classes, cpu(), starter=starter[0])
    assert begin.encoder == "none"
    assert same(begin.net, start(settings, classes, cpu()).net)
    other = preset("quick", encoder_weights="none", width=0.125, seed=4)
    assert not same(begin.net, start(other, classes, cpu()).net)


def test_weights_of_another_width_are_refused(classes, encoder_file):
    settings = preset("quick", encoder_weights=encoder_file[0], width=0.25)
    with pytest.raises(CheckpointError, match=r"width 0\.125"):
        start(settings, classes, cpu())


def test_global_random_state_is_left_alone(classes):
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    start(preset("quick", encoder_weights="none", width=0.125), classes, cpu())
    assert torch.equal(torch.rand(1), expected)
