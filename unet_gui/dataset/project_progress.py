"""How far the images of a project are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from unet_gui.core.errors import MaskReadError
from unet_gui.dataset.entries import Status
from unet_gui.dataset.mask_counts import labelled
from unet_gui.dataset.presence import Presence
from unet_gui.dataset.voc_lists import add_to_lists

if TYPE_CHECKING:
    from collections.abc import Callable

    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.mask_counts import Counts
    from unet_gui.dataset.mask_store import MaskStore
    from unet_gui.dataset.predictions import Origin, PredictionCache
    from unet_gui.dataset.project_file import ProjectFile


class ProjectProgress:
    """What a `Project` knows about how far each image is; part of it, never made by itself."""

    _file: ProjectFile
    _store: MaskStore
    _predictions: PredictionCache
    _origin: Callable[[ImageEntry], Origin]
    mask_counts: Callable[[ImageEntry], Counts]

    if TYPE_CHECKING:

        @property
        def images_dir(self) -> Path: ...
        @property
        def masks_dir(self) -> Path: ...
        @property
        def adopted(self) -> str | None: ...

    def is_done(self, entry: ImageEntry) -> bool:
        """Whether the person has finished the image; unlike `status` without a look at the disk.

        Each page of a stack is done by itself. The first one takes over what a file was while it
        held one image, as it takes over that image's mask.
        """
        done = self._file.settings.done
        return entry.name in done or (entry.page == 0 and self._file_name(entry) in done)

    def _file_name(self, entry: ImageEntry) -> str:
        """What the first page of a stack was called while it was the only one."""
        return entry.path.relative_to(self.images_dir).as_posix()

    def status(self, entry: ImageEntry) -> Status:
        """How far the image is. A damaged mask counts as being in work."""
        if self.is_done(entry):
            return Status.DONE
        try:
            touched = labelled(self.mask_counts(entry)) > 0
        except MaskReadError:
            touched = True
        if touched:
            return Status.IN_WORK
        fresh = self._predictions.fresh(entry.name, self._origin(entry), self.adopted)
        return Status.PROPOSED if fresh else Status.UNTOUCHED

    def many_statuses(self) -> Callable[[ImageEntry], Status]:
        """`status` for very many images, of which most have neither mask nor prediction.

        Folders are listed once, now; a file that appears later is not known to what is returned.
        """
        store = self._store
        masks = Presence([f for f in (store.folder, store.behind) if f is not None])
        predictions = Presence([self._predictions.folder])
        skipped = len(str(self.masks_dir)) + 1

        def look(entry: ImageEntry) -> Status:
            if entry.mask_place[skipped:] in masks or f"{entry.name}.npz" in predictions:
                return self.status(entry)
            return Status.DONE if self.is_done(entry) else Status.UNTOUCHED

        return look

    def set_done(self, entry: ImageEntry, done: bool) -> None:
        """Mark an image as finished or not. In a VOC folder a finished one is also listed.

        Raises:
            ProjectError: project.json cannot be written.
        """
        if done:
            self._file.update(lambda s: s.done.add(entry.name))
            if self.images_dir.name == "JPEGImages":
                add_to_lists(self.images_dir.parent, Path(entry.name).stem)
        else:
            names = {entry.name, self._file_name(entry) if entry.page == 0 else entry.name}
            self._file.update(lambda s: s.done.difference_update(names))
