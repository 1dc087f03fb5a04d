"""What the instant learner sees of an image: levels of a frozen VGG16 encoder, and filters."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.unet.instant.filters import ALIGN, filter_octaves
from unet_gui.unet.model import LEVELS, pad_to_stride
from unet_gui.unet.pixels import to_input

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray
    from torch import Tensor

    from unet_gui.core.document import RgbImage
    from unet_gui.unet.device import Device
    from unet_gui.unet.model import Encoder, EncoderDecoder
    from unet_gui.unet.pixels import Normalisation

    Floats = NDArray[np.float32]

USED_LEVELS: Final = 4
"""The fifth level of VGG16 made every data set worse: it sees objects, not pixels."""


@dataclass(frozen=True, slots=True)
class Maps:
    """Features of an image or of a tile of one.

    Attributes:
        shape: Height and width in pixels.
        levels: Square roots of the encoder's levels, each h×w×C in bf16 or float32 at 1/2ᵏ.
        octaves: `filter_octaves` as float16 tensors.
    """

    shape: tuple[int, int]
    levels: tuple[Tensor, ...]
    octaves: tuple[Tensor, ...]

    @property
    def grey(self) -> bool:
        return self.octaves[0].shape[2] == 1

    @property
    def nbytes(self) -> int:
        return sum(t.nbytes for t in (*self.levels, *self.octaves))


def cut(maps: Maps, rect: Rect) -> tuple[Maps, Rect]:
    """The part of an image's maps that holds a rectangle, and where it lies.

    Args:
        maps: Of the image.
        rect: In pixels, may reach over the edge; grown to multiples of `ALIGN` inside it.
    """
    height, width = maps.shape
    x0, y0 = (max(0, start // ALIGN * ALIGN) for start in (rect.x0, rect.y0))
    x1, y1 = min(-(-rect.x1 // ALIGN) * ALIGN, width), min(-(-rect.y1 // ALIGN) * ALIGN, height)

    def part(grid: Tensor, k: int) -> Tensor:
        return grid[y0 >> k : -(-y1 >> k), x0 >> k : -(-x1 >> k)].clone()

    levels = tuple(part(level, k) for k, level in enumerate(maps.levels))
    octaves = tuple(part(octave, k) for k, octave in enumerate(maps.octaves))
    return Maps((y1 - y0, x1 - x0), levels, octaves), Rect(x0, y0, x1, y1)


@dataclass(frozen=True, slots=True)
class Rows:
    """Features of single pixels.

    Attributes:
        levels: N×ΣC float32, the levels side by side.
        filters: N×C×F float32; C = 1 for a grey image.
    """

    levels: Floats
    filters: Floats

    def __len__(self) -> int:
        return len(self.levels)


def ready_encoder(net: EncoderDecoder, device: Device) -> Encoder:
    """A copy of a network's encoder on this device, in its number format."""
    encoder = device.place_net(copy.deepcopy(net.vgg))
    return encoder.to(device.dtype) if device.dtype is not None else encoder


def extract(
    image: RgbImage, encoder: Encoder, normalisation: Normalisation, device: Device
) -> Maps:
    """Features of an H×W×3 uint8 image that fits into memory as one piece.

    Args:
        image: The image, or a tile of it.
        encoder: On `device`, in the number format to compute in.
        normalisation: What the encoder expects.
        device: Where it is.
    """
    return drain(extracting(image, encoder, normalisation, device))


@torch.inference_mode()
def extracting(
    image: RgbImage, encoder: Encoder, normalisation: Normalisation, device: Device
) -> Generator[None, None, Maps]:
    """The same with a pause after each level, about a quarter of the whole."""
    pixels = device.place(to_input(image, encoder.in_channels, normalisation)[None])
    octaves = [torch.from_numpy(o.astype(np.float16)) for o in filter_octaves(image)]
    yield
    levels = yield from _encoding(pixels, encoder)
    return Maps(image.shape[:2], levels, tuple(octaves))


def encode(pixels: Tensor, encoder: Encoder) -> tuple[Tensor, ...]:
    """Square roots of levels 1 to 4 on the CPU, h×w×C each, of a 1×C×H×W image.

    After a ReLU features are heavy-tailed; their roots are what small heads learn best from.
    """
    return drain(_encoding(pixels, encoder))


@torch.inference_mode()
def _encoding(pixels: Tensor, encoder: Encoder) -> Generator[None, None, tuple[Tensor, ...]]:
    x = pad_to_stride(pixels).to(next(encoder.parameters()).dtype)
    levels = []
    for start, stop in LEVELS[:USED_LEVELS]:
        for layer in encoder.features[start:stop]:
            x = _mirrored(x, layer) if isinstance(layer, nn.Conv2d) else layer(x)
        levels.append(x.clamp_min(0).sqrt()[0].permute(1, 2, 0).contiguous().cpu())
        yield
    return tuple(levels)


def _mirrored(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """A convolution that sees the image mirrored at its sides.

    Zeros there are like nothing inside an image: small heads were unsure all around it.
    """
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), conv.weight, conv.bias)


def sample(maps: Maps, ys: Floats, xs: Floats) -> Rows:
    """Features at pixels, bilinear between the points of each map.

    Args:
        maps: Of the image.
        ys: N rows in pixels; whole numbers are centres of pixels.
        xs: N columns.
    """
    levels = [_at(level, k, ys, xs) for k, level in enumerate(maps.levels)]
    octaves = [_at(o.flatten(2), k, ys, xs) for k, o in enumerate(maps.octaves)]
    channels = maps.octaves[0].shape[2]
    filters = [o.reshape(len(ys), channels, -1) for o in octaves]
    return Rows(torch.cat(levels, 1).numpy(), torch.cat(filters, 2).numpy())


def _at(level: Tensor, k: int, ys: Floats, xs: Floats) -> Tensor:
    height, width = level.shape[:2]
    y = torch.from_numpy(((ys + 0.5) / 2**k - 0.5).astype(np.float32)).clamp(0, height - 1)
    x = torch.from_numpy(((xs + 0.5) / 2**k - 0.5).astype(np.float32)).clamp(0, width - 1)
    y0, x0 = y.floor().long(), x.floor().long()
    y1, x1 = (y0 + 1).clamp(max=height - 1), (x0 + 1).clamp(max=width - 1)
    fy, fx = (y - y0)[:, None], (x - x0)[:, None]
    flat = level.reshape(height * width, -1)

    def corner(row: Tensor, column: Tensor) -> Tensor:
        # three times as quick as `flat[…]`
        return flat.index_select(0, row * width + column).float()

    if k == 0 and not bool(fy.any() or fx.any()):
        return corner(y0, x0)
    top = torch.lerp(corner(y0, x0), corner(y0, x1), fx)
    bottom = torch.lerp(corner(y1, x0), corner(y1, x1), fx)
    return torch.lerp(top, bottom, fy)


def filter_image(maps: Maps, step: int = 1) -> Floats:
    """Filter responses of every pixel, or of every block of step×step, as N×C×F rows."""
    height, width = (-(-s // step) for s in maps.shape)
    channels = maps.octaves[0].shape[2]
    parts = []
    for k, octave in enumerate(maps.octaves):
        grid = octave.flatten(2).permute(2, 0, 1)[None].float()
        scale = 2**k / step
        if scale < 1:
            grid = F.avg_pool2d(grid, step, ceil_mode=True, count_include_pad=False)
        elif scale > 1:
            grid = F.interpolate(grid, scale_factor=scale, mode="bilinear", align_corners=False)
        rows = grid[0, :, :height, :width].permute(1, 2, 0).reshape(height * width, channels, -1)
        parts.append(rows)
    return torch.cat(parts, 2).numpy()
