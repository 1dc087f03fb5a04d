"""What lies over each other in a view: image, mask or prediction, lines between pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unet_gui.gui.canvas.compare import Shows
from unet_gui.gui.canvas.grid import GRID_FROM, paint_grid

if TYPE_CHECKING:
    from PySide6.QtCore import QRect
    from PySide6.QtGui import QPainter

    from unet_gui.gui.canvas.backdrop import Backdrop
    from unet_gui.gui.canvas.compare import Part
    from unet_gui.gui.canvas.overlay import Overlay
    from unet_gui.gui.canvas.uncertainty import UncertaintyMap
    from unet_gui.gui.canvas.viewport import Viewport
    from unet_gui.gui.state import ViewState


class Layers:
    """Image and overlay of the open image, for every view of them."""

    def __init__(
        self,
        state: ViewState,
        backdrop: Backdrop,
        overlay: Overlay,
        uncertainty: UncertaintyMap | None = None,
    ) -> None:
        self._state = state
        self._backdrop = backdrop
        self._overlay = overlay
        self._uncertainty = uncertainty

    def paint(
        self, painter: QPainter, viewport: Viewport, exposed: QRect, parts: list[Part]
    ) -> None:
        """Draw what lies under `exposed`; painter and `exposed` are in the view's coordinates."""
        self._overlay.begin_frame()
        options = self._state.view
        # The stubs do not know that these are four numbers.
        pixels = viewport.image_box(*exposed.getRect())  # type: ignore[misc]
        self._backdrop.paint(painter, viewport, pixels, smooth=options.smooth)
        if self._state.overlay_visible:
            self._paint_parts(painter, viewport, exposed, parts)
            if options.uncertainty and self._uncertainty is not None:
                strength = options.uncertainty_opacity
                self._uncertainty.paint(painter, viewport, exposed, strength)
        if options.pixel_grid and viewport.zoom >= GRID_FROM:
            paint_grid(painter, viewport, pixels)

    def _paint_parts(
        self, painter: QPainter, viewport: Viewport, exposed: QRect, parts: list[Part]
    ) -> None:
        if len(parts) == 1:
            self.paint_classes(painter, viewport, exposed, parts[0].shows)
            return
        for area, shows in parts:
            seen = area.intersected(exposed)
            if not seen.isEmpty():
                painter.setClipRect(seen)
                self.paint_classes(painter, viewport, seen, shows)
        painter.setClipping(False)

    def paint_classes(
        self, painter: QPainter, viewport: Viewport, exposed: QRect, shows: Shows
    ) -> None:
        """Draw mask, mask and ghost, or prediction alone."""
        state = self._state
        if shows is Shows.PREDICTION:
            self._overlay.paint_prediction(
                painter, viewport, exposed, outline=state.outline, opacity=state.opacity
            )
            return
        self._overlay.paint(
            painter,
            viewport,
            exposed,
            outline=state.outline,
            ghost=state.ghost_visible and shows is Shows.USUAL,
            opacity=state.opacity,
        )
