"""Undo: the tiles an edit touched, as they were, swapped back and forth.

One edit keeps the tiles it wrote to as they were before. Undo swaps them with what is there now,
redo swaps again, so neither ever replays an edit (the way of Krita's memento manager). Tiles are
shared with the mask until it changes them, then packed when there is time, and past a budget of
memory put away into a store; without one the oldest steps are dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.tile_codec import join, pack, split, unpack
from unet_gui.core.tiled_mask import is_uniform, key_rect, uniform

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from unet_gui.core.tiled_mask import Key, TiledMask

DEFAULT_BUDGET: Final = 64 << 20
"""Bytes of undo kept in memory for one image."""

FRESH: Final = 32 << 20
"""Bytes of tiles of the newest edits that stay unpacked: undoing them costs nothing. A stroke
across a huge image seen whole takes half of them."""

PORTION: Final = 32
"""Tiles packed at a time, a millisecond's work."""

ROUGH: Final = 2 * FRESH
"""Bytes of unpacked tiles beyond which packing waits for nobody."""

_HEAD: Final = 100
"""Bytes that any object takes beside its content."""

PREVIEW: Final = 32
"""Side of the small pictures of the steps, in pixels."""


Carried = dict["Key", "NDArray[np.uint8]"]
Carry = Callable[["Key"], "NDArray[np.uint8] | None"]


class UndoStore(Protocol):
    """Where tiles go that memory has no room for."""

    def put(self, data: bytes) -> object:
        """Keep `data`; returns what to ask for it with."""

    def get(self, handle: object) -> bytes:
        """What was put; any UnetGuiError if that is gone."""

    def drop(self, handle: object) -> None:
        """It will not be asked for any more."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the history, to be shown.

    Attributes:
        name: what the person did.
        rect: the pixels it changed.
        preview: h×w uint8 class ids, at most 32×32: how those pixels looked afterwards.
    """

    name: str
    rect: Rect
    preview: NDArray[np.uint8]


@dataclass(slots=True, eq=False)
class Edit:
    """One undo step.

    Attributes:
        step: its name and look.
        delta: int64[256], by how much it changed the count of each value.
        tiles: what undo (or redo) puts back: tiles, or packed ones.
        carried: what some of them look like from afar, see `MaskLevels.carried`.
        handle: where they are in the store instead.
        packed: no tile is kept as it is.
        size: bytes held in memory.
    """

    step: Step
    delta: NDArray[np.int64]
    tiles: dict[Key, NDArray[np.uint8] | bytes] = field(default_factory=dict)
    carried: Carried = field(default_factory=dict)
    handle: object = None
    packed: bool = False
    size: int = 0

    def __post_init__(self) -> None:
        self.weigh()

    def weigh(self) -> None:
        """Bring `packed` and `size` up to date."""
        packed = sum(len(t) for t in self.tiles.values() if isinstance(t, bytes))
        rough = [t for t in self.tiles.values() if not isinstance(t, bytes)]
        self.packed = not rough
        held = sum(t.nbytes for t in rough if not is_uniform(t)) + packed
        held += _HEAD * (len(self.tiles) + len(self.carried))
        held += sum(t.nbytes for t in self.carried.values())
        self.size = self.delta.nbytes + PREVIEW**2 + held

    def pack(self, most: int) -> None:
        """Pack so many of the tiles that are not yet."""
        rough = [(key, t) for key, t in self.tiles.items() if not isinstance(t, bytes)]
        for key, tile in rough[:most]:
            self.tiles[key] = pack(tile)
        self.weigh()

    def put_away(self, store: UndoStore) -> None:
        """Into the store, out of memory."""
        self.handle = store.put(self.to_bytes())
        self.tiles, self.carried = {}, {}
        self.weigh()

    def bring_back(self, store: UndoStore | None) -> None:
        """Into memory again."""
        if self.handle is not None and store is not None:
            self.tiles = dict(split(store.get(self.handle)))
            store.drop(self.handle)
            self.handle = None

    def to_bytes(self) -> bytes:
        """All tiles as one piece."""
        return join({k: t if isinstance(t, bytes) else pack(t) for k, t in self.tiles.items()})


Swapped = tuple[Edit, Carried]


class EditRecorder:
    """Collects the before-tiles of one edit while it is being made.

    Args:
        name: of the edit.
        mask: what is edited.
        carry: tells what a tile looks like from afar, as long as nobody has written to it.
    """

    def __init__(self, name: str, mask: TiledMask, carry: Carry = lambda _: None) -> None:
        self.name = name
        self.rect = EMPTY
        self.delta = np.zeros(256, np.int64)
        self._mask = mask
        self._carry = carry
        self._before: dict[Key, NDArray[np.uint8]] = {}
        self._carried: Carried = {}
        self._values: set[int | None] = set()
        self._left: dict[Key, int] = {}

    def changing(self, value: int | None) -> None:
        """Pixels are about to be changed, all to one value, or to several when it is None."""
        self._values.add(value)

    @property
    def _sure(self) -> bool:
        """All was changed to one value, so nothing can have been changed back."""
        return len(self._values) == 1 and None not in self._values

    def tile_to_write(self, key: Key) -> NDArray[np.uint8]:
        """A tile to write to; what it was is kept at the first time."""
        if key not in self._before:
            self._keep(key)
        return self._mask.writable(key)

    def covered(self, key: Key, pixels: int, value: int) -> None:
        """So many more pixels of a tile have been changed to a value.

        One that was of a single value is so again with the last of them, and nobody has to look.
        """
        left = self._left.get(key)
        if left is not None:
            self._left[key] = left = left - pixels
            if left == 0 and self._sure:
                self._mask.put(key, uniform(value))

    def replace_tile(self, key: Key, tile: NDArray[np.uint8]) -> None:
        """Instead of writing every pixel of it."""
        if key not in self._before:
            self._keep(key)
        self._mask.put(key, tile)

    def _keep(self, key: Key) -> None:
        self._before[key] = before = self._mask.release(key)
        if is_uniform(before):
            self._left[key] = before.size
        if (small := self._carry(key)) is not None:
            self._carried[key] = small

    @property
    def keys(self) -> Collection[Key]:
        """Of the tiles it has written to."""
        return self._before.keys()

    def finish(self) -> Edit:
        """Freeze into an undo step; tiles that ended unchanged are dropped."""
        tiles: dict[Key, NDArray[np.uint8] | bytes] = {}
        rect = EMPTY
        sure = self._sure
        for key, before in self._before.items():
            now = self._mask.release(key)
            plain = sure or (is_uniform(now) and is_uniform(before))
            if now is not before and (plain or not np.array_equal(before, now)):
                tiles[key] = before
                rect = rect.union(key_rect(key).intersection(self.rect))
        preview = self._mask.sample(rect, PREVIEW)
        carried = {key: small for key, small in self._carried.items() if key in tiles}
        return Edit(Step(self.name, rect, preview), self.delta, tiles, carried)

    def revert(self) -> Rect:
        """Put everything back as it was; returns what changed."""
        for key, before in self._before.items():
            self._mask.put(key, before)
        return self.rect


class History:
    """Undo and redo of one mask.

    Args:
        budget: bytes to keep in memory.
        store: where older steps go; None drops them past the budget.
    """

    def __init__(self, budget: int = DEFAULT_BUDGET, store: UndoStore | None = None) -> None:
        self.budget = budget
        self.store = store
        self._edits: list[Edit] = []
        self.position = 0
        """How many of the steps are in the mask now; those behind it can be redone."""

    @property
    def steps(self) -> list[Step]:
        """All steps, the oldest first, those that were undone included."""
        return [edit.step for edit in self._edits]

    @property
    def undo_name(self) -> str:
        """What undo would take back; empty when there is nothing."""
        return self._edits[self.position - 1].step.name if self.can_undo else ""

    @property
    def redo_name(self) -> str:
        return self._edits[self.position].step.name if self.can_redo else ""

    @property
    def can_undo(self) -> bool:
        return self.position > 0

    @property
    def can_redo(self) -> bool:
        return self.position < len(self._edits)

    @property
    def size(self) -> int:
        """Bytes held in memory."""
        return sum(e.size for e in self._edits)

    def push(self, edit: Edit) -> None:
        """A new edit: it can be undone, what was undone before cannot be redone any more."""
        if not edit.tiles:
            return
        for undone in self._edits[self.position :]:
            self._drop(undone)
        del self._edits[self.position :]
        self._edits.append(edit)
        self.position += 1
        if sum(e.size for e in self._edits if not e.packed) > ROUGH:
            while self.tidy():
                pass

    def tidy(self) -> bool:
        """Pack some tiles or put away one edit, an instant's work; False when nothing is to do."""
        kept = 0
        for edit in reversed(self._edits):
            if edit.packed:
                continue
            kept += edit.size
            if kept > FRESH:
                edit.pack(PORTION)
                return True
        return self._make_room()

    def undo(self, mask: TiledMask, carry: Carry = lambda _: None) -> Swapped | None:
        """Swap the last edit's tiles back into `mask`.

        Args:
            mask: what is edited.
            carry: tells what a tile looks like from afar.

        Returns:
            The edit, and what some of the tiles look like that are in the mask now.

        Raises:
            UnetGuiError: its tiles were put away and cannot be read; nothing has changed.
        """
        if not self.can_undo:
            return None
        edit = self._edits[self.position - 1]
        carried = self._swap(edit, mask, carry)
        self.position -= 1
        return edit, carried

    def redo(self, mask: TiledMask, carry: Carry = lambda _: None) -> Swapped | None:
        """As `undo`, forwards."""
        if not self.can_redo:
            return None
        edit = self._edits[self.position]
        carried = self._swap(edit, mask, carry)
        self.position += 1
        return edit, carried

    def forget(self) -> None:
        """Drop all steps."""
        for edit in self._edits:
            self._drop(edit)
        self._edits.clear()
        self.position = 0

    def edits(self, budget: int) -> list[Edit]:
        """The newest edits that can be undone, at most `budget` bytes of them, to be kept."""
        kept: list[Edit] = []
        for edit in reversed(self._edits[: self.position]):
            budget -= edit.size
            if edit.handle is not None or budget < 0:
                break
            kept.append(edit)
        return kept[::-1]

    def restore(self, edits: list[Edit]) -> None:
        """Begin with edits of an earlier time; only for a history that is still empty."""
        self._edits = list(edits)
        self.position = len(edits)

    def _swap(self, edit: Edit, mask: TiledMask, carry: Carry) -> Carried:
        edit.bring_back(self.store)
        carried, edit.carried = edit.carried, {}
        for key, kept in edit.tiles.items():
            if (small := carry(key)) is not None:
                edit.carried[key] = small
            edit.tiles[key] = mask.swap(key, unpack(kept) if isinstance(kept, bytes) else kept)
        edit.weigh()
        return carried

    def _make_room(self) -> bool:
        """Put away, or drop, the oldest edit that is in memory when the budget is exceeded."""
        if self.size <= self.budget or len(self._edits) < 2:
            return False
        if self.store is None:
            if self.position < 2:
                return False
            self._drop(self._edits.pop(0))
            self.position -= 1
            return True
        oldest = next((e for e in self._edits[:-1] if e.handle is None), None)
        if oldest is None:
            return False
        oldest.put_away(self.store)
        return True

    def _drop(self, edit: Edit) -> None:
        if edit.handle is not None and self.store is not None:
            self.store.drop(edit.handle)
