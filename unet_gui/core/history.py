"""Undo: the tiles an edit touched, as they were, swapped back and forth.

One edit keeps the 256-pixel tiles it wrote to as compressed copies of their former content. Undo
swaps them with what is there now, redo swaps again, so neither ever replays an edit (the way of
Krita's memento manager).
"""

from __future__ import annotations

import zlib
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.geometry import EMPTY, Rect

if TYPE_CHECKING:
    from numpy.typing import NDArray

TILE: Final = 256
DEFAULT_BUDGET: Final = 128 << 20


@dataclass(slots=True)
class Edit:
    """One undo step: what it is called, what it changed, the tiles as they were before."""

    name: str
    rect: Rect = EMPTY
    tiles: dict[tuple[int, int], bytes] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes held."""
        return sum(len(t) for t in self.tiles.values()) + 200


class EditRecorder:
    """Collects the before-tiles of one edit while it is being made."""

    def __init__(self, name: str, mask: NDArray[np.uint8]) -> None:
        self.name = name
        self.rect = EMPTY
        self._mask = mask
        self._bounds = Rect.of_shape(mask.shape)
        self._before: dict[tuple[int, int], NDArray[np.uint8]] = {}

    def about_to_write(self, rect: Rect) -> None:
        """Keep the tiles under `rect` that no earlier write of this edit has kept."""
        for key in rect.tiles(TILE):
            if key not in self._before:
                self._before[key] = self._mask[tile_rect(key, self._bounds).slices].copy()
        self.rect = self.rect.union(rect)

    def finish(self) -> Edit:
        """Freeze into an undo step; tiles that ended unchanged are dropped."""
        edit = Edit(self.name)
        for key, before in self._before.items():
            area = tile_rect(key, self._bounds)
            if not np.array_equal(before, self._mask[area.slices]):
                edit.tiles[key] = _pack(before)
                edit.rect = edit.rect.union(area.intersection(self.rect))
        return edit

    def revert(self) -> Rect:
        """Put everything back as it was; returns what changed."""
        for key, before in self._before.items():
            self._mask[tile_rect(key, self._bounds).slices] = before
        return self.rect


class History:
    """Undo and redo stacks of one mask, bounded by bytes: the oldest steps go first."""

    def __init__(self, budget: int = DEFAULT_BUDGET) -> None:
        self.budget = budget
        self._undo: deque[Edit] = deque()
        self._redo: list[Edit] = []
        self._size = 0

    @property
    def undo_name(self) -> str:
        """What undo would take back; empty when there is nothing."""
        return self._undo[-1].name if self._undo else ""

    @property
    def redo_name(self) -> str:
        return self._redo[-1].name if self._redo else ""

    @property
    def can_undo(self) -> bool:
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        return bool(self._redo)

    @property
    def size(self) -> int:
        """Bytes held by both stacks."""
        return self._size

    def push(self, edit: Edit) -> None:
        """A new edit: it can be undone, what was undone before cannot be redone any more."""
        if not edit.tiles:
            return
        self._size -= sum(e.size for e in self._redo)
        self._redo.clear()
        self._undo.append(edit)
        self._size += edit.size
        while self._size > self.budget and len(self._undo) > 1:
            self._size -= self._undo.popleft().size

    def undo(self, mask: NDArray[np.uint8]) -> Rect:
        """Swap the last edit's tiles back into `mask`; returns what changed."""
        if not self._undo:
            return EMPTY
        edit = self._undo.pop()
        self._swap(edit, mask)
        self._redo.append(edit)
        return edit.rect

    def redo(self, mask: NDArray[np.uint8]) -> Rect:
        if not self._redo:
            return EMPTY
        edit = self._redo.pop()
        self._swap(edit, mask)
        self._undo.append(edit)
        return edit.rect

    def peek(self, *, redo: bool = False) -> Edit | None:
        """The edit that undo (or redo) would swap next."""
        stack = self._redo if redo else self._undo
        return stack[-1] if stack else None

    def _swap(self, edit: Edit, mask: NDArray[np.uint8]) -> None:
        bounds = Rect.of_shape(mask.shape)
        self._size -= edit.size
        for key, packed in edit.tiles.items():
            tile = mask[tile_rect(key, bounds).slices]
            now = _pack(tile)
            tile[:] = _unpack(packed, tile.shape)
            edit.tiles[key] = now
        self._size += edit.size


def tile_rect(key: tuple[int, int], bounds: Rect) -> Rect:
    """The pixels of the tile at (row, column), cut to the image."""
    row, column = key
    return Rect(column * TILE, row * TILE, (column + 1) * TILE, (row + 1) * TILE).intersection(
        bounds
    )


def _pack(tile: NDArray[np.uint8]) -> bytes:
    # Masks are large areas of one value: level 1 already makes some hundred bytes of a tile.
    return zlib.compress(tile.tobytes(), 1)


def _unpack(packed: bytes, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    return np.frombuffer(zlib.decompress(packed), np.uint8).reshape(shape)
