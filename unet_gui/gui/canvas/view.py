"""The canvas: shows image, mask and ghost, and hands pointer and keys to the tools."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QNativeGestureEvent, QPainter
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from unet_gui.gui.canvas.backdrop import Backdrop
from unet_gui.gui.canvas.decoration import Decoration
from unet_gui.gui.canvas.gestures import Gestures, mouse_contact, tablet_contact
from unet_gui.gui.canvas.overlay import Overlay
from unet_gui.gui.canvas.placeholder import Message, message_for, paint_message, tokens_for
from unet_gui.gui.canvas.tools import Pointer
from unet_gui.gui.canvas.viewport import Viewport
from unet_gui.gui.state import Hover

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import (
        QEnterEvent,
        QFocusEvent,
        QKeyEvent,
        QMouseEvent,
        QPaintEvent,
        QResizeEvent,
        QTabletEvent,
        QWheelEvent,
    )

    from unet_gui.core.errors import UnetGuiError
    from unet_gui.core.geometry import Rect
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState

LOADING_AFTER: Final = 150
"""Milliseconds before the canvas says that it is loading: most images are there sooner."""


class CanvasView(QWidget):
    """Image, mask, ghost and brush cursor; repaints only what has changed."""

    def __init__(self, session: Session, state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self.setAccessibleName(self.tr("Canvas"))
        self._session = session
        self._state = state
        self._viewport = Viewport()
        self._backdrop = Backdrop(session.runner, self)
        self._overlay = Overlay()
        self._pointer = Pointer(session, state, self._viewport)
        self._gestures = Gestures(self._viewport, state)
        self._message = Message("")
        self._decoration = Decoration(session, state, self._viewport, self._pointer)
        self._batch: QRect | None = None
        self._revision = 0
        self._loading = QTimer(self, singleShot=True, interval=LOADING_AFTER)
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
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

    def pick_class(self) -> None:
        """Paint from now on with the class under the pointer."""
        self._pointer.pick()

    def to_image(self, at: QPointF) -> QPointF:
        """Image coordinates of a point on the canvas."""
        return QPointF(*self._viewport.to_image(at.x(), at.y()))

    def to_canvas(self, at: QPointF) -> QPointF:
        """Where a point of the image is on the canvas."""
        return QPointF(*self._viewport.to_view(at.x(), at.y()))

    # -- session and state -----------------------------------------------------------------

    def _on_image_opened(self) -> None:
        self._loading.stop()
        self._pointer.drop()
        image, document = self._session.image, self._session.document
        self._backdrop.set_image(image)
        self._overlay.set_mask(document.mask if document is not None else None)
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
        revision = self._session.document.revision if self._session.document else 0
        if revision == self._revision:
            return  # the end of a stroke: each part of it has been announced already
        self._revision = revision
        self._overlay.invalidate(rect)
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

    def _on_view_changed(self) -> None:
        self._state.set_zoom(self._viewport.zoom)
        self._hover()
        self._decorate()
        self.update()

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

    def _decorate(self) -> None:
        """Cursor and guide anew: repaint where they were and where they are now."""
        before, box = self._decoration.refresh()
        if self.cursor().shape() != self._decoration.shape:
            self.setCursor(self._decoration.shape)
        if before.intersects(box):
            self._repaint(before.united(box))
        else:
            self._repaint(before)
            self._repaint(box)

    def _repaint(self, rect: QRect) -> None:
        if self._batch is None:
            self.update(rect)
        else:
            self._batch = self._batch.united(rect)

    @contextmanager
    def _one_repaint(self) -> Iterator[None]:
        """What one event changes lies close: one rectangle is painted faster than three."""
        self._batch = QRect()
        try:
            yield
        finally:
            batch, self._batch = self._batch, None
            if not batch.isEmpty():
                self.update(batch)

    def _hover(self) -> None:
        self._state.set_hover(self._hovered())

    def _hovered(self) -> Hover | None:
        at = self._pointer.at
        if at is None or self._session.image is None:
            return None
        x, y = (math.floor(v) for v in self._viewport.to_image(at.x(), at.y()))
        inside = 0 <= x < self._viewport.image_width and 0 <= y < self._viewport.image_height
        return Hover(x, y) if inside else None

    # -- events ----------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        with self._one_repaint():
            self._pointer.press(mouse_contact(event))
            self._after_contact()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Two quick dabs are two dabs."""
        self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        with self._one_repaint():
            self._pointer.shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._pointer.move(mouse_contact(event))
            self._after_contact()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        with self._one_repaint():
            self._pointer.release(mouse_contact(event))
            self._after_contact()

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Accepted, so that Qt does not send the same again as a mouse."""
        act = {
            QEvent.Type.TabletPress: self._pointer.press,
            QEvent.Type.TabletMove: self._pointer.move,
            QEvent.Type.TabletRelease: self._pointer.release,
        }[event.type()]
        with self._one_repaint():
            act(tablet_contact(event))
            self._after_contact()
        event.accept()

    def _after_contact(self) -> None:
        if self._pointer.panning:
            self._on_view_changed()
        else:
            self._hover()
            self._decorate()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._gestures.wheel(event)
        self._on_view_changed()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and self._gestures.native(event):
            self._on_view_changed()
            return True
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._on_size_changed()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            if not self._pointer.abort():
                event.ignore()
        elif event.key() == Qt.Key.Key_I and not event.modifiers():
            self.pick_class()
        elif not self._hold_key(event, held=True):
            if self._gestures.key(event.key()):
                self._on_view_changed()
            else:
                super().keyPressEvent(event)
        self._decorate()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not self._hold_key(event, held=False):
            super().keyReleaseEvent(event)
        self._decorate()

    def _hold_key(self, event: QKeyEvent, *, held: bool) -> bool:
        """Keys that do something while they are down. False for all others."""
        if event.key() == Qt.Key.Key_Shift:
            self._pointer.shift = held
        elif event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._pointer.space = held
        else:
            return False
        return True

    def enterEvent(self, event: QEnterEvent) -> None:
        """Keys act where the pointer is, unless something is being typed."""
        self._pointer.at = event.position()
        typing = QApplication.focusWidget()
        if typing is None or not typing.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled):
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._hover()
        self._decorate()

    def leaveEvent(self, _event: QEvent) -> None:
        self._pointer.at = None
        self._hover()
        self._decorate()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Another window came to the front: what was drawn is kept, held keys are let go."""
        self._pointer.finish()
        self._pointer.space = self._pointer.shift = False
        self._decorate()
        super().focusOutEvent(event)

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._on_size_changed()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
        super().changeEvent(event)

    def _on_size_changed(self) -> None:
        self._viewport.set_view(self.width(), self.height(), self.devicePixelRatioF())
        self._on_view_changed()
