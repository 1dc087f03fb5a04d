"""Where a folder keeps its images and masks, guessed as a person would.

| what is there                             | images        | masks               |
|-------------------------------------------|---------------|---------------------|
| `project.json`                            | as it says    | as it says          |
| `JPEGImages`, also of several VOC years   | `JPEGImages`  | `SegmentationClass` |
| `images` and `masks`, or words like them  | the one       | the other           |
| the same in `train`, `val`, …             | in each       | in each             |
| `a.jpg` beside `a_mask.png`               | the folder    | the folder          |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unet_gui.dataset.doctor.class_list import ClassList

_IMAGES: Final = frozenset(
    {"images", "image", "imgs", "img", "jpegimages", "pictures", "x", "inputs"}
)
_MASKS: Final = frozenset({
    "masks", "mask", "labels", "label", "annotations", "annotation", "annots", "gt", "groundtruth",
    "ground_truth", "segmentationclass", "segmentation", "segmentations", "targets", "y",
})  # fmt: skip
_SPLITS: Final = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val",
    "test": "test", "testing": "test", "trainval": "trainval",
}  # fmt: skip
_TOKEN = re.compile(r"[^a-z]+")


@dataclass(frozen=True, slots=True)
class Site:
    """A place with images and their masks; prefixes end with "/" or are empty.

    Attributes:
        images: Prefix of the images' names.
        masks: Prefix of the masks' names; the same as `images` for pairs told apart by a suffix.
        flat: Whether masks lie among the images.
        usual: Whether the program itself looks for masks there.
    """

    images: str
    masks: str
    flat: bool = False
    usual: bool = True


def find_sites(folder: Path, names: Sequence[str], classes: ClassList) -> list[Site]:
    """Where images and masks are; at least one site.

    Args:
        folder: The examined folder.
        names: All files in it that are called like images.
        classes: Knows what project.json says.
    """
    if classes.is_project and not classes.damage:
        images = prefix_of(folder, classes.text("images", "images"))
        masks = prefix_of(folder, classes.text("masks", "masks"))
        return [Site(images, masks)]
    folders = sorted({n.rpartition("/")[0] for n in names} | _empty_folders(folder))
    sites = [s for parent in _parents(folders) if (s := _site_in(parent, folders)) is not None]
    return sites or [_flat_site(names)]


def split_of(name: str) -> str:
    """“train”, “val”, “test” or “trainval” when a list or folder is called so, else empty."""
    return next((_SPLITS[t] for t in _TOKEN.split(name.lower()) if t in _SPLITS), "")


def prefix_of(folder: Path, place: str) -> str:
    """A folder of project.json as a prefix; an absolute one where it is outside."""
    if place in {".", ""}:
        return ""
    path = Path(place)
    if path.is_absolute() and path.is_relative_to(folder):
        return f"{path.relative_to(folder).as_posix()}/"
    return f"{path.as_posix().removeprefix('./').rstrip('/')}/"


def _empty_folders(folder: Path) -> set[str]:
    """Subfolders also count when they hold no image."""
    try:
        return {p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")}
    except OSError:
        return set()


def _parents(folders: Sequence[str]) -> list[str]:
    """All folders above those with images, the topmost first."""
    parents = {""}
    for name in folders:
        parts = name.split("/")[:-1]
        parents |= {"/".join(parts[:i]) for i in range(1, len(parts) + 1)}
    return sorted(parents, key=lambda p: (p.count("/") + bool(p), p))


def _site_in(parent: str, folders: Sequence[str]) -> Site | None:
    start = f"{parent}/" if parent else ""
    children = {
        f[len(start) :].split("/")[0] for f in folders if f.startswith(start) and f != parent
    }
    images = next((c for c in sorted(children) if c.lower() in _IMAGES), None)
    masks = next((c for c in sorted(children) if c.lower() in _MASKS), None)
    if images is None or (masks is None and parent):
        return None
    usual = masks is None or masks.lower() in {"masks", "segmentationclass"}
    return Site(f"{start}{images}/", f"{start}{masks or 'masks'}/", usual=usual)


def _flat_site(names: Sequence[str]) -> Site:
    """Images right in the folder: with a folder `masks`, or masks among them."""
    if any(n.lower().startswith("masks/") for n in names):
        actual = next(n for n in names if n.lower().startswith("masks/"))
        return Site("", f"{actual.split('/')[0]}/")
    return Site("", "", flat=True)
