"""Finding the images in a folder."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from unet_gui.core.errors import ImageReadError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

TIFF_SUFFIXES: Final = frozenset({".tif", ".tiff", ".lsm", ".btf", ".tf8"})
SLICED_SUFFIXES: Final = frozenset({".dcm", ".dicom", ".nii"})
"""Images that need the extra “science”; listed without it too, so that opening one tells."""

IMAGE_SUFFIXES: Final = TIFF_SUFFIXES | SLICED_SUFFIXES | {
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".webp", ".gif", ".tga", ".avif",
    ".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".j2k", ".pcx", ".sgi", ".apng",
}  # fmt: skip

_DICOM: Final = b"DICM"
_DICOM_AT: Final = 128

OUTPUT_MARKER: Final = ".unet_gui_output.json"
"""A folder with this file was written by us (an export); the images in it are copies."""

_NUMBER = re.compile(r"(\d+)")


def natural_key(name: str) -> tuple[str, str]:
    """Sort key: “image 2” before “image 10”, whatever the case; folders stay together.

    One text, because comparing lists of parts costs seconds among a hundred thousand names: a
    folder ends before anything else, a number comes next, the shorter one first.
    """
    return _NUMBER.sub(_sortable, name.casefold()).replace("/", "\0"), name


def is_image_name(name: str) -> bool:
    if name.startswith("."):
        return False
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 - a hundred thousand names
    return suffix in IMAGE_SUFFIXES or (suffix == ".gz" and name.lower().endswith(".nii.gz"))


def split_suffix(name: str) -> tuple[str, str]:
    """The name of an image without its suffix, and the suffix with its dot.

    DICOM files are often called by a number alone, such as "IM0001" or "1.2.840.113.7": of these
    all is name.
    """
    stem, dot, suffix = name.rpartition(".")
    known = f".{suffix}".lower()
    return (stem, dot + suffix) if known in IMAGE_SUFFIXES or known == ".gz" else (name, "")


def is_nameless_dicom(path: Path | str) -> bool:
    """Whether a file without a suffix is DICOM by its content (PS3.10, 7.1); one look at 132 bytes.

    An index of other files (DICOMDIR) is none.
    """
    name = os.path.basename(path)  # noqa: PTH119 - text or path, thousands of them
    suffix = os.path.splitext(name)[1]  # noqa: PTH122
    if (suffix and not suffix[1:].isdigit()) or name.startswith(".") or name == "DICOMDIR":
        return False
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read(_DICOM_AT + len(_DICOM))[_DICOM_AT:] == _DICOM
    except OSError:
        return False


def find_images(folder: Path, exclude: Collection[Path] = ()) -> list[PurePosixPath]:
    """The images in a folder and its subfolders, in natural order.

    Symbolic links are followed, each folder is visited once. Left out: hidden files and folders,
    `exclude`, a folder `masks` directly in `folder`, masks of other projects, and our own exports.

    Args:
        folder: Where to look.
        exclude: Folders to leave out.

    Returns:
        Paths relative to `folder`.

    Raises:
        ImageReadError: there is no such folder, or it may not be read.
    """
    return [PurePosixPath(name) for name in image_names(folder, exclude)]


def image_names(folder: Path, exclude: Collection[Path] = ()) -> list[str]:
    """`find_images` as text, which is quicker for many thousands.

    Raises:
        ImageReadError: as `find_images`.
    """
    if not folder.is_dir():
        raise ImageReadError(f"There is no folder {folder}.", "Was it moved or renamed?")
    skip = {_identity(p) for p in (*exclude, folder, folder / "masks")}
    try:
        names = list(_walk(folder, "", skip))
    except OSError as exc:
        raise ImageReadError(f"The folder {folder} cannot be read: {exc.strerror}.") from exc
    return sorted(names, key=natural_key)


def has_images(folder: Path, exclude: Collection[Path] = ()) -> bool:
    """Whether `image_names` would find any, without looking for all.

    Raises:
        OSError: the folder may not be read.
    """
    skip = {_identity(p) for p in (*exclude, folder, folder / "masks")}
    return next(_walk(folder, "", skip), None) is not None


def _walk(folder: Path, prefix: str, seen: set[str]) -> Iterator[str]:
    subfolders: list[str] = []
    with os.scandir(folder) as items:
        for item in items:
            if item.name.startswith("."):
                continue
            if item.is_dir():
                subfolders.append(item.name)
            elif is_image_name(item.name):
                if item.is_file():
                    yield prefix + item.name
            elif item.is_file() and is_nameless_dicom(item.path):
                yield prefix + item.name
    for name in subfolders:
        inside = folder / name
        identity = _identity(inside)
        if identity in seen or (inside / OUTPUT_MARKER).exists():
            continue
        seen |= {identity, *_masks_of_project(inside)}
        try:
            yield from _walk(inside, f"{prefix}{name}/", seen)
        except PermissionError:
            continue  # somebody else's subfolder must not lock the person out of the rest


def _masks_of_project(folder: Path) -> set[str]:
    """What is not to be taken for images in a folder that is a project itself."""
    try:
        settings = json.loads((folder / "project.json").read_text(encoding="utf-8"))
        masks = str(settings.get("masks", "masks"))
    except FileNotFoundError:
        return set()
    except (OSError, ValueError, AttributeError):
        masks = "masks"
    return {_identity(folder / name) for name in (masks, "models")}


def _identity(path: Path) -> str:
    return os.path.realpath(path)


def _sortable(number: re.Match[str]) -> str:
    digits = str(int(number[0]))
    return f"\1{len(digits):04}{digits}"
