"""The classes of a folder, read with more patience than a project is opened with."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from unet_gui.core.errors import ClassTableError
from unet_gui.dataset.class_files import find_classes
from unet_gui.dataset.project_file import FILE_NAME, classes_from_json

if TYPE_CHECKING:
    from pathlib import Path

    from unet_gui.core.classes import ClassTable


@dataclass(slots=True)
class ClassList:
    """What is known about the classes of a folder.

    Attributes:
        table: The classes; None where nothing tells them, or what tells them is damaged.
        raw: What project.json holds; None without one, {} for a damaged one.
        damage: Why project.json could not be read; empty when it could.
        retired: Ids of deleted classes.
    """

    table: ClassTable | None = None
    raw: dict[str, Any] | None = None
    damage: str = ""
    retired: frozenset[int] = frozenset()
    mask_names: dict[str, str] = field(default_factory=dict)

    @property
    def is_project(self) -> bool:
        return self.raw is not None

    @property
    def ids(self) -> frozenset[int] | None:
        return None if self.table is None else frozenset(self.table.ids)

    def text(self, key: str, default: str) -> str:
        """A folder that project.json names."""
        value = (self.raw or {}).get(key)
        return value if isinstance(value, str) else default


def read_classes(folder: Path) -> ClassList:
    """The classes from project.json, or else from the files that datasets bring along."""
    file = folder / FILE_NAME
    if not file.exists():
        return ClassList(_beside(folder))
    try:
        raw = json.loads(file.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as exc:
        return ClassList(raw={}, damage=f"line {exc.lineno} is not JSON ({exc.msg})")
    except (OSError, ValueError, RecursionError):
        return ClassList(raw={}, damage="it is not UTF-8 text that may be read")
    if not isinstance(raw, dict):
        return ClassList(raw={}, damage="it does not hold a JSON object")
    retired = raw.get("retired")
    names = raw.get("mask_names")
    return ClassList(
        _table(raw),
        raw,
        retired=frozenset(i for i in retired if isinstance(i, int))
        if isinstance(retired, list)
        else frozenset(),
        mask_names={k: v for k, v in names.items() if isinstance(v, str)}
        if isinstance(names, dict)
        else {},
    )


def _table(raw: dict[str, Any]) -> ClassTable | None:
    try:
        return classes_from_json(raw.get("classes", []))
    except (ClassTableError, ValueError, TypeError):
        return None


def _beside(folder: Path) -> ClassTable | None:
    """Also one folder up and down, where VOC folders and splits keep theirs."""
    places = [folder, *sorted(p for p in _subfolders(folder) if (p / "JPEGImages").is_dir())]
    if folder.name in {"train", "val", "test"}:
        places.append(folder.parent)
    return next((t for t in map(find_classes, places) if t is not None), None)


def _subfolders(folder: Path) -> list[Path]:
    try:
        return [p for p in folder.iterdir() if p.is_dir()]
    except OSError:
        return []
