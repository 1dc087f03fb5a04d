"""Changing the classes of the open project. Ids are permanent; merge and delete rewrite masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from unet_gui.core.errors import UnetGuiError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from typing import Any

    from unet_gui.core.classes import ClassTable
    from unet_gui.gui.session import Session


class ClassEdits(QObject):
    """Edits the class table of `session`'s project and says so through the session.

    Signals:
        progressed: a Progress while masks are counted or rewritten.
        finished: masks have been rewritten.
    """

    progressed = Signal(object)
    finished = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session

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

    def count_pixels(self, class_id: int, on_done: Callable[[int], object]) -> None:
        """Count a class over all masks on the background thread."""
        project = self._session.project
        if project is not None and self._saved():
            self._session.runner.submit(
                "count class",
                lambda: project.class_pixels(class_id),
                on_item=self.progressed.emit,
                on_done=on_done,
            )

    def cancel_count(self) -> None:
        self._session.runner.cancel("count class")

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
            project.set_classes(change(project.classes))
        except UnetGuiError as error:
            self._session.failed.emit(error)
            return False
        self._session.classes_changed.emit()
        return True

    def _rewrite(self, factory: Callable[[], Generator[Any, None, Any]]) -> None:
        if self._saved():
            self._session.runner.submit(
                "rewrite classes",
                factory,
                on_item=self.progressed.emit,
                on_done=lambda _: self._on_rewritten(None),
                on_error=self._on_rewritten,
            )

    def _on_rewritten(self, error: UnetGuiError | None) -> None:
        self._session.classes_changed.emit()
        self._session.forget_documents()
        self.finished.emit()
        if error is not None:
            self._session.failed.emit(error)

    def _saved(self) -> bool:
        """Masks on disk must be what the person sees before they are counted or rewritten."""
        if (error := self._session.flush()) is not None:
            self._session.failed.emit(error)
        return error is None
