"""What a resumable export has completed, so that the next run need not do it again."""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TextIO

from unet_gui.dataset.formats.output import PARTS, Written, all_files
from unet_gui.dataset.formats.pixels import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

NAME: Final = ".journal.jsonl"

_REST: Final = 0.5
"""Seconds between two times the journal reaches the disk: so much is done again after a kill."""


def fingerprint(*parts: Any) -> str:
    """Equal when everything that an item's files are made from is equal."""
    text = json.dumps(parts, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Done:
    """A completed item.

    Attributes:
        key: Fingerprint of what it was made from.
        files: What was written of it.
        tally: What happened to its pixels.
        part: Where in the file of parts that of the item is, if it has one: (start, length).
    """

    key: str
    files: Mapping[str, Written]
    tally: Tally
    part: tuple[int, int] | None = None


class Journal:
    """Completed items of an export, one JSON line each, in the folder it is written to.

    Files that belong to no completed item are removed at the start: they may be cut short.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / NAME
        self._open: TextIO | None = None
        self._flushed = time.monotonic()
        self._done: dict[str, Done] = {}
        for line in self._lines():
            with suppress(ValueError, KeyError, TypeError):
                name, done = _parsed(json.loads(line))
                self._done[name] = done

    def clear(self, keys: Iterable[tuple[str, str]]) -> None:
        """Forget all but these (name, fingerprint), and remove what belongs to none of them."""
        wanted = dict(keys)
        parts = self._size(PARTS)
        self._done = {
            name: done
            for name, done in self._done.items()
            if wanted.get(name) == done.key and self._whole(done, parts)
        }
        owned = {PARTS, *(f for done in self._done.values() for f in done.files)}
        for name in list(all_files(self._folder)):
            if name not in owned:
                (self._folder / name).unlink()
        with self._file.open("w", encoding="ascii") as file:
            for name, done in self._done.items():
                file.write(_line(name, done))

    def parts(self) -> dict[str, tuple[int, int]]:
        """Where in the file of parts those of completed items are."""
        return {name: d.part for name, d in self._done.items() if d.part is not None}

    def done(self, name: str, key: str) -> Done | None:
        """A completed item; None when it is still to be done."""
        done = self._done.get(name)
        return done if done is not None and done.key == key else None

    def finish(self, name: str, done: Done) -> bool:
        """Note that an item is complete; True when it is time for `flush`, from when it counts."""
        if self._open is None:
            self._open = self._file.open("a", encoding="ascii")
        self._open.write(_line(name, done))
        return time.monotonic() - self._flushed > _REST

    def flush(self) -> None:
        """All that is finished counts from now on, even if the program is killed."""
        if self._open is not None:
            self._open.flush()
        self._flushed = time.monotonic()

    def close(self) -> None:
        """Let go of the file; `finish` takes it up again."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _whole(self, done: Done, parts: int) -> bool:
        if done.part is not None and sum(done.part) > parts:
            return False
        return all(self._size(name) == file.size for name, file in done.files.items())

    def _size(self, name: str) -> int:
        try:
            return (self._folder / name).stat().st_size
        except OSError:
            return -1

    def _lines(self) -> list[str]:
        try:
            return self._file.read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:
            return []


def serves(name: str) -> bool:
    """Whether a file in the folder of an export, by its name there, serves the writing only.

    They stay until all others are where they belong, so that even then a run that was killed goes
    on instead of beginning anew.
    """
    return name in {NAME, PARTS}


def _line(name: str, done: Done) -> str:
    files = {f: [w.size, w.sha256] for f, w in done.files.items()}
    entry = {"name": name, "key": done.key, "files": files, "tally": done.tally.to_json()}
    return json.dumps(entry if done.part is None else {**entry, "part": done.part}) + "\n"


def _parsed(entry: dict[str, Any]) -> tuple[str, Done]:
    files = {
        str(f): Written(int(size), str(digest)) for f, (size, digest) in entry["files"].items()
    }
    part = entry.get("part")
    place = None if part is None else (int(part[0]), int(part[1]))
    return entry["name"], Done(entry["key"], files, Tally.from_json(entry["tally"]), place)
