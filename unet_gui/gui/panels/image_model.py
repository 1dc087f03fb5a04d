"""The images of a project as Qt models: all of them with their status, and those that match."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

from unet_gui.dataset.project import Status
from unet_gui.gui.panels.wording import status_words, tip

if TYPE_CHECKING:
    from unet_gui.dataset.project import ImageEntry, Project

Index = QModelIndex | QPersistentModelIndex


class ImageRole(IntEnum):
    """What a row knows beside its name."""

    ENTRY = Qt.ItemDataRole.UserRole + 1
    STATUS = Qt.ItemDataRole.UserRole + 2


class ImageModel(QAbstractListModel):
    """Every image of the project, in its order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project: Project | None = None
        self._entries: list[ImageEntry] = []
        self._rows: dict[str, int] = {}
        self._statuses: list[Status | None] = []
        self._newer: set[str] = set()
        self._words = status_words()

    def show(self, project: Project | None) -> None:
        """List the images of `project`; their statuses come through `take_statuses`."""
        self.beginResetModel()
        self._project = project
        self._entries = list(project.images) if project is not None else []
        self._rows = {entry.name: row for row, entry in enumerate(self._entries)}
        self._statuses = [None] * len(self._entries)
        self._newer.clear()
        self.endResetModel()

    def expect_statuses(self) -> None:
        """All are about to be read again; what `take_statuses` gets from now on is news."""
        self._newer.clear()

    def take_statuses(self, batch: list[tuple[str, Status]]) -> None:
        """Statuses read in the background; they yield to what was asked for meanwhile."""
        rows = []
        for name, status in batch:
            row = self._rows.get(name)
            if row is not None and name not in self._newer and self._statuses[row] is not status:
                self._statuses[row] = status
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
            self._statuses[row] = status
            self.dataChanged.emit(self.index(row), self.index(row))

    def is_done(self, name: str) -> bool:
        """Whether this image is known to be done."""
        row = self._rows.get(name)
        return row is not None and self._statuses[row] is Status.DONE

    def touch(self, name: str) -> None:
        """Have the row painted again."""
        if (row := self._rows.get(name)) is not None:
            self.dataChanged.emit(
                self.index(row), self.index(row), [Qt.ItemDataRole.DecorationRole]
            )

    def index_of(self, name: str) -> QModelIndex:
        """The row of an image; an invalid index when it is not there."""
        row = self._rows.get(name)
        return QModelIndex() if row is None else self.index(row)

    def counts(self) -> dict[Status, int]:
        """How many images have each status."""
        result = dict.fromkeys(Status, 0)
        for status in self._statuses:
            if status is not None:
                result[status] += 1
        return result

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
        if role == ImageRole.ENTRY:
            return entry
        return status if role == ImageRole.STATUS else None


class ImageFilter(QSortFilterProxyModel):
    """Rows of one status whose name holds the words looked for.

    The image at hand stays in the list even when its status has just changed, so that it does not
    vanish under the person's hands.
    """

    def __init__(self, model: ImageModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._status: Status | None = None
        self._words: list[str] = []
        self._kept = ""
        self.setSourceModel(model)

    def set_status(self, status: Status | None) -> None:
        """Only this status; all when None."""
        self._status = status
        self._refilter()

    def set_words(self, text: str) -> None:
        """Only names with all of these words, in any order and case."""
        self._words = text.casefold().split()
        self._refilter()

    def keep(self, name: str) -> None:
        """Never hide this image by its status."""
        if name != self._kept:
            self._kept = name
            if self._status is not None:
                self._refilter()

    @property
    def active(self) -> bool:
        """Whether anything may be hidden."""
        return self._status is not None or bool(self._words)

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        index = self._model.index(source_row, 0, source_parent)
        name: str = index.data()
        if (
            self._status is not None
            and name != self._kept
            and index.data(ImageRole.STATUS) is not self._status
        ):
            return False
        folded = name.casefold()
        return all(word in folded for word in self._words)

    def _refilter(self) -> None:
        # The functions made for this are deprecated in, or missing from, one of the Qt versions.
        self.invalidate()
