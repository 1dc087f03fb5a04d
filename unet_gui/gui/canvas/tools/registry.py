"""Which class is behind each tool. Assisted tools are imported when they are first taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from unet_gui.gui.canvas.tools.accept import AcceptTool
from unet_gui.gui.canvas.tools.fill import FillTool
from unet_gui.gui.canvas.tools.outlines import LassoTool, PolygonTool
from unet_gui.gui.canvas.tools.pan import PanTool
from unet_gui.gui.canvas.tools.shapes import EllipseTool, RectangleTool
from unet_gui.gui.canvas.tools.strokes import BrushTool, EraserTool

if TYPE_CHECKING:
    from unet_gui.gui.canvas.tools.base import Bench, CanvasTool
    from unet_gui.gui.state import Tool

TOOLS: Final[dict[Tool, type[CanvasTool]]] = {
    cls.tool: cls
    for cls in (
        BrushTool,
        EraserTool,
        PolygonTool,
        LassoTool,
        RectangleTool,
        EllipseTool,
        FillTool,
        AcceptTool,
        PanTool,
    )
}


def make_tool(tool: Tool, bench: Bench) -> CanvasTool:
    """A tool for this canvas."""
    return TOOLS[tool](bench)
