"""The networks: a U-Net over VGG16's convolutions, with a wide or a narrow decoder.

`UNet` is the network of the well-known VGG16 U-Net tutorials, parameter for parameter (44
tensors, 24,892,437 numbers at 21 classes). `LiteUNet` shares its encoder and replaces the
decoder by a narrow one that a CPU can train. Both take any image size from 1×1 up.

Sources: Ronneberger et al. 2015, "U-Net", section 2 (skip connections by concatenation);
Simonyan and Zisserman 2015, "Very deep convolutional networks", table 1 column D (encoder);
Lin et al. 2017, "Feature pyramid networks", section 3 (1×1 laterals of `LiteUNet`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.vgg import cfgs, make_layers

from unet_gui.core.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Decoder = Literal["tutorial", "lite"]

STRIDE: Final = 16
"""Image sides are padded to a multiple of this: four poolings by two."""

# Where each feature level ends in `vgg.features`: before every pooling, the last pooling dropped.
LEVELS: Final = ((0, 4), (4, 9), (9, 16), (16, 23), (23, 30))
LITE_CHANNELS: Final = (32, 32, 48, 64, 64)


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """Everything needed to build a network again.

    `width` scales all encoder and tutorial decoder channels, 1.0 being VGG16's own.
    `decoder_relu` says whether the tutorial decoder's convolutions are followed by a ReLU.
    """

    decoder: Decoder = "tutorial"
    num_classes: int = 21
    in_channels: int = 3
    width: float = 1.0
    decoder_relu: bool = True

    def to_info(self) -> dict[str, Any]:
        """The part of model.json that describes the network."""
        return {
            "decoder": self.decoder,
            "width": self.width,
            "decoder_relu": self.decoder_relu,
            "in_channels": self.in_channels,
            "num_classes": self.num_classes,
        }

    @classmethod
    def from_info(cls, info: Mapping[str, Any]) -> ModelSpec:
        """Read back what `to_info` wrote.

        Raises:
            CheckpointError: a value is missing or makes no sense.
        """
        try:
            spec = cls(
                decoder=info["decoder"],
                num_classes=int(info["num_classes"]),
                in_channels=int(info.get("in_channels", 3)),
                width=float(info.get("width", 1.0)),
                decoder_relu=bool(info.get("decoder_relu", True)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"model.json does not describe a network: {error!r}.",
                "Copy the whole round folder, checkpoint.safetensors and model.json together.",
            ) from error
        spec.check()
        return spec

    def check(self) -> None:
        """Refuse what cannot be built.

        Raises:
            CheckpointError: an unknown decoder, or a number out of range.
        """
        if self.decoder not in ("tutorial", "lite"):
            raise CheckpointError(f"There is no decoder “{self.decoder}”.", "tutorial or lite.")
        if not (1 <= self.num_classes <= 255 and 1 <= self.in_channels <= 64):
            raise CheckpointError(
                f"{self.num_classes} classes over {self.in_channels} channels cannot be built.",
                "1 to 255 classes and 1 to 64 channels are possible.",
            )
        if not 0.03 <= self.width <= 4:
            raise CheckpointError(f"Width {self.width:g} is out of range.", "0.03 to 4 works.")

    def with_classes(self, num_classes: int) -> ModelSpec:
        return replace(self, num_classes=num_classes)


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


def encoder_channels(width: float) -> tuple[int, int, int, int, int]:
    """Channels of the five feature levels: 64, 128, 256, 512, 512 at width 1."""
    one, two, three, four = (max(1, round(c * width)) for c in (64, 128, 256, 512))
    return one, two, three, four, four


class Encoder(nn.Module):
    """VGG16's thirteen convolutions as `features`, named as in `torchvision.models.vgg16`."""

    def __init__(self, in_channels: int = 3, width: float = 1.0) -> None:
        super().__init__()
        self.in_channels = in_channels
        layers: list[str | int] = [
            c if isinstance(c, str) else max(1, round(c * width)) for c in cfgs["D"]
        ]
        features = make_layers(layers)
        if in_channels != 3:
            features[0] = nn.Conv2d(in_channels, features[0].out_channels, 3, padding=1)
        for layer in features:
            if isinstance(layer, nn.Conv2d):
                init_new(layer, relu=True)
        self.features = features

    def forward(self, x: Tensor) -> list[Tensor]:
        """N×C×H×W (sides multiples of 16) to five maps at 1, 1/2, 1/4, 1/8 and 1/16 of it."""
        levels = []
        for start, stop in LEVELS:
            x = self.features[start:stop](x)
            levels.append(x)
        return levels


class EncoderDecoder(nn.Module, ABC):
    """What both networks share: padding, encoding, decoding, cropping back."""

    vgg: Encoder
    final: nn.Conv2d
    spec: ModelSpec

    def encode(self, x: Tensor) -> list[Tensor]:
        """Feature levels of an N×C×H×W float image whose sides are multiples of 16."""
        levels: list[Tensor] = self.vgg(x)
        return levels

    @abstractmethod
    def decode(self, levels: Sequence[Tensor], frame: Frame | None = None) -> Tensor:
        """Logits at the size of the first level, from the five feature levels."""

    def forward(self, x: Tensor, frame: Frame | None = None) -> Tensor:
        """N×C×H×W float image, normalised, any H, W ≥ 1, to N×num_classes×H×W logits.

        With a `frame`, `x` is a tile of a larger image, and the logits are those of one pass over
        the whole image, but for what the network would see beyond the tile.
        """
        height, width = x.shape[-2:]
        return self.decode(self.encode(pad_to_stride(x)), frame)[..., :height, :width]


def pad_to_stride(x: Tensor) -> Tensor:
    """Pad bottom and right to multiples of 16: mirrored, or edge-repeated on sides too short."""
    height, width = x.shape[-2:]
    for axis, side in ((0, width), (1, height)):
        pad = -side % STRIDE
        if pad:
            amounts = (0, pad, 0, 0) if axis == 0 else (0, 0, 0, pad)
            x = F.pad(x, amounts, mode="reflect" if pad < side else "replicate")
    return x


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


class UNet(EncoderDecoder):
    """The VGG16 U-Net of the tutorials: N×C×H×W float to N×num_classes×H×W logits.

    State-dict keys and shapes are those of the tutorials' `.pth` files.
    """

    def __init__(
        self,
        num_classes: int = 21,
        in_channels: int = 3,
        width: float = 1.0,
        decoder_relu: bool = True,
    ) -> None:
        super().__init__()
        self.spec = ModelSpec("tutorial", num_classes, in_channels, width, decoder_relu)
        one, two, three, four, five = encoder_channels(width)
        self.vgg = Encoder(in_channels, width)
        self.up_concat4 = UpConcat(four + five, four, relu=decoder_relu)
        self.up_concat3 = UpConcat(three + four, three, relu=decoder_relu)
        self.up_concat2 = UpConcat(two + three, two, relu=decoder_relu)
        self.up_concat1 = UpConcat(one + two, one, relu=decoder_relu)
        self.final = nn.Conv2d(one, num_classes, 1)
        init_new(self.final, relu=False)

    def decode(self, levels: Sequence[Tensor], frame: Frame | None = None) -> Tensor:
        stages = (self.up_concat4, self.up_concat3, self.up_concat2, self.up_concat1)
        x = levels[4]
        for stage, skip, stride in zip(stages, reversed(levels[:4]), (16, 8, 4, 2), strict=True):
            x = stage(skip, x, None if frame is None else frame.at(stride))
        logits: Tensor = self.final(x)
        return logits

    def quicken(self) -> None:
        """From now on take the shorter way to the same result; on a CPU and without gradients."""
        for stage in (self.up_concat1, self.up_concat2, self.up_concat3, self.up_concat4):
            stage.quick = True

    def set_decoder_relu(self, relu: bool) -> None:
        """Switch between the two variants, which have the same weights."""
        self.spec = replace(self.spec, decoder_relu=relu)
        for stage in (self.up_concat1, self.up_concat2, self.up_concat3, self.up_concat4):
            stage.relu = relu


class PixelNorm(nn.LayerNorm):
    """Layer norm over the channels of each pixel (Ba et al. 2016, section 3).

    It evens out contrast as group norm does, but looks at no other pixel: a tile comes out as in
    one pass, and an empty part of an image stays empty. Batch norm, the other norm that is local
    when predicting, learnt clearly worse from a few strokes.
    """

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class LiteStage(nn.Sequential):
    """Two normalised 3×3 convolutions of the narrow decoder."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        layers: list[nn.Module] = []
        for channels in (in_channels, out_channels):
            conv = nn.Conv2d(channels, out_channels, 3, padding=1, bias=False)
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
            layers += [conv, PixelNorm(out_channels), nn.ReLU()]
        super().__init__(*layers)


class LiteUNet(EncoderDecoder):
    """VGG16's encoder under a narrow decoder: N×C×H×W float to N×num_classes×H×W logits.

    Each level passes a 1×1 convolution to few channels, which also evens out the very different
    magnitudes of the levels, then a U-shaped decoder of 32 to 64 channels. A training step costs
    little more than the encoder's forward pass, which is what a CPU can afford.
    """

    def __init__(self, num_classes: int = 21, in_channels: int = 3, width: float = 1.0) -> None:
        super().__init__()
        self.spec = ModelSpec("lite", num_classes, in_channels, width)
        wide = encoder_channels(width)
        narrow = [min(c, w) for c, w in zip(LITE_CHANNELS, wide, strict=True)]
        self.vgg = Encoder(in_channels, width)
        self.laterals = nn.ModuleList(_lateral(a, b) for a, b in zip(wide, narrow, strict=True))
        self.stages = nn.ModuleList(
            LiteStage(narrow[i] + narrow[i + 1], narrow[i]) for i in range(4)
        )
        self.final = nn.Conv2d(narrow[0], num_classes, 1)
        init_new(self.final, relu=False)

    def decode(self, levels: Sequence[Tensor], frame: Frame | None = None) -> Tensor:
        del frame  # upsampling without aligned corners is the same everywhere
        flat = [lateral(level) for lateral, level in zip(self.laterals, levels, strict=True)]
        x = flat[4]
        for i in (3, 2, 1, 0):
            up = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = self.stages[i](torch.cat([flat[i], up], 1))
        logits: Tensor = self.final(x)
        return logits


def _lateral(in_channels: int, out_channels: int) -> nn.Sequential:
    conv = nn.Conv2d(in_channels, out_channels, 1, bias=False)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    return nn.Sequential(conv, PixelNorm(out_channels), nn.ReLU())


def init_new(conv: nn.Conv2d, *, relu: bool) -> None:
    """He et al. 2015, "Delving deep into rectifiers", section 2.2; biases start at zero."""
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu" if relu else "linear")
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)


def build(spec: ModelSpec) -> EncoderDecoder:
    """A new network with Kaiming-initialised layers.

    Raises:
        CheckpointError: the spec cannot be built.
    """
    spec.check()
    if spec.decoder == "lite":
        return LiteUNet(spec.num_classes, spec.in_channels, spec.width)
    return UNet(spec.num_classes, spec.in_channels, spec.width, spec.decoder_relu)


def adapt_first_layer(weight: Tensor, in_channels: int) -> Tensor:
    """Weights of the first convolution for another number of input channels.

    One channel sums the kernels, so that a grey image gives what its RGB copy would. Any other
    number repeats red, green, blue in turn, scaled so that equal channels give what RGB would.

    Args:
        weight: Out×C×3×3.
        in_channels: How many channels the images have.
    """
    known = weight.shape[1]
    if in_channels == known:
        return weight
    if in_channels == 1:
        return weight.sum(1, keepdim=True)
    order = torch.arange(in_channels) % known
    return weight[:, order] * (known / in_channels)
