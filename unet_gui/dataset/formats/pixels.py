"""The images and masks of an export as the bytes of files."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import ExportError
from unet_gui.dataset import pages
from unet_gui.dataset.decoding import open_image, raw_mode
from unet_gui.dataset.formats.flat_png import flat_png

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.dataset.entries import ImageEntry

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

    def count(self, pixels: Mapping[int, int]) -> None:
        """Count exported pixels by mask value in."""
        for value, number in pixels.items():
            self.pixels[value] = self.pixels.get(value, 0) + number

    def add(self, other: Tally) -> None:
        """Count another tally in."""
        self.count(other.pixels)
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


def mask_bytes(mask: ClassMask, classes: ClassTable) -> bytes:
    """A mask as palette PNG, pixel = class id, 255 = unlabelled.

    Not through `save_mask`: an export appears as a whole, so its files need not reach the disk
    one by one.
    """
    return flat_png(mask, palette_of(classes))


@lru_cache(maxsize=4)
def palette_of(classes: ClassTable) -> bytes:
    """256 colours of three bytes. Working them out takes longer than writing a small mask."""
    return classes.palette().tobytes()


def png_of(entry: ImageEntry, tally: Tally) -> bytes:
    """The image as PNG without loss.

    Raises:
        ImageReadError: the image cannot be read.
    """
    if not (pages.is_whole_file(entry) and holds_rgb(entry.path)):
        tally.converted += 1
    return png_bytes(Image.fromarray(pages.read(entry)))


def png_bytes(image: Image.Image) -> bytes:
    """An image as PNG, quickly."""
    return _encoded(image, "PNG", compress_level=1)


def jpeg_bytes(pixels: RgbImage, name: str, tally: Tally) -> bytes:
    """H×W×3 uint8 as JPEG of quality 95, 4:4:4; grey where all of it is.

    Raises:
        ExportError: it is wider or higher than JPEG allows; says so of `name`.
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
    return _encoded(image, "JPEG", quality=95, subsampling=0)


def _encoded(image: Image.Image, kind: str, **how: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def holds_rgb(path: Path) -> bool:
    """Whether the file holds nothing that 8-bit RGB cannot: no depth, no more channels."""
    try:
        with open_image(path) as image:
            return image.mode in _EIGHT_BIT and "16" not in raw_mode(image)
    except (OSError, ValueError, SyntaxError):
        return False
