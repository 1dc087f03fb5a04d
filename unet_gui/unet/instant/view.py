"""An image as the live learner sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from unet_gui.core.document import RgbImage
    from unet_gui.core.geometry import Rect
    from unet_gui.dataset.files import Stamp

Key: TypeAlias = "tuple[str, Stamp | None, Rect]"
"""Whose features: an image, its file's state, and which part of it."""


@dataclass(frozen=True, slots=True)
class View:
    """An image to learn from or to answer for.

    Attributes:
        name: Of the image.
        shape: Height and width.
        read: The pixels of a rectangle, h×w×3 uint8; any thread.
        stamp: Of the file.
        shown: How its channels are shown, for other pixels have other features.
    """

    name: str
    shape: tuple[int, int]
    read: Callable[[Rect], RgbImage]
    stamp: Stamp | None = None
    shown: str = ""

    def key(self, rect: Rect) -> Key:
        """Of the features of a rectangle."""
        return self.name + self.shown, self.stamp, rect
