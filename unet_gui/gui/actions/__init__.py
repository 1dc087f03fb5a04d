"""The table of actions brought to life: QActions, menus, and what the cheat sheet lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from unet_gui.gui.actions.shortcuts import Shortcuts, native
from unet_gui.gui.actions.spec import ActionSpec, Group, Menu, Situation
from unet_gui.gui.actions.table import action_specs, menu_titles

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

    Attributes:
        shortcuts: which keys trigger what.
    """

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._specs = action_specs()
        self._details: dict[str, str] = {}
        self._groups = {group: QActionGroup(self) for group in Group if group is not Group.NONE}
        self._actions = {spec.id: self._build(spec, theme) for spec in self._specs}
        self.shortcuts = Shortcuts(self, self._specs, self._actions)
        self.shortcuts.changed.connect(self._show_keys)
        self._show_keys()
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

    def explain(self, details: Mapping[str, str]) -> None:
        """Longer words than the table has, for tool tips: what a tool does with which keys."""
        self._details.update(details)
        self._show_keys()

    def refresh(self, situation: Situation) -> None:
        """Enable what is possible now."""
        for spec in self._specs:
            self._actions[spec.id].setEnabled(spec.when(situation))

    def fill(self, menu_bar: QMenuBar) -> dict[Menu, QMenu]:
        """Make the menus."""
        menus = {menu: menu_bar.addMenu(title) for menu, title in menu_titles().items()}
        inner: dict[tuple[Menu, str], QMenu] = {}
        for spec in self._specs:
            if not spec.in_menu:
                continue
            menu, place = menus[spec.menu], (spec.menu, spec.submenu)
            if spec.starts_section:
                menu.addSeparator()
            if spec.submenu:
                if place not in inner:
                    inner[place] = menu.addMenu(spec.submenu)
                    inner[place].setToolTipsVisible(True)
                menu = inner[place]
            menu.addAction(self._actions[spec.id])
        for name, widget in menus.items():
            widget.setObjectName(f"menu_{name.value}")
            widget.setToolTipsVisible(True)
        return menus

    def rows(self) -> list[ActionRow]:
        """Every action with its keys, menu by menu."""
        titles = menu_titles()
        return [
            ActionRow(
                plain(titles[spec.menu]),
                self._name(spec),
                tuple(native(key) for key in self.shortcuts.keys(spec.id)),
                spec.tip,
                self._actions[spec.id],
            )
            for spec in self._specs
        ]

    def _name(self, spec: ActionSpec) -> str:
        """What it is called where its menu does not say the rest."""
        return f"{plain(spec.submenu)}: {plain(spec.text)}" if spec.submenu else plain(spec.text)

    def _build(self, spec: ActionSpec, theme: Theme) -> QAction:
        action = QAction(spec.text, self)
        # "action_…", because the plain names belong to the buttons that show them.
        action.setObjectName(f"action_{spec.id}")
        action.setCheckable(spec.checkable)
        action.setStatusTip(spec.tip)
        if spec.icon:
            theme.set_icon(action, spec.icon)
        if spec.group is not Group.NONE:
            self._groups[spec.group].addAction(action)
        return action

    def _show_keys(self) -> None:
        for spec in self._specs:
            action = self._actions[spec.id]
            keys = self.shortcuts.keys(spec.id)
            first = native(keys[0]) if keys else ""
            if self.shortcuts.is_heard(spec.id):
                action.setText(spec.text + (f"\t{first}" if first else ""))
            else:
                action.setShortcuts([QKeySequence(key) for key in keys])
            key = f" <b>{first}</b>" if first else ""
            words = self._details.get(spec.id, spec.tip)
            action.setToolTip(f"<p style='white-space:pre'>{self._name(spec)}{key}</p>{words}")


def plain(text: str) -> str:
    """Menu text without mnemonic and dots."""
    marker = "\0"
    return text.replace("&&", marker).replace("&", "").replace(marker, "&").rstrip("…")
