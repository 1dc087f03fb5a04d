"""Rounds: the folders `models/<round>/` that fine-tuning leaves behind."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from unet_gui.core.errors import ProjectError
from unet_gui.dataset.discovery import natural_key
from unet_gui.dataset.files import explain, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CHECKPOINT_NAME: Final = "checkpoint.safetensors"
INFO_NAME: Final = "model.json"

_NUMBERED = re.compile(r"\.?round-(\d+)")


@dataclass(frozen=True, slots=True)
class Round:
    """One finished fine-tuning run.

    Attributes:
        name: Folder name, such as "round-003".
        path: The folder with checkpoint.safetensors and model.json.
        info: What model.json says.
    """

    name: str
    path: Path
    info: dict[str, Any] = field(compare=False)

    @property
    def note(self) -> str:
        """What the person wrote about it."""
        return str(self.info.get("note") or "")

    def write_note(self, text: str) -> None:
        """Keep a note in model.json; an empty one takes it out.

        Raises:
            ProjectError: it cannot be written.
        """
        found = _read_round(self.path)
        info = dict(self.info if found is None else found.info)
        info.pop("note", None)
        if text.strip():
            info["note"] = text.strip()
        try:
            write_json(self.path / INFO_NAME, info)
        except OSError as error:
            reason, hint = explain(error)
            raise ProjectError(f"The note cannot be written: {reason}.", hint) from error
        self.info.clear()
        self.info.update(info)


class Rounds:
    """The rounds in one or more folders. New ones go into the last, which also wins over others."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders

    def all(self) -> list[Round]:
        """The complete rounds, oldest number first. Half-made ones are left out."""
        found = {
            r.name: r for folder in self._folders for r in map(_read_round, _inside(folder)) if r
        }
        return sorted(found.values(), key=lambda r: natural_key(r.name))

    def get(self, name: str) -> Round:
        """The round of this name.

        Raises:
            ProjectError: there is none.
        """
        for found in self.all():
            if found.name == name:
                return found
        raise ProjectError(
            f"There is no round “{name}”.", f"Rounds are kept in {self._folders[-1]}."
        )

    def next_name(self) -> str:
        """A name that no folder has yet, half-made rounds included: one more than the highest."""
        names = [p.name for folder in self._folders for p in _inside(folder)]
        numbers = [int(m[1]) for m in map(_NUMBERED.match, names) if m]
        return f"round-{max(numbers, default=0) + 1:03d}"


def _inside(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _read_round(folder: Path) -> Round | None:
    if folder.name.startswith(".") or not (folder / CHECKPOINT_NAME).is_file():
        return None
    try:
        info = json.loads((folder / INFO_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return Round(folder.name, folder, info) if isinstance(info, dict) else None


def ancestors(rounds: Iterable[Round], name: str) -> list[str]:
    """The round that one went on from, the one before that, and so on, as far as it is known.

    Rounds of another learner are none of them.
    """
    known = {each.name: each.info for each in rounds}
    found: list[str] = []
    own = known.get(name, {})
    before = own.get("parent")
    while isinstance(before, str) and before not in found:
        info = known.get(before, {})
        if info.get("learner") != own.get("learner"):
            break
        found.append(before)
        before = info.get("parent")
    return found
