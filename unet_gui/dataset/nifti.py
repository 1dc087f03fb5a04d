"""NIfTI volumes through nibabel: axial slices, patient's right at the right, front at the top.

Whatever way the voxels lie in the file, slices go from the feet to the head, points in time one
after another (NIfTI-1.1, methods 2 and 3 of orientation).
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.core.errors import ImageReadError
from unet_gui.dataset.channels import Values
from unet_gui.dataset.decoding import check_size
from unet_gui.dataset.files import stamp

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SUFFIXES: Final = (".nii", ".nii.gz")

KIND: Final = "NIfTI"

HINT: Final = 'Install what reads it: pip install "unet-gui[science]"'

_KEPT_BYTES: Final = 1 << 29
_MILLIMETRES: Final = {"mm": 1.0, "meter": 1000.0, "micron": 0.001}

_last: tuple[tuple[str, object], NDArray[Any]] | None = None
_lock = threading.Lock()


def is_nifti(path: Path) -> bool:
    return path.name.lower().endswith(SUFFIXES)


def page_count(path: Path) -> int:
    """How many axial slices there are, of all points in time.

    Raises:
        ImageReadError: nibabel is not installed.
        Exception: what nibabel raises on damaged files.
    """
    image = _open(path)
    shape = _shape(image)
    return max(1, shape[_axes(image)[2][0]] * math.prod(shape[3:]))


def size(path: Path) -> tuple[int, int]:
    """(width, height) of each slice.

    Raises:
        ImageReadError, Exception: as `page_count`.
    """
    image = _open(path)
    shape = _shape(image)
    x, y, _ = _axes(image)
    return shape[x[0]], shape[y[0]]


def pixel_size(path: Path) -> tuple[float, float] | None:
    """(height, width) of a pixel in millimetres; None when the unit is not told."""
    image = _open(path)
    unit = _MILLIMETRES.get(image.header.get_xyzt_units()[0])
    zooms = [*map(float, image.header.get_zooms()[:3]), 1.0, 1.0]
    x, y, _ = _axes(image)
    return (zooms[y[0]] * unit, zooms[x[0]] * unit) if unit else None


def values(path: Path, page: int | None = None) -> Values:
    """The values of a slice.

    Args:
        path: The file.
        page: Which slice, from 0: all those of the first point in time come first.

    Returns:
        H×W×1, or H×W×3 colours; with limits where the file says what to show.

    Raises:
        ImageReadError, Exception: as `page_count`.
    """
    image = _open(path)
    shape = _shape(image)
    x, y, z = _axes(image)
    check_size(shape[x[0]], shape[y[0]], 8)
    time, at = divmod(page or 0, shape[z[0]])
    index: list[Any] = [slice(None)] * 3
    index[z[0]] = at if z[1] > 0 else shape[z[0]] - 1 - at
    index += [int(i) for i in np.unravel_index(time, shape[3:])] if shape[3:] else []
    plane = np.asarray(_voxels(path, image, shape)[tuple(index)])
    plane = plane if y[0] < x[0] else plane.T
    plane = plane[:: -y[1], :: x[1]]  # rows go down, the axis to the front goes up
    return Values(_channels(plane, image), _limits(image))


def _channels(plane: NDArray[Any], image: Any) -> NDArray[Any]:
    if plane.dtype.names:  # RGB24 and RGBA32
        return np.stack([plane[name] for name in plane.dtype.names[:3]], axis=-1)
    plane = np.ascontiguousarray(plane, plane.dtype.newbyteorder("="))
    slope, inter = _scaling(image)
    if (slope, inter) != (1, 0):
        plane = np.asarray(plane * slope + inter, np.float32)
    return plane[..., np.newaxis]


def _scaling(image: Any) -> tuple[float, float]:
    slope, inter = (float(v) for v in (image.dataobj.slope, image.dataobj.inter))
    return slope, inter


def _limits(image: Any) -> tuple[tuple[float, float], ...] | None:
    low, high = float(image.header["cal_min"]), float(image.header["cal_max"])
    return ((low, high),) if high > low else None


def _voxels(path: Path, image: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """The voxels as stored. Of a compressed file all, since the last is behind all others."""
    global _last  # noqa: PLW0603 - one volume, which is gone through slice by slice
    if not path.name.lower().endswith(".gz"):
        return _unscaled(image, shape)
    key = (str(path), stamp(path))
    with _lock:
        if _last is None or _last[0] != key:
            _last = None
            voxels = _unscaled(image, shape)
            if voxels.nbytes > _KEPT_BYTES:
                return voxels
            _last = key, voxels
        return _last[1]


def _unscaled(image: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    voxels: NDArray[Any] = np.asanyarray(image.dataobj.get_unscaled())
    return voxels.reshape(shape, order="F")


def _shape(image: Any) -> tuple[int, ...]:
    shape = tuple(int(n) for n in image.shape)
    return shape + (1,) * (3 - len(shape))


def _axes(image: Any) -> list[tuple[int, int]]:
    """Of the axes to the right, to the front and to the head: which one of the file, and its sign.

    Where the file says nothing usable, its own axes in their order.
    """
    found = _library().io_orientation(image.affine)
    if found.shape != (3, 2) or not np.isfinite(found).all():
        return [(0, 1), (1, 1), (2, 1)]
    return [
        (int(np.flatnonzero(found[:, 0] == axis)[0]), int(found[found[:, 0] == axis, 1][0]))
        for axis in range(3)
    ]


def _open(path: Path) -> Any:
    try:
        return _library().load(path)
    except ImportError as exc:
        reason = f"{path.name} is NIfTI, which needs the package nibabel."
        raise ImageReadError(reason, HINT) from exc


def _library() -> Any:
    import nibabel

    return nibabel
