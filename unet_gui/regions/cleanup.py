"""Tidying a mask: holes, specks, borders. uint8 in, a new uint8 array out.

In all of these, `where` (bool H×W) limits what may change; the pixels around are looked at, but
stay. 255 is unlabelled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.regions.borders import grow, smooth_border

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    Mask = NDArray[np.uint8]
    Where = NDArray[np.bool_] | None
    Speck = tuple[int, NDArray[np.intp], NDArray[np.intp]]

__all__ = ["fill_holes", "grow", "remove_specks", "replace_class", "smooth_border"]


def fill_holes(
    mask: Mask,
    class_id: int | None = None,
    *,
    over: Collection[int] | None = None,
    where: Where = None,
) -> Mask:
    """Fill what a class surrounds on all sides.

    Args:
        mask: H×W uint8.
        class_id: fill whatever this class surrounds. None fills, for every class, unlabelled
            holes alone: a class inside another is mostly meant.
        over: values that may be filled; None is as said above.
        where: see above.

    Returns:
        A new mask. Filling it again changes nothing.
    """
    from scipy import ndimage as ndi

    new = mask.copy()
    if class_id is not None:
        inside = ndi.binary_fill_holes(mask == class_id) & (mask != class_id)
        if over is not None:
            inside &= np.isin(mask, list(over))
        new[_allowed(inside, where)] = class_id
        return new
    values = [UNLABELLED] if over is None else list(over)
    for value in values:
        _fill_pieces(mask, new, value, where)
    return new


def _fill_pieces(mask: Mask, new: Mask, value: int, where: Where) -> None:
    """Fill the pieces of one value that touch one other class alone and not the image's border."""
    labels, _ = _pieces(mask, value)
    others = [int(v) for v in np.unique(mask) if v not in (value, UNLABELLED)]
    count = int(labels.max())
    if not count:
        return
    touched = np.zeros(count + 1, np.int64)
    for other in others:
        touched[np.unique(labels[_beside(mask == other)])] += 1
    open_ = np.zeros(count + 1, np.bool_)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        open_[side] = True
    if value != UNLABELLED:
        open_[np.unique(labels[_beside(mask == UNLABELLED)])] = True
    for other in others:
        beside = np.zeros(count + 1, np.bool_)
        beside[np.unique(labels[_beside(mask == other)])] = True
        beside &= (touched == 1) & ~open_
        beside[0] = False
        new[_allowed(beside[labels], where)] = other


def remove_specks(
    mask: Mask,
    under: int,
    *,
    to: int | None = None,
    class_id: int | None = None,
    unlabelled: bool = False,
    where: Where = None,
) -> Mask:
    """Give connected regions of fewer than `under` pixels to what lies around them.

    Args:
        mask: H×W uint8.
        under: pixels; 8 neighbours connect.
        to: the value they become; None takes the commonest one around each.
        class_id: only specks of this class.
        unlabelled: unlabelled pixels can be specks too.
        where: see above; specks are then sought once, else until there are none.

    Returns:
        A new mask. Without `where`, doing it again changes nothing.
    """
    new = mask.copy()
    values = range(UNLABELLED + unlabelled) if class_id is None else (class_id,)
    # Each change joins a speck to another region, so that there is an end to it.
    while _remove_once(new, under, to, values, where) and where is None:
        pass
    return new


def _remove_once(
    mask: Mask, under: int, to: int | None, values: Collection[int], where: Where
) -> bool:
    """One pass over all specks that are there now, small ones first; whether any changed."""
    specks: list[Speck] = []
    for value in np.unique(mask):
        if int(value) in values and int(value) != to:
            specks += small_pieces(mask, int(value), under)
    specks.sort(key=lambda speck: len(speck[1]))
    changed = False
    for value, rows, columns in specks:
        into = to if to is not None else around(mask, rows, columns, value)
        if into is None or (mask[rows, columns] != value).any():
            continue
        keep = slice(None) if where is None else where[rows, columns]
        if len(rows[keep]):
            mask[rows[keep], columns[keep]] = into
            changed = True
    return changed


def small_pieces(mask: Mask, value: int, under: int) -> list[Speck]:
    """Connected regions of one value and fewer than `under` pixels: value, rows and columns."""
    labels, sizes = _pieces(mask, value)
    small = np.flatnonzero((sizes > 0) & (sizes < under))
    if not len(small):
        return []
    flags = np.zeros(len(sizes), np.bool_)
    flags[small] = True
    flat = np.flatnonzero(flags[labels.ravel()])
    order = flat[np.argsort(labels.ravel()[flat], kind="stable")]
    ends = np.cumsum(sizes[small])[:-1]
    parts = np.split(order, ends)
    return [(value, *np.divmod(part, mask.shape[1])) for part in parts]


def around(mask: Mask, rows: NDArray[np.intp], columns: NDArray[np.intp], value: int) -> int | None:
    """The commonest other value beside these pixels, a class before unlabelled; None if none."""
    near = [(rows + dy, columns + dx) for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1))]
    found = []
    for y, x in near:
        inside = (y >= 0) & (y < mask.shape[0]) & (x >= 0) & (x < mask.shape[1])
        found.append(mask[y[inside], x[inside]])
    counts = np.bincount(np.concatenate(found), minlength=256)
    counts[value] = 0
    return int(counts.argmax()) if counts.any() else None


def replace_class(mask: Mask, source: int, into: int, *, where: Where = None) -> Mask:
    """Turn one value into another; either may be 255."""
    new = mask.copy()
    new[_allowed(mask == source, where)] = into
    return new


def _pieces(mask: Mask, value: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    from unet_gui.regions.components import labelled

    # What a hole is connected by must not be what a border is connected by (Rosenfeld 1970).
    return labelled(mask, value, connectivity=4 if value == UNLABELLED else 8)


def _beside(marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels with a marked one among their 4 neighbours."""
    near = np.zeros_like(marked)
    near[1:] |= marked[:-1]
    near[:-1] |= marked[1:]
    near[:, 1:] |= marked[:, :-1]
    near[:, :-1] |= marked[:, 1:]
    return near


def _allowed(inside: NDArray[np.bool_], where: Where) -> NDArray[np.bool_]:
    return inside if where is None else inside & where
