"""The list of finished rounds, each one click away from being used again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from unet_gui.core.errors import ProjectError
from unet_gui.gui.panels.wording import count, score, tip
from unet_gui.gui.theme.tokens import SPACE_M
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from unet_gui.dataset.project import Project
    from unet_gui.dataset.rounds import Round
    from unet_gui.gui.theme import Theme

_NAME: Final = Qt.ItemDataRole.UserRole + 1
VISIBLE_ROWS: Final = 4


class RoundsList(QWidget):
    """Newest first, what the program started with last; a tick marks the one in use.

    Signals:
        use_requested: name of the round to use, "" for the start.
        failed: a UnetGuiError: a note could not be written.
    """

    use_requested = Signal(str)
    failed = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.adopted: str | None = None
        self.names: list[str] = []
        self._rounds: dict[str, Round] = {}
        self._noted: Round | None = None
        self.tree = named(QTreeWidget(), "rounds")
        self.tree.setAccessibleName(self.tr("Rounds"))
        self.tree.setProperty("framed", True)
        self.tree.setHeaderLabels([self.tr("Round"), self.tr("Score"), self.tr("When")])
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        self.tree.headerItem().setTextAlignment(1, right)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.use_button = named(QPushButton(self.tr("Use this round")), "use_round")
        self.details = named(QLabel(), "round_details")
        self.details.setTextFormat(Qt.TextFormat.PlainText)
        self.details.setWordWrap(True)
        self.details.setProperty("muted", True)
        self.details.setProperty("small", True)
        self.note = named(QLineEdit(), "round_note")
        self.note.setPlaceholderText(self.tr("A note about this round"))
        self.note.setAccessibleName(self.note.placeholderText())
        self.note.setMaxLength(500)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_M)
        layout.addWidget(self.tree)
        layout.addWidget(self.details)
        layout.addWidget(self.note)
        layout.addWidget(self.use_button)
        self.tree.currentItemChanged.connect(self._on_tree_current_changed)
        self.tree.itemDoubleClicked.connect(self._use_chosen)
        self.use_button.clicked.connect(self._use_chosen)
        self.note.editingFinished.connect(self._on_note_finished)
        theme.changed.connect(self._mark)

    def show_rounds(self, project: Project | None) -> None:
        """List the rounds of a project."""
        rounds = project.rounds() if project is not None else []
        self.adopted = project.adopted if project is not None else None
        self.names = [entry.name for entry in rounds]
        self._rounds = {entry.name: entry for entry in rounds}
        self._noted = None
        self.tree.clear()
        for entry in reversed(rounds):
            self.tree.addTopLevelItem(self._item(entry.name, entry))
        if rounds:
            self.tree.addTopLevelItem(self._item("", None))
        self._mark()
        self.setVisible(bool(rounds))
        rows = min(VISIBLE_ROWS, self.tree.topLevelItemCount())
        header = self.tree.header().sizeHint().height()
        self.tree.setFixedHeight(header + rows * self._row_height + 2)
        self._on_tree_current_changed()

    @property
    def _row_height(self) -> int:
        return self.fontMetrics().height() + SPACE_M

    def _item(self, name: str, entry: Round | None) -> QTreeWidgetItem:
        texts = [self.tr("Start"), "", ""]
        if entry is not None:
            scores: dict[str, Any] = entry.info.get("scores") or {}
            texts = [title_of(name), score(scores.get("miou")), _when(entry.info.get("date"))]
        item = QTreeWidgetItem(texts)
        item.setData(0, _NAME, name)
        for column in range(3):
            item.setToolTip(column, tip(self._about(entry)))
        item.setSizeHint(0, QSize(0, self._row_height))
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return item

    def _about(self, entry: Round | None) -> str:
        """Where a round comes from, in lines: its folder, data, parent and note."""
        if entry is None:
            return self.tr("What proposed before the first round")
        return "\n".join([entry.name, *self._facts(entry), *filter(None, [entry.note])])

    def _facts(self, entry: Round) -> list[str]:
        """What a round learned from, how it did on each class, and what it went on from."""
        info, lines = entry.info, []
        if info.get("samples"):
            data = [self.tr("Images: {0}").format(info["samples"])]
            if info.get("labelled_pixels"):
                pixels = count(int(info["labelled_pixels"]))
                data.append(self.tr("Labelled pixels: {0}").format(pixels))
            lines.append(" · ".join(data))
        names = {str(c.get("id")): str(c.get("name")) for c in info.get("classes") or []}
        iou = (info.get("scores") or {}).get("iou") or {}
        found = [f"{names[i]} {score(value)}" for i, value in iou.items() if i in names]
        if found:
            lines.append(" · ".join(found))
        if info.get("parent"):
            lines.append(self.tr("Went on from: {0}").format(title_of(str(info["parent"]))))
        return lines

    def _on_note_finished(self) -> None:
        entry = self._noted
        if entry is None or self.note.text().strip() == entry.note:
            return
        try:
            entry.write_note(self.note.text())
        except ProjectError as error:
            self.note.setText(entry.note)
            self.failed.emit(error)
            return
        for row in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(row)
            if item is not None and item.data(0, _NAME) == entry.name:
                for column in range(3):
                    item.setToolTip(column, tip(self._about(entry)))

    def _mark(self) -> None:
        blank = self._theme.icon("accept", "transparent")
        tick = self._theme.icon("accept", self._theme.tokens.success)
        for row in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(row)
            if item is not None:
                used = item.data(0, _NAME) == (self.adopted or "")
                item.setIcon(0, tick if used else blank)
                item.setData(
                    0, Qt.ItemDataRole.AccessibleTextRole,
                    self.tr("{0}, in use").format(item.text(0)) if used else item.text(0),
                )  # fmt: skip

    def _chosen(self) -> str | None:
        item = self.tree.currentItem()
        return item.data(0, _NAME) if item is not None else None

    def _on_tree_current_changed(self) -> None:
        chosen = self._chosen()
        self._on_note_finished()
        shown = self.adopted if chosen is None else chosen
        self._noted = self._rounds.get(shown or "")
        self.note.setText(self._noted.note if self._noted is not None else "")
        self.note.setEnabled(self._noted is not None)
        lines = self._facts(self._noted) if self._noted is not None else []
        self.details.setText("\n".join(lines))
        self.details.setVisible(bool(lines))
        self.use_button.setEnabled(chosen is not None and chosen != (self.adopted or ""))

    def _use_chosen(self) -> None:
        chosen = self._chosen()
        if chosen is not None and chosen != (self.adopted or ""):
            self.use_requested.emit(chosen)


def title_of(name: str) -> str:
    """The name of a round, such as round-003, as a person says it."""
    number = name.removeprefix("round-")
    if not number.isdigit():
        return name
    return QCoreApplication.translate("RoundsList", "Round {0}").format(int(number))


def _when(date: object) -> str:
    moment = QDateTime.fromString(str(date or ""), Qt.DateFormat.ISODate).toLocalTime()
    return QLocale().toString(moment, "d MMM, HH:mm") if moment.isValid() else ""
