"""The only door to the open project and document: widgets ask here and hear of changes here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import UnetGuiError
from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.dataset.project import Project, Status
from unet_gui.gui.documents import (
    Ghost,
    document_cache,
    ghost_cache,
    image_cache,
    load_job,
    read_image_job,
)
from unet_gui.gui.jobs import JobRunner
from unet_gui.gui.saver import MaskSaver

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from unet_gui.core.brush import Point
    from unet_gui.core.document import ClassMask, Document, RgbImage
    from unet_gui.dataset.project import ImageEntry
    from unet_gui.gui.saver import SaveState


class Session(QObject):
    """One open project, one open image, its document and ghost.

    Signals carry: `mask_changed` and `ghost_changed` the Rect that needs a repaint, `image_failed`
    the name and the error, `status_changed` the name of an image, `save_state_changed` a SaveState,
    `failed` an error worth a dialog, `noticed` a line for the status bar.
    """

    project_opened = Signal()
    project_closed = Signal()
    images_changed = Signal()
    image_loading = Signal(str)
    image_opened = Signal()
    image_closed = Signal()
    image_failed = Signal(str, object)
    mask_changed = Signal(object)
    ghost_changed = Signal(object)
    history_changed = Signal()
    classes_changed = Signal()
    status_changed = Signal(str)
    save_state_changed = Signal(object)
    failed = Signal(object)
    noticed = Signal(str)

    def __init__(self, parent: QObject | None = None, *, synchronous: bool = False) -> None:
        super().__init__(parent)
        self.project: Project | None = None
        self.entry: ImageEntry | None = None
        self.image: RgbImage | None = None
        self.document: Document | None = None
        self.runner = JobRunner("disk", self, synchronous=synchronous)
        self.saver = MaskSaver(self.runner, self)
        self._images = image_cache()
        self._documents = document_cache()
        self._ghosts = ghost_cache()
        self._discarded: set[str] = set()
        self.runner.failed.connect(self.failed)
        self.saver.state_changed.connect(self.save_state_changed)
        self.saver.saved.connect(self._on_saver_saved)
        self.saver.failed.connect(self.failed)

    # -- project ---------------------------------------------------------------------------

    @property
    def save_state(self) -> SaveState:
        return self.saver.state

    @property
    def ghost(self) -> Ghost | None:
        """What is proposed for the open image, unless the person has discarded it."""
        if self.entry is None or self.entry.name in self._discarded:
            return None
        return self._ghosts.get(self.entry.name)

    def open_project(self, path: Path | str) -> bool:
        """Open a project or a folder of images. A failure leaves the present project open."""
        try:
            project = Project.open(path)
        except UnetGuiError as error:
            self.failed.emit(error)
            return False
        return self.use_project(project)

    def use_project(self, project: Project) -> bool:
        """Show a project that is open already. False when the present one could not be saved."""
        if not self.close_project():
            return False
        self.project = project
        self.project_opened.emit()
        self.classes_changed.emit()
        self.images_changed.emit()
        if project.notice:
            self.noticed.emit(project.notice)
        if project.images:
            self.open_image(self._first_unfinished())
        return True

    def close_project(self) -> bool:
        """Save and let go. False, with everything left open, when saving failed."""
        if self.project is None:
            return True
        self._finish_stroke()
        if (error := self.flush()) is not None:
            self.failed.emit(error)
            return False
        self.runner.cancel_all()
        self._forget_image()
        self._images.clear()
        self._documents.clear()
        self._ghosts.clear()
        self._discarded.clear()
        self.project = None
        self.project_closed.emit()
        return True

    def refresh_images(self) -> None:
        """Look for images that have come or gone since."""
        if self.project is not None:
            self.project.refresh()
            self.images_changed.emit()

    def forget_documents(self) -> None:
        """Masks on disk were rewritten: read the open image's anew; what was undone is gone."""
        self._documents.clear()
        self._ghosts.clear()
        if self.entry is not None:
            name = self.entry.name
            self._forget_image()
            self.open_image(name)

    # -- images ----------------------------------------------------------------------------

    def open_image(self, name: str) -> None:
        """Show an image; it is loaded on the background thread unless it is in memory."""
        open_already = self.entry is not None and self.entry.name == name and self.image is not None
        if self.project is None or open_already:
            return
        self._finish_stroke()
        project, entry = self.project, self.project.entry(name)
        image, document = self._images.get(name), self._documents.get(name)
        if image is not None and document is not None:
            self.runner.cancel("open")
            self._show(entry, image, document)
            return
        self._forget_image()
        self.entry = entry
        self.image_loading.emit(name)
        self.runner.submit(
            "open",
            lambda: load_job(project, entry, image, document),
            on_done=lambda loaded: self._show(entry, *loaded),
            on_error=lambda error: self._on_open_failed(entry, error),
            priority=-20,
        )

    def next_image(self) -> None:
        self._step(+1)

    def previous_image(self) -> None:
        self._step(-1)

    def neighbours(self, count: int) -> list[ImageEntry]:
        """The next `count` images after the open one, then the one before it."""
        if self.project is None or self.entry is None:
            return []
        images = self.project.images
        at = self._index()
        after = images[at + 1 : at + 1 + count]
        return [*after, *(images[at - 1 : at] if at > 0 else [])]

    def _index(self) -> int:
        assert self.project is not None
        names = [e.name for e in self.project.images]
        return names.index(self.entry.name) if self.entry and self.entry.name in names else -1

    def _step(self, by: int) -> None:
        if self.project is None or not self.project.images:
            return
        at = self._index() + by
        if 0 <= at < len(self.project.images):
            self.open_image(self.project.images[at].name)
        else:
            self.noticed.emit(
                self.tr("This is the last image.")
                if by > 0
                else self.tr("This is the first image.")
            )

    def _first_unfinished(self) -> str:
        assert self.project is not None
        for entry in self.project.images:
            if self.project.status(entry) is not Status.DONE:
                return entry.name
        return self.project.images[0].name

    def _show(self, entry: ImageEntry, image: RgbImage, document: Document) -> None:
        self.entry, self.image, self.document = entry, image, document
        self._images.put(entry.name, image)
        self._documents.put(entry.name, document, keep=self.saver.pending)
        self.image_opened.emit()
        self.history_changed.emit()
        self._prefetch()

    def _prefetch(self) -> None:
        """Read the next image's pixels ahead, so that going on costs next to nothing."""
        for entry in self.neighbours(1):
            if entry.name not in self._images:
                self.runner.submit(
                    f"ahead {entry.name}",
                    partial(read_image_job, entry),
                    on_done=partial(self._images.put, entry.name),
                    on_error=lambda _error: None,  # said when the person opens that image
                )

    def _forget_image(self) -> None:
        was_open = self.entry is not None
        self.entry = self.image = self.document = None
        if was_open:
            self.image_closed.emit()
            self.history_changed.emit()

    def _on_open_failed(self, entry: ImageEntry, error: UnetGuiError) -> None:
        self.image_failed.emit(entry.name, error)

    # -- strokes and edits -----------------------------------------------------------------

    @property
    def stroking(self) -> bool:
        return self.document is not None and self.document.stroking

    def begin_stroke(self, point: Point, value: int, name: str) -> None:
        """Start a stroke at `point` (image coordinates); `name` is what undo calls it."""
        if self.document is not None:
            self._finish_stroke()
            self.document.begin_stroke(name, value, point)

    def stroke_to(self, point: Point, diameter: float) -> None:
        if self.document is not None:
            self._announce(self.document.stroke_to(point, diameter))

    def end_stroke(self) -> None:
        """Release: one undo step, saved soon."""
        if self.stroking:
            self._finish_stroke()

    def abort_stroke(self) -> None:
        """Take the open stroke back; a save that waited for its end goes on."""
        if self.document is not None and self.document.stroking:
            self._announce(self.document.abort_stroke())
            self.saver.resume()

    def apply(
        self,
        name: str,
        rect: Rect,
        values: int | ClassMask,
        *,
        where: NDArray[np.bool_] | None = None,
    ) -> Rect:
        """One undoable edit of the open image; see Document.apply."""
        if self.document is None:
            return EMPTY
        self._finish_stroke()
        return self._edited(self.document.apply(name, rect, values, where=where))

    def undo(self) -> None:
        self._finish_stroke()
        if self.document is not None:
            self._edited(self.document.undo())

    def redo(self) -> None:
        self._finish_stroke()
        if self.document is not None:
            self._edited(self.document.redo())

    def _finish_stroke(self) -> None:
        if self.document is not None and self.document.stroking:
            self._edited(self.document.end_stroke())
            self.saver.resume()

    def _edited(self, rect: Rect) -> Rect:
        self._announce(rect)
        self.history_changed.emit()
        if not rect.empty and self.project and self.entry and self.document:
            self.saver.request(self.project, self.entry, self.document)
        return rect

    def _announce(self, rect: Rect) -> None:
        if not rect.empty:
            self.mask_changed.emit(rect)

    # -- proposals -------------------------------------------------------------------------

    def set_prediction(self, name: str, ghost: Ghost) -> None:
        """Offer a prediction. It never touches the mask: the person accepts it or not."""
        self._ghosts.put(name, ghost, keep={self.entry.name} if self.entry else None)
        self._discarded.discard(name)
        self.status_changed.emit(name)
        if self.entry is not None and self.entry.name == name and self.document is not None:
            self.ghost_changed.emit(self.document.bounds)

    def has_prediction(self, name: str) -> bool:
        return name in self._ghosts

    def forget_predictions(self) -> None:
        """Another learner proposes from now on."""
        self._ghosts.clear()
        self._discarded.clear()
        if self.document is not None:
            self.ghost_changed.emit(self.document.bounds)

    def discard_ghost(self) -> None:
        """Stop proposing for the open image."""
        if self.entry is not None and self.document is not None and self.ghost is not None:
            self._discarded.add(self.entry.name)
            self.ghost_changed.emit(self.document.bounds)

    def accept(self, region: tuple[Rect, NDArray[np.bool_]] | None = None) -> int:
        """Make the proposal the mask where the mask is unlabelled; one undo step.

        Args:
            region: only these pixels, a rectangle and a bool array of its shape; None is all.

        Returns:
            How many pixels were taken over.
        """
        ghost, document = self.ghost, self.document
        if ghost is None or document is None or ghost.mask.shape != document.mask.shape:
            return 0
        self._finish_stroke()
        rect, inside = region if region is not None else (document.bounds, None)
        if rect.empty:
            return 0
        proposed = ghost.mask[rect.slices]
        where = (document.mask[rect.slices] == UNLABELLED) & (proposed != UNLABELLED)
        if inside is not None:
            where &= inside
        self.apply(self.tr("Accept"), rect, proposed, where=where)
        return int(where.sum())

    def accept_and_next(self) -> None:
        """Take over the proposal, mark the image done, go on to the next one that is not."""
        if self.project is None or self.entry is None or self.document is None:
            return
        self.accept()
        if self.document.counts[UNLABELLED] < self.document.mask.size:
            self.mark_done(True)
        following = [*self.project.images[self._index() + 1 :]]
        for entry in following:
            if self.project.status(entry) is not Status.DONE:
                self.open_image(entry.name)
                return
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
        return self.saver.flush()

    def _on_saver_saved(self, name: str) -> None:
        self.status_changed.emit(name)
