"""Every action of the window in one table; the larger menus have modules of their own."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from unet_gui.gui.actions.class_rows import class_rows
from unet_gui.gui.actions.mask_rows import mask_rows, tool_rows
from unet_gui.gui.actions.spec import (
    ActionSpec,
    Menu,
    has_ghost,
    has_image,
    has_images,
    has_project,
)
from unet_gui.gui.actions.view_rows import view_rows


def menu_titles() -> dict[Menu, str]:
    """Titles with mnemonics."""
    translate = QCoreApplication.translate
    return {
        Menu.FILE: translate("Actions", "&File"),
        Menu.EDIT: translate("Actions", "&Edit"),
        Menu.TOOL: translate("Actions", "&Tools"),
        Menu.MASK: translate("Actions", "&Mask"),
        Menu.VIEW: translate("Actions", "&View"),
        Menu.IMAGE: translate("Actions", "&Image"),
        Menu.CLASS: translate("Actions", "&Class"),
        Menu.LEARN: translate("Actions", "&Learn"),
        Menu.HELP: translate("Actions", "&Help"),
    }


def action_specs() -> tuple[ActionSpec, ...]:
    """The table, in the language of the moment."""
    return (
        *_file(), *_edit(), *tool_rows(), *mask_rows(), *view_rows(), *_image_rows(), *class_rows(),
        *_learn(), *_help(),
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
            translate("Actions", "Show images that have come or gone since"), has_project,
            starts_section=True),
        ActionSpec("import", menu, translate("Actions", "I&mport…"), "import", ("Ctrl+I",),
            translate("Actions", "Bring in a dataset of another program"), starts_section=True),
        ActionSpec("check", menu, translate("Actions", "Chec&k the dataset…"), "", (),
            translate("Actions", "Look for damaged files, wrong sizes and masks that mean nothing"),
            ),
        ActionSpec("statistics", menu, translate("Actions", "S&tatistics…"), "histogram", (),
            translate("Actions", "Pixels, areas and objects of each class and image"), has_images),
        ActionSpec("compare_masks", menu, translate("Actions", "Compare m&asks…"), "compare", (),
            translate("Actions", "Two people, or a person and a round")),
        ActionSpec("export", menu, translate("Actions", "&Export…"), "export", ("Ctrl+E",),
            translate("Actions", "Write images and masks for other programs"), has_images),
        ActionSpec("close_project", menu, translate("Actions", "&Close project"), "close",
            ("Ctrl+W",), translate("Actions", "Save and go back to the start page"), has_project),
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
    )  # fmt: skip


def _image_rows() -> tuple[ActionSpec, ...]:
    translate, menu = QCoreApplication.translate, Menu.IMAGE
    return (
        ActionSpec("previous", menu, translate("Actions", "&Previous image"), "previous", ("A",),
            translate("Actions", "The image before this one"), has_images),
        ActionSpec("next", menu, translate("Actions", "&Next image"), "next", ("D",),
            translate("Actions", "The image after this one"), has_images),
        ActionSpec("next_mistake", menu, translate("Actions", "Next likely &mistake"), "", ("N",),
            translate("Actions", "Go to where mask or proposal is most likely wrong"),
            has_image, starts_section=True),
        ActionSpec("previous_mistake", menu, translate("Actions", "Likely mistake &before"), "",
            ("Shift+N",), translate("Actions", "Back to the likely mistake before this one"),
            has_image),
        ActionSpec("accept", menu, translate("Actions", "&Accept"), "accept", ("Return", "Enter"),
            translate("Actions", "Make the proposal the mask wherever nothing is painted yet"),
            has_ghost, starts_section=True),
        ActionSpec("accept_next", menu, translate("Actions", "Accept && ne&xt"), "accept_next",
            ("Shift+Return", "Shift+Enter"),
            translate("Actions", "Accept, mark the image done and go on to the next open one"),
            has_image),
        ActionSpec("discard", menu, translate("Actions", "&Discard the proposal"), "discard",
            ("Shift+Backspace",), translate("Actions", "Stop proposing for this image"), has_ghost),
        ActionSpec("done", menu, translate("Actions", "Mark as d&one"), "done", ("Ctrl+D",),
            translate("Actions", "Nothing is left to correct in this image"), has_image,
            checkable=True, starts_section=True),
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
        ActionSpec("instant", menu, translate("Actions", "&Instant learner"), "", (),
            translate("Actions", "Propose after each stroke, until a round does better"),
            checkable=True, starts_section=True),
        ActionSpec("load_network", menu, translate("Actions", "&Load network file…"), "import", (),
            translate("Actions", "Begin with a .pth of the U-Net tutorials or a .safetensors"),
            lambda s: s.project and not s.learning, starts_section=True),
        ActionSpec("fetch_encoder", menu, translate("Actions", "&Download ImageNet weights…"), "",
            (), translate("Actions", "An encoder that sees more than the one of this program")),
        ActionSpec("save_network", menu, translate("Actions", "S&ave network as .pth…"), "export",
            (), translate("Actions", "Write the round in use for the U-Net tutorials"),
            has_project),
    )  # fmt: skip


def _help() -> tuple[ActionSpec, ...]:
    translate, menu = QCoreApplication.translate, Menu.HELP
    return (
        ActionSpec("keys", menu, translate("Actions", "&Keys"), "keyboard", ("?", "F1"),
            translate("Actions", "All keys on one page")),
        ActionSpec("change_keys", menu, translate("Actions", "&Change keys…"), "settings", (),
            translate("Actions", "Give commands other keys")),
        ActionSpec("commands", menu, translate("Actions", "&Find a command…"), "search",
            ("Ctrl+Shift+P",), translate("Actions", "Type what you want to do")),
        ActionSpec("log", menu, translate("Actions", "Show the &log"), "", (),
            translate("Actions", "The file to send along when something went wrong"),
            starts_section=True),
        ActionSpec("about", menu, translate("Actions", "&About"), "info", (),
            translate("Actions", "Version and licence")),
    )  # fmt: skip
