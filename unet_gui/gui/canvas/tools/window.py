"""The part of the image that an assisted tool looks at, perhaps in a coarser level."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from unet_gui.core.geometry import EMPTY, Rect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.core.brush import Point
    from unet_gui.dataset.image_source import ImageSource
    from unet_gui.gui.canvas.tools.base import Region


class Window(NamedTuple):
    """A rectangle of a level of the image.

    Attributes:
        rect: in pixels of the level.
        level: each of its pixels stands for 2ᵏ by 2ᵏ of the image.
    """

    rect: Rect
    level: int

    def inside(self, pixel: tuple[int, int]) -> tuple[int, int]:
        """(x, y) in the window of the pixel that stands for an image pixel, or the nearest one."""
        rect = self.rect
        x = min(max(pixel[0] >> self.level, rect.x0), rect.x1 - 1)
        y = min(max(pixel[1] >> self.level, rect.y0), rect.y1 - 1)
        return x - rect.x0, y - rect.y0

    def point(self, x: float, y: float) -> Point:
        """The image point in the middle of a pixel of the window."""
        size = 1 << self.level
        return (self.rect.x0 + x + 0.5) * size, (self.rect.y0 + y + 0.5) * size

    def holds(self, point: Point) -> bool:
        """Whether an image point is seen through the window."""
        rect = on_image(self.rect, self.level)
        return rect.x0 <= point[0] < rect.x1 and rect.y0 <= point[1] < rect.y1


def window_around(source: ImageSource, wanted: Rect, pixel: tuple[int, int], most: int) -> Window:
    """What lies in `wanted`, and the pixel, at the finest level that has no more than `most`."""
    x, y = pixel
    wanted = wanted.union(Rect(x, y, x + 1, y + 1))
    rect, level = wanted, 0
    while rect.width * rect.height > most and level + 1 < source.levels:
        level += 1
        rect = on_level(wanted, level).intersection(Rect.of_shape(source.level_shape(level)))
    return Window(rect, level)


def on_level(rect: Rect, level: int) -> Rect:
    """The pixels of a level that stand for any of these image pixels."""
    size = 1 << level
    return Rect(rect.x0 // size, rect.y0 // size, -(-rect.x1 // size), -(-rect.y1 // size))


def on_image(rect: Rect, level: int) -> Rect:
    """The image pixels that these pixels of a level stand for."""
    return Rect(rect.x0 << level, rect.y0 << level, rect.x1 << level, rect.y1 << level)


def enlarged(region: Region, level: int, bounds: Rect) -> Region:
    """A region of a level in pixels of the image."""
    rect, where = region
    if level == 0 or rect.empty:
        return region
    whole = on_image(rect, level)
    inside = whole.intersection(bounds)
    large = where.repeat(1 << level, 0).repeat(1 << level, 1)
    return inside, large[inside.moved(-whole.x0, -whole.y0).slices]


def cropped(window: Rect, where: NDArray[np.bool_]) -> Region:
    """The smallest rectangle around what was found in a window."""
    rows, columns = np.flatnonzero(where.any(1)), np.flatnonzero(where.any(0))
    if not len(rows):
        return EMPTY, np.zeros((0, 0), np.bool_)
    box = Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return box.moved(window.x0, window.y0), where[box.slices]
