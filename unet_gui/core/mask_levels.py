"""A mask at every size for looking from afar, kept up to date tile by tile; numpy, no Qt.

It hands out *codes*: class id + 1, and 0 for unlabelled. A level is the maximum over 2×2 of the one
below, so that from afar a labelled pixel wins over an unlabelled one and a high class id, mostly
the small things, over a low one, mostly the ground: thin structures stay visible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from unet_gui.core.geometry import Rect
from unet_gui.core.tiled_mask import TILE, TiledMask, is_uniform, key_rect

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from numpy.typing import NDArray

    from unet_gui.core.tiled_mask import Key

SMALLEST: Final = 256
"""No level is made of one whose longer side is already this short."""

MOST_LEVELS: Final = 8
"""Beyond that a tile would be less than a pixel."""

PORTION: Final = 256
"""Tiles made at a time while preparing."""


class TileReader(Protocol):
    """Where mask values come from: a document, or a prediction."""

    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def keys(self) -> Iterator[Key]: ...
    def tile(self, key: Key) -> NDArray[np.uint8]: ...
    def read(self, rect: Rect) -> NDArray[np.uint8]: ...


class ArrayTiles:
    """A whole H×W uint8 array seen as tiles; nothing is copied but what is asked for."""

    def __init__(self, mask: NDArray[np.uint8]) -> None:
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

    def read(self, rect: Rect) -> NDArray[np.uint8]:
        return self._mask[rect.slices]


class MaskLevels:
    """The levels of one mask; level k is ⌈H/2ᵏ⌉×⌈W/2ᵏ⌉.

    A tile that has changed is made small anew, for all levels at once, when one of them is next
    looked at there: some ten microseconds, so zooming never waits for a level.
    """

    def __init__(self, source: TileReader) -> None:
        self._source = source
        height, width = source.shape
        count = 0
        while max(height, width) >> count > SMALLEST and count < MOST_LEVELS:
            count += 1
        # Zeros are free until they are written to, so empty parts of a mask cost no memory.
        self._small = [
            np.zeros((-(-height >> k), -(-width >> k)), np.uint8) for k in range(1, count + 1)
        ]
        self._stale = set(source.keys) if count else set()

    @property
    def levels(self) -> int:
        """How many there are, the mask itself included."""
        return 1 + len(self._small)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the mask."""
        return self._source.shape

    def bounds(self, level: int) -> Rect:
        """All pixels of a level."""
        height, width = self._source.shape
        return Rect(0, 0, -(-width >> level), -(-height >> level))

    def invalidate(self, keys: Iterable[Key]) -> None:
        """These tiles have changed; levels catch up where they are next read."""
        if self._small:
            self._stale.update(keys)

    def prepare(self) -> Generator[int, None, None]:
        """Make what is missing, yielding how many tiles are left; on any thread, but alone."""
        while self._stale:
            for key in list(self._stale)[:PORTION]:
                self._renew(key)
            yield len(self._stale)

    def read(self, level: int, rect: Rect) -> NDArray[np.uint8]:
        """Codes of `rect`, which is in pixels of that level and inside it."""
        if level == 0:
            codes: NDArray[np.uint8] = self._source.read(rect) + np.uint8(1)
            return codes
        if self._stale:
            for key in self._stale.intersection(rect.tiles(TILE >> level)):
                self._renew(key)
        return self._small[level - 1][rect.slices]

    def _renew(self, key: Key) -> None:
        """Maxima of 2×2, and again, into every level."""
        self._stale.discard(key)
        tile = self._source.tile(key)
        if is_uniform(tile):
            codes = tile[:1, :1] + np.uint8(1)
        else:
            codes = tile + np.uint8(1)
        for level, small in enumerate(self._small, 1):
            if codes.size > 1:
                codes = np.maximum(codes[::2], codes[1::2])
                codes = np.maximum(codes[:, ::2], codes[:, 1::2])
            side = TILE >> level
            row, column = key[0] * side, key[1] * side
            target = small[row : row + side, column : column + side]
            target[...] = codes if codes.size == 1 else codes[: target.shape[0], : target.shape[1]]
