"""Cutting images into crops of one size."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unet_gui.core.errors import UsageError
from unet_gui.core.geometry import Rect

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIZE = re.compile(r"(\d+)(?:[x×](\d+))?\Z")


@dataclass(frozen=True, slots=True)
class Crops:
    """How images are cut.

    Attributes:
        width: Pixels of a crop; an image that is narrower is not cut that way.
        height: Likewise.
        overlap: Pixels that neighbours share at least, below both sides.

    Raises:
        UsageError: a side of nothing, or an overlap as large as a crop.
    """

    width: int
    height: int
    overlap: int = 0

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise UsageError(f"Crops of {self.width}×{self.height} pixels hold nothing.")
        if not 0 <= self.overlap < min(self.width, self.height):
            raise UsageError(
                f"Crops of {self.width}×{self.height} pixels cannot overlap by {self.overlap}.",
                "The overlap is smaller than a crop.",
            )

    @classmethod
    def parse(cls, size: str, overlap: int = 0) -> Crops:
        """From "512" or "640x480".

        Raises:
            UsageError: it is neither.
        """
        match = _SIZE.match(size.strip().lower())
        if match is None:
            raise UsageError(f"“{size}” is no size.", "Write 512 or 640x480.")
        width = int(match[1])
        return cls(width, int(match[2] or width), overlap)

    def windows(self, shape: tuple[int, int]) -> Iterator[Rect]:
        """The crops of an image of this (height, width), row by row.

        They cover it whole and are all of the same size, since the last of a row or column moves
        inwards instead of being padded. Only an image smaller than a crop gives smaller ones.
        """
        height, width = shape
        for top in _starts(height, self.height, self.overlap):
            for left in _starts(width, self.width, self.overlap):
                yield Rect(left, top, min(width, left + self.width), min(height, top + self.height))


def _starts(length: int, size: int, overlap: int) -> list[int]:
    if length <= size:
        return [0]
    step = size - overlap
    return [*range(0, length - size, step), length - size]
