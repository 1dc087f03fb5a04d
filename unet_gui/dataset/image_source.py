"""Where the pixels of an open image come from: memory, or a file too large for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from unet_gui.dataset.images import load_image
from unet_gui.dataset.memory_image import MemoryImage

if TYPE_CHECKING:
    from pathlib import Path

    from unet_gui.core.document import RgbImage
    from unet_gui.core.geometry import Rect

__all__ = ["ImageSource", "MemoryImage", "open_source"]


@runtime_checkable
class ImageSource(Protocol):
    """The pixels of one image, at full resolution and in coarser levels.

    Level k is ⌈H/2ᵏ⌉×⌈W/2ᵏ⌉ pixels, level 0 the image itself. Every method may be called from any
    thread.
    """

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width)."""

    @property
    def levels(self) -> int:
        """How many levels there are, at least one; the coarsest fits into 512×512."""

    @property
    def resident(self) -> bool:
        """Whether reading is a memory copy and never waits for a disk or a decoder."""

    @property
    def array(self) -> RgbImage | None:
        """The whole image, H×W×3 uint8, read-only; None when it is not in memory."""

    @property
    def nbytes(self) -> int:
        """Memory held now."""

    def level_shape(self, level: int) -> tuple[int, int]:
        """(height, width) of a level."""

    def read(self, rect: Rect, level: int = 0) -> RgbImage:
        """Some pixels of a level, the caller's own.

        Args:
            rect: In pixels of that level, inside its bounds.
            level: 0 .. levels - 1.

        Returns:
            height×width×3 uint8 of `rect`, C-contiguous.

        Raises:
            ImageReadError: the file is damaged there, or gone.
        """

    def close(self) -> None:
        """Let go of the file and of what is cached; no reading afterwards."""


def open_source(path: Path) -> ImageSource:
    """Open an image: into memory.

    Raises:
        ImageReadError: missing, damaged, of an unknown kind, or too large.
    """
    return MemoryImage(load_image(path))
