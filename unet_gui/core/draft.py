"""Edits of a whole mask made aside, on any thread, and taken over in an instant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from unet_gui.core.footprint import Pixels
from unet_gui.core.history import FRESH, Edit, EditRecorder
from unet_gui.core.mask_levels import carried_of
from unet_gui.core.tiled_mask import TiledMask
from unet_gui.core.writing import write

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np
    from numpy.typing import NDArray

    from unet_gui.core.geometry import Rect
    from unet_gui.core.protection import Protection
    from unet_gui.core.tiled_mask import Key, MaskSnapshot

PORTION: Final = 64
"""Tiles between two points where finishing can be cancelled."""


class Draft:
    """An edit of a mask as it was. `Document.take` makes it one undo step by swapping tiles.

    Args:
        name: what the undo menu will call it.
        mask: the mask as it is now.
        protection: what it must leave alone.

    Attributes:
        edit: the undo step, once finished.
        tiles: the tiles that `edit` has changed, as they are to be.
        carried: what they look like from afar, see `MaskLevels.carried`.
    """

    def __init__(self, name: str, mask: MaskSnapshot, protection: Protection) -> None:
        self.revision = mask.revision
        self.protection = protection
        self.edit: Edit | None = None
        self.tiles: dict[Key, NDArray[np.uint8]] = {}
        self.carried: dict[Key, NDArray[np.uint8]] = {}
        self._mask = TiledMask(mask.shape, mask.tiles)
        self._recorder = EditRecorder(name, self._mask)

    def write(
        self,
        rect: Rect,
        values: int | NDArray[np.uint8],
        where: NDArray[np.bool_] | None = None,
    ) -> None:
        """As `Document.write`."""
        writable = self.protection.writable()
        write(self._mask, self._recorder, Pixels(rect, where), values, writable)

    def finish(self) -> Generator[None, None, None]:
        """Nothing more is to be written: pack what undo needs, make it small for views."""
        edit = self._recorder.finish()
        for number, key in enumerate(edit.tiles):
            if number % PORTION == 0:
                yield
            self.tiles[key] = tile = self._mask.tile(key)
            if (small := carried_of(tile)) is not None:
                self.carried[key] = small
        while edit.size > FRESH and not edit.packed:
            yield
            edit.pack(PORTION)
        self.edit = edit
