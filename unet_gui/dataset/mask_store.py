"""The masks of a project: where each is read from and written to, and never losing one."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import MaskReadError, MaskWriteError
from unet_gui.core.tiled_mask import TiledMask
from unet_gui.dataset.files import explain, stamp
from unet_gui.dataset.mask_counts import MaskCounts, as_counts, count
from unet_gui.dataset.mask_tiles import (
    TILED_SUFFIX,
    TiledMaskFile,
    mask_tile_counts,
    tiled_mask_owner,
)
from unet_gui.dataset.masks import load_mask, load_mask_tiles, save_mask, save_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask
    from unet_gui.core.tiled_mask import Key, MaskSnapshot
    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.files import Stamp
    from unet_gui.dataset.mask_counts import Counts

TILED_FROM: Final = 400_000_000
"""Masks of more pixels are kept in tiles, saved one by one, instead of in a PNG."""


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
        self._trusted: dict[Path, Stamp | None] = {}
        self._foreign: dict[Path, tuple[Stamp, bool]] = {}
        self._tiled: dict[Path, TiledMaskFile] = {}

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
        path = entry.mask_path
        if self._is_mask(path):
            return path
        tiled = tiled_path(path)
        if self._is_mask(tiled):
            return tiled
        if self.behind is not None:
            for form in (path, tiled):
                file = self.behind / form.relative_to(self.folder)
                if self._is_mask(file):
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
        self._trusted[file] = before
        return mask

    def load_tiles(
        self, entry: ImageEntry, shape: tuple[int, ...] | None = None
    ) -> TiledMask | None:
        """As `load`, in tiles.

        Raises:
            MaskReadError: as `load`.
        """
        file = self.file(entry)
        if file is None:
            return None
        before = stamp(file)
        if file == tiled_path(entry.mask_path):
            mask = self._tiled_file(entry).load(shape)
        else:
            mask = load_mask_tiles(file, shape, self.classes)
        self._trusted[file] = before
        return mask

    def save(self, entry: ImageEntry, mask: ClassMask) -> None:
        """Write a mask.

        A file there that cannot be read, or that another program has changed since it was loaded,
        is kept beside it as `<name>.png.bak`.

        Raises:
            MaskWriteError: full disk, read-only folder, …; the old mask is as it was.
        """
        if mask.size > TILED_FROM:
            self.save_snapshot(entry, TiledMask.of_array(mask).snapshot())
            return
        self._keep_backup(entry.mask_path, mask.shape)
        save_mask(entry.mask_path, mask, self.classes, owner=entry.name)
        self._written(entry, entry.mask_path, count(mask))

    def save_snapshot(
        self, entry: ImageEntry, mask: MaskSnapshot, changed: Collection[Key] | None = None
    ) -> None:
        """Write a mask; of one that is huge, only the tiles that have changed.

        Args:
            entry: The image.
            mask: Its mask.
            changed: Keys of the tiles that may differ from what was last loaded or saved; None
                for all.

        Raises:
            MaskWriteError: as `save`.
        """
        path = entry.mask_path
        if mask.shape[0] * mask.shape[1] > TILED_FROM:
            self._save_tiled(entry, mask, changed)
            return
        self._keep_backup(path, mask.shape)
        save_rows(path, mask, self.classes, owner=entry.name)
        self._written(entry, path, as_counts(mask_tile_counts(mask)))

    def _save_tiled(
        self, entry: ImageEntry, mask: MaskSnapshot, changed: Collection[Key] | None
    ) -> None:
        path = tiled_path(entry.mask_path)
        known = self._counts.known(path)
        if self._keep_backup(path, mask.shape):
            changed = None  # the copy may share its content with the file
        delta = self._tiled_file(entry).save(mask, self.classes.palette(), changed)
        if delta is None or known is None:
            numbers = mask_tile_counts(mask)
        else:
            numbers = delta
            for value, pixels in known.items():
                numbers[value] += pixels
        self._written(entry, path, as_counts(numbers))

    def _tiled_file(self, entry: ImageEntry) -> TiledMaskFile:
        path = tiled_path(entry.mask_path)
        return self._tiled.setdefault(path, TiledMaskFile(path, entry.name))

    def _written(self, entry: ImageEntry, path: Path, counts: Counts) -> None:
        self._trusted[path] = stamp(path)
        self._counts.put(path, counts)
        for other in (entry.mask_path, tiled_path(entry.mask_path)):
            if other != path and self._is_mask(other):
                # A mask of the other form is what the image had before it changed its size.
                with suppress(OSError):
                    copy_aside(other)
                    other.unlink()

    def _is_mask(self, path: Path) -> bool:
        """Whether a file is there, and is not a TIFF of another program, which masks never were."""
        now = stamp(path)
        if now is None or not path.name.endswith(TILED_SUFFIX):
            return now is not None
        known = self._foreign.get(path)
        if known is None or known[0] != now:
            known = self._foreign[path] = (now, _is_foreign(path))
        return not known[1]

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
        mask = self.load_tiles(entry)
        if mask is None:
            return 0
        pixels, changed = 0, set()
        for key in list(mask.keys):
            where = mask.tile(key) == source
            if where.any():
                pixels += int(np.count_nonzero(where))
                mask.put(key, np.where(where, np.uint8(into), mask.tile(key)))
                changed.add(key)
        self.save_snapshot(entry, mask.snapshot(), changed)
        return pixels

    def flush(self) -> None:
        """Keep the counts for the next time."""
        self._counts.flush()

    def _keep_backup(self, path: Path, shape: tuple[int, ...]) -> bool:
        """Copy away a mask that the next save would wipe out although nobody has seen it."""
        now = stamp(path)
        if now is None or now == self._trusted.get(path):
            return False
        if path not in self._trusted and self._readable(path, shape):
            return False
        try:
            copy_aside(path)
        except OSError as exc:
            reason, hint = explain(exc)
            raise MaskWriteError(
                f"{path.name} would be replaced, and no copy of it could be kept: {reason}.",
                hint,
            ) from exc
        return True

    def _readable(self, path: Path, shape: tuple[int, ...]) -> bool:
        try:
            load_mask_tiles(path, shape, self.classes)
        except MaskReadError:
            return False
        return True


def tiled_path(mask_path: Path) -> Path:
    """Where the mask is that would be at `mask_path`, were it not too large for a PNG."""
    return mask_path.with_suffix(TILED_SUFFIX)


def _is_foreign(path: Path) -> bool:
    try:
        return tiled_mask_owner(path) is None
    except Exception:  # noqa: BLE001 - one of ours, damaged, must be told, not passed over
        return False


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
