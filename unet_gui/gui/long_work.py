"""What a tool does in the background, told to whoever shows how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

TOLD_AFTER: Final = 500
"""Milliseconds after which work counts as long."""


class LongWork(QObject):
    """One piece of work at a time; the newest takes the place of the one before.

    Signals:
        busy_changed: whether something is under way.
        long_running: the name of what has been running for a while.
        progressed: a Progress of it.
    """

    busy_changed = Signal(bool)
    long_running = Signal(str)
    progressed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self._cancel: Callable[[], object] | None = None
        self._tell = QTimer(self, singleShot=True, interval=TOLD_AFTER)
        self._tell.timeout.connect(lambda: self.long_running.emit(self._name))

    @property
    def busy(self) -> bool:
        return self._cancel is not None

    def begin(self, name: str, cancel: Callable[[], object]) -> None:
        """Something has begun; `cancel` gives it up, and calls `end`."""
        self.end()
        self._name, self._cancel = name, cancel
        self._tell.start()
        self.busy_changed.emit(True)

    def end(self) -> None:
        """It is over, one way or the other."""
        self._tell.stop()
        if self._cancel is not None:
            self._cancel = None
            self.busy_changed.emit(False)

    def cancel(self) -> None:
        """The person has had enough of it."""
        if self._cancel is not None:
            self._cancel()
