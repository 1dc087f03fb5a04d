"""What each tool does, in a sentence or two, for tool tips and the list of keys."""

from __future__ import annotations

from unet_gui.gui.canvas.tools.base import tr
from unet_gui.gui.state import Tool


def tool_hint(tool: Tool) -> str:
    """What a tool does and what the modifier keys change."""
    hints = {
        Tool.BRUSH: tr(
            "Paint the chosen class. Right button: erase. Shift+click: straight line from the last"
            " stroke. Ctrl: keep to edges. Alt+click: take the class under the pointer."
            " Ctrl+wheel: size. Esc: never mind."
        ),
        Tool.ERASER: tr(
            "Make pixels unlabelled again. Shift+click: straight line from the last stroke."
            " Ctrl+wheel: size. Esc: never mind."
        ),
        Tool.POLYGON: tr(
            "Click the corners; a double click, Enter or the first corner closes and fills."
            " Backspace takes the last corner back. Esc: never mind."
        ),
        Tool.LASSO: tr(
            "Draw around what should become the chosen class. Right button: erase inside."
            " Esc: never mind."
        ),
        Tool.RECTANGLE: tr(
            "Drag from corner to corner. Shift: square. Alt: from the middle. Right button: erase."
        ),
        Tool.ELLIPSE: tr(
            "Drag from corner to corner. Shift: circle. Alt: from the middle. Right button: erase."
        ),
        Tool.FILL: tr(
            "Give a connected region of the mask the chosen class. Right button: make it"
            " unlabelled."
        ),
        Tool.WAND: tr(
            "Press on a colour and drag: right or up takes more, left or down less; let go to"
            " paint. Right button: erase. Esc: never mind."
        ),
        Tool.SUPERPIXEL: tr(
            "Paint small cells that keep to the edges of the image. Shift: only cells that look"
            " like the first one, Shift+wheel: how much. Ctrl+wheel: size of the cells."
            " [ and ]: size of the brush. Right button: erase."
        ),
        Tool.EDGE: tr(
            "Click on an edge and follow it; each click holds the line. A double click, Enter or"
            " the first point closes and fills. Backspace: one point back. Esc: never mind."
        ),
        Tool.SMART: tr(
            "Click on an object to see what would be painted. Wheel: more or less of it."
            " Shift+wheel: all that look like it too. Click again or press Enter to paint; what is"
            " labelled otherwise stays. Esc: never mind."
        ),
        Tool.ACCEPT: tr(
            "Click on a part of the proposal to accept it, or draw around several. Esc: never mind."
        ),
        Tool.PAN: tr("Drag the image. Also: middle button, or Space and drag. Wheel: zoom."),
    }
    return hints[tool]
