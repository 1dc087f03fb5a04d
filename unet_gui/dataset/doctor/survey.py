"""What is in a folder: images, masks, lists of a split, and everything else."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from unet_gui.core.progress import Progress
from unet_gui.dataset.discovery import is_image_name, is_nameless_dicom
from unet_gui.dataset.doctor.class_list import ClassList, read_classes
from unet_gui.dataset.doctor.layout import Site, find_sites, prefix_of, split_of
from unet_gui.dataset.doctor.pairing import Pair, pair_up

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_OURS: Final = frozenset({".unet_gui", ".git", ".hg", ".svn"})
_EVERY: Final = 2000


@dataclass(slots=True)
class Survey:
    """A folder as it lies there; nothing has been opened but its lists and project.json.

    Attributes:
        folder: The folder, absolute.
        classes: What is known about classes.
        sites: Where images and masks are.
        pairs: Images and the masks that belong to them.
        lonely: Masks that no image belongs to.
        files: All files with their size in bytes, by name relative to the folder; -1 for a
            broken link.
        locked: Folders that may not be read.
        lists: Lines of the lists of a split, by file name.
    """

    folder: Path
    classes: ClassList
    sites: list[Site]
    files: dict[str, int]
    locked: list[str]
    pairs: list[Pair] = field(default_factory=list)
    lonely: list[str] = field(default_factory=list)
    lists: dict[str, list[str]] = field(default_factory=dict)

    def path(self, name: str) -> Path:
        return self.folder / name

    @property
    def is_project(self) -> bool:
        return self.classes.is_project


def look_around(folder: Path) -> Generator[Progress, None, Survey]:
    """Find out what is in a folder without opening its images."""
    files: dict[str, int] = {}
    locked: list[str] = []
    for name, size in _walk(folder, "", locked):
        files[name] = size
        if len(files) % _EVERY == 0:
            yield Progress(0, 0, f"{len(files)} files")
    classes = read_classes(folder)
    for prefix in _outside(folder, classes):
        files.update(_walk(folder / prefix, prefix, locked))
    images = [n for n, size in files.items() if size >= 0 and _is_image(folder, n)]
    sites = find_sites(folder, images, classes)
    survey = Survey(folder, classes, sites, files, locked)
    taken: set[str] = set()
    for site in sites:
        pairs, lonely = pair_up(site, [n for n in images if n not in taken], classes.mask_names)
        taken |= {p.image for p in pairs} | {m for p in pairs for m in p.masks} | {*lonely}
        survey.pairs += pairs
        survey.lonely += lonely
    survey.lists = _lists(folder, files)
    return survey


def _is_image(folder: Path, name: str) -> bool:
    return is_image_name(name.rpartition("/")[2]) or is_nameless_dicom(folder / name)


def is_outside(name: str) -> bool:
    """Whether a file of the survey lies outside of the folder, where nothing is repaired."""
    return name.startswith(("../", "/")) or PurePath(name).is_absolute()


def _outside(folder: Path, classes: ClassList) -> list[str]:
    """Prefixes of the folders that project.json names elsewhere."""
    if not classes.is_project or classes.damage:
        return []
    places = {prefix_of(folder, classes.text(key, key)) for key in ("images", "masks")}
    return sorted(p for p in places if is_outside(p) and (folder / p).is_dir())


def _walk(folder: Path, prefix: str, locked: list[str]) -> Generator[tuple[str, int], None, None]:
    subfolders: list[str] = []
    try:
        with os.scandir(folder) as items:
            for item in items:
                if item.is_dir(follow_symlinks=False):
                    subfolders.append(item.name)
                else:
                    yield prefix + item.name, _size(item)
    except OSError:
        locked.append(prefix.rstrip("/"))
        return
    for name in sorted(subfolders):
        if name not in _OURS and not (prefix == "" and name == "models"):
            yield from _walk(folder / name, f"{prefix}{name}/", locked)


def _size(item: os.DirEntry[str]) -> int:
    try:
        return item.stat().st_size
    except OSError:
        return -1


def _lists(folder: Path, files: dict[str, int]) -> dict[str, list[str]]:
    """The lists of a split: ImageSets/Segmentation/train.txt, train.txt, …."""
    lists = {}
    for name in sorted(files):
        stem = name.rpartition("/")[2]
        in_sets = "ImageSets/Segmentation/" in f"/{name}" and name.endswith(".txt")
        if not in_sets and not (stem.endswith(".txt") and split_of(stem[:-4]) and "/" not in name):
            continue
        try:
            text = (folder / name).read_text(encoding="utf-8-sig", errors="surrogateescape")
        except OSError:
            continue
        lists[name] = [line.strip() for line in text.splitlines() if line.strip()]
    return lists
