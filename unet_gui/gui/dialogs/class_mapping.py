"""A table in which each class stays, becomes another one, or is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from unet_gui.gui.theme.tokens import ICON_SMALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from PySide6.QtCore import QAbstractItemModel

    from unet_gui.core.classes import ClassInfo

_ID: Final = Qt.ItemDataRole.UserRole + 1
Index = QModelIndex | QPersistentModelIndex


class ClassMapping(QTreeWidget):
    """Class by class: a tick for what is taken along, and beside it what it becomes.

    Args:
        name: objectName.
        headings: of the two columns.

    Signals:
        changed: a tick or a name is another one.
    """

    changed = Signal()

    def __init__(self, name: str, headings: tuple[str, str]) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("framed", True)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setIconSize(QSize(ICON_SMALL, ICON_SMALL))
        self.setHeaderLabels(list(headings))
        self.setAccessibleName(headings[0])
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.SelectedClicked
        )
        self.header().setStretchLastSection(True)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.names: list[str] = []
        self.setItemDelegate(_NameDelegate(self))
        self.itemChanged.connect(self._on_item_changed)

    def show_classes(self, classes: Iterable[ClassInfo], names: Sequence[str]) -> None:
        """Show these classes, each to become the one of its own name.

        Args:
            classes: what there is.
            names: what may be chosen; others may be typed.
        """
        self.names = list(names)
        known = {n.casefold(): n for n in names}
        self.blockSignals(True)
        self.clear()
        for info in classes:
            item = QTreeWidgetItem([info.name, known.get(info.name.casefold(), info.name)])
            item.setIcon(0, color_icon(info.color))
            item.setData(0, _ID, info.id)
            item.setData(0, Qt.ItemDataRole.ToolTipRole, f"{info.id}: {info.name}")
            item.setCheckState(0, Qt.CheckState.Checked)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            self.addTopLevelItem(item)
        self.blockSignals(False)
        self.setColumnWidth(0, 260)
        self.setCurrentIndex(self.model().index(0, 1))

    def mapping(self) -> dict[int, str | None]:
        """What each class becomes, by id; None for those left out."""
        found: dict[int, str | None] = {}
        for row in range(self.topLevelItemCount()):
            item = self.topLevelItem(row)
            assert item is not None
            taken = item.checkState(0) is Qt.CheckState.Checked
            found[item.data(0, _ID)] = (
                item.text(1).strip() if taken and item.text(1).strip() else None
            )
        return found

    def set_target(self, class_id: int, name: str | None) -> None:
        """Let a class become another one; None leaves it out."""
        for row in range(self.topLevelItemCount()):
            item = self.topLevelItem(row)
            if item is not None and item.data(0, _ID) == class_id:
                if name is not None:
                    item.setText(1, name)
                state = Qt.CheckState.Unchecked if name is None else Qt.CheckState.Checked
                item.setCheckState(0, state)

    def _on_item_changed(self, item: QTreeWidgetItem) -> None:
        off = item.checkState(0) is not Qt.CheckState.Checked
        muted = self.palette().placeholderText() if off else self.palette().text()
        self.blockSignals(True)
        for column in (0, 1):
            item.setForeground(column, muted)
        self.blockSignals(False)
        self.changed.emit()


class _NameDelegate(QStyledItemDelegate):
    """The second column is chosen from a list or typed; the first is not edited."""

    def __init__(self, table: ClassMapping) -> None:
        super().__init__(table)
        self._table = table

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        if index.column() != 1:
            return None  # type: ignore[return-value]  # what Qt documents for “not to be edited”
        box = QComboBox(parent)
        box.setObjectName("class_target")
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.addItems(self._table.names)
        box.activated.connect(lambda _: self.commitData.emit(box))
        return box

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        assert isinstance(editor, QComboBox)
        editor.setCurrentText(str(index.data()))
        line = editor.lineEdit()
        if line is not None:
            line.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        assert isinstance(editor, QComboBox)
        model.setData(index, editor.currentText().strip())

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        rect: Any = option.rect
        editor.setGeometry(rect.adjusted(0, -2, 0, 2))


def color_icon(color: str) -> QIcon:
    """A square of one colour."""
    pixmap = QPixmap(2 * ICON_SMALL, 2 * ICON_SMALL)
    pixmap.fill(QColor(color))
    return QIcon(pixmap)
