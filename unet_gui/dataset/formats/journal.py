"""What a resumable export has completed, so that the next run need not do it again."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TextIO

from unet_gui.dataset.formats.pixels import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

NAME: Final = ".journal.jsonl"
PARTS: Final = ".parts"


def fingerprint(*parts: Any) -> str:
    """Equal when everything that an item's files are made from is equal."""
    text = json.dumps(parts, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:24]


class Journal:
    """Completed items of an export, one JSON line each, in the folder it is written to.

    Files that belong to no completed item are removed at the start: they may be cut short.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / NAME
        self._open: TextIO | None = None
        self._done: dict[str, tuple[str, dict[str, int], Tally]] = {}
        for line in self._lines():
            with suppress(ValueError, KeyError, TypeError):
                entry = json.loads(line)
                tally = Tally.from_json(entry["tally"])
                self._done[entry["name"]] = (entry["key"], entry["files"], tally)

    def clear(self, keys: Iterable[tuple[str, str]]) -> None:
        """Forget all but these (name, fingerprint), and remove what belongs to none of them."""
        wanted = dict(keys)
        self._done = {
            name: entry
            for name, entry in self._done.items()
            if wanted.get(name) == entry[0] and self._whole(entry[1])
        }
        owned = {self._folder / f for _, files, _ in self._done.values() for f in files}
        for path in list(self._folder.rglob("*")):
            if path.is_file() and path not in owned:
                path.unlink()
        with self._file.open("w", encoding="ascii") as file:
            for name, (key, files, tally) in self._done.items():
                file.write(_line(name, key, files, tally))

    def done(self, name: str, key: str) -> Tally | None:
        """What happened to the pixels of a completed item; None when it is still to be done."""
        entry = self._done.get(name)
        return entry[2] if entry is not None and entry[0] == key else None

    def finish(self, name: str, key: str, written: Sequence[Path], tally: Tally) -> None:
        """Note that an item is complete."""
        files = {p.relative_to(self._folder).as_posix(): p.stat().st_size for p in written}
        if self._open is None:
            self._open = self._file.open("a", encoding="ascii")
        self._open.write(_line(name, key, files, tally))
        self._open.flush()  # it counts from now on, even if the program is killed

    def close(self) -> None:
        """Let go of the file; `finish` takes it up again."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _whole(self, files: dict[str, int]) -> bool:
        try:
            return all((self._folder / f).stat().st_size == n for f, n in files.items())
        except OSError:
            return False

    def _lines(self) -> list[str]:
        try:
            return self._file.read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:
            return []


def serves(file: Path, folder: Path) -> bool:
    """Whether a file in the folder of an export serves the writing only.

    They stay until all others are where they belong, so that even then a run that was killed goes
    on instead of beginning anew.
    """
    return file.relative_to(folder).parts[0] in {NAME, PARTS}


def _line(name: str, key: str, files: dict[str, int], tally: Tally) -> str:
    entry = {"name": name, "key": key, "files": files, "tally": tally.to_json()}
    return json.dumps(entry) + "\n"
