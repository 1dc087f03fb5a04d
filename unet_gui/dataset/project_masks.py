"""The masks of a project, by image: whole, or in tiles where images are large."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from unet_gui.core.tiled_mask import TiledMask
from unet_gui.dataset import pages
from unet_gui.dataset.mask_import import import_masks
from unet_gui.dataset.mask_store import blank

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator

    from unet_gui.core.document import ClassMask
    from unet_gui.core.progress import Progress
    from unet_gui.core.tiled_mask import Key, MaskSnapshot
    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.mask_counts import Counts
    from unet_gui.dataset.mask_import import ImportReport
    from unet_gui.dataset.mask_store import MaskStore


class ProjectMasks:
    """What a `Project` does with masks; part of it, never made by itself."""

    images: list[ImageEntry]
    _store: MaskStore
    _ensure_file: Callable[[], None]

    @property
    def masks_behind(self) -> Path | None:
        """Masks of a read-only folder, read while `masks_dir` has none for an image; else None."""
        return self._store.behind

    def mask_file(self, entry: ImageEntry) -> Path | None:
        """The file the image's mask is read from; None when it has none."""
        return self._store.file(entry)

    def load_mask(self, entry: ImageEntry, shape: tuple[int, ...] | None = None) -> ClassMask:
        """The mask of an image; all 255 when there is none yet.

        Args:
            entry: The image.
            shape: (height, width, …) of the image, if known; saves looking.

        Returns:
            H×W uint8 of class ids, 255 = unlabelled. A mask made elsewhere may hold ids that no
            class has; training and exports leave those out or say so.

        Raises:
            MaskReadError: damaged or of another size than the image. It is left as it is.
            ImageReadError: `shape` is not given and the image cannot be read.
        """
        shape = _shape(entry, shape)
        mask = self._store.load(entry, shape)
        return blank(shape) if mask is None else mask

    def load_mask_tiles(self, entry: ImageEntry, shape: tuple[int, ...] | None = None) -> TiledMask:
        """As `load_mask`, in tiles, of which only the labelled ones cost memory.

        Raises:
            MaskReadError, ImageReadError: as `load_mask`.
        """
        shape = _shape(entry, shape)
        mask = self._store.load_tiles(entry, shape)
        return TiledMask((shape[0], shape[1])) if mask is None else mask

    def save_mask(self, entry: ImageEntry, mask: ClassMask) -> None:
        """Write the mask of an image: whole or not at all, on disk when this returns.

        A file there that cannot be read, or that another program has changed since it was loaded,
        is kept beside it as `<name>.png.bak`.

        Raises:
            MaskWriteError: full disk, read-only folder, …; the old mask is as it was.
            ProjectError: project.json cannot be written.
        """
        self._ensure_file()
        self._store.save(entry, mask)

    def save_mask_snapshot(
        self, entry: ImageEntry, mask: MaskSnapshot, changed: Collection[Key] | None = None
    ) -> None:
        """As `save_mask`, from tiles; of a mask too large for a PNG only what has changed.

        Args:
            entry: The image.
            mask: Its mask.
            changed: Keys of the tiles that may differ from what was last loaded or saved; None
                for all.

        Raises:
            MaskWriteError, ProjectError: as `save_mask`; then `changed` is not on disk.
        """
        self._ensure_file()
        self._store.save_snapshot(entry, mask, changed)

    def import_masks(self, folder: Path | str) -> Generator[Progress, None, ImportReport]:
        """Copy masks made elsewhere; see `mask_import.import_masks`."""
        return import_masks(self._store, self.images, Path(folder))

    def mask_counts(self, entry: ImageEntry) -> Counts:
        """Pixels by mask value, decoding only masks that have changed; empty without one.

        Raises:
            MaskReadError: the mask is damaged.
        """
        return self._store.counts(entry)


def _shape(entry: ImageEntry, shape: tuple[int, ...] | None) -> tuple[int, ...]:
    if shape is not None:
        return shape
    width, height = pages.size(entry)
    return height, width
