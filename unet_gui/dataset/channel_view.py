"""Which channels of an image are shown, in which colour and between which values.

A view belongs to the project and counts for the screen and for the network alike. It has its own
row of channels for each number of channels, so that a folder may hold grey and colour images of
all kinds. Images of a number of channels that it says nothing about are shown as ever: the first
three as red, green and blue, stretched between percentiles.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.dataset.channels import (
    HIGH_PERCENTILE,
    LOW_PERCENTILE,
    is_plain,
    limits_between,
    scaled,
    to_rgb,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from unet_gui.core.document import RgbImage
    from unet_gui.dataset.channels import Limits

_COLORS: Final = (
    "#ff0000", "#00ff00", "#0000ff", "#00ffff", "#ff00ff", "#ffff00", "#ff8000", "#ffffff",
)  # fmt: skip
_COLOR = re.compile(r"#[0-9a-f]{6}\Z")
_ROWS: Final = 256


@dataclass(frozen=True, slots=True)
class Channel:
    """How one channel is shown.

    Attributes:
        shown: Whether it is seen at all.
        color: What its brightest pixels look like, "#rrggbb".
        low: What becomes black; None to leave it to the image.
        high: What gets the full colour; None likewise.
        percent: Whether `low` and `high` are percentiles of each image, 0..100, instead of values.
    """

    shown: bool = True
    color: str = "#ffffff"
    low: float | None = None
    high: float | None = None
    percent: bool = False


@dataclass(frozen=True, slots=True)
class ChannelView:
    """How images are shown, by their number of channels.

    Attributes:
        rows: The channels of images that have so many of them.
    """

    rows: Mapping[int, tuple[Channel, ...]] = field(default_factory=dict)

    def of(self, count: int) -> tuple[Channel, ...] | None:
        """The channels of an image that has so many; None when it is shown as ever."""
        return self.rows.get(count)

    def with_row(self, count: int, row: tuple[Channel, ...] | None) -> ChannelView:
        """This view with other channels for images of so many; as ever when None."""
        rows = {k: v for k, v in self.rows.items() if k != count}
        return ChannelView(rows if row is None else {**rows, count: row})

    @property
    def digest(self) -> str:
        """Tells views apart in the names of caches; empty for the one that changes nothing."""
        if not self.rows:
            return ""
        text = json.dumps(self.to_json(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        return {str(n): [asdict(c) for c in row] for n, row in sorted(self.rows.items())}

    @classmethod
    def from_json(cls, data: Any) -> ChannelView | None:
        """The view that `to_json` gave; what makes no sense counts as not said."""
        if not isinstance(data, dict):
            return None
        rows = {}
        for count, row in data.items():
            channels = [_channel(c) for c in row] if isinstance(row, list) else []
            known = [c for c in channels if c is not None]
            if str(count).isdecimal() and len(known) == len(channels) == int(count) > 0:
                rows[int(count)] = tuple(known)
        return cls(rows) if rows else None


def default_row(count: int) -> tuple[Channel, ...]:
    """What images of so many channels are shown as when nothing is said about them."""
    if count == 1:
        return (Channel(),)
    if count == 2:
        return (Channel(color="#ff00ff"), Channel(color="#00ff00"))
    return tuple(Channel(i < 3, _COLORS[i % len(_COLORS)]) for i in range(count))


def row_limits(pixels: NDArray[Any], row: tuple[Channel, ...]) -> Limits:
    """Between which values each channel of H×W×C pixels is stretched; (0, 0) where not shown."""
    return tuple(
        _limits(pixels[..., i], channel) if channel.shown else (0.0, 0.0)
        for i, channel in enumerate(row)
    )


def render(
    pixels: NDArray[Any], row: tuple[Channel, ...] | None, limits: Limits | None = None
) -> RgbImage:
    """The image as a row of channels shows it: the light of all of them, added.

    Args:
        pixels: H×W×C of any number type.
        row: C channels; as `to_rgb` when None.
        limits: Of `row_limits` a whole image where `pixels` are a part of it; its own when None.
            Without a row what the file itself asks for, as for `to_rgb`.

    Returns:
        H×W×3 uint8, C-contiguous.
    """
    if row is None:
        return to_rgb(pixels, limits)
    found = row_limits(pixels, row) if limits is None else limits
    shown = [(i, _rgb(c.color), found[i]) for i, c in enumerate(row) if c.shown]
    out = np.zeros((*pixels.shape[:2], 3), np.uint8)
    for top in range(0, len(out), _ROWS):
        rows = slice(top, top + _ROWS)
        for index, color, pair in shown:
            _add(out[rows], _plane(pixels[rows, :, index], *pair), color)
    return out


def _add(out: NDArray[np.uint8], plane: NDArray[np.uint8], color: tuple[int, int, int]) -> None:
    for c, strength in enumerate(color):
        if not strength:
            continue
        part = plane if strength == 255 else _times(plane, strength)
        # Saturating: the sum is below a summand just where it has gone past 255.
        total = out[..., c] + part
        out[..., c] = np.where(total < part, np.uint8(255), total)


def _times(plane: NDArray[np.uint8], strength: int) -> NDArray[np.uint8]:
    table = np.rint(np.arange(256) * (strength / 255)).astype(np.uint8)
    return np.asarray(table[plane])


def _plane(plane: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    if plane.dtype != np.uint8 or (low, high) == (0.0, 255.0):
        return scaled(plane, low, high)
    return scaled(plane.astype(np.int16), low, high)


def _limits(plane: NDArray[Any], channel: Channel) -> tuple[float, float]:
    if not channel.percent and channel.low is not None and channel.high is not None:
        return channel.low, channel.high
    if is_plain(plane.dtype) and not channel.percent:
        ends = (0.0, 255.0)
    else:
        ends = limits_between(plane, *(_percentiles(channel)))
    if channel.percent:
        return ends
    low = ends[0] if channel.low is None else channel.low
    return low, ends[1] if channel.high is None else channel.high


def _percentiles(channel: Channel) -> tuple[float, float]:
    if not channel.percent:
        return LOW_PERCENTILE, HIGH_PERCENTILE
    low = LOW_PERCENTILE if channel.low is None else channel.low
    return low, HIGH_PERCENTILE if channel.high is None else channel.high


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _channel(data: Any) -> Channel | None:
    if not isinstance(data, dict):
        return None
    color = str(data.get("color", "#ffffff")).lower()
    if not _COLOR.match(color):
        return None
    percent = data.get("percent") is True
    made = Channel(
        data.get("shown") is not False, color, _end(data, "low"), _end(data, "high"), percent
    )
    inside = all(v is None or 0 <= v <= 100 for v in (made.low, made.high))
    return made if inside or not percent else replace(made, low=None, high=None)


def _end(data: dict[str, Any], key: str) -> float | None:
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
