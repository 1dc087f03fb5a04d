"""Masks by image name, wherever they are: a project, a folder of masks, what a round predicted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from unet_gui.core.errors import MaskReadError, ProjectError
from unet_gui.dataset.class_files import find_classes
from unet_gui.dataset.discovery import image_names
from unet_gui.dataset.entries import ImageEntry
from unet_gui.dataset.masks import load_mask
from unet_gui.dataset.project import Project
from unet_gui.dataset.project_file import FILE_NAME
from unet_gui.dataset.rounds import CHECKPOINT_NAME

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask


@dataclass(frozen=True, slots=True)
class MaskSource:
    """Masks to compare.

    Attributes:
        title: What to call them.
        stems: Relative path without suffix of each image that has a mask.
        load: Reads the mask of a stem; raises MaskReadError.
        images: Image by stem, where they are known.
        classes: The classes, where they are known.
    """

    title: str
    stems: tuple[str, ...]
    load: Callable[[str], ClassMask]
    images: dict[str, ImageEntry]
    classes: ClassTable | None


def mask_source(path: Path) -> MaskSource:
    """Find out what `path` is: a round of a project, a project, or a folder of masks.

    A round counts with the predictions that are kept of it; `unet-gui predict` makes others.

    Raises:
        MaskReadError: there is no such folder, or no mask in it.
        ProjectError: a project that cannot be opened.
    """
    if not path.is_dir():
        raise MaskReadError(f"There is no folder {path}.", "Check the path.")
    if (path / CHECKPOINT_NAME).exists() and (path.parent.parent / FILE_NAME).exists():
        source = _round(Project.open(path.parent.parent), path.name)
    elif _is_project(path):
        source = _project(Project.open(path))
    else:
        source = _folder(path)
    if not source.stems:
        raise MaskReadError(f"There are no masks in {path}.", "Check the path.")
    return source


def stem(name: str) -> str:
    """An image's or mask's relative path without its suffix."""
    return str(PurePosixPath(name).with_suffix(""))


def _is_project(path: Path) -> bool:
    if any((path / name).exists() for name in (FILE_NAME, "JPEGImages")):
        return True
    return (path / "images").is_dir() and (path / "masks").is_dir()


def _project(project: Project) -> MaskSource:
    entries = {stem(e.name): e for e in project.images if project.mask_file(e) is not None}
    return MaskSource(
        project.name,
        tuple(entries),
        lambda name: project.load_mask(entries[name]),
        entries,
        project.classes,
    )


def _round(project: Project, name: str) -> MaskSource:
    project.round(name)
    kept = {
        stem(e.name): e
        for e in project.images
        if project.load_prediction(e, round_name=name) is not None
    }
    if not kept:
        raise ProjectError(
            f"No prediction of {name} is kept.",
            f"Write them first: unet-gui predict {project.source} --checkpoint "
            f"{project.models_dir / name} --out predicted",
        )

    def load(wanted: str) -> ClassMask:
        prediction = project.load_prediction(kept[wanted], round_name=name)
        if prediction is None:
            raise MaskReadError(f"The prediction of {wanted} is not there any more.")
        return prediction.mask

    return MaskSource(f"{project.name} {name}", tuple(kept), load, kept, project.classes)


def _folder(folder: Path) -> MaskSource:
    names = image_names(folder)
    # PNG last, so that it wins over a picture of the same name.
    names.sort(key=lambda n: n.lower().endswith(".png"))
    files = {stem(n): folder / n for n in names}
    places = (folder, folder.resolve().parent)
    classes = next((t for t in map(find_classes, places) if t is not None), None)
    return MaskSource(
        folder.name or str(folder),
        tuple(sorted(files)),
        lambda name: load_mask(files[name], classes=classes),
        _images_beside(folder, files),
        classes,
    )


def _images_beside(folder: Path, files: dict[str, Path]) -> dict[str, ImageEntry]:
    """Images in `images` or `JPEGImages` beside the folder of masks."""
    for name in ("images", "JPEGImages"):
        beside = folder.resolve().parent / name
        if beside.is_dir() and beside != folder.resolve():
            found = {stem(n): ImageEntry(n, beside / n, "") for n in image_names(beside)}
            return {s: e for s, e in found.items() if s in files}
    return {}
