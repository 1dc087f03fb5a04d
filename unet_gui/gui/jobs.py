"""Long work on a background QThread: generators in, callbacks on the GUI thread out.

Each `yield` of a job is progress and the place where it can be cancelled. A job belongs to a key;
submitting a key again cancels what was queued or running under it, so the newest wins and a stale
result is never delivered.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from unet_gui.core.errors import UnetGuiError
from unet_gui.gui.background import stay_in_background

logger = logging.getLogger(__name__)

JobFactory = Callable[[], Generator[Any, None, Any]]
"""Makes the generator; called on the background thread."""


@dataclass(order=True, slots=True)
class _Job:
    priority: int
    number: int
    key: str = field(compare=False)
    factory: JobFactory = field(compare=False)
    on_item: Callable[[Any], object] | None = field(compare=False, default=None)
    on_done: Callable[[Any], object] | None = field(compare=False, default=None)
    on_error: Callable[[Any], object] | None = field(compare=False, default=None)
    cancelled: bool = field(compare=False, default=False)


class _Thread(QThread):
    """Takes jobs in order of priority until told to stop."""

    def __init__(self, runner: JobRunner) -> None:
        super().__init__()
        self._runner = runner

    def run(self) -> None:
        stay_in_background()
        while (job := self._runner._take()) is not None:
            self._runner._run(job)


class JobRunner(QObject):
    """One background thread and its queue. Lives on the GUI thread.

    Signals:
        failed: a UnetGuiError of a job that had no `on_error` of its own.
        idle: nothing is queued or running any more.
    """

    failed = Signal(object)
    idle = Signal()
    _delivered = Signal(object, str, object)

    def __init__(
        self, name: str, parent: QObject | None = None, *, synchronous: bool = False
    ) -> None:
        """`synchronous` runs each job to its end inside `submit`, for tests."""
        super().__init__(parent)
        self._synchronous = synchronous
        self._condition = threading.Condition()
        self._queue: list[_Job] = []
        self._running: _Job | None = None
        self._wanted: dict[str, _Job] = {}
        self._undelivered = 0
        self._numbers = itertools.count()
        self._stopping = False
        self._delivered.connect(self._deliver)
        self._thread = _Thread(self)
        self._thread.setObjectName(name)
        if not synchronous:
            self._thread.start(QThread.Priority.LowPriority)

    @property
    def busy(self) -> bool:
        """A job is queued or running, or its result not yet handed over."""
        with self._condition:
            return bool(self._queue) or self._running is not None or self._undelivered > 0

    def submit(
        self,
        key: str,
        factory: JobFactory,
        *,
        on_item: Callable[[Any], object] | None = None,
        on_done: Callable[[Any], object] | None = None,
        on_error: Callable[[UnetGuiError], object] | None = None,
        priority: int = 0,
    ) -> None:
        """Queue a job; a lower priority number runs earlier. Callbacks come on the GUI thread."""
        self.cancel(key)
        job = _Job(priority, next(self._numbers), key, factory, on_item, on_done, on_error)
        self._wanted[key] = job
        if self._synchronous:
            self._run(job)
            return
        with self._condition:
            heapq.heappush(self._queue, job)
            self._condition.notify()

    def cancel(self, key: str) -> None:
        """Drop what is queued under `key`; a running job ends at its next yield, unheard."""
        with self._condition:
            job = self._wanted.pop(key, None)
            if job is not None:
                job.cancelled = True
                self._queue = [other for other in self._queue if other is not job]
                heapq.heapify(self._queue)

    def settle(self, key: str) -> None:
        """Cancel `key` and block until nothing of it is running."""
        self.cancel(key)
        with self._condition:
            self._condition.wait_for(lambda: self._running is None or self._running.key != key)

    def cancel_all(self, *, but: str = "") -> None:
        """Cancel whatever is queued or running, but not what is under the key `but`."""
        for key in list(self._wanted):
            if key != but:
                self.cancel(key)

    def shutdown(self) -> None:
        """Cancel everything and wait until the thread has ended."""
        self.cancel_all()
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
        self._thread.wait()

    def _take(self) -> _Job | None:
        with self._condition:
            while not self._queue and not self._stopping:
                self._condition.wait()
            if self._stopping:
                return None
            self._running = heapq.heappop(self._queue)
            return self._running

    def _run(self, job: _Job) -> None:
        kind, payload = self._outcome(job)
        with self._condition:
            # Free before the result is handed over, so that its receiver finds the thread idle.
            self._running = None
            self._undelivered += 1
            self._condition.notify_all()
        self._delivered.emit(job, kind, payload)

    def _outcome(self, job: _Job) -> tuple[str, object]:
        try:
            return "done", self._drive(job)
        except UnetGuiError as error:
            return "error", error
        except MemoryError:
            return "error", UnetGuiError(
                "The computer ran out of memory.", "Close other programs and try again."
            )
        except Exception as error:  # the border of the thread: nothing may get past it
            logger.exception("job %s failed", job.key)
            return "error", UnetGuiError(f"Something went wrong: {error}", "The log has details.")

    def _drive(self, job: _Job) -> Any:
        generator = job.factory()
        try:
            while not job.cancelled:
                try:
                    item = next(generator)
                except StopIteration as stop:
                    return stop.value
                if job.on_item is not None:
                    with self._condition:
                        self._undelivered += 1
                    self._delivered.emit(job, "item", item)
            return None
        finally:
            generator.close()

    def _deliver(self, job: _Job, kind: str, payload: object) -> None:
        with self._condition:
            self._undelivered -= 1
            stopping = self._stopping
            if kind != "item" and self._wanted.get(job.key) is job:
                del self._wanted[job.key]
        # Cancelled counts up to here: a result that was on its way is stale as well.
        if not job.cancelled and not stopping:
            if kind == "error" and job.on_error is None:
                self.failed.emit(payload)
            else:
                callback = {"item": job.on_item, "done": job.on_done, "error": job.on_error}[kind]
                if callback is not None:
                    callback(payload)
        if kind != "item" and not self.busy:
            self.idle.emit()
