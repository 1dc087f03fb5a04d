"""Keeping the lists of a VOC folder: an image that a person finishes belongs on one.

The lists are the person's own: lines are only ever added, and only to lists that are there.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from unet_gui.dataset.files import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)

_ADDED_TO: Final = ("train.txt", "trainval.txt")


def add_to_lists(root: Path, stem: str) -> bool:
    """Put a finished image on the lists for training, unless some list has it already.

    Lists that cannot be read or written are left; the masks matter more.

    Args:
        root: The VOC folder, with `ImageSets/Segmentation` in it or not.
        stem: The image's name without suffix. Names with white space cannot be listed.

    Returns:
        Whether a line was added.
    """
    folder = root / "ImageSets" / "Segmentation"
    if not folder.is_dir() or not stem or any(c.isspace() for c in stem):
        return False
    try:
        texts = {file: file.read_bytes() for file in sorted(folder.glob("*.txt"))}
        line = stem.encode("utf-8", "surrogateescape")
        if any(line in text.split() for text in texts.values()):
            return False
        wanted = [(f, text) for f, text in texts.items() if f.name in _ADDED_TO]
        for file, text in wanted:
            _append(file, text, line)
    except OSError as exc:
        _log.warning("the lists in %s stay as they are: %s", folder, exc)
        return False
    return bool(wanted)


def _append(file: Path, text: bytes, line: bytes) -> None:
    end = b"\r\n" if b"\r\n" in text else b"\n"
    whole = text if not text or text.endswith(b"\n") else text + end
    write_atomic(file, lambda out: out.write(whole + line + end))
