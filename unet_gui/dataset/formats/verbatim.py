"""Image files that an export takes over as they are: to the byte, and without decoding them."""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from unet_gui.dataset.decoding import open_image
from unet_gui.dataset.formats.output import read_whole

if TYPE_CHECKING:
    from pathlib import Path

_ORIENTATION: Final = 0x0112
_TURNING: Final = (b"eXIf", b"Raw profile type", b"adobe.xmp")
_NOTES: Final = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt"})
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8"
_IN_MEMORY: Final = 32 << 20
_END: Final = {"PNG": b"IEND", "JPEG": b"\xff\xd9"}
_TAIL: Final = 1 << 16

# Frame headers of a JPEG (ITU-T T.81, B.1.1.3) that every reader knows: baseline, progressive.
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
_SCAN: Final = 0xDA
_APPLICATION: Final = frozenset({0xE1, 0xE2, 0xEE})
"""Exif and XMP, which may turn the image; several pictures in one file; printer's inks."""


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A file that can be copied.

    Attributes:
        data: Its bytes; None where it is too large to be held.
        shape: (height, width) of the image; None where that was not looked for.
    """

    data: bytes | None
    shape: tuple[int, int] | None


def verbatim(path: Path, kind: str) -> Verbatim | None:
    """A file to be copied: of this kind ("PNG" or "JPEG"), not in printer's inks, upright.

    Plain files are judged by their bytes, which are read anyway; Pillow is asked about those with
    metadata that might turn them.
    """
    try:
        data = read_whole(path, _IN_MEMORY)
    except OSError:
        return None
    if data is None:
        return Verbatim(None, None) if is_upright(path, kind) else None
    if data.find(_END[kind], max(0, len(data) - _TAIL)) < 0:
        return None  # cut short: whoever reads it will say so
    shape = plain_shape(data, kind)
    return Verbatim(data, shape) if shape is not None or is_upright(path, kind) else None


def plain_shape(data: bytes, kind: str) -> tuple[int, int] | None:
    """(height, width) of an image file without metadata that matters; None for all others."""
    if kind == "PNG":
        return _png_shape(data) if data[:8] == _PNG and data[12:16] == b"IHDR" else None
    return _jpeg_shape(data) if data[:2] == _JPEG else None


def _png_shape(data: bytes) -> tuple[int, int] | None:
    at = 8
    while at + 12 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind in _NOTES:
            return None
        if kind == b"IEND":
            width, height = struct.unpack_from(">II", data, 16)
            return (height, width) if width and height else None
        at += 12 + size
    return None


def _jpeg_shape(data: bytes) -> tuple[int, int] | None:
    at, shape = 2, None
    while at + 10 <= len(data) and data[at] == 0xFF:
        kind, size = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if kind in _APPLICATION or kind == 0xFF or size < 2:
            return None
        if kind in _FRAMES:
            depth, height, width, colors = struct.unpack_from(">BHHB", data, at + 4)
            usual = depth == 8 and colors in {1, 3} and height and width
            shape = (height, width) if usual else None
        if kind == _SCAN:
            return shape
        at += 2 + size
    return None


def is_upright(path: Path, *formats: str) -> bool:
    """Whether the file is of one of these formats, not in printer's inks, and needs no turning."""
    try:
        with open_image(path) as image:
            if image.format not in formats or image.mode == "CMYK":
                return False
            if image.format == "PNG" and not _may_be_turned(path):
                return True
            return image.getexif().get(_ORIENTATION, 1) in {0, 1}
    except (OSError, ValueError, SyntaxError):
        return False


def _may_be_turned(path: Path) -> bool:
    """Whether a PNG says anything that could turn it. To ask Pillow would decode all its pixels."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return any(data.find(word) >= 0 for word in _TURNING)
