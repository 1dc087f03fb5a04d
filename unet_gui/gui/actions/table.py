"""Every action of the window in one table: menu, words, icon, keys and when it is possible."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Final

from PySide6.QtCore import QCoreApplication


class Menu(Enum):
    """The menus, in their order."""

    FILE = "file"
    EDIT = "edit"
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


CLASS_KEYS: Final = 9
"""How many classes have a number key."""


def _project(s: Situation) -> bool:
    return s.project


def _image(s: Situation) -> bool:
    return s.image


def _images(s: Situation) -> bool:
    return s.images


def _ghost(s: Situation) -> bool:
    return s.ghost


def _class(s: Situation) -> bool:
    return s.class_chosen


def _several_classes(s: Situation) -> bool:
    return s.class_chosen and s.classes > 1


def _classes(s: Situation, *, at_least: int) -> bool:
    return s.classes >= at_least


def menu_titles() -> dict[Menu, str]:
    """Titles with mnemonics."""
    translate = QCoreApplication.translate
    return {
        Menu.FILE: translate("Actions", "&File"),
        Menu.EDIT: translate("Actions", "&Edit"),
        Menu.VIEW: translate("Actions", "&View"),
        Menu.IMAGE: translate("Actions", "&Image"),
        Menu.CLASS: translate("Actions", "&Class"),
        Menu.LEARN: translate("Actions", "&Learn"),
        Menu.HELP: translate("Actions", "&Help"),
    }


def action_specs() -> tuple[ActionSpec, ...]:
    """The table, in the language of the moment."""
    return (
        *_file(), *_edit(), *_view(), *_image_rows(), *_class_rows(), *_learn(), *_help(),
    )  # fmt: skip


def _file() -> tuple[ActionSpec, ...]:
    translate, menu = QCoreApplication.translate, Menu.FILE
    return (
        ActionSpec("new_project", menu, translate("Actions", "&New project…"), "new_project",
            ("Ctrl+N",), translate("Actions", "Make a project from a folder of images")),
        ActionSpec("open", menu, translate("Actions", "&Open…"), "open_folder", ("Ctrl+O",),
            translate("Actions", "Open a project or a folder of images")),
        ActionSpec("open_sample", menu, translate("Actions", "Open the &sample project"), "image",
            (), translate("Actions", "Look around with the images that come with the program")),
        ActionSpec("refresh", menu, translate("Actions", "Look for new &images"), "", ("F5",),
            translate("Actions", "Show images that have come or gone since"), _project,
            starts_section=True),
        ActionSpec("export", menu, translate("Actions", "&Export…"), "export", ("Ctrl+E",),
            translate("Actions", "Write images and masks for other programs"), _images),
        ActionSpec("close_project", menu, translate("Actions", "&Close project"), "close",
            ("Ctrl+W",), translate("Actions", "Save and go back to the start page"), _project),
        ActionSpec("quit", menu, translate("Actions", "&Quit"), "", ("Ctrl+Q",),
            translate("Actions", "Save and leave"), starts_section=True),
    )  # fmt: skip


def _edit() -> tuple[ActionSpec, ...]:
    translate, menu = QCoreApplication.translate, Menu.EDIT
    return (
        ActionSpec("undo", menu, translate("Actions", "&Undo"), "undo", ("Ctrl+Z",),
            translate("Actions", "Take the last stroke back"), lambda s: s.can_undo),
        ActionSpec("redo", menu, translate("Actions", "&Redo"), "redo", ("Ctrl+Shift+Z", "Ctrl+Y"),
            translate("Actions", "Do it again"), lambda s: s.can_redo),
        ActionSpec("brush", menu, translate("Actions", "&Brush"), "brush", ("B",),
            translate("Actions", "Paint the chosen class"), checkable=True, group=Group.TOOL,
            starts_section=True),
        ActionSpec("eraser", menu, translate("Actions", "&Eraser"), "eraser", ("E", "0"),
            translate("Actions", "Make pixels unlabelled again"), checkable=True, group=Group.TOOL),
        ActionSpec("pan", menu, translate("Actions", "&Move the view"), "pan", ("M",),
            translate("Actions", "Drag the image; hold Space to do so with any tool"),
            checkable=True, group=Group.TOOL),
        ActionSpec("pick", menu, translate("Actions", "&Pick the class"), "", (),
            translate("Actions", "Paint with the class under the pointer"), _image, hint="I"),
        ActionSpec("smaller", menu, translate("Actions", "&Smaller brush"), "", ("[",),
            translate("Actions", "A thinner brush or eraser"), starts_section=True),
        ActionSpec("larger", menu, translate("Actions", "&Larger brush"), "", ("]",),
            translate("Actions", "A thicker brush or eraser")),
    )  # fmt: skip


def _view() -> tuple[ActionSpec, ...]:
    translate, menu = QCoreApplication.translate, Menu.VIEW
    return (
        ActionSpec("zoom_in", menu, translate("Actions", "Zoom &in"), "zoom_in",
            ("Ctrl++", "Ctrl+="), translate("Actions", "Closer"), _image),
        ActionSpec("zoom_out", menu, translate("Actions", "Zoom &out"), "zoom_out", ("Ctrl+-",),
            translate("Actions", "Further away"), _image),
        ActionSpec("zoom_fit", menu, translate("Actions", "&Fit the window"), "zoom_fit",
            ("Ctrl+0",), translate("Actions", "Show the whole image"), _image),
        ActionSpec("zoom_actual", menu, translate("Actions", "&Actual size"), "zoom_actual",
            ("Ctrl+1",), translate("Actions", "One image pixel to one screen pixel"), _image),
        ActionSpec("overlay", menu, translate("Actions", "&Hide the overlay"), "eye_off", (),
            translate("Actions", "Show the bare image while H is held down"), _image,
            checkable=True, starts_section=True, hint="H"),
        ActionSpec("outline", menu, translate("Actions", "O&utlines only"), "outline", ("O",),
            translate("Actions", "Draw the borders of the mask instead of filling it"),
            checkable=True),
        ActionSpec("ghost", menu, translate("Actions", "Show the &proposal"), "eye", ("G",),
            translate("Actions", "Show what the network proposes for unlabelled pixels"),
            checkable=True),
        ActionSpec("panels", menu, translate("Actions", "Panels on or o&ff"), "panels", (),
            translate("Actions", "Only the image, or all panels again (Tab on the image)"),
            _project, starts_section=True, hint="Tab"),
        ActionSpec("next_area", menu, translate("Actions", "Go to the &next area"), "", ("F6",),
            translate("Actions", "Keyboard to the images, the canvas, the classes, the learner")),
        ActionSpec("full_screen", menu, translate("Actions", "F&ull screen"), "", ("F11",),
            translate("Actions", "The whole screen for the window"), checkable=True),
        ActionSpec("theme_system", menu, translate("Actions", "Theme of the &system"), "", (),
            translate("Actions", "Light or dark as the system is"), checkable=True,
            group=Group.THEME, starts_section=True),
        ActionSpec("theme_light", menu, translate("Actions", "&Light theme"), "", (),
            translate("Actions", "Dark on light"), checkable=True, group=Group.THEME),
        ActionSpec("theme_dark", menu, translate("Actions", "&Dark theme"), "", (),
            translate("Actions", "Light on dark"), checkable=True, group=Group.THEME),
    )  # fmt: skip


def _image_rows() -> tuple[ActionSpec, ...]:
    translate, menu = QCoreApplication.translate, Menu.IMAGE
    return (
        ActionSpec("previous", menu, translate("Actions", "&Previous image"), "previous", ("A",),
            translate("Actions", "The image before this one"), _images),
        ActionSpec("next", menu, translate("Actions", "&Next image"), "next", ("D",),
            translate("Actions", "The image after this one"), _images),
        ActionSpec("accept", menu, translate("Actions", "&Accept"), "accept", ("Return", "Enter"),
            translate("Actions", "Make the proposal the mask wherever nothing is painted yet"),
            _ghost, starts_section=True),
        ActionSpec("accept_next", menu, translate("Actions", "Accept && ne&xt"), "accept_next",
            ("Shift+Return", "Shift+Enter"),
            translate("Actions", "Accept, mark the image done and go on to the next open one"),
            _image),
        ActionSpec("accept_lasso", menu, translate("Actions", "Accept in &lasso"), "accept_lasso",
            ("L",), translate("Actions", "Draw around the part of the proposal that is right"),
            checkable=True, group=Group.TOOL),
        ActionSpec("discard", menu, translate("Actions", "&Discard the proposal"), "discard",
            ("Shift+Backspace",), translate("Actions", "Stop proposing for this image"), _ghost),
        ActionSpec("done", menu, translate("Actions", "Mark as d&one"), "done", ("Ctrl+D",),
            translate("Actions", "Nothing is left to correct in this image"), _image,
            checkable=True, starts_section=True),
    )  # fmt: skip


def _class_rows() -> tuple[ActionSpec, ...]:
    translate, menu = QCoreApplication.translate, Menu.CLASS
    numbers = tuple(
        ActionSpec(f"class_{n}", menu, translate("Actions", "Class {0}").format(n), "", (str(n),),
            translate("Actions", "Paint this class"), partial(_classes, at_least=n), in_menu=False)
        for n in range(1, CLASS_KEYS + 1)
    )  # fmt: skip
    return (
        ActionSpec("class_add", menu, translate("Actions", "&Add a class"), "add",
            ("Ctrl+Shift+A",), translate("Actions", "One more kind of thing to paint"), _project),
        ActionSpec("class_rename", menu, translate("Actions", "&Rename"), "edit", ("F2",),
            translate("Actions", "Another name for the chosen class"), _class),
        ActionSpec("class_recolor", menu, translate("Actions", "Change the &colour…"), "contrast",
            (), translate("Actions", "Another colour for the chosen class"), _class),
        ActionSpec("class_up", menu, translate("Actions", "Move &up"), "up", (),
            translate("Actions", "The class takes the key before its own"), _several_classes),
        ActionSpec("class_down", menu, translate("Actions", "Move &down"), "down", (),
            translate("Actions", "The class takes the key after its own"), _several_classes),
        ActionSpec("class_merge", menu, translate("Actions", "&Merge into…"), "merge", (),
            translate("Actions", "Give all its pixels to another class"), _several_classes,
            starts_section=True),
        ActionSpec("class_delete", menu, translate("Actions", "&Delete…"), "remove", (),
            translate("Actions", "Make all its pixels unlabelled"), _class),
        ActionSpec("swap_class", menu, translate("Actions", "&Last class"), "", ("X",),
            translate("Actions", "Back to the class used before"), lambda s: s.can_swap,
            starts_section=True),
        *numbers,
    )  # fmt: skip


def _learn() -> tuple[ActionSpec, ...]:
    translate, menu = QCoreApplication.translate, Menu.LEARN
    return (
        ActionSpec("fine_tune", menu, translate("Actions", "&Fine-tune"), "fine_tune", ("Ctrl+T",),
            translate("Actions", "Learn from everything painted so far"),
            lambda s: s.images and not s.learning),
        ActionSpec("stop_learning", menu, translate("Actions", "&Stop"), "stop", (),
            translate("Actions", "End the round; what was used before stays"),
            lambda s: s.learning),
        ActionSpec("roll_back", menu, translate("Actions", "Use the &previous round"), "rollback",
            (), translate("Actions", "Propose with the round before the one in use"),
            lambda s: s.can_roll_back, starts_section=True),
    )  # fmt: skip


def _help() -> tuple[ActionSpec, ...]:
    translate, menu = QCoreApplication.translate, Menu.HELP
    return (
        ActionSpec("keys", menu, translate("Actions", "&Keys"), "keyboard", ("?", "F1"),
            translate("Actions", "All keys on one page")),
        ActionSpec("commands", menu, translate("Actions", "&Find a command…"), "search",
            ("Ctrl+Shift+P",), translate("Actions", "Type what you want to do")),
        ActionSpec("log", menu, translate("Actions", "Show the &log"), "", (),
            translate("Actions", "The file to send along when something went wrong"),
            starts_section=True),
        ActionSpec("about", menu, translate("Actions", "&About"), "info", (),
            translate("Actions", "Version and licence")),
    )  # fmt: skip
