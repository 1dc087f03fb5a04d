"""The left panel: all images with status and thumbnail, filtered by status and name."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QVBoxLayout,
    QWidget,
)

from unet_gui.dataset.project import Status
from unet_gui.dataset.thumbnails import Held
from unet_gui.gui.image_queue import Order
from unet_gui.gui.panels.image_delegate import ImageDelegate
from unet_gui.gui.panels.image_filter import ImageFilter
from unet_gui.gui.panels.image_model import ImageModel
from unet_gui.gui.panels.marks import status_pixmap
from unet_gui.gui.panels.statuses import StatusReader
from unet_gui.gui.panels.thumbnails import ThumbnailLoader
from unet_gui.gui.panels.wording import count, duration, status_words
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M, SPACE_S
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from collections.abc import Callable

    from unet_gui.gui.image_queue import ImageQueue
    from unet_gui.gui.session import Session
    from unet_gui.gui.theme import Theme


MINUTE: Final = 60
SCREENFUL: Final = 100
"""More rows than a screen shows."""


class ImageListPanel(QWidget):
    """Choosing a row opens the image; the list follows whatever the session opens.

    Args:
        session: where images are opened.
        theme: colours and icons.
        queue: chooses the order and knows how long the rest may take; none in simple tests.
        synchronous: thumbnails and statuses are read at once, for tests.

    Signals:
        counts_changed: how many images are done, and how many there are.
        counted: the same in words, with the time the rest may take.
    """

    counts_changed = Signal(int, int)
    counted = Signal(str)

    def __init__(
        self,
        session: Session,
        theme: Theme,
        queue: ImageQueue | None = None,
        *,
        synchronous: bool = False,
    ) -> None:
        super().__init__()
        self.setObjectName("image_panel")
        self.setProperty("surface", True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self._theme = theme
        self._queue = queue
        self._words = status_words()
        self.thumbnails = ThumbnailLoader(self, synchronous=synchronous)
        self.statuses = StatusReader(self, synchronous=synchronous)
        self.model = ImageModel(self)
        self.filter = ImageFilter(self.model, self)
        self._following = False
        self._build()
        self._connect()
        self._on_theme_changed()
        self._use_project()
        self._use_source()
        self._reload()

    def shutdown(self) -> None:
        """Wait until the background threads have ended."""
        self.thumbnails.shutdown()
        self.statuses.shutdown()

    def _build(self) -> None:
        self.search = named(QLineEdit(), "image_search")
        self.search.setPlaceholderText(self.tr("Find by name"))
        self.search.setAccessibleName(self.tr("Find images by name"))
        self.search.setClearButtonEnabled(True)
        self._glass = QAction(self)
        self.search.addAction(self._glass, QLineEdit.ActionPosition.LeadingPosition)
        self.status_box = named(QComboBox(), "image_status")
        self.status_box.setAccessibleName(self.tr("Show images of this status"))
        self.status_box.addItem(self.tr("All images"), None)
        for status, word in self._words.items():
            self.status_box.addItem(QIcon(), word, status)
        self.order_box = named(QComboBox(), "image_order")
        self.order_box.setAccessibleName(self.tr("Order of the images"))
        self.order_box.addItem(self.tr("File order"), Order.FILE)
        self.order_box.addItem(self.tr("Most to gain first"), Order.GAIN)
        self.order_box.setItemData(
            1,
            self.tr("First those whose correction teaches most about the others"),
            Qt.ItemDataRole.ToolTipRole,
        )
        self.order_box.setVisible(self._queue is not None)
        self.view = named(QListView(), "image_list")
        self.view.setAccessibleName(self.tr("Images"))
        self.view.setModel(self.filter)
        self.view.setItemDelegate(ImageDelegate(self.thumbnails, self._theme, self))
        self.view.setUniformItemSizes(True)
        self.view.setMouseTracking(True)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._empty = named(QLabel(self.tr("No image matches.")), "image_none")
        self._empty.setProperty("muted", True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self.count_label = named(QLabel(), "image_count")
        self.count_label.setProperty("muted", True)
        self.count_label.setProperty("small", True)
        self._lay_out()

    def _lay_out(self) -> None:
        top = QVBoxLayout()
        top.setContentsMargins(SPACE_L, SPACE_M, SPACE_L, SPACE_M)
        top.setSpacing(SPACE_M)
        top.addWidget(self.search)
        choices = QHBoxLayout()
        choices.setSpacing(SPACE_M)
        for box in (self.status_box, self.order_box):
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            box.setMinimumContentsLength(7)
            choices.addWidget(box, 1)
        top.addLayout(choices)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(SPACE_L, SPACE_S, SPACE_L, SPACE_M)
        bottom.addWidget(self.count_label)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.view, 1)
        layout.addWidget(self._empty, 1)
        layout.addLayout(bottom)

    def _connect(self) -> None:
        session = self._session
        session.project_opened.connect(self._use_project)
        session.project_closed.connect(self._on_session_project_closed)
        session.images_changed.connect(self._reload)
        session.order_changed.connect(self._on_session_order_changed)
        session.image_loading.connect(self._on_session_image_loading)
        session.image_closed.connect(lambda: self.thumbnails.set_open(""))
        session.image_failed.connect(lambda _name, _error: self.thumbnails.set_open(""))
        session.image_opened.connect(self._on_session_image_opened)
        session.status_changed.connect(self._on_session_status_changed)
        session.images_reloading.connect(self._on_session_images_reloading)
        session.image_reloaded.connect(self._on_session_image_reloaded)
        self.thumbnails.ready.connect(self._repaint)
        self.statuses.ready.connect(self._on_statuses_ready)
        self.search.textChanged.connect(self._on_search_text_changed)
        self.status_box.currentIndexChanged.connect(self._on_status_box_changed)
        self.order_box.currentIndexChanged.connect(self._on_order_box_changed)
        if self._queue is not None:
            self._queue.changed.connect(self._on_queue_changed)
            self._on_queue_changed()
        self.view.verticalScrollBar().valueChanged.connect(self._want_visible)
        self.view.selectionModel().currentChanged.connect(self._on_view_current_changed)
        self._theme.changed.connect(self._on_theme_changed)

    # -- following the session ---------------------------------------------------------------

    def _use_project(self) -> None:
        self.thumbnails.use(self._session.project)

    def _on_session_project_closed(self) -> None:
        self._use_project()
        self._reload()

    def _reload(self) -> None:
        self._following = True
        self.model.show(self._session.project, self._session.images)
        self._following = False
        self.statuses.read(self._session.project, self.model.entries)
        if self._session.entry is not None:
            self._follow(self._session.entry.name)
        self._want_visible()
        self._show_counts()

    def _want_visible(self) -> None:
        """The statuses of the rows on the screen are read before all others."""
        if not self.statuses.busy:
            return
        room = self.view.viewport().rect()
        top, bottom = (self.view.indexAt(p).row() for p in (room.topLeft(), room.bottomLeft()))
        end = bottom + 1 if bottom >= 0 else self.filter.rowCount()
        rows = range(max(0, top), min(end, max(0, top) + SCREENFUL))
        self.statuses.prefer([self.filter.source_row(row) for row in rows])

    def read_statuses(self) -> None:
        """Look at every image again: masks were rewritten, or another round proposes."""
        self.model.expect_statuses()
        self.statuses.read(self._session.project, self.model.entries)

    def _on_session_order_changed(self) -> None:
        if len(self._session.images) != self.model.rowCount():
            self._reload()
            return
        self._following = True
        self.model.reorder(self._session.images)
        self._following = False
        if self.statuses.busy:
            self.statuses.read(self._session.project, self.model.entries)
        if self._session.entry is not None:
            self._follow(self._session.entry.name)

    def _on_queue_changed(self) -> None:
        if self._queue is not None:
            self.order_box.setCurrentIndex(self.order_box.findData(self._queue.order))
            self.order_box.setToolTip(self.order_box.currentText())
            self._show_counts()

    def _on_order_box_changed(self) -> None:
        if self._queue is not None:
            self._queue.set_order(self.order_box.currentData())

    def _repaint(self, name: str) -> None:
        # Not by the model: for a change of data Qt lays out the whole list anew.
        self.view.update(self.filter.mapFromSource(self.model.index_of(name)))

    def _on_session_image_loading(self, name: str) -> None:
        self.thumbnails.set_open(name)
        self._follow(name)

    def _on_session_image_opened(self) -> None:
        self._use_source()
        if self._session.entry is not None:
            self._follow(self._session.entry.name)

    def _on_session_images_reloading(self) -> None:
        self._use_project()
        if self._session.entry is not None:
            self.thumbnails.set_open(self._session.entry.name)

    def _on_session_image_reloaded(self) -> None:
        self._use_source()
        self.view.viewport().update()

    def _use_source(self) -> None:
        """The thumbnail of the open image is made of what is read already."""
        entry, source = self._session.entry, self._session.source
        if entry is not None and source is not None:
            self.thumbnails.set_open(entry.name, Held(source, entry.view))

    def _on_session_status_changed(self, name: str) -> None:
        self.model.refresh_status(name)
        self._show_counts()

    def _on_statuses_ready(self, batch: list[tuple[str, Status]]) -> None:
        self.model.take_statuses(batch)
        self._show_counts()

    def _follow(self, name: str) -> None:
        """Make the session's image the chosen row, without opening it once more."""
        self._following = True
        self.filter.keep(name)
        index = self.filter.mapFromSource(self.model.index_of(name))
        self.view.setCurrentIndex(index)
        if index.isValid():
            self.view.scrollTo(index)
        self._following = False

    # -- what the person does ------------------------------------------------------------------

    def _on_view_current_changed(self, current: QModelIndex) -> None:
        if not self._following and current.isValid():
            self._session.open_image(current.data())

    def _on_search_text_changed(self, text: str) -> None:
        self._filtered(lambda: self.filter.set_words(text))

    def _on_status_box_changed(self) -> None:
        self._filtered(lambda: self.filter.set_status(self.status_box.currentData()))

    def _filtered(self, change: Callable[[], None]) -> None:
        self._following = True
        change()
        self._following = False
        if self._session.entry is not None:
            self._follow(self._session.entry.name)
        self._show_counts()

    # -- showing -------------------------------------------------------------------------------

    def _show_counts(self) -> None:
        counts = self.model.counts()
        total, shown = self.model.rowCount(), self.filter.rowCount()
        self.counts_changed.emit(counts[Status.DONE], total)
        text = self.tr("{0} of {1} done").format(count(counts[Status.DONE]), count(total))
        waiting = total - counts[Status.DONE]
        left = self._queue.seconds_left(waiting) if self._queue is not None else None
        if left:
            # an estimate knows no seconds
            coarse = duration(MINUTE * math.ceil(left / MINUTE))
            text += " · " + self.tr("about {0} left").format(coarse)
        self.counted.emit(text if total else "")
        if self.filter.active:
            text += " · " + self.tr("{0} shown").format(count(shown))
        self.count_label.setText(text if total else "")
        self.view.setVisible(shown > 0)
        self._empty.setVisible(shown == 0)
        self._empty.setText(
            self.tr("No image matches.")
            if total
            else self.tr("No images in this folder.")
            if self._session.project is not None
            else ""
        )
        for row in range(1, self.status_box.count()):
            status = self.status_box.itemData(row)
            self.status_box.setItemText(row, f"{self._words[status]} ({count(counts[status])})")

    def _on_theme_changed(self) -> None:
        tokens, density = self._theme.tokens, self.devicePixelRatioF()
        self._glass.setIcon(self._theme.icon("search", tokens.muted))
        for row in range(1, self.status_box.count()):
            pixmap = status_pixmap(self.status_box.itemData(row), tokens, 14, density)
            self.status_box.setItemIcon(row, QIcon(pixmap))
        self.view.viewport().update()
