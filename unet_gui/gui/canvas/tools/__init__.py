"""The tools of the canvas: one small class each behind `registry`, driven by the `Pointer`."""

from unet_gui.gui.canvas.tools.base import Contact, Look, Preview
from unet_gui.gui.canvas.tools.hints import tool_hint
from unet_gui.gui.canvas.tools.pointer import Pointer
from unet_gui.gui.canvas.tools.spring import TOOL_KEYS, SpringKeys

__all__ = ["TOOL_KEYS", "Contact", "Look", "Pointer", "Preview", "SpringKeys", "tool_hint"]
