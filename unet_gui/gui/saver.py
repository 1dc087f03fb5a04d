"""Masks go to disk after every edit, off the GUI thread, one at a time, newest content wins."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QThread, QTimer, Signal

from unet_gui.core.errors import UnetGuiError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from unet_gui.core.document import Document
    from unet_gui.core.tiled_mask import Key, MaskSnapshot
    from unet_gui.dataset.project import ImageEntry, Project
    from unet_gui.gui.jobs import JobRunner

logger = logging.getLogger(__name__)

RETRY_MS: Final = 5000
"""How long to wait before a mask that could not be written is tried again."""

BREATH: Final = 0.03
"""Seconds before writing begins: what was changed is drawn first, also where there is one core."""


class SaveState(Enum):
    """Whether what is on the screen is also on disk."""

    SAVED = "saved"
    SAVING = "saving"
    FAILED = "failed"


@dataclass(slots=True)
class _Unsaved:
    project: Project
    entry: ImageEntry
    document: Document

    def take_changes(self) -> set[Key]:
        """The tiles changed since the last save began."""
        changed, self.document.changed_tiles = self.document.changed_tiles, set()
        return changed


class MaskSaver(QObject):
    """Writes edited masks.

    Signals:
        state_changed: the SaveState.
        saved: the name of the image whose mask has just reached the disk.
        failed: a UnetGuiError; sent once until everything has been saved again.
    """

    state_changed = Signal(object)
    saved = Signal(str)
    failed = Signal(object)

    def __init__(self, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = SaveState.SAVED
        self._runner = runner
        self.written: Callable[[ImageEntry], None] | None = None
        """Called right after a mask has reached the disk, on the thread that wrote it."""
        self._unsaved: dict[str, _Unsaved] = {}
        self._refused: set[str] = set()
        self._writing: str | None = None
        self._retry = QTimer(self, singleShot=True, interval=RETRY_MS)
        self._retry.timeout.connect(self._try_again)

    @property
    def pending(self) -> set[str]:
        """Names of images whose newest mask is not on disk yet."""
        return {*self._unsaved, *([self._writing] if self._writing else [])}

    def request(self, project: Project, entry: ImageEntry, document: Document) -> None:
        """Save this image's mask soon; several requests while one is written become one."""
        self._unsaved[entry.name] = _Unsaved(project, entry, document)
        self._refused.discard(entry.name)
        self._write_next()

    def resume(self) -> None:
        """A stroke has ended: what waited for it can be written."""
        self._write_next()

    def flush(self) -> UnetGuiError | None:
        """Write what is left here and now; returns the error that kept something unwritten."""
        error: UnetGuiError | None = None
        if self._writing is not None:  # wait, or an older mask could be renamed into place last
            self._runner.settle(f"save {self._writing}")
            self._writing = None
        for name, item in list(self._unsaved.items()):
            try:
                self._save(item, item.document.snapshot(), item.take_changes())
            except UnetGuiError as problem:
                error = problem
            else:
                del self._unsaved[name]
                self.saved.emit(name)
        self._refused = set(self._unsaved)
        if self._refused:
            self._retry.start()
        self._set_state(SaveState.FAILED if error else SaveState.SAVED)
        return error

    def _write_next(self) -> None:
        """Write the next mask that nobody is painting on and that has not just failed."""
        if self._writing is not None:
            return
        ready = (
            item
            for name, item in self._unsaved.items()
            # A stroke may still be taken back; its end asks again.
            if name not in self._refused and not item.document.stroking
        )
        item = next(ready, None)
        if item is None:
            return
        name = item.entry.name
        self._writing = name
        self._set_state(SaveState.SAVING)
        # As it is now: the person paints on while the file is written.
        mask, changed = item.document.snapshot(), item.take_changes()

        def job() -> Generator[None, None, None]:
            yield
            if QThread.currentThread() is not self.thread():
                time.sleep(BREATH)
            self._save(item, mask, changed)

        self._runner.submit(
            f"save {name}",
            job,
            on_done=lambda _: self._on_written(item, mask.revision),
            on_error=lambda error: self._on_failed(name, error),
            priority=-10,
        )

    def _save(self, item: _Unsaved, mask: MaskSnapshot, changed: set[Key]) -> None:
        """Any thread."""
        try:
            item.project.save_mask_snapshot(item.entry, mask, changed)
        except BaseException:
            item.document.changed_tiles |= changed  # they are still to be written
            raise
        if self.written is not None:
            self.written(item.entry)

    def _on_written(self, item: _Unsaved, revision: int) -> None:
        name = item.entry.name
        self._writing = None
        current = self._unsaved.get(name)
        # Painted on meanwhile, or opened anew: that request stays.
        if (
            current is not None
            and current.document is item.document
            and current.document.revision == revision
        ):
            del self._unsaved[name]
        self.saved.emit(name)
        if not self._unsaved:
            self._set_state(SaveState.SAVED)
        self._write_next()

    def _on_failed(self, name: str, error: UnetGuiError) -> None:
        """The others go on; this one is tried again after a while, or when it is painted on."""
        logger.warning("saving failed: %s", error.message)
        self._writing = None
        self._refused.add(name)
        self._retry.start()
        first = self.state is not SaveState.FAILED
        self._set_state(SaveState.FAILED)
        if first:
            self.failed.emit(error)
        self._write_next()

    def _try_again(self) -> None:
        self._refused.clear()
        self._write_next()

    def _set_state(self, state: SaveState) -> None:
        if state is SaveState.SAVING and self.state is SaveState.FAILED:
            return  # still failed until everything is saved
        if state is not self.state:
            self.state = state
            self.state_changed.emit(state)
