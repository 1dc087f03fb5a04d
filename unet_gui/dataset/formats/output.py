"""The folder an export is written to: which files it got, how large, with which checksums."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PARTS: Final = ".parts.jsonl"

_CHUNK: Final = 4 << 20
_BINARY: Final = getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class Written:
    """A file of an export.

    Attributes:
        size: In bytes.
        sha256: In hexadecimal; empty where it is not known yet.
    """

    size: int
    sha256: str = ""


class Output:
    """Writes the files of an export and remembers what it wrote.

    A checksum is taken of bytes that are in memory anyway: reading tens of thousands of files once
    more takes longer than copying them.

    Attributes:
        folder: Where to.
        fresh: Files since `begin`, by name relative to the folder; None where another library wrote
            the file.
        sums: SHA-256 by name, of all files whose bytes went through here.
    """

    def __init__(self, folder: Path, *, sums: bool = True) -> None:
        """Write into `folder`; `sums` says whether checksums are wanted at all."""
        self.folder = folder
        self.fresh: dict[str, Written | None] = {}
        self.sums: dict[str, str] = {}
        self._summed = sums
        self._folders: set[str] = set()

    def begin(self) -> None:
        """Files from now on belong to another item."""
        self.fresh = {}

    def target(self, name: str) -> Path:
        """The file to write for this name relative to the folder; its own folder is there."""
        path = self.folder / name
        parent = name.rpartition("/")[0]
        if parent not in self._folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._folders.add(parent)
        self.fresh[name] = None
        return path

    def write(self, name: str, data: bytes) -> None:
        """Write a file.

        Raises:
            OSError: the disk is full, ….
        """
        _write_whole(self.target(name), data)
        self._note(name, len(data), hashlib.sha256(data).hexdigest() if self._summed else "")

    def copy(self, name: str, source: Path) -> None:
        """Write the content of another file, never in memory as a whole.

        Raises:
            OSError: the disk is full, ….
        """
        target = self.target(name)
        if not self._summed:
            shutil.copyfile(source, target)
            return
        digest, size = hashlib.sha256(), 0
        with source.open("rb") as read, target.open("wb") as file:
            while chunk := read.read(_CHUNK):
                digest.update(chunk)
                size += file.write(chunk)
        self._note(name, size, digest.hexdigest())

    def settled(self) -> dict[str, Written]:
        """`fresh`, with the sizes of what other libraries wrote."""
        return {
            name: Written((self.folder / name).stat().st_size) if file is None else file
            for name, file in self.fresh.items()
        }

    def known(self, files: Iterable[tuple[str, Written]]) -> None:
        """Take over what an earlier run has noted of files that stayed."""
        self.sums |= {name: file.sha256 for name, file in files if file.sha256}

    def _note(self, name: str, size: int, sha256: str) -> None:
        self.fresh[name] = Written(size, sha256)
        if sha256:
            self.sums[name] = sha256
        else:
            self.sums.pop(name, None)


class Parts:
    """What items add to files about all of them, put aside on disk in one file, a line each.

    Attributes:
        places: (where the line begins, how long it is), by item.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / PARTS
        self._open: BinaryIO | None = None
        self._end = 0
        self.places: dict[str, tuple[int, int]] = {}

    def add(self, name: str, text: str) -> None:
        """Put aside a line of ASCII.

        Raises:
            OSError: the disk is full, ….
        """
        if self._open is None:
            self._open = self._file.open("ab")
            self._end = self._open.seek(0, os.SEEK_END)
        data = text.encode("ascii") + b"\n"
        self._open.write(data)
        self.places[name] = self._end, len(data)
        self._end += len(data)

    def flush(self) -> None:
        """What was added is in the file."""
        if self._open is not None:
            self._open.flush()

    def close(self) -> None:
        """Let go of the file; `add` takes it up again."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def lines(self, names: Iterable[str]) -> Iterator[bytes]:
        """The line of each item."""
        self.close()
        with closing(self._file.open("rb")) as file:
            for name in names:
                start, size = self.places[name]
                file.seek(start)
                yield file.read(size)


def read_whole(path: Path, limit: int) -> bytes | None:
    """The bytes of a file; None when there are more than `limit`.

    Raises:
        OSError: it cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | _BINARY)
    try:
        size = os.fstat(descriptor).st_size
        if size > limit:
            return None
        pieces = [os.read(descriptor, size + 1)]
        while pieces[-1]:
            pieces.append(os.read(descriptor, limit))
        return pieces[0] if len(pieces) == 2 else b"".join(pieces)
    finally:
        os.close(descriptor)


def _write_whole(path: Path, data: bytes) -> None:
    # A third of the calls that `open` needs: of small files they are most of the work.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    finally:
        os.close(descriptor)


def all_files(folder: Path) -> Iterator[str]:
    """Names of all files, relative to a folder, with "/"."""
    cut = len(str(folder)) + 1
    for place, _, files in os.walk(folder):
        inside = place[cut:].replace(os.sep, "/")
        yield from (f"{inside}/{file}" if inside else file for file in files)
