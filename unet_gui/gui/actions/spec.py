"""What an action of the window is: menu, words, icon, keys, and when it is possible."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Menu(Enum):
    """The menus, in their order."""

    FILE = "file"
    EDIT = "edit"
    TOOL = "tool"
    MASK = "mask"
    VIEW = "view"
    IMAGE = "image"
    CLASS = "class"
    LEARN = "learn"
    HELP = "help"


class Group(Enum):
    """Actions of which one is always on."""

    NONE = ""
    TOOL = "tool"
    THEME = "theme"
    COMPARE = "compare"
    PROTECT = "protect"


@dataclass(frozen=True, slots=True)
class Situation:
    """What there is to act on."""

    project: bool = False
    images: bool = False
    image: bool = False
    ghost: bool = False
    can_undo: bool = False
    can_redo: bool = False
    classes: int = 0
    class_chosen: bool = False
    can_swap: bool = False
    learning: bool = False
    can_roll_back: bool = False
    can_copy_previous: bool = False
    can_copy_next: bool = False
    class_views: bool = False


When = Callable[[Situation], bool]


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One row of the table.

    Attributes:
        id: name in code; also the QAction's objectName.
        menu: where it is found.
        text: what the menu says, with its mnemonic.
        icon: icon name; empty for none.
        keys: shortcuts, the first one shown.
        tip: one sentence more than the text, for tool tip and status bar.
        when: whether it is possible.
        checkable: it is on or off.
        group: exclusive group.
        starts_section: a separator goes before it.
        in_menu: False for what only a key does (the nine class keys).
        hint: key shown when something else than a shortcut listens to it.
        submenu: title of the menu inside the menu; empty for the menu itself.
    """

    id: str
    menu: Menu
    text: str
    icon: str = ""
    keys: tuple[str, ...] = ()
    tip: str = ""
    when: When = lambda _: True
    checkable: bool = False
    group: Group = Group.NONE
    starts_section: bool = False
    in_menu: bool = True
    hint: str = ""
    submenu: str = ""


CLASS_KEYS: Final = 9
"""How many classes have a number key."""


def has_project(s: Situation) -> bool:
    return s.project


def has_image(s: Situation) -> bool:
    return s.image


def has_images(s: Situation) -> bool:
    return s.images


def has_ghost(s: Situation) -> bool:
    return s.ghost


def has_class(s: Situation) -> bool:
    return s.class_chosen


def has_several_classes(s: Situation) -> bool:
    return s.class_chosen and s.classes > 1


def has_classes(s: Situation, *, at_least: int) -> bool:
    return s.classes >= at_least
