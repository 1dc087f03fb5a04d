"""Weight files of the VGG16 U-Net tutorials: recognised, checked, never guessed silently.

Such a `.pth` holds 44 tensors and nothing else: class count and input channels are read from
their shapes. Whether the decoder has ReLUs cannot be read (files from before and after August
2021 have the same names), so it is measured on labelled images where there are any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import CheckpointError
from unet_gui.core.metrics import ConfusionMatrix
from unet_gui.unet.model import ModelSpec, UNet
from unet_gui.unet.pixels import to_input

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from torch import Tensor

    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.unet.pixels import Normalisation

ENCODER_LAYERS: Final = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
KEYS: Final = tuple(
    f"{layer}.{kind}"
    for layer in (
        *(f"vgg.features.{n}" for n in ENCODER_LAYERS),
        *(f"up_concat{stage}.conv{n}" for stage in (4, 3, 2, 1) for n in (1, 2)),
        "final",
    )
    for kind in ("weight", "bias")
)
"""The 44 names, in the order in which the tutorials' own network lists them."""

MEASURED_SIDE: Final = 512
"""Larger labelled images are cut to this side when the two variants are compared."""


def read_spec(state: Mapping[str, Tensor], path: Path) -> ModelSpec:
    """What network these weights belong to, `decoder_relu` being the default.

    Raises:
        CheckpointError: they belong to another network; says which tensors do not fit.
    """
    if any(key.startswith("resnet.") for key in state):
        raise CheckpointError(
            f"{path} is a U-Net over ResNet50; only the one over VGG16 can be used.",
            "Choose the file with “vgg” in its name.",
        )
    missing = [key for key in KEYS if key not in state]
    if missing:
        raise CheckpointError(
            f"{path} is not a VGG16 U-Net: {_some(missing)} missing.",
            "Weights of the encoder alone are given to train with --encoder-weights.",
        )
    unexpected = sorted(set(state) - set(KEYS))
    if unexpected:
        raise CheckpointError(f"{path} is not a VGG16 U-Net: {_some(unexpected)} not expected.")
    spec = ModelSpec(
        num_classes=int(state["final.weight"].shape[0]),
        in_channels=int(state["vgg.features.0.weight"].shape[1]),
        width=int(state["vgg.features.28.weight"].shape[0]) / 512,
    )
    spec.check()
    with torch.device("meta"):
        expected = UNet(spec.num_classes, spec.in_channels, spec.width).state_dict()
    for key, tensor in expected.items():
        if state[key].shape != tensor.shape:
            raise CheckpointError(
                f"{path} is not a VGG16 U-Net: {key} is {tuple(state[key].shape)}, "
                f"expected {tuple(tensor.shape)}."
            )
    return spec


def _some(keys: list[str]) -> str:
    shown = ", ".join(keys[:4])
    return f"{shown} and {len(keys) - 4} more are" if len(keys) > 4 else f"{shown} is"


def ordered(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors in the order in which the tutorials save them."""
    return {key: state[key] for key in KEYS}


@torch.inference_mode()
def measure_decoder_relu(
    net: UNet,
    labelled: Iterable[tuple[RgbImage, ClassMask]],
    normalisation: Normalisation,
) -> tuple[bool, float, float] | None:
    """Try the decoder with and without ReLU on labelled images; leaves `net` with the better.

    Args:
        net: The network with the weights in question.
        labelled: H×W×3 images with their masks; pixels of 255 do not count.
        normalisation: What the weights expect.

    Returns:
        Whether the one with ReLU is better, then mIoU with and without; None when no pixel of a
        known class is labelled.
    """
    classes = net.final.out_channels
    scores = {True: ConfusionMatrix(classes), False: ConfusionMatrix(classes)}
    net.eval()
    for image, mask in labelled:
        truth = mask[:MEASURED_SIDE, :MEASURED_SIDE].copy()
        truth[truth >= classes] = UNLABELLED
        if (truth == UNLABELLED).all():
            continue
        cut = image[:MEASURED_SIDE, :MEASURED_SIDE]
        pixels = to_input(cut, net.vgg.in_channels, normalisation)[None]
        for relu, matrix in scores.items():
            net.set_decoder_relu(relu)
            matrix.update(net(pixels)[0].argmax(0).byte().numpy(), truth)
    if not scores[True].labelled_pixels:
        net.set_decoder_relu(True)
        return None
    with_relu, without = scores[True].miou, scores[False].miou
    net.set_decoder_relu(with_relu >= without)
    return with_relu >= without, with_relu, without
