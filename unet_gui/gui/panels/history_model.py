"""The steps of the open image's history as a Qt model that grows by a row a stroke."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QStringListModel,
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


class HistoryModel(QStringListModel):
    """Row 0 is the image as it was opened, row n what it was after step n.

    Qt asks a model for its number of rows once a row; the list of strings, though unused, is there
    because it answers without Python. Thousands of steps then cost a stroke nothing.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history: History | None = None
        self._steps: list[Step] = []
        self.position = 0

    def show(self, history: History | None) -> None:
        """Follow this history: only rows that are new, gone or have another state are touched."""
        if history is not self._history or history is None:
            self._history = history
            self.position = history.position if history is not None else 0
            self._start_again(list(history.steps) if history is not None else [])
            return
        self._follow_steps(list(history.steps))
        before, self.position = self.position, history.position
        if before != self.position:
            low, high = sorted((min(before, len(self._steps)), self.position))
            self.dataChanged.emit(self.index(low), self.index(high))

    def _start_again(self, steps: list[Step]) -> None:
        self._steps = steps
        rows = 0 if self._history is None else len(steps) + 1
        self.setStringList([""] * rows)

    def _follow_steps(self, steps: list[Step]) -> None:
        old = self._steps
        if old and steps and old[0] is not steps[0]:
            # The oldest were dropped for want of room: everything moves up.
            self._start_again(steps)
            return
        same = _common(old, steps)
        if same < len(old):
            self.removeRows(same + 1, len(old) - same)
        self._steps = steps
        if same < len(steps):
            self.insertRows(same + 1, len(steps) - same)

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


def _common(old: list[Step], new: list[Step]) -> int:
    """How many steps at the beginning are the same: the same last step means all."""
    shorter = min(len(old), len(new))
    if not shorter or old[shorter - 1] is new[shorter - 1]:
        return shorter
    pairs = enumerate(zip(old, new, strict=False))
    return next(n for n, (a, b) in pairs if a is not b)
