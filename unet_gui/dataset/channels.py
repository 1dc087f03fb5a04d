"""From any number of channels of any type to the RGB that the screen and the network see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.core.document import RgbImage

LOW_PERCENTILE: Final = 0.5
HIGH_PERCENTILE: Final = 99.5

_SHORT: Final = (np.uint16, np.int16, np.int8)

_SAMPLE: Final = 1 << 22
"""How many values the percentiles of float images are taken from; all of them are 16-bit ones'."""


Limits = tuple[tuple[float, float], ...]
"""For each channel shown, the values that become 0 and 255."""


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """An image as its file means it.

    Attributes:
        pixels: H×W×C of any number type, upright.
        limits: Between which values the file itself wants it shown, for each channel; None when
            it does not say.
    """

    pixels: NDArray[Any]
    limits: Limits | None = None


def to_rgb(pixels: NDArray[Any], limits: Limits | None = None) -> RgbImage:
    """Map channels to red, green and blue, and their values to 0..255.

    One channel is shown grey, two as magenta and green (readable to the colour-blind), of three or
    more the first three as red, green and blue. 8-bit values stay as they are, all others are
    stretched, each channel for itself.

    Args:
        pixels: H×W×C of any number type.
        limits: Of `limits_of` a whole image, where `pixels` are a part of it; its own when None.

    Returns:
        H×W×3 uint8, C-contiguous.
    """
    if pixels.dtype == np.uint8 and pixels.shape[2] == 3:
        return np.ascontiguousarray(pixels)
    picked = _picked(pixels)
    if limits is None:
        planes = [stretch(plane) for plane in picked]
    else:
        planes = [scaled(plane, *pair) for plane, pair in zip(picked, limits, strict=True)]
    if len(planes) == 1:
        planes *= 3
    elif len(planes) == 2:
        planes.append(planes[0])
    rgb = np.empty((*pixels.shape[:2], 3), np.uint8)
    for c, plane in enumerate(planes):
        rgb[..., c] = plane
    return rgb


def limits_of(pixels: NDArray[Any]) -> Limits:
    """Between which values `to_rgb` stretches each channel of H×W×C pixels."""
    return tuple(_limits(plane) for plane in _picked(pixels))


def is_plain(dtype: np.dtype[Any]) -> bool:
    """Whether values of this type are shown as they are, without stretching."""
    return dtype in (np.uint8, np.bool_)


def stretch(plane: NDArray[Any]) -> NDArray[np.uint8]:
    """One H×W channel to uint8: its 0.5th percentile becomes 0, its 99.5th 255.

    8-bit values pass unchanged. Not-a-number becomes 0. A flat channel becomes 0.
    """
    if is_plain(plane.dtype):
        return scaled(plane, 0, 0)
    return scaled(plane, *_limits(plane))


def scaled(plane: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """H×W values with `low` as 0 and `high` as 255; 8-bit ones as they are."""
    if plane.dtype == np.uint8:
        return plane
    if plane.dtype == np.bool_:
        return np.where(plane, np.uint8(255), np.uint8(0))
    if plane.dtype in _SHORT:
        info = np.iinfo(plane.dtype)
        table = _scaled(np.arange(int(info.min), int(info.max) + 1), low, high)
        # A negative index counts from the end: rolled by the lowest value the table takes them all.
        return np.asarray(np.roll(table, int(info.min))[plane], np.uint8)
    return _scaled(_real(plane), low, high)


def limits_between(
    plane: NDArray[Any], low: float = LOW_PERCENTILE, high: float = HIGH_PERCENTILE
) -> tuple[float, float]:
    """The values of an H×W channel at two percentiles, 0..100; its ends where they are alike."""
    if plane.dtype == np.bool_:
        return 0.0, 1.0
    if plane.dtype == np.uint8:
        plane = plane.astype(np.int16)
    if plane.dtype in _SHORT:
        return _short_limits(plane, low, high)
    return _sampled_limits(_real(plane), low, high)


def _picked(pixels: NDArray[Any]) -> list[NDArray[Any]]:
    return [pixels[..., c] for c in range(min(3, pixels.shape[2]))]


def _real(plane: NDArray[Any]) -> NDArray[Any]:
    return np.abs(plane) if np.iscomplexobj(plane) else plane


def _limits(plane: NDArray[Any]) -> tuple[float, float]:
    if is_plain(plane.dtype):
        return 0.0, 255.0
    return limits_between(plane)


def _short_limits(plane: NDArray[Any], lower: float, upper: float) -> tuple[float, float]:
    # 65,536 possible values: an exact histogram is quicker than sorting pixels.
    info = np.iinfo(plane.dtype)
    step = max(1, _SAMPLE // max(1, plane.shape[1]))
    counts = np.zeros(int(info.max) - int(info.min) + 1, np.int64)
    for top in range(0, len(plane), step):
        shifted = plane[top : top + step].astype(np.int32) - int(info.min)
        counts += np.bincount(shifted.ravel(), minlength=len(counts))
    cumulative = counts.cumsum()
    total = int(cumulative[-1])
    low = int(np.searchsorted(cumulative, total * lower / 100, side="right"))
    high = int(np.searchsorted(cumulative, total * upper / 100, side="left"))
    if not high > low:
        present = np.flatnonzero(counts)
        low, high = int(present[0]), int(present[-1])
    return float(low + int(info.min)), float(high + int(info.min))


def _sampled_limits(plane: NDArray[Any], lower: float, upper: float) -> tuple[float, float]:
    step = max(1, int(np.ceil(np.sqrt(plane.size / _SAMPLE))))
    values = plane[::step, ::step].astype(np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 0.0
    low, high = np.percentile(values, (lower, upper))
    if not high > low:
        # Nearly all pixels are alike (a few bright cells on black): go by the few.
        low, high = values.min(), values.max()
    return float(low), float(high)


def _scaled(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    if not high > low:
        return np.zeros(values.shape, np.uint8)
    wide = values.astype(np.float64 if values.dtype.itemsize > 4 else np.float32)
    scaled = (np.nan_to_num(wide, nan=low, posinf=high, neginf=low) - low) * (255 / (high - low))
    return np.asarray(np.clip(np.rint(scaled), 0, 255), np.uint8)
