"""How the person looks and paints: tool, class, sizes, overlay. Knows no document."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from PySide6.QtCore import QObject, Signal

from unet_gui.core.classes import UNLABELLED

MIN_SIZE: Final = 1
MAX_SIZE: Final = 2000


class Tool(Enum):
    """What a drag on the canvas does."""

    BRUSH = "brush"
    ERASER = "eraser"
    ACCEPT_LASSO = "accept_lasso"
    PAN = "pan"


@dataclass(frozen=True, slots=True)
class Hover:
    """The image pixel under the pointer."""

    x: int
    y: int


class ViewState(QObject):
    """Tool, class, sizes and overlay, each with a `…_changed` signal sent only on a real change."""

    tool_changed = Signal(object)
    active_class_changed = Signal(int)
    size_changed = Signal(int)
    opacity_changed = Signal(float)
    outline_changed = Signal(bool)
    overlay_visible_changed = Signal(bool)
    ghost_visible_changed = Signal(bool)
    hover_changed = Signal(object)
    zoom_changed = Signal(float)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tool = Tool.BRUSH
        self.active_class = 0
        self.last_class = 0
        self.brush_size = 20
        self.eraser_size = 20
        self.opacity = 0.5
        self.outline = False
        self.overlay_visible = True
        self.ghost_visible = True
        self.hover: Hover | None = None
        self.zoom = 1.0

    @property
    def size(self) -> int:
        """Diameter in image pixels of the tool in hand: brush and eraser each keep their own."""
        return self.eraser_size if self.tool is Tool.ERASER else self.brush_size

    @property
    def paint_value(self) -> int:
        """The mask value a stroke writes."""
        return UNLABELLED if self.tool is Tool.ERASER else self.active_class

    def set_tool(self, tool: Tool) -> None:
        if tool is not self.tool:
            self.tool = tool
            self.tool_changed.emit(tool)
            self.size_changed.emit(self.size)

    def set_active_class(self, class_id: int) -> None:
        if class_id != self.active_class:
            self.last_class, self.active_class = self.active_class, class_id
            self.active_class_changed.emit(class_id)

    def swap_class(self) -> None:
        """Back to the class used before this one."""
        self.set_active_class(self.last_class)

    def set_size(self, size: int) -> None:
        size = max(MIN_SIZE, min(MAX_SIZE, size))
        if size == self.size:
            return
        if self.tool is Tool.ERASER:
            self.eraser_size = size
        else:
            self.brush_size = size
        self.size_changed.emit(size)

    def step_size(self, steps: int) -> None:
        """Larger or smaller by about an eighth a step, by at least one pixel."""
        size = self.size
        for _ in range(abs(steps)):
            size += max(1, size // 8) if steps > 0 else -max(1, size // 9)
        self.set_size(size)

    def set_opacity(self, opacity: float) -> None:
        opacity = max(0.0, min(1.0, opacity))
        if opacity != self.opacity:
            self.opacity = opacity
            self.opacity_changed.emit(opacity)

    def set_outline(self, outline: bool) -> None:
        if outline != self.outline:
            self.outline = outline
            self.outline_changed.emit(outline)

    def set_overlay_visible(self, visible: bool) -> None:
        if visible != self.overlay_visible:
            self.overlay_visible = visible
            self.overlay_visible_changed.emit(visible)

    def set_ghost_visible(self, visible: bool) -> None:
        if visible != self.ghost_visible:
            self.ghost_visible = visible
            self.ghost_visible_changed.emit(visible)

    def set_hover(self, hover: Hover | None) -> None:
        if hover != self.hover:
            self.hover = hover
            self.hover_changed.emit(hover)

    def set_zoom(self, zoom: float) -> None:
        if zoom != self.zoom:
            self.zoom = zoom
            self.zoom_changed.emit(zoom)
