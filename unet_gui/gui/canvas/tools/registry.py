"""Which class is behind each tool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from unet_gui.gui.canvas.tools.accept import AcceptTool
from unet_gui.gui.canvas.tools.edge import EdgeTool
from unet_gui.gui.canvas.tools.fill import FillTool
from unet_gui.gui.canvas.tools.outlines import LassoTool, PolygonTool
from unet_gui.gui.canvas.tools.pan import PanTool
from unet_gui.gui.canvas.tools.shapes import EllipseTool, RectangleTool
from unet_gui.gui.canvas.tools.smart import SmartTool
from unet_gui.gui.canvas.tools.strokes import BrushTool, EraserTool
from unet_gui.gui.canvas.tools.superpixel import SuperpixelTool
from unet_gui.gui.canvas.tools.wand import WandTool

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
        WandTool,
        SuperpixelTool,
        EdgeTool,
        SmartTool,
        AcceptTool,
        PanTool,
    )
}


def make_tool(tool: Tool, bench: Bench) -> CanvasTool:
    """A tool for this canvas."""
    return TOOLS[tool](bench)
