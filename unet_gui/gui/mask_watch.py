"""Notices masks that other programs change while the project is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QTimer

from unet_gui.dataset.changes import MaskWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from unet_gui.core.errors import UnetGuiError
    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.project import Project
    from unet_gui.gui.jobs import JobFactory
    from unet_gui.gui.session import Session

EVERY_MS: Final = 2000


class MaskWatcher(QObject):
    """Looks at the masks on disk now and then, on the session's background thread."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._watch: MaskWatch | None = None
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.look)
        session.saver.written = self._on_written
        session.project_opened.connect(self._on_project_opened)
        session.project_closed.connect(self._on_project_closed)
        session.image_opened.connect(self._on_image_opened)

    def look(self) -> None:
        """Look now; what is found is read again."""
        watch = self._watch
        if watch is None:
            return

        def job() -> Generator[None, None, list[ImageEntry]]:
            yield
            return watch.poll()

        self._submit(job, self._on_looked)

    def _submit(self, job: JobFactory, on_done: Callable[[Any], object]) -> None:
        self._session.runner.submit(
            "watch masks", job, on_done=on_done, on_error=self._on_failed, priority=20
        )

    def _on_project_opened(self) -> None:
        project = self._session.project
        if project is None:
            return

        def job() -> Generator[None, None, MaskWatch]:
            yield
            return MaskWatch(project)

        self._submit(job, lambda watch: self._on_begun(project, watch))

    def _on_begun(self, project: Project, watch: MaskWatch) -> None:
        if self._session.project is project:
            self._watch = watch
            self._timer.start()

    def _on_project_closed(self) -> None:
        self._timer.stop()
        self._watch = None

    def _on_image_opened(self) -> None:
        if self._watch is not None and self._session.entry is not None:
            self._watch.note_read(self._session.entry)

    def _on_written(self, entry: ImageEntry) -> None:
        if (watch := self._watch) is not None:
            watch.note_written(entry)

    def _on_looked(self, entries: list[ImageEntry]) -> None:
        if entries and self._watch is not None:
            self._session.reread(entries)

    def _on_failed(self, _error: UnetGuiError) -> None:
        """A folder that is gone is told by whatever needs it next."""
