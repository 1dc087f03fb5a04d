"""How the person looks and paints: tool, class, sizes, overlay. Knows no document."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.display import Display
from unet_gui.core.protection import Protection
from unet_gui.gui.options import MAX_SIZE, MIN_SIZE, Hover, Tool, ToolOptions, ViewOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MAX_SIZE", "MIN_SIZE", "Hover", "Tool", "ToolOptions", "ViewOptions", "ViewState"]


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
    options_changed = Signal(object)
    view_changed = Signal(object)
    display_changed = Signal(object)
    class_view_changed = Signal()

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
        self.options = ToolOptions()
        self.view = ViewOptions()
        self.display = Display()
        self.hidden: frozenset[int] = frozenset()
        self.locked: frozenset[int] = frozenset()
        self.solo: int | None = None

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

    def set_options(self, **changes: Any) -> None:
        """Change what the tools do, by the names of `ToolOptions`."""
        options = replace(self.options, **changes)
        if options != self.options:
            self.options = options
            self.options_changed.emit(options)

    def set_view(self, **changes: Any) -> None:
        """Change what the canvas shows, by the names of `ViewOptions`."""
        view = replace(self.view, **changes)
        if view != self.view:
            self.view = view
            self.view_changed.emit(view)

    def set_display(self, display: Display) -> None:
        if display != self.display:
            self.display = display
            self.display_changed.emit(display)

    # -- classes ---------------------------------------------------------------------------

    def set_hidden(self, class_ids: Iterable[int]) -> None:
        """Classes that are not drawn; 255 stands for nothing."""
        self._set_class_view(hidden=frozenset(class_ids))

    def set_locked(self, class_ids: Iterable[int]) -> None:
        """Classes that no tool paints over."""
        self._set_class_view(locked=frozenset(class_ids))

    def set_solo(self, class_id: int | None) -> None:
        """The only class that is drawn; None draws all but the hidden ones."""
        self._set_class_view(solo=class_id)

    def reset_classes(self) -> None:
        """Another project: nothing is hidden, locked or shown alone, nothing protected."""
        self._set_class_view(hidden=frozenset(), locked=frozenset(), solo=None)
        self.set_options(paint_only=None, accept_only=None)

    def shows_class(self, class_id: int) -> bool:
        if self.solo is not None:
            return class_id == self.solo
        return class_id not in self.hidden

    @property
    def protection(self) -> Protection:
        """What painting must not touch now."""
        return Protection(self.locked, self.options.paint_only)

    def _set_class_view(self, **changes: Any) -> None:
        changed = [name for name, value in changes.items() if getattr(self, name) != value]
        for name in changed:
            setattr(self, name, changes[name])
        if changed:
            self.class_view_changed.emit()
