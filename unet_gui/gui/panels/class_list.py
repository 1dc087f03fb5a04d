"""The classes panel: choose, rename, recolour, reorder, add, merge, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from unet_gui.core.classes import UNLABELLED
from unet_gui.gui.panels.buttons import ActionButton
from unet_gui.gui.panels.class_delegate import ClassDelegate
from unet_gui.gui.panels.class_model import ClassModel, ClassRole
from unet_gui.gui.panels.class_view import ClassView
from unet_gui.gui.panels.wording import share
from unet_gui.gui.state import Tool
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M, SPACE_S
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QAction

    from unet_gui.gui.class_edits import ClassEdits
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState
    from unet_gui.gui.theme import Theme

BUTTONS = ("class_add", "class_delete", "class_merge", "class_recolor", "class_up", "class_down")

MENU = (
    ("class_rename", "class_recolor"),
    ("class_hide", "class_solo", "class_lock", "class_show_all"),
    ("class_merge", "class_delete"),
    ("class_add",),
)


class ClassListPanel(QWidget):
    """The chosen row is the class the brush paints.

    Args:
        session: whose classes are shown.
        state: holds the active class.
        edits: changes classes.
        theme: colours.
        actions: QActions by id; those in BUTTONS get a button, and the context menu.

    Signals:
        recolor_requested: id of the class whose colour the person wants to change.
        chosen_changed: another class is chosen, or none.
    """

    recolor_requested = Signal(int)
    chosen_changed = Signal()

    def __init__(
        self,
        session: Session,
        state: ViewState,
        edits: ClassEdits,
        theme: Theme,
        actions: Mapping[str, QAction],
    ) -> None:
        super().__init__()
        self.setObjectName("class_panel")
        self.setProperty("surface", True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self._state = state
        self._edits = edits
        self._actions = actions
        self._following = False
        self.model = ClassModel(self)
        self.view = named(ClassView(), "class_list")
        self._delegate = ClassDelegate(theme, self.view)
        self._rest = named(QLabel(), "unlabelled_share")
        # Counting is cheap, but a stroke announces itself many times a second.
        self._count_timer = QTimer(self, singleShot=True, interval=100)
        self._build()
        self._connect(theme)
        self._reload()

    @property
    def chosen(self) -> int | None:
        """Id of the chosen class."""
        index = self.view.currentIndex()
        return index.data(ClassRole.ID) if index.isValid() else None

    @property
    def wanted_height(self) -> int:
        """Pixels in which every class is seen without scrolling."""
        rows = self.view.sizeHintForRow(0) * self.model.rowCount() if self.model.ids else 0
        others = self.sizeHint().height() - self.view.sizeHint().height()
        return rows + others + 2 * SPACE_L

    def rename_chosen(self) -> None:
        """Put the cursor into the chosen class's name."""
        index = self.view.currentIndex()
        if index.isValid():
            self.view.setFocus()
            self.view.edit(index)

    def move_chosen(self, by: int) -> None:
        if self.chosen is not None:
            self.model.move(self.chosen, by)

    def choose_position(self, position: int) -> None:
        """Choose the class in row `position`, as its number key does, and take the brush."""
        ids = self.model.ids
        if 0 <= position < len(ids):
            self._paint_with(ids[position])

    def hide_chosen(self) -> None:
        """Do not draw the chosen class, or draw it again."""
        if self.chosen is not None:
            self._on_eye_clicked(self.chosen, False)

    def solo_chosen(self) -> None:
        """Draw no other class, or all of them again."""
        if self.chosen is not None:
            self._on_eye_clicked(self.chosen, True)

    def lock_chosen(self) -> None:
        """Let no tool paint over the chosen class, or let them again."""
        if self.chosen is not None:
            self._on_lock_clicked(self.chosen)

    def show_all(self) -> None:
        """Every class is drawn and may be painted over."""
        self._state.set_solo(None)
        self._state.set_hidden(())
        self._state.set_locked(())

    def add(self) -> None:
        """Add a class with a name of its own and let the person type a better one."""
        taken = {self.model.index(row).data().casefold() for row in range(self.model.rowCount())}
        number = len(taken) + 1
        while (name := self.tr("class {0}").format(number)).casefold() in taken:
            number += 1
        class_id = self._edits.add(name)
        if class_id is not None:
            self._paint_with(class_id)
            self.rename_chosen()

    def _build(self) -> None:
        view = self.view
        view.setAccessibleName(self.tr("Classes"))
        view.setModel(self.model)
        view.setItemDelegate(self._delegate)
        view.setMouseTracking(True)
        view.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        view.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        view.setDefaultDropAction(Qt.DropAction.MoveAction)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._rest.setProperty("muted", True)
        self._rest.setProperty("small", True)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(SPACE_M, SPACE_S, SPACE_M, SPACE_S)
        buttons.setSpacing(2)
        for action_id in BUTTONS:
            if action_id == "class_up":
                buttons.addStretch()
            buttons.addWidget(ActionButton(self._actions[action_id], action_id, small=True))
        rest = QHBoxLayout()
        rest.setContentsMargins(SPACE_L, 0, SPACE_L, SPACE_S)
        rest.addWidget(self._rest)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACE_S, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(view, 1)
        layout.addLayout(rest)
        layout.addLayout(buttons)

    def _connect(self, theme: Theme) -> None:
        session, state = self._session, self._state
        session.classes_changed.connect(self._reload)
        session.project_closed.connect(self._reload)
        session.image_opened.connect(self._count)
        session.image_closed.connect(self._count)
        session.mask_touched.connect(self._on_session_mask_touched)
        state.active_class_changed.connect(self._follow)
        self._count_timer.timeout.connect(self._count)
        state.class_view_changed.connect(self._show_views)
        self._delegate.eye_clicked.connect(self._on_eye_clicked)
        self._delegate.lock_clicked.connect(self._on_lock_clicked)
        self.model.renamed.connect(self._on_model_renamed)
        self.model.reordered.connect(self._edits.reorder)
        self._delegate.color_clicked.connect(self.recolor_requested)
        self.view.delete_pressed.connect(self._actions["class_delete"].trigger)
        self.view.clicked.connect(self._on_view_clicked)
        self.view.customContextMenuRequested.connect(self._show_menu)
        self.view.selectionModel().currentChanged.connect(self._on_view_current_changed)
        theme.changed.connect(self.view.viewport().update)

    # -- following ---------------------------------------------------------------------------

    def _reload(self) -> None:
        project = self._session.project
        self._following = True
        self.model.show(project.classes if project is not None else None)
        self._following = False
        ids = self.model.ids
        if ids and self._state.active_class not in ids:
            self._state.set_active_class(ids[0])
        self._follow(self._state.active_class)
        self._count()
        self.chosen_changed.emit()

    def _follow(self, class_id: int) -> None:
        self._following = True
        index = self.model.index_of(class_id)
        self.view.setCurrentIndex(index)
        if index.isValid():
            self.view.scrollTo(index)
        self._following = False
        self.chosen_changed.emit()

    def _on_session_mask_touched(self) -> None:
        if not self._count_timer.isActive():
            self._count_timer.start()

    def _count(self) -> None:
        document = self._session.document
        self.model.show_counts(document.counts if document is not None else None)
        rest = 0 if document is None else int(document.counts[UNLABELLED])
        text = share(rest, document.size) if document is not None else ""
        self._rest.setText(self.tr("Unlabelled {0}").format(text) if text else "")

    def _show_views(self) -> None:
        state = self._state
        self.model.show_views(state.hidden, state.locked, state.solo)

    # -- what the person does ------------------------------------------------------------------

    def _on_view_current_changed(self, current: QModelIndex) -> None:
        if not self._following and current.isValid():
            self._state.set_active_class(current.data(ClassRole.ID))

    def _on_view_clicked(self, index: QModelIndex) -> None:
        self._paint_with(index.data(ClassRole.ID))

    def _paint_with(self, class_id: int) -> None:
        """Choosing a class means to paint it: the eraser goes back to its place."""
        self._state.set_active_class(class_id)
        if self._state.tool is not Tool.BRUSH:
            self._state.set_tool(Tool.BRUSH)

    def _on_eye_clicked(self, class_id: int, alone: bool) -> None:
        state = self._state
        if alone:
            state.set_solo(None if state.solo == class_id else class_id)
        elif state.solo is not None:
            # Seen alone until now: the others come back, with what was hidden before.
            state.set_solo(None)
            state.set_hidden(state.hidden - {class_id})
        else:
            state.set_hidden(state.hidden ^ {class_id})

    def _on_lock_clicked(self, class_id: int) -> None:
        self._state.set_locked(self._state.locked ^ {class_id})

    def _on_model_renamed(self, class_id: int, name: str) -> None:
        # Later, because the editor that sent this is still open and its model about to be reset.
        QTimer.singleShot(0, self, lambda: self._edits.rename(class_id, name))

    def _show_menu(self, position: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for section in MENU:
            menu.addSeparator()
            menu.addActions([self._actions[action_id] for action_id in section])
        menu.popup(self.view.viewport().mapToGlobal(position))
