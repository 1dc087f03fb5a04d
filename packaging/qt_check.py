"""Says as one line of JSON which system libraries Qt lacks here. Run by bootstrap.py.

{"core": [...], "screen": [...]}: without the first Qt does not start at all, without the second
it can only draw into memory. Each entry is the name of a file that was not found.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import re
import sys
from pathlib import Path

MODULES = ("QtCore", "QtGui", "QtWidgets", "QtSvg")
NOT_FOUND = re.compile(r"(\S+\.so[.\d]*): cannot open shared object file")


def reason(error: Exception) -> str:
    """The missing file that the loader names, or all that it says."""
    found = NOT_FOUND.search(str(error))
    return found.group(1) if found else str(error)


def missing_core() -> list[str]:
    """Load Qt and start it once, drawing into memory."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        for name in MODULES:
            importlib.import_module(f"PySide6.{name}")
        widgets = importlib.import_module("PySide6.QtWidgets")
        widgets.QApplication([])
    except (ImportError, RuntimeError) as error:
        return [reason(error)]
    return []


def missing_screen() -> list[str]:
    """Load the plugin that talks to an X server, as Qt itself would do later."""
    if not sys.platform.startswith("linux"):
        return []
    package = Path(importlib.import_module("PySide6").__file__ or "").parent
    plugin = package / "Qt" / "plugins" / "platforms" / "libqxcb.so"
    if not plugin.is_file():
        return []
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        return [reason(error)]
    return []


def main() -> int:
    try:
        core = missing_core()
        screen = missing_screen() if not core else []
    except ImportError as error:
        core, screen = [reason(error)], []
    print(json.dumps({"core": core, "screen": screen}), flush=True)
    # Qt's own clean-up at exit has nothing to add to the answer
    os._exit(0)


if __name__ == "__main__":
    main()
