"""A project: images that stay where they are, their masks, classes and rounds.

Opening only reads; the first change writes. `load_mask` and `save_mask` are the way to a mask: they
know where the changes to a read-only folder live and never let a damaged mask be lost.
"""

from __future__ import annotations

from os import sep
from pathlib import Path
from typing import TYPE_CHECKING

from unet_gui.core.classes import UNLABELLED, ClassTable
from unet_gui.core.errors import ClassTableError, ImageReadError, ProjectError
from unet_gui.core.progress import drain
from unet_gui.dataset.class_edits import count_pixels, replace_class
from unet_gui.dataset.discovery import image_names
from unet_gui.dataset.entries import ImageEntry, Status, Viewing
from unet_gui.dataset.files import stamp
from unet_gui.dataset.mask_names import assign_masks, sharing_notice
from unet_gui.dataset.mask_store import MaskStore
from unet_gui.dataset.opening import Opened, make_project, open_folder
from unet_gui.dataset.pages import (
    PageCounts,
    first_page_masks,
    told_pixel_size,
    view_digest,
)
from unet_gui.dataset.predictions import CachedPrediction, Origin, PredictionCache
from unet_gui.dataset.project_look import ProjectLook
from unet_gui.dataset.project_masks import ProjectMasks
from unet_gui.dataset.project_progress import ProjectProgress
from unet_gui.dataset.rounds import Round, Rounds
from unet_gui.dataset.thumbnails import Held, cached_thumbnail
from unet_gui.dataset.viewed import ViewedPixels

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.core.progress import Progress
    from unet_gui.dataset.project_file import Settings

__all__ = ["ImageEntry", "Project", "Status"]


class Project(ProjectMasks, ProjectLook, ProjectProgress):
    """An open project. Made by `Project.create` or `Project.open`.

    Attributes:
        root: The folder that holds project.json, masks and models.
        source: The folder the person opened; differs from `root` when that one is read-only.
        images: The images in natural order; `refresh` looks again.
        viewed: Which pixels were accepted from a proposal.
    """

    def __init__(self, opened: Opened) -> None:
        self.root = opened.root
        self.source = opened.source
        self.images: list[ImageEntry] = []
        self._notices = [opened.notice]
        self._file = opened.file
        self._by_name: dict[str, ImageEntry] = {}
        self._places: tuple[list[ImageEntry], dict[str, int]] = ([], {})
        self._shared_names: dict[str, str] = {}
        self._viewing = Viewing()
        self._pages = PageCounts(self.cache_dir / "pages.json")
        self._told_size: tuple[float, str] | None = None
        base = opened.base()
        self._base_names = base.mask_names if base else {}
        self._store = MaskStore(
            self.masks_dir,
            lambda: self.classes,
            behind=base.masks if base else None,
            cache=self.cache_dir,
        )
        self._rounds = Rounds(*([base.models] if base else []), self.models_dir)
        self._predictions = PredictionCache(self.cache_dir / "predictions")
        self.viewed = ViewedPixels(self.cache_dir / "viewed")
        self.refresh()

    @classmethod
    def create(
        cls,
        root: Path | str,
        *,
        images: Path | str,
        classes: ClassTable | Sequence[str],
        masks: Path | str | None = None,
    ) -> Project:
        """Make a project beside images that stay where they are.

        Args:
            root: The new project's folder; made when it is not there.
            images: Folder of the images; it may be empty still.
            classes: The classes, or just their names.
            masks: A folder of masks to copy in; what could not be used is told in `notice`.

        Raises:
            ProjectError: `root` is a project already or cannot be written, `images` is no folder.
            ClassTableError: the names do not make classes.
        """
        table = classes if isinstance(classes, ClassTable) else ClassTable.from_names(classes)
        project = cls(make_project(Path(root), Path(images), table))
        if masks is not None:
            project._notices += drain(project.import_masks(masks)).warnings
        return project

    @classmethod
    def open(cls, path: Path | str) -> Project:
        """Open a project, a VOC folder, a folder with `images`, or any folder of images as it is.

        Raises:
            ProjectError: there is none of these, or project.json is damaged.
        """
        return cls(open_folder(Path(path)))

    @property
    def name(self) -> str:
        """What to call the project: the name of the folder the person opened."""
        return self.source.name or str(self.source)

    @property
    def notice(self) -> str:
        """What the person should know about this project; empty for most."""
        return " ".join(filter(None, (*self._notices, sharing_notice(self._shared_names))))

    @property
    def classes(self) -> ClassTable:
        return self._file.settings.classes

    @property
    def id(self) -> str | None:
        """What rounds made here carry; None while nothing was ever written."""
        return self._file.settings.id

    def identify(self) -> str:
        """`id`, written now if there was none.

        Raises:
            ProjectError: project.json cannot be written.
        """
        return self._file.identify()

    @property
    def retired(self) -> frozenset[int]:
        """Ids of deleted classes; they are not given again."""
        return frozenset(self._file.settings.retired)

    @property
    def images_dir(self) -> Path:
        return self.root / self._file.settings.images

    @property
    def masks_dir(self) -> Path:
        return self.root / self._file.settings.masks

    @property
    def models_dir(self) -> Path:
        return self.root / "models"

    @property
    def cache_dir(self) -> Path:
        """Safe to delete when the program is closed."""
        return self.root / ".unet_gui"

    # -- images ----------------------------------------------------------------------------

    def refresh(self) -> bool:
        """Look for images that have appeared or gone; True when the list has changed.

        Raises:
            ProjectError: the folder of images is not there.
        """
        self._file.sync()
        ours = (self.masks_dir, self.models_dir, self.cache_dir)
        try:
            files = image_names(self.images_dir, exclude=ours)
        except ImageReadError as exc:
            raise ProjectError(
                f"The project's images are not there: {self.images_dir}.",
                f"If they were moved, write the new place into {self._file.path}.",
            ) from exc
        listed = list(self._pages.listed(files, self.images_dir))
        names = [name for name, _, _ in listed]
        remembered = {**self._base_names, **self._shared_names, **self._file.settings.mask_names}
        if len(names) > len(files):
            remembered = first_page_masks(listed, self._store.readable_folder) | remembered
        assigned, self._shared_names = assign_masks(
            names, remembered, self.images_dir, self._store.readable_folder
        )
        images, masks = self.images_dir, self.masks_dir
        self._viewing.view = self.channels
        found = [
            ImageEntry(n, f"{images}{sep}{f}", f"{masks}{sep}{assigned[n]}", page, self._viewing)
            for n, f, page in listed
        ]
        self._told_size = told_pixel_size(found[0].path) if found else None
        changed = found != self.images
        self.images, self._by_name = found, {e.name: e for e in found}
        self._file.remember_names(self._shared_names)
        self._store.flush()
        return changed

    def entry(self, name: str) -> ImageEntry:
        """The image of this name.

        Raises:
            ProjectError: there is none.
        """
        if name not in self._by_name:
            raise ProjectError(f"There is no image “{name}” in the project.")
        return self._by_name[name]

    def position(self, name: str) -> int:
        """Where in `images` the image of this name is; -1 when it is not there."""
        images = self.images
        if self._places[0] is not images:
            self._places = images, {entry.name: at for at, entry in enumerate(images)}
        return self._places[1].get(name, -1)

    def thumbnail(self, entry: ImageEntry, side: int, held: Held | None = None) -> RgbImage:
        """`pages.small`, or made from what is open; kept on disk from the second time on."""
        return cached_thumbnail(entry, side, self.cache_dir / "thumbnails", held)

    # -- masks -----------------------------------------------------------------------------

    def _ensure_file(self) -> None:
        """Opening only reads; from the first mask on, project.json is there."""
        if not self._file.exists:
            self._file.update(lambda s: s.mask_names.update(self._shared_names))

    # -- classes ---------------------------------------------------------------------------

    def set_classes(self, table: ClassTable) -> None:
        """Add, rename, recolour, reorder; ids that are gone are retired.

        Pixels of a class that is gone stay in the masks; `delete_class` and `merge_class` see to
        them.

        Raises:
            ProjectError: project.json cannot be written.
        """

        def change(settings: Settings) -> None:
            settings.retired |= {*settings.classes.ids} - {*table.ids}
            settings.retired -= {*table.ids}
            settings.classes = table

        self._file.update(change)

    def class_pixels(self, class_id: int) -> Generator[Progress, None, int]:
        """Count the pixels of a class over all masks."""
        return count_pixels(self._store, self.images, class_id)

    def merge_class(self, source: int, into: int) -> Generator[Progress, None, int]:
        """Give all pixels of class `source` to class `into` and retire `source`.

        Stopped half way, `source` is still there, and doing it once more finishes the rest.

        Returns:
            How many pixels changed.

        Raises:
            ClassTableError: one of the two does not exist, or both are the same.
            ProjectError: some masks could not be read; all others are done, and `source` stays.
            MaskWriteError: a mask could not be written; those before it are done.
        """
        if source == into:
            raise ClassTableError("A class cannot be merged with itself.")
        self.classes[into]
        return (yield from self._replace_class(source, into))

    def delete_class(self, class_id: int) -> Generator[Progress, None, int]:
        """Make all pixels of a class unlabelled and retire its id; otherwise as `merge_class`."""
        return (yield from self._replace_class(class_id, UNLABELLED))

    def _replace_class(self, source: int, into: int) -> Generator[Progress, None, int]:
        self.classes[source]
        changed = yield from replace_class(self._store, self.images, source, into)
        self.set_classes(self.classes.removed(source))
        return changed

    # -- rounds ----------------------------------------------------------------------------

    def rounds(self) -> list[Round]:
        """The finished rounds, oldest first."""
        return self._rounds.all()

    def next_round_name(self) -> str:
        """A name for a new round, such as "round-004"."""
        return self._rounds.next_name()

    def round(self, name: str) -> Round:
        """The round of this name.

        Raises:
            ProjectError: there is none.
        """
        return self._rounds.get(name)

    @property
    def adopted(self) -> str | None:
        """The round whose checkpoint predicts; None before the first. Up to date with the disk."""
        self._file.sync()
        return self._file.settings.adopted

    def adopt(self, name: str | None) -> None:
        """Let a round predict from now on; None goes back to before the first.

        Raises:
            ProjectError: there is no such round, or project.json cannot be written.
        """
        if name is not None:
            self.round(name)
        self._file.set(adopted=name)

    # -- predictions -----------------------------------------------------------------------

    def save_prediction(
        self, entry: ImageEntry, mask: ClassMask, confidence: NDArray[np.uint8], *, round_name: str
    ) -> bool:
        """Keep a prediction for the next time; False, and no harm, when that was not possible.

        Args:
            entry: The image.
            mask: H×W uint8 class ids.
            confidence: H×W uint8, 0..255.
            round_name: Who predicted: a round, or another checkpoint.
        """
        prediction = CachedPrediction(mask, confidence, round_name)
        return self._predictions.save(entry.name, prediction, self._origin(entry))

    def load_prediction(
        self, entry: ImageEntry, *, round_name: str | None = None
    ) -> CachedPrediction | None:
        """The kept prediction; None when there is none or it is stale.

        It is stale when the image or the set of classes has changed since, or when another round
        made it than `round_name` (the adopted one when None; any while none is adopted).
        """
        wanted = self.adopted if round_name is None else round_name
        return self._predictions.load(entry.name, self._origin(entry), wanted)

    def _origin(self, entry: ImageEntry) -> Origin:
        view = view_digest(entry)
        return Origin(tuple(sorted(self.classes.ids)), stamp(entry.path), view)
