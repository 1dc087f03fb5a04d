"""The cheat sheet, the search over all commands, and the about box."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Final

import PySide6
from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from unet_gui import __version__
from unet_gui.dataset.places import log_file
from unet_gui.gui.theme.icons import app_icon
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M, SPACE_S, SPACE_XL
from unet_gui.gui.theme.widgets import named, styled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from PySide6.QtGui import QAction

    from unet_gui.gui.theme import Theme

    class Row(Protocol):
        """What the sheet needs of an action."""

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


COLUMNS: Final = 3


class CheatSheet(QDialog):
    """All keys on one page, by menu."""

    def __init__(self, parent: QWidget, rows: Sequence[Row]) -> None:
        super().__init__(parent)
        self.setObjectName("cheat_sheet")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Keys"))
        groups = self._groups(rows)
        page = QWidget()
        columns = QHBoxLayout(page)
        columns.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, SPACE_XL)
        columns.setSpacing(2 * SPACE_XL)
        for titles in _balanced({title: len(items) for title, items in groups.items()}):
            columns.addLayout(_column({title: groups[title] for title in titles}))
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)
        wanted = page.sizeHint() + QSize(24, 8)
        available = self.screen().availableSize() * 0.9
        self.resize(wanted.boundedTo(available))

    def _groups(self, rows: Sequence[Row]) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
        groups: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        for row in rows:
            name = row.action.objectName()
            if name == "action_class_1":
                groups.setdefault(row.menu, []).insert(0, (self.tr("Choose"), ("1", "…", "9")))
            elif row.keys and not name.removeprefix("action_class_").isdigit():
                groups.setdefault(row.menu, []).append((row.text, row.keys))
        groups[self.tr("Mouse")] = [
            (self.tr("Closer or further away"), (self.tr("Wheel"),)),
            (self.tr("Size of the brush"), (self.tr("Ctrl"), self.tr("Wheel"))),
            (self.tr("Move the view"), (self.tr("Space"), self.tr("Drag"))),
            (self.tr("Move the view"), (self.tr("Middle button"),)),
        ]
        return groups


def _column(groups: dict[str, list[tuple[str, tuple[str, ...]]]]) -> QGridLayout:
    """Groups one below the other; one grid, so that all keys stand in line."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(SPACE_XL)
    grid.setVerticalSpacing(SPACE_S + 2)
    line = 0
    for title, items in groups.items():
        heading = styled(QLabel(title), heading=True)
        heading.setContentsMargins(0, SPACE_L if line else 0, 0, SPACE_S)
        grid.addWidget(heading, line, 0, 1, 2)
        for line, (text, keys) in enumerate(items, line + 1):  # noqa: B020 - goes on counting
            caps = QHBoxLayout()
            caps.setSpacing(SPACE_S)
            for key in keys:
                caps.addWidget(_cap(key))
            caps.addStretch()
            grid.addWidget(QLabel(text), line, 0)
            grid.addLayout(caps, line, 1)
        line += 1
    grid.setColumnStretch(1, 1)
    grid.setRowStretch(line, 1)
    return grid


def _cap(key: str) -> QLabel:
    label = QLabel(key)
    label.setProperty("keycap", key != "…")
    label.setProperty("small", True)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label


def _balanced(heights: dict[str, int]) -> list[list[str]]:
    """Groups into columns of about the same height, in order."""
    limit = (sum(heights.values()) + 3 * len(heights)) / COLUMNS
    columns: list[list[str]] = [[]]
    filled = 0.0
    for title, height in heights.items():
        if filled + (height + 3) / 2 > limit and len(columns) < COLUMNS and columns[-1]:
            columns.append([])
            filled = 0.0
        columns[-1].append(title)
        filled += height + 3
    return columns


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
