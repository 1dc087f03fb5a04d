"""Published weights from the internet: only when asked, resumed where it stopped, verified.

What is fetched grows beside its place under another name and takes its place when its sha256 is
the one expected: nobody ever finds half of a file, or another one.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from unet_gui import __version__
from unet_gui.core.errors import CheckpointError
from unet_gui.core.progress import Progress
from unet_gui.dataset.files import explain

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

CHUNK: Final = 1 << 18
TIMEOUT: Final = 15.0
"""Seconds without a byte after which the connection counts as broken."""

PARTIAL: Final = ".partial"
_ELSEWHERE: Final = (
    "Connect to the internet and try again, or give a file of VGG16 weights "
    "(--encoder-weights FILE)."
)
_NETWORK: Final = (
    URLError,
    TimeoutError,
    ConnectionError,
    http.client.HTTPException,
    ssl.SSLError,
)


@dataclass(frozen=True, slots=True)
class Published:
    """A file that somebody has published.

    Attributes:
        url: Where.
        nbytes: Its size.
        sha256: Of its bytes, 64 hexadecimal digits.
    """

    url: str
    nbytes: int
    sha256: str

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.url.rpartition("/")[2]

    @property
    def host(self) -> str:
        """Who is asked for it."""
        return urlsplit(self.url).netloc


IMAGENET: Final = Published(
    "https://download.pytorch.org/models/vgg16-397923af.pth",
    553_433_881,
    "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
)
"""torchvision's VGG16_Weights.IMAGENET1K_V1."""


def fetch(what: Published, target: Path) -> Generator[Progress, None, Path]:
    """Download to `target`. Closing the generator keeps what has come, for the next time.

    Args:
        what: The file.
        target: Where it belongs; whatever is there is replaced when the new one is complete.

    Yields:
        Progress in bytes.

    Returns:
        `target`.

    Raises:
        CheckpointError: no connection, it broke, another file came, or the disk is full.
    """
    partial = target.with_name(target.name + PARTIAL)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("ab+") as file:
            hasher = yield from _kept(file, what)
            _require_room(target.parent, what.nbytes - file.tell())
            if file.tell() < what.nbytes:
                hasher = yield from _receive(what, file, hasher)
            file.flush()
            os.fsync(file.fileno())
        if hasher.hexdigest() != what.sha256:
            partial.unlink()
            raise CheckpointError(
                f"What came from {what.host} is not {what.name} as it was published; it was "
                "thrown away.",
                "Something on the way, a proxy for one, gave another file. Try again, or from "
                "another network.",
            )
        partial.replace(target)
    except OSError as error:
        reason, hint = explain(error)
        raise CheckpointError(f"{target} cannot be written: {reason}.", hint) from error
    return target


def begun(target: Path) -> int:
    """Bytes that an interrupted download has left; 0 without one."""
    try:
        return target.with_name(target.name + PARTIAL).stat().st_size
    except OSError:
        return 0


def _kept(file: BinaryIO, what: Published) -> Generator[Progress, None, hashlib._Hash]:
    """What an earlier download left; the file stands behind it."""
    hasher = hashlib.sha256()
    size = file.seek(0, os.SEEK_END)
    if size > what.nbytes:
        file.truncate(0)
    file.seek(0)
    while chunk := file.read(CHUNK):
        hasher.update(chunk)
        yield _progress(file.tell(), what, "Checking what has come before")
    return hasher


def _require_room(folder: Path, nbytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < nbytes:
        raise CheckpointError(
            f"{folder} has {free / 1e6:.0f} MB left, {nbytes / 1e6:.0f} MB are needed.",
            "Free some space and try again.",
        )


def _receive(
    what: Published, file: BinaryIO, hasher: hashlib._Hash
) -> Generator[Progress, None, hashlib._Hash]:
    """The rest of the file; all of it where the server cannot begin in the middle."""
    done = file.tell()
    yield _progress(done, what, f"Connecting to {what.host}")
    try:
        headers = {"User-Agent": f"unet-gui/{__version__}"}
        if done:
            headers["Range"] = f"bytes={done}-"
        with urlopen(Request(what.url, headers=headers), timeout=TIMEOUT) as reply:
            if done and not _continues(reply, done):
                file.truncate(0)
                hasher, done = hashlib.sha256(), 0
            while chunk := reply.read1(min(CHUNK, what.nbytes - done)):
                file.write(chunk)
                hasher.update(chunk)
                done += len(chunk)
                yield _progress(done, what, f"Downloading from {what.host}")
    except _NETWORK as error:
        if isinstance(error, HTTPError):
            error.close()
        raise CheckpointError(
            f"{what.name} cannot be downloaded from {what.host}: {_reason(error)}.", _ELSEWHERE
        ) from error
    if done < what.nbytes:
        raise CheckpointError(
            f"The connection to {what.host} broke after {done / 1e6:.0f} of "
            f"{what.nbytes / 1e6:.0f} MB.",
            "Try again: it goes on from there.",
        )
    return hasher


def _continues(reply: http.client.HTTPResponse, done: int) -> bool:
    said = reply.headers.get("Content-Range", "")
    return reply.status == http.HTTPStatus.PARTIAL_CONTENT and said.startswith(f"bytes {done}-")


def _reason(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"it answers {error.code} {error.reason}"
    if isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError):
        return "it does not answer"
    return str(getattr(error, "reason", "") or error or type(error).__name__)


def _progress(done: int, what: Published, text: str) -> Progress:
    return Progress(done, what.nbytes, f"{text}: {done / 1e6:.0f} of {what.nbytes / 1e6:.0f} MB")
