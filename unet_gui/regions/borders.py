"""Moving and smoothing the borders between classes. `cleanup` is the door to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unet_gui.core.classes import UNLABELLED

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    Mask = NDArray[np.uint8]
    Where = NDArray[np.bool_] | None


def smooth_border(
    mask: Mask,
    radius: int,
    *,
    class_id: int | None = None,
    keep_thin: bool = False,
    where: Where = None,
) -> Mask:
    """Round corners and bumps off: each pixel takes the commonest value within a disc around it.

    Where its own value is as common as any other, a pixel stays.

    Args:
        mask: H×W uint8; unlabelled votes as a class does.
        radius: of the disc, pixels.
        class_id: only the border of this class moves.
        keep_thin: leave what an opening by the same disc would take away whole, such as lines.
        where: bool H×W, what may change.

    Returns:
        A new mask.
    """
    new = mask.copy()
    values = np.unique(mask)
    if radius < 1 or len(values) < 2:
        return new
    most = _votes(mask, radius)
    for value in values:
        votes = _count(mask == value, radius)
        better = votes > most
        if class_id is not None and int(value) != class_id:
            better &= mask == class_id
        most[better], new[better] = votes[better], value
    if keep_thin:
        thin = _thin(mask, radius, values)
        new[thin] = mask[thin]
    return _kept(mask, new, where)


def grow(
    mask: Mask,
    pixels: int,
    class_id: int | None = None,
    *,
    over: Collection[int] | None = None,
    where: Where = None,
) -> Mask:
    """Widen a class by so many pixels, or take as many off its border.

    Args:
        mask: H×W uint8.
        pixels: Euclidean distance; below 0 shrinks.
        class_id: the class. It grows over whatever is there; what it leaves becomes what lies
            nearest. None grows every class over unlabelled pixels, the nearest class first, and
            shrinks every class to leave unlabelled pixels.
        over: values it may grow over (255 for unlabelled), or become when it shrinks; None as
            said above.
        where: bool H×W, what may change.

    Returns:
        A new mask.
    """
    new = mask.copy()
    if not pixels or not mask.size:
        return new
    if class_id is None:
        new = _grow_all(mask, pixels) if pixels > 0 else _shrink_all(mask, -pixels)
    elif pixels > 0:
        near = _distance(mask != class_id) <= pixels
        if over is not None:
            near &= np.isin(mask, list(over)) | (mask == class_id)
        new[near] = class_id
    else:
        _shrink(mask, new, -pixels, class_id, over)
    return _kept(mask, new, where)


def _shrink(
    mask: Mask, new: Mask, pixels: int, class_id: int, over: Collection[int] | None
) -> None:
    from scipy import ndimage as ndi

    own = mask == class_id
    outside = ~own if over is None else np.isin(mask, list(over)) & ~own
    if not outside.any():
        return
    away, nearest = ndi.distance_transform_edt(~outside, return_indices=True)
    leave = own & (away <= pixels)
    new[leave] = mask[nearest[0][leave], nearest[1][leave]]


def _grow_all(mask: Mask, pixels: int) -> Mask:
    from scipy import ndimage as ndi

    empty = mask == UNLABELLED
    if empty.all():
        return mask.copy()
    away, nearest = ndi.distance_transform_edt(empty, return_indices=True)
    return np.where(away <= pixels, mask[tuple(nearest)], mask)


def _shrink_all(mask: Mask, pixels: int) -> Mask:
    new = mask.copy()
    for value in np.unique(mask):
        if value != UNLABELLED and (mask != value).any():
            own = mask == value
            new[own & (_distance(own) <= pixels)] = UNLABELLED
    return new


def _distance(marked: NDArray[np.bool_]) -> NDArray[np.float64]:
    """From each marked pixel to the nearest that is not; infinite when all are."""
    from scipy import ndimage as ndi

    if marked.all():
        return np.full(marked.shape, np.inf)
    distance: NDArray[np.float64] = ndi.distance_transform_edt(marked)
    return distance


def _votes(mask: Mask, radius: int) -> NDArray[np.int32]:
    """How many pixels of its own value each pixel has in the disc."""
    votes = np.zeros(mask.shape, np.int32)
    for value in np.unique(mask):
        own = mask == value
        votes[own] = _count(own, radius)[own]
    return votes


def _count(marked: NDArray[np.bool_], radius: int) -> NDArray[np.int32]:
    """Marked pixels in a disc around each, from sums along rows: a row of the disc at a time."""
    height, width = marked.shape
    sums = np.zeros((height + 2 * radius, width + 2 * radius + 1), np.int32)
    padded = np.pad(marked, radius, mode="edge")
    np.cumsum(padded, axis=1, out=sums[:, 1:])
    votes = np.zeros((height, width), np.int32)
    for dy in range(-radius, radius + 1):
        half = int((radius * radius - dy * dy) ** 0.5)
        rows = sums[radius + dy : radius + dy + height]
        votes += rows[:, radius + half + 1 : radius + half + 1 + width]
        votes -= rows[:, radius - half : radius - half + width]
    return votes


def _thin(mask: Mask, radius: int, values: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels of connected pieces that hold no disc of the radius."""
    from scipy import ndimage as ndi

    thin = np.zeros(mask.shape, np.bool_)
    for value in values:
        if value == UNLABELLED:
            continue
        own = mask == value
        wide = _distance(own) > radius
        labels, count = ndi.label(own & ~_near(wide, radius), np.ones((3, 3)))
        if count:
            # A crumb left at a corner by the opening is no line.
            sizes = np.bincount(labels.ravel())
            thin |= (labels > 0) & (sizes[labels] > 2 * radius)
    return thin


def _near(marked: NDArray[np.bool_], radius: int) -> NDArray[np.bool_]:
    near: NDArray[np.bool_] = _distance(~marked) <= radius
    return near


def _kept(mask: Mask, new: Mask, where: Where) -> Mask:
    return new if where is None else np.where(where, new, mask)
