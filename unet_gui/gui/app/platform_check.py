"""What must be there before Qt starts, because Qt ends the whole process when it is not."""

from __future__ import annotations

import ctypes
import importlib
import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from unet_gui.core.errors import UnetGuiError

if TYPE_CHECKING:
    from collections.abc import Iterator

DEBIAN_PACKAGES: Final = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libOpenGL.so.0": "libopengl0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
"""Library file to Debian's package, as far as Qt wants it."""

_NOT_FOUND = re.compile(r"(\S+\.so[.\d]*): cannot open shared object file")


def paint_alone() -> None:
    """On one core, keep Qt from sharing out what it scales: threads would only take turns.

    A frame of a full screen takes 7 % less then, and need not wait twice for its turn.
    """
    if hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) == 1:
        os.environ.setdefault("QT_NO_GUI_THREADPOOL", "1")


@contextmanager
def platform_ready() -> Iterator[None]:
    """Make sure that a QApplication can be made inside the block.

    Raises:
        UnetGuiError: libraries are missing (the hint says how to install them), or there is no
            display, or it does not answer.
    """
    _check_libraries()
    if _needs_x_server():
        _check_x_plugin()
        with _connected():
            yield
    else:
        yield


def _check_libraries() -> None:
    try:
        importlib.import_module("PySide6.QtWidgets")
        importlib.import_module("PySide6.QtSvg")
    except ImportError as exc:
        raise _incomplete(str(exc)) from exc


def _needs_x_server() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    if platform not in ("", "xcb"):
        return False
    if not platform and os.environ.get("WAYLAND_DISPLAY"):
        return False  # Qt tries the X server only when Wayland fails
    if not os.environ.get("DISPLAY"):
        raise UnetGuiError(
            "There is no display to open a window on.",
            "Every step also works without one: unet-gui --help lists the commands.",
        )
    return True


def _check_x_plugin() -> None:
    """Load the plugin that talks to the X server, as Qt itself is about to."""
    package = Path(importlib.import_module("PySide6").__file__ or "").parent
    plugin = package / "Qt" / "plugins" / "platforms" / "libqxcb.so"
    if not plugin.is_file():
        return  # Qt of the system: its packages take care of themselves
    try:
        ctypes.CDLL(str(plugin))
    except OSError as exc:
        raise _incomplete(str(exc)) from exc


@contextmanager
def _connected() -> Iterator[None]:
    """Hold a connection, since some X servers restart when their last client leaves."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError as exc:
        raise _incomplete(str(exc)) from exc
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    try:
        if xcb.xcb_connection_has_error(connection):
            raise UnetGuiError(
                f"The display {os.environ.get('DISPLAY', '')} does not answer.",
                "Check DISPLAY, or log in with ssh -X. The other commands work without a display.",
            )
        yield
    finally:
        xcb.xcb_disconnect(connection)


def _incomplete(words: str) -> UnetGuiError:
    found = _NOT_FOUND.search(words)
    if found is None:
        return UnetGuiError(
            f"Qt cannot be loaded: {words}", "Install the program again, with all it depends on."
        )
    library = Path(found.group(1)).name
    package = DEBIAN_PACKAGES.get(library)
    every = " ".join(sorted(set(DEBIAN_PACKAGES.values())))
    hint = f"sudo apt-get install {every}"
    return UnetGuiError(
        f"The system library {library}{f' ({package})' if package else ''}, which the window "
        "needs, is not installed.",
        f"On Debian or Ubuntu: {hint}",
    )
