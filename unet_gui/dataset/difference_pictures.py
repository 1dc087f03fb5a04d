"""A picture of where two masks differ."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import ImageReadError
from unet_gui.dataset import pages
from unet_gui.dataset.files import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.dataset.entries import ImageEntry

ONLY_A: Final = (255, 122, 26)
ONLY_B: Final = (47, 155, 255)
DIFFERENT: Final = (240, 50, 230)
_AGREED: Final = (150, 165, 150)
_NOTHING: Final = (24, 27, 31)


def difference(
    first: ClassMask, second: ClassMask, backdrop: RgbImage | None, background: int | None
) -> RgbImage:
    """Colour where two masks differ.

    Orange is something in A alone, blue in B alone, magenta a different class in each. Where both
    agree the image shows through, dim; without one, what both have is a dim grey.

    Args:
        first: A's H×W class ids, 255 = unlabelled, which counts as nothing.
        second: B's.
        backdrop: H×W×3 image, if there is one.
        background: The class that counts as nothing too; None when no class does.

    Returns:
        H×W×3 uint8.
    """
    left, right = _is_something(first, background), _is_something(second, background)
    if backdrop is not None and backdrop.shape[:2] == first.shape:
        grey = backdrop.mean(axis=2) * 0.45
        picture = np.repeat(grey.astype(np.uint8)[..., np.newaxis], 3, axis=2)
        picture[left & right & (first == second)] += 30
    else:
        picture = np.full((*first.shape, 3), _NOTHING, np.uint8)
        picture[left & right & (first == second)] = _AGREED
    picture[left & ~right] = ONLY_A
    picture[right & ~left] = ONLY_B
    picture[left & right & (first != second)] = DIFFERENT
    return picture


def draw_difference(
    path: Path,
    first: ClassMask,
    second: ClassMask,
    image: ImageEntry | None,
    background: int | None,
) -> None:
    """Write `difference` as PNG, over the image where it can be read.

    Raises:
        OSError: it cannot be written.
    """
    backdrop = None
    if image is not None:
        try:
            backdrop = pages.read(image)
        except ImageReadError:
            backdrop = None  # the differences alone still tell
    data = io.BytesIO()
    Image.fromarray(difference(first, second, backdrop, background)).save(
        data, "PNG", compress_level=3
    )
    write_atomic(path, lambda file: file.write(data.getbuffer()), durable=False)


def _is_something(mask: ClassMask, background: int | None) -> NDArray[np.bool_]:
    something: NDArray[np.bool_] = mask != UNLABELLED
    return something if background is None else something & (mask != background)
