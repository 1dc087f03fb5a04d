"""The steps that turn a faulty mask into class ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import MaskReadError
from unet_gui.dataset.tiff import upright

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.doctor.findings import Step

    Values = tuple[tuple[int, int], ...]

NEIGHBOURS: Final = "neighbours"
_UNDECIDED: Final = -1


def rewrite(values: NDArray[Any], steps: Iterable[Step]) -> ClassMask:
    """Apply the steps of one or more remedies, in the one order that makes sense.

    Args:
        values: H×W integers as decoded.
        steps: What to do; the same step twice is done once.

    Returns:
        H×W uint8 of class ids, 255 = unlabelled.

    Raises:
        MaskReadError: what comes out are no class ids.
    """
    chosen = {s.name: s.values for s in steps}
    ids: NDArray[Any] = values.astype(np.int64)
    for name, apply in STEPS.items():
        if name in chosen:
            ids = apply(ids, chosen[name])
    if ids.min(initial=0) < 0 or ids.max(initial=0) > UNLABELLED:
        raise MaskReadError("After the repair the mask would still hold values that are no ids.")
    return np.ascontiguousarray(ids, np.uint8)


def _map(values: NDArray[Any], table: Values) -> NDArray[Any]:
    """Each value of the table becomes its partner; others stay."""
    result = values.copy()
    for old, new in table:
        result[values == old] = new
    return result


def _only(values: NDArray[Any], table: Values) -> NDArray[Any]:
    """As `_map`, and what is not in the table is undecided until `_neighbours`."""
    result = np.full_like(values, _UNDECIDED)
    for old, new in table:
        result[values == old] = new
    return result


def _threshold(values: NDArray[Any], table: Values) -> NDArray[Any]:
    """Below 128 the first class, from 128 on the second."""
    ((low, high),) = table
    return np.where(values < 128, low, high)


def _neighbours(values: NDArray[Any], _: Values) -> NDArray[Any]:
    """Undecided pixels take the value of the nearest decided one."""
    from scipy import ndimage

    undecided = values == _UNDECIDED
    if not undecided.any():
        return values
    if undecided.all():
        return np.full_like(values, UNLABELLED)
    nearest = ndimage.distance_transform_edt(undecided, return_distances=False, return_indices=True)
    return np.asarray(values[tuple(nearest)])


def _turn(values: NDArray[Any], table: Values) -> NDArray[Any]:
    """As the camera's orientation tag says."""
    return upright(values, table[0][0])


def _resize(values: NDArray[Any], table: Values) -> NDArray[Any]:
    """To (width, height), each pixel from the nearest one."""
    ((width, height),) = table
    rows = (np.arange(height) * 2 + 1) * values.shape[0] // (2 * height)
    columns = (np.arange(width) * 2 + 1) * values.shape[1] // (2 * width)
    return values[np.ix_(rows, columns)]


STEPS: Final[dict[str, Callable[[NDArray[Any], Values], NDArray[Any]]]] = {
    "map": _map,
    "only": _only,
    "threshold": _threshold,
    NEIGHBOURS: _neighbours,
    "turn": _turn,
    "resize": _resize,
    "plain": lambda values, _: values,
}
