"""Checkpoints: what goes in comes out, and what does not fit is refused with the reason."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from unet_gui.core.classes import ClassTable
from unet_gui.core.errors import CheckpointError
from unet_gui.unet import checkpoint
from unet_gui.unet.model import UNet

WIDTH = 0.125


@pytest.fixture
def saved(tmp_path, make_checkpoint):
    """A round's folder on disk and what was put into it."""
    original = make_checkpoint("lite", trained=[0, 2], scores={"miou": float("nan")})
    checkpoint.save(tmp_path, original.net, original.info)
    return tmp_path, original


@pytest.fixture
def bare(tmp_path):
    """A tutorial file of five classes."""
    torch.manual_seed(1)
    net = UNet(5, width=WIDTH).eval()
    path = tmp_path / "unet_vgg.pth"
    torch.save(net.state_dict(), path)
    return path, net


def test_round_trip(saved):
    folder, original = saved
    for path in (folder, str(folder), folder / "checkpoint.safetensors"):
        loaded = checkpoint.load(path)
        assert loaded.spec == original.spec
        assert not loaded.net.training
        state = loaded.net.state_dict()
        for key, tensor in original.net.state_dict().items():
            assert torch.equal(state[key], tensor)


def test_model_json_by_the_contract(saved):
    folder, _ = saved
    info = json.loads((folder / "model.json").read_text())
    assert info["format"] == 1
    assert info["learner"] == "unet"
    assert info["decoder"] == "lite"
    assert info["num_classes"] == 3
    assert info["in_channels"] == 3
    assert info["width"] == WIDTH
    assert info["decoder_relu"] is True
    assert info["normalisation"] == "unit"
    assert info["classes"][1] == {"id": 1, "name": "disc", "color": "#ffb300"}
    assert info["scores"]["miou"] is None
    assert {"unet_gui", "torch", "torchvision"} <= set(info["versions"])
    assert checkpoint.read_info(folder) == info


def test_only_trained_classes_can_be_predicted(saved):
    folder, _ = saved
    assert checkpoint.load(folder).predictable == (0, 2)


def test_half_precision_is_half_the_size(tmp_path, make_checkpoint):
    net = make_checkpoint("lite").net
    for name, half in (("full", False), ("half", True)):
        (tmp_path / name).mkdir()
        checkpoint.save(tmp_path / name, net, {}, half=half)
    full, half = (
        (tmp_path / n / "checkpoint.safetensors").stat().st_size for n in ("full", "half")
    )
    assert half < 0.6 * full
    state = checkpoint.load(tmp_path / "half").net.state_dict()
    torch.testing.assert_close(state, net.state_dict(), rtol=1e-3, atol=1e-3)


def test_bare_file(bare):
    path, net = bare
    loaded = checkpoint.load(path)
    assert loaded.spec == net.spec
    assert loaded.normalisation == "unit"
    assert loaded.classes is None
    assert loaded.predictable == (0, 1, 2, 3, 4)
    assert "assumed" in loaded.notes[0]
    assert checkpoint.read_info(path) is None


@pytest.mark.parametrize("wrapper", ["state_dict", "model_state_dict", "model"])
def test_wrapped_and_prefixed_file(tmp_path, bare, wrapper):
    _, net = bare
    path = tmp_path / "wrapped.pth"
    torch.save({wrapper: {f"module.{k}": v for k, v in net.state_dict().items()}, "epoch": 9}, path)
    assert torch.equal(checkpoint.load(path).net.final.weight, net.final.weight)


@pytest.mark.parametrize("relu", [True, False])
@torch.inference_mode()
def test_decoder_relu_is_measured_on_labelled_images(bare, noise, relu):
    path, net = bare
    net.set_decoder_relu(relu)
    image = noise(40, 56)
    pixels = torch.from_numpy(image).permute(2, 0, 1).float()[None] / 255
    truth = net(pixels)[0].argmax(0).byte().numpy()
    truth[:10] = 255
    loaded = checkpoint.load(path, labelled=[(image, truth)])
    assert loaded.spec.decoder_relu is relu
    assert loaded.info["decoder_relu_from"] == "measured"
    assert f"taken {'with' if relu else 'without'} them" in loaded.notes[0]


def test_decoder_relu_without_labelled_pixels_is_assumed(bare, noise):
    path, _ = bare
    nothing = np.full((20, 20), 255, np.uint8)
    loaded = checkpoint.load(path, labelled=[(noise(20, 20), nothing)])
    assert loaded.spec.decoder_relu
    assert loaded.info["decoder_relu_from"] == "assumed"


def test_same_classes_are_accepted(saved, classes):
    folder, _ = saved
    assert checkpoint.load(folder, classes=classes)
    more = classes.added("ring")
    assert checkpoint.load(folder, classes=more)
    assert checkpoint.load(folder, classes=classes.recolored(0, "#000000"))


@pytest.mark.parametrize("names", [["soil", "crop", "weed"], ["background", "disc"]])
def test_other_classes_are_refused(saved, names):
    folder, _ = saved
    with pytest.raises(CheckpointError, match="other classes: class") as raised:
        checkpoint.load(folder, classes=ClassTable.from_names(names))
    assert "--from" in raised.value.hint


def test_bare_file_with_another_number_of_classes_is_refused(bare, classes):
    path, _ = bare
    with pytest.raises(CheckpointError, match="predicts 5 classes, the project has 3"):
        checkpoint.load(path, classes=classes)
    five = ClassTable.from_names(list("abcde"))
    assert checkpoint.load(path, classes=five)


def edit(folder, **changes):
    path = folder / "model.json"
    info = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({k: v for k, v in info.items() if v is not None}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"decoder": None}, "does not describe a network"),
        ({"decoder": "wide"}, "no decoder “wide”"),
        ({"decoder": "tutorial"}, "does not fit the network it describes"),
        ({"num_classes": 4}, r"final\.weight is \(3, 8, 1, 1\), expected \(4, 8, 1, 1\)"),
        ({"width": 0.25}, "does not fit the network it describes"),
        ({"format": 2}, "newer version"),
        ({"learner": "forest"}, "does not describe a learner"),
        ({"classes": [{"id": 0}]}, "make no sense"),
    ],
)
def test_a_description_that_does_not_fit(saved, changes, words):
    folder, _ = saved
    edit(folder, **changes)
    with pytest.raises(CheckpointError, match=words):
        _ = checkpoint.load(folder).classes


def test_unreadable_description(saved):
    folder, _ = saved
    (folder / "model.json").write_text("{")
    with pytest.raises(CheckpointError, match="cannot be read"):
        checkpoint.load(folder)


def test_weights_without_their_description(saved):
    folder, _ = saved
    (folder / "model.json").unlink()
    with pytest.raises(CheckpointError, match="not a VGG16 U-Net"):
        checkpoint.load(folder)


def test_damaged_numbers(saved):
    folder, _ = saved
    path = folder / "checkpoint.safetensors"
    state = load_file(path)
    state["final.bias"][0] = float("nan")
    save_file(state, path)
    with pytest.raises(CheckpointError, match=r"final\.bias holds numbers that are not finite"):
        checkpoint.load(folder)


def test_missing(tmp_path):
    with pytest.raises(CheckpointError, match="There is no file"):
        checkpoint.load(tmp_path / "nowhere.pth")
    with pytest.raises(CheckpointError, match=r"holds no checkpoint\.safetensors"):
        checkpoint.load(tmp_path)


def without_head(state):
    return {k: v for k, v in state.items() if not k.startswith("final")}


def with_more(state):
    return {**state, "extra.weight": torch.zeros(1)}


def resnet(state):
    return {"resnet.conv1.weight": torch.zeros(1), **state}


def wider_stage(state):
    return {**state, "up_concat2.conv1.bias": torch.zeros(99)}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without_head, r"final\.weight, final\.bias is missing"),
        (with_more, r"extra\.weight is not expected"),
        (resnet, "over ResNet50"),
        (wider_stage, r"up_concat2\.conv1\.bias is \(99,\), expected \(16,\)"),
    ],
)
def test_a_bare_file_that_is_something_else(tmp_path, bare, change, words):
    _, net = bare
    path = tmp_path / "other.pth"
    torch.save(change(net.state_dict()), path)
    with pytest.raises(CheckpointError, match=words):
        checkpoint.load(path)


def test_encoder_alone_is_named_as_such(tmp_path, bare):
    _, net = bare
    path = tmp_path / "vgg16.pth"
    torch.save(net.vgg.state_dict(), path)
    with pytest.raises(CheckpointError) as raised:
        checkpoint.load(path)
    assert "--encoder-weights" in raised.value.hint
