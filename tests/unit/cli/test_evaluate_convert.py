"""`unet-gui evaluate` and `unet-gui convert`."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from unet_gui.core.classes import ClassTable
from unet_gui.dataset.masks import save_mask
from unet_gui.unet.model import Encoder, UNet

CLASSES = ClassTable.from_names(["soil", "weed"])


@pytest.fixture
def folders(tmp_path):
    """Ten pixels: eight labelled, six of them right."""
    truth = np.array([[0, 0, 0, 0, 1], [1, 1, 1, 255, 255]], np.uint8)
    guess = np.array([[0, 0, 0, 1, 1], [1, 1, 0, 1, 1]], np.uint8)
    for name, mask in (("true", truth), ("guess", guess)):
        save_mask(tmp_path / name / "sub" / "a.png", mask, CLASSES)
    return tmp_path / "guess", tmp_path / "true"


def test_evaluate(run_cli, folders, tmp_path):
    names = tmp_path / "classes.txt"
    names.write_text("soil\nweed\n")
    done = run_cli("evaluate", *folders, "--classes", names, "--json")
    assert done.code == 0
    (scores,) = done.events
    assert scores["iou"] == {"0": pytest.approx(3 / 5), "1": pytest.approx(3 / 5)}
    assert scores["dice"]["0"] == pytest.approx(6 / 8)
    assert scores["pixel_accuracy"] == pytest.approx(6 / 8)
    assert scores["miou"] == pytest.approx(3 / 5)
    assert scores["classes"] == {"0": "soil", "1": "weed"}
    words = run_cli("evaluate", *folders, "--classes", names)
    assert "weed" in words.out
    assert "0.6000" in words.out


def test_evaluate_nothing_in_common(run_cli, tmp_path):
    for name in ("a", "b"):
        save_mask(tmp_path / name / f"{name}.png", np.zeros((2, 2), np.uint8), CLASSES)
    done = run_cli("evaluate", tmp_path / "a", tmp_path / "b", "--json")
    assert done.code == 1
    assert done.events[-1]["event"] == "error"


def test_convert_there_and_back(run_cli, tmp_path):
    state = UNet(2, width=0.125).state_dict()
    torch.save(state, tmp_path / "in.pth")
    there = run_cli("convert", tmp_path / "in.pth", tmp_path / "ours.safetensors", "--json")
    assert there.code == 0
    assert there.events[-1]["num_classes"] == 2
    assert "note:" in there.err
    back = run_cli("convert", tmp_path / "ours.safetensors", tmp_path / "out.pth")
    assert back.code == 0
    assert "2 classes" in back.out
    returned = torch.load(tmp_path / "out.pth", weights_only=True)
    assert list(returned) == list(state)
    assert all(torch.equal(returned[k], v) for k, v in state.items())


def test_convert_old_weights(run_cli, tmp_path):
    torch.save(UNet(2, width=0.125).state_dict(), tmp_path / "in.pth")
    done = run_cli(
        *("convert", tmp_path / "in.pth", tmp_path / "o.safetensors"),
        *("--no-decoder-relu", "--json"),
    )
    assert done.events[-1]["decoder_relu"] is False
    assert "note:" not in done.err


def test_convert_refuses(run_cli, tmp_path):
    (tmp_path / "in.pth").write_bytes(b"nothing")
    assert run_cli("convert", tmp_path / "in.pth", tmp_path / "o.safetensors").code == 1
    assert run_cli("convert", tmp_path / "in.pth", tmp_path / "o.tflite").code == 2
    assert run_cli("convert", tmp_path / "in.pth", tmp_path / "o.onnx").code == 1
    assert run_cli("convert", tmp_path / "no.pth", tmp_path / "o.safetensors").code == 1


def test_convert_to_onnx(run_cli, tmp_path):
    pytest.importorskip("onnxruntime", reason="the extra “onnx” is not installed")
    torch.save(UNet(2, width=0.125).state_dict(), tmp_path / "in.pth")
    out = tmp_path / "net.onnx"
    done = run_cli("convert", tmp_path / "in.pth", out, "--no-decoder-relu", "--json")
    assert done.code == 0, done.err
    assert done.events[-1]["class_ids"] == [0, 1]
    assert done.events[-1]["max_abs_difference"] < 1e-4
    assert done.events[-1]["bytes"] == out.stat().st_size
    words = run_cli("convert", tmp_path / "in.pth", out)
    assert "2 classes" in words.out
    assert "differs from torch by" in words.out
    assert "note:" in words.err


def test_a_round_of_the_instant_learner_is_refused_by_name(run_cli, tiny_project, tmp_path):
    pytest.importorskip("onnxruntime", reason="the extra “onnx” is not installed")
    pytest.importorskip("onnx", reason="the extra “onnx” is not installed")
    file = tmp_path / "encoder.pth"
    torch.save(Encoder(width=0.125).state_dict(), file)
    options = ("--learner", "instant", "--encoder-weights", file, "--device", "cpu", "--json")
    trained = run_cli("train", tiny_project.root, *options)
    assert trained.code == 0, trained.err
    for name in ("out.onnx", "out.pth"):
        done = run_cli("convert", trained.events[-1]["path"], tmp_path / name)
        assert done.code != 0
        assert "round of the instant learner" in done.err
        assert "--learner unet" in done.err
        assert not (tmp_path / name).exists()
