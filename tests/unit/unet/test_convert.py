"""Tutorial weights in and out: the same to the bit."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch

from unet_gui.core.errors import CheckpointError, UsageError
from unet_gui.unet import checkpoint
from unet_gui.unet.convert import convert
from unet_gui.unet.model import UNet
from unet_gui.unet.pixels import to_input
from unet_gui.unet.tutorial import KEYS

WIDTH = 0.125


@pytest.fixture(params=[torch.float32, torch.float16])
def tutorial_file(tmp_path, request):
    torch.manual_seed(0)
    state = UNet(4, width=WIDTH).to(request.param).state_dict()
    path = tmp_path / "unet_vgg_medical.pth"
    torch.save(state, path)
    return path, state


def test_pth_in_and_out_is_the_same_to_the_bit(tmp_path, tutorial_file):
    path, state = tutorial_file
    convert(path, tmp_path / "ours" / "unet.safetensors")
    convert(tmp_path / "ours" / "unet.safetensors", tmp_path / "back.pth")
    back = torch.load(tmp_path / "back.pth", weights_only=True)
    assert type(back) is OrderedDict
    assert list(back) == list(state) == list(KEYS)
    for key, tensor in state.items():
        assert back[key].dtype == tensor.dtype
        assert torch.equal(back[key], tensor)


def test_converted_file_explains_itself(tmp_path, tutorial_file):
    path, _ = tutorial_file
    done = convert(path, tmp_path / "a.safetensors")
    assert "assumed" in done.notes[0]
    convert(path, tmp_path / "b.safetensors", decoder_relu=False)
    one, two = (checkpoint.load(tmp_path / f"{n}.safetensors") for n in "ab")
    assert one.spec.decoder_relu
    assert one.normalisation == "unit"
    assert not two.spec.decoder_relu  # beside the model.json of a
    assert (tmp_path / "model.json").is_file()


def test_prefixes_and_wrappers_are_gone_afterwards(tmp_path, tutorial_file):
    _, state = tutorial_file
    messy = tmp_path / "messy.pth"
    torch.save({"state_dict": {f"module.{k}": v for k, v in state.items()}}, messy)
    convert(messy, tmp_path / "clean.pth")
    assert list(torch.load(tmp_path / "clean.pth", weights_only=True)) == list(state)


@torch.inference_mode()
def test_own_normalisation_goes_into_the_first_layer(tmp_path, make_checkpoint, noise):
    ours = make_checkpoint(normalisation="imagenet")
    (tmp_path / "round").mkdir()
    checkpoint.save(tmp_path / "round", ours.net, ours.info)
    done = convert(tmp_path / "round", tmp_path / "theirs.pth")
    assert "first layer" in " ".join(done.notes)
    theirs = checkpoint.load(tmp_path / "theirs.pth")
    image = noise(48, 48)
    a = ours.net.vgg(to_input(image, 3, "imagenet")[None])[0]
    b = theirs.net.vgg(to_input(image, 3, "unit")[None])[0]
    torch.testing.assert_close(a[..., 2:-2, 2:-2], b[..., 2:-2, 2:-2], rtol=1e-4, atol=1e-4)


def test_lite_decoder_has_no_tutorial_form(tmp_path, make_checkpoint):
    lite = make_checkpoint("lite")
    checkpoint.save(tmp_path, lite.net, lite.info)
    with pytest.raises(CheckpointError, match="“lite” decoder"):
        convert(tmp_path, tmp_path / "lite.pth")
    assert not (tmp_path / "lite.pth").exists()


def test_wrong_suffixes_are_wrong_usage(tmp_path, tutorial_file):
    path, _ = tutorial_file
    for out in ("a.onnx", "a"):
        with pytest.raises(UsageError, match="cannot be converted"):
            convert(path, tmp_path / out)


def test_nothing_is_left_when_the_disk_is_full(tmp_path, tutorial_file, monkeypatch):
    path, _ = tutorial_file

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    out = tmp_path / "new" / "a.safetensors"
    with pytest.raises(CheckpointError, match="disk is full"):
        convert(path, out)
    assert list(out.parent.iterdir()) == []
