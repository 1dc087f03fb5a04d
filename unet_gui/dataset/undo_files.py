"""Undo on disk: what memory has no room for, and what an image needs when it is opened again."""

from __future__ import annotations

import io
import json
import logging
import struct
import tempfile
import zlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.core.errors import UndoError
from unet_gui.core.geometry import Rect
from unet_gui.core.history import Edit, Step
from unet_gui.core.tile_codec import split
from unet_gui.dataset.files import explain, write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import BinaryIO

    from unet_gui.core.tiled_mask import MaskSnapshot

_log = logging.getLogger(__name__)

KEPT: Final = 16 << 20
"""Bytes of undo that are kept of an image when it leaves memory."""

_MAGIC: Final = b"unet-gui undo 1\n"
_LENGTH: Final = struct.Struct("<Q")


class UndoFile:
    """An `UndoStore` in a temporary file that is gone with the program.

    Args:
        folder: where to put it; made when it is first needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: BinaryIO | None = None
        self._end = 0
        self._held = 0

    def put(self, data: bytes) -> object:
        """Keep `data`; returns what to ask for it with.

        Raises:
            UndoError: the disk is full or read-only.
        """
        try:
            if self._file is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
            self._file.seek(self._end)
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            message, hint = explain(error)
            raise UndoError(f"Older steps cannot be kept for undo: {message}", hint) from error
        handle = (self._end, len(data))
        self._end += len(data)
        self._held += 1
        return handle

    def get(self, handle: object) -> bytes:
        """What was put.

        Raises:
            UndoError: it cannot be read any more.
        """
        assert isinstance(handle, tuple)
        start, length = handle
        data = b""
        try:
            if self._file is not None:
                self._file.seek(start)
                data = self._file.read(length)
        except OSError as error:
            message, hint = explain(error)
            raise UndoError(f"This step cannot be read back: {message}", hint) from error
        if len(data) != length:
            raise UndoError("This step cannot be read back.", "The steps after it can be undone.")
        return data

    def drop(self, handle: object) -> None:
        """It will not be asked for any more; the file shrinks when nothing is left in it."""
        del handle
        self._held -= 1
        if self._held == 0 and self._file is not None:
            self._end = 0
            self._file.truncate(0)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class UndoArchive:
    """The newest steps of images that are not in memory, one file each; losing one costs no pixel.

    A file is used only for the very mask that it was written with.

    Args:
        folder: of the project's cache.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, name: str, edits: Iterable[Edit], mask: MaskSnapshot) -> None:
        """Keep the steps of the image `name`; without any, what was kept is removed."""
        edits, path = list(edits), self._path(name)
        try:
            if not edits:
                path.unlink(missing_ok=True)
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            data = _to_bytes(edits, mask)
            write_atomic(path, lambda file: file.write(data), durable=False)
        except OSError as error:
            _log.warning("undo of %s is not kept: %s", name, error)

    def load(self, name: str, mask: MaskSnapshot) -> list[Edit]:
        """The steps kept for the image `name`; none when the mask is another one by now."""
        try:
            data = self._path(name).read_bytes()
            return _from_bytes(data, mask)
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
            _log.warning("undo of %s cannot be read: %s", name, error)
            return []

    def _path(self, name: str) -> Path:
        # Names may be long and hold slashes: a number stands for them.
        return self._folder / f"{zlib.crc32(name.encode('utf-8', 'surrogateescape')):08x}.undo"


def digest(mask: MaskSnapshot) -> int:
    """A number that tells masks apart."""
    value = zlib.crc32(repr(mask.shape).encode())
    for key in sorted(mask.tiles):
        value = zlib.crc32(repr(key).encode(), value)
        value = zlib.crc32(mask.tiles[key].tobytes(), value)
    return value


def _to_bytes(edits: list[Edit], mask: MaskSnapshot) -> bytes:
    bodies = [edit.to_bytes() for edit in edits]
    header = {"mask": digest(mask), "steps": [_describe(e) for e in edits]}
    text = json.dumps(header).encode()
    out = io.BytesIO()
    out.write(_MAGIC)
    for part in (text, *bodies):
        out.write(_LENGTH.pack(len(part)))
        out.write(part)
    return out.getvalue()


def _from_bytes(data: bytes, mask: MaskSnapshot) -> list[Edit]:
    if not data.startswith(_MAGIC):
        raise ValueError("not a file of undo steps")
    parts = []
    at = len(_MAGIC)
    while at < len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        parts.append(data[at : at + length])
        at += length
    header = json.loads(parts[0])
    if header["mask"] != digest(mask):
        return []
    return [_restored(row, body) for row, body in zip(header["steps"], parts[1:], strict=True)]


def _describe(edit: Edit) -> dict[str, Any]:
    rect, preview = edit.step.rect, edit.step.preview
    changed = np.flatnonzero(edit.delta)
    return {
        "name": edit.step.name,
        "rect": [rect.x0, rect.y0, rect.x1, rect.y1],
        "preview": preview.tolist(),
        "delta": [[int(i), int(edit.delta[i])] for i in changed],
    }


def _restored(row: dict[str, Any], body: bytes) -> Edit:
    delta = np.zeros(256, np.int64)
    for index, change in row["delta"]:
        delta[index] = change
    preview = np.array(row["preview"], np.uint8)
    return Edit(Step(row["name"], Rect(*row["rect"]), preview), delta, dict(split(body)))
