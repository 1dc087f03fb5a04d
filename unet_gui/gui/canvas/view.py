"""The canvas: image, mask and ghost, painted only where something has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from unet_gui.gui.canvas.backdrop import Backdrop
from unet_gui.gui.canvas.input import CanvasInput
from unet_gui.gui.canvas.overlay import Overlay
from unet_gui.gui.canvas.placeholder import Message, message_for, paint_message, tokens_for

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from unet_gui.core.errors import UnetGuiError
    from unet_gui.core.geometry import Rect
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState

LOADING_AFTER: Final = 150
"""Milliseconds before the canvas says that it is loading: most images are there sooner."""


class CanvasView(CanvasInput):
    """Shows the session's image, mask and ghost as the view state says."""

    def __init__(self, session: Session, state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(session, state, parent)
        self.setObjectName("canvas")
        self.setAccessibleName(self.tr("Canvas"))
        self._backdrop = Backdrop(session.runner, self)
        self._overlay = Overlay()
        self._message = Message("")
        self._revision = 0
        self._loading = QTimer(self, singleShot=True, interval=LOADING_AFTER)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        self._connect()
        self._on_classes_changed()
        self._on_image_opened()

    def _connect(self) -> None:
        session, state = self._session, self._state
        session.project_opened.connect(self._show_message)
        session.project_closed.connect(self._on_image_closed)
        session.images_changed.connect(self._on_images_changed)
        session.image_loading.connect(self._on_image_loading)
        session.image_opened.connect(self._on_image_opened)
        session.image_closed.connect(self._on_image_closed)
        session.image_failed.connect(self._on_image_failed)
        session.mask_changed.connect(self._on_mask_changed)
        session.ghost_changed.connect(self._on_ghost_changed)
        session.classes_changed.connect(self._on_classes_changed)
        for changed in (state.tool_changed, state.size_changed, state.active_class_changed):
            changed.connect(self._on_tool_changed)
        for changed in (
            state.opacity_changed,
            state.outline_changed,
            state.overlay_visible_changed,
            state.ghost_visible_changed,
        ):
            changed.connect(self._on_look_changed)
        self._backdrop.refined.connect(self.update)
        self._loading.timeout.connect(self.update)

    # -- view ------------------------------------------------------------------------------

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

    # -- session and state -----------------------------------------------------------------

    def _on_image_opened(self) -> None:
        self._loading.stop()
        self._pointer.drop()
        image, document = self._session.image, self._session.document
        self._backdrop.set_image(image)
        self._overlay.set_mask(document)
        self._revision = document.revision if document is not None else 0
        if image is not None:
            self._viewport.set_image(image.shape[1], image.shape[0])
        self._on_ghost_changed()
        self._show_message()
        self._on_view_changed()

    def _on_image_closed(self) -> None:
        """Nothing is repainted yet: when the next image is there at once, nothing flickers."""
        self._pointer.drop()
        self._backdrop.set_image(None)
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
        self._repaint(QRect(*self._viewport.to_view_box(rect)))

    def _on_ghost_changed(self, _rect: Rect | None = None) -> None:
        ghost = self._session.ghost
        self._overlay.set_ghost(ghost.mask if ghost is not None else None)
        self.update()

    def _on_classes_changed(self) -> None:
        if self._session.project is not None:
            self._overlay.set_palette(self._session.project.classes.palette())
        self._on_tool_changed()
        self.update()

    def _on_look_changed(self, _value: object) -> None:
        self.update()

    def _on_tool_changed(self, _value: object = None) -> None:
        self._decorate()

    def _show_message(self, *, later: bool = False) -> None:
        self._message = message_for(self._session.project)
        if later:
            self._loading.start()
        else:
            self.update()

    # -- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        exposed = event.rect()
        ground = QColor(tokens_for(self.palette()).canvas)
        if self._session.image is None:
            painter.fillRect(exposed, ground)
            paint_message(painter, self.rect(), self._message, self.palette())
            return
        view = self._viewport
        pixels = view.image_box(exposed.x(), exposed.y(), exposed.width(), exposed.height())
        if not self._image_area().contains(QRectF(exposed)):
            painter.fillRect(exposed, ground)
        self._backdrop.paint(painter, view, pixels)
        if self._state.overlay_visible:
            self._overlay.paint(
                painter,
                view,
                exposed,
                outline=self._state.outline,
                ghost=self._state.ghost_visible,
                opacity=self._state.opacity,
            )
        self._decoration.paint(painter)

    def _image_area(self) -> QRectF:
        view = self._viewport
        left, top = view.origin
        return QRectF(left, top, view.image_width * view.scale, view.image_height * view.scale)
