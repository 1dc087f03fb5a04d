"""What nobody has foreseen: logged in full, told in one sentence, and Ctrl-C closes the window."""

from __future__ import annotations

import logging
import signal
import socket
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import (
    QMessageLogContext,
    QObject,
    QSocketNotifier,
    QtMsgType,
    Signal,
    qInstallMessageHandler,
)

from unet_gui.core.errors import UnetGuiError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from PySide6.QtWidgets import QWidget

logger = logging.getLogger(__name__)

_LEVELS: Final = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class Incidents(QObject):
    """Catches what got past every other place, on any thread, while it is installed.

    Args:
        window: owner.
        tell: shows an error and its details to the person; called on the GUI thread.
    """

    _happened = Signal(object, str)

    def __init__(self, window: QWidget, tell: Callable[[UnetGuiError, str], object]) -> None:
        super().__init__(window)
        self._happened.connect(tell)
        self._before = (sys.excepthook, threading.excepthook)

    def install(self) -> None:
        sys.excepthook = self._on_exception
        threading.excepthook = lambda args: self._on_exception(
            args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
        )
        qInstallMessageHandler(log_qt_message)

    def remove(self) -> None:
        sys.excepthook, threading.excepthook = self._before
        qInstallMessageHandler(None)

    def _on_exception(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        logger.critical("not foreseen", exc_info=(kind, error, trace))
        if isinstance(error, UnetGuiError):
            told, details = error, ""
        else:
            details = "".join(traceback.format_exception(kind, error, trace))
            told = UnetGuiError(
                self.tr("Something went wrong that should not have."),
                self.tr("What you painted is safe. The details help to find out why."),
            )
        self._happened.emit(told, details)


def log_qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    """Put Qt's own messages into the program's log."""
    logging.getLogger("unet_gui.qt").log(
        _LEVELS.get(kind, logging.WARNING), "%s: %s", context.category or "qt", text
    )


class InterruptWatch(QObject):
    """Closes the window on Ctrl-C in the terminal it was started from.

    Python runs signal handlers only between its own instructions, and the event loop is not
    Python: the signal is written to a socket that wakes it up.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_notifier_activated)
        self.interrupted = False
        self._old_handler = signal.signal(signal.SIGINT, self._on_signal)
        self._old_descriptor = signal.set_wakeup_fd(
            self._writer.fileno(), warn_on_full_buffer=False
        )

    def remove(self) -> None:
        signal.set_wakeup_fd(self._old_descriptor)
        signal.signal(signal.SIGINT, self._old_handler)
        self._notifier.setEnabled(False)
        self._reader.close()
        self._writer.close()

    def _on_signal(self, _number: int, _frame: object) -> None:
        self.interrupted = True

    def _on_notifier_activated(self) -> None:
        try:
            self._reader.recv(64)
        except BlockingIOError:
            return
        if self.interrupted:
            self._window.close()
