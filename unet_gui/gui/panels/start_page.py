"""What the window shows before a project is open: ways to begin, and where one was last."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from unet_gui.gui.panels.wording import tip
from unet_gui.gui.theme.icons import app_icon
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M, SPACE_S, SPACE_XL
from unet_gui.gui.theme.widgets import styled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtGui import QAction

    from unet_gui.gui.theme import Theme

WIDTH: Final = 520
SHOWN: Final = 6


class StartPage(QScrollArea):
    """Open, new, sample, recent.

    Args:
        theme: icons.
        actions: QActions by id.

    Signals:
        recent_chosen: folder of the project to open.
    """

    recent_chosen = Signal(str)

    def __init__(self, theme: Theme, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self.setObjectName("start_page")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._theme = theme
        self._recent = QVBoxLayout()
        self._recent.setSpacing(0)
        self._recent_title = QLabel(self.tr("Recent"))
        self._recent_title.setProperty("heading", True)
        self.cards: list[QPushButton] = []
        inner = QWidget()
        column = QVBoxLayout()
        column.setSpacing(SPACE_M)
        self._add_head(column)
        for action_id, text, line in (
            ("open", self.tr("Open a folder"), self.tr("A project, or any folder of images")),
            ("new_project", self.tr("New project"), self.tr("Choose images and name classes")),
            (
                "open_sample",
                self.tr("Sample project"),
                self.tr("Try it out with images that come along"),
            ),
        ):
            self.cards.append(self._card(actions[action_id], text, line))
            column.addWidget(self.cards[-1])
        column.addSpacing(SPACE_M)
        column.addWidget(self._recent_title)
        column.addLayout(self._recent)
        hint = QLabel(self.tr("You can also drop a folder anywhere on this window."))
        hint.setProperty("muted", True)
        column.addSpacing(SPACE_M)
        column.addWidget(hint)
        column.insertStretch(0, 1)
        column.addStretch(1)
        middle = QWidget()
        middle.setMaximumWidth(WIDTH)
        middle.setMinimumWidth(WIDTH // 2)
        middle.setLayout(column)
        outer = QHBoxLayout(inner)
        outer.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, SPACE_XL)
        outer.addStretch(1)
        outer.addWidget(middle, 100)
        outer.addStretch(1)
        self.setWidget(inner)
        self.setFocusProxy(self.cards[0])

    def show_recent(self, folders: Sequence[str]) -> None:
        """List these projects, the latest first."""
        while (item := self._recent.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        shown = [folder for folder in folders if Path(folder).is_dir()][:SHOWN]
        for folder in shown:
            self._recent.addWidget(self._recent_row(folder))
        self._recent_title.setVisible(bool(shown))

    def _add_head(self, column: QVBoxLayout) -> None:
        picture = QLabel()
        picture.setPixmap(app_icon().pixmap(QSize(64, 64), self.devicePixelRatioF()))
        title = QLabel(self.tr("U-Net GUI"))
        title.setProperty("title", True)
        line = QLabel(self.tr("It proposes the mask, you correct it, it learns."))
        line.setProperty("muted", True)
        words = QVBoxLayout()
        words.setSpacing(SPACE_S)
        words.addStretch()
        words.addWidget(title)
        words.addWidget(line)
        words.addStretch()
        head = QHBoxLayout()
        head.setSpacing(2 * SPACE_M)
        head.addWidget(picture)
        head.addLayout(words, 1)
        column.addLayout(head)
        column.addSpacing(SPACE_L)

    def _card(self, action: QAction, text: str, hint: str) -> QPushButton:
        card = QPushButton()
        card.setObjectName(f"start_{action.objectName().removeprefix('action_')}")
        card.setProperty("card", True)
        card.setAutoDefault(True)  # Return presses it
        card.setAccessibleName(text)
        card.setAccessibleDescription(hint)
        picture = QLabel()
        picture.setFixedWidth(36)
        icon = action.objectName().removeprefix("action_")
        name = {"open": "open_folder", "open_sample": "image"}.get(icon, icon)
        self._follow_theme(picture, name)
        title = QLabel(text)
        title.setProperty("heading", True)
        line = QLabel(hint)
        line.setProperty("muted", True)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(title)
        words.addWidget(line)
        row = QHBoxLayout(card)
        row.setContentsMargins(2 * SPACE_M, SPACE_L, 2 * SPACE_M, SPACE_L)
        row.setSpacing(SPACE_M)
        row.addWidget(picture)
        row.addLayout(words, 1)
        for label in (picture, title, line):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        card.setMinimumHeight(row.sizeHint().height())
        card.clicked.connect(action.trigger)
        return card

    def _follow_theme(self, label: QLabel, icon: str) -> None:
        def draw() -> None:
            label.setPixmap(self._theme.pixmap(icon, 24, self._theme.tokens.accent))

        draw()
        self._theme.changed.connect(draw)

    def _recent_row(self, folder: str) -> QWidget:
        path = Path(folder)
        button = styled(QPushButton(path.name or folder), link=True)
        button.setObjectName("recent_project")
        button.setToolTip(tip(folder))
        button.setAccessibleDescription(folder)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        button.clicked.connect(lambda: self.recent_chosen.emit(folder))
        home, parent = str(Path.home()), str(path.parent)
        place = QLabel(parent.replace(home, "~", 1) if parent.startswith(home) else parent)
        place.setTextFormat(Qt.TextFormat.PlainText)
        place.setProperty("muted", True)
        place.setProperty("small", True)
        place.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE_L)
        line.addWidget(button)
        line.addWidget(place, 1)
        return row
