"""Where the pixels of an open image come from: memory, or a file too large for it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from unet_gui.core.errors import ImageReadError
from unet_gui.dataset import tiff
from unet_gui.dataset.channels import Values
from unet_gui.dataset.decoding import TooLargeError, available_memory
from unet_gui.dataset.images import guarded, image_values, load_image, sliced
from unet_gui.dataset.memory_image import MemoryImage
from unet_gui.dataset.tiff_blocks import NotInPiecesError
from unet_gui.dataset.tiff_tiles import TiledTiff, sample_blocks

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.document import RgbImage
    from unet_gui.core.geometry import Rect
    from unet_gui.core.progress import Progress
    from unet_gui.dataset.channel_view import ChannelView

MEMORY_SHARE: Final = 0.25
"""A TIFF that would take more of the free memory than this is read in pieces, however small."""

_PIECES_HINT: Final = "Save it as a tiled TIFF; that can be opened at any size, piece by piece."

__all__ = ["ImageSource", "MemoryImage", "TiledTiff", "open_source"]


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

    @property
    def complete(self) -> bool:
        """Whether coarse levels are quick to read: `build_levels` has nothing left to do."""

    def build_levels(self) -> Generator[Progress, None, None]:
        """Make coarse levels, so that reading them is quick from then on; a background job."""

    def close(self) -> None:
        """Let go of the file and of what is cached; no reading afterwards."""


def open_source(
    path: Path,
    page: int | None = None,
    view: ChannelView | None = None,
    *,
    cache: Path | None = None,
) -> ImageSource:
    """Open an image: into memory, or a large TIFF to be read in pieces, as it is looked at.

    Args:
        path: The image.
        page: Which of the images in the file, from 0; the first when None.
        view: How its channels are shown; as they come when None.
        cache: Folder where small copies of large images are kept for the next time.

    Raises:
        ImageReadError: missing, damaged, of an unknown kind, or too large.
    """
    try:
        if guarded(path, lambda p: _is_large_tiff(p, page)):
            return guarded(path, lambda p: TiledTiff(p, page, view, cache=cache))
    except ImageReadError as exc:
        if not isinstance(exc.__cause__, NotInPiecesError):
            raise
        return _whole(path, page, view, hint=_PIECES_HINT)
    return _whole(path, page, view)


def image_sample(path: Path, page: int | None, most: int) -> Values:
    """About `most` pixels of an image, all its channels in their own values.

    Raises:
        ImageReadError: as `load_image`.
    """
    try:
        if guarded(path, lambda p: _is_large_tiff(p, page)):
            return guarded(path, lambda p: Values(_few(sample_blocks(p, page), most)))
    except ImageReadError as exc:
        if not isinstance(exc.__cause__, NotInPiecesError):
            raise
    held = image_values(path, page)
    return Values(_few(held.pixels, most), held.limits)


def _few(pixels: NDArray[Any], most: int) -> NDArray[Any]:
    step = max(1, math.isqrt(pixels.shape[0] * pixels.shape[1] // most))
    if pixels.shape[1] == 1:
        return pixels[:: step * step].copy()
    return pixels[::step, ::step].copy()


def _whole(
    path: Path, page: int | None, view: ChannelView | None, *, hint: str = ""
) -> ImageSource:
    try:
        return MemoryImage(load_image(path, page, view))
    except ImageReadError as exc:
        if hint and isinstance(exc.__cause__, (TooLargeError, MemoryError)):
            raise ImageReadError(exc.message, hint) from exc
        raise


def _is_large_tiff(path: Path, page: int | None) -> bool:
    if sliced(path) is not None or not tiff.is_tiff(path):
        return False
    if math.prod(tiff.size(path, page)) > tiff.LARGE:
        return True
    free = available_memory()
    return free is not None and tiff.decoded_bytes(path, page) > free * MEMORY_SHARE
