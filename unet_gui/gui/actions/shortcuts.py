"""Which keys trigger which action: the table's, unless the person has chosen others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtGui import QKeySequence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from PySide6.QtGui import QAction

    from unet_gui.gui.actions.spec import ActionSpec

RESERVED: Final = ("Space", "Esc", "Left", "Right", "Up", "Down")
"""Keys the canvas needs: they move the view, or take back what is under way."""


class Shortcuts(QObject):
    """Keys by action id, as portable text ("Ctrl+Z").

    Args:
        parent: owner.
        specs: what the keys are unless changed.
        actions: QActions by id.

    Signals:
        changed: some action has other keys.
    """

    changed = Signal()

    def __init__(
        self, parent: QObject, specs: Sequence[ActionSpec], actions: Mapping[str, QAction]
    ) -> None:
        super().__init__(parent)
        self._actions = actions
        self._defaults = {s.id: tuple(map(portable, s.keys or _listed(s.hint))) for s in specs}
        self._heard = {s.id for s in specs if s.hint}
        self._own: dict[str, tuple[str, ...]] = {}
        self._listeners: dict[str, Callable[[tuple[str, ...]], object]] = {}

    @property
    def own(self) -> Mapping[str, tuple[str, ...]]:
        """Only what differs from the table."""
        return self._own

    def ids(self) -> list[str]:
        """Every action, in the order of the table."""
        return list(self._defaults)

    def keys(self, action_id: str) -> tuple[str, ...]:
        """What triggers the action now."""
        return self._own.get(action_id, self._defaults[action_id])

    def defaults(self, action_id: str) -> tuple[str, ...]:
        return self._defaults[action_id]

    def is_heard(self, action_id: str) -> bool:
        """Whether something else than a shortcut listens to its keys."""
        return action_id in self._heard

    def listen(self, action_id: str, listener: Callable[[tuple[str, ...]], object]) -> None:
        """Tell `listener` the keys of an action now and whenever they change."""
        self._listeners[action_id] = listener
        listener(self.keys(action_id))

    def replace(self, own: Mapping[str, Sequence[str]]) -> None:
        """The person's keys by action id, all of them; unknown ids are left out."""
        chosen = {
            action_id: tuple(filter(None, map(portable, keys)))
            for action_id, keys in own.items()
            if action_id in self._defaults
        }
        self._own = {i: keys for i, keys in chosen.items() if keys != self._defaults[i]}
        self.changed.emit()
        for action_id, listener in self._listeners.items():
            listener(self.keys(action_id))

    def clash(self, action_id: str, key: str, among: Mapping[str, Sequence[str]]) -> str | None:
        """Who else has this key.

        Args:
            action_id: the action that is to get it.
            key: the key, as text.
            among: keys by action id, as they would be then.

        Returns:
            The id of the other action, "" for a key that the canvas needs, None when it is free.
        """
        wanted = portable(key)
        if wanted in RESERVED:
            return ""
        for other, keys in among.items():
            if other != action_id and wanted in map(portable, keys):
                return other
        return None


def portable(key: str) -> str:
    """A key as it is written into settings, whatever the spelling."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def native(key: str) -> str:
    """A key as the person's system writes it."""
    text = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
    return text or QCoreApplication.translate("Actions", key)


def _listed(hint: str) -> tuple[str, ...]:
    return (hint,) if hint else ()
