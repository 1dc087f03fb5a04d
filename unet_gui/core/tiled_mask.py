"""A mask in tiles: only labelled places cost memory, and copies share what nobody has changed.

A tile that no edit touches any more is never written to again: whoever wants to write gets a copy
of it first. So undo and saving keep references to tiles instead of copying pixels.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.geometry import Rect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray


TILE: Final = 256
"""Side of a tile in pixels. Tiles at the right and lower edge are whole too; what they have beyond
the image is unlabelled and means nothing."""

Key = tuple[int, int]
"""(row, column) of a tile."""


@cache
def uniform(value: int) -> NDArray[np.uint8]:
    """The one tile that holds nothing but `value`; read-only, shared by everybody."""
    tile = np.full((TILE, TILE), value, np.uint8)
    tile.flags.writeable = False
    return tile


def is_uniform(tile: NDArray[np.uint8]) -> bool:
    """Whether it is one of the shared tiles of a single value. Looks at no pixel but one."""
    return tile is uniform(int(tile[0, 0]))


def key_rect(key: Key) -> Rect:
    """The pixels of a tile, also those beyond the image."""
    row, column = key
    return Rect(column * TILE, row * TILE, (column + 1) * TILE, (row + 1) * TILE)


class MaskSnapshot:
    """A mask as it was at one moment; costs next to nothing, and any thread may read it.

    Attributes:
        shape: (height, width).
        tiles: uint8 TILE×TILE by key; a missing one is unlabelled. Nobody writes to them.
        revision: of the document when it was taken.
    """

    __slots__ = ("revision", "shape", "tiles")

    def __init__(
        self, shape: tuple[int, int], tiles: Mapping[Key, NDArray[np.uint8]], revision: int = 0
    ) -> None:
        self.shape = shape
        self.tiles = tiles
        self.revision = revision

    @property
    def bounds(self) -> Rect:
        return Rect.of_shape(self.shape)

    def tile(self, key: Key) -> NDArray[np.uint8]:
        """uint8 TILE×TILE, not to be written to."""
        return self.tiles.get(key, uniform(UNLABELLED))

    def read(self, rect: Rect) -> NDArray[np.uint8]:
        """A copy of the pixels of `rect`, which lies inside the image."""
        return read_tiles(self.tiles, rect)

    def to_array(self) -> NDArray[np.uint8]:
        """H×W uint8, all of it."""
        return self.read(self.bounds)


class TiledMask:
    """An H×W uint8 mask in tiles.

    Args:
        shape: (height, width).
        tiles: what is labelled already, uint8 TILE×TILE by key; taken over, never written to.
    """

    def __init__(
        self, shape: tuple[int, int], tiles: Mapping[Key, NDArray[np.uint8]] | None = None
    ) -> None:
        self.shape = shape
        self.bounds = Rect.of_shape(shape)
        self._tiles: dict[Key, NDArray[np.uint8]] = dict(tiles or {})
        self._own: set[Key] = set()

    @classmethod
    def of_array(cls, mask: NDArray[np.uint8]) -> TiledMask:
        """Cut an array into tiles.

        Raises:
            ValueError: it is not H×W uint8.
        """
        if mask.ndim != 2 or mask.dtype != np.uint8:
            raise ValueError(f"a mask is H×W uint8, not {mask.dtype} {mask.shape}")
        new = cls((mask.shape[0], mask.shape[1]))
        for key in new.bounds.tiles(TILE):
            area = key_rect(key).intersection(new.bounds)
            new.put(key, new.padded(mask[area.slices]))
        return new

    @staticmethod
    def padded(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A whole tile of what lies inside the image, always a copy."""
        tile = np.full((TILE, TILE), UNLABELLED, np.uint8)
        tile[: pixels.shape[0], : pixels.shape[1]] = pixels
        return tile

    @property
    def keys(self) -> Iterator[Key]:
        """Of the tiles that hold something; all others are unlabelled."""
        return iter(self._tiles)

    @property
    def nbytes(self) -> int:
        """Memory held, shared tiles not counted."""
        return sum(t.nbytes for t in self._tiles.values() if not is_uniform(t))

    def tile(self, key: Key) -> NDArray[np.uint8]:
        """uint8 TILE×TILE, not to be written to."""
        return self._tiles.get(key, uniform(UNLABELLED))

    def put(self, key: Key, tile: NDArray[np.uint8]) -> None:
        """Replace a tile; nobody may write to it afterwards. One of a single value is shared."""
        value = int(tile[0, 0])
        # Mostly its first row or column tells already.
        if (
            tile is not uniform(value)
            and (tile[0] == value).all()
            and (tile[:, 0] == value).all()
            and (tile == value).all()
        ):
            tile = uniform(value)
        self.swap(key, tile)

    def swap(self, key: Key, tile: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """As `put`, of a tile that was put before; returns the one that was there."""
        self._own.discard(key)
        blank = uniform(UNLABELLED)
        if tile is blank:
            return self._tiles.pop(key, blank)
        before = self._tiles.get(key, blank)
        self._tiles[key] = tile
        return before

    def writable(self, key: Key) -> NDArray[np.uint8]:
        """A tile to write to: from now on nobody else has it, until it is released."""
        if key not in self._own:
            self._tiles[key] = self.tile(key).copy()
            self._own.add(key)
        return self._tiles[key]

    def release(self, key: Key) -> NDArray[np.uint8]:
        """End writing to a tile, so that it can be shared; returns it."""
        if key in self._own:
            self.put(key, self._tiles[key])
        return self.tile(key)

    def snapshot(self, revision: int = 0) -> MaskSnapshot:
        """The mask as it is now."""
        self._own.clear()
        return MaskSnapshot(self.shape, dict(self._tiles), revision)

    def read(self, rect: Rect) -> NDArray[np.uint8]:
        """A copy of the pixels of `rect`, which lies inside the image."""
        return read_tiles(self._tiles, rect)

    def value_at(self, x: int, y: int) -> int:
        """Of one pixel."""
        return int(self.tile((y // TILE, x // TILE))[y % TILE, x % TILE])

    def sample(self, rect: Rect, side: int) -> NDArray[np.uint8]:
        """A small picture of `rect`: every so-many-th pixel, at most `side` wide and high."""
        step = max(1, -(-max(rect.width, rect.height) // side))
        ys, xs = range(rect.y0, rect.y1, step), range(rect.x0, rect.x1, step)
        if step < 32:
            return self.read(rect)[::step, ::step].copy()
        return np.array([[self.value_at(x, y) for x in xs] for y in ys], np.uint8)


def read_tiles(tiles: Mapping[Key, NDArray[np.uint8]], rect: Rect) -> NDArray[np.uint8]:
    """The pixels of `rect` put together from tiles, always a copy."""
    out = np.full((rect.height, rect.width), UNLABELLED, np.uint8)
    for key in rect.tiles(TILE):
        tile = tiles.get(key)
        if tile is not None:
            whole = key_rect(key)
            area = whole.intersection(rect)
            target = out[area.moved(-rect.x0, -rect.y0).slices]
            target[...] = tile[area.moved(-whole.x0, -whole.y0).slices]
    return out
