"""Making a wide decoder learnable over feature levels of very different size.

VGG16's feature levels differ by a factor of a hundred in magnitude. Kaiming's rule and Adam's
equal steps both assume inputs of about unit size: without help the deep levels are drowned at
first, and the weights of the shallow ones, which have to be tiny, are blown up by the first steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from unet_gui.unet.model import UNet
from unet_gui.unet.up_concat import upsample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unet_gui.unet.model import EncoderDecoder
    from unet_gui.unet.up_concat import UpConcat

SMALLEST = 1e-6


@torch.no_grad()
def calibrate(net: EncoderDecoder, x: Tensor) -> None:
    """Scale a new tutorial decoder so that every layer's output has about unit variance.

    Krähenbühl et al. 2016, "Data-dependent initializations of convolutional neural networks",
    section 3.1, for each concatenated part instead of each channel. A network with norms is left
    alone.

    Args:
        net: A network whose decoder is new.
        x: N×C×H×W normalised images, sides multiples of 16.
    """
    if not isinstance(net, UNet):
        return
    levels = net.encode(x)
    deep = levels[4]
    for stage, skip in _stages(net, levels):
        up = upsample(deep)
        for part, features in _parts(stage, skip, up):
            part.div_(_size(features))
        joined = torch.cat([skip, up], 1)
        stage.conv1.weight.div_(stage.conv1(joined).std().clamp_min(SMALLEST))
        hidden = stage.conv1(joined)
        hidden = F.relu(hidden) if stage.relu else hidden
        stage.conv2.weight.div_(stage.conv2(hidden).std().clamp_min(SMALLEST))
        deep = stage(skip, deep)
    net.final.weight.div_(net.final(deep).std().clamp_min(SMALLEST))


@torch.no_grad()
def balance(net: EncoderDecoder, x: Tensor) -> None:
    """Let an optimiser see the tutorial decoder's weights as if its inputs had unit size.

    The network computes what it did before; `unbalance` gives it back its plain weights.

    Args:
        net: Any network; one with norms is left alone.
        x: N×C×H×W normalised images, sides multiples of 16.
    """
    if not isinstance(net, UNet):
        return
    levels = net.encode(x)
    deep = levels[4]
    for stage, skip in _stages(net, levels):
        up = upsample(deep)
        scale = torch.cat([torch.full((f.shape[1],), 1 / _size(f)) for f in (skip, up)])
        joined = torch.cat([skip, up], 1)
        hidden = stage.conv1(joined)
        hidden = F.relu(hidden) if stage.relu else hidden
        deep = stage(skip, deep)
        _register(stage.conv1, scale)
        _register(stage.conv2, torch.full((hidden.shape[1],), 1 / _size(hidden)))
    _register(net.final, torch.full((deep.shape[1],), 1 / _size(deep)))


def unbalance(net: EncoderDecoder) -> None:
    """Undo `balance`; the network computes the same."""
    for module in list(net.modules()):
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight", leave_parametrized=True)


class _Scaled(nn.Module):
    """A weight that is another one times a fixed factor for each input channel."""

    scale: Tensor

    def __init__(self, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("scale", scale.view(1, -1, 1, 1))

    def forward(self, original: Tensor) -> Tensor:
        return original * self.scale

    def right_inverse(self, weight: Tensor) -> Tensor:
        return weight / self.scale


def _register(conv: nn.Conv2d, scale: Tensor) -> None:
    parametrize.register_parametrization(conv, "weight", _Scaled(scale.to(conv.weight.device)))


def _stages(net: UNet, levels: list[Tensor]) -> Iterator[tuple[UpConcat, Tensor]]:
    stages = (net.up_concat4, net.up_concat3, net.up_concat2, net.up_concat1)
    return zip(stages, reversed(levels[:4]), strict=True)


def _parts(stage: UpConcat, skip: Tensor, up: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    cut = skip.shape[1]
    yield stage.conv1.weight[:, :cut], skip
    yield stage.conv1.weight[:, cut:], up


def _size(features: Tensor) -> float:
    return max(float(features.float().square().mean().sqrt()), SMALLEST)
