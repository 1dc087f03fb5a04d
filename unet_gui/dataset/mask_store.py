"""The masks of a project: where each is read from and written to, and never losing one."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import MaskReadError, MaskWriteError
from unet_gui.dataset.files import explain, stamp
from unet_gui.dataset.mask_counts import MaskCounts
from unet_gui.dataset.masks import load_mask, save_mask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.files import Stamp
    from unet_gui.dataset.mask_counts import Counts


class MaskStore:
    """Reads and writes masks by image.

    Attributes:
        folder: Where masks are written.
        behind: Where they are read from while `folder` has none of their own: the masks of a
            read-only folder. None for an ordinary project.
    """

    def __init__(
        self,
        folder: Path,
        classes: Callable[[], ClassTable],
        *,
        behind: Path | None,
        cache: Path,
    ) -> None:
        """Open the store; `classes` tells the project's classes as they are at the time."""
        self.folder = folder
        self.behind = behind
        self._classes = classes
        self._counts = MaskCounts(cache / "mask_counts.json")
        self._trusted: dict[str, Stamp | None] = {}

    @property
    def classes(self) -> ClassTable:
        """The classes of the project, for palettes and for masks stored in colours."""
        return self._classes()

    @property
    def readable_folder(self) -> Path:
        """Where masks were before this program wrote any."""
        return self.behind or self.folder

    def file(self, entry: ImageEntry) -> Path | None:
        """The file a mask is read from; None when the image has none."""
        if stamp(entry.mask_path) is not None:
            return entry.mask_path
        if self.behind is not None:
            file = self.behind / entry.mask_path.relative_to(self.folder)
            if stamp(file) is not None:
                return file
        return None

    def load(self, entry: ImageEntry, shape: tuple[int, ...] | None = None) -> ClassMask | None:
        """The mask; None when the image has none.

        Raises:
            MaskReadError: damaged, or of another height and width than `shape`.
        """
        file = self.file(entry)
        if file is None:
            return None
        before = stamp(file)
        mask = load_mask(file, shape, self.classes)
        if file == entry.mask_path:
            self._trusted[entry.name] = before
        return mask

    def save(self, entry: ImageEntry, mask: ClassMask) -> None:
        """Write a mask.

        A file there that cannot be read, or that another program has changed since it was loaded,
        is kept beside it as `<name>.png.bak`.

        Raises:
            MaskWriteError: full disk, read-only folder, …; the old mask is as it was.
        """
        self._keep_backup(entry, mask.shape)
        save_mask(entry.mask_path, mask, self.classes, owner=entry.name)
        self._trusted[entry.name] = stamp(entry.mask_path)
        self._counts.put(entry.mask_path, mask)

    def counts(self, entry: ImageEntry) -> Counts:
        """Pixels by mask value, decoding only what has changed; empty without a mask.

        Raises:
            MaskReadError: the mask is damaged.
        """
        file = self.file(entry)
        return {} if file is None else self._counts.get(file, self.classes)

    def replace(self, entry: ImageEntry, source: int, into: int) -> int:
        """Give all pixels of one value another; returns how many there were.

        Raises:
            MaskReadError, MaskWriteError: the mask is as it was.
        """
        if source not in self.counts(entry):
            return 0
        mask = self.load(entry)
        if mask is None:
            return 0
        where = mask == source
        self.save(entry, np.where(where, np.uint8(into), mask))
        return int(where.sum())

    def flush(self) -> None:
        """Keep the counts for the next time."""
        self._counts.flush()

    def _keep_backup(self, entry: ImageEntry, shape: tuple[int, ...]) -> None:
        """Copy away a mask that the next save would wipe out although nobody has seen it."""
        now = stamp(entry.mask_path)
        if now is None or now == self._trusted.get(entry.name):
            return
        if entry.name not in self._trusted and self._readable(entry, shape):
            return
        try:
            copy_aside(entry.mask_path)
        except OSError as exc:
            reason, hint = explain(exc)
            raise MaskWriteError(
                f"{entry.mask_path.name} would be replaced, and no copy of it could be kept: "
                f"{reason}.",
                hint,
            ) from exc

    def _readable(self, entry: ImageEntry, shape: tuple[int, ...]) -> bool:
        try:
            load_mask(entry.mask_path, shape, self.classes)
        except MaskReadError:
            return False
        return True


def blank(shape: tuple[int, ...]) -> ClassMask:
    """An all unlabelled mask of this height and width."""
    return np.full(shape[:2], UNLABELLED, np.uint8)


def copy_aside(path: Path) -> Path:
    """Keep the content of a file beside it under the first free of `.bak`, `.2.bak`, ….

    Raises:
        OSError: it could not be kept.
    """
    number, backup = 2, path.with_name(f"{path.name}.bak")
    while backup.exists():
        backup = path.with_name(f"{path.name}.{number}.bak")
        number += 1
    try:
        os.link(path, backup)  # the save then only takes the name away from the old content
    except OSError:
        shutil.copy2(path, backup)
    return backup
