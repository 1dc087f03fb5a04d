"""The ONNX file: as torch says at any size, explains itself, and is never there when wrong."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from unet_gui.core.errors import CheckpointError, UnetGuiError
from unet_gui.unet import checkpoint, onnx_export
from unet_gui.unet.model import ModelSpec, build
from unet_gui.unet.pixels import to_input

onnxruntime = pytest.importorskip("onnxruntime", reason="the extra “onnx” is not installed")
pytest.importorskip("onnx", reason="the extra “onnx” is not installed")

ROOT = Path(__file__).parents[3]


def opened(path):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("normalisation", ["unit", "imagenet"])
@pytest.mark.parametrize("decoder", ["lite", "tutorial"])
def test_same_as_torch_at_any_size(tmp_path, make_checkpoint, noise, decoder, normalisation):
    loaded = make_checkpoint(decoder, normalisation=normalisation)
    written = onnx_export.export_onnx(loaded, tmp_path / "a.onnx")
    assert written.difference < 1e-4
    session = opened(written.out)
    for height, width in ((1, 9), (16, 32), (33, 100), (95, 47)):
        image = noise(height, width)
        mask, found = session.run(["mask", "probabilities"], {"image": image[None]})
        with torch.inference_mode():
            wanted = loaded.net(to_input(image, 3, normalisation)[None]).softmax(1).numpy()
        assert mask.dtype == np.uint8
        assert mask.shape == (1, height, width)
        np.testing.assert_allclose(found, wanted, atol=1e-4)
        assert np.array_equal(mask, found.argmax(1))


def test_several_images_at_once(tmp_path, make_checkpoint, noise):
    session = opened(onnx_export.export_onnx(make_checkpoint(), tmp_path / "a.onnx").out)
    images = np.stack([noise(20, 30, seed) for seed in range(2)])
    both = session.run(["probabilities"], {"image": images})[0]
    for image, part in zip(images, both, strict=True):
        one = session.run(["probabilities"], {"image": image[None]})[0][0]
        np.testing.assert_allclose(part, one, atol=1e-5)


def test_without_relus_and_for_grey_images(tmp_path, noise):
    torch.manual_seed(1)
    spec = ModelSpec("tutorial", 2, in_channels=1, width=0.125, decoder_relu=False)
    loaded = checkpoint.Checkpoint(build(spec).eval(), spec, {"normalisation": "imagenet"})
    written = onnx_export.export_onnx(loaded, tmp_path / "a.onnx")
    image = noise(18, 18)
    found = opened(written.out).run(["probabilities"], {"image": image[None]})[0]
    with torch.inference_mode():
        wanted = loaded.net(to_input(image, 1, "imagenet")[None]).softmax(1).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_only_learnt_classes_and_their_names_are_in_it(tmp_path, make_checkpoint, noise):
    loaded = make_checkpoint(trained=[0, 2])
    written = onnx_export.export_onnx(loaded, tmp_path / "a.onnx")
    session = opened(written.out)
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["class_ids"]) == [0, 2]
    assert [c["name"] for c in json.loads(about["classes"])] == ["background", "square"]
    mask, found = session.run(["mask", "probabilities"], {"image": noise(20, 20)[None]})
    assert found.shape == (1, 2, 20, 20)
    assert set(np.unique(mask)) <= {0, 2}


def test_a_wrong_file_is_never_left(tmp_path, make_checkpoint, monkeypatch):
    monkeypatch.setattr(onnx_export, "MEAN", (0.1, 0.1, 0.1))
    out = tmp_path / "a.onnx"
    out.write_bytes(b"an older one")
    with pytest.raises(CheckpointError, match="other probabilities than torch"):
        onnx_export.export_onnx(make_checkpoint(normalisation="imagenet"), out)
    assert out.read_bytes() == b"an older one"
    assert list(tmp_path.iterdir()) == [out]


def test_another_class_is_noticed_too(make_checkpoint):
    loaded = make_checkpoint()
    content = onnx_export.graph_bytes(loaded)
    with torch.no_grad():
        loaded.net.final.bias.copy_(torch.tensor([0.0, 5.0, 0.0]))
    with pytest.raises(CheckpointError, match="other probabilities"):
        onnx_export.compare(loaded, content)


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime"])
def test_missing_packages_are_named(tmp_path, make_checkpoint, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UnetGuiError, match=f"package {missing},") as raised:
        onnx_export.export_onnx(make_checkpoint(), tmp_path / "a.onnx")
    assert "unet-gui[onnx]" in raised.value.hint


def test_too_large_for_the_format(make_checkpoint, monkeypatch):
    monkeypatch.setattr(onnx_export, "_LARGEST", 1000)
    with pytest.raises(CheckpointError, match="2 GB an ONNX file can hold"):
        onnx_export.graph_bytes(make_checkpoint())


def test_unwritable(tmp_path, make_checkpoint):
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match="cannot be written"):
        onnx_export.export_onnx(make_checkpoint(), tmp_path / "file" / "a.onnx")


def test_the_example_needs_nothing_of_this_program(
    tmp_path, make_checkpoint, noise, monkeypatch, capsys
):
    written = onnx_export.export_onnx(make_checkpoint("lite"), tmp_path / "net.onnx")
    Image.fromarray(noise(50, 70)).save(tmp_path / "image.png")
    words = [str(tmp_path / name) for name in ("net.onnx", "image.png", "mask.png")]
    monkeypatch.setattr(sys, "argv", ["onnx_predict.py", *words])
    example = ROOT / "examples" / "onnx_predict.py"
    runpy.run_path(str(example))
    with Image.open(tmp_path / "mask.png") as mask:
        shown = np.asarray(mask)
    wanted = opened(written.out).run(["mask"], {"image": noise(50, 70)[None]})[0][0]
    assert np.array_equal(shown, wanted)
    assert "disc: " in capsys.readouterr().out
    code = example.read_text().split('"""\n\n', 1)[1]
    assert "unet_gui" not in code
    assert code in (ROOT / "docs" / "onnx.md").read_text()
