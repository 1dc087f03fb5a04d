"""Another image of the project at the same place: what a neighbour looks like, and its mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.mask_levels import MaskLevels
from unet_gui.dataset import pages
from unet_gui.dataset.image_source import ImageSource
from unet_gui.gui.canvas.backdrop import Backdrop
from unet_gui.gui.canvas.compare import Part, Shows, paint_tag
from unet_gui.gui.canvas.layers import Layers
from unet_gui.gui.canvas.overlay import Overlay
from unet_gui.gui.canvas.pane import LinkedPane

if TYPE_CHECKING:
    from collections.abc import Generator

    from PySide6.QtCore import QRect
    from PySide6.QtGui import QHideEvent, QPainter, QShowEvent

    from unet_gui.core.errors import UnetGuiError
    from unet_gui.dataset.project import ImageEntry, Project
    from unet_gui.gui.canvas.view import CanvasView
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState

JOB = "linked view"

Loaded = tuple[ImageSource, MaskLevels]


class NeighbourPane(LinkedPane):
    """The other image, without the words around it."""

    def __init__(self, session: Session, state: ViewState, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self.setObjectName("linked_pane")
        self.setMinimumSize(80, 60)
        self.backdrop = Backdrop(session.runner, self, name="linked")
        self.overlay = Overlay(self)
        self.source: ImageSource | None = None
        self.said = ""
        self._layers = Layers(state, self.backdrop, self.overlay)
        self.backdrop.refined.connect(self.update)
        for arrived in (self.backdrop.arrived, self.overlay.arrived):
            arrived.connect(lambda _: self.update())

    def show_image(self, source: ImageSource | None, mask: MaskLevels | None) -> None:
        """Another image and its mask, or none."""
        self.source = source
        self.backdrop.set_source(source)
        self.overlay.set_mask(mask)
        if source is not None:
            self.viewport.image_height, self.viewport.image_width = source.shape
        else:
            self.viewport.image_height = self.viewport.image_width = 0
        self.follow()

    def _paint(self, painter: QPainter, exposed: QRect) -> None:
        self._layers.paint(painter, self.viewport, exposed, [Part(self.rect(), Shows.MASK)])
        if self.said:
            paint_tag(painter, self.rect(), exposed, self.said)


class LinkedView(QWidget):
    """Shows the neighbour of the open image; loads only while it can be seen.

    Attributes:
        offset: how many images after the open one the shown one comes; negative ones before it.
        name: of the image that is shown, "" for none.
    """

    def __init__(
        self, session: Session, state: ViewState, canvas: CanvasView, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("linked_view")
        self._session = session
        self._state = state
        self.offset = 1
        self.name = ""
        self.pane = NeighbourPane(session, state, canvas)
        self.label = QLabel()
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.before = self._button("linked_previous", "‹", self.tr("The image before this one"))
        self.after = self._button("linked_next", "›", self.tr("The image after this one"))
        self._lay_out()
        self.before.clicked.connect(lambda: self.step(-1))
        self.after.clicked.connect(lambda: self.step(+1))
        for changed in (session.image_opened, session.image_closed, session.images_changed):
            changed.connect(self.refresh)
        session.project_closed.connect(self._forget)
        session.images_reloading.connect(self._forget)
        session.image_reloaded.connect(self.refresh)
        session.status_changed.connect(self._on_status_changed)
        session.classes_changed.connect(self._recolor)
        state.class_view_changed.connect(self._recolor)
        state.display_changed.connect(self.pane.backdrop.set_display)
        canvas.view_changed.connect(self.pane.follow)
        canvas.look_changed.connect(self.pane.update)
        self.pane.backdrop.set_display(state.display)
        self._recolor()
        self._say_name()

    def sizeHint(self) -> QSize:
        return QSize(280, 240)

    def step(self, by: int) -> None:
        """Show the image before or after the one shown, passing over the open one."""
        target = self._target(by)
        if target is not None:
            self.offset = target - self._index()
            self.refresh()

    def refresh(self) -> None:
        """Follow the session: load the neighbour if another one is due."""
        entry = self._entry()
        name = entry.name if entry is not None else ""
        if name == self.name or not self.isVisible():
            self._say_name()
            return
        self._forget()
        if entry is not None and self._session.project is not None:
            self.name = name
            self._load(self._session.project, entry)
        self._say_name()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: the memory is worth more."""
        super().hideEvent(event)
        if not self.window().isMinimized():
            self._forget()

    # -- which image -----------------------------------------------------------------------

    def _count(self) -> int:
        return len(self._session.project.images) if self._session.project is not None else 0

    def _index(self) -> int:
        project, entry = self._session.project, self._session.entry
        return project.position(entry.name) if project is not None and entry is not None else -1

    def _entry(self) -> ImageEntry | None:
        """The neighbour; at either end of the list the one on the other side."""
        at, count = self._index(), self._count()
        if self._session.project is None or at < 0:
            return None
        for place in (at + self.offset, at - self.offset):
            if 0 <= place < count and place != at:
                return self._session.project.images[place]
        return None

    def _target(self, by: int) -> int | None:
        """Where in the list the image is that a step leads to."""
        entry = self._entry()
        if entry is None or self._session.project is None:
            return None
        target = self._session.project.position(entry.name) + by
        if target == self._index():
            target += by
        return target if 0 <= target < self._count() else None

    # -- loading ---------------------------------------------------------------------------

    def _load(self, project: Project, entry: ImageEntry) -> None:
        self.pane.said = self.tr("Opening …")
        self._session.runner.submit(
            JOB,
            lambda: _read(project, entry),
            on_done=self._on_loaded,
            on_error=self._on_failed,
            priority=5,
        )

    def _on_loaded(self, loaded: Loaded) -> None:
        self.pane.said = ""
        self.pane.show_image(*loaded)

    def _on_failed(self, error: UnetGuiError) -> None:
        self.pane.said = error.message
        self.pane.update()

    def _forget(self) -> None:
        self._session.runner.cancel(JOB)
        self.name, self.pane.said = "", ""
        self.pane.show_image(None, None)

    def _on_status_changed(self, name: str) -> None:
        """Its mask may have been saved just now: the image itself stays as it is."""
        entry, project, source = self._entry(), self._session.project, self.pane.source
        if entry is None or project is None or source is None or name != self.name:
            return
        self._session.runner.submit(
            JOB,
            lambda: _read(project, entry, source),
            on_done=self._on_loaded,
            on_error=self._on_failed,
            priority=5,
        )

    def _recolor(self) -> None:
        if self._session.project is not None:
            shown = np.array([self._state.shows_class(value) for value in range(UNLABELLED + 1)])
            self.pane.overlay.set_palette(self._session.project.classes.palette(), shown)
            self.pane.update()

    # -- widgets ---------------------------------------------------------------------------

    def _button(self, name: str, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setAutoRaise(True)
        return button

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(4, 2, 4, 2)
        row.addWidget(self.before)
        row.addWidget(self.label, 1)
        row.addWidget(self.after)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.pane, 1)

    def _say_name(self) -> None:
        entry = self._entry()
        name = entry.name if entry is not None else self.tr("There is no other image")
        self.label.setText(name)
        self.label.setToolTip(name)
        self.before.setEnabled(self._target(-1) is not None)
        self.after.setEnabled(self._target(+1) is not None)


def _read(
    project: Project, entry: ImageEntry, source: ImageSource | None = None
) -> Generator[None, None, Loaded]:
    """Image, unless it is at hand, and mask of an entry.

    Raises:
        ImageReadError: the image cannot be read.
        MaskReadError: its mask cannot be read or has another size.
    """
    yield
    if source is None:
        source = pages.source(entry)
        yield
    levels = MaskLevels(project.load_mask_tiles(entry, source.shape))
    for _ in levels.prepare():
        yield
    return source, levels
