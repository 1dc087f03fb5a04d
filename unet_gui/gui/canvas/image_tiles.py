"""Tiles of the image as they go to the screen: which there are, their colours, which are kept."""

from __future__ import annotations

import itertools
import math
import sys
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen

from unet_gui.core.geometry import Rect

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtCore import QRectF

    from unet_gui.core.display import Display
    from unet_gui.core.document import RgbImage
    from unet_gui.dataset.image_source import ImageSource

TILE: Final = 256

APRON: Final = 2
"""Pixels of the neighbours that each tile carries along: where two meet, both interpolate alike."""

BUDGET: Final = 128 << 20
"""Bytes of tiles kept: those of four large windows."""

AMPLE: Final = 32
"""Tiles that the budget always has room for."""

NEAR: Final = 4
"""A tile of this level stands for 16 megapixels, about as much as is read in a blink."""

_LOW: Final = 0 if sys.byteorder == "little" else 1
"""Which half of a pixel holds green and blue, where a pixel is two uint16."""


class TileKey(NamedTuple):
    """One tile; level k has 2ᵏ image pixels to a pixel of the tile."""

    level: int
    row: int
    column: int

    @property
    def inner(self) -> Rect:
        """What it alone stands for, in pixels of its level; may reach beyond the image."""
        return Rect(0, 0, TILE, TILE).moved(self.column * TILE, self.row * TILE)

    def area(self, shape: tuple[int, int]) -> Rect:
        """What it holds, apron included, of a level of this shape."""
        return self.inner.expanded(APRON).intersection(Rect.of_shape(shape))

    def above(self, by: int) -> TileKey:
        """The tile that shows the same `by` levels coarser."""
        return TileKey(self.level + by, self.row >> by, self.column >> by)

    def below(self) -> list[TileKey]:
        """The four that show the same one level finer."""
        level, row, column = self.level - 1, 2 * self.row, 2 * self.column
        return [TileKey(level, row + y, column + x) for y in (0, 1) for x in (0, 1)]


def level_for(zoom: float, levels: int) -> int:
    """The level just finer than the screen at this zoom."""
    return max(0, min(levels - 1, math.floor(-math.log2(zoom) + 1e-9)))


def to_level(rect: Rect, level: int) -> Rect:
    """The pixels of a level that image pixels in `rect` touch."""
    return Rect(rect.x0 >> level, rect.y0 >> level, -(-rect.x1 >> level), -(-rect.y1 >> level))


def on_image(area: Rect, level: int) -> Rect:
    """Image pixels of pixels of a level; may reach beyond the image."""
    return Rect(area.x0 << level, area.y0 << level, area.x1 << level, area.y1 << level)


class Tint:
    """What makes screen pixels out of image pixels."""

    def __init__(self, display: Display | None = None) -> None:
        self._low: NDArray[np.uint16] | None = None
        self._high: NDArray[np.uint16] | None = None
        if display is not None and not display.neutral:
            red, green, blue = display.lut().astype(np.uint16)
            # Two channels at a time: tables of 2¹⁶ fit the cache and halve the look-ups.
            self._low = (green[:, None] << 8 | blue).ravel()
            self._high = np.tile(np.uint16(0xFF00) | red, 256)

    def apply(self, rgb: RgbImage) -> tuple[QImage, object]:
        """H×W×3 to RGB32, and what owns the memory of that image."""
        height, width = rgb.shape[:2]
        plain = QImage(
            rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888
        ).convertToFormat(QImage.Format.Format_RGB32)
        if self._low is None or self._high is None:
            return plain, None
        halves = np.frombuffer(plain.constBits(), np.uint16).reshape(height, 2 * width)
        shown = np.empty_like(halves)
        high = 1 - _LOW
        shown[:, _LOW::2] = self._low.take(halves[:, _LOW::2], mode="clip")
        shown[:, high::2] = self._high.take(halves[:, high::2], mode="clip")
        image = QImage(shown.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        return image, shown


@dataclass(slots=True)
class ImageTile:
    """Pixels of one tile.

    Attributes:
        area: what it holds, in pixels of its level.
        image: as shown; None where the file is damaged.
        tint: which tint `image` was made with.
        raw: the pixels as read, kept where reading them again would take long.
        rough: made before the coarser levels were.
        memory: what owns the pixels of `image`.
        places: how much it overlaps its neighbours, then where it goes and what of it, in pixels
            of its level and of `image`. Kept by who draws it.
    """

    area: Rect
    image: QImage | None
    tint: Tint
    raw: RgbImage | None = None
    rough: bool = False
    memory: object = None
    places: tuple[float, QRectF, QRectF] | None = None

    @property
    def nbytes(self) -> int:
        shown = self.image.sizeInBytes() if self.image is not None else 0
        return shown + (self.raw.nbytes if self.raw is not None else 0)


def make_tile(source: ImageSource, key: TileKey, tint: Tint, *, rough: bool = False) -> ImageTile:
    """Read and tint a tile.

    Args:
        source: where the pixels are.
        key: which tile.
        tint: how it is shown.
        rough: sample the image in memory instead of waiting for the coarser levels.

    Raises:
        ImageReadError: the file is damaged there, or gone.
    """
    area = key.area(source.level_shape(key.level))
    if rough and source.array is not None:
        step = 1 << key.level
        pixels = np.ascontiguousarray(
            source.array[area.y0 * step : area.y1 * step : step,
                         area.x0 * step : area.x1 * step : step]
        )  # fmt: skip
    else:
        pixels = source.read(area, key.level)
    image, memory = tint.apply(pixels)
    raw = None if source.resident else pixels
    return ImageTile(area, image, tint, raw, rough=rough, memory=memory)


def retint(tile: ImageTile, tint: Tint) -> None:
    """Show a tile of which the pixels are at hand otherwise."""
    if tile.raw is not None:
        tile.image, tile.memory = tint.apply(tile.raw)
    tile.tint = tint


def within_reach(source: ImageSource) -> int:
    """The coarsest level of which a tile can be had without reading much of the image."""
    if source.resident or source.complete:
        return source.levels - 1
    return min(source.levels - 1, max(NEAR, source.levels - 4))


class TileStore:
    """The most recently used tiles within a budget of bytes."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._tiles: OrderedDict[TileKey, ImageTile] = OrderedDict()
        self.nbytes = 0

    def __len__(self) -> int:
        return len(self._tiles)

    def __contains__(self, key: TileKey) -> bool:
        return key in self._tiles

    def get(self, key: TileKey) -> ImageTile | None:
        tile = self._tiles.get(key)
        if tile is not None:
            self._tiles.move_to_end(key)
        return tile

    def put(self, key: TileKey, tile: ImageTile) -> None:
        """Add; the longest unused go, but never this one."""
        self.drop(key)
        self._tiles[key] = tile
        self.nbytes += tile.nbytes
        while self.nbytes > self._budget and len(self._tiles) > 1:
            self.drop(next(iter(self._tiles)))

    def make_room(self, drawn: int) -> None:
        """Keep at least so many tiles, or a view of as many would make them without an end."""
        if drawn > AMPLE and self._tiles:
            each = max(tile.nbytes for tile in itertools.islice(self._tiles.values(), 8))
            self._budget = max(self._budget, 3 * drawn * each // 2)

    def drop(self, key: TileKey) -> None:
        tile = self._tiles.pop(key, None)
        if tile is not None:
            self.nbytes -= tile.nbytes

    def clear(self) -> None:
        self._tiles.clear()
        self.nbytes = 0


def hatch(painter: QPainter, part: QRectF) -> None:
    """Quiet stripes that stand still on the screen, where there is nothing to show."""
    painter.save()
    ground, line = QColor(128, 128, 128, 60), QPen(QColor(128, 128, 128, 150))
    pattern = QImage(8, 8, QImage.Format.Format_ARGB32_Premultiplied)
    pattern.fill(ground)
    with_lines = QPainter(pattern)
    with_lines.setPen(line)
    with_lines.drawLine(0, 7, 7, 0)
    with_lines.end()
    area = painter.transform().mapToPolygon(part.toAlignedRect())
    painter.resetTransform()
    painter.setBrush(QBrush(pattern))
    painter.setPen(QPen(QColor(0, 0, 0, 0)))
    painter.drawPolygon(area)
    painter.restore()
