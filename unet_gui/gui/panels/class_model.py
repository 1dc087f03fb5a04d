"""The classes of a project as a Qt model: renamed in place, reordered by drag."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from unet_gui.gui.panels.wording import share, tip

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from unet_gui.core.classes import ClassInfo, ClassTable

Index = QModelIndex | QPersistentModelIndex

KEYS: Final = 9
_MIME: Final = "application/x-unet-gui-class"


class ClassRole(IntEnum):
    """What a row knows beside its name."""

    ID = Qt.ItemDataRole.UserRole + 1
    COLOR = Qt.ItemDataRole.UserRole + 2
    KEY = Qt.ItemDataRole.UserRole + 3
    SHARE = Qt.ItemDataRole.UserRole + 4
    HIDDEN = Qt.ItemDataRole.UserRole + 5
    SOLO = Qt.ItemDataRole.UserRole + 6
    LOCKED = Qt.ItemDataRole.UserRole + 7


class ClassModel(QAbstractListModel):
    """Rows in display order.

    Signals:
        renamed: (id, new name) as typed; whoever owns the classes decides.
        reordered: all ids in the order asked for.
    """

    renamed = Signal(int, str)
    reordered = Signal(list)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._classes: list[ClassInfo] = []
        self._shares: dict[int, str] = {}
        self._hidden: frozenset[int] = frozenset()
        self._locked: frozenset[int] = frozenset()
        self._solo: int | None = None

    def show(self, classes: ClassTable | None) -> None:
        """Show these classes."""
        self.beginResetModel()
        self._classes = list(classes or ())
        self.endResetModel()

    def show_counts(self, counts: NDArray[np.int64] | None) -> None:
        """Show each class's share of the open image; `counts` int64[256] pixels by mask value."""
        total = 0 if counts is None else int(counts.sum())
        shares = {
            c.id: share(int(counts[c.id]), total) if counts is not None else ""
            for c in self._classes
        }
        if shares != self._shares and self._classes:
            self._shares = shares
            self.dataChanged.emit(
                self.index(0), self.index(len(self._classes) - 1), [ClassRole.SHARE]
            )

    def show_views(self, hidden: frozenset[int], locked: frozenset[int], solo: int | None) -> None:
        """Show which classes are not drawn, which are safe, and which is drawn alone."""
        self._hidden, self._locked, self._solo = hidden, locked, solo
        if self._classes:
            self.dataChanged.emit(self.index(0), self.index(len(self._classes) - 1))

    @property
    def ids(self) -> list[int]:
        return [c.id for c in self._classes]

    def index_of(self, class_id: int) -> QModelIndex:
        """The row of a class; an invalid index when it is not there."""
        ids = self.ids
        return self.index(ids.index(class_id)) if class_id in ids else QModelIndex()

    def move(self, class_id: int, by: int) -> None:
        """Ask for the class to go `by` rows down, or up when negative."""
        ids = self.ids
        at = ids.index(class_id)
        to = max(0, min(len(ids) - 1, at + by))
        if to != at:
            ids.insert(to, ids.pop(at))
            self.reordered.emit(ids)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._classes)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = index.row()
        info = self._classes[row]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return info.name
        values: dict[int, Any] = {
            ClassRole.ID: info.id,
            ClassRole.COLOR: info.color,
            ClassRole.KEY: str(row + 1) if row < KEYS else "",
            ClassRole.SHARE: self._shares.get(info.id, ""),
            ClassRole.HIDDEN: self._is_hidden(info.id),
            ClassRole.SOLO: info.id == self._solo,
            ClassRole.LOCKED: info.id in self._locked,
            Qt.ItemDataRole.ToolTipRole: tip(
                self.tr("{0}: value {1} in the mask").format(info.name, info.id)
            ),
            Qt.ItemDataRole.AccessibleTextRole: self._spoken(info),
        }
        return values.get(role)

    def _is_hidden(self, class_id: int) -> bool:
        if self._solo is not None:
            return class_id != self._solo
        return class_id in self._hidden

    def _spoken(self, info: ClassInfo) -> str:
        parts = [info.name, self._shares.get(info.id, "")]
        parts += [self.tr("hidden")] if self._is_hidden(info.id) else []
        parts += [self.tr("locked")] if info.id in self._locked else []
        return ", ".join(part for part in parts if part)

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        name = str(value).strip()
        if not index.isValid() or role != Qt.ItemDataRole.EditRole or not name:
            return False
        info = self._classes[index.row()]
        if name != info.name:
            self.renamed.emit(info.id, name)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        flag = Qt.ItemFlag
        if not index.isValid():
            return flag.ItemIsDropEnabled
        return (
            flag.ItemIsSelectable | flag.ItemIsEnabled | flag.ItemIsEditable
            | flag.ItemIsDragEnabled | flag.ItemNeverHasChildren
        )  # fmt: skip

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        data.setData(_MIME, str(self._classes[indexes[0].row()].id).encode())
        return data

    def dropMimeData(
        self, data: QMimeData, _action: Qt.DropAction, row: int, _column: int, parent: Index
    ) -> bool:
        """Ask for the new order. False, so that the view does not remove the dragged row."""
        if not data.hasFormat(_MIME):
            return False
        ids = self.ids
        class_id = int(bytes(data.data(_MIME).data()))
        if class_id not in ids:
            return False
        to = row if row >= 0 else parent.row() if parent.isValid() else len(ids)
        at = ids.index(class_id)
        ids.insert(to - 1 if to > at else to, ids.pop(at))
        if ids != self.ids:
            self.reordered.emit(ids)
        return False
