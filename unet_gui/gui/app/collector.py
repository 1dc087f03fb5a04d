"""Python's collector of cycles, kept on the GUI thread.

It runs in whichever thread happens to allocate. A cycle may hold widgets, timers or other Qt
objects, and deleting those on a background thread brings the program down, once in a thousand
times. So it is switched off and called from a timer instead, never in the midst of a stroke.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY_MS: Final = 2000
YOUNG: Final = 700
"""New objects that make a look at the young ones worth while: Python's own threshold."""

WHOLE_EVERY: Final = 30
"""Looks at the young ones for each look at all, which takes some ten milliseconds."""


class Collector(QObject):
    """Collects cycles on the thread it lives on; `stop` gives Python its collector back.

    Args:
        busy: whether the person is in the midst of something; nothing is collected then.
        parent: who owns it.
    """

    def __init__(self, busy: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._busy = busy
        self._looks = 0
        self._was_enabled = gc.isenabled()
        gc.collect()
        gc.freeze()  # what the program consists of is not looked at again
        gc.disable()
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> None:
        """Look for cycles, if there is enough new to look at."""
        if self._busy() or gc.get_count()[0] < YOUNG:
            return
        self._looks += 1
        gc.collect(2 if self._looks % WHOLE_EVERY == 0 else 1)

    def stop(self) -> None:
        """Leave things as they were found."""
        self._timer.stop()
        gc.unfreeze()
        if self._was_enabled:
            gc.enable()
