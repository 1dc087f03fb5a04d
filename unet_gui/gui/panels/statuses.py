"""The status of every image, read in the background: masks may have to be looked into for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from unet_gui.gui.jobs import JobRunner

if TYPE_CHECKING:
    from collections.abc import Generator

    from unet_gui.dataset.project import ImageEntry, Project, Status

Batch = list[tuple[str, "Status"]]

_KEY: Final = "statuses"
_BATCH_SECONDS: Final = 0.05


class StatusReader(QObject):
    """Reads statuses on its own thread, so that neither opening nor saving waits for it.

    Signals:
        ready: a list of (image name, Status).
        finished: all have been read.
    """

    ready = Signal(list)
    finished = Signal()

    def __init__(self, parent: QObject | None = None, *, synchronous: bool = False) -> None:
        super().__init__(parent)
        self._runner = JobRunner("statuses", self, synchronous=synchronous)

    @property
    def busy(self) -> bool:
        """Statuses are still to come."""
        return self._runner.busy

    def read(self, project: Project | None) -> None:
        """Read all of this project; what was being read of another one is dropped."""
        self._runner.cancel(_KEY)
        if project is None:
            return
        entries = list(project.images)
        self._runner.submit(
            _KEY,
            lambda: _read_all(project, entries),
            on_item=self.ready.emit,
            on_done=lambda _: self.finished.emit(),
        )

    def shutdown(self) -> None:
        self._runner.shutdown()


def _read_all(project: Project, entries: list[ImageEntry]) -> Generator[Batch, None, None]:
    batch: Batch = []
    started = time.monotonic()
    for entry in entries:
        batch.append((entry.name, project.status(entry)))
        if time.monotonic() - started > _BATCH_SECONDS:
            yield batch
            batch, started = [], time.monotonic()
    yield batch
