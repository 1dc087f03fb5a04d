"""The networks by the numbers: parameters, names, shapes, sizes, equality with torchvision."""

from __future__ import annotations

import copy

import pytest
import torch
from torchvision.models import vgg16

from unet_gui.core.errors import CheckpointError
from unet_gui.unet.calibration import balance, calibrate, unbalance
from unet_gui.unet.model import (
    Encoder,
    LiteUNet,
    ModelSpec,
    UNet,
    adapt_first_layer,
    build,
    pad_to_stride,
)
from unet_gui.unet.tutorial import KEYS
from unet_gui.unet.up_concat import Frame
from unet_gui.unet.weights import load_file


def test_parameters_and_keys_are_those_of_the_tutorials():
    with torch.device("meta"):
        net = UNet()
    assert sum(p.numel() for p in net.parameters()) == 24_892_437
    state = net.state_dict()
    assert len(state) == 44
    assert set(state) == set(KEYS)
    assert state["up_concat4.conv1.weight"].shape == (512, 1024, 3, 3)
    assert state["up_concat1.conv1.weight"].shape == (64, 192, 3, 3)
    assert state["final.weight"].shape == (21, 64, 1, 1)


def test_feature_levels_at_224():
    with torch.device("meta"):
        levels = UNet().encode(torch.zeros(1, 3, 224, 224))
    assert [tuple(f.shape[1:]) for f in levels] == [
        (64, 224, 224),
        (128, 112, 112),
        (256, 56, 56),
        (512, 28, 28),
        (512, 14, 14),
    ]


@torch.inference_mode()
def test_encoder_equals_torchvision(vgg16_file):
    weights = load_file(vgg16_file)
    ours = Encoder()
    weights.load_into(ours)
    theirs = vgg16().features.eval()
    theirs.load_state_dict({k.removeprefix("features."): v for k, v in weights.tensors.items()})
    x = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    expected = x
    taps = []
    for i, layer in enumerate(theirs):
        if i in (4, 9, 16, 23, 30):
            taps.append(expected)
        expected = layer(expected)
    for level, tap in zip(ours(x), taps, strict=True):
        assert (level - tap).abs().max() <= 1e-5 * tap.abs().max()


@pytest.mark.parametrize("decoder", ["tutorial", "lite"])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (17, 33), (16, 16), (9, 31)])
@torch.inference_mode()
def test_any_size(decoder, size):
    net = build(ModelSpec(decoder, 4, width=0.125)).eval()
    out = net(torch.rand(2, 3, *size))
    assert out.shape == (2, 4, *size)
    assert out.isfinite().all()


@torch.inference_mode()
def test_large_odd_size():
    net = build(ModelSpec("tutorial", 2, width=0.05)).eval()
    assert net(torch.rand(1, 3, 999, 960)).shape == (1, 2, 999, 960)


def test_padding_mirrors_where_it_can():
    row = torch.arange(10.0).view(1, 1, 1, 10)
    padded = pad_to_stride(row)
    assert padded.shape == (1, 1, 16, 16)
    assert padded[0, 0, 0].tolist() == [*range(10), 8, 7, 6, 5, 4, 3]
    assert (padded == padded[:, :, :1]).all()


@torch.inference_mode()
def test_padding_does_not_touch_sizes_that_fit():
    x = torch.rand(1, 3, 32, 48)
    assert pad_to_stride(x) is x


@torch.inference_mode()
def test_decoder_relu_changes_the_output_but_no_key():
    with_relu = UNet(3, width=0.125)
    without = UNet(3, width=0.125, decoder_relu=False)
    without.load_state_dict(with_relu.state_dict())
    x = torch.rand(1, 3, 32, 32)
    assert not torch.allclose(with_relu(x), without(x))
    without.set_decoder_relu(True)
    assert torch.equal(with_relu(x), without(x))
    assert without.spec.decoder_relu


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("relu", [True, False])
@torch.inference_mode()
def test_the_shorter_way_gives_the_same(layout, relu):
    torch.manual_seed(0)
    net = UNet(4, width=0.125, decoder_relu=relu).eval().to(memory_format=layout)
    for size in ((1, 3, 48, 80), (2, 3, 16, 16), (1, 3, 33, 50)):
        x = torch.rand(size).to(memory_format=layout)
        calibrate(net, pad_to_stride(x))
        frame = Frame(16, 32, 160, 160)
        expected, in_frame = net(x), net(x, frame)
        quick = copy.deepcopy(net)
        quick.quicken(torch.device("cpu"), None)
        for _ in range(2):
            torch.testing.assert_close(quick(x), expected, rtol=1e-3, atol=1e-4)
            torch.testing.assert_close(quick(x, frame), in_frame, rtol=1e-3, atol=1e-4)


@torch.inference_mode()
def test_grey_input_equals_its_rgb_copy():
    weight = torch.randn(8, 3, 3, 3)
    grey = torch.rand(1, 1, 16, 16)
    rgb = grey.expand(1, 3, 16, 16)
    expected = torch.nn.functional.conv2d(rgb, weight)
    for channels in (1, 2, 5, 6):
        adapted = adapt_first_layer(weight, channels)
        assert adapted.shape == (8, channels, 3, 3)
        if channels in (1, 6):
            out = torch.nn.functional.conv2d(grey.expand(1, channels, 16, 16), adapted)
            torch.testing.assert_close(out, expected)


def test_width_scales_channels():
    state = UNet(2, width=0.25).state_dict()
    assert state["vgg.features.28.weight"].shape == (128, 128, 3, 3)
    assert state["up_concat1.conv2.weight"].shape == (16, 16, 3, 3)


def test_lite_decoder_is_narrow():
    with torch.device("meta"):
        net = LiteUNet(3)
    decoder = sum(p.numel() for k, p in net.named_parameters() if not k.startswith("vgg."))
    assert decoder < 400_000


@torch.inference_mode()
def test_calibration_brings_logits_to_unit_scale():
    torch.manual_seed(0)
    net = UNet(5, width=0.125)
    x = torch.rand(2, 3, 32, 32)
    for layer in net.vgg.features[:1]:
        layer.weight.mul_(500)  # levels of very different size, as VGG16's are
    calibrate(net, x)
    assert net(x).std() == pytest.approx(1, rel=1e-3)


@torch.inference_mode(False)
@torch.no_grad()
def test_balance_changes_nothing_but_what_the_optimiser_sees():
    torch.manual_seed(0)
    net = UNet(5, width=0.125)
    net.vgg.features[0].weight.mul_(500)
    x = torch.rand(2, 3, 32, 32)
    calibrate(net, x)
    before, keys = net(x), set(net.state_dict())
    balance(net, x)
    torch.testing.assert_close(net(x), before)
    seen = net.up_concat1.conv1.parametrizations.weight.original
    skip, deep = seen[:, :8].std(), seen[:, 8:].std()
    assert 0.3 < skip / deep < 3
    unbalance(net)
    torch.testing.assert_close(net(x), before)
    assert set(net.state_dict()) == keys


@pytest.mark.parametrize(
    "spec",
    [
        ModelSpec("other"),
        ModelSpec(num_classes=0),
        ModelSpec(num_classes=256),
        ModelSpec(width=0.0),
        ModelSpec(in_channels=0),
    ],
)
def test_impossible_networks_are_refused(spec):
    with pytest.raises(CheckpointError):
        build(spec)


def test_spec_survives_model_json():
    spec = ModelSpec("lite", 7, 1, 0.5)
    assert ModelSpec.from_info(spec.to_info()) == spec
    with pytest.raises(CheckpointError, match="does not describe"):
        ModelSpec.from_info({"decoder": "lite"})
