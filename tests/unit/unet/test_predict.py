"""Predicting: the same with and without tiles, never a class it does not know, memory or not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from unet_gui.core.classes import ClassTable
from unet_gui.core.errors import CheckpointError, DeviceMemoryError
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.unet import predict
from unet_gui.unet.calibration import calibrate
from unet_gui.unet.device import Device, cpu
from unet_gui.unet.pixels import to_input
from unet_gui.unet.predict import PredictionTile, Predictor
from unet_gui.unet.up_concat import Frame, upsample

FP32 = Device("cpu", torch.device("cpu"), None, channels_last=True, name="CPU")


@pytest.mark.parametrize("decoder", ["tutorial", "lite"])
@pytest.mark.parametrize("size", [(230, 400), (400, 100)])
def test_tiles_show_no_seam(make_checkpoint, noise, decoder, size):
    checkpoint = make_checkpoint(decoder)
    image = noise(*size)
    calibrate(checkpoint.net, to_input(image[:96, :96], 3, "unit")[None])
    predictor = Predictor(checkpoint, FP32)
    whole = drain(predictor.predict(image, tile=1024))
    tiled = drain(predictor.predict(image, tile=256, overlap=128))
    assert len(np.unique(whole.mask)) > 1
    assert (whole.mask != tiled.mask).mean() < 0.01


@torch.inference_mode()
def test_a_tile_upsamples_as_the_whole_image_does():
    whole = torch.rand(1, 2, 20, 12)
    expected = upsample(whole)
    for top, left, height, width in ((0, 0, 20, 12), (4, 0, 8, 12), (12, 5, 8, 7)):
        tile = whole[:, :, top : top + height, left : left + width]
        out = upsample(tile, Frame(top, left, 20, 12))
        inside = expected[:, :, 2 * top : 2 * (top + height), 2 * left : 2 * (left + width)]
        torch.testing.assert_close(out[:, :, 2:-2, 2:-2], inside[:, :, 2:-2, 2:-2])


@pytest.mark.parametrize("decoder", ["tutorial", "lite"])
def test_reduced_precision_agrees(make_checkpoint, noise, decoder):
    checkpoint = make_checkpoint(decoder)
    image = noise(64, 80)
    bf16 = Device("cpu", torch.device("cpu"), torch.bfloat16, channels_last=True, name="CPU")
    exact = drain(Predictor(checkpoint, FP32).predict(image))
    fast = drain(Predictor(checkpoint, bf16).predict(image))
    assert (exact.mask == fast.mask).mean() > 0.97


@torch.inference_mode()
def test_prediction_is_the_networks_own(make_checkpoint, noise):
    checkpoint = make_checkpoint()
    image = noise(40, 56)
    predicted = drain(Predictor(checkpoint, FP32).predict(image, probabilities=True))
    pixels = torch.from_numpy(image.copy()).permute(2, 0, 1).float()[None] / 255
    expected = checkpoint.net(pixels)[0].softmax(0)
    best, ids = expected.max(0)
    assert (predicted.mask == ids.numpy()).mean() > 0.999
    np.testing.assert_allclose(predicted.confidence / 255, best.numpy(), atol=0.005)
    assert predicted.probabilities.dtype == np.float16
    np.testing.assert_allclose(predicted.probabilities, expected.numpy(), atol=0.005)
    assert predicted.class_ids == (0, 1, 2)
    assert predicted.note == ""


@torch.inference_mode()
def test_a_narrow_decoder_looks_at_a_small_image_mirrored_too(make_checkpoint, noise, monkeypatch):
    checkpoint = make_checkpoint("lite")
    image = noise(40, 56)
    x = F.pad(to_input(image, 3, "unit")[None], (0, 8, 0, 8), mode="reflect")
    looks = [checkpoint.net(x.flip(axes)).flip(axes)[..., :40, :56] for axes in ((), (-1,), (-2,))]
    once, thrice = looks[0][0].softmax(0), (sum(looks) / 3)[0].softmax(0)
    assert (once - thrice).abs().max() > 0.01
    for most, expected in ((40 * 56, thrice), (40 * 56 - 1, once)):
        monkeypatch.setattr(predict, "MIRRORED", most)
        found = drain(Predictor(checkpoint, FP32).predict(image, probabilities=True))
        np.testing.assert_allclose(found.probabilities, expected.numpy(), atol=0.003)


@pytest.mark.parametrize("size", [(1, 1), (17, 33), (1, 90)])
def test_any_size_gets_a_class_everywhere(make_checkpoint, noise, size):
    predicted = drain(Predictor(make_checkpoint("lite"), cpu()).predict(noise(*size)))
    assert predicted.mask.shape == predicted.confidence.shape == size
    assert (predicted.mask < 3).all()


def test_classes_never_trained_are_never_predicted(make_checkpoint, noise):
    checkpoint = make_checkpoint(trained=[0, 2])
    with torch.no_grad():
        checkpoint.net.final.bias[1] = 1000
    predicted = drain(Predictor(checkpoint, FP32).predict(noise(64, 64)))
    assert set(np.unique(predicted.mask)) <= {0, 2}


def test_classes_the_project_does_not_have_are_never_predicted(make_checkpoint, noise):
    table = ClassTable.from_names(["a", "b", "c"]).removed(1)
    checkpoint = make_checkpoint(table=table)
    assert Predictor(checkpoint, FP32).class_ids == (0, 2)
    only = Predictor(checkpoint, FP32, class_ids=[2, 5])
    predicted = drain(only.predict(noise(20, 20)))
    assert (predicted.mask == 2).all()
    assert (predicted.confidence == 255).all()
    with pytest.raises(CheckpointError, match="not trained on any class"):
        Predictor(checkpoint, FP32, class_ids=[1])


def test_visible_tiles_come_first_and_add_up(make_checkpoint, noise):
    predictor = Predictor(make_checkpoint(), FP32)
    seen = Rect(300, 10, 330, 40)
    job = predictor.predict(noise(200, 340), first=seen, tile=96, overlap=32)
    items = []
    result = drain(job, items.append)
    assert (items[0].done, items[0].total) == (0, len(items) - 1)
    tiles = items[1:]
    assert all(isinstance(t, PredictionTile) for t in tiles)
    assert [t.done for t in tiles] == list(range(1, len(tiles) + 1))
    assert not tiles[0].rect.intersection(seen).empty
    put_together = np.full((200, 340), 255, np.uint8)
    for tile in tiles:
        assert tile.mask.shape == tile.confidence.shape == (tile.rect.height, tile.rect.width)
        put_together[tile.rect.slices] = tile.mask
    np.testing.assert_array_equal(put_together, result.mask)


def test_cancelled_between_two_tiles(make_checkpoint, noise, monkeypatch):
    predictor = Predictor(make_checkpoint(), FP32)
    calls = []
    original = predictor._probabilities
    monkeypatch.setattr(
        predictor, "_probabilities", lambda *args: calls.append(1) or original(*args)
    )
    job = predictor.predict(noise(300, 300), tile=96)
    next(job)
    next(job)
    job.close()
    assert len(calls) == 1
    assert not torch.is_inference_mode_enabled()


def test_grad_mode_does_not_leak(make_checkpoint, noise):
    job = Predictor(make_checkpoint(), FP32).predict(noise(100, 100), tile=64)
    next(job)
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()
    job.close()


def test_checkpoint_is_left_alone(make_checkpoint, noise):
    checkpoint = make_checkpoint("lite")
    before = {k: v.clone() for k, v in checkpoint.net.state_dict().items()}
    drain(Predictor(checkpoint, cpu()).predict(noise(32, 32)))
    assert list(before) == list(checkpoint.net.state_dict())
    assert next(checkpoint.net.parameters()).dtype is torch.float32


def starve(predictor, monkeypatch, fits):
    """Let `predictor` run out of memory on parts of more than `fits` pixels a side."""
    original = Predictor._probabilities

    def hungry(self, image, frame):
        if self.device.name == "Small GPU" and max(image.shape[:2]) > fits:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return original(self, image, frame)

    monkeypatch.setattr(Predictor, "_probabilities", hungry)
    monkeypatch.setattr(Device, "free_memory", lambda _self: None)


SMALL_GPU = Device("cuda", torch.device("cpu"), None, channels_last=True, name="Small GPU")


def test_out_of_memory_halves_the_tile_and_says_so(make_checkpoint, noise, monkeypatch):
    predictor = Predictor(make_checkpoint(), SMALL_GPU)
    starve(predictor, monkeypatch, 100)
    image = noise(150, 240)
    predicted = drain(predictor.predict(image, tile=256))
    assert "Small GPU ran out of memory" in predicted.note
    assert "64 px" in predicted.note
    assert predictor.device is SMALL_GPU
    expected = drain(Predictor(make_checkpoint(), FP32).predict(image, tile=64))
    np.testing.assert_array_equal(predicted.mask, expected.mask)


def test_out_of_memory_at_the_smallest_tile_falls_back_to_the_cpu(
    make_checkpoint, noise, monkeypatch
):
    predictor = Predictor(make_checkpoint(), SMALL_GPU)
    starve(predictor, monkeypatch, 0)
    predicted = drain(predictor.predict(noise(80, 80)))
    assert predicted.note == "Small GPU ran out of memory: predicted on the CPU."
    assert predictor.device.name == "CPU"
    assert drain(predictor.predict(noise(80, 80))).mask.shape == (80, 80)


def test_no_memory_at_all_is_a_clear_error(make_checkpoint, noise, monkeypatch):
    predictor = Predictor(make_checkpoint(), cpu())

    def starving(_self, _image, _frame):
        raise MemoryError

    monkeypatch.setattr(Predictor, "_probabilities", starving)
    with pytest.raises(DeviceMemoryError, match="not enough memory"):
        drain(predictor.predict(noise(80, 80)))


def test_other_errors_pass_through(make_checkpoint, noise, monkeypatch):
    predictor = Predictor(make_checkpoint(), cpu())

    def broken(_self, _image, _frame):
        raise RuntimeError("sizes do not match")

    monkeypatch.setattr(Predictor, "_probabilities", broken)
    with pytest.raises(RuntimeError, match="sizes"):
        drain(predictor.predict(noise(8, 8)))
