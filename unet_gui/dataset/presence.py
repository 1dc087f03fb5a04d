"""Which files are there, found out by listing folders once instead of asking for each file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


class Presence:
    """Names of files without suffix, relative to folders, as they are now.

    Case and the way accents are written do not tell names apart, as they do not on every disk: a
    file may be said to be there that is not, but none is overlooked.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        """List `folders` and those below; one that cannot be read counts as empty."""
        self._stems = {_form(stem) for folder in folders for stem in _stems(str(folder), "", set())}

    def __contains__(self, name: str) -> bool:
        """Whether there is a file of this name, whatever its suffix; with "/" between folders."""
        return _form(os.path.splitext(name.replace(os.sep, "/"))[0]) in self._stems  # noqa: PTH122 - a hundred thousand names


def _stems(folder: str, prefix: str, seen: set[str]) -> Iterator[str]:
    real = os.path.realpath(folder)
    if real in seen:  # a link that leads in a circle
        return
    subfolders = []
    try:
        with os.scandir(folder) as items:
            for item in items:
                if item.is_dir():
                    subfolders.append(item.name)
                else:
                    yield prefix + os.path.splitext(item.name)[0]  # noqa: PTH122
    except OSError:
        return
    for name in subfolders:
        inside = os.path.join(folder, name)  # noqa: PTH118
        yield from _stems(inside, f"{prefix}{name}/", seen | {real})


def _form(stem: str) -> str:
    return (stem if stem.isascii() else normalize("NFC", stem)).casefold()
