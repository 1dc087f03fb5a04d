"""Other keys for any command: type them in the table, clashes are told before they happen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M
from unet_gui.gui.theme.widgets import named, styled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Protocol

    from PySide6.QtGui import QKeyEvent

    from unet_gui.gui.dialogs.help import Row
    from unet_gui.gui.theme import Theme

    class Keys(Protocol):
        """What the dialog needs of the shortcuts."""

        def ids(self) -> list[str]: ...
        def keys(self, action_id: str) -> tuple[str, ...]: ...
        def defaults(self, action_id: str) -> tuple[str, ...]: ...
        def replace(self, own: Mapping[str, Sequence[str]]) -> None: ...
        def clash(
            self, action_id: str, key: str, among: Mapping[str, Sequence[str]]
        ) -> str | None: ...


class KeyField(QKeySequenceEdit):
    """Takes one key with its modifiers, Tab and Return too."""

    def __init__(self) -> None:
        super().__init__()
        self.setMaximumSequenceLength(1)
        self.setClearButtonEnabled(True)

    def event(self, event: QEvent) -> bool:
        """Single letters are not shortcuts of the window while they are typed here."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)


class KeysDialog(QDialog):
    """A table of all commands with their keys, and a field for the chosen one.

    Nothing changes before the dialog is closed with OK.

    Args:
        parent: the window.
        theme: icons.
        rows: names and menus of the actions.
        keys: holds the keys and takes new ones.
    """

    def __init__(self, parent: QWidget, theme: Theme, rows: Sequence[Row], keys: Keys) -> None:
        super().__init__(parent)
        self.setObjectName("keys_dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Change keys"))
        self._theme = theme
        self._keys = keys
        self._now: dict[str, tuple[str, ...]] = {i: keys.keys(i) for i in keys.ids()}
        self._names = dict(zip(keys.ids(), (row.text for row in rows), strict=True))
        self._rival: str | None = None
        self.search = named(QLineEdit(), "keys_search")
        self.search.setPlaceholderText(self.tr("Command or key"))
        self.search.setAccessibleName(self.tr("Search commands"))
        self.search.setClearButtonEnabled(True)
        self.list = styled(named(QTreeWidget(), "keys_list"), framed=True)
        self.field = named(KeyField(), "keys_field")
        self.field.setAccessibleName(self.tr("New key for the chosen command"))
        self.message = named(QLabel(), "keys_message")
        self.message.setWordWrap(True)
        self.use = named(QPushButton(self.tr("Use")), "keys_use")
        self.also = named(QPushButton(self.tr("Use as well")), "keys_also")
        self.clear = named(QPushButton(self.tr("No key")), "keys_clear")
        self.usual = named(QPushButton(self.tr("Default key")), "keys_usual")
        self.all_usual = named(QPushButton(self.tr("Restore all defaults")), "keys_all_usual")
        self._fill_list(rows)
        self._build()
        self._connect()
        self.resize(640, 560)
        self._choose_first()

    # -- building -----------------------------------------------------------------------------

    def _fill_list(self, rows: Sequence[Row]) -> None:
        self._items: dict[str, QTreeWidgetItem] = {}
        self.list.setColumnCount(3)
        self.list.setHeaderLabels([self.tr("Command"), self.tr("Menu"), self.tr("Keys")])
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setAccessibleName(self.tr("Commands and their keys"))
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        blank = self._theme.icon("accept", "transparent")
        height = self.fontMetrics().height() + 2 * SPACE_M - 2
        for action_id, row in zip(self._now, rows, strict=True):
            item = QTreeWidgetItem([row.text, row.menu, ""])
            icon = row.action.icon()
            item.setIcon(0, blank if icon.isNull() else icon)
            item.setToolTip(0, row.tip)
            item.setSizeHint(0, QSize(0, height))
            item.setData(0, Qt.ItemDataRole.UserRole, action_id)
            self._items[action_id] = item
            self.list.addTopLevelItem(item)
            self._show_keys(action_id)

    def _build(self) -> None:
        ok = named(QPushButton(self.tr("OK")), "keys_ok")
        cancel = named(QPushButton(self.tr("Cancel")), "keys_cancel")
        ok.clicked.connect(self._finish)
        cancel.clicked.connect(self.reject)
        for button in (self.use, self.also, self.clear, self.usual, self.all_usual, ok, cancel):
            # Return is a key that may be typed: no button waits for it.
            button.setAutoDefault(False)
        styled(ok, primary=True)
        edit = QHBoxLayout()
        edit.setSpacing(SPACE_M)
        edit.addWidget(self.field, 1)
        for button in (self.use, self.also, self.clear, self.usual):
            edit.addWidget(button)
        bottom = QHBoxLayout()
        bottom.addWidget(self.all_usual)
        bottom.addStretch()
        bottom.addWidget(cancel)
        bottom.addWidget(ok)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_L, SPACE_L, SPACE_L, SPACE_L)
        layout.setSpacing(SPACE_M)
        layout.addWidget(self.search)
        layout.addWidget(self.list, 1)
        layout.addLayout(edit)
        layout.addWidget(self.message)
        layout.addLayout(bottom)

    def _connect(self) -> None:
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        self.list.currentItemChanged.connect(self._on_list_current_changed)
        self.field.keySequenceChanged.connect(self._check)
        self.use.clicked.connect(lambda: self._take(add=False))
        self.also.clicked.connect(lambda: self._take(add=True))
        self.clear.clicked.connect(lambda: self._set(self.chosen, ()))
        self.usual.clicked.connect(self._on_usual_clicked)
        self.all_usual.clicked.connect(self._on_all_usual_clicked)

    # -- choosing ------------------------------------------------------------------------------

    @property
    def chosen(self) -> str:
        """Id of the command whose keys are being changed; empty when none is."""
        item = self.list.currentItem()
        return "" if item is None else str(item.data(0, Qt.ItemDataRole.UserRole))

    def choose(self, action_id: str) -> None:
        """Make this the command whose keys are being changed."""
        self.list.setCurrentItem(self._items[action_id])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Down goes from the search to the list."""
        if watched is self.search and event.type() == QEvent.Type.KeyPress:
            pressed: QKeyEvent = event  # type: ignore[assignment]
            if pressed.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return):
                self.list.setFocus()
                return True
        return super().eventFilter(watched, event)

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        for item in self._items.values():
            told = " ".join(item.text(column) for column in range(3)).casefold()
            item.setHidden(not all(word in told for word in words))
        self._choose_first()

    def _choose_first(self) -> None:
        current = self.list.currentItem()
        if current is None or current.isHidden():
            shown = (item for item in self._items.values() if not item.isHidden())
            self.list.setCurrentItem(next(shown, None))  # type: ignore[arg-type]

    def _on_list_current_changed(self) -> None:
        self.field.clear()
        self._check()

    # -- changing -------------------------------------------------------------------------------

    def _check(self) -> None:
        """Who has the typed key already."""
        key, chosen = self._typed(), self.chosen
        self._rival = self._keys.clash(chosen, key, self._now) if key and chosen else None
        if self._rival:
            name = self._names[self._rival]
            text = self.tr("“{0}” has this key; it would lose it.").format(name)
        elif self._rival == "":
            text = self.tr("The canvas needs this key: it cannot be given to a command.")
        elif chosen and not key:
            text = self.tr("Click the field and press the new key for “{0}”.").format(
                self._names[chosen]
            )
        else:
            text = ""
        self.message.setText(text)
        styled(self.message, level="warning" if self._rival is not None else "", muted=True)
        free = bool(key and chosen) and self._rival != ""
        self.use.setEnabled(free)
        self.also.setEnabled(free and bool(self._now.get(chosen)))
        self.clear.setEnabled(bool(chosen and self._now[chosen]))
        self.usual.setEnabled(bool(chosen) and self._now[chosen] != self._keys.defaults(chosen))

    def _typed(self) -> str:
        return self.field.keySequence().toString(QKeySequence.SequenceFormat.PortableText)

    def _take(self, *, add: bool) -> None:
        key, chosen = self._typed(), self.chosen
        if self._rival:
            self._drop(self._rival, key)
        kept = tuple(k for k in self._now[chosen] if k != key) if add else ()
        self._set(chosen, (*kept, key))
        self.field.clear()

    def _on_usual_clicked(self) -> None:
        chosen = self.chosen
        for key in self._keys.defaults(chosen):
            if rival := self._keys.clash(chosen, key, self._now):
                self._drop(rival, key)
        self._set(chosen, self._keys.defaults(chosen))

    def _on_all_usual_clicked(self) -> None:
        for action_id in self._now:
            self._now[action_id] = self._keys.defaults(action_id)
            self._show_keys(action_id)
        self._check()

    def _drop(self, action_id: str, key: str) -> None:
        self._set(action_id, tuple(k for k in self._now[action_id] if k != key))

    def _set(self, action_id: str, keys: tuple[str, ...]) -> None:
        self._now[action_id] = keys
        self._show_keys(action_id)
        self._check()

    def _show_keys(self, action_id: str) -> None:
        native = QKeySequence.SequenceFormat.NativeText
        text = "   ".join(QKeySequence(key).toString(native) for key in self._now[action_id])
        item = self._items[action_id]
        item.setText(2, text)
        font = item.font(2)
        font.setBold(self._now[action_id] != self._keys.defaults(action_id))
        item.setFont(2, font)

    def _finish(self) -> None:
        self._keys.replace(self._now)
        self.accept()
