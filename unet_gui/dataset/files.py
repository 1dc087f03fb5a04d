"""Writing files so that a crash, a full disk or a second program never leaves half of one."""

from __future__ import annotations

import errno
import json
import os
import secrets
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_TEMPORARY = ".unet-gui.tmp"

Stamp = tuple[int, int]
"""Modification time in ns and size in bytes: two equal stamps mean an unchanged file."""


def stamp(path: Path) -> Stamp | None:
    """The file's stamp; None when there is no such file."""
    try:
        status = os.stat(path)  # noqa: PTH116 - asked thousands of times
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size


def write_atomic(path: Path, write: Callable[[BinaryIO], object], *, durable: bool = True) -> None:
    """Write a file whole or not at all: temporary file beside it, fsync, rename.

    A symbolic link is written through, so that it stays a link. Folders on the way are made.
    Without `durable` (for caches) the disk may take its time.

    Raises:
        OSError: the disk is full, the folder read-only, …; the old file is as it was and the
            temporary one is gone.
    """
    target = path.resolve() if path.is_symlink() else path
    target.parent.mkdir(parents=True, exist_ok=True)
    # Short, because the name it stands in for may already be as long as the file system allows.
    temporary = target.with_name(f".{secrets.token_hex(6)}{_TEMPORARY}")
    try:
        with temporary.open("xb") as file:
            write(file)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        _replace(temporary, target)
    finally:
        with suppress(OSError):
            temporary.unlink()
    if durable:
        _sync_folder(target.parent)


def write_json(path: Path, data: Any, *, durable: bool = True) -> None:
    """Write `data` atomically as readable UTF-8 JSON.

    Raises:
        OSError: as `write_atomic`.
    """
    text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    try:
        encoded = text.encode("utf-8")
    except UnicodeEncodeError:  # a file name of bytes that are no UTF-8
        encoded = (json.dumps(data, indent=2) + "\n").encode("ascii")
    write_atomic(path, lambda file: file.write(encoded), durable=durable)


def is_writable(folder: Path) -> bool:
    """Whether files can be made in an existing folder, found out by making one.

    Permission bits alone do not tell: a read-only disk may have them all. But a folder that nobody
    may write to is left alone by an administrator too, who could.
    """
    try:
        if os.name != "nt" and not folder.stat().st_mode & 0o222:
            return False
    except OSError:
        return False
    probe = folder / f".{secrets.token_hex(6)}{_TEMPORARY}"
    try:
        with probe.open("xb"):
            pass
    except OSError:
        return False
    with suppress(OSError):
        probe.unlink()
    return True


def explain(error: OSError) -> tuple[str, str]:
    """Why writing failed and what to do about it, in words."""
    if error.errno in {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}:
        return "the disk is full", "Free some space and try again."
    if error.errno == errno.EROFS:
        return "the disk is read-only", "Work on a copy that you may write to."
    if error.errno in {errno.EACCES, errno.EPERM}:
        return "writing is not allowed there", "Check the permissions of the folder."
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return "the folder is gone", "Is the drive still connected?"
    if error.errno == errno.ENAMETOOLONG:
        return "the file name is too long", "Use shorter names."
    return error.strerror or type(error).__name__, ""


@contextmanager
def locked(path: Path, *, patience: float = 5.0) -> Iterator[None]:
    """Hold off other processes that use the same lock file while the block runs.

    Two writers of a project (the window, a training run) meet rarely and briefly. A lock that
    cannot be had, because the folder or the file system has none, is done without.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError:
        yield
        return
    with file:
        held = _wait_for_lock(file.fileno(), patience)
        try:
            yield
        finally:
            if held:
                _unlock(file.fileno())


def _wait_for_lock(descriptor: int, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while True:
        try:
            _lock(descriptor)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        except OSError:
            return False
        else:
            return True


if os.name == "nt":
    import msvcrt

    def _lock(descriptor: int) -> None:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except PermissionError as exc:
            raise BlockingIOError(*exc.args) from exc

    def _unlock(descriptor: int) -> None:
        with suppress(OSError):
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined,unused-ignore]

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _replace(source: Path, target: Path) -> None:
    for attempt in range(5):
        try:
            os.replace(source, target)  # noqa: PTH105 - tests simulate a failing rename here
        except PermissionError:
            # Windows refuses while a virus scanner or a viewer has the old file open.
            if os.name != "nt" or attempt == 4:
                raise
            time.sleep(0.05 * 2**attempt)
        else:
            return


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    # The rename itself must reach the disk too; some network file systems cannot do that.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
