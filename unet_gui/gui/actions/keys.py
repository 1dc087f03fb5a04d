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
    from collections.abc import Callable

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


class HoldKey(QObject):
    """Calls `on_press` when a key goes down and `on_release` when it comes up again.

    The application is watched only between the two.
    """

    def __init__(
        self,
        key: Qt.Key,
        window: QWidget,
        on_press: Callable[[], object],
        on_release: Callable[[], object],
    ) -> None:
        super().__init__(window)
        self._key = key
        self._on_press = on_press
        self._on_release = on_release
        self.held = False
        shortcut = QShortcut(QKeySequence(key), window)
        shortcut.setAutoRepeat(False)
        shortcut.activated.connect(self._on_shortcut_activated)

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
            and event.key() == self._key
            and not event.isAutoRepeat()
        )

    def _let_go(self) -> None:
        app = QApplication.instance()
        if self.held and app is not None:
            self.held = False
            app.removeEventFilter(self)
            self._on_release()
