"""Writing the items of a large export with several processes.

Two threads gain a fifth: most time goes to many short calls under Python's one lock. What comes
out does not depend on who wrote it: results are taken in the order of the items, and journal,
checksums and the files about all items stay with the process that began.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections import deque
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing import connection, get_context, parent_process
from typing import TYPE_CHECKING, Final

from unet_gui.dataset.formats.work import Outcome, Work
from unet_gui.dataset.mask_store import MaskStore
from unet_gui.dataset.project_masks import ProjectMasks

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence
    from pathlib import Path

    from unet_gui.core.classes import ClassTable
    from unet_gui.dataset.class_choice import Resolved
    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.survey import Survey
    from unet_gui.dataset.formats.work import Writer
    from unet_gui.dataset.mask_counts import Counts
    from unet_gui.dataset.project import Project

_log = logging.getLogger(__name__)

TRIAL: Final = 0.5
"""Seconds to write in one process before asking whether others pay."""

WORTH: Final = 4.0
"""Seconds that must be left then: to start a process takes one."""

_CHUNK_SECONDS: Final = 0.05
_CHUNK: Final = 64
_AHEAD: Final = 3
_POLL: Final = 0.1
_ROOM: Final = 3 << 30
_BYTES_A_PIXEL: Final = 30
"""Images, masks and their parts in memory at a time: about so much for each pixel, at the most."""

ALONE: Final = (
    "A process that helped to write ended of its own accord, perhaps for want of memory. One "
    "process wrote the rest."
)


def written(
    project: Project, most: int | None, work: Work, writer: Writer, items: Sequence[Item]
) -> Generator[Outcome | None, None, None]:
    """Write items, by several processes where that pays.

    Args:
        project: Whose masks are written.
        most: How many processes may write; None for one for each processor.
        work: The export.
        writer: Makes what writes an item; a function of a module, which others can find.
        items: Which to write.

    Yields:
        What was written, in the order of the items; None now and then while waiting.

    Raises:
        UnetGuiError, OSError: the first that an item met.
    """
    write, began = writer(work), time.monotonic()
    asked = most == 1
    for done, item in enumerate(items):
        spent = time.monotonic() - began
        if done and not asked and spent > TRIAL and spent / done * (len(items) - done) > WORTH:
            asked = True
            number = min(_room(work), _processors() if most is None else most)
            if number > 1:
                job = _Job.of(project, work, writer, items[done:])
                size = min(_CHUNK, max(1, round(_CHUNK_SECONDS * done / spent)))
                came = yield from _spread(job, work, number, size)
                yield from (work.write(write, i) for i in items[done + came :])
                return
        yield work.write(write, item)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _room(work: Work) -> int:
    """How many of the largest images fit into the memory at a time."""
    largest = max(sum(work.project.mask_counts(i.entry).values()) for i in work.items)
    return max(1, _ROOM // (_BYTES_A_PIXEL * max(1, largest)))


def _spread(job: _Job, work: Work, number: int, size: int) -> Generator[Outcome | None, None, int]:
    """Write items by other processes; returns how many came back before they failed, if ever."""
    try:
        pool = ProcessPoolExecutor(number, get_context("spawn"), _begin, (job,))
    except (OSError, ImportError, NotImplementedError) as exc:
        # No semaphores: some containers have none.
        _log.warning("export goes on in one process: %s", exc)
        return 0
    items, chunks = job.items, _chunks(job.items, size)
    waiting: deque[Future[_Answer]] = deque()
    came = 0
    try:
        with _interrupts_held():  # a process is started for each of the first chunks
            _submit(pool, work, items, islice(chunks, _AHEAD * number), waiting)
        while waiting:
            future = waiting.popleft()
            while wait([future], _POLL).not_done:
                yield None
            outcomes, error = future.result()
            _submit(pool, work, items, islice(chunks, 1), waiting)
            for outcome in outcomes:
                came += 1
                yield outcome
            if error is not None:
                raise error
    except (BrokenProcessPool, CancelledError):
        work.said.append(ALONE)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return came


def _submit(
    pool: ProcessPoolExecutor,
    work: Work,
    items: Sequence[Item],
    chunks: Iterator[range],
    waiting: deque[Future[_Answer]],
) -> None:
    for chunk in chunks:
        entries = {items[n].entry for n in chunk}
        counts = {e.name: work.project.mask_counts(e) for e in entries}
        waiting.append(pool.submit(_do, chunk, counts))


def _chunks(items: Sequence[Item], size: int) -> Iterator[range]:
    """Items that are written in one go: at least `size`, and crops of one image together."""
    first = 0
    for n in range(1, len(items) + 1):
        whole = n == len(items) or items[n].entry is not items[n - 1].entry
        if (n - first >= size and whole) or n - first >= max(size, _CHUNK) or n == len(items):
            yield range(first, n)
            first = n


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """No Ctrl-C until the end of the block; processes started in it inherit that for good."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# -- in the other processes ------------------------------------------------------------------------


class _Masks(ProjectMasks):
    """The masks of a project that is open elsewhere."""

    def __init__(self, name: str, classes: ClassTable, folder: Path, behind: Path | None) -> None:
        self.name = name
        self.counts: Mapping[str, Counts] = {}
        # Counts come from the other process, so that no cache is read or written.
        self._store = MaskStore(folder, lambda: classes, behind=behind, cache=folder / "none")

    def mask_counts(self, entry: ImageEntry) -> Counts:
        return self.counts[entry.name]


_Answer = tuple[list[Outcome], Exception | None]


@dataclass(frozen=True, slots=True)
class _Job:
    """All that another process needs to write items."""

    project: tuple[str, ClassTable, Path, Path | None]
    every: Sequence[Item]
    items: Sequence[Item]
    folder: Path
    options: Mapping[str, str]
    survey: Survey
    chosen: Resolved | None
    summed: bool
    writer: Writer

    @classmethod
    def of(cls, project: Project, work: Work, writer: Writer, items: Sequence[Item]) -> _Job:
        return cls(
            (project.name, project.classes, project.masks_dir, project.masks_behind),
            work.items,
            items,
            work.folder,
            work.options,
            work.survey,
            work.chosen,
            work.summed,
            writer,
        )


class _Doing:
    """The export in this process."""

    def __init__(self, job: _Job) -> None:
        self.masks = _Masks(*job.project)
        self.work = Work(
            self.masks,
            job.every,
            job.folder,
            job.options,
            job.survey,
            chosen=job.chosen,
            summed=job.summed,
        )
        self.items = job.items
        self.write = job.writer(self.work)


_doing: _Doing | None = None


def _begin(job: _Job) -> None:
    global _doing  # noqa: PLW0603 - one process, one export
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it reaches the one that began
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _doing = _Doing(job)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _do(chunk: range, counts: Mapping[str, Counts]) -> _Answer:
    assert _doing is not None
    _doing.masks.counts = counts
    outcomes: list[Outcome] = []
    try:
        for n in chunk:
            outcomes.append(_doing.work.write(_doing.write, _doing.items[n]))  # noqa: PERF401
    except Exception as exc:  # noqa: BLE001 - raised again where it was asked for
        return outcomes, exc
    return outcomes, None
