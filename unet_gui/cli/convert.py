"""`unet-gui convert IN OUT`: tutorial `.pth` to ours, any checkpoint to `.pth` or ONNX."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from unet_gui.core.errors import UsageError

if TYPE_CHECKING:
    from unet_gui.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="IN", help="a .pth, a .safetensors or a round's folder")
    parser.add_argument("out", metavar="OUT", help="the file to write: .safetensors, .pth or .onnx")
    parser.add_argument(
        "--decoder-relu",
        action=argparse.BooleanOptionalAction,
        help="whether a .pth was made with ReLUs in its decoder: yes since August 2021",
    )


def run(args: argparse.Namespace, output: Output) -> int:
    """Convert, and say what the other side has to know."""
    if Path(args.out).suffix.lower() == ".onnx":
        return _to_onnx(args, output)
    from unet_gui.unet.convert import convert

    converted = convert(Path(args.source), Path(args.out), decoder_relu=args.decoder_relu)
    for note in converted.notes:
        output.say(f"note: {note}")
    spec = converted.spec
    output.result(
        {"event": "done", "out": converted.out, **spec.to_info()},
        f"{converted.out}: {spec.num_classes} classes, width {spec.width:g}, decoder "
        f"{'with' if spec.decoder_relu else 'without'} ReLUs",
    )
    return 0


def _to_onnx(args: argparse.Namespace, output: Output) -> int:
    from unet_gui.unet import checkpoint, onnx_export
    from unet_gui.unet.model import UNet

    loaded = checkpoint.without_guide(checkpoint.load(args.source))
    if args.decoder_relu is not None:
        if not isinstance(loaded.net, UNet) or "classes" in loaded.info:
            raise UsageError("--decoder-relu is for .pth files; this checkpoint says it itself.")
        loaded.net.set_decoder_relu(args.decoder_relu)
    else:
        for note in loaded.notes:
            output.say(f"note: {note}")
    written = onnx_export.export_onnx(loaded, Path(args.out))
    output.result(
        {
            "event": "done",
            "out": written.out,
            "bytes": written.nbytes,
            "opset": onnx_export.OPSET,
            "class_ids": written.class_ids,
            "max_abs_difference": written.difference,
        },
        f"{written.out}: {len(written.class_ids)} classes, {written.nbytes / 1e6:.1f} MB, any "
        f"image size; differs from torch by {written.difference:.1g} at most",
    )
    return 0
