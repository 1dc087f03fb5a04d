"""The View menu: how image and mask are shown, and what the window is made of."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from unet_gui.gui.actions.spec import (
    ActionSpec,
    Group,
    Menu,
    has_ghost,
    has_image,
    has_project,
)
from unet_gui.gui.options import Compare


def view_rows() -> tuple[ActionSpec, ...]:
    translate, menu = QCoreApplication.translate, Menu.VIEW
    return (
        ActionSpec("zoom_in", menu, translate("Actions", "Zoom &in"), "zoom_in",
            ("Ctrl++", "Ctrl+="), translate("Actions", "Closer"), has_image),
        ActionSpec("zoom_out", menu, translate("Actions", "Zoom &out"), "zoom_out", ("Ctrl+-",),
            translate("Actions", "Further away"), has_image),
        ActionSpec("zoom_fit", menu, translate("Actions", "&Fit the window"), "zoom_fit",
            ("Ctrl+0",), translate("Actions", "Show the whole image"), has_image),
        ActionSpec("zoom_actual", menu, translate("Actions", "&Actual size"), "zoom_actual",
            ("Ctrl+1",), translate("Actions", "One image pixel to one screen pixel"), has_image),
        ActionSpec("overlay", menu, translate("Actions", "&Hide the overlay"), "eye_off", (),
            translate("Actions", "Show the bare image while H is held down"), has_image,
            checkable=True, starts_section=True, hint="H"),
        ActionSpec("outline", menu, translate("Actions", "O&utlines only"), "outline", ("O",),
            translate("Actions", "Draw the borders of the mask instead of filling it"),
            checkable=True),
        ActionSpec("ghost", menu, translate("Actions", "Show the &proposal"), "eye",
            ("Shift+G",),
            translate("Actions", "Show what the network proposes for unlabelled pixels"),
            checkable=True),
        ActionSpec("uncertainty", menu, translate("Actions", "Uncertainty &map"), "", ("Shift+M",),
            translate("Actions", "Colour the image where the learner is unsure"),
            has_image, checkable=True),
        ActionSpec("compare_next", menu, translate("Actions", "C&ompare"), "compare", ("V",),
            translate("Actions", "The next way of comparing mask and proposal"), has_ghost),
        *_compare(),
        ActionSpec("superpixels", menu, translate("Actions", "Superpixel &borders"), "", (),
            translate("Actions", "Draw the superpixels while their brush is in hand"),
            checkable=True),
        ActionSpec("smooth_zoom", menu, translate("Actions", "&Smooth when enlarged"), "", (),
            translate("Actions", "Blend enlarged pixels instead of showing squares"),
            checkable=True, starts_section=True),
        ActionSpec("pixel_grid", menu, translate("Actions", "Pixel &grid"), "grid", (),
            translate("Actions", "Lines between the pixels when they are large"),
            checkable=True),
        ActionSpec("rulers", menu, translate("Actions", "&Rulers"), "ruler", (),
            translate("Actions", "Along the upper and the left edge of the image"),
            checkable=True),
        ActionSpec("pixel_size", menu, translate("Actions", "Pixel si&ze…"), "", (),
            translate("Actions", "How large a pixel is in nature, for rulers"), has_project),
        *_turn(),
        *_display(),
        ActionSpec("panels", menu, translate("Actions", "Panels on or o&ff"), "panels", (),
            translate("Actions", "Only the image, or all panels again (Tab on the image)"),
            has_project, starts_section=True, hint="Tab"),
        ActionSpec("next_area", menu, translate("Actions", "Go to the &next area"), "", ("F6",),
            translate("Actions", "Keyboard to the images, the canvas, the classes, the learner")),
        ActionSpec("full_screen", menu, translate("Actions", "F&ull screen"), "", ("F11",),
            translate("Actions", "The whole screen for the window"), checkable=True),
        *_themes(),
    )  # fmt: skip


def _compare() -> tuple[ActionSpec, ...]:
    translate = QCoreApplication.translate
    submenu = translate("Actions", "Compare mask and propos&al")
    texts = {
        Compare.OFF: (translate("Actions", "&Off"),
            translate("Actions", "The proposal only where nothing is painted")),
        Compare.FLICKER: (translate("Actions", "&Flicker"),
            translate("Actions", "Mask and proposal in turn")),
        Compare.SPLIT: (translate("Actions", "&Split"),
            translate("Actions", "The mask left and the proposal right of the pointer")),
        Compare.SIDE_BY_SIDE: (translate("Actions", "Side &by side"),
            translate("Actions", "Mask and proposal in two views")),
    }  # fmt: skip
    return tuple(
        ActionSpec(f"compare_{mode.value}", Menu.VIEW, text, tip=tip, when=has_image,
            checkable=True, group=Group.COMPARE, submenu=submenu)
        for mode, (text, tip) in texts.items()
    )  # fmt: skip


def _turn() -> tuple[ActionSpec, ...]:
    translate, menu = QCoreApplication.translate, Menu.VIEW
    submenu = translate("Actions", "&Turn the view")
    return (
        ActionSpec("rotate_left", menu, translate("Actions", "Rotate &left"), "rotate_left",
            ("Ctrl+[",), translate("Actions", "Turn the view to the left; the mask stays"),
            has_image, submenu=submenu),
        ActionSpec("rotate_right", menu, translate("Actions", "Rotate &right"), "rotate_right",
            ("Ctrl+]",), translate("Actions", "Turn the view to the right; the mask stays"),
            has_image, submenu=submenu),
        ActionSpec("flip", menu, translate("Actions", "&Flip"), "flip", (),
            translate("Actions", "Look at the image as in a mirror; the mask stays"),
            has_image, submenu=submenu),
        ActionSpec("rotate_reset", menu, translate("Actions", "&Upright again"), "", (),
            translate("Actions", "No turn, no mirror"), has_image, submenu=submenu),
    )  # fmt: skip


def _display() -> tuple[ActionSpec, ...]:
    translate, menu = QCoreApplication.translate, Menu.VIEW
    submenu = translate("Actions", "Image &display")
    return (
        ActionSpec("display_stretch", menu, translate("Actions", "&Stretch"), "histogram", (),
            translate("Actions", "Use the whole range from black to white"), has_image,
            submenu=submenu),
        ActionSpec("display_invert", menu, translate("Actions", "&Invert"), "contrast", (),
            translate("Actions", "Show the negative"), has_image, checkable=True,
            submenu=submenu),
        ActionSpec("display_reset", menu, translate("Actions", "&As it is"), "", (),
            translate("Actions", "Show the image as it is in its file"), has_image,
            submenu=submenu),
    )  # fmt: skip


def _themes() -> tuple[ActionSpec, ...]:
    translate, menu = QCoreApplication.translate, Menu.VIEW
    submenu = translate("Actions", "Th&eme")
    return (
        ActionSpec("theme_system", menu, translate("Actions", "Theme of the &system"), "", (),
            translate("Actions", "Light or dark as the system is"), checkable=True,
            group=Group.THEME, submenu=submenu),
        ActionSpec("theme_light", menu, translate("Actions", "&Light theme"), "", (),
            translate("Actions", "Dark on light"), checkable=True, group=Group.THEME,
            submenu=submenu),
        ActionSpec("theme_dark", menu, translate("Actions", "&Dark theme"), "", (),
            translate("Actions", "Light on dark"), checkable=True, group=Group.THEME,
            submenu=submenu),
    )  # fmt: skip
