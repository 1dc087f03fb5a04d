"""The canvas as a window on the image: zoom, pan, turn. No image yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Signal

from unet_gui.gui.canvas.input import CanvasInput

if TYPE_CHECKING:
    from unet_gui.core.geometry import Rect
    from unet_gui.gui.canvas.viewport import Viewport


class CanvasLooking(CanvasInput):
    """What menus, keys and linked views can ask of the view.

    Signals:
        view_changed: another place, zoom, turn or size is shown.
    """

    view_changed = Signal()

    @property
    def viewport(self) -> Viewport:
        """Where and how large the image is shown; to be read, not written."""
        return self._viewport

    @property
    def zoom(self) -> float:
        """Device pixels per image pixel: 1.0 is 1:1."""
        return self._viewport.zoom

    @property
    def visible_image_rect(self) -> Rect:
        """The image pixels in view."""
        return self._viewport.visible

    def zoom_fit(self) -> None:
        """Show the whole image, and go on doing so when the window changes its size."""
        self._viewport.fit()
        self._on_view_changed()

    def zoom_actual(self) -> None:
        """One image pixel on one pixel of the screen."""
        self.zoom_to(1.0)

    def zoom_in(self) -> None:
        self.zoom_to(self._viewport.stepped(+1))

    def zoom_out(self) -> None:
        self.zoom_to(self._viewport.stepped(-1))

    def zoom_to(self, factor: float, center: QPointF | None = None) -> None:
        """Set the zoom; the image point under `center` (canvas coordinates) stays in place."""
        self._viewport.zoom_to(factor, (center.x(), center.y()) if center else None)
        self._on_view_changed()

    def zoom_about(self, factor: float, x: float, y: float) -> None:
        """Zoom by a factor; a point of the image stays in place."""
        self._viewport.zoom_to(self._viewport.zoom * factor, self._viewport.to_view(x, y))
        self._on_view_changed()

    def pan_by(self, dx: float, dy: float) -> None:
        """Move the image by so many logical pixels."""
        self._viewport.pan(dx, dy)
        self._on_view_changed()

    def look_at(self, x: float, y: float) -> None:
        """Bring a point of the image to the middle."""
        self._viewport.look_at(x, y)
        self._on_view_changed()

    @property
    def rotation(self) -> float:
        """Degrees by which the view is turned clockwise, 0 ≤ rotation < 360."""
        return self._viewport.rotation

    @property
    def flipped(self) -> bool:
        """Left and right of the image are swapped in the view."""
        return self._viewport.mirrored

    def rotate(self, degrees: float) -> None:
        """Turn what is seen clockwise; image and mask themselves stay as they are."""
        self._viewport.rotate(degrees)
        self._on_view_changed()

    def flip(self) -> None:
        """Swap left and right of what is seen."""
        self._viewport.mirror()
        self._on_view_changed()

    def reset_rotation(self) -> None:
        """Neither turned nor flipped."""
        self._viewport.straighten()
        self._on_view_changed()

    def _on_view_changed(self) -> None:
        super()._on_view_changed()
        self.view_changed.emit()
