"""From pixels as they are read to what a network takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import torch

from unet_gui.core.errors import CheckpointError

if TYPE_CHECKING:
    from torch import Tensor

    from unet_gui.core.document import RgbImage

Normalisation = Literal["imagenet", "unit"]
"""What a network expects: RGB in 0..1, without ("unit") or with ("imagenet") ImageNet's mean and
standard deviation taken out."""

MEAN: Final = (0.485, 0.456, 0.406)
STD: Final = (0.229, 0.224, 0.225)
"""ImageNet statistics of RGB in 0..1, as torchvision's weights expect them."""


def to_input(image: RgbImage, in_channels: int, normalisation: Normalisation) -> Tensor:
    """H×W×3 uint8 to C×H×W float32 as the network expects it.

    Raises:
        CheckpointError: the network takes neither colour nor grey images.
    """
    # copied, because torch warns about arrays that may only be read
    unit = torch.from_numpy(np.array(image, order="C")).permute(2, 0, 1).float().div_(255)
    return normalise(unit, in_channels, normalisation)


def normalise(unit: Tensor, in_channels: int, normalisation: Normalisation) -> Tensor:
    """…×3×H×W float32 in 0..1 to …×C×H×W as the network expects it.

    Raises:
        CheckpointError: the network takes neither colour nor grey images.
    """
    if in_channels not in (1, 3):
        raise CheckpointError(
            f"The network takes images of {in_channels} channels; images are read as RGB.",
            "Use a checkpoint for colour (3) or grey (1) images.",
        )
    if normalisation == "imagenet":
        mean, std = (unit.new_tensor(v).view(3, 1, 1) for v in (MEAN, STD))
        unit = (unit - mean) / std
    return unit.mean(-3, keepdim=True) if in_channels == 1 else unit
