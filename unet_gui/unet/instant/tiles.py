"""Images of any size, a tile at a time: features of all of a large image would fill the memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.geometry import Rect
from unet_gui.unet.instant.memory import MOST_OF_A_CLASS, Painted, joined, remember, thinned

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from unet_gui.core.document import ClassMask
    from unet_gui.unet.instant.features import Maps

TILE: Final = 512
MARGIN: Final = 64
"""What is seen around a tile; about the reach of the fourth level."""

WHOLE: Final = TILE + 2 * MARGIN
"""Sides up to here are not cut."""


def tiles(shape: tuple[int, int]) -> list[Rect]:
    """Tiles that cover an image without overlap, row by row."""
    rows, columns = (_cuts(side) for side in shape)
    return [Rect(x0, y0, x1, y1) for y0, y1 in rows for x0, x1 in columns]


def _cuts(side: int) -> list[tuple[int, int]]:
    if side <= WHOLE:
        return [(0, side)]
    return [(start, min(start + TILE, side)) for start in range(0, side, TILE)]


def seen_around(tile: Rect, shape: tuple[int, int]) -> Rect:
    """The part of an image that is looked at for a tile."""
    return tile.expanded(MARGIN).intersection(Rect.of_shape(shape))


def painted_pixels(
    mask: ClassMask, see: Callable[[Rect], Maps], *, seed: int = 0
) -> Generator[None, None, Painted | None]:
    """What is painted in one image, looking at no more of it than that needs.

    Args:
        mask: H×W uint8, 255 where unlabelled.
        see: Features of a rectangle of the image.
        seed: Of the choice of pixels.

    Yields:
        After each tile.

    Returns:
        None where nothing is painted.
    """
    found = []
    for number, tile in enumerate(tiles(mask.shape)):
        part = mask[tile.slices]
        if (part == UNLABELLED).all():
            continue
        seen = seen_around(tile, mask.shape)
        inside = np.full((seen.height, seen.width), UNLABELLED, np.uint8)
        inside[tile.moved(-seen.x0, -seen.y0).slices] = part
        found.append(remember(see(seen), inside, seed=seed + number))
        yield
    if not found:
        return None
    return found[0] if len(found) == 1 else thinned(joined(found), MOST_OF_A_CLASS, seed)
