"""Changing the classes of the open project. Ids are permanent; merge and delete rewrite masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from unet_gui.core.errors import MaskReadError, UnetGuiError
from unet_gui.core.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from typing import Any

    from unet_gui.core.classes import ClassTable
    from unet_gui.dataset.project import Project
    from unet_gui.gui.session import Session

_COUNT_KEY: Final = "count class"


@dataclass(frozen=True, slots=True)
class Touched:
    """What a class is used for."""

    pixels: int
    images: int


class ClassEdits(QObject):
    """Edits the class table of `session`'s project and says so through the session.

    Signals:
        progressed: a Progress while masks are counted or rewritten.
        finished: no mask is being rewritten any more, whether that went well or not.
    """

    progressed = Signal(object)
    finished = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._rewriting = False
        session.project_closed.connect(self._on_session_project_closed)

    def add(self, name: str, color: str | None = None) -> int | None:
        """A new class; returns its id, or None when it could not be added (the person is told)."""
        project = self._session.project
        if project is None:
            return None
        before = set(project.classes.ids)
        if not self._change(lambda t: t.added(name, color, retired=project.retired)):
            return None
        return next(i for i in project.classes.ids if i not in before)

    def rename(self, class_id: int, name: str) -> bool:
        return self._change(lambda t: t.renamed(class_id, name))

    def recolor(self, class_id: int, color: str) -> bool:
        return self._change(lambda t: t.recolored(class_id, color))

    def reorder(self, ids: Sequence[int]) -> bool:
        return self._change(lambda t: t.reordered(ids))

    def count(
        self,
        class_id: int,
        on_done: Callable[[Touched], object],
        on_error: Callable[[UnetGuiError], object],
    ) -> None:
        """Find out on the background thread what a class is used for; `progressed` tells how far.

        Masks are saved first: what is counted has to be what the person sees.
        """
        project = self._session.project
        if project is None:
            return
        if (error := self._session.flush()) is not None:
            on_error(error)
            return
        self._session.runner.submit(
            _COUNT_KEY,
            lambda: count_touched(project, class_id),
            on_item=self.progressed.emit,
            on_done=on_done,
            on_error=on_error,
        )

    def cancel_count(self) -> None:
        self._session.runner.cancel(_COUNT_KEY)

    def merge(self, source: int, into: int) -> None:
        """All pixels of `source` become `into`; `source` goes."""
        project = self._session.project
        if project is not None:
            self._rewrite(lambda: project.merge_class(source, into))

    def delete(self, class_id: int) -> None:
        """All pixels of the class become unlabelled; the class goes, its id is not reused."""
        project = self._session.project
        if project is not None:
            self._rewrite(lambda: project.delete_class(class_id))

    def _change(self, change: Callable[[ClassTable], ClassTable]) -> bool:
        project = self._session.project
        if project is None:
            return False
        try:
            table = change(project.classes)
            if table == project.classes:
                return True  # nobody is told: an editor open elsewhere would lose what is typed
            project.set_classes(table)
        except UnetGuiError as error:
            self._session.failed.emit(error)
            return False
        self._session.classes_changed.emit()
        return True

    def _rewrite(self, factory: Callable[[], Generator[Any, None, Any]]) -> None:
        """`finished` follows whatever happens: a modal dialog waits for it."""
        self._rewriting = True
        # Masks on disk must be what the person sees before they are rewritten.
        if (error := self._session.flush()) is not None:
            self._finish(error)
            return
        self._session.runner.submit(
            "rewrite classes",
            factory,
            on_item=self.progressed.emit,
            on_done=lambda _: self._on_rewritten(None),
            on_error=self._on_rewritten,
        )

    def _on_rewritten(self, error: UnetGuiError | None) -> None:
        try:
            self._session.classes_changed.emit()
            self._session.forget_documents()
        finally:
            self._finish(error)

    def _on_session_project_closed(self) -> None:
        # Closing cancels the job, and a cancelled job is not heard of again.
        if self._rewriting:
            self._finish(None)

    def _finish(self, error: UnetGuiError | None) -> None:
        self._rewriting = False
        self.finished.emit()
        if error is not None:
            self._session.failed.emit(error)


def count_touched(project: Project, class_id: int) -> Generator[Progress, None, Touched]:
    """Count a class over all masks; a mask that cannot be read counts as none."""
    pixels = images = 0
    entries = list(project.images)
    for i, entry in enumerate(entries):
        yield Progress(i, len(entries), entry.name)
        try:
            found = project.mask_counts(entry).get(class_id, 0)
        except MaskReadError:
            continue
        pixels += found
        images += found > 0
    return Touched(pixels, images)
