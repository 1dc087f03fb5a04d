"""The status of every image, read in the background: masks may have to be looked into for it."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from unet_gui.gui.jobs import JobRunner

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from unet_gui.dataset.project import ImageEntry, Project, Status

Batch = list[tuple[str, "Status"]]

_KEY: Final = "statuses"
_BATCH: Final = 5000
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
        self._wanted: deque[int] = deque()
        self._runner = JobRunner("statuses", self, synchronous=synchronous)

    @property
    def busy(self) -> bool:
        """Statuses are still to come."""
        return self._runner.busy

    def read(self, project: Project | None, entries: Sequence[ImageEntry] = ()) -> None:
        """Read those of these images; what was being read before is dropped."""
        self._runner.cancel(_KEY)
        if project is None:
            return
        rows = list(entries)
        wanted: deque[int] = deque()
        self._wanted = wanted
        self._runner.submit(
            _KEY,
            lambda: _read_all(project, rows, wanted),
            on_item=self.ready.emit,
            on_done=lambda _: self.finished.emit(),
        )

    def prefer(self, rows: Sequence[int]) -> None:
        """Read those of these rows before all others."""
        self._wanted.extendleft(reversed(rows))

    def shutdown(self) -> None:
        self._runner.shutdown()


def _read_all(
    project: Project, entries: list[ImageEntry], wanted: deque[int]
) -> Generator[Batch, None, None]:
    look = project.many_statuses()
    batch: Batch = []
    started = time.monotonic()
    for row in _order(len(entries), wanted):
        batch.append((entries[row].name, look(entries[row])))
        if len(batch) >= _BATCH or time.monotonic() - started > _BATCH_SECONDS:
            yield batch
            batch, started = [], time.monotonic()
    yield batch


def _order(count: int, wanted: deque[int]) -> Iterator[int]:
    """Each row once: what is wanted at the time, else one after the other."""
    read = bytearray(count)
    following = iter(range(count))
    while True:
        try:
            row: int | None = wanted.popleft()
        except IndexError:
            row = next(following, None)
        if row is None:
            return
        if row < count and not read[row]:
            read[row] = 1
            yield row
