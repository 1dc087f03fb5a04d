"""Weights of the VGG16 U-Net tutorials into checkpoints of ours, and back."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import torch

from unet_gui.core.errors import CheckpointError, UsageError
from unet_gui.dataset.files import explain, write_atomic, write_json
from unet_gui.unet import tutorial
from unet_gui.unet.checkpoint import (
    INFO_NAME,
    describe,
    read_info,
    weights_file,
    write_tensors,
)
from unet_gui.unet.model import ModelSpec
from unet_gui.unet.pixels import MEAN, STD
from unet_gui.unet.weights import read_state

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

PTH_SUFFIXES: Final = (".pth", ".pt")


@dataclass(frozen=True, slots=True)
class Converted:
    """What a conversion did; `notes` are for the person."""

    spec: ModelSpec
    out: Path
    notes: tuple[str, ...] = ()


def convert(source: Path, out: Path, *, decoder_relu: bool | None = None) -> Converted:
    """Convert by the suffixes: `.pth` to `.safetensors`, or any checkpoint to `.pth`.

    Args:
        source: A tutorial `.pth`, or a round's folder or `.safetensors`.
        out: `.safetensors` or `.pth`.
        decoder_relu: Whether the tutorial decoder has ReLUs, where the source does not say.

    Raises:
        UsageError: the suffixes ask for something else.
        CheckpointError: the source is missing, damaged or another network; `out` is unwritable.
    """
    file = weights_file(source)
    try:
        if out.suffix == ".safetensors" and file.suffix in PTH_SUFFIXES:
            return _to_safetensors(file, out, decoder_relu=decoder_relu)
        if out.suffix in PTH_SUFFIXES:
            return _to_pth(file, out)
    except OSError as error:
        reason, hint = explain(error)
        raise CheckpointError(f"{out} cannot be written: {reason}.", hint) from error
    raise UsageError(
        f"{file.name} cannot be converted to {out.name}.",
        "From .pth to .safetensors, or from a checkpoint to .pth or .onnx.",
    )


def _to_safetensors(file: Path, out: Path, *, decoder_relu: bool | None) -> Converted:
    state = read_state(file)
    spec = tutorial.read_spec(state, file)
    notes = []
    if decoder_relu is None:
        notes.append(
            "The file does not say whether the decoder has ReLUs; assumed that it has, as files "
            "since August 2021 do. Older ones need --no-decoder-relu."
        )
    relu = decoder_relu is not False
    spec = ModelSpec(spec.decoder, spec.num_classes, spec.in_channels, spec.width, relu)
    info = describe(
        spec,
        {
            "normalisation": "unit",
            "source": file.name,
            "decoder_relu_from": "assumed" if decoder_relu is None else "given",
        },
    )
    write_tensors(out, tutorial.ordered(state), info)
    _describe_beside(out, info)
    return Converted(spec, out, tuple(notes))


def _describe_beside(out: Path, info: Mapping[str, Any]) -> None:
    """A model.json beside the weights too, unless that place is taken by another checkpoint."""
    beside = out.with_name(INFO_NAME)
    if not beside.exists():
        write_json(beside, info)


def _to_pth(file: Path, out: Path) -> Converted:
    state = read_state(file)
    info = read_info(file)
    if info is not None and info.get("learner") == "instant":
        raise CheckpointError(
            f"{file} is a round of the instant learner, not a U-Net.",
            "Train with --learner unet --decoder tutorial to exchange weights with the tutorials.",
        )
    if info is not None and info.get("decoder") != "tutorial":
        raise CheckpointError(
            f"{file} has the “{info.get('decoder')}” decoder, which the tutorials do not know.",
            "Train with --decoder tutorial to exchange weights with them.",
        )
    spec = tutorial.read_spec(state, file)
    notes = []
    if info is not None:
        spec = ModelSpec.from_info(info)
        if not spec.decoder_relu:
            notes.append(
                "Its decoder has no ReLUs: it needs tutorial code from before August 2021."
            )
        if info.get("normalisation") == "imagenet":
            state = fold_normalisation(state)
            notes.append(
                "ImageNet's mean and standard deviation went into the first layer: the tutorials "
                "feed plain RGB in 0 to 1."
            )
    plain = OrderedDict(tutorial.ordered(state))
    write_atomic(out, lambda stream: torch.save(plain, stream))
    return Converted(spec, out, tuple(notes))


def fold_normalisation(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same network for plain RGB in 0..1 instead of RGB with ImageNet's statistics taken out.

    Exact but for the outermost pixel, where the padding of zeros now means black instead of the
    mean colour.
    """
    key = "vgg.features.0"
    weight, bias = state[f"{key}.weight"].double(), state[f"{key}.bias"].double()
    mean, std = (torch.tensor(v, dtype=torch.float64) for v in (MEAN, STD))
    if weight.shape[1] == 1:
        mean, std = mean.mean(0, keepdim=True), std.mean(0, keepdim=True)
    scaled = weight / std.view(1, -1, 1, 1)
    shifted = bias - (scaled * mean.view(1, -1, 1, 1)).sum((1, 2, 3))
    dtype = state[f"{key}.weight"].dtype
    return {**state, f"{key}.weight": scaled.to(dtype), f"{key}.bias": shifted.to(dtype)}
