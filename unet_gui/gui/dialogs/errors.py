"""The error dialog: what happened, what to do about it, and the details for those who want them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M, SPACE_XL
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from unet_gui.core.errors import UnetGuiError
    from unet_gui.gui.theme import Theme

WIDTH: Final = 460


class ErrorDialog(QDialog):
    """One error.

    Args:
        parent: the window it belongs to.
        theme: icons.
        error: message and hint.
        details: long technical text; hidden until asked for.
    """

    def __init__(
        self, parent: QWidget | None, theme: Theme, error: UnetGuiError, details: str = ""
    ) -> None:
        super().__init__(parent)
        self.setObjectName("error_dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("That did not work"))
        self.error = error
        picture = QLabel()
        picture.setPixmap(theme.pixmap("warning", 32, theme.tokens.danger))
        self.message = _text(error.message, "error_message")
        self.message.setProperty("heading", True)
        self.hint = _text(error.hint, "error_hint")
        self.hint.setVisible(bool(error.hint))
        words = QVBoxLayout()
        words.setSpacing(SPACE_M)
        words.addWidget(self.message)
        words.addWidget(self.hint)
        words.addStretch()
        top = QHBoxLayout()
        top.setSpacing(2 * SPACE_M)
        top.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(words, 1)
        self.details = named(QPlainTextEdit(details), "error_details")
        self.details.setReadOnly(True)
        self.details.setMinimumHeight(160)
        self.details.setVisible(False)
        self._more = named(QPushButton(self.tr("Details")), "error_more")
        self._more.setCheckable(True)
        self._more.setVisible(bool(details))
        self._more.toggled.connect(self._on_more_toggled)
        copy = named(QPushButton(self.tr("Copy")), "error_copy")
        copy.clicked.connect(self._copy)
        close = named(QPushButton(self.tr("Close")), "error_close")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(self._more)
        buttons.addStretch()
        buttons.addWidget(copy)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, 2 * SPACE_M)
        layout.setSpacing(SPACE_L)
        layout.addLayout(top)
        layout.addWidget(self.details, 1)
        layout.addSpacing(SPACE_M)
        layout.addLayout(buttons)
        self.setMinimumWidth(WIDTH)

    def _on_more_toggled(self, shown: bool) -> None:
        self.details.setVisible(shown)
        self.adjustSize()

    def _copy(self) -> None:
        parts = (self.error.message, self.error.hint, self.details.toPlainText())
        QGuiApplication.clipboard().setText("\n".join(part for part in parts if part))


class ErrorBox(QObject):
    """Shows errors one after another, and the same one only once at a time."""

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._waiting: list[tuple[UnetGuiError, str]] = []
        self.dialog: ErrorDialog | None = None

    def show(self, error: UnetGuiError, details: str = "") -> None:
        """Show it now, or after the one on the screen."""
        shown = [self.dialog.error] if self.dialog is not None else []
        known = [*shown, *(waiting for waiting, _ in self._waiting)]
        if any((e.message, e.hint) == (error.message, error.hint) for e in known):
            return
        self._waiting.append((error, details))
        self._next()

    def _next(self) -> None:
        if self.dialog is None and self._waiting:
            error, details = self._waiting.pop(0)
            self.dialog = ErrorDialog(self._window, self._theme, error, details)
            self.dialog.finished.connect(self._on_dialog_finished)
            self.dialog.open()

    def _on_dialog_finished(self) -> None:
        self.dialog = None
        self._next()


def _text(text: str, name: str) -> QLabel:
    label = named(QLabel(text), name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
