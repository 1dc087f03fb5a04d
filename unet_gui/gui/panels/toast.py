"""Messages that come up over a corner of the window and go away by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M

if TYPE_CHECKING:
    from collections.abc import Callable

    from unet_gui.gui.theme import Theme

SHOWN_MS: Final = 8000
WIDTH: Final = 380
MAX_TOASTS: Final = 3


class Toast(QFrame):
    """One message; stays while the pointer is on it.

    Signals:
        dismissed: it has gone.
    """

    dismissed = Signal()

    def __init__(
        self,
        parent: QWidget,
        theme: Theme,
        text: str,
        *,
        level: str,
        details: Callable[[], object] | None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("toast")
        self.text = text
        self.setProperty("toast", True)
        self.setProperty("level", level)
        self.setFixedWidth(WIDTH)
        token = theme.tokens.danger if level == "error" else theme.tokens.accent
        picture = QLabel()
        picture.setPixmap(theme.pixmap("warning" if level == "error" else "info", 20, token))
        words = QLabel(text)
        words.setWordWrap(True)
        words.setTextFormat(Qt.TextFormat.PlainText)
        close = QToolButton()
        close.setIcon(theme.icon("close"))
        close.setAutoRaise(True)
        close.setAccessibleName(self.tr("Close this message"))
        close.clicked.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_L, SPACE_M, SPACE_M, SPACE_M)
        row.setSpacing(SPACE_M)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(words, 1)
        if details is not None:
            more = QPushButton(self.tr("Details"))
            more.clicked.connect(details)
            more.clicked.connect(self.dismiss)
            row.addWidget(more, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._timer.timeout.connect(self.dismiss)
        self._timer.start()

    def dismiss(self) -> None:
        if not self.isHidden():
            self.hide()
            self.dismissed.emit()
            self.deleteLater()

    def enterEvent(self, _event: QEvent) -> None:
        self._timer.stop()

    def leaveEvent(self, _event: QEvent) -> None:
        self._timer.start()


class Toaster(QObject):
    """Stacks toasts in the lower right corner of `host`."""

    def __init__(self, host: QWidget, theme: Theme) -> None:
        super().__init__(host)
        self._host = host
        self._theme = theme
        self._toasts: list[Toast] = []
        host.installEventFilter(self)

    def say(
        self, text: str, *, level: str = "info", details: Callable[[], object] | None = None
    ) -> None:
        """Show a message; the same one twice is shown once."""
        if any(toast.text == text for toast in self._toasts):
            return
        while len(self._toasts) >= MAX_TOASTS:
            self._toasts[0].dismiss()
        toast = Toast(self._host, self._theme, text, level=level, details=details)
        self._toasts.append(toast)
        toast.dismissed.connect(lambda: self._drop(toast))
        toast.show()
        self._arrange()

    @property
    def texts(self) -> list[str]:
        """What is on the screen."""
        return [toast.text for toast in self._toasts]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._arrange()
        return super().eventFilter(watched, event)

    def _drop(self, toast: Toast) -> None:
        self._toasts = [t for t in self._toasts if t is not toast]
        self._arrange()

    def _arrange(self) -> None:
        bottom = self._host.height() - SPACE_L
        for toast in reversed(self._toasts):
            toast.setFixedHeight(toast.heightForWidth(WIDTH) if toast.hasHeightForWidth() else
                                 toast.sizeHint().height())  # fmt: skip
            toast.move(self._host.width() - WIDTH - SPACE_L, bottom - toast.height())
            toast.raise_()
            bottom -= toast.height() + SPACE_M
