"""Tool keys: a tap takes a tool, holding one lends it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeySequence

from unet_gui.gui.state import Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtGui import QKeyEvent

    from unet_gui.gui.state import ViewState

TOOL_KEYS: Final[dict[str, Tool]] = {
    "B": Tool.BRUSH,
    "E": Tool.ERASER,
    "P": Tool.POLYGON,
    "L": Tool.LASSO,
    "R": Tool.RECTANGLE,
    "Shift+R": Tool.ELLIPSE,
    "F": Tool.FILL,
    "W": Tool.WAND,
    "S": Tool.SUPERPIXEL,
    "K": Tool.EDGE,
    "C": Tool.SMART,
    "G": Tool.ACCEPT,
    "M": Tool.PAN,
}
"""Key (as QKeySequence writes it) of each tool."""

TAP: Final = 0.25
"""Seconds up to which a key that was not put to use was only tapped."""


class SpringKeys:
    """While a tool's key is down the tool is in hand; then the former one comes back.

    It comes back when the tool was used meanwhile, or the key was held longer than a tap. What is
    still under way then (a button is down, a polygon is open) is finished first.

    Args:
        state: whose tool is changed.
        clock: seconds, from any start.
    """

    def __init__(self, state: ViewState, clock: Callable[[], float] = time.monotonic) -> None:
        self._state = state
        self._clock = clock
        self._keys = dict(TOOL_KEYS)
        self._key = 0
        self._lent: Tool | None = None
        self._former: Tool | None = None
        self._since = 0.0
        self._used = False
        self._released = False

    @property
    def lends(self) -> bool:
        """A tool is in hand only as long as its key is down, or what it began is not done."""
        return self._lent is not None

    def set_keys(self, keys: Mapping[str, Tool]) -> None:
        """Other keys from now on."""
        self._keys = dict(keys)

    def tool_for(self, event: QKeyEvent) -> Tool | None:
        """The tool of this key, None when it belongs to none."""
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        key = Qt.Key(event.key())
        return self._keys.get(QKeySequence(QKeyCombination(held, key)).toString())

    def press(self, event: QKeyEvent) -> bool:
        """A key has gone down. False when it is no tool's."""
        tool = self.tool_for(event)
        if tool is None:
            return False
        if event.isAutoRepeat():
            return True
        if self._former is None or self._state.tool is not self._lent:
            self._former = self._state.tool
        self._key, self._lent = event.key(), tool
        self._since, self._used, self._released = self._clock(), False, False
        self._state.set_tool(tool)
        return True

    def release(self, event: QKeyEvent, *, busy: bool) -> bool:
        """A key is up. False when it was not holding a tool."""
        if event.isAutoRepeat() or self._lent is None or event.key() != self._key:
            return False
        self._released = True
        if self._used or self._clock() - self._since > TAP:
            self.settle(busy=busy)
        else:
            self._forget()
        return True

    def used(self) -> None:
        """Something was done with the tool in hand."""
        self._used = True

    def settle(self, *, busy: bool) -> None:
        """Give the former tool back once its key is up and nothing is under way any more."""
        if self._lent is None or not self._released or busy:
            return
        former, still = self._former, self._state.tool is self._lent
        self._forget()
        if former is not None and still:  # otherwise another one was chosen meanwhile
            self._state.set_tool(former)

    def let_go(self, *, busy: bool) -> None:
        """The keyboard is elsewhere: no key will be heard to go up."""
        if self._lent is not None:
            self._released = True
            self.settle(busy=busy)

    def _forget(self) -> None:
        self._lent = self._former = None
        self._released = False
