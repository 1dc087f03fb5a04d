"""Bringing the images of a dataset into a project's folder of images."""

from __future__ import annotations

import filecmp
import os
import re
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from unet_gui.core.errors import DatasetError
from unet_gui.dataset.discovery import is_image_name, is_nameless_dicom
from unet_gui.dataset.files import explain, write_atomic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unet_gui.dataset.formats.records import Record

COPY: Final = "copy"
REFER: Final = "refer"


def common_folder(records: Sequence[Record]) -> Path:
    """The folder that all images lie in, for a project that leaves them there.

    Raises:
        DatasetError: there is none, or the images are inside the dataset's files.
    """
    if any(r.content is not None for r in records):
        raise DatasetError(
            "The images are inside the dataset's own files.", "Let them be copied (--images copy)."
        )
    try:
        return Path(os.path.commonpath([r.image.absolute().parent for r in records]))
    except ValueError as exc:
        raise DatasetError(
            "The images have no common folder.", "Let them be copied (--images copy)."
        ) from exc


class Placer:
    """Puts images into a folder, each once.

    Attributes:
        renamed: Where another image had the name already: (name in the dataset, name now).
    """

    def __init__(self, folder: Path, mode: str) -> None:
        self._folder = folder.resolve()
        self._mode = mode
        self._taken: set[str] = set()
        self.renamed: list[tuple[str, str]] = []

    def place(self, record: Record) -> str:
        """Put an image in its place; returns its name there.

        Raises:
            DatasetError: the image is not there or cannot be copied.
        """
        inside = self._inside(record)
        if inside is not None:
            return inside
        is_dicom = record.content is None and is_nameless_dicom(record.image)
        wanted = _safe(record.name, is_dicom=is_dicom)
        try:
            name = self._free_name(wanted, record)
        except OSError as exc:
            raise DatasetError(f"{record.name} cannot be copied: {explain(exc)[0]}.") from exc
        self._taken.add(name.casefold())
        if name != record.name:
            self.renamed.append((record.name, name))
        return name

    def _inside(self, record: Record) -> str | None:
        if record.content is not None:
            return None
        # The folder is resolved, the file is not: it may be a link that belongs to the folder.
        image = record.image.parent.resolve() / record.image.name
        if not image.is_file():
            raise DatasetError(f"The image {record.image} is not there.")
        if image.is_relative_to(self._folder):
            return image.relative_to(self._folder).as_posix()
        return None

    def _free_name(self, wanted: str, record: Record) -> str:
        path = PurePosixPath(wanted)
        number = 1
        while True:
            name = wanted if number == 1 else str(path.with_stem(f"{path.stem}-{number}"))
            target = self._folder / name
            if name.casefold() not in self._taken:
                if not os.path.lexists(target):
                    self._put(record, target)
                    return name
                if _same(record, target):
                    return name
            number += 1

    def _put(self, record: Record, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        content = record.content
        if content is not None:
            write_atomic(target, lambda file: file.write(content()), durable=False)
        elif self._mode == REFER:
            self._link(record.image.absolute(), target)
        else:
            temporary = target.with_name(f".{os.getpid()}.unet-gui.tmp")
            try:
                shutil.copyfile(record.image, temporary)
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)

    @staticmethod
    def _link(image: Path, target: Path) -> None:
        try:
            target.symlink_to(image)
        except (OSError, NotImplementedError) as exc:
            raise DatasetError(
                f"No link to {image} can be made here.", "Let the images be copied (--images copy)."
            ) from exc


def _same(record: Record, target: Path) -> bool:
    if not target.is_file():
        return False
    if record.content is not None:
        return target.read_bytes() == record.content()
    return filecmp.cmp(record.image, target, shallow=False)


def _safe(name: str, *, is_dicom: bool) -> str:
    """A name inside the folder that the program takes for an image's."""
    parts = [p for p in name.replace("\\", "/").split("/") if p not in {"", ".", ".."}]
    parts = [re.sub(r"\A\.|[\0-\x1f]", "_", p) for p in parts] or ["image"]
    if parts[0] == "masks" and len(parts) > 1:
        parts[0] = "masks_"  # a folder of this name is not looked through
    if not is_image_name(parts[-1]):
        parts[-1] += ".dcm" if is_dicom else ".png"
    return "/".join(parts)
