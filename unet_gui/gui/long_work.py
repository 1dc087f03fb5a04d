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

    Work may have several steps: one that begins in the same event in which another ends goes on
    with it, and who shows it sees one piece of work.

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
        self._told = ""
        self._cancel: Callable[[], object] | None = None
        self._tell = QTimer(self, singleShot=True, interval=TOLD_AFTER)
        self._tell.timeout.connect(self._tell_name)
        self._over = QTimer(self, singleShot=True, interval=0)
        self._over.timeout.connect(self._tell_over)

    @property
    def busy(self) -> bool:
        return self._cancel is not None

    def begin(self, name: str, cancel: Callable[[], object]) -> None:
        """Something has begun; `cancel` gives it up, and calls `end`."""
        if self.busy:
            self.end()
            self._tell_over()
        goes_on = self._over.isActive()
        self._over.stop()
        self._name, self._cancel = name, cancel
        if not goes_on:
            self._tell.start()
            self.busy_changed.emit(True)
        elif not self._told and not self._tell.isActive():
            self._tell.start()
        elif self._told not in ("", name):
            self._tell_name()

    def end(self) -> None:
        """It is over, one way or the other."""
        if self._cancel is not None:
            self._cancel = None
            self._over.start()

    def cancel(self) -> None:
        """The person has had enough of it."""
        if self._cancel is not None:
            self._cancel()
            if not self.busy:
                self._tell_over()

    def _tell_name(self) -> None:
        if self.busy:
            self._told = self._name
            self.long_running.emit(self._name)

    def _tell_over(self) -> None:
        self._over.stop()
        self._tell.stop()
        self._told = ""
        self.busy_changed.emit(False)
