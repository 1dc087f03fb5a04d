"""The half of the session that changes the open mask: strokes, edits, undo, accepting proposals."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import UnetGuiError
from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.protection import Protection
from unet_gui.gui.documents import ghost_cache
from unet_gui.gui.jobs import JobRunner
from unet_gui.gui.listeners import Listeners
from unet_gui.gui.saver import MaskSaver
from unet_gui.gui.undo_keeper import UndoKeeper

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import numpy as np
    from numpy.typing import NDArray

    from unet_gui.core.brush import Point
    from unet_gui.core.document import ClassMask, Document, RgbImage
    from unet_gui.core.draft import Draft
    from unet_gui.core.tiled_mask import MaskSnapshot
    from unet_gui.dataset.image_source import ImageSource
    from unet_gui.dataset.project import ImageEntry, Project
    from unet_gui.gui.documents import Ghost

BAND: Final = 1024
"""Rows of a proposal accepted at a time, so that a huge one needs no copy of itself."""

TOUCHED_AFTER: Final = 40
"""Milliseconds after which those hear of a change who need not hear of each move of a brush."""


class Painting(QObject):
    """The open image, its mask and what is proposed for it.

    Attributes:
        mask_changed: who hears of each move of a brush the Rect that needs a repaint.

    Signals carry: `ghost_changed` the Rect that needs a repaint, `mask_touched` the latest one of
    the mask, once in a while, for all who need not hear of each move of a brush, `status_changed`
    the name of an image, `failed` an error worth a dialog, `noticed` a line for the status bar.
    """

    mask_touched = Signal(object)
    ghost_changed = Signal(object)
    history_changed = Signal()
    status_changed = Signal(str)
    failed = Signal(object)
    noticed = Signal(str)

    def __init__(self, parent: QObject | None = None, *, synchronous: bool = False) -> None:
        super().__init__(parent)
        self.mask_changed: Listeners[Rect] = Listeners()
        self.project: Project | None = None
        self.entry: ImageEntry | None = None
        self.source: ImageSource | None = None
        self.document: Document | None = None
        self.runner = JobRunner("disk", self, synchronous=synchronous)
        self.saver = MaskSaver(self.runner, self)
        self.undo_keeper = UndoKeeper(self)
        self.undo_keeper.failed.connect(self.noticed)
        self._protection = Protection()
        self._touched = QTimer(self, singleShot=True, interval=TOUCHED_AFTER)
        self._touched.timeout.connect(self._tell_touched)
        self._latest = EMPTY
        self._ghosts = ghost_cache()
        self._discarded: set[str] = set()

    # -- the open image --------------------------------------------------------------------

    @property
    def image(self) -> RgbImage | None:
        """H×W×3 uint8, read-only; None when none is open, and for one read from disk by parts."""
        return self.source.array if self.source is not None else None

    @property
    def ghost(self) -> Ghost | None:
        """What is proposed for the open image, unless the person has discarded it."""
        if self.entry is None or self.entry.name in self._discarded:
            return None
        return self._ghosts.get(self.entry.name)

    @property
    def stroking(self) -> bool:
        return self.document is not None and self.document.stroking

    def set_protection(self, protection: Protection) -> None:
        """What painting must leave alone from now on."""
        self._protection = protection
        self._protect()

    def _protect(self) -> None:
        if self.document is not None:
            self.document.protection = self._protection

    # -- strokes and edits -----------------------------------------------------------------

    def begin_stroke(self, point: Point, value: int, name: str) -> None:
        """Start a stroke at `point` (image coordinates); `name` is what undo calls it."""
        if self.document is not None:
            self._finish_stroke()
            self.document.begin_stroke(name, value, point)

    def stroke_to(self, point: Point, diameter: float, *, square: bool = False) -> None:
        if self.document is not None:
            self._announce(self.document.stroke_to(point, diameter, square=square))

    def move_to(self, point: Point) -> None:
        """Go on with the open stroke somewhere else, without a line to there."""
        if self.document is not None:
            self.document.move_to(point)

    def paint(self, rect: Rect, where: NDArray[np.bool_] | None = None) -> None:
        """Add any pixels to the open stroke: a rectangle inside the image, a bool array of it."""
        if self.document is not None:
            self._announce(self.document.paint(rect, where))

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

    def take(self, draft: Draft) -> Rect | None:
        """Make an edit that was made aside one undo step; None when it does not fit any more."""
        if self.document is None:
            return None
        self._finish_stroke()
        changed = self.document.take(draft)
        return None if changed is None else self._edited(changed)

    # -- undo ------------------------------------------------------------------------------

    def undo(self) -> None:
        self._swap(lambda document: document.undo())

    def redo(self) -> None:
        self._swap(lambda document: document.redo())

    def travel(self, position: int) -> None:
        """Undo or redo until `position` steps are in the mask."""
        self._swap(lambda document: document.travel(position))

    def _swap(self, act: Callable[[Document], Rect]) -> None:
        self._finish_stroke()
        if self.document is None:
            return
        before = self.document.revision
        try:
            rect = act(self.document)
        except UnetGuiError as error:
            self.failed.emit(error)
            # some of several steps may have been taken
            rect = self.document.bounds if self.document.revision != before else EMPTY
        self._edited(rect)

    def _finish_stroke(self) -> None:
        if self.document is not None and self.document.stroking:
            self._edited(self.document.end_stroke())
            self.saver.resume()

    def _edited(self, rect: Rect) -> Rect:
        self._announce(rect)
        if self._touched.isActive():
            self._tell_touched()
        self.history_changed.emit()
        if not rect.empty and self.project and self.entry and self.document:
            self.saver.request(self.project, self.entry, self.document)
            self.undo_keeper.tidy_soon(self.document)
        return rect

    def _announce(self, rect: Rect) -> None:
        if not rect.empty:
            self.mask_changed.emit(rect)
            self._latest = rect
            if not self._touched.isActive():
                self._touched.start()

    def _tell_touched(self) -> None:
        self._touched.stop()
        self.mask_touched.emit(self._latest)

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

    def offered(self, name: str) -> Ghost | None:
        """What was proposed for an image, discarded or not; None when that is not in memory."""
        return self._ghosts.get(name)

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

    def accept(
        self,
        region: tuple[Rect, NDArray[np.bool_]] | None = None,
        *,
        above: float = 0.0,
        only: int | None = None,
    ) -> int:
        """Make the proposal the mask where the mask is unlabelled; one undo step.

        Args:
            region: only these pixels, a rectangle and a bool array of its shape; None is all.
            above: only pixels of at least this confidence, 0..1.
            only: only pixels proposed to be of this class.

        Returns:
            How many pixels were taken over.
        """
        ghost, document = self.ghost, self.document
        if ghost is None or document is None or ghost.mask.shape != document.shape:
            return 0
        self._finish_stroke()
        rect, inside = region if region is not None else (document.bounds, None)
        before = document.snapshot()
        unlabelled = int(document.counts[UNLABELLED])
        # Accepting never paints over anything, so what painting is kept from does not matter.
        document.protection = Protection(only=UNLABELLED)
        document.begin_stroke(self.tr("Accept"), UNLABELLED, (0.0, 0.0))
        try:
            for top in range(rect.y0, rect.y1, BAND):
                band = Rect(rect.x0, top, rect.x1, min(top + BAND, rect.y1))
                proposed = ghost.mask[band.slices]
                where = proposed != UNLABELLED if only is None else proposed == only
                if above > 0:
                    where &= ghost.confidence[band.slices] >= round(above * 255)
                if inside is not None:
                    where &= inside[top - rect.y0 : band.y1 - rect.y0]
                document.write(band, proposed, where=where)
        finally:
            self._protect()
        self._edited(document.end_stroke())
        accepted = unlabelled - int(document.counts[UNLABELLED])
        if accepted and self.project is not None and self.entry is not None:
            after, name = document.snapshot(), self.entry.name
            self.runner.submit(
                f"viewed {name} {after.revision}",
                partial(_viewed_job, self.project, name, before, after),
            )
        return accepted


def _viewed_job(
    project: Project, name: str, before: MaskSnapshot, after: MaskSnapshot
) -> Generator[None, None, None]:
    yield
    project.viewed.add(name, before, after)
