"""Keys that need more than a shortcut: typing must win over single letters, H works while held."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QWidget

_TEXT_WIDGETS = (QLineEdit, QAbstractSpinBox, QPlainTextEdit, QTextEdit)
_COMMAND_KEYS = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)


class TypingGuard(QObject):
    """While a text field has the keyboard, keys without Ctrl or Alt are typing and nothing else.

    The filter sits on the focused field only: one on the application would see every mouse move.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._field: QWidget | None = None
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._on_focus_changed)

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        if self._field is not None and shiboken6.isValid(self._field):
            self._field.removeEventFilter(self)
        self._field = new if takes_text(new) else None
        if self._field is not None:
            self._field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and not event.modifiers() & _COMMAND_KEYS
            and not Qt.Key.Key_F1 <= event.key() <= Qt.Key.Key_F35
        ):
            event.accept()
            return True
        return super().eventFilter(watched, event)


def takes_text(widget: QWidget | None) -> bool:
    """Whether keys typed into the widget are text."""
    if isinstance(widget, QComboBox):
        return widget.isEditable()
    return isinstance(widget, _TEXT_WIDGETS)


class FocusKey(QObject):
    """Lets keys trigger an action while one widget has the keyboard, and nowhere else.

    Tab must go on moving the keyboard focus everywhere but on the canvas.
    """

    def __init__(self, widget: QWidget, action: QAction) -> None:
        super().__init__(widget)
        self._shortcut = QShortcut(widget)
        self._shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        self._shortcut.activated.connect(action.trigger)

    def set_keys(self, keys: Sequence[str]) -> None:
        self._shortcut.setKeys([QKeySequence(key) for key in keys])


class HoldKey(QObject):
    """Calls `on_press` when a key goes down and `on_release` when it comes up again.

    The application is watched only between the two. `set_keys` says which key it is.
    """

    def __init__(
        self,
        window: QWidget,
        on_press: Callable[[], object],
        on_release: Callable[[], object],
    ) -> None:
        super().__init__(window)
        self._held_keys: set[Qt.Key] = set()
        self._on_press = on_press
        self._on_release = on_release
        self.held = False
        self._shortcut = QShortcut(window)
        self._shortcut.setAutoRepeat(False)
        self._shortcut.activated.connect(self._on_shortcut_activated)

    def set_keys(self, keys: Sequence[str]) -> None:
        """Listen to these, of which only one can be held at a time."""
        sequences = [QKeySequence(key) for key in keys]
        self._shortcut.setKeys(sequences)
        # The stubs do not know that a sequence can be indexed.
        self._held_keys = {Qt.Key(s[0].key()) for s in sequences if not s.isEmpty()}  # type: ignore[index]

    def _on_shortcut_activated(self) -> None:
        app = QApplication.instance()
        if self.held or app is None:
            return
        self.held = True
        app.installEventFilter(self)
        self._on_press()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ApplicationDeactivate or self._is_release(event):
            self._let_go()
        return super().eventFilter(watched, event)

    def _is_release(self, event: QEvent) -> bool:
        return (
            event.type() == QEvent.Type.KeyRelease
            and isinstance(event, QKeyEvent)
            and Qt.Key(event.key()) in self._held_keys
            and not event.isAutoRepeat()
        )

    def _let_go(self) -> None:
        app = QApplication.instance()
        if self.held and app is not None:
            self.held = False
            app.removeEventFilter(self)
            self._on_release()
