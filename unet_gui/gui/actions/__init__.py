"""The table of actions brought to life: QActions, menus, and what the cheat sheet lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QShortcut

from unet_gui.gui.actions.table import (
    ActionSpec,
    Group,
    Menu,
    Situation,
    action_specs,
    menu_titles,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

    from unet_gui.gui.theme import Theme

__all__ = ["ActionRow", "Actions", "Menu", "Situation"]


@dataclass(frozen=True, slots=True)
class ActionRow:
    """An action as the cheat sheet and the command search show it."""

    menu: str
    text: str
    keys: tuple[str, ...]
    tip: str
    action: QAction


class Actions(QObject):
    """All QActions by id.

    Args:
        window: gets the actions, so that their shortcuts work anywhere in it.
        theme: colours the icons.
    """

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._specs = action_specs()
        self._groups = {group: QActionGroup(self) for group in Group if group is not Group.NONE}
        self._actions = {spec.id: self._build(spec, theme) for spec in self._specs}
        window.addActions(list(self._actions.values()))

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    @property
    def by_id(self) -> Mapping[str, QAction]:
        """All of them."""
        return self._actions

    def bind(self, handlers: Mapping[str, Callable[[], object]]) -> None:
        """Say what each action does.

        Raises:
            KeyError: an action was left out, or there is none of that name.
        """
        if odd := set(handlers) ^ set(self._actions):
            raise KeyError(f"without handler, or unknown: {sorted(odd)}")
        for action_id, handler in handlers.items():
            self._actions[action_id].triggered.connect(lambda _checked=False, h=handler: h())

    def only_in(self, widget: QWidget, action_id: str, key: Qt.Key) -> None:
        """Let a key trigger the action while `widget` has the keyboard, and nowhere else.

        Tab must go on moving the keyboard focus everywhere but on the canvas.
        """
        shortcut = QShortcut(QKeySequence(key), widget)
        shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        shortcut.activated.connect(self._actions[action_id].trigger)

    def refresh(self, situation: Situation) -> None:
        """Enable what is possible now."""
        for spec in self._specs:
            self._actions[spec.id].setEnabled(spec.when(situation))

    def fill(self, menu_bar: QMenuBar) -> dict[Menu, QMenu]:
        """Make the menus."""
        menus = {menu: menu_bar.addMenu(title) for menu, title in menu_titles().items()}
        for spec in self._specs:
            if not spec.in_menu:
                continue
            if spec.starts_section:
                menus[spec.menu].addSeparator()
            menus[spec.menu].addAction(self._actions[spec.id])
        for menu, widget in menus.items():
            widget.setObjectName(f"menu_{menu.value}")
            widget.setToolTipsVisible(True)
        return menus

    def rows(self) -> list[ActionRow]:
        """Every action with its keys, menu by menu."""
        titles = menu_titles()
        rows = []
        for spec in self._specs:
            native = QKeySequence.SequenceFormat.NativeText
            keys = (*(QKeySequence(k).toString(native) for k in spec.keys), spec.hint)
            rows.append(
                ActionRow(
                    titles[spec.menu].replace("&", ""),
                    plain(spec.text),
                    tuple(k for k in keys if k),
                    spec.tip,
                    self._actions[spec.id],
                )
            )
        return rows

    def _build(self, spec: ActionSpec, theme: Theme) -> QAction:
        action = QAction(spec.text + (f"\t{spec.hint}" if spec.hint else ""), self)
        # "action_…", because the plain names belong to the buttons that show them.
        action.setObjectName(f"action_{spec.id}")
        action.setShortcuts([QKeySequence(key) for key in spec.keys])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setCheckable(spec.checkable)
        action.setStatusTip(spec.tip)
        first = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText) or spec.hint
        key = f" <b>{first}</b>" if first else ""
        action.setToolTip(f"<p style='white-space:pre'>{plain(spec.text)}{key}</p>{spec.tip}")
        if spec.icon:
            theme.set_icon(action, spec.icon)
        if spec.group is not Group.NONE:
            self._groups[spec.group].addAction(action)
        return action


def plain(text: str) -> str:
    """Menu text without mnemonic and dots."""
    marker = "\0"
    return text.replace("&&", marker).replace("&", "").replace(marker, "&").rstrip("…")
