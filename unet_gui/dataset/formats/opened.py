"""An image that is cut into crops: opened once for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from unet_gui.dataset import pages

if TYPE_CHECKING:
    from pathlib import Path

    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.core.geometry import Rect
    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.image_source import ImageSource
    from unet_gui.dataset.mask_counts import Counts


class MaskSource(Protocol):
    """The masks of a project, in the process that has opened it or in another."""

    @property
    def name(self) -> str: ...

    def mask_file(self, entry: ImageEntry) -> Path | None: ...

    def load_mask(self, entry: ImageEntry, shape: tuple[int, ...] | None = None) -> ClassMask: ...

    def mask_counts(self, entry: ImageEntry) -> Counts: ...


class Opened:
    """The pixels of one image and its mask, read when first asked for.

    Attributes:
        entry: The image.
    """

    def __init__(self, project: MaskSource, entry: ImageEntry) -> None:
        self.entry = entry
        self._project = project
        self._source: ImageSource | None = None
        self._mask: ClassMask | None = None

    def image(self, window: Rect) -> RgbImage:
        """height×width×3 uint8 of the window.

        Raises:
            ImageReadError: the image cannot be read.
        """
        if self._source is None:
            self._source = pages.source(self.entry)
        return self._source.read(window)

    def mask(self, window: Rect) -> ClassMask:
        """height×width uint8 of class ids, a copy.

        Raises:
            UnetGuiError: the mask cannot be read.
        """
        if self._mask is None:
            self._mask = self._project.load_mask(self.entry)
        return self._mask[window.slices].copy()

    def close(self) -> None:
        """Let go of the file."""
        if self._source is not None:
            self._source.close()
