"""Masks that were drawn on an image as it is stored, not as it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.dataset.decoding import open_image
from unet_gui.dataset.tiff import upright

if TYPE_CHECKING:
    from pathlib import Path

    from unet_gui.core.document import ClassMask

_ORIENTATION: Final = 0x0112


def as_stored(image: Path, mask: ClassMask) -> ClassMask | None:
    """The mask turned like its image, where it has the size of the image's stored pixels.

    Only for images that the camera's tag turns by a quarter, where width and height tell; None
    for all others.
    """
    try:
        with open_image(image) as opened:
            orientation = opened.getexif().get(_ORIENTATION, 1)
            stored = (opened.height, opened.width)
    except (OSError, ValueError, SyntaxError):
        return None
    if orientation not in {5, 6, 7, 8} or mask.shape != stored:
        return None
    return np.ascontiguousarray(upright(mask[..., np.newaxis], orientation)[..., 0])
