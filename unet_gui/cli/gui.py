"""`unet-gui [PROJECT | FOLDER]`: the window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from unet_gui.core.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from unet_gui.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target",
        metavar="PROJECT | FOLDER",
        nargs="?",
        help="a project, a VOC folder or a folder of images; the last project without it",
    )


def run(args: argparse.Namespace, output: Output) -> int:
    """Open the window and stay until it is closed."""
    del output
    target: str | None = args.target
    if target is not None and not Path(target).exists():
        raise UsageError(f"There is no folder “{target}”.", "Check the path.")
    from unet_gui.gui.app import run as run_app

    return run_app(["unet-gui", *([target] if target is not None else [])])
