"""The history panel: every step of the open image; a click goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt
from PySide6.QtWidgets import QAbstractItemView, QListView, QVBoxLayout, QWidget

from unet_gui.gui.panels.history_delegate import HistoryDelegate
from unet_gui.gui.panels.history_model import HistoryModel
from unet_gui.gui.theme.tokens import SPACE_S
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from unet_gui.gui.session import Session
    from unet_gui.gui.theme import Theme


class HistoryPanel(QWidget):
    """Shows what was done and what was taken back.

    Args:
        session: whose open image it is.
        theme: colours.
    """

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("history_panel")
        self.setProperty("surface", True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self.model = HistoryModel(self)
        self.view = view = named(QListView(), "history_list")
        self._delegate = HistoryDelegate(theme, view)
        view.setAccessibleName(self.tr("History"))
        view.setModel(self.model)
        view.setItemDelegate(self._delegate)
        view.setMouseTracking(True)
        view.setUniformItemSizes(True)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.installEventFilter(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACE_S, 0, 0)
        layout.addWidget(view)
        view.clicked.connect(self._travel)
        session.history_changed.connect(self.follow)
        session.image_opened.connect(self.follow)
        session.image_closed.connect(self.follow)
        session.classes_changed.connect(self._show_classes)
        theme.changed.connect(view.viewport().update)
        self._show_classes()
        self.follow()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Return and Space go to the step under the keyboard's cursor, and accept nothing."""
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            pressed: QKeyEvent = event  # type: ignore[assignment]
            if pressed.key() in keys and self.view.currentIndex().isValid():
                event.accept()
                if event.type() == QEvent.Type.KeyPress:
                    self._travel(self.view.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def _travel(self, index: QModelIndex) -> None:
        if index.row() != self.model.position:
            self._session.travel(index.row())

    def follow(self) -> None:
        """Show the steps there are now, the present one in view."""
        document = self._session.document
        self.model.show(document.history if document is not None else None)
        index = self.model.index(self.model.position)
        self.view.setCurrentIndex(index)
        self.view.scrollTo(index)

    def _show_classes(self) -> None:
        project = self._session.project
        self._delegate.show_classes(project.classes if project is not None else ())
        self.view.viewport().update()
