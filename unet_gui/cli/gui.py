"""`unet-gui [PROJECT | FOLDER]`: the window."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from unet_gui.core.errors import UnetGuiError, UsageError

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
    _require_display()
    try:
        from unet_gui.gui import app
    except ImportError as exc:
        raise UnetGuiError(
            f"The window cannot start: {exc}",
            "Install Qt's system libraries (on Debian or Ubuntu: "
            "apt install libegl1 libgl1 libxkbcommon0 libdbus-1-3 libxcb-cursor0).",
        ) from exc
    return app.run(["unet-gui", *([target] if target is not None else [])])


def _require_display() -> None:
    # Qt ends the whole process when it finds no display; say it in words before that.
    if not sys.platform.startswith("linux"):
        return
    if not any(os.environ.get(v) for v in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        raise UnetGuiError(
            "There is no display to open a window on.",
            "Every step also works without one: unet-gui --help lists the commands.",
        )
