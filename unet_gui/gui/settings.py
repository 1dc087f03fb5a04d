"""What the program remembers between starts: one table over QSettings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QByteArray, QSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_RECENT: Final = 10


class Kind(Enum):
    """How a value is written to and read from text."""

    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    TEXT = "text"
    TEXTS = "texts"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Setting:
    """One remembered value."""

    key: str
    kind: Kind
    default: Any


SETTINGS: Final = (
    Setting("window/geometry", Kind.BYTES, b""),
    Setting("window/docks", Kind.BYTES, b""),
    Setting("window/theme", Kind.TEXT, "system"),
    Setting("paint/brush_size", Kind.INT, 20),
    Setting("paint/eraser_size", Kind.INT, 20),
    Setting("paint/shape", Kind.TEXT, "polygon"),
    Setting("paint/square", Kind.BOOL, False),
    Setting("paint/pressure", Kind.BOOL, True),
    Setting("paint/tolerance", Kind.INT, 24),
    Setting("paint/connected", Kind.BOOL, True),
    Setting("paint/superpixel", Kind.INT, 24),
    Setting("paint/speck", Kind.INT, 32),
    Setting("paint/radius", Kind.INT, 2),
    Setting("view/smooth", Kind.BOOL, False),
    Setting("view/pixel_grid", Kind.BOOL, True),
    Setting("view/rulers", Kind.BOOL, False),
    Setting("view/superpixels", Kind.BOOL, True),
    Setting("view/opacity", Kind.FLOAT, 0.5),
    Setting("view/outline", Kind.BOOL, False),
    Setting("view/uncertainty_opacity", Kind.FLOAT, 0.7),
    Setting("images/order", Kind.TEXT, "file"),
    Setting("learn/budget", Kind.INT, 60),
    Setting("learn/instant", Kind.BOOL, True),
    Setting("projects/recent", Kind.TEXTS, ()),
    Setting("projects/last", Kind.TEXT, ""),
    Setting("export/folder", Kind.TEXT, ""),
    Setting("export/format", Kind.TEXT, "voc"),
    Setting("export/choices", Kind.TEXT, ""),
    Setting("new_project/folder", Kind.TEXT, ""),
)

_BY_KEY: Final = {s.key: s for s in SETTINGS}


class Settings:
    """Typed access by key. A value that cannot be read counts as never set.

    Args:
        store: where they are kept; the user's own settings file unless given.
    """

    def __init__(self, store: QSettings | None = None) -> None:
        self._store = store or QSettings(
            QSettings.Format.IniFormat, QSettings.Scope.UserScope, "unet-gui", "unet-gui"
        )

    def get(self, key: str) -> Any:
        """The remembered value in the kind of the table, or its default."""
        setting = _BY_KEY[key]
        raw = self._store.value(key)
        if raw is None:
            return setting.default
        try:
            return _decoded(raw, setting.kind)
        except (ValueError, TypeError):
            return setting.default

    def set(self, key: str, value: Any) -> None:
        self._store.setValue(key, _encoded(value, _BY_KEY[key].kind))

    def recent_projects(self) -> list[str]:
        """Folders of projects opened lately, the latest first."""
        return [str(folder) for folder in self.get("projects/recent")]

    def remember_project(self, folder: str) -> None:
        """Put a project at the head of the recent ones and open it at the next start."""
        others = [f for f in self.recent_projects() if f != folder]
        self.set("projects/recent", [folder, *others][:MAX_RECENT])
        self.set("projects/last", folder)

    def forget_project(self, folder: str) -> None:
        """Drop a project that is not there any more."""
        self.set("projects/recent", [f for f in self.recent_projects() if f != folder])

    def own_keys(self, action_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The keys the person chose by action id; actions with the usual keys are not in it."""
        own = {}
        for action_id in action_ids:
            raw = self._store.value(f"keys/{action_id}")
            if raw is not None:
                try:
                    own[action_id] = _decoded(raw, Kind.TEXTS)
                except (ValueError, TypeError):
                    continue
        return own

    def set_own_keys(self, own: Mapping[str, Iterable[str]]) -> None:
        """Remember these and no others."""
        self._store.remove("keys")
        for action_id, keys in own.items():
            self._store.setValue(f"keys/{action_id}", _encoded(keys, Kind.TEXTS))

    def sync(self) -> None:
        self._store.sync()


def _encoded(value: Any, kind: Kind) -> Any:
    if kind is Kind.BYTES:
        return QByteArray(bytes(value))
    if kind is Kind.TEXTS:
        return json.dumps(list(value))
    return {Kind.BOOL: bool, Kind.INT: int, Kind.FLOAT: float, Kind.TEXT: str}[kind](value)


def _decoded(raw: Any, kind: Kind) -> Any:
    """An INI file gives texts back whatever was put in."""
    if kind is Kind.BYTES:
        return bytes(raw.data()) if isinstance(raw, QByteArray) else bytes(raw)
    if kind is Kind.TEXTS:
        return tuple(str(item) for item in json.loads(raw))
    if kind is Kind.BOOL:
        return str(raw).lower() in ("true", "1")
    if kind is Kind.FLOAT:
        return float(raw)
    return int(raw) if kind is Kind.INT else str(raw)
