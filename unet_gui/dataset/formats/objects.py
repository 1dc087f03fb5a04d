"""Objects of a mask: connected regions of one class, for formats that list objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.geometry import Rect

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask


@dataclass(frozen=True, slots=True)
class MaskObject:
    """One connected region.

    Attributes:
        class_id: Its class.
        rect: Its bounding box.
        where: Its pixels inside `rect`, bool.
    """

    class_id: int
    rect: Rect
    where: NDArray[np.bool_]

    @property
    def area(self) -> int:
        return int(np.count_nonzero(self.where))


def objects(mask: ClassMask, *, skip: Collection[int] = ()) -> Iterator[MaskObject]:
    """The connected regions of a mask, pixels that touch by a corner being connected.

    Args:
        mask: H×W uint8 of class ids.
        skip: Classes to leave out; unlabelled pixels are left out always.

    Yields:
        Regions in the order of their first pixel, row by row.
    """
    from scipy.ndimage import find_objects
    from skimage.measure import label

    left_out = [*skip, UNLABELLED]
    # One pass for all classes: neighbours belong together where their values are equal.
    values = np.where(np.isin(mask, left_out), UNLABELLED, mask)
    regions = label(values, background=UNLABELLED)  # type: ignore[no-untyped-call]
    for number, place in enumerate(find_objects(regions), start=1):
        rows, columns = place
        where = regions[place] == number
        first = int(np.argmax(where[0]))
        rect = Rect(columns.start, rows.start, columns.stop, rows.stop)
        yield MaskObject(int(mask[rows.start, columns.start + first]), rect, where)


def whole_classes(mask: ClassMask, *, skip: Collection[int] = ()) -> Iterator[MaskObject]:
    """All pixels of a class as one object, class by class."""
    counts = np.bincount(mask.reshape(-1), minlength=256)
    for class_id in np.flatnonzero(counts).tolist():
        if class_id == UNLABELLED or class_id in skip:
            continue
        where = mask == class_id
        rows, columns = np.flatnonzero(where.any(1)), np.flatnonzero(where.any(0))
        rect = Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        yield MaskObject(class_id, rect, where[rect.slices])


_BACKGROUND = frozenset({"background", "_background_", "bg", "__background__", "back ground"})


def background(classes: ClassTable) -> int | None:
    """The class that is meant by “nothing is there”, told by its name; None when there is none."""
    return next((c.id for c in classes if c.name.strip().casefold() in _BACKGROUND), None)
