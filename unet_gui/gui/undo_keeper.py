"""Keeps undo small while nothing else is to do, and beyond the time an image is in memory."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from unet_gui.core.errors import UnetGuiError
from unet_gui.dataset.undo_files import KEPT, UndoArchive, UndoFile

if TYPE_CHECKING:
    from pathlib import Path

    from unet_gui.core.document import Document

TIDY_AFTER_MS: Final = 120
"""After an edit: in the midst of a series of strokes there are better things to do."""

SLICE: Final = 0.002
"""Seconds of tidying at a time, a quarter of a frame."""


class UndoKeeper(QObject):
    """Packs old steps, puts them on disk past the budget, archives those of images put aside.

    While at it, it brings the levels of the mask up to date that nobody is looking at.

    Signals:
        failed: a line for the status bar: older steps cannot be kept.
    """

    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document: Document | None = None
        self._file: UndoFile | None = None
        self._archive: UndoArchive | None = None
        self._timer = QTimer(self, singleShot=True, interval=TIDY_AFTER_MS)
        self._timer.timeout.connect(self._tidy)

    def use_folder(self, cache: Path | None) -> None:
        """Work in a project's cache folder; None lets go of the last one."""
        self._timer.stop()
        self._document = None
        if self._file is not None:
            self._file.close()
        self._file = UndoFile(cache / "undo") if cache is not None else None
        self._archive = UndoArchive(cache / "undo") if cache is not None else None

    def adopt(self, document: Document) -> None:
        """From now on older steps of this document go to disk."""
        document.history.store = self._file

    def tidy_soon(self, document: Document) -> None:
        """It was edited: when the person pauses, there is something to tidy."""
        self._document = document
        self._timer.start(TIDY_AFTER_MS)

    def remember(self, name: str, document: Document) -> None:
        """The image leaves memory; any thread. Its newest steps come back with it."""
        if self._archive is not None:
            document.end_stroke()
            self._archive.save(name, document.history.edits(KEPT), document.snapshot())

    def recall(self, name: str, document: Document) -> None:
        """Give a document just read its steps of an earlier time; any thread."""
        if self._archive is not None:
            document.history.restore(self._archive.load(name, document.snapshot()))

    def _tidy(self) -> None:
        document = self._document
        if document is None:
            return
        if document.stroking:
            self._timer.start(TIDY_AFTER_MS)
            return
        until = time.perf_counter() + SLICE
        try:
            while document.history.tidy() or document.levels.catch_up():
                if time.perf_counter() > until:
                    self._timer.start(0)
                    return
        except UnetGuiError as error:
            document.history.store = None  # drops the oldest instead
            self.failed.emit(f"{error.message} {error.hint}".strip())
