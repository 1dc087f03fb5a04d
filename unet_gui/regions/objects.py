"""Smart click: the object under the pointer, and what it would be if it were larger or smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.geometry import Rect
from unet_gui.regions.chains import Chain, Nested, opened_piece, pick
from unet_gui.regions.colors import smooth_colors
from unet_gui.regions.components import piece
from unet_gui.regions.known import known_things
from unet_gui.regions.livewire import edge_strength
from unet_gui.regions.similar import alike

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Nested", "ObjectFinder"]

LARGEST: Final = 0.5
"""Of the window: a predicted region above it is what lies around the objects, not one of them."""

SURE: Final = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
"""Confidences by which a predicted region is opened."""

REACH: Final = 256
"""Pixels to each side of a click in which its object is sought first."""

BEYOND: Final = (1, 2, 3, 5, 8, 12, 16)
"""Pixels by which a predicted region is widened past its own border."""


class ObjectFinder:
    """Proposes an object for a click, from a prediction where there is one, else from the image.

    Args:
        image: H×W×3 uint8, the window looked at.
        classes: H×W uint8 class ids of a prediction, 255 where there is none.
        confidence: H×W uint8, 0..255, how sure it is.
        labelled: bool H×W, what has the class to be painted already.
        taken: bool H×W, what is labelled otherwise and stays so.
    """

    def __init__(
        self,
        image: NDArray[np.uint8],
        *,
        classes: NDArray[np.uint8] | None = None,
        confidence: NDArray[np.uint8] | None = None,
        labelled: NDArray[np.bool_] | None = None,
        taken: NDArray[np.bool_] | None = None,
    ) -> None:
        self._classes = classes
        self._taken = taken
        self._confidence = confidence
        self._image = image
        self._labelled = labelled

    def propose(self, x: int, y: int) -> Nested:
        """What a click on pixel (x, y) of the window may mean.

        Returns:
            Nested regions with their holes filled, each holding the pixel.
        """
        predicted = self._predicted(x, y)
        return predicted if predicted is not None else self._seen(x, y)

    def alike(self, nested: Nested, level: int) -> Nested:
        """Go on from a level with ever more of what looks like it, wherever in the window.

        Returns:
            The levels up to this one, then the further ones; `start` is the first of those, or
            this one when nothing is like it.
        """
        level = max(0, min(level, nested.count - 1))
        colors, edges = smooth_colors(self._image), edge_strength(self._image)
        further = alike(colors, edges, nested.region(level))
        own = nested.regions[: level + 1]
        return Nested(own + further, min(level + 1, len(own + further) - 1))

    def _predicted(self, x: int, y: int) -> Nested | None:
        """The predicted region under the pointer: its sure parts, itself, and what is around."""
        if self._classes is None or self._classes[y, x] == 255:
            return None
        whole = piece(self._classes == self._classes[y, x], x, y)
        if whole.mean() > LARGEST:
            return None
        from scipy import ndimage as ndi

        chain = Chain(x, y)
        around = ndi.distance_transform_edt(~whole)
        for pixels in reversed(BEYOND):
            chain.add(around <= pixels)
        chain.add(whole)
        start = len(chain.regions) - 1
        confidence = self._confidence if self._confidence is not None else whole * np.uint8(255)
        for share in SURE:
            sure = whole & (confidence >= round(255 * share))
            if sure[y, x]:
                chain.add(opened_piece(sure, x, y))
        return Nested(chain.ordered(), len(chain.regions) - 1 - start)

    def _seen(self, x: int, y: int) -> Nested:
        """By colour, and by what is labelled already; near the click if the object ends there."""
        whole = Rect.of_shape(self._image.shape)
        near = Rect(x, y, x + 1, y + 1).expanded(REACH).intersection(whole)
        found = self._picked(near, x, y)
        if near != whole and _cut_off(found.region(found.start)[0], near, whole):
            return self._picked(whole, x, y)
        return found

    def _picked(self, near: Rect, x: int, y: int) -> Nested:
        image = self._image[near.slices]
        colors, edges = smooth_colors(image), edge_strength(image)
        known = None
        if self._labelled is not None and not self._labelled[y, x]:
            known = known_things(colors, self._labelled[near.slices])
        free = None
        if self._taken is not None and not self._taken[y, x]:
            free = ~self._taken[near.slices]
        found = pick(colors, edges, x - near.x0, y - near.y0, known, free)
        regions = ((box.moved(near.x0, near.y0), inside) for box, inside in found.regions)
        return Nested(tuple(regions), found.start)


def _cut_off(box: Rect, near: Rect, whole: Rect) -> bool:
    """Whether a region reaches a side of the part looked at that is none of the window."""
    return (
        box.x0 == near.x0 > whole.x0
        or box.y0 == near.y0 > whole.y0
        or box.x1 == near.x1 < whole.x1
        or box.y1 == near.y1 < whole.y1
    )
