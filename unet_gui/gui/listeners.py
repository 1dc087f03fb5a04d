"""A signal without the way through Qt, for what happens with each move of a brush."""

from __future__ import annotations

import inspect
import weakref
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from shiboken6 import isValid

if TYPE_CHECKING:
    from collections.abc import Callable

Told = TypeVar("Told")


class Listeners(Generic[Told]):
    """Those who want to be told something, at once and on the thread of whoever tells.

    A Qt signal takes a tenth of a move of a small brush. As with one, a connected method does
    not keep its object alive, and one that Qt has deleted is not called any more.
    """

    def __init__(self) -> None:
        self._known: list[tuple[Callable[[], object] | None, Callable[..., object]]] = []

    def connect(self, listener: Callable[[Told], object]) -> Callable[[Told], object]:
        """Tell `listener` from now on; returns what `disconnect` takes."""
        self._known.append(_taken_apart(listener))
        return listener

    def disconnect(self, listener: Callable[[Told], object]) -> None:
        """Do not tell `listener` any more."""
        known = _taken_apart(listener)
        self._known = [other for other in self._known if other != known]

    def emit(self, told: Told) -> None:
        """Tell everybody, in the order in which they came."""
        for owner, function in self._known:
            if owner is None:
                function(told)
            elif (alive := owner()) is not None and isValid(alive):
                function(alive, told)


def _taken_apart(
    listener: Callable[..., Any],
) -> tuple[Callable[[], object] | None, Callable[..., object]]:
    """Whose method it is, held weakly, and the function; None for what is no method."""
    if inspect.ismethod(listener):
        return weakref.ref(listener.__self__), listener.__func__
    return None, listener
