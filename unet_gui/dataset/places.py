"""Where the operating system wants a program to keep its own files."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import platformdirs

APP = "unet-gui"


def data_folder() -> Path:
    """The folder for things that must last: work on read-only image folders. Not created here."""
    return Path(platformdirs.user_data_dir(APP, appauthor=False))


def log_file() -> Path:
    return Path(platformdirs.user_log_dir(APP, appauthor=False)) / "unet-gui.log"


def shadow_folder(folder: Path) -> Path:
    """Where work on a read-only `folder` is kept: the same place each time it is opened."""
    resolved = folder.resolve()
    digest = hashlib.sha256(str(resolved).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    readable = re.sub(r"[^\w-]+", "-", resolved.name).strip("-") or "folder"
    return data_folder() / "projects" / f"{readable[:40]}-{digest}"
