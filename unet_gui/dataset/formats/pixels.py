"""Writing the images and masks of an export."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import ExportError
from unet_gui.dataset.decoding import open_image
from unet_gui.dataset.images import load_image
from unet_gui.dataset.mask_counts import count
from unet_gui.dataset.masks import save_mask

if TYPE_CHECKING:
    from pathlib import Path

    from unet_gui.core.classes import ClassTable
    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.project import Project

_ORIENTATION: Final = 0x0112
_JPEG_LIMIT: Final = 65535


@dataclass(slots=True)
class Tally:
    """What happened to pixels on the way; turned into warnings at the end."""

    pixels: dict[int, int] = field(default_factory=dict)
    compressed: int = 0
    converted: int = 0

    def warnings(self, classes: ClassTable) -> list[str]:
        said = []
        if self.compressed:
            said.append(
                f"{self.compressed} images were compressed to JPEG, which changes pixels a little."
            )
        if self.converted:
            said.append(
                f"{self.converted} images were written as 8-bit RGB, as the program shows them."
            )
        unused = [c.name for c in classes if not self.pixels.get(c.id)]
        if unused:
            said.append(f"No pixel has the class {', '.join(unused)}.")
        unknown = sorted(set(self.pixels) - {*classes.ids, UNLABELLED})
        if unknown:
            said.append(
                f"The masks hold ids that no class has: {', '.join(map(str, unknown))}. "
                "They were written as they are."
            )
        return said


def write_mask(project: Project, entry: ImageEntry, target: Path, tally: Tally) -> None:
    """Write the mask as palette PNG, pixel = class id, 255 = unlabelled.

    Raises:
        UnetGuiError: the mask cannot be read or written.
    """
    mask = project.load_mask(entry)
    for value, number in count(mask).items():
        tally.pixels[value] = tally.pixels.get(value, 0) + number
    save_mask(target, mask, project.classes)


def write_png(entry: ImageEntry, target: Path, tally: Tally) -> None:
    """Write the image as PNG without loss: the very file when it is one and upright.

    Raises:
        ImageReadError: the image cannot be read.
        OSError: it cannot be written.
    """
    if _is_upright(entry.path, "PNG"):
        shutil.copyfile(entry.path, target)
        return
    if not _is_upright(entry.path, "JPEG", "BMP", "WEBP", "PPM", "GIF"):
        tally.converted += 1
    Image.fromarray(load_image(entry.path)).save(target, "PNG", compress_level=1)


def write_jpeg(entry: ImageEntry, target: Path, tally: Tally) -> None:
    """Write the image as JPEG: the very file when it is one and upright, else quality 95, 4:4:4.

    Raises:
        ImageReadError: the image cannot be read.
        ExportError: it is wider or higher than JPEG allows.
        OSError: it cannot be written.
    """
    if _is_upright(entry.path, "JPEG"):
        shutil.copyfile(entry.path, target)
        return
    pixels = load_image(entry.path)
    if max(pixels.shape) > _JPEG_LIMIT:
        raise ExportError(
            f"{entry.name} is too large for JPEG, which ends at {_JPEG_LIMIT} pixels a side.",
            "Export image and mask pairs instead (--format png).",
        )
    tally.compressed += 1
    grey = bool(np.array_equal(pixels[..., 0], pixels[..., 1])) and bool(
        np.array_equal(pixels[..., 0], pixels[..., 2])
    )
    image = Image.fromarray(pixels[..., 0].copy() if grey else pixels)
    image.save(target, "JPEG", quality=95, subsampling=0)


def _is_upright(path: Path, *formats: str) -> bool:
    """Whether the file is of one of these formats, not in printer's inks, and needs no turning."""
    try:
        with open_image(path) as image:
            if image.format not in formats or image.mode == "CMYK":
                return False
            return image.getexif().get(_ORIENTATION, 1) in {0, 1}
    except (OSError, ValueError, SyntaxError):
        return False
