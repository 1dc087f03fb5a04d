"""A read-only table of names and numbers that sorts by any column and can be copied."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView

from unet_gui.gui.dialogs.class_mapping import color_icon
from unet_gui.gui.theme.tokens import ICON_SMALL

if TYPE_CHECKING:
    from collections.abc import Sequence

Index = QModelIndex | QPersistentModelIndex
Value = str | float
Column = tuple[str, Callable[[float], str]]
"""A heading, and how a number below it is written."""

DASH: Final = "–"


class _Rows(QAbstractTableModel):
    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        self.columns = list(columns)
        self.rows: list[Sequence[Value]] = []
        self.colors: list[str] = []

    def fill(self, rows: Sequence[Sequence[Value]], colors: Sequence[str]) -> None:
        self.beginResetModel()
        self.rows, self.colors = list(rows), list(colors)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - as above
        return 0 if parent.isValid() else len(self.columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and self._is_number(section):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return self.columns[section][0] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        value = self.rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return value if isinstance(value, str) else self._number(value, index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole and not isinstance(value, str):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0 and self.colors:
            return color_icon(self.colors[index.row()])
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(value, str):
            return value
        return None

    def _number(self, value: float, column: int) -> str:
        return DASH if math.isnan(value) else self.columns[column][1](value)

    def _is_number(self, column: int) -> bool:
        return bool(self.rows) and not isinstance(self.rows[0][column], str)


class _Sorted(QSortFilterProxyModel):
    def __init__(self, rows: _Rows) -> None:
        super().__init__()
        self._rows = rows
        self.setSourceModel(rows)

    def lessThan(self, source_left: Index, source_right: Index) -> bool:
        column = source_left.column()
        one, two = (self._rows.rows[i.row()][column] for i in (source_left, source_right))
        if isinstance(one, str) or isinstance(two, str):
            return str(one).casefold() < str(two).casefold()
        # What has no number stands at the end.
        return (math.isnan(one), one) < (math.isnan(two), two)


class NumberTable(QTreeView):
    """Rows of names and numbers.

    Args:
        name: objectName.
        columns: heading of each, and how a number in it is written.

    Signals:
        row_changed: number of the row, as it was filled in, that is current now.
    """

    row_changed = Signal(int)

    def __init__(self, name: str, columns: Sequence[Column]) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("framed", True)
        self._rows = _Rows(columns)
        self._sorted = _Sorted(self._rows)
        self.setModel(self._sorted)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setIconSize(QSize(ICON_SMALL, ICON_SMALL))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(48)

    def fill(self, rows: Sequence[Sequence[Value]], colors: Sequence[str] = ()) -> None:
        """Show these rows in this order until a heading is clicked.

        Args:
            rows: a value for each column.
            colors: "#rrggbb" of each row, for a mark before the first column.
        """
        self.setSortingEnabled(False)
        self._sorted.sort(-1)
        self._rows.fill(rows, colors)
        self.header().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)

    def texts(self, row: int) -> list[str]:
        """A row as it is shown."""
        return [str(self._sorted.index(row, c).data()) for c in range(self._sorted.columnCount())]

    @property
    def shown(self) -> int:
        return self._sorted.rowCount()

    def choose(self, row: int) -> None:
        """Make a row, as it is shown, the current one."""
        self.setCurrentIndex(self._sorted.index(row, 0))

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        if current.isValid():
            self.row_changed.emit(self._sorted.mapToSource(current).row())

    def event(self, event: QEvent) -> bool:
        """Copying gives the chosen rows to other programs, a tab between columns."""
        pressed = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        if pressed and event.matches(QKeySequence.StandardKey.Copy):  # type: ignore[attr-defined]
            rows = sorted({i.row() for i in self.selectedIndexes()})
            text = "\n".join("\t".join(self.texts(row)) for row in rows)
            QGuiApplication.clipboard().setText(text)
            return True
        return super().event(event)


def whole(value: float) -> str:
    """A count, with the locale's separators."""
    return QLocale().toString(round(value))


def percent(value: float) -> str:
    """A share of 0..1."""
    return QLocale().toString(100 * value, "f", 1) + " %"


def measure_text(value: float) -> str:
    """A size: whole when it is large, else to four digits."""
    return whole(value) if abs(value) >= 1000 else QLocale().toString(value, "g", 4)


def score_text(value: float) -> str:
    """A score of 0..1."""
    return QLocale().toString(value, "f", 3)
