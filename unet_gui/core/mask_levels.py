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
    from collections.abc import Collection, Generator, Iterator, Mapping

    from numpy.typing import NDArray

    from unet_gui.core.tiled_mask import Key

SMALLEST: Final = 256
"""No level is made of one whose longer side is already this short."""

MOST_LEVELS: Final = 8
"""Beyond that a tile would be less than a pixel."""

PORTION: Final = 8
"""Tiles made at a time while preparing."""

KEPT_FROM: Final = 2
"""The first level that is kept. Level 1 would be three quarters of what all take, and making a
piece of it when it is looked at costs a fraction of drawing it."""


CARRIED: Final = 3
"""The level of which undo carries along what its tiles look like: 1 KiB instead of 64 each. Views
that show more tiles than can be made small within a frame are no finer."""


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

    A tile that has changed is made small anew when it is next looked at, for the level that is
    looked at; the other levels follow when there is time, so that zooming does not wait for them.
    Level 1 is made from the mask itself whenever it is looked at.
    """

    def __init__(self, source: TileReader) -> None:
        self._source = source
        height, width = source.shape
        count = 0
        while max(height, width) >> count > SMALLEST and count < MOST_LEVELS:
            count += 1
        # Zeros are free until they are written to, so empty parts of a mask cost no memory.
        self._small = [
            np.zeros((-(-height >> k), -(-width >> k)), np.uint8)
            for k in range(KEPT_FROM, count + 1)
        ]
        self._levels = 1 + count
        self._stale = [set(source.keys) for _ in self._small]
        # Of stale tiles, what they look like at the level that undo carries along.
        self._told: dict[Key, NDArray[np.uint8]] = {}

    @property
    def levels(self) -> int:
        """How many there are, the mask itself included."""
        return self._levels

    def prepared(self, level: int) -> bool:
        """Whether reading any of a level is quick: nothing of it is yet to be made."""
        return level < KEPT_FROM or not self._stale[level - KEPT_FROM]

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the mask."""
        return self._source.shape

    def tile(self, key: Key) -> NDArray[np.uint8]:
        """A tile of the mask itself, values and not codes; not to be written to."""
        return self._source.tile(key)

    def bounds(self, level: int) -> Rect:
        """All pixels of a level."""
        height, width = self._source.shape
        return Rect(0, 0, -(-width >> level), -(-height >> level))

    def invalidate(self, keys: Collection[Key]) -> None:
        """These tiles have changed; levels catch up where they are next read."""
        for stale in self._stale:
            stale.update(keys)
        for key in keys if self._told else ():
            self._told.pop(key, None)

    def carried(self, key: Key) -> NDArray[np.uint8] | None:
        """What a tile looks like at level 3, to be given back to `swapped` when it is back.

        Returns:
            32×32 codes, 0 beyond the image; None where that is not known, or quickly made anew.
        """
        if self._levels <= CARRIED or key in self._stale[CARRIED - KEPT_FROM]:
            return self._told.get(key)
        if is_uniform(self._source.tile(key)):
            return None
        side = TILE >> CARRIED
        row, column = key[0] * side, key[1] * side
        codes = self._small[CARRIED - KEPT_FROM][row : row + side, column : column + side]
        if codes.shape == (side, side):
            return codes.copy()
        whole = np.zeros((side, side), np.uint8)
        whole[: codes.shape[0], : codes.shape[1]] = codes
        return whole

    def swapped(self, keys: Collection[Key], carried: Mapping[Key, NDArray[np.uint8]]) -> None:
        """These tiles have changed, some of them to what was `carried` before."""
        self.invalidate(keys)
        self._told.update(carried)

    def prepare(self) -> Generator[None, None, None]:
        """Make what is missing, a little at a time; on any thread, but alone."""
        while self.catch_up():
            yield

    def catch_up(self) -> bool:
        """Make some of what is missing, a few milliseconds' work; False when nothing is."""
        stale = next((s for s in self._stale if s), None)
        if stale is None:
            return False
        for key in list(stale)[:PORTION]:
            codes = _codes(self._source.tile(key))
            for level in range(1, self.levels):
                codes = _halved(codes)
                if level >= KEPT_FROM:
                    self._put(level, key, codes)
            self._told.pop(key, None)
        return True

    def read(self, level: int, rect: Rect) -> NDArray[np.uint8]:
        """Codes of `rect`, which is in pixels of that level and inside it."""
        if level == 0:
            codes: NDArray[np.uint8] = self._source.read(rect) + np.uint8(1)
            return codes
        if level < KEPT_FROM:
            return self._halves(rect)
        stale = self._stale[level - KEPT_FROM]
        if stale:
            for key in stale.intersection(rect.tiles(TILE >> level)):
                self._put(level, key, self._made(level, key))
        return self._small[level - KEPT_FROM][rect.slices]

    def _made(self, level: int, key: Key) -> NDArray[np.uint8]:
        """A tile at a level."""
        codes = self._told.get(key) if level >= CARRIED else None
        if codes is None:
            return _reduced(_codes(self._source.tile(key)), level)
        for _ in range(CARRIED, level):
            codes = _halved(codes)
        return codes

    def _halves(self, rect: Rect) -> NDArray[np.uint8]:
        """Level 1 from the mask."""
        out = np.empty((rect.height, rect.width), np.uint8)
        side = TILE >> 1
        for row, column in rect.tiles(side):
            corner = Rect(0, 0, side, side).moved(column * side, row * side)
            part = corner.intersection(rect)
            tile = self._source.tile((row, column))
            inside = Rect(2 * part.x0, 2 * part.y0, 2 * part.x1, 2 * part.y1)
            codes = _codes(tile, inside.moved(-column * TILE, -row * TILE))
            out[part.moved(-rect.x0, -rect.y0).slices] = _halved(codes)
        return out

    def _put(self, level: int, key: Key, codes: NDArray[np.uint8]) -> None:
        self._stale[level - KEPT_FROM].discard(key)
        side = TILE >> level
        row, column = key[0] * side, key[1] * side
        target = self._small[level - KEPT_FROM][row : row + side, column : column + side]
        target[...] = codes if codes.size == 1 else codes[: target.shape[0], : target.shape[1]]


def carried_of(tile: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """What `MaskLevels.carried` would give for a tile."""
    return None if is_uniform(tile) else _reduced(_codes(tile), CARRIED)


def _codes(tile: NDArray[np.uint8], part: Rect | None = None) -> NDArray[np.uint8]:
    """Of a whole tile or part of it; a single one stands for a tile of one value."""
    if is_uniform(tile):
        tile = tile[:1, :1]
    elif part is not None:
        tile = tile[part.slices]
    codes: NDArray[np.uint8] = tile + np.uint8(1)
    return codes


def _halved(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Maxima of 2×2."""
    if codes.size == 1:
        return codes
    rows = np.maximum(codes[::2], codes[1::2])
    return np.maximum(rows[:, ::2], rows[:, 1::2])


def _reduced(codes: NDArray[np.uint8], level: int) -> NDArray[np.uint8]:
    """Maxima of 2ᵏ×2ᵏ; rows first, because whole rows are compared fastest."""
    if codes.size == 1:
        return codes
    codes = codes.reshape(TILE >> level, 1 << level, TILE).max(1)
    for _ in range(level):
        codes = np.maximum(codes[:, ::2], codes[:, 1::2])
    return codes
