"""The images of a project as a Qt model, with their status; cheap for very many."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from unet_gui.dataset.project import Status
from unet_gui.gui.panels.wording import status_words, tip

if TYPE_CHECKING:
    from collections.abc import Callable

    from unet_gui.dataset.project import ImageEntry, Project

Index = QModelIndex | QPersistentModelIndex


class ImageRole(IntEnum):
    """What a row knows beside its name."""

    ENTRY = Qt.ItemDataRole.UserRole + 1
    STATUS = Qt.ItemDataRole.UserRole + 2
    MATCHES = Qt.ItemDataRole.UserRole + 3


MATCH: Final = "match"
"""What `ImageRole.MATCHES` says of an image that is looked for."""


class ImageModel(QAbstractListModel):
    """Every image of the project, in its order.

    Attributes:
        matches: Whether the image of a row is one that the person looks for.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project: Project | None = None
        self._entries: list[ImageEntry] = []
        self._rows: dict[str, int] = {}
        self._statuses: list[Status | None] = []
        self._counts = dict.fromkeys(Status, 0)
        self._newer: set[str] = set()
        self.matches: Callable[[int], bool] = lambda _row: True
        self._words = status_words()

    def show(self, project: Project | None, entries: list[ImageEntry]) -> None:
        """List these images of `project`; their statuses come through `take_statuses`."""
        self.beginResetModel()
        self._project = project
        self._entries = list(entries)
        self._rows = {entry.name: row for row, entry in enumerate(self._entries)}
        self._statuses = [None] * len(self._entries)
        self._counts = dict.fromkeys(Status, 0)
        self._newer.clear()
        self.endResetModel()

    def reorder(self, entries: list[ImageEntry]) -> None:
        """The same images in another order; what is known of them stays."""
        self.beginResetModel()
        known = {e.name: s for e, s in zip(self._entries, self._statuses, strict=True)}
        self._entries = list(entries)
        self._rows = {entry.name: row for row, entry in enumerate(self._entries)}
        self._statuses = [known.get(entry.name) for entry in self._entries]
        self.endResetModel()

    @property
    def entries(self) -> list[ImageEntry]:
        """The images, row by row."""
        return self._entries

    def expect_statuses(self) -> None:
        """All are about to be read again; what `take_statuses` gets from now on is news."""
        self._newer.clear()

    def take_statuses(self, batch: list[tuple[str, Status]]) -> None:
        """Statuses read in the background; they yield to what was asked for meanwhile."""
        rows = []
        for name, status in batch:
            row = self._rows.get(name)
            if row is not None and name not in self._newer and self._statuses[row] is not status:
                self._set(row, status)
                rows.append(row)
        if rows:
            self.dataChanged.emit(self.index(min(rows)), self.index(max(rows)))

    def refresh_status(self, name: str) -> None:
        """Ask the project for this image's status again."""
        row = self._rows.get(name)
        if row is None or self._project is None:
            return
        status = self._project.status(self._entries[row])
        self._newer.add(name)
        if status is not self._statuses[row]:
            self._set(row, status)
            self.dataChanged.emit(self.index(row), self.index(row))

    def _set(self, row: int, status: Status) -> None:
        before = self._statuses[row]
        if before is not None:
            self._counts[before] -= 1
        self._counts[status] += 1
        self._statuses[row] = status

    def name(self, row: int) -> str:
        """The image in this row."""
        return self._entries[row].name

    def status(self, row: int) -> Status | None:
        """Its status; None while it is not known yet."""
        return self._statuses[row]

    def is_done(self, name: str) -> bool:
        """Whether this image is known to be done."""
        row = self._rows.get(name)
        return row is not None and self._statuses[row] is Status.DONE

    def look_again(self, names: list[str]) -> None:
        """Have it decided anew whether these images are shown."""
        for row in (self._rows[name] for name in names if name in self._rows):
            self.dataChanged.emit(self.index(row), self.index(row))

    def index_of(self, name: str) -> QModelIndex:
        """The row of an image; an invalid index when it is not there."""
        row = self._rows.get(name)
        return QModelIndex() if row is None else self.index(row)

    def counts(self) -> dict[Status, int]:
        """How many images have each status."""
        return dict(self._counts)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry, status = self._entries[index.row()], self._statuses[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(entry.name)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{entry.name}, {self._words[status]}" if status else entry.name
        if role == ImageRole.MATCHES:
            return MATCH if self.matches(index.row()) else ""
        if role == ImageRole.ENTRY:
            return entry
        return status if role == ImageRole.STATUS else None
