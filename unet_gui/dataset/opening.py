"""Recognising what a folder is, so that it opens as it is.

| what is there                          | images         | masks               |
|----------------------------------------|----------------|---------------------|
| `project.json`                         | as it says     | as it says          |
| `JPEGImages` (a VOC folder)            | `JPEGImages`   | `SegmentationClass` |
| `images`, perhaps `masks`              | `images`       | `masks`             |
| images, also in subfolders             | the folder     | `masks`             |

Nothing is written into such a folder until the person changes something. Where nothing can be
written, changes go to the user's data folder, see `shadow`.
"""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from unet_gui.core.classes import UNLABELLED, ClassTable
from unet_gui.core.errors import ProjectError, UnetGuiError
from unet_gui.dataset.class_files import (
    classes_from_ids,
    find_classes,
    voc_classes,
    with_missing,
)
from unet_gui.dataset.discovery import has_images, is_image_name
from unet_gui.dataset.files import explain, is_writable
from unet_gui.dataset.mask_counts import count
from unet_gui.dataset.masks import load_mask
from unet_gui.dataset.places import shadow_folder
from unet_gui.dataset.project_file import FILE_NAME, ProjectFile, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger(__name__)

_SAMPLED_MASKS: Final = 200
_VOC_STEM = re.compile(r"\d{4}_\d{6}\Z")
_DEFAULT_NAMES: Final = ("background", "object")


@dataclass(frozen=True, slots=True)
class Base:
    """The read-only folder behind a project: its masks and rounds count until replaced.

    Attributes:
        masks: Folder of its masks.
        models: Folder of its rounds.
        mask_names: Its masks of images that share a stem.
    """

    masks: Path
    models: Path
    mask_names: dict[str, str]


@dataclass(frozen=True, slots=True)
class Opened:
    """A project's place on disk.

    Attributes:
        root: The folder that changes go to.
        file: Its project.json, which may not be written yet.
        source: The folder that was opened; another one than `root` when it is read-only.
        notice: What the person should know about it; may be empty.
    """

    root: Path
    file: ProjectFile
    source: Path
    notice: str = ""

    def base(self) -> Base | None:
        """What is behind this project; None for an ordinary one.

        Raises:
            ProjectError: it is gone or damaged.
        """
        if self.file.settings.base is None:
            return None
        folder = Path(self.file.settings.base)
        settings = _base_settings(folder)
        return Base(folder / settings.masks, folder / "models", settings.mask_names)


def open_folder(path: Path) -> Opened:
    """Find out what `path` is.

    Raises:
        ProjectError: there is nothing, or nothing with images, or a damaged project.json.
    """
    folder = _existing_folder(path)
    shadow = shadow_folder(folder)
    if (shadow / FILE_NAME).exists():
        return Opened(shadow, ProjectFile(shadow), folder, _shadow_notice(folder, shadow))
    root = folder if (folder / FILE_NAME).exists() else voc_root(folder)
    if root != folder:
        return open_folder(root)
    if (root / FILE_NAME).exists():
        file, notice = ProjectFile(root), ""
    else:
        settings, notice = _recognise(root)
        file = ProjectFile(root, settings)
    if is_writable(root):
        return Opened(root, file, folder, notice)
    return _shadowed(root, shadow, file.settings, notice)


def make_project(root: Path, images: Path, classes: ClassTable) -> Opened:
    """Write a new project.json in `root`.

    Raises:
        ProjectError: `root` is a project already or cannot be written, `images` is no folder.
    """
    root, images = root.absolute(), images.absolute()
    if (root / FILE_NAME).exists():
        raise ProjectError(f"{root} is a project already.", "Open it, or choose another folder.")
    if not images.is_dir():
        raise ProjectError(f"There is no folder of images {images}.", "Check the path.")
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        reason, hint = explain(exc)
        raise ProjectError(f"{root} cannot be made: {reason}.", hint) from exc
    images, real = images.resolve(), root.resolve()
    # Relative when inside, so that the folder can be moved as a whole.
    place = images.relative_to(real).as_posix() if images.is_relative_to(real) else str(images)
    file = ProjectFile(root, Settings(classes, images=place))
    file.update(lambda s: None)
    return Opened(root, file, root)


def _base_settings(base: Path) -> Settings:
    if not base.is_dir():
        raise ProjectError(f"The folder {base} is not there.", "Is the drive connected?")
    if (base / FILE_NAME).exists():
        return ProjectFile(base).settings
    return _recognise(base, guess=False)[0]


def _existing_folder(path: Path) -> Path:
    if path.name == FILE_NAME and path.is_file():
        path = path.parent
    if path.is_file():
        hint = "Open the folder it is in." if is_image_name(path.name) else "Choose a folder."
        raise ProjectError(f"{path.name} is a file, not a project or a folder of images.", hint)
    if not path.is_dir():
        raise ProjectError(f"There is no folder {path}.", "Was it moved or renamed?")
    return path.resolve()


def _shadowed(root: Path, shadow: Path, settings: Settings, notice: str) -> Opened:
    """Put a project in the user's data folder that stands in for a read-only one."""
    settings.images = str(root / settings.images)
    settings.masks, settings.base = "masks", str(root)
    try:
        shadow.mkdir(parents=True, exist_ok=True)
        file = ProjectFile(shadow, settings)
        # At once, because a training run finds the project by this file.
        file.update(lambda s: None)
    except OSError as exc:
        raise ProjectError(
            f"{root} is read-only, and {shadow} cannot be made: {exc.strerror}.",
            "Copy the folder to a place that you may write to.",
        ) from exc
    return Opened(shadow, file, root, f"{_shadow_notice(root, shadow)} {notice}".strip())


def _shadow_notice(folder: Path, shadow: Path) -> str:
    if is_writable(folder):
        return f"“{folder.name}” was read-only before; your work on it is still kept in {shadow}."
    return f"“{folder.name}” is read-only; your masks and settings are kept in {shadow}."


def voc_root(folder: Path) -> Path:
    """The folder with JPEGImages: `folder` itself or the only VOC year in a VOCdevkit.

    Raises:
        ProjectError: there are several years.
    """
    if (folder / "JPEGImages").is_dir():
        return folder
    years = sorted(p for p in folder.glob("VOC*") if (p / "JPEGImages").is_dir())
    if len(years) > 1:
        names = ", ".join(p.name for p in years)
        raise ProjectError(f"{folder.name} holds several datasets: {names}.", "Open one of them.")
    return years[0] if years else folder


def _recognise(root: Path, *, guess: bool = True) -> tuple[Settings, str]:
    with os.scandir(root) as items:  # a path of each takes seconds where there are very many
        subfolders = {i.name.lower(): i.name for i in items if _is_folder(i)}
    if "jpegimages" in subfolders:
        images = subfolders["jpegimages"]
        masks = subfolders.get("segmentationclass", "SegmentationClass")
    elif "images" in subfolders:
        images, masks = subfolders["images"], subfolders.get("masks", "masks")
    else:
        images, masks = ".", subfolders.get("masks", "masks")
        if not has_images(root, exclude=(root / masks, root / "models")):
            raise ProjectError(
                f"There are no images in {root}.", "Put images into it, or choose another folder."
            )
    if not guess:
        return Settings(ClassTable(), images, masks), ""
    classes, notice = guess_classes(root, root / masks, voc=masks == "SegmentationClass")
    return Settings(classes, images, masks), notice


def _is_folder(item: os.DirEntry[str]) -> bool:
    try:
        return item.is_dir()
    except OSError:  # a link that leads in a circle
        return False


def guess_classes(root: Path, masks: Path, *, voc: bool = False) -> tuple[ClassTable, str]:
    """Classes of a folder that has no project.json, and a word about them where one is due.

    Names come from classes.json, classes.txt, labelmap.txt or meta.json; ids from a sample of the
    masks. A VOC folder gets the 21 names of Pascal VOC when its files are named like those of
    Pascal VOC: many folders of that form hold quite other classes under the same ids.
    """
    stems, ids = _sample_ids(masks)
    named = find_classes(root)
    if named is not None:
        return with_missing(named, ids), ""
    if voc and max(ids - {UNLABELLED}, default=0) <= 20 and (not stems or _official(stems)):
        return voc_classes(), ""
    if not ids - {UNLABELLED}:
        return ClassTable.from_names(_DEFAULT_NAMES), ""
    if ids == {0, UNLABELLED}:
        return ClassTable.from_names(_DEFAULT_NAMES), (
            "The masks hold only 0 and 255. 255 counts as unlabelled here, not as a class."
        )
    return classes_from_ids(ids), ""


def _official(stems: list[str]) -> bool:
    return sum(bool(_VOC_STEM.match(s)) for s in stems) > len(stems) / 2


def _sample_ids(masks: Path) -> tuple[list[str], set[int]]:
    """Stems of the masks, and the values in some of them, spread evenly."""
    # Names alone: making a path of each takes seconds where there are very many.
    names = sorted(_png_names(masks)) if masks.is_dir() else []
    ids: set[int] = set()
    for name in _spread(names, _SAMPLED_MASKS):
        try:
            ids.update(count(load_mask(Path(name))))
        except UnetGuiError as exc:
            _log.info("not asked for its classes: %s", exc)
    return [os.path.basename(n)[:-4] for n in names], ids  # noqa: PTH119 - as above


def _png_names(folder: Path) -> Iterator[str]:
    for place, _, files in os.walk(folder):
        yield from (os.path.join(place, f) for f in files if f.endswith(".png"))  # noqa: PTH118


def _spread(names: list[str], most: int) -> list[str]:
    step = max(1, -(-len(names) // most))
    return names[::step]
