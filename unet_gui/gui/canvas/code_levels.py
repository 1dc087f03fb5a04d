"""A mask at every size for looking from afar, kept up to date tile by tile; numpy, no Qt.

It hands out *codes*: class id + 1, and 0 for unlabelled. A level is the maximum over 2×2 of the one
below, so that from afar a labelled pixel wins over an unlabelled one and a high class id, mostly
the small things, over a low one, mostly the ground: thin structures stay visible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from unet_gui.core.geometry import Rect
from unet_gui.core.tiled_mask import TILE, TiledMask, key_rect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.core.tiled_mask import Key

SMALLEST: Final = 256
"""No level is made of one whose longer side is already this short."""

MOST_LEVELS: Final = 8
"""Beyond that a tile would be less than a pixel."""


class TileReader(Protocol):
    """Where mask values come from: a document, or a prediction."""

    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def keys(self) -> Iterator[Key]: ...
    def tile(self, key: Key) -> NDArray[np.uint8]: ...
    def read(self, rect: Rect) -> ClassMask: ...


class ArrayTiles:
    """A whole H×W uint8 array seen as tiles; nothing is copied but what is asked for."""

    def __init__(self, mask: ClassMask) -> None:
        self._mask = mask
        self._bounds = Rect.of_shape(mask.shape)

    @property
    def shape(self) -> tuple[int, int]:
        return self._mask.shape[0], self._mask.shape[1]

    @property
    def keys(self) -> Iterator[Key]:
        return self._bounds.tiles(TILE)

    def tile(self, key: Key) -> NDArray[np.uint8]:
        return TiledMask.padded(self._mask[key_rect(key).intersection(self._bounds).slices])

    def read(self, rect: Rect) -> ClassMask:
        return self._mask[rect.slices]


class CodeLevels:
    """The levels of one mask; level k is ⌈H/2ᵏ⌉×⌈W/2ᵏ⌉.

    Each level follows from the tiles of the mask directly and only when it is looked at, so a
    stroke costs the level on the screen and no other.
    """

    def __init__(self, source: TileReader) -> None:
        self._source = source
        height, width = source.shape
        count = 0
        while max(height, width) >> count > SMALLEST and count < MOST_LEVELS:
            count += 1
        self._small: list[NDArray[np.uint8] | None] = [None] * count
        self._stale: list[set[Key]] = [set() for _ in range(count)]

    @property
    def levels(self) -> int:
        """How many there are, the mask itself included."""
        return 1 + len(self._small)

    def bounds(self, level: int) -> Rect:
        """All pixels of a level."""
        height, width = self._source.shape
        return Rect(0, 0, -(-width >> level), -(-height >> level))

    def invalidate(self, keys: Iterable[Key]) -> None:
        """These tiles have changed; levels catch up where they are next read."""
        keys = list(keys)
        for stale in self._stale:
            stale.update(keys)

    def read(self, level: int, rect: Rect) -> NDArray[np.uint8]:
        """Codes of `rect`, which is in pixels of that level and inside it."""
        if level == 0:
            codes: NDArray[np.uint8] = self._source.read(rect) + np.uint8(1)
            return codes
        small = self._small[level - 1]
        if small is None:
            bounds = self.bounds(level)
            # zeros are free until they are written to, so empty parts of a mask cost no memory
            small = self._small[level - 1] = np.zeros((bounds.height, bounds.width), np.uint8)
            self._stale[level - 1] = set(self._source.keys)
        stale = self._stale[level - 1]
        if stale:
            self._catch_up(small, level, stale.intersection(rect.tiles(TILE >> level)))
        return small[rect.slices]

    def _catch_up(self, small: NDArray[np.uint8], level: int, keys: set[Key]) -> None:
        side = TILE >> level
        for row, column in keys:
            codes = _reduced(self._source.tile((row, column)) + np.uint8(1), level)
            target = small[row * side : (row + 1) * side, column * side : (column + 1) * side]
            target[...] = codes[: target.shape[0], : target.shape[1]]
        self._stale[level - 1] -= keys


def _reduced(codes: NDArray[np.uint8], level: int) -> NDArray[np.uint8]:
    """Maxima of 2ᵏ×2ᵏ blocks; rows first, because whole rows are compared fastest."""
    block = 1 << level
    codes = codes.reshape(TILE >> level, block, TILE).max(1)
    for _ in range(level):
        codes = np.maximum(codes[:, ::2], codes[:, 1::2])
    return codes
