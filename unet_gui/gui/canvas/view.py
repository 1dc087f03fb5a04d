"""The canvas: image, mask and ghost, painted only where something has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QRect, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from unet_gui.core.classes import UNLABELLED
from unet_gui.gui.canvas.backdrop import Backdrop
from unet_gui.gui.canvas.compare import Comparison
from unet_gui.gui.canvas.grid import ScaleBar
from unet_gui.gui.canvas.histogram import ImageHistogram
from unet_gui.gui.canvas.layers import Layers
from unet_gui.gui.canvas.looking import CanvasLooking
from unet_gui.gui.canvas.overlay import Overlay
from unet_gui.gui.canvas.placeholder import Message, message_for, paint_message, tokens_for
from unet_gui.gui.canvas.rulers import PixelSize, Rulers
from unet_gui.gui.canvas.twin import TwinPane
from unet_gui.gui.canvas.uncertainty import UncertaintyMap, paint_legend

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QPaintEvent

    from unet_gui.core.display import Display
    from unet_gui.core.errors import UnetGuiError
    from unet_gui.core.geometry import Rect
    from unet_gui.dataset.image_source import ImageSource
    from unet_gui.gui.options import ViewOptions
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState

LOADING_AFTER: Final = 150
"""Milliseconds before the canvas says that it is loading: most images are there sooner."""


class CanvasView(CanvasLooking):
    """Shows the session's image, mask and ghost as the view state says.

    Signals:
        look_changed: the same is shown in other colours, or another image is.
        histogram_changed: `histogram` answers differently.
    """

    look_changed = Signal()
    histogram_changed = Signal()

    def __init__(self, session: Session, state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(session, state, parent)
        self.setObjectName("canvas")
        self.setAccessibleName(self.tr("Canvas"))
        self._backdrop = Backdrop(session.runner, self)
        self._overlay = Overlay(self)
        self._histogram = ImageHistogram(session.runner, self)
        self._comparison = Comparison(self, session)
        self._uncertainty = UncertaintyMap(session)
        self._layers = Layers(state, self._backdrop, self._overlay, self._uncertainty)
        self._twin = TwinPane(self, self._layers, self._comparison, self)
        self._rulers = Rulers(self, self._viewport)
        self._scale_bar = ScaleBar(self._viewport)
        self._message = Message("")
        self._revision = 0
        self._loading = QTimer(self, singleShot=True, interval=LOADING_AFTER)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        self._connect()
        self._backdrop.set_display(state.display)
        self._on_options_changed(state.view)
        self._on_classes_changed()
        self._on_image_opened()

    def _connect(self) -> None:
        session, state = self._session, self._state
        session.opening_changed.connect(self._on_opening_changed)
        session.project_opened.connect(self._show_message)
        session.project_closed.connect(self._on_image_closed)
        session.images_changed.connect(self._on_images_changed)
        session.image_loading.connect(self._on_image_loading)
        session.image_opened.connect(self._on_image_opened)
        session.image_closed.connect(self._on_image_closed)
        session.image_reloaded.connect(self._on_image_reloaded)
        session.image_failed.connect(self._on_image_failed)
        session.mask_changed.connect(self._on_mask_changed)
        session.ghost_changed.connect(self._on_ghost_changed)
        session.classes_changed.connect(self._on_classes_changed)
        state.class_view_changed.connect(self._on_classes_changed)
        state.display_changed.connect(self._on_display_changed)
        state.view_changed.connect(self._on_options_changed)
        for changed in (state.tool_changed, state.size_changed, state.active_class_changed):
            changed.connect(self._on_tool_changed)
        for changed in (
            state.opacity_changed,
            state.outline_changed,
            state.overlay_visible_changed,
            state.ghost_visible_changed,
        ):
            changed.connect(self._on_look_changed)
        self._backdrop.refined.connect(self._on_look_changed)
        self._backdrop.arrived.connect(self._on_tile_arrived)
        self._overlay.arrived.connect(self._on_tile_arrived)
        self._backdrop.noticed.connect(session.noticed)
        self._histogram.changed.connect(self.histogram_changed)
        self._comparison.changed.connect(self.update)
        self._loading.timeout.connect(self.update)

    # -- what there is to see --------------------------------------------------------------

    @property
    def backdrop(self) -> Backdrop:
        """The open image, for others who draw it."""
        return self._backdrop

    @property
    def layers(self) -> Layers:
        """Image, mask and proposal, for others who draw them."""
        return self._layers

    def set_pixel_size(self, size: float | None, unit: str = "") -> None:
        """How long the side of a pixel is, for rulers and scale bar; None when it is not known."""
        known = PixelSize(size, unit) if size is not None and size > 0 else PixelSize()
        self._scale_bar.size = known
        self._rulers.set_pixel_size(known)
        self.update()

    def histogram(self) -> NDArray[np.int64]:
        """int64[3, 256], a sample of the open image; zeros until `histogram_changed` tells."""
        return self._histogram.counts()

    # -- session and state -----------------------------------------------------------------

    def _on_image_opened(self) -> None:
        self._loading.stop()
        self._pointer.drop()
        document = self._session.document
        self._show_source(self._session.source)
        self._overlay.set_mask(document.levels if document is not None else None)
        self._revision = document.revision if document is not None else 0
        if document is not None:
            self._viewport.set_image(document.bounds.width, document.bounds.height)
        self._on_ghost_changed()
        self._show_message()
        self._on_view_changed()

    def _show_source(self, source: ImageSource | None) -> None:
        self._backdrop.set_source(source)
        self._histogram.set_source(source)

    def _on_image_reloaded(self) -> None:
        self._show_source(self._session.source)
        self.update()

    def _on_image_closed(self) -> None:
        """Nothing is repainted yet: when the next image is there at once, nothing flickers."""
        self._pointer.drop()
        self._show_source(None)
        self._overlay.set_mask(None)
        self._show_message(later=self._session.project is not None)

    def _on_image_loading(self, name: str) -> None:
        self._message = Message(self.tr("Opening {0} …").format(name))
        self._loading.start()

    def _on_image_failed(self, name: str, error: UnetGuiError) -> None:
        self._loading.stop()
        self._message = Message(
            self.tr("{0} cannot be shown.").format(name), f"{error.message} {error.hint}".strip()
        )
        self.update()

    def _on_images_changed(self) -> None:
        if self._session.entry is None:
            self._show_message()

    def _on_mask_changed(self, rect: Rect) -> None:
        document = self._session.document
        if document is None or document.revision == self._revision:
            return  # the end of a stroke: each part of it has been announced already
        keys = document.changed_since(self._revision, rect)
        self._revision = document.revision
        self._overlay.invalidate(rect, keys)
        self._repaint(self._viewport.seen(rect))

    def _on_ghost_changed(self, _rect: Rect | None = None) -> None:
        ghost = self._session.ghost
        self._overlay.set_ghost(ghost.mask if ghost is not None else None)
        self._on_look_changed()

    def _on_opening_changed(self) -> None:
        if self._session.project is None:
            self._show_message()

    def _on_classes_changed(self) -> None:
        if self._session.project is not None:
            shown = np.array([self._state.shows_class(value) for value in range(UNLABELLED + 1)])
            self._overlay.set_palette(self._session.project.classes.palette(), shown)
        self._on_tool_changed()
        self._on_look_changed()

    def _on_display_changed(self, display: Display) -> None:
        self._backdrop.set_display(display)
        self._on_look_changed()

    def _on_options_changed(self, options: ViewOptions) -> None:
        self._rulers.set_shown(options.rulers)
        self._comparison.set_mode(options.compare)
        if not options.uncertainty:
            self._uncertainty.forget()
        self._on_size_changed()
        self._on_look_changed()

    def _on_tile_arrived(self, rect: Rect) -> None:
        self._repaint(self._viewport.seen(rect))
        self._twin.update()
        self.look_changed.emit()

    def _on_look_changed(self, _value: object = None) -> None:
        self.update()
        self._twin.update()
        self.look_changed.emit()

    def _on_view_changed(self) -> None:
        self._backdrop.look_elsewhere()
        self._overlay.look_elsewhere()
        self._rulers.refresh()
        self._twin.update()
        super()._on_view_changed()

    def _on_size_changed(self) -> None:
        inset = self._rulers.inset
        area = QRect(inset, inset, self.width() - inset, self.height() - inset)
        twin = QRect(area)
        if self._comparison.side_by_side:
            area.setWidth(area.width() // 2)
            twin.setLeft(area.right() + 1)
        self._viewport.set_view(
            max(1, area.width()),
            max(1, area.height()),
            self.devicePixelRatioF(),
            left=inset,
            top=inset,
        )
        self._rulers.place(self.rect(), area)
        self._comparison.place(area)
        self._twin.place(twin)
        self._on_view_changed()

    def _decorate(self, *, same: bool = False) -> None:
        super()._decorate(same=same)
        self._rulers.set_mark(self._pointer.at)

    def _on_tool_changed(self, _value: object = None) -> None:
        self._decorate()

    def _show_message(self, *, later: bool = False) -> None:
        self._message = message_for(self._session.project, self._session.opening)
        if later:
            self._loading.start()
        else:
            self.update()

    # -- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        exposed = event.rect()
        empty = self._session.document is None
        # The stubs do not know that these are four numbers.
        if empty or not self._viewport.covers(*exposed.getRect()):  # type: ignore[misc]
            painter.fillRect(exposed, QColor(tokens_for(self.palette()).canvas))
        if empty:
            paint_message(painter, self.rect(), self._message, self.palette())
            return
        parts = self._comparison.parts()
        self._layers.paint(painter, self._viewport, exposed, parts)
        if self._scale_bar.size.size is not None:
            self._scale_bar.paint(painter, exposed)
        self._comparison.paint_tags(painter, parts, exposed)
        if self._state.view.uncertainty and self._state.overlay_visible:
            ghost = self._session.ghost
            paint_legend(painter, parts[-1].area, exposed, proposed=ghost is not None)
        self._decoration.paint(painter)
