"""Edits of the open mask that are commands rather than strokes, each one undo step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, Signal

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import UnetGuiError
from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.progress import Progress, drain
from unet_gui.core.tiled_mask import is_uniform, key_rect

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask, Document
    from unet_gui.core.tiled_mask import MaskSnapshot
    from unet_gui.dataset.project import ImageEntry, Project
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState

AT_ONCE: Final = 4_000_000
"""Pixels of an image up to which a command is done on the spot."""

BAND: Final = 1024
"""Rows looked at between two points where a long command can be cancelled."""

KEY: Final = "edit the mask"

Region = tuple[Rect, "NDArray[np.bool_]"]
"""A rectangle inside the image and a bool array of its shape."""


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """New values for some pixels.

    Attributes:
        rect: inside the image.
        values: one value, or uint8 of the rect's shape.
        where: bool of the rect's shape, the pixels that are meant.
    """

    rect: Rect
    values: int | ClassMask
    where: NDArray[np.bool_]


class MaskEdits(QObject):
    """Commands over the open mask. Whatever is protected stays as it is.

    A large mask is worked on in the background; when it was painted on meanwhile the result is
    dropped, and the person is told. A command that changes nothing says so.

    Signals:
        busy_changed: whether a command runs in the background.
        progressed: a Progress of it.
    """

    busy_changed = Signal(bool)
    progressed = Signal(object)

    def __init__(self, session: Session, state: ViewState, parent: QObject | None = None) -> None:
        super().__init__(parent or session)
        self._session = session
        self._state = state
        self._busy = False
        session.image_closed.connect(self.cancel)

    @property
    def busy(self) -> bool:
        """A command runs in the background."""
        return self._busy

    # -- commands --------------------------------------------------------------------------

    def fill_holes(self, *, everything: bool = False) -> None:
        """Fill what is unlabelled and the active class (or any class) surrounds on all sides."""
        from unet_gui.regions import cleanup

        # Without `over` a class would swallow things of other classes that lie within it.
        clean = partial(cleanup.fill_holes, over=(UNLABELLED,))
        self._clean(self.tr("Fill holes"), clean, everything=everything)

    def remove_specks(self, under: int | None = None, *, everything: bool = True) -> None:
        """Give connected regions of fewer pixels to what lies around them.

        Args:
            under: pixels; None takes the option.
            everything: of any class; otherwise of the active one.
        """
        from unet_gui.regions import cleanup

        under = self._state.options.speck if under is None else under

        def clean(mask: ClassMask, class_id: int | None) -> ClassMask:
            return cleanup.remove_specks(mask, under, class_id=class_id)

        self._clean(self.tr("Remove specks"), clean, everything=everything)

    def smooth_border(self, radius: int | None = None, *, everything: bool = False) -> None:
        """Round corners and bumps off up to so many pixels; None takes the option."""
        from unet_gui.regions import cleanup

        radius = self._radius(radius)

        def clean(mask: ClassMask, class_id: int | None) -> ClassMask:
            return cleanup.smooth_border(mask, radius, class_id=class_id)

        margin = 2 * radius + 2
        self._clean(self.tr("Smooth borders"), clean, everything=everything, margin=margin)

    def grow(self, pixels: int | None = None, *, everything: bool = False) -> None:
        """Widen the active class (or every class) by so many pixels; None takes the option."""
        self._grow(self.tr("Grow"), self._radius(pixels), everything=everything)

    def shrink(self, pixels: int | None = None, *, everything: bool = False) -> None:
        """Take pixels off the border of the active class (or of every class)."""
        self._grow(self.tr("Shrink"), -self._radius(pixels), everything=everything)

    def replace_class(self, source: int, into: int, region: Region | None = None) -> None:
        """Turn pixels of one value into another (255 is unlabelled), perhaps only in a region."""
        name = self.tr("Replace class") if into != UNLABELLED else self.tr("Erase class")
        self._run(name, lambda mask: _replaced(mask, source, into, region))

    def copy_from_neighbour(self, step: int, *, only_unlabelled: bool = True) -> None:
        """Copy the mask of the image before (-1) or after (+1) the open one.

        Args:
            step: how many images further.
            only_unlabelled: leave everything alone that is labelled here.
        """
        entry, project = self._neighbour(step), self._session.project
        if entry is None or project is None:
            self._session.noticed.emit(
                self.tr("This is the last image.")
                if step > 0
                else self.tr("This is the first image.")
            )
            return
        if (error := self._session.flush()) is not None:  # what was painted there must be on disk
            self._session.failed.emit(error)
            return
        self._run(
            self.tr("Copy the mask of {0}").format(entry.name),
            lambda mask: _copied(mask, project, entry, only_unlabelled=only_unlabelled),
        )

    def clear(self, *, everything: bool = True) -> None:
        """Make all pixels unlabelled, or those of the active class."""
        if not everything:
            self.replace_class(self._state.active_class, UNLABELLED)
            return
        document = self._session.document
        if document is not None and self._idle():
            name, bounds = self.tr("Clear the mask"), document.bounds
            self._tell_if_nothing(self._session.apply(name, bounds, UNLABELLED))

    def cancel(self) -> None:
        """Give up what runs in the background."""
        self._session.runner.cancel(KEY)
        self._set_busy(False)

    # -- how -------------------------------------------------------------------------------

    def _grow(self, name: str, pixels: int, *, everything: bool) -> None:
        from unet_gui.regions import cleanup

        def clean(mask: ClassMask, class_id: int | None) -> ClassMask:
            return cleanup.grow(mask, pixels, class_id=class_id)

        self._clean(name, clean, everything=everything, margin=abs(pixels) + 2)

    def _radius(self, radius: int | None) -> int:
        return self._state.options.radius if radius is None else radius

    def _clean(
        self,
        name: str,
        clean: Callable[..., ClassMask],
        *,
        everything: bool,
        margin: int = 1,
    ) -> None:
        class_id = None if everything else self._state.active_class
        self._run(name, lambda mask: _cleaned(mask, clean, class_id, margin))

    def _run(
        self, name: str, job: Callable[[MaskSnapshot], Generator[Progress, None, list[Change]]]
    ) -> None:
        document = self._session.document
        if document is None or not self._idle():
            return
        mask = document.snapshot()
        if document.bounds.width * document.bounds.height <= AT_ONCE:
            try:
                changes = drain(job(mask))
            except UnetGuiError as error:
                self._session.failed.emit(error)
                return
            self._write(name, changes)
            return
        self._set_busy(True)
        self._session.runner.submit(
            KEY,
            partial(job, mask),
            on_item=self.progressed.emit,
            on_done=partial(self._on_done, name, document, mask.revision),
            on_error=self._on_error,
        )

    def _idle(self) -> bool:
        """One at a time: a second one would be told that the mask has changed."""
        if self._busy:
            self._session.noticed.emit(self.tr("The command before this one is still running."))
        return not self._busy

    def _on_done(
        self, name: str, document: Document, revision: int, changes: list[Change] | None
    ) -> None:
        self._set_busy(False)
        if changes is None or self._session.document is not document:
            return
        if document.revision != revision:
            said = self.tr("“{0}” was given up: the mask has changed meanwhile. Try again.")
            self._session.noticed.emit(said.format(name))
            return
        self._write(name, changes)

    def _on_error(self, error: UnetGuiError) -> None:
        self._set_busy(False)
        self._session.failed.emit(error)

    def _write(self, name: str, changes: list[Change]) -> None:
        session = self._session
        if not changes:
            changed = EMPTY
        elif len(changes) == 1:
            change = changes[0]
            changed = session.apply(name, change.rect, change.values, where=change.where)
        else:
            changed = self._write_parts(name, changes)
        self._tell_if_nothing(changed)

    def _write_parts(self, name: str, changes: list[Change]) -> Rect:
        """Parts of one value as one stroke, so that no array as large as the image is needed."""
        value, session = changes[0].values, self._session
        assert isinstance(value, int)
        assert session.document is not None
        before = session.document.revision
        session.begin_stroke((0.0, 0.0), value, name)
        for change in changes:
            session.paint(change.rect, change.where)
        session.end_stroke()
        return session.document.bounds if session.document.revision != before else EMPTY

    def _tell_if_nothing(self, changed: Rect) -> None:
        if changed.empty:
            self._session.noticed.emit(self.tr("There was nothing to change."))

    def _neighbour(self, step: int) -> ImageEntry | None:
        project, entry = self._session.project, self._session.entry
        if project is None or entry is None:
            return None
        here = project.position(entry.name)
        at = here + step if here >= 0 else -1
        return project.images[at] if 0 <= at < len(project.images) else None

    def _set_busy(self, busy: bool) -> None:
        if busy != self._busy:
            self._busy = busy
            self.busy_changed.emit(busy)


def _labelled(mask: MaskSnapshot) -> Rect:
    """The rectangle around everything that is labelled, in whole tiles."""
    rect = EMPTY
    for key in mask.tiles:
        tile = mask.tile(key)
        if not (is_uniform(tile) and tile[0, 0] == UNLABELLED):
            rect = rect.union(key_rect(key))
    return rect.intersection(mask.bounds)


def _cleaned(
    mask: MaskSnapshot, clean: Callable[..., ClassMask], class_id: int | None, margin: int
) -> Generator[Progress, None, list[Change]]:
    """Only where something is labelled, and so far around it as the command can reach."""
    yield Progress(0, 1)
    rect = _labelled(mask)
    if rect.empty:
        return []
    rect = rect.expanded(margin).intersection(mask.bounds)
    old = mask.read(rect)
    new = clean(old.copy(), class_id=class_id)
    yield Progress(1, 1)
    return _difference(rect, old, new)


def _replaced(
    mask: MaskSnapshot, source: int, into: int, region: Region | None
) -> Generator[Progress, None, list[Change]]:
    rect, inside = region if region is not None else (mask.bounds, None)
    changes = []
    for top in range(rect.y0, rect.y1, BAND):
        yield Progress(top - rect.y0, rect.height)
        band = Rect(rect.x0, top, rect.x1, min(top + BAND, rect.y1))
        where = mask.read(band) == source
        if inside is not None:
            where &= inside[top - rect.y0 : band.y1 - rect.y0]
        if where.any():
            changes.append(Change(band, into, where))
    return changes


def _copied(
    mask: MaskSnapshot, project: Project, entry: ImageEntry, *, only_unlabelled: bool
) -> Generator[Progress, None, list[Change]]:
    """What is labelled there.

    Raises:
        UnetGuiError: its mask has another size, or cannot be read.
    """
    yield Progress(0, 1, entry.name)
    theirs = project.load_mask(entry)
    if theirs.shape != mask.shape:
        (height, width), (own_height, own_width) = theirs.shape, mask.shape
        raise UnetGuiError(
            f"The mask of {entry.name} is {width}×{height}, this image {own_width}×{own_height}.",
            "Only masks of the same size can be copied.",
        )
    yield Progress(1, 1, entry.name)
    own = mask.to_array()
    new = np.where(theirs != UNLABELLED, theirs, own)
    if only_unlabelled:
        new = np.where(own == UNLABELLED, new, own)
    return _difference(mask.bounds, own, new)


def _difference(rect: Rect, old: ClassMask, new: ClassMask) -> list[Change]:
    """The smallest rectangle around what differs; nothing when nothing does."""
    differs = old != new
    rows, columns = np.flatnonzero(differs.any(1)), np.flatnonzero(differs.any(0))
    if not len(rows):
        return []
    box = Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    part = box.moved(rect.x0, rect.y0)
    return [Change(part, new[box.slices], differs[box.slices])]
