"""The only door to the open project and document: widgets ask here and hear of changes here.

`Session` knows project and images; `painting` beside it is its half that changes the open mask.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import UnetGuiError
from unet_gui.gui.documents import document_cache, image_cache, load_job, read_image_job
from unet_gui.gui.long_work import LongWork
from unet_gui.gui.session.opening import open_job, refresh_job
from unet_gui.gui.session.order import ImageOrder
from unet_gui.gui.session.painting import Painting

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Sequence

    from unet_gui.core.document import Document
    from unet_gui.dataset.channel_view import ChannelView
    from unet_gui.dataset.image_source import ImageSource
    from unet_gui.dataset.project import ImageEntry, Project
    from unet_gui.gui.saver import SaveState

_OPENING: Final = "project"


class Session(Painting):
    """One open project, one open image, its document and ghost.

    Signals carry: `image_failed` a name and an error, `save_state_changed` a SaveState.

    Attributes:
        opening: The folder that is being opened in the background; None most of the time.
        long_work: What a tool does in the background.
    """

    opening_changed = Signal()
    project_opened = Signal()
    project_closed = Signal()
    images_changed = Signal()
    order_changed = Signal()
    image_loading = Signal(str)
    image_opened = Signal()
    image_closed = Signal()
    image_failed = Signal(str, object)
    images_reloading = Signal()
    image_reloaded = Signal()
    classes_changed = Signal()
    save_state_changed = Signal(object)

    def __init__(self, parent: QObject | None = None, *, synchronous: bool = False) -> None:
        super().__init__(parent, synchronous=synchronous)
        self.opening: Path | None = None
        self.long_work = LongWork(self)
        self._order = ImageOrder()
        self._images = image_cache()
        self._documents = document_cache()
        self.runner.failed.connect(self.failed)
        self.saver.state_changed.connect(self.save_state_changed)
        self.saver.saved.connect(self._on_saver_saved)
        self.saver.failed.connect(self.failed)

    # -- project ---------------------------------------------------------------------------

    @property
    def save_state(self) -> SaveState:
        return self.saver.state

    def open_project(
        self,
        path: Path | str,
        *,
        on_opened: Callable[[], object] | None = None,
        on_failed: Callable[[], object] | None = None,
    ) -> None:
        """Open a project or a folder of images in the background; `opening` is it until then.

        A failure is told by `failed` and leaves the present project open.

        Args:
            path: The project or folder.
            on_opened: Called once it is the open project.
            on_failed: Called when it cannot be opened.
        """
        folder = Path(path)

        def done(project: Project) -> None:
            if self.use_project(project) and on_opened is not None:
                on_opened()

        def failed(error: UnetGuiError) -> None:
            self._set_opening(None)
            self.failed.emit(error)
            if on_failed is not None:
                on_failed()

        self._set_opening(folder)
        self.runner.submit(
            _OPENING, partial(open_job, folder), on_done=done, on_error=failed, priority=-30
        )

    def _set_opening(self, folder: Path | None) -> None:
        if folder is None:
            self.runner.cancel(_OPENING)
        if folder != self.opening:
            self.opening = folder
            self.opening_changed.emit()

    def use_project(self, project: Project) -> bool:
        """Show a project that is open already. False when the present one could not be saved."""
        self.runner.cancel(_OPENING)
        if not self._let_go():
            self._set_opening(None)
            return False
        self.project = project
        self._order.set(None)
        self.undo_keeper.use_folder(project.cache_dir)
        self.project_opened.emit()
        self._set_opening(None)
        self.classes_changed.emit()
        self.images_changed.emit()
        if project.notice:
            self.noticed.emit(project.notice)
        if project.images:
            self.open_image(self._order.first(project).name)
        return True

    def close_project(self) -> bool:
        """Save and let go. False, with everything left open, when saving failed."""
        self._set_opening(None)
        return self._let_go()

    def _let_go(self) -> bool:
        if self.project is None:
            return True
        self._finish_stroke()
        if (error := self.flush()) is not None:
            self.failed.emit(error)
            return False
        self.runner.cancel_all()
        self._forget_image()
        self._images.clear()
        self._archive_undo()
        self._documents.clear()
        self._ghosts.clear()
        self._discarded.clear()
        self.undo_keeper.use_folder(None)
        self.project = None
        self.project_closed.emit()
        return True

    def refresh_images(self) -> None:
        """Look for images that have come or gone since, in the background."""
        project = self.project
        if project is not None:
            self.runner.submit(
                "refresh",
                partial(refresh_job, project),
                on_done=lambda _: self.images_changed.emit(),
                priority=-10,
            )

    def reread(self, entries: Sequence[ImageEntry]) -> None:
        """Other programs have changed these masks: take theirs, unless ours is still to be saved.

        Saving then keeps theirs beside ours.
        """
        taken = [e.name for e in entries if e.name not in self.saver.pending]
        for name in taken:
            self._documents.drop(name)
            self.status_changed.emit(name)
        if self.entry is not None and self.entry.name in taken and not self.stroking:
            name = self.entry.name
            self._forget_image()
            self.open_image(name)
            self.noticed.emit(
                self.tr("The mask was changed by another program and has been read again.")
            )

    def forget_documents(self) -> None:
        """Masks on disk were rewritten: read the open image's anew; what was undone is gone."""
        self._documents.clear()
        self._ghosts.clear()
        if self.entry is not None:
            name = self.entry.name
            self._forget_image()
            self.open_image(name)

    def show_channels(self, view: ChannelView | None, *, keep: bool) -> None:
        """Show the channels of all images so; in the project file too when it is to `keep`."""
        if self.project is None:
            return
        try:
            (self.project.set_channels if keep else self.project.preview_channels)(view)
        except UnetGuiError as error:
            self.failed.emit(error)
        self.reload_images()

    def reload_images(self) -> None:
        """Images are shown in another way now: read the open one anew, forget what is known.

        Its mask, its history and the place looked at stay. `images_reloading` tells that all
        pixels are stale, `image_reloaded` that those of the open image are there.
        """
        for ahead in self.neighbours(1):
            self.runner.cancel(f"ahead {ahead.name}")
        self._images.clear()
        self.images_reloading.emit()
        self.forget_predictions()
        project, entry = self.project, self.entry
        if project is not None and entry is not None and self.document is not None:
            self.runner.submit(
                "reload",
                partial(read_image_job, project, entry),
                on_done=partial(self._on_reloaded, entry),
                on_error=lambda error: self._on_open_failed(entry, error),
                priority=-20,
            )

    def _on_reloaded(self, entry: ImageEntry, source: ImageSource) -> None:
        self._images.put(entry.name, source)
        if self.entry is not None and self.entry.name == entry.name and self.document is not None:
            self.source = source
            self.image_reloaded.emit()
            self._prefetch()

    # -- images ----------------------------------------------------------------------------

    def open_image(self, name: str) -> None:
        """Show an image; it is loaded on the background thread unless it is in memory."""
        open_already = (
            self.entry is not None and self.entry.name == name and self.document is not None
        )
        if self.project is None or open_already:
            return
        self._finish_stroke()
        project, entry = self.project, self.project.entry(name)
        source, document = self._images.get(name), self._documents.get(name)
        if source is not None and document is not None:
            self.runner.cancel("open")
            self._show(entry, source, document)
            return
        self._forget_image()
        self.entry = entry
        self.image_loading.emit(name)
        self.runner.submit(
            "open",
            lambda: load_job(project, entry, source, document, self.undo_keeper.recall),
            on_done=lambda loaded: self._show(entry, *loaded),
            on_error=lambda error: self._on_open_failed(entry, error),
            priority=-20,
        )

    def next_image(self) -> None:
        self._step(+1)

    def previous_image(self) -> None:
        self._step(-1)

    @property
    def images(self) -> list[ImageEntry]:
        """All images of the project in the order in which they come up."""
        return self._order.images(self.project) if self.project is not None else []

    def set_order(self, names: Sequence[str] | None) -> None:
        """These images come up first, the others behind them; None is the order of the files."""
        self._order.set(names)
        self.order_changed.emit()

    def neighbours(self, count: int) -> list[ImageEntry]:
        """The next `count` images after the open one, then the one before it."""
        if self.project is None or self.entry is None:
            return []
        images, at = self.images, self._index()
        after = images[at + 1 : at + 1 + count]
        return [*after, *(images[at - 1 : at] if at > 0 else [])]

    def _index(self) -> int:
        assert self.project is not None
        name = self.entry.name if self.entry is not None else ""
        return self._order.position(self.project, name)

    def _step(self, by: int) -> None:
        images = self.images
        if self.project is None or not images:
            return
        at = self._index() + by
        if 0 <= at < len(images):
            self.open_image(images[at].name)
        else:
            self.noticed.emit(
                self.tr("This is the last image.")
                if by > 0
                else self.tr("This is the first image.")
            )

    def next_unfinished(
        self, *, around: bool = False, skip: Collection[str] = ()
    ) -> ImageEntry | None:
        """The next image that is not done nor in `skip`; `around` after the last from the first."""
        name = self.entry.name if self.entry is not None else ""
        return (
            None
            if self.project is None
            else self._order.next_unfinished(self.project, name, around=around, skip=skip)
        )

    def _show(self, entry: ImageEntry, source: ImageSource, document: Document) -> None:
        self.entry, self.source, self.document = entry, source, document
        self.undo_keeper.adopt(document)
        self._protect()
        self._images.put(entry.name, source)
        for name, old in self._documents.put(entry.name, document, keep=self.saver.pending):
            self.runner.submit(f"undo {name}", partial(self._archive_job, name, old))
        self.image_opened.emit()
        self.history_changed.emit()
        self._prefetch()

    def _prefetch(self) -> None:
        """Read the next image's pixels ahead, so that going on costs next to nothing."""
        project = self.project
        for entry in self.neighbours(1):
            if project is not None and entry.name not in self._images:
                self.runner.submit(
                    f"ahead {entry.name}",
                    partial(read_image_job, project, entry),
                    on_done=partial(self._keep_image, entry.name),
                    on_error=lambda _error: None,  # said when the person opens that image
                )

    def _keep_image(self, name: str, source: ImageSource) -> None:
        self._images.put(name, source)

    def _archive_job(self, name: str, document: Document) -> Generator[None, None, None]:
        yield
        self.undo_keeper.remember(name, document)

    def _archive_undo(self) -> None:
        """The steps of all images in memory, so that they are there at the next opening."""
        for name, document in self._documents.items():
            self.undo_keeper.remember(name, document)

    def _forget_image(self) -> None:
        was_open = self.entry is not None
        self.entry = self.source = self.document = None
        if was_open:
            self.image_closed.emit()
            self.history_changed.emit()

    def _on_open_failed(self, entry: ImageEntry, error: UnetGuiError) -> None:
        self.image_failed.emit(entry.name, error)

    # -- going on -------------------------------------------------------------------------

    def accept_and_next(self) -> None:
        """Take over the proposal, mark the image done, go on to the next one that is not."""
        if self.project is None or self.entry is None or self.document is None:
            return
        self.accept()
        if self.document.counts[UNLABELLED] < self.document.size:
            self.mark_done(True)
        following = self.next_unfinished()
        if following is not None:
            self.open_image(following.name)
        else:
            self.noticed.emit(self.tr("That was the last image that was not done."))

    def mark_done(self, done: bool) -> None:
        if self.project is not None and self.entry is not None:
            try:
                self.project.set_done(self.entry, done)
            except UnetGuiError as error:
                self.failed.emit(error)
            self.status_changed.emit(self.entry.name)

    # -- the end ---------------------------------------------------------------------------

    def flush(self) -> UnetGuiError | None:
        """Write what is not on disk yet, here and now; returns what went wrong."""
        self._finish_stroke()
        return self.saver.flush()

    def shutdown(self) -> UnetGuiError | None:
        """Stop the background thread, then save what is left."""
        self._finish_stroke()
        self.runner.shutdown()
        error = self.saver.flush()
        self._archive_undo()
        self.undo_keeper.use_folder(None)
        return error

    def _on_saver_saved(self, name: str) -> None:
        self.status_changed.emit(name)
