"""Writing the images and masks of an export."""

from __future__ import annotations

import mmap
import shutil
import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import ExportError
from unet_gui.dataset import pages
from unet_gui.dataset.decoding import open_image, raw_mode
from unet_gui.dataset.mask_counts import count

if TYPE_CHECKING:
    from pathlib import Path

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.dataset.entries import ImageEntry

_ORIENTATION: Final = 0x0112
_TURNING: Final = (b"eXIf", b"Raw profile type", b"adobe.xmp")
_JPEG_LIMIT: Final = 65535
_EIGHT_BIT: Final = frozenset({"1", "L", "P", "RGB"})


@dataclass(slots=True)
class Tally:
    """What happened to pixels on the way; turned into warnings at the end.

    Attributes:
        pixels: Exported pixels by mask value.
        compressed: Images that became JPEG.
        converted: Images that became 8-bit RGB.
        notes: How many images a sentence is true of; "{}" in it becomes that number.
    """

    pixels: dict[int, int] = field(default_factory=dict)
    compressed: int = 0
    converted: int = 0
    notes: dict[str, int] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Count another tally in."""
        for value, number in other.pixels.items():
            self.pixels[value] = self.pixels.get(value, 0) + number
        for sentence, number in other.notes.items():
            self.notes[sentence] = self.notes.get(sentence, 0) + number
        self.compressed += other.compressed
        self.converted += other.converted

    def to_json(self) -> list[Any]:
        return [list(self.pixels.items()), self.compressed, self.converted, self.notes]

    @classmethod
    def from_json(cls, data: list[Any]) -> Tally:
        pixels, compressed, converted, notes = data
        return cls({int(k): int(v) for k, v in pixels}, compressed, converted, dict(notes))

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
        return said + [sentence.format(number) for sentence, number in self.notes.items()]


def tally_mask(mask: ClassMask, tally: Tally) -> None:
    """Count the pixels of a mask."""
    for value, number in count(mask).items():
        tally.pixels[value] = tally.pixels.get(value, 0) + number


def write_mask(target: Path, mask: ClassMask, classes: ClassTable) -> None:
    """Write a mask as palette PNG, pixel = class id, 255 = unlabelled.

    Not through `save_mask`: an export appears as a whole, so its files need not reach the disk
    one by one.

    Raises:
        OSError: the disk is full, ….
    """
    image = Image.fromarray(mask)
    image.putpalette(_palette(classes))
    image.save(target, "PNG", compress_level=1, compress_type=zlib.Z_RLE)


@lru_cache(maxsize=4)
def _palette(classes: ClassTable) -> bytes:
    """Working out 255 colours takes longer than writing a small mask."""
    return classes.palette().tobytes()


def write_png(entry: ImageEntry, target: Path, tally: Tally) -> None:
    """Write the image as PNG without loss: the very file when it is one and upright.

    Raises:
        ImageReadError: the image cannot be read.
        OSError: it cannot be written.
    """
    whole = pages.is_whole_file(entry)
    if whole and _is_upright(entry.path, "PNG"):
        shutil.copyfile(entry.path, target)
        return
    if not (whole and _is_upright(entry.path, "JPEG", "BMP", "WEBP", "PPM", "GIF")):
        tally.converted += 1
    save_png(pages.read(entry), target)


def save_png(pixels: RgbImage, target: Path) -> None:
    """Write H×W×3 uint8 as PNG.

    Raises:
        OSError: it cannot be written.
    """
    Image.fromarray(pixels).save(target, "PNG", compress_level=1)


def write_jpeg(entry: ImageEntry, target: Path, tally: Tally) -> None:
    """Write the image as JPEG: the very file when it is one and upright, else quality 95, 4:4:4.

    Raises:
        ImageReadError: the image cannot be read.
        ExportError: it is wider or higher than JPEG allows.
        OSError: it cannot be written.
    """
    if pages.is_whole_file(entry) and _is_upright(entry.path, "JPEG"):
        shutil.copyfile(entry.path, target)
        return
    save_jpeg(pages.read(entry), target, entry.name, tally)


def save_jpeg(pixels: RgbImage, target: Path, name: str, tally: Tally) -> None:
    """Write H×W×3 uint8 as JPEG of quality 95, 4:4:4; grey where all of it is.

    Raises:
        ExportError: it is wider or higher than JPEG allows; says so of `name`.
        OSError: it cannot be written.
    """
    if max(pixels.shape) > _JPEG_LIMIT:
        raise ExportError(
            f"{name} is too large for JPEG, which ends at {_JPEG_LIMIT} pixels a side.",
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
            if image.format == "PNG" and not _may_be_turned(path):
                return True
            return image.getexif().get(_ORIENTATION, 1) in {0, 1}
    except (OSError, ValueError, SyntaxError):
        return False


def _may_be_turned(path: Path) -> bool:
    """Whether a PNG says anything that could turn it. To ask Pillow would decode all its pixels."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return any(data.find(word) >= 0 for word in _TURNING)


def holds_rgb(path: Path) -> bool:
    """Whether the file holds nothing that 8-bit RGB cannot: no depth, no more channels."""
    try:
        with open_image(path) as image:
            return image.mode in _EIGHT_BIT and "16" not in raw_mode(image)
    except (OSError, ValueError, SyntaxError):
        return False
