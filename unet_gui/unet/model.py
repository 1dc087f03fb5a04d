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
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unet_gui.core.errors import CheckpointError
from unet_gui.unet.up_concat import UpConcat, init_new

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from unet_gui.unet.up_concat import Frame

Decoder = Literal["tutorial", "lite", "instant"]
"""What turns features into classes; "instant" is built in `unet_gui.unet.instant`."""

STRIDE: Final = 16
"""Image sides are padded to a multiple of this: four poolings by two."""

# Where each feature level ends in `vgg.features`: before every pooling, the last pooling dropped.
LEVELS: Final = ((0, 4), (4, 9), (9, 16), (16, 23), (23, 30))
VGG16: Final = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0)
"""Channels of each convolution, 0 for a pooling. Written here, because importing torchvision's
models brings compilers along that this program never runs: 200 MB of memory and two seconds."""

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
        if self.decoder not in ("tutorial", "lite", "instant"):
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


def encoder_channels(width: float) -> tuple[int, int, int, int, int]:
    """Channels of the five feature levels: 64, 128, 256, 512, 512 at width 1."""
    one, two, three, four = (max(1, round(c * width)) for c in (64, 128, 256, 512))
    return one, two, three, four, four


class Encoder(nn.Module):
    """VGG16's thirteen convolutions as `features`, named as in `torchvision.models.vgg16`."""

    def __init__(self, in_channels: int = 3, width: float = 1.0) -> None:
        super().__init__()
        self.in_channels = in_channels
        layers: list[nn.Module] = []
        before = in_channels
        for channels in VGG16:
            if channels:
                after = max(1, round(channels * width))
                layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(inplace=True)]
                before = after
            else:
                layers.append(nn.MaxPool2d(2))
        for layer in layers:
            if isinstance(layer, nn.Conv2d):
                init_new(layer, relu=True)
        self.features = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> list[Tensor]:
        """N×C×H×W (sides multiples of 16) to five maps at 1, 1/2, 1/4, 1/8 and 1/16 of it."""
        levels = []
        for start, stop in LEVELS:
            x = self.features[start:stop](x)
            levels.append(x)
        return levels


class Companion(Protocol):
    """Another learner beside a network; see `unet_gui.unet.guide`."""

    def mix(self, x: Tensor, logits: Tensor) -> Tensor:
        """Logits of both, from normalised float32 images and the network's logits."""

    def stored(self) -> dict[str, Tensor]:
        """Its tensors for a checkpoint."""

    def to_info(self) -> dict[str, Any]:
        """What model.json says of it."""


class EncoderDecoder(nn.Module, ABC):
    """What all networks share: padding, encoding, decoding, cropping back."""

    own_precision = False
    """Takes float32 and chooses number formats itself."""

    guide: Companion | None = None
    """Another learner whose answers are averaged with the network's."""

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
        the whole image, but for what the network would see beyond the tile. With a `guide`, `x`
        is float32, and the logits are those of both together.
        """
        height, width = x.shape[-2:]
        own = x if self.guide is None else x.to(next(self.vgg.parameters()).dtype)
        logits = self.look(pad_to_stride(own), frame)[..., :height, :width]
        return logits if self.guide is None else self.guide.mix(x, logits)

    def look(self, x: Tensor, frame: Frame | None = None) -> Tensor:
        """Logits of an image whose sides are multiples of 16; the guide is not asked."""
        return self.decode(self.encode(x), frame)

    def accompany(self, guide: Companion | None) -> None:
        """Average with this learner from now on; None for nobody."""
        self.guide = guide
        self.own_precision = guide is not None

    def stored(self) -> dict[str, Tensor]:
        """The tensors of a checkpoint."""
        return self.state_dict() | ({} if self.guide is None else self.guide.stored())

    def quicken(self, device: torch.device, dtype: torch.dtype | None) -> None:
        """From now on predict only, in the quickest way this device has; not to be undone."""
        self.to(device=device, dtype=dtype)


def pad_to_stride(x: Tensor) -> Tensor:
    """Pad bottom and right to multiples of 16: mirrored, or edge-repeated on sides too short."""
    height, width = x.shape[-2:]
    for axis, side in ((0, width), (1, height)):
        pad = -side % STRIDE
        if pad:
            amounts = (0, pad, 0, 0) if axis == 0 else (0, 0, 0, pad)
            x = F.pad(x, amounts, mode="reflect" if pad < side else "replicate")
    return x


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

    def quicken(self, device: torch.device, dtype: torch.dtype | None) -> None:
        # whole weights in bf16 rather than autocast, which converts them anew for every tile
        super().quicken(device, dtype)
        if device.type == "cpu":
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

    Attributes:
        mirrored: Look at each image mirrored in either direction too and take the mean: a network
            that has learnt for a minute errs by chance as much as by habit. Three times the time.
    """

    mirrored = False

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

    def look(self, x: Tensor, frame: Frame | None = None) -> Tensor:
        logits = super().look(x, frame)
        if not self.mirrored:
            return logits
        for axis in (-1, -2):
            logits = logits + super().look(x.flip(axis), frame).flip(axis)
        return logits / 3


def _lateral(in_channels: int, out_channels: int) -> nn.Sequential:
    conv = nn.Conv2d(in_channels, out_channels, 1, bias=False)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    return nn.Sequential(conv, PixelNorm(out_channels), nn.ReLU())


def build(spec: ModelSpec) -> EncoderDecoder:
    """A new network with Kaiming-initialised layers.

    Raises:
        CheckpointError: the spec cannot be built.
    """
    spec.check()
    if spec.decoder == "instant":
        raise CheckpointError("The instant learner is not built from a description alone.")
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
