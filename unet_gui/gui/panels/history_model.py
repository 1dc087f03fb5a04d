"""The steps of the open image's history as a Qt model that grows by a row a stroke."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from unet_gui.gui.panels.wording import tip

if TYPE_CHECKING:
    from unet_gui.core.history import History, Step

Index = QModelIndex | QPersistentModelIndex


class StepRole(IntEnum):
    """What a row knows beside its name."""

    STEP = Qt.ItemDataRole.UserRole + 1
    UNDONE = Qt.ItemDataRole.UserRole + 2
    CURRENT = Qt.ItemDataRole.UserRole + 3


class HistoryModel(QAbstractListModel):
    """Row 0 is the image as it was opened, row n what it was after step n."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history: History | None = None
        self._steps: list[Step] = []
        self.position = 0

    def show(self, history: History | None) -> None:
        """Follow this history: only rows that are new, gone or have another state are touched."""
        if history is not self._history or history is None:
            self.beginResetModel()
            self._history = history
            self._steps = list(history.steps) if history is not None else []
            self.position = history.position if history is not None else 0
            self.endResetModel()
            return
        self._follow_steps(list(history.steps))
        before, self.position = self.position, history.position
        if before != self.position:
            low, high = sorted((min(before, len(self._steps)), self.position))
            self.dataChanged.emit(self.index(low), self.index(high))

    def _follow_steps(self, steps: list[Step]) -> None:
        old = self._steps
        if old and steps and old[0] is not steps[0]:
            # The oldest were dropped for want of room: everything moves up.
            self.beginResetModel()
            self._steps = steps
            self.endResetModel()
            return
        pairs = enumerate(zip(old, steps, strict=False))
        same = next((n for n, (a, b) in pairs if a is not b), min(len(old), len(steps)))
        if same < len(old):
            self.beginRemoveRows(QModelIndex(), same + 1, len(old))
            self._steps = old[:same]
            self.endRemoveRows()
        if same < len(steps):
            self.beginInsertRows(QModelIndex(), same + 1, len(steps))
            self._steps = steps
            self.endInsertRows()

    def rowCount(self, parent: Index | None = None) -> int:
        if (parent is not None and parent.isValid()) or self._history is None:
            return 0
        return len(self._steps) + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = index.row()
        step = self._steps[row - 1] if row else None
        name = step.name if step is not None else self.tr("As it was opened")
        values: dict[int, Any] = {
            Qt.ItemDataRole.DisplayRole: name,
            Qt.ItemDataRole.ToolTipRole: tip(self._told(name, row)),
            Qt.ItemDataRole.AccessibleTextRole: self._told(name, row),
            StepRole.STEP: step,
            StepRole.UNDONE: row > self.position,
            StepRole.CURRENT: row == self.position,
        }
        return values.get(role)

    def _told(self, name: str, row: int) -> str:
        if row > self.position:
            return self.tr("{0}: taken back; click to do it again").format(name)
        if row == self.position:
            return self.tr("{0}: the mask is as it was after this").format(name)
        return self.tr("{0}: click to go back to this").format(name)
