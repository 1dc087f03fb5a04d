"""A table of what the doctor found: sorted, filtered, as long as it may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QCoreApplication,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView

from unet_gui.dataset.doctor import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unet_gui.dataset.doctor import Finding
    from unet_gui.gui.theme import Theme

Index = QModelIndex | QPersistentModelIndex

FIXABLE: Final = "fixable"
_ICONS: Final = {
    Severity.ERROR: ("warning", "danger"),
    Severity.WARNING: ("warning", "warning"),
    Severity.NOTE: ("info", "muted"),
}
_RANK: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


class FindingModel(QAbstractTableModel):
    """Findings, a row each: what is wrong, in which file, what a repair would do."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.findings: list[Finding] = []
        self._theme = theme

    def clear(self) -> None:
        self.beginResetModel()
        self.findings = []
        self.endResetModel()

    def append(self, findings: Sequence[Finding]) -> None:
        """More of them."""
        if findings:
            first = len(self.findings)
            self.beginInsertRows(QModelIndex(), first, first + len(findings) - 1)
            self.findings += findings
            self.endInsertRows()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.findings)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - as above
        return 0 if parent.isValid() else 3

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or orientation is not Qt.Orientation.Horizontal:
            return None
        translate = QCoreApplication.translate
        return (
            translate("Findings", "What"),
            translate("Findings", "File"),
            translate("Findings", "Repair"),
        )[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        finding = self.findings[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            repair = finding.remedy.words if finding.remedy else ""
            return (finding.message, finding.file, repair)[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            name, token = _ICONS[finding.severity]
            return self._theme.icon(name, getattr(self._theme.tokens, token))
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{severity_word(finding.severity)}: {finding.message}\n{finding.file}"
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == 0:
            return f"{severity_word(finding.severity)}: {finding.message}"
        return None


class _Filter(QSortFilterProxyModel):
    def __init__(self, source: FindingModel) -> None:
        super().__init__()
        self._findings = source
        self.kind = ""
        self.words: list[str] = []
        self.setSourceModel(source)

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        finding = self._findings.findings[source_row]
        if self.kind == FIXABLE and not finding.fixable:
            return False
        if self.kind not in {"", FIXABLE} and finding.severity.value != self.kind:
            return False
        text = f"{finding.message} {finding.file} {finding.code}".casefold()
        return all(word in text for word in self.words)

    def lessThan(self, source_left: Index, source_right: Index) -> bool:
        if source_left.column() == 0:
            return self._key(source_left.row()) < self._key(source_right.row())
        return str(source_left.data()) < str(source_right.data())

    def _key(self, row: int) -> tuple[int, str, str]:
        finding = self._findings.findings[row]
        return _RANK[finding.severity], finding.code, finding.file


class FindingTable(QTreeView):
    """The gravest first; a double click or Return chooses a finding.

    Args:
        theme: icons.
        name: objectName.

    Signals:
        chosen: the Finding.
    """

    chosen = Signal(object)

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("framed", True)
        self.model_of_findings = FindingModel(theme)
        self._filter = _Filter(self.model_of_findings)
        self.setModel(self._filter)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(1, 200)
        header.resizeSection(2, 170)
        self.activated.connect(self._on_activated)

    @property
    def shown(self) -> int:
        """Rows that the filter leaves."""
        return self._filter.rowCount()

    def show_only(self, kind: str, text: str) -> None:
        """Leave only findings of a severity (or `FIXABLE`) with these words in them."""
        self._filter.kind = kind
        self._filter.words = text.casefold().split()
        self._filter.invalidate()

    def finding(self, row: int) -> Finding:
        """The finding of a row as it is shown."""
        index = self._filter.mapToSource(self._filter.index(row, 0))
        return self.model_of_findings.findings[index.row()]

    def _on_activated(self, index: QModelIndex) -> None:
        self.chosen.emit(self.finding(index.row()))


def severity_word(severity: Severity) -> str:
    """What a severity is called."""
    translate = QCoreApplication.translate
    return {
        Severity.ERROR: translate("Findings", "Error"),
        Severity.WARNING: translate("Findings", "Warning"),
        Severity.NOTE: translate("Findings", "Note"),
    }[severity]
