"""Edits of the open mask that are commands rather than strokes, each one undo step."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.draft import Draft
from unet_gui.core.errors import UnetGuiError
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import Progress, drain
from unet_gui.dataset import pages

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask, Document
    from unet_gui.core.protection import Protection
    from unet_gui.core.tiled_mask import MaskSnapshot
    from unet_gui.dataset.project import ImageEntry, Project
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState
    from unet_gui.regions.blocks import Part, Parts

AT_ONCE: Final = 4_000_000
"""Pixels of an image up to which a command is done on the spot."""

TURN: Final = 0.1
"""Seconds after which a long command lets saving and reading go first."""

TOLD_AFTER: Final = 500
"""Milliseconds after which a command counts as long."""

KEY: Final = "edit the mask"

Region = tuple[Rect, "NDArray[np.bool_]"]
"""A rectangle inside the image and a bool array of its shape."""


@dataclass(slots=True, eq=False)
class _Command:
    """A command under way.

    Attributes:
        name: what undo will call it.
        document: the mask it is meant for.
        revision: of the mask when it began.
        job: what is left of the work.
        draft: its result, None until it has ended.
    """

    name: str
    document: Document
    revision: int
    job: Generator[Progress, None, Draft]
    draft: Draft | None = None


class MaskEdits(QObject):
    """Commands over the open mask. Whatever is protected stays as it is.

    A large mask is worked on in the background; when it was painted on meanwhile the result is
    dropped, and the person is told. A command that changes nothing says so.

    Signals:
        busy_changed: whether a command runs in the background.
        long_running: the name of the command that has been running for a while.
        progressed: a Progress of it.
    """

    busy_changed = Signal(bool)
    long_running = Signal(str)
    progressed = Signal(object)

    def __init__(self, session: Session, state: ViewState, parent: QObject | None = None) -> None:
        super().__init__(parent or session)
        self._session = session
        self._state = state
        self._command: _Command | None = None
        self._tell = QTimer(self, singleShot=True, interval=TOLD_AFTER)
        self._tell.timeout.connect(self._on_long)
        session.image_closed.connect(self.cancel)

    @property
    def busy(self) -> bool:
        """A command runs in the background."""
        return self._command is not None

    # -- commands --------------------------------------------------------------------------

    def fill_holes(self, *, everything: bool = False) -> None:
        """Fill what is unlabelled and the active class (or any class) surrounds on all sides.

        Things of other classes that lie within a class stay.
        """
        from unet_gui.regions.holes import filled_holes

        class_id = self._which(everything=everything)
        self._run(self.tr("Fill holes"), lambda mask: filled_holes(mask, class_id))

    def remove_specks(self, under: int | None = None, *, everything: bool = True) -> None:
        """Give connected regions of fewer pixels to what lies around them.

        Args:
            under: pixels; None takes the option.
            everything: of any class; otherwise of the active one.
        """
        from unet_gui.regions.blocks import without_specks

        under = self._state.options.speck if under is None else under
        class_id = self._which(everything=everything)
        self._run(self.tr("Remove specks"), lambda mask: without_specks(mask, under, class_id))

    def smooth_border(self, radius: int | None = None, *, everything: bool = False) -> None:
        """Round corners and bumps off up to so many pixels; None takes the option."""
        from unet_gui.regions import cleanup

        radius, class_id = self._radius(radius), self._which(everything=everything)
        self._clean(
            self.tr("Smooth borders"),
            lambda mask: cleanup.smooth_border(mask, radius, class_id=class_id),
            radius,
        )

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
        self._run(self.tr("Clear the mask"), _cleared)

    def cancel(self) -> None:
        """Give up what runs in the background."""
        self._session.runner.cancel(KEY)
        self._end()

    # -- how -------------------------------------------------------------------------------

    def _grow(self, name: str, pixels: int, *, everything: bool) -> None:
        from unet_gui.regions import cleanup

        class_id = self._which(everything=everything)
        self._clean(
            name, lambda mask: cleanup.grow(mask, pixels, class_id=class_id), abs(pixels) + 1
        )

    def _radius(self, radius: int | None) -> int:
        return self._state.options.radius if radius is None else radius

    def _which(self, *, everything: bool) -> int | None:
        return None if everything else self._state.active_class

    def _clean(self, name: str, clean: Callable[[ClassMask], ClassMask], reach: int) -> None:
        """`clean` looks no further than `reach` pixels."""
        from unet_gui.regions.blocks import cleaned

        self._run(name, lambda mask: cleaned(mask, clean, reach))

    def _run(self, name: str, job: Callable[[MaskSnapshot], Parts]) -> None:
        document = self._session.document
        if document is None or not self._idle():
            return
        mask = document.snapshot()
        drafted = _drafted(name, mask, document.protection, job)
        if document.bounds.width * document.bounds.height <= AT_ONCE:
            try:
                draft = drain(drafted)
            except UnetGuiError as error:
                self._session.failed.emit(error)
                return
            self._take(name, draft)
            return
        self._command = _Command(name, document, mask.revision, drafted)
        self._tell.start()
        self.busy_changed.emit(True)
        self._go_on(self._command)

    def _go_on(self, command: _Command) -> None:
        self._session.runner.submit(
            KEY,
            partial(_turn, command),
            on_item=self.progressed.emit,
            on_done=lambda _: self._on_turn_over(command),
            on_error=self._on_error,
            priority=5,
        )

    def _on_long(self) -> None:
        if self._command is not None:
            self.long_running.emit(self._command.name)

    def _idle(self) -> bool:
        """One at a time: a second one would be told that the mask has changed."""
        if self.busy:
            self._session.noticed.emit(self.tr("The command before this one is still running."))
        return not self.busy

    def _on_turn_over(self, command: _Command) -> None:
        if self._session.document is not command.document:
            self._end()
        elif command.document.revision != command.revision:
            self._end()
            self._give_up(command.name)
        elif command.draft is None:
            self._go_on(command)
        else:
            self._end()
            self._take(command.name, command.draft)

    def _on_error(self, error: UnetGuiError) -> None:
        self._end()
        self._session.failed.emit(error)

    def _end(self) -> None:
        self._tell.stop()
        if self._command is not None:
            self._command = None
            self.busy_changed.emit(False)

    def _take(self, name: str, draft: Draft) -> None:
        changed = self._session.take(draft)
        if changed is None:
            self._give_up(name)
        elif changed.empty:
            self._session.noticed.emit(self.tr("There was nothing to change."))

    def _give_up(self, name: str) -> None:
        said = self.tr("“{0}” was given up: the mask has changed meanwhile. Try again.")
        self._session.noticed.emit(said.format(name))

    def _neighbour(self, step: int) -> ImageEntry | None:
        project, entry = self._session.project, self._session.entry
        if project is None or entry is None:
            return None
        here = project.position(entry.name)
        at = here + step if here >= 0 else -1
        return project.images[at] if 0 <= at < len(project.images) else None


def _turn(command: _Command) -> Generator[Progress, None, None]:
    """Work until it is time to ask whether something else is more urgent."""
    until = time.perf_counter() + TURN
    while True:
        try:
            progress = next(command.job)
        except StopIteration as stop:
            command.draft = stop.value
            return
        yield progress
        if time.perf_counter() > until:
            return


def _drafted(
    name: str, mask: MaskSnapshot, protection: Protection, job: Callable[[MaskSnapshot], Parts]
) -> Generator[Progress, None, Draft]:
    """What a command makes of a mask. Writing costs as much as finding: the window never waits."""
    parts = yield from job(mask)
    draft, done = Draft(name, mask, protection), Progress(1, 1)
    for rect, values, where in parts:
        yield done
        draft.write(rect, values, where)
    for _ in draft.finish():
        yield done
    return draft


def _cleared(mask: MaskSnapshot) -> Parts:
    from unet_gui.regions.blocks import block_rect, blocks_of, single_value

    parts: list[Part] = []
    places = blocks_of(mask.bounds)
    for number, place in enumerate(places):
        yield Progress(number, len(places))
        area = block_rect(place, mask.bounds)
        if single_value(mask, area) != UNLABELLED:
            parts.append((area, UNLABELLED, None))
    return parts


def _replaced(mask: MaskSnapshot, source: int, into: int, region: Region | None) -> Parts:
    from unet_gui.regions.blocks import block_rect, blocks_of, single_value

    rect, inside = region if region is not None else (mask.bounds, None)
    parts: list[Part] = []
    places = blocks_of(rect)
    for number, place in enumerate(places):
        yield Progress(number, len(places))
        area = block_rect(place, mask.bounds).intersection(rect)
        if single_value(mask, area) not in (None, source):
            continue
        where = mask.read(area) == source
        if inside is not None:
            where &= inside[area.moved(-rect.x0, -rect.y0).slices]
        if where.any():
            parts.append((area, into, where))
    return parts


def _copied(
    mask: MaskSnapshot, project: Project, entry: ImageEntry, *, only_unlabelled: bool
) -> Parts:
    """What is labelled there.

    Raises:
        UnetGuiError: its mask has another size, or cannot be read.
    """
    from unet_gui.regions.blocks import block_rect, blocks_of, difference, single_value

    yield Progress(0, 1, entry.name)
    width, height = pages.size(entry)
    if (height, width) != mask.shape:
        own_height, own_width = mask.shape
        raise UnetGuiError(
            f"The mask of {entry.name} is {width}×{height}, this image {own_width}×{own_height}.",
            "Only masks of the same size can be copied.",
        )
    theirs = project.load_mask_tiles(entry, mask.shape)
    parts: list[Part] = []
    places = blocks_of(mask.bounds)
    for number, place in enumerate(places):
        yield Progress(number, len(places), entry.name)
        area = block_rect(place, mask.bounds)
        if single_value(theirs, area) == UNLABELLED:
            continue
        their, own = theirs.read(area), mask.read(area)
        new = np.where(their != UNLABELLED, their, own)
        if only_unlabelled:
            new = np.where(own == UNLABELLED, new, own)
        parts += difference(area, own, new)
    return parts
