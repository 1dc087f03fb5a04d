"""Objects in a mask: the connected regions of one class, with what is measured of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.counting import histogram

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask


@dataclass(frozen=True, slots=True)
class MaskObjects:
    """The objects of one class in one mask, in reading order; all lengths in pixels.

    Attributes:
        class_id: Their class.
        areas: int64[n], pixels of each.
        centers: float64[n, 2], x and y of each centre of mass; (0, 0) is the middle of the top
            left pixel.
        boxes: int64[n, 4], left, top, width and height of each.
        cut: bool[n], whether it touches the border of the image, so that its size says little.
    """

    class_id: int
    areas: NDArray[np.int64]
    centers: NDArray[np.float64]
    boxes: NDArray[np.int64]
    cut: NDArray[np.bool_]

    @property
    def diameters(self) -> NDArray[np.float64]:
        """float64[n], diameter of the circle of the same area."""
        return equivalent_diameter(self.areas)


def equivalent_diameter(areas: NDArray[Any]) -> NDArray[np.float64]:
    """Diameter of the circle of the same area."""
    return np.asarray(2.0 * np.sqrt(np.asarray(areas, np.float64) / math.pi))


def find_objects(mask: ClassMask) -> list[MaskObjects]:
    """The objects of every class that occurs, by id; pixels that touch at a corner are connected.

    Args:
        mask: H×W uint8 of class ids; 255 is no object.
    """
    from scipy import ndimage

    counted = histogram(mask)
    places = ndimage.find_objects(mask.astype(np.int16) + 1, max_label=UNLABELLED)
    return [_of_class(mask, i, places[i]) for i in np.flatnonzero(counted[:UNLABELLED]).tolist()]


def _of_class(mask: ClassMask, class_id: int, place: tuple[slice, slice]) -> MaskObjects:
    from scipy import ndimage

    labels, number = ndimage.label(mask[place] == class_id, np.ones((3, 3), np.uint8))
    top, left = place[0].start, place[1].start
    # Only the pixels of the class, which may be few in a large image.
    rows, columns = np.nonzero(labels)
    owners = labels[rows, columns]
    areas = np.bincount(owners, minlength=number + 1)[1:]
    centers = np.stack(
        [
            np.bincount(owners, columns, number + 1)[1:] / areas + left,
            np.bincount(owners, rows, number + 1)[1:] / areas + top,
        ],
        axis=1,
    )
    boxes = np.array(
        [
            (x.start + left, y.start + top, x.stop - x.start, y.stop - y.start)
            for y, x in ndimage.find_objects(labels)
        ],
        np.int64,
    ).reshape(number, 4)
    height, width = mask.shape
    cut = (
        (boxes[:, 0] == 0)
        | (boxes[:, 1] == 0)
        | (boxes[:, 0] + boxes[:, 2] == width)
        | (boxes[:, 1] + boxes[:, 3] == height)
    )
    return MaskObjects(class_id, areas.astype(np.int64), centers, boxes, cut)
