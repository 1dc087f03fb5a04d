"""`unet-gui convert IN OUT`: tutorial `.pth` to `.safetensors`, and any checkpoint to `.pth`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unet_gui.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="IN", help="a .pth, a .safetensors or a round's folder")
    parser.add_argument("out", metavar="OUT", help="the file to write: .safetensors or .pth")
    parser.add_argument(
        "--decoder-relu",
        action=argparse.BooleanOptionalAction,
        help="whether a .pth was made with ReLUs in its decoder: yes since August 2021",
    )


def run(args: argparse.Namespace, output: Output) -> int:
    """Convert, and say what the other side has to know."""
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
