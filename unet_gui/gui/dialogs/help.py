"""The search over all commands, and the about box."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import PySide6
from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from unet_gui import __version__
from unet_gui.dataset.places import log_file
from unet_gui.gui.theme.icons import app_icon
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M, SPACE_XL
from unet_gui.gui.theme.widgets import named, styled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from PySide6.QtGui import QAction

    from unet_gui.gui.theme import Theme

    class Row(Protocol):
        """What the list of keys needs of an action."""

        @property
        def menu(self) -> str: ...
        @property
        def text(self) -> str: ...
        @property
        def keys(self) -> tuple[str, ...]: ...
        @property
        def tip(self) -> str: ...
        @property
        def action(self) -> QAction: ...


class CommandSearch(QDialog):
    """Type a few letters of a command, Return does it."""

    def __init__(self, parent: QWidget, theme: Theme, rows: Sequence[Row]) -> None:
        super().__init__(parent)
        self.setObjectName("command_search")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Find a command"))
        self._blank = theme.icon("accept", "transparent")
        self._rows = [row for row in rows if row.action.isEnabled()]
        self.field = named(QLineEdit(), "command_field")
        self.field.setPlaceholderText(self.tr("What do you want to do?"))
        self.field.setAccessibleName(self.tr("Command"))
        self.list = styled(named(QTreeWidget(), "command_list"), framed=True)
        self.list.setAccessibleName(self.tr("Commands"))
        self.list.setColumnCount(2)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_L, SPACE_L, SPACE_L, SPACE_L)
        layout.setSpacing(SPACE_M)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        self.resize(520, 400)
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._show)
        self.field.returnPressed.connect(self._run)
        self.list.itemClicked.connect(self._run)
        self._show("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and down move in the list while the cursor stays in the field."""
        if (
            watched is self.field
            and event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
        ):
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            if step and self.list.topLevelItemCount():
                row = self.list.currentIndex().row() + step
                self._choose(row % self.list.topLevelItemCount())
                return True
        return super().eventFilter(watched, event)

    def _show(self, text: str) -> None:
        words = text.casefold().split()
        self.list.clear()
        for row in self._rows:
            if all(w in f"{row.menu} {row.text} {row.tip}".casefold() for w in words):
                item = QTreeWidgetItem([row.text, row.keys[0] if row.keys else ""])
                item.setIcon(0, self._blank if row.action.icon().isNull() else row.action.icon())
                item.setToolTip(0, row.tip)
                item.setData(0, Qt.ItemDataRole.UserRole, row.action)
                item.setSizeHint(0, QSize(0, self.fontMetrics().height() + 2 * SPACE_M))
                item.setTextAlignment(
                    1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                )
                self.list.addTopLevelItem(item)
        self._choose(0)

    def _choose(self, row: int) -> None:
        if (item := self.list.topLevelItem(row)) is not None:
            self.list.setCurrentItem(item)

    def _run(self) -> None:
        chosen = self.list.selectedItems()
        if not chosen:
            return
        action: QAction = chosen[0].data(0, Qt.ItemDataRole.UserRole)
        # Closed first, so that what the command opens is not under a dialog that is going.
        self.accept()
        action.trigger()


class AboutDialog(QDialog):
    """Name, version, licence, where the log is."""

    def __init__(self, parent: QWidget, device: str) -> None:
        super().__init__(parent)
        self.setObjectName("about_dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("About"))
        picture = QLabel()
        picture.setPixmap(app_icon().pixmap(QSize(96, 96), self.devicePixelRatioF()))
        title = QLabel(self.tr("U-Net GUI"))
        title.setProperty("title", True)
        lines = [
            self.tr("Version {0}").format(__version__),
            self.tr("Python {0} · Qt {1}").format(platform.python_version(), PySide6.__version__),
            self.tr("Predicting on {0}").format(device) if device else "",
            self.tr("MIT licence"),
            self.tr("Log: {0}").format(log_file()),
        ]
        words = QLabel("\n".join(line for line in lines if line))
        words.setProperty("muted", True)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = QPushButton(self.tr("Close"))
        close.setDefault(True)
        close.clicked.connect(self.accept)
        column = QVBoxLayout()
        column.setSpacing(SPACE_M)
        column.addWidget(title)
        column.addWidget(words)
        column.addSpacing(SPACE_M)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, SPACE_XL)
        row.setSpacing(SPACE_XL)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
