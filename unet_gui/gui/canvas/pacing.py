"""Tiles are made little by little: a picture on time is worth more than a finished one.

What a paint event lacks it makes as long as its time lasts. The rest is made between events, a
slice at a time, and shown as it comes, once the view rests; until then something like it stands in.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from PySide6.QtCore import QObject, QTimer

from unet_gui.core.geometry import EMPTY, Rect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

IN_PAINT: Final = 0.002
"""Seconds for making tiles within one layer of a paint event."""

IN_FRAME: Final = 0.007
"""Seconds from the begin of a paint event after which no more than must be is made in it."""

SLICE: Final = 0.002
"""Seconds for making tiles between two events."""

AT_REST: Final = 0.03
"""Seconds without a change of view before tiles are made between two events: while it moves on, the
next frame wants other tiles, and comes later the more is made of this one."""

AT_LEAST: Final = 1
"""Tiles that are made within a paint event however long they take: there is an end to it then."""

MOST: Final = 400
"""Tiles that wait; beyond that, those asked for longest ago are forgotten."""

Key = TypeVar("Key")


class Pace:
    """A time that runs out."""

    def __init__(self, seconds: float) -> None:
        self._until = time.perf_counter() + seconds

    @property
    def over(self) -> bool:
        return time.perf_counter() >= self._until


class PaintPace(Pace):
    """The time within a paint event: one tile at least, then until it is over."""

    def __init__(self, begun: float) -> None:
        """`begun` is when the painting did, by `time.perf_counter`."""
        super().__init__(min(IN_PAINT, begun + IN_FRAME - time.perf_counter()))
        self._made = 0

    def take(self) -> bool:
        """Whether one more may be made."""
        self._made += 1
        return self._made <= AT_LEAST or not self.over


class Later(Generic[Key]):
    """Tiles that wait to be made, those asked for last first."""

    def __init__(
        self,
        make: Callable[[Key], Rect],
        shown: Callable[[Rect], object],
        parent: QObject,
    ) -> None:
        """`make` makes a tile and returns the image pixels it stands for.

        `shown` is told which image pixels look better now; all happens on the thread of `parent`.
        """
        self._make = make
        self._shown = shown
        self._keys: dict[Key, None] = {}
        self._rests_from = 0.0
        self._timer = QTimer(parent, singleShot=True, interval=0)
        self._timer.timeout.connect(self._go_on)

    @property
    def waiting(self) -> bool:
        """Something is yet to be made."""
        return bool(self._keys)

    def want(self, keys: Iterable[Key]) -> None:
        """Make these before all others."""
        self._keys = dict.fromkeys(keys) | self._keys
        for key in list(self._keys)[MOST:]:
            del self._keys[key]
        if self._keys:
            rest = self._rests_from - time.perf_counter()
            self._timer.start(max(0, math.ceil(1000 * rest)))

    def clear(self) -> None:
        """Something else is looked at: nobody needs them any more."""
        self._rests_from = time.perf_counter() + AT_REST
        self._keys.clear()
        self._timer.stop()

    def _go_on(self) -> None:
        pace, better = Pace(SLICE), EMPTY
        while self._keys:
            key = next(iter(self._keys))
            del self._keys[key]
            better = better.union(self._make(key))
            if pace.over:
                break
        if self._keys:
            self._timer.start(0)
        if not better.empty:
            self._shown(better)
