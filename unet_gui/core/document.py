"""The editable mask of one image: one write path, and every edit returns its Rect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from unet_gui.core.brush import pieces, swept
from unet_gui.core.classes import UNLABELLED
from unet_gui.core.counting import changing, count_all
from unet_gui.core.footprint import Pixels
from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.history import EditRecorder, History
from unet_gui.core.mask_levels import MaskLevels
from unet_gui.core.protection import Protection
from unet_gui.core.tiled_mask import TILE, TiledMask, uniform
from unet_gui.core.writing import write

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from unet_gui.core.brush import Point
    from unet_gui.core.draft import Draft
    from unet_gui.core.footprint import Footprint, Runs
    from unet_gui.core.history import Swapped
    from unet_gui.core.tiled_mask import Key, MaskSnapshot

RgbImage = NDArray[np.uint8]
"""H×W×3 uint8, 0..255."""

ClassMask = NDArray[np.uint8]
"""H×W uint8 of class ids 0..254; 255 = unlabelled."""


NEW_FROM: Final = 64
"""Diameter from which a stroke leaves out what it painted with the move before: for a smaller brush
finding that out takes longer than painting it again."""


class Document:
    """A mask, its history and its running class counts.

    Args:
        mask: H×W uint8, or one in tiles, which is taken over.
        history: an empty one unless given.

    Attributes:
        counts: int64[256], how many pixels hold each value; kept up to date by every edit.
        revision: grows with every change, so that a saver knows whether it is up to date.
        protection: what edits must leave alone; undo and redo do not ask.
        levels: the mask at smaller sizes, for looking from afar.
        changed_tiles: keys of the tiles changed since whoever saves last cleared them.
    """

    def __init__(self, mask: ClassMask | TiledMask, *, history: History | None = None) -> None:
        self._tiles = mask if isinstance(mask, TiledMask) else TiledMask.of_array(mask)
        self._edit: EditRecorder | None = None
        self._value = UNLABELLED
        self._last: Point = (0.0, 0.0)
        self.protection = Protection()
        self._painted: tuple[float, bool, Protection] | None = None
        self._whole: tuple[int, ClassMask] | None = None
        self.history = history or History()
        self.counts = count_all(self._tiles)
        self.changed_tiles: set[Key] = set()
        self.revision = 0
        self._stamps: dict[Key, int] = {}
        self._latest: Collection[Key] = ()
        self.levels = MaskLevels(self)

    @classmethod
    def blank(cls, height: int, width: int) -> Document:
        """All unlabelled."""
        return cls(TiledMask((height, width)))

    # -- looking ---------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width)."""
        return self._tiles.shape

    @property
    def size(self) -> int:
        """How many pixels there are."""
        return self.shape[0] * self.shape[1]

    @property
    def bounds(self) -> Rect:
        return self._tiles.bounds

    @property
    def nbytes(self) -> int:
        """Memory held by mask and history."""
        return self._tiles.nbytes + self.history.size

    @property
    def stroking(self) -> bool:
        """A stroke is under way."""
        return self._edit is not None

    @property
    def mask(self) -> ClassMask:
        """All of it, H×W uint8, read-only; put together anew after each change, so for the small.

        The rest of the program reads rectangles, tiles or snapshots.
        """
        if self._whole is None or self._whole[0] != self.revision:
            whole = self._tiles.read(self.bounds)
            whole.flags.writeable = False
            self._whole = (self.revision, whole)
        return self._whole[1]

    def read(self, rect: Rect) -> ClassMask:
        """A copy of the pixels of `rect`, which lies inside the image."""
        return self._tiles.read(rect)

    def value_at(self, x: int, y: int) -> int:
        """Of one pixel inside the image."""
        return self._tiles.value_at(x, y)

    def tile(self, key: Key) -> NDArray[np.uint8]:
        """uint8 TILE×TILE as it is now; not to be written to."""
        return self._tiles.tile(key)

    @property
    def keys(self) -> Iterator[Key]:
        """Of the tiles that hold something."""
        return self._tiles.keys

    def changed_since(self, revision: int, rect: Rect) -> list[Key]:
        """Keys of the tiles under `rect` that have changed after that revision."""
        if revision == self.revision - 1:  # only one change has been made since
            top, bottom = rect.y0 // TILE, -(-rect.y1 // TILE)
            left, right = rect.x0 // TILE, -(-rect.x1 // TILE)
            return [k for k in self._latest if top <= k[0] < bottom and left <= k[1] < right]
        stamps = self._stamps
        return [key for key in rect.tiles(TILE) if stamps.get(key, -1) > revision]

    def snapshot(self) -> MaskSnapshot:
        """The mask as it is now, for any thread; costs next to nothing."""
        return self._tiles.snapshot(self.revision)

    # -- strokes ---------------------------------------------------------------------------

    def begin_stroke(self, name: str, value: int, at: Point) -> None:
        """Start a stroke that paints `value` (255 erases); one still open is finished first."""
        self.end_stroke()
        self._edit = EditRecorder(name, self._tiles, self.levels.carried)
        self._value = value
        self._last = at
        self._painted = None

    def stroke_to(self, point: Point, diameter: float, *, square: bool = False) -> Rect:
        """Paint from the last position to `point`; returns the pixels that may have changed."""
        if self._edit is None:
            return EMPTY
        changed, brush = EMPTY, (diameter, square, self.protection)
        # Where the same brush was it need not paint again, unless it was kept from some of that.
        new = diameter >= NEW_FROM and brush == self._painted
        for start, end in pieces(self._last, point, max(256.0, 4 * diameter)):
            runs = swept(start, end, diameter, self._tiles.bounds, square=square, new=new)
            changed = changed.union(self._write_runs(self._edit, runs))
        self._last, self._painted = point, brush
        return changed

    def move_to(self, point: Point) -> None:
        """Go on with the open stroke somewhere else; nothing on the way there is painted."""
        self._last, self._painted = point, None

    def paint(self, rect: Rect, where: NDArray[np.bool_] | None = None) -> Rect:
        """Add any pixels to the open stroke.

        Args:
            rect: inside the image.
            where: bool array of its shape; None for all.

        Returns:
            The pixels that may have changed.
        """
        return self.write(rect, self._value, where=where)

    def write(
        self, rect: Rect, values: int | ClassMask, *, where: NDArray[np.bool_] | None = None
    ) -> Rect:
        """Add values to the open stroke; see `apply`."""
        if self._edit is None or rect.empty:
            return EMPTY
        self._painted = None  # other values may lie under it now
        if not self.bounds.contains(rect):
            raise ValueError(f"{rect} is outside {self.bounds}")
        return self._write(self._edit, Pixels(rect, where), values)

    def end_stroke(self) -> Rect:
        """Make the open stroke one undo step; returns what it changed in all."""
        if self._edit is None:
            return EMPTY
        edit = self._edit.finish()
        self._edit = None
        self.history.push(edit)
        self.changed_tiles.update(edit.tiles)
        return edit.step.rect

    def abort_stroke(self) -> Rect:
        """Take the open stroke back without a trace."""
        if self._edit is None:
            return EMPTY
        edit, self._edit = self._edit, None
        rect = edit.revert()
        self.counts -= edit.delta
        self._stamp(edit.keys)
        return rect

    # -- edits -----------------------------------------------------------------------------

    def apply(
        self,
        name: str,
        rect: Rect,
        values: int | ClassMask,
        *,
        where: NDArray[np.bool_] | None = None,
    ) -> Rect:
        """Write `values` into `rect` as one undoable edit.

        Args:
            name: what the undo menu calls it.
            rect: pixels to write; must lie inside the image.
            values: one value, or an array of the rect's shape.
            where: bool array of the rect's shape; pixels that are False stay as they are.

        Returns:
            The pixels that changed; empty when none did.

        Raises:
            ValueError: `rect` reaches outside the image.
        """
        if not self.bounds.contains(rect):
            raise ValueError(f"{rect} is outside {self.bounds}")
        self.begin_stroke(name, UNLABELLED, (0.0, 0.0))
        self.write(rect, values, where=where)
        return self.end_stroke()

    def take(self, draft: Draft) -> Rect | None:
        """Make a finished draft of this mask one undo step.

        Returns:
            The pixels that changed; None, and nothing has, where the mask or what is protected is
            not as it was when the draft was begun.
        """
        assert draft.edit is not None
        if draft.revision != self.revision or draft.protection != self.protection:
            return None
        self.end_stroke()
        edit = draft.edit
        if not edit.tiles:
            return EMPTY
        for key, tile in draft.tiles.items():
            if (small := self.levels.carried(key)) is not None:
                edit.carried[key] = small
            self._tiles.swap(key, tile)
        edit.weigh()
        self.history.push(edit)
        return self._swapped((edit, draft.carried), +1)

    def undo(self) -> Rect:
        """Take back the last edit (finishing an open stroke first); returns what changed.

        Raises:
            UnetGuiError: it was put away on disk and cannot be read; nothing has changed.
        """
        self.end_stroke()
        return self._swapped(self.history.undo(self._tiles, self.levels.carried), -1)

    def redo(self) -> Rect:
        """As `undo`, forwards."""
        self.end_stroke()
        return self._swapped(self.history.redo(self._tiles, self.levels.carried), +1)

    def travel(self, position: int) -> Rect:
        """Undo or redo until `position` steps are in the mask; returns what changed."""
        self.end_stroke()
        position = max(0, min(position, len(self.history.steps)))
        changed = EMPTY
        while self.history.position > position:
            changed = changed.union(self.undo())
        while self.history.position < position:
            changed = changed.union(self.redo())
        return changed

    def _swapped(self, swapped: Swapped | None, sign: int) -> Rect:
        if swapped is None:
            return EMPTY
        edit, carried = swapped
        self.counts += sign * edit.delta
        self.changed_tiles.update(edit.tiles)
        self._stamp(edit.tiles)
        self.levels.swapped(edit.tiles, carried)
        return edit.step.rect

    def _stamp(self, keys: Collection[Key]) -> None:
        """These tiles look different now."""
        self.revision += 1
        self.levels.invalidate(keys)
        self._stamps.update(dict.fromkeys(keys, self.revision))
        self._latest = tuple(keys)

    def _write_runs(self, edit: EditRecorder, runs: Runs) -> Rect:
        """As `_write`, of the stroke's value: costs what is covered, not the box around it."""
        value, writable = self._value, self.protection.writable()
        full = uniform(value)
        keys: list[Key] = []
        for key in runs.rect.tiles(TILE):
            tile = self._tiles.tile(key)
            if tile is full:
                continue
            places, counts = changing(tile, runs.places(key), writable)
            covered = len(places) - int(counts[value])
            if not covered:
                continue
            if not keys:
                edit.changing(value)
            if len(places) == tile.size:
                edit.replace_tile(key, full)
            else:
                edit.tile_to_write(key).reshape(-1)[places] = value
                edit.covered(key, covered, value)
            counts[value] -= len(places)
            edit.delta -= counts
            self.counts -= counts
            keys.append(key)
        if not keys:
            return EMPTY
        edit.rect = edit.rect.union(runs.rect)
        self._stamp(keys)
        return runs.rect

    def _write(self, edit: EditRecorder, footprint: Footprint, values: int | ClassMask) -> Rect:
        """Tile by tile, and only where something changes."""
        before = edit.delta.copy()
        changed, keys = write(self._tiles, edit, footprint, values, self.protection.writable())
        if keys:
            self.counts += edit.delta - before
            self._stamp(keys)
        return changed
