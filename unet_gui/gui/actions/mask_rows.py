"""The menus Tools and Mask: what the hand holds, and what is done to a whole mask at once."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from unet_gui.gui.actions.spec import ActionSpec, Group, Menu, has_image, has_several_classes
from unet_gui.gui.options import Tool


def tool_rows() -> tuple[ActionSpec, ...]:
    """Every tool, then what changes the one in hand."""
    return (*_tools(), *_tool_settings())


def _tools() -> tuple[ActionSpec, ...]:
    translate = QCoreApplication.translate
    return (
        _tool(Tool.BRUSH, translate("Actions", "&Brush"), "B",
            translate("Actions", "Paint the chosen class")),
        _tool(Tool.ERASER, translate("Actions", "&Eraser"), "E", "0",
            translate("Actions", "Make pixels unlabelled again")),
        _tool(Tool.POLYGON, translate("Actions", "&Polygon"), "P",
            translate("Actions", "Click corner after corner, then fill the shape"), section=True),
        _tool(Tool.LASSO, translate("Actions", "&Lasso"), "L",
            translate("Actions", "Draw around an area to fill it")),
        _tool(Tool.RECTANGLE, translate("Actions", "&Rectangle"), "R",
            translate("Actions", "Drag from corner to corner to fill a rectangle")),
        _tool(Tool.ELLIPSE, translate("Actions", "Ell&ipse"), "Shift+R",
            translate("Actions", "Drag from corner to corner to fill an ellipse")),
        _tool(Tool.EDGE, translate("Actions", "Follow an ed&ge"), "K",
            translate("Actions", "An outline that clings to the edges in the image")),
        _tool(Tool.FILL, translate("Actions", "&Fill"), "F",
            translate("Actions", "Give an area of the mask another class"), section=True),
        _tool(Tool.WAND, translate("Actions", "Magic &wand"), "W",
            translate("Actions", "Paint what has the colour of the clicked pixel")),
        _tool(Tool.SUPERPIXEL, translate("Actions", "&Superpixel brush"), "S",
            translate("Actions", "Paint small areas whose borders follow the image")),
        _tool(Tool.SMART, translate("Actions", "Smart &click"), "C",
            translate("Actions", "Click an object to have its outline proposed")),
        _tool(Tool.ACCEPT, translate("Actions", "&Accept a region"), "G",
            translate("Actions", "Take over the part of the proposal that is right"),
            section=True),
        _tool(Tool.PAN, translate("Actions", "&Move the view"), "M",
            translate("Actions", "Drag the image; hold Space to do so with any tool")),
    )  # fmt: skip


def _tool(tool: Tool, text: str, *keys_and_tip: str, section: bool = False) -> ActionSpec:
    *keys, tip = keys_and_tip
    return ActionSpec(
        tool.value, Menu.TOOL, text, tool.value, tuple(keys), tip, checkable=True,
        group=Group.TOOL, starts_section=section,
    )  # fmt: skip


def _tool_settings() -> tuple[ActionSpec, ...]:
    translate, menu = QCoreApplication.translate, Menu.TOOL
    return (
        ActionSpec("pick", menu, translate("Actions", "Pick the &class"), "", ("I",),
            translate("Actions", "Paint with the class under the pointer"), has_image,
            starts_section=True),
        ActionSpec("smaller", menu, translate("Actions", "S&maller"), "", ("[",),
            translate("Actions", "A thinner brush or eraser")),
        ActionSpec("larger", menu, translate("Actions", "&Larger"), "", ("]",),
            translate("Actions", "A thicker brush or eraser")),
        ActionSpec("brush_square", menu, translate("Actions", "S&quare tip"), "square", ("Q",),
            translate("Actions", "Brush and eraser are a square instead of a disc"),
            checkable=True, starts_section=True),
        ActionSpec("brush_pressure", menu, translate("Actions", "Pe&n pressure"), "pressure", (),
            translate("Actions", "The harder the pen is pressed, the wider the stroke"),
            checkable=True),
        ActionSpec("wand_connected", menu, translate("Actions", "&Connected only"), "connected",
            (), translate("Actions", "The wand stays in the area that was clicked"),
            checkable=True),
        ActionSpec("protect_all", menu, translate("Actions", "Paint over &everything"), "", (),
            translate("Actions", "Tools paint over all classes that are not locked"),
            checkable=True, group=Group.PROTECT, starts_section=True,
            submenu=translate("Actions", "Paint &over")),
        ActionSpec("protect_painted", menu, translate("Actions", "Only &unlabelled pixels"), "",
            ("U",), translate("Actions", "Tools leave alone what is painted already"),
            checkable=True, group=Group.PROTECT, submenu=translate("Actions", "Paint &over")),
        ActionSpec("protect_others", menu, translate("Actions", "Only the &chosen class"), "", (),
            translate("Actions", "Tools change pixels of the class that is chosen now, no others"),
            checkable=True, group=Group.PROTECT, submenu=translate("Actions", "Paint &over")),
    )  # fmt: skip


def mask_rows() -> tuple[ActionSpec, ...]:
    """What is done to the mask of the open image; each is one step that can be undone."""
    translate, menu = QCoreApplication.translate, Menu.MASK
    return (
        ActionSpec("fill_holes", menu, translate("Actions", "Fill &holes"), "fill_holes", (),
            translate("Actions", "Close the holes inside areas of the chosen class"), has_image),
        ActionSpec("remove_specks", menu, translate("Actions", "Remove &specks…"), "specks", (),
            translate("Actions", "Give tiny areas to what surrounds them"), has_image),
        ActionSpec("smooth_border", menu, translate("Actions", "Smooth the &border…"), "smooth",
            (), translate("Actions", "Round off ragged borders"), has_image),
        ActionSpec("grow", menu, translate("Actions", "&Grow…"), "grow", (),
            translate("Actions", "The chosen class spreads by some pixels"), has_image,
            starts_section=True),
        ActionSpec("shrink", menu, translate("Actions", "Sh&rink…"), "shrink", (),
            translate("Actions", "The chosen class draws back by some pixels"), has_image),
        ActionSpec("replace_class", menu, translate("Actions", "Re&place a class…"), "replace", (),
            translate("Actions", "Give all pixels of one class in this mask to another"),
            lambda s: s.image and has_several_classes(s), starts_section=True),
        ActionSpec("copy_previous", menu, translate("Actions", "Copy from the &previous image"),
            "copy", (), translate("Actions", "Take over the mask of the image before this one"),
            lambda s: s.can_copy_previous, starts_section=True),
        ActionSpec("copy_next", menu, translate("Actions", "Copy from the &next image"), "", (),
            translate("Actions", "Take over the mask of the image after this one"),
            lambda s: s.can_copy_next),
        ActionSpec("clear_mask", menu, translate("Actions", "&Clear the mask"), "remove", (),
            translate("Actions", "Make all pixels of this image unlabelled"), has_image,
            starts_section=True),
    )  # fmt: skip
