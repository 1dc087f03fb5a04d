"""A checkpoint as an ONNX file: pixels in, class ids and probabilities out, any image size.

The graph is written layer by layer rather than traced: sizes stay free in every version of torch,
and padding, normalisation, cropping and the choice of class are part of it, so that whoever uses
the file needs to know nothing of this program. What is written was compared with torch before.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import nn

from unet_gui import __version__
from unet_gui.core.errors import CheckpointError, UnetGuiError
from unet_gui.dataset.files import explain, write_atomic
from unet_gui.unet.checkpoint import Checkpoint, class_list, without_guide
from unet_gui.unet.model import LEVELS, STRIDE, EncoderDecoder, LiteUNet, PixelNorm, UNet
from unet_gui.unet.pixels import MEAN, STD, to_input

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

OPSET: Final = 18
IR_VERSION: Final = 8
"""What opset 18 came with: ONNX Runtime 1.14 of 2023 and everything since reads it."""

CHECKED_SIZES: Final = ((1, 1), (6, 37), (48, 64), (61, 83))
"""Heights and widths at which the file is compared with torch: all ways of padding."""

TOLERANCE: Final = 1e-3
"""Of probabilities. Sums in another order differ by about a hundredth of that."""

_LARGEST: Final = 2**31 - 2**20


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """What was written.

    Attributes:
        out: The file.
        class_ids: Which classes it tells apart, in the order of its probabilities.
        difference: The largest difference of a probability between ONNX Runtime and torch.
        nbytes: Size of the file.
    """

    out: Path
    class_ids: tuple[int, ...]
    difference: float
    nbytes: int


def export_onnx(checkpoint: Checkpoint, out: Path) -> OnnxFile:
    """Write a checkpoint as ONNX, compared with torch in ONNX Runtime before it is there.

    Where the instant learner is averaged with the network, the file holds the network alone.

    Input `image` is N×H×W×3 uint8 RGB of any size. Outputs are `mask`, N×H×W uint8 class ids, and
    `probabilities`, N×K×H×W float32 for the ids in the metadata's `class_ids`; its `classes` are
    JSON: id, name, colour.

    Args:
        checkpoint: The network; not changed.
        out: The file to write.

    Raises:
        UnetGuiError: onnx or onnxruntime is not installed.
        CheckpointError: the network has no classes or takes no colour images, the file would be
            too large or cannot be written, or the two disagree; nothing is written then.
    """
    _require()
    checkpoint = without_guide(checkpoint)
    content = graph_bytes(checkpoint)
    difference = compare(checkpoint, content)
    try:
        write_atomic(out, lambda stream: stream.write(content))
    except OSError as error:
        reason, hint = explain(error)
        raise CheckpointError(f"{out} cannot be written: {reason}.", hint) from error
    return OnnxFile(out, checkpoint.predictable, difference, len(content))


def _require() -> None:
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise UnetGuiError(
            f"ONNX files need the package {error.name}, which is not installed.",
            "Install it with: pip install 'unet-gui[onnx]'",
        ) from error


def graph_bytes(checkpoint: Checkpoint) -> bytes:
    """The ONNX file's content.

    Raises:
        CheckpointError: the network cannot be expressed, as the instant learner's, or is larger
            than ONNX files may be.
    """
    from onnx import TensorProto, checker, helper

    ids = checkpoint.predictable
    if not ids:
        raise CheckpointError("The checkpoint has not learnt any class.", "Choose another one.")
    if checkpoint.spec.decoder == "instant":
        raise CheckpointError(
            "This is a round of the instant learner, whose trees and filters ONNX has no layers "
            "for.",
            "Fine-tune a U-Net (train PROJECT --learner unet) and write that round.",
        )
    if checkpoint.spec.in_channels not in (1, 3):
        raise CheckpointError(
            f"The network takes images of {checkpoint.spec.in_channels} channels, not RGB."
        )
    size = sum(4 * p.numel() for p in checkpoint.net.state_dict().values())
    if size > _LARGEST:
        raise CheckpointError(
            f"The network's {size / 2**30:.1f} GB are more than the 2 GB an ONNX file can hold.",
            "Train one of smaller --width.",
        )
    graph = _Graph()
    _whole(graph, checkpoint, ids)
    height, width = "height", "width"
    made = helper.make_graph(
        graph.nodes,
        "unet_gui",
        [_value("image", TensorProto.UINT8, ["batch", height, width, 3])],
        [
            _value("mask", TensorProto.UINT8, ["batch", height, width]),
            _value("probabilities", TensorProto.FLOAT, ["batch", len(ids), height, width]),
        ],
        graph.weights,
    )
    model = helper.make_model(
        made,
        producer_name="unet-gui",
        producer_version=__version__,
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    helper.set_model_props(model, _metadata(checkpoint, ids))
    checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def _value(name: str, kind: int, shape: list[str | int]) -> Any:
    from onnx import helper

    return helper.make_tensor_value_info(name, kind, shape)


def _metadata(checkpoint: Checkpoint, ids: Iterable[int]) -> dict[str, str]:
    table = checkpoint.classes
    known = [] if table is None else class_list(type(table)(c for c in table if c.id in set(ids)))
    return {
        "class_ids": json.dumps(list(ids)),
        "classes": json.dumps(known, ensure_ascii=False),
        "input": "image: N×H×W×3 uint8, RGB, any size",
        "date": str(checkpoint.info.get("date") or ""),
    }


class _Graph:
    """Nodes and weights as they come; each operation returns the name of what it gives."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def op(self, kind: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        from onnx import helper

        name = out or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, array: NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def int64(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def number(self, value: int) -> str:
        return self.constant(np.array(value, np.int64))

    def tensor(self, tensor: torch.Tensor) -> str:
        return self.constant(tensor.detach().float().cpu().numpy())


def _whole(graph: _Graph, checkpoint: Checkpoint, ids: tuple[int, ...]) -> None:
    """From the image to the mask; both names are those of the file's input and outputs."""
    x = _padded(graph, _padded(graph, "image", 1), 2)
    x = graph.op("Cast", x, to=1)
    x = graph.op("Transpose", x, perm=[0, 3, 1, 2])
    x = graph.op("Div", x, graph.constant(np.array(255, np.float32)))
    if checkpoint.normalisation == "imagenet":
        mean, std = (np.array(v, np.float32).reshape(1, 3, 1, 1) for v in (MEAN, STD))
        x = graph.op("Div", graph.op("Sub", x, graph.constant(mean)), graph.constant(std))
    if checkpoint.spec.in_channels == 1:
        x = graph.op("ReduceMean", x, graph.int64(1), keepdims=1)
    logits = _network(graph, checkpoint.net, x)
    if len(ids) < checkpoint.spec.num_classes:
        logits = graph.op("Gather", logits, graph.int64(*ids), axis=1)
    size = graph.op("Shape", "image", start=1, end=3)
    logits = graph.op("Slice", logits, graph.int64(0, 0), size, graph.int64(2, 3))
    graph.op("Softmax", logits, out="probabilities", axis=1)
    best = graph.op("ArgMax", "probabilities", axis=1, keepdims=0)
    graph.op("Gather", graph.constant(np.array(ids, np.uint8)), best, out="mask", axis=0)


def _padded(graph: _Graph, x: str, axis: int) -> str:
    """As `unet_gui.unet.model.pad_to_stride`: mirrored, or edge-repeated on sides too short."""
    side = graph.op("Squeeze", graph.op("Shape", "image", start=axis, end=axis + 1))
    one, stride = graph.number(1), graph.number(STRIDE)
    above = graph.op("Add", side, graph.number(STRIDE - 1))
    whole = graph.op("Mul", graph.op("Div", above, stride), stride)
    places = graph.op("Range", graph.number(0), whole, one)
    last = graph.op("Sub", side, one)
    beyond = graph.op("Max", graph.op("Sub", places, last), graph.number(0))
    mirrors = graph.op("Cast", graph.op("Less", graph.op("Sub", whole, side), side), to=7)
    back = graph.op("Mul", beyond, mirrors)
    return graph.op("Gather", x, graph.op("Sub", graph.op("Min", places, last), back), axis=axis)


def _network(graph: _Graph, net: EncoderDecoder, x: str) -> str:
    levels = []
    for start, stop in LEVELS:
        x = _layers(graph, net.vgg.features[start:stop], x)
        levels.append(x)
    if isinstance(net, UNet):
        return _wide(graph, net, levels)
    if isinstance(net, LiteUNet):
        return _narrow(graph, net, levels)
    raise CheckpointError(f"A {type(net).__name__} cannot be written as ONNX.")


def _wide(graph: _Graph, net: UNet, levels: list[str]) -> str:
    x = levels[4]
    stages = (net.up_concat4, net.up_concat3, net.up_concat2, net.up_concat1)
    for stage, skip in zip(stages, reversed(levels[:4]), strict=True):
        x = graph.op("Concat", skip, _doubled(graph, x, "align_corners"), axis=1)
        for conv in (stage.conv1, stage.conv2):
            x = _layer(graph, conv, x)
            x = graph.op("Relu", x) if stage.relu else x
    return _layer(graph, net.final, x)


def _narrow(graph: _Graph, net: LiteUNet, levels: list[str]) -> str:
    flat = [_layers(graph, lat.children(), x) for lat, x in zip(net.laterals, levels, strict=True)]
    x = flat[4]
    for i in (3, 2, 1, 0):
        x = graph.op("Concat", flat[i], _doubled(graph, x, "half_pixel"), axis=1)
        x = _layers(graph, net.stages[i].children(), x)
    return _layer(graph, net.final, x)


def _doubled(graph: _Graph, x: str, corners: str) -> str:
    scales = graph.constant(np.array([1, 1, 2, 2], np.float32))
    return graph.op("Resize", x, "", scales, mode="linear", coordinate_transformation_mode=corners)


def _layers(graph: _Graph, layers: Iterable[nn.Module], x: str) -> str:
    for layer in layers:
        x = _layer(graph, layer, x)
    return x


def _layer(graph: _Graph, layer: nn.Module, x: str) -> str:
    if isinstance(layer, nn.ReLU):
        return graph.op("Relu", x)
    if isinstance(layer, nn.MaxPool2d):
        return graph.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    if isinstance(layer, nn.Conv2d):
        tensors = [t for t in (layer.weight, layer.bias) if t is not None]
        pads = [int(p) for p in layer.padding] * 2
        return graph.op("Conv", x, *(graph.tensor(t) for t in tensors), pads=pads)
    if isinstance(layer, PixelNorm):
        x = graph.op("Transpose", x, perm=[0, 2, 3, 1])
        weight, bias = graph.tensor(layer.weight), graph.tensor(layer.bias)
        x = graph.op("LayerNormalization", x, weight, bias, axis=-1, epsilon=layer.eps)
        return graph.op("Transpose", x, perm=[0, 3, 1, 2])
    raise CheckpointError(f"A {type(layer).__name__} cannot be written as ONNX.")


@torch.inference_mode()
def compare(checkpoint: Checkpoint, content: bytes) -> float:
    """The largest difference of a probability between ONNX Runtime and torch, both in fp32.

    Raises:
        CheckpointError: it is larger than rounding explains, or a class differs.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    ids = np.array(checkpoint.predictable)
    random, largest = np.random.default_rng(0), 0.0
    for height, width in CHECKED_SIZES:
        image = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
        mask, (found,) = session.run(["mask", "probabilities"], {"image": image[None]})
        pixels = to_input(image, checkpoint.spec.in_channels, checkpoint.normalisation)
        wanted = checkpoint.net(pixels[None])[0, ids].softmax(0).numpy()
        difference = float(np.abs(found - wanted).max())
        chosen = np.take_along_axis(wanted, np.searchsorted(ids, mask), 0)
        # the chosen class may only be another where the two are all but equally likely
        short = float((wanted.max(0) - chosen).max())
        if not (found.shape == wanted.shape and max(difference, short) <= TOLERANCE):
            raise CheckpointError(
                f"ONNX Runtime gives other probabilities than torch: they differ by "
                f"{max(difference, short):.2g} at {width}×{height}. Nothing was written.",
                "Update onnxruntime, or report this.",
            )
        largest = max(largest, difference)
    return largest
