"""One stage of the tutorial decoder: doubling, joining with the skip, two convolutions.

There are two ways to the same numbers: the plain one, which learns, and a quicker one for
predicting on a CPU. Both can work on a tile as if it were part of one pass over the whole image.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a tile lies in its image: offset and whole size in pixels, all multiples of 16."""

    top: int
    left: int
    height: int
    width: int

    def at(self, stride: int) -> Frame:
        """The same in the pixels of a feature map of this stride."""
        numbers = (self.top, self.left, self.height, self.width)
        return Frame(*(n // stride for n in numbers))


def init_new(conv: nn.Conv2d, *, relu: bool) -> None:
    """He et al. 2015, "Delving deep into rectifiers", section 2.2; biases start at zero.

    On the meta device there are only shapes; random numbers there would load torch's compiler,
    which takes more than a second.
    """
    if conv.weight.is_meta:
        return
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu" if relu else "linear")
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)


def upsample(x: Tensor, frame: Frame | None = None) -> Tensor:
    """Double the size, bilinearly with aligned corners.

    Aligned corners stretch n pixels over 2n - 1 steps, a little more than double, so that a place
    is sampled elsewhere in a tile than in the whole image. With a `frame`, in pixels of `x`, the
    coordinates are those of the whole image.
    """
    if frame is None:
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
    x = _stretched(x, 2, frame.top, frame.height)
    return _stretched(x, 3, frame.left, frame.width)


def _stretched(x: Tensor, axis: int, offset: int, whole: int) -> Tensor:
    """Double one axis of `x`, which begins at `offset` of `whole` pixels."""
    count = x.shape[axis]
    place = torch.arange(2 * count, dtype=torch.float64) + 2 * offset
    place = (place * ((whole - 1) / (2 * whole - 1)) - offset).clamp(0, count - 1)
    low = place.floor()
    shape = [1, 1, 1, 1]
    shape[axis] = 2 * count
    weight = (place - low).view(shape).to(x)
    before = low.long().to(x.device)
    after = (before + 1).clamp_max(count - 1)
    return torch.lerp(x.index_select(axis, before), x.index_select(axis, after), weight)


class UpConcat(nn.Module):
    """One stage of the tutorial decoder: upsample ×2, concatenate after the skip, two 3×3s."""

    def __init__(self, in_channels: int, out_channels: int, *, relu: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.relu = relu
        self.quick = False
        self._memory: dict[str, Tensor] = {}
        for conv in (self.conv1, self.conv2):
            init_new(conv, relu=relu)

    def forward(self, skip: Tensor, deep: Tensor, frame: Frame | None = None) -> Tensor:
        if self.quick:
            x = self._conv1_of_parts(skip, deep, frame)
        else:
            x = self.conv1(torch.cat([skip, upsample(deep, frame)], 1))
        x = self.conv2(F.relu_(x) if self.relu else x)
        return F.relu_(x) if self.relu else x

    def _conv1_of_parts(self, skip: Tensor, deep: Tensor, frame: Frame | None) -> Tensor:
        """What `conv1` makes of skip and upsampled map, with less work and never joining them.

        Doubling the columns is linear, so it commutes with the sum over channels: the kernel's
        columns are applied to the half-wide map, and what comes out is doubled and shifted.
        """
        weight, cut = self.conv1.weight, skip.shape[1]
        x = F.conv2d(skip, weight[:, :cut], self.conv1.bias, padding=1)
        rows = self._doubled(deep, 2, frame, "rows")
        for column, shift in enumerate((1, 0, -1)):
            part = F.conv2d(rows, weight[:, cut:, :, column : column + 1], padding=(1, 0))
            _add_shifted(x, self._doubled(part, 3, frame, "columns"), shift)
        return x

    def _doubled(self, x: Tensor, axis: int, frame: Frame | None, name: str) -> Tensor:
        if frame is not None:
            offset, whole = (frame.top, frame.height) if axis == 2 else (frame.left, frame.width)
            return _stretched(x, axis, offset, whole)
        size = [x.shape[2] * 2, x.shape[3]] if axis == 2 else [x.shape[2], x.shape[3] * 2]
        out = self._kept(name, (*x.shape[:2], *size), x)
        return torch.ops.aten.upsample_bilinear2d.out(x, size, True, out=out)  # type: ignore[no-any-return]

    def _kept(self, name: str, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """Memory of this shape, in the format of `like`; the same each time.

        Memory fresh from the system costs more time than filling it.
        """
        kept = self._memory.get(name)
        if kept is None or kept.shape != shape or kept.dtype != like.dtype:
            kept = torch.empty(shape, dtype=like.dtype, memory_format=_layout(like))
            self._memory[name] = kept
        return kept


def _layout(x: Tensor) -> torch.memory_format:
    last = x.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if last else torch.contiguous_format


def _add_shifted(x: Tensor, part: Tensor, shift: int) -> None:
    """Add `part` to `x`, in place, its columns moved right by `shift`; `part` is used up.

    Both are dense and of one layout, so the move is one of the flat memory: far quicker than
    adding slices, once the column that would spill into the next row is cleared.
    """
    if shift:
        part[..., -1 if shift > 0 else 0] = 0
    layout = _layout(x)
    order = (0, 2, 3, 1) if layout is torch.channels_last else (0, 1, 2, 3)
    flat = x.permute(order).reshape(-1)
    other = part.contiguous(memory_format=layout).permute(order).reshape(-1)
    step = abs(shift) * x.stride(3)
    stop = len(flat) - step
    if shift > 0:
        flat[step:] += other[:stop]
    else:
        flat[:stop] += other[step:]
