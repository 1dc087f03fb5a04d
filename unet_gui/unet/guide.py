"""A U-Net's companion: the instant learner, whose answers are averaged with the network's.

A minute of a CPU teaches a U-Net shapes, but not all that filters and trees know after a second.
The two err at different places, so their mean is better than either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import Tensor

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.geometry import Rect
from unet_gui.unet.instant.lookout import WHOLE
from unet_gui.unet.losses import class_columns
from unet_gui.unet.pixels import to_input
from unet_gui.unet.scoring import MARGIN, chosen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from unet_gui.unet.device import Device
    from unet_gui.unet.instant.net import InstantNet
    from unet_gui.unet.model import EncoderDecoder
    from unet_gui.unet.pixels import Normalisation
    from unet_gui.unet.samples import SampleSet
    from unet_gui.unet.weak_labels import WeakLabels

MEMORY: Final = ("whole", "trials")
PREFIX: Final = "guide."
"""Of its tensors in a checkpoint; the encoder is the network's own and there once."""

USUAL_SHARE: Final = 0.4
"""How much the network counts where nothing tells, and where two shares are about as good."""

SHARES: Final = (0.2, 0.3, USUAL_SHARE, 0.5, 0.6, 0.7, 0.8)
"""Neither is ever left out: what the next round's instant learner recalls is this one's."""

PULL: Final = 0.05
"""How much worse a share counts for each squared step away from the usual one."""

LEAST: Final = 1e-9
SUREST: Final = 0.02
"""No answer counts as less likely than this when shares are compared."""


class Guide:
    """Averages an instant learner's probabilities with a network's.

    Not a module on purpose: it is never trained together with the network, and its encoder is the
    network's own.

    Attributes:
        memory: What the next round of the instant learner needs of this one's model.json.
    """

    def __init__(
        self,
        instant: InstantNet,
        share: float,
        ids: Iterable[int],
        about: Mapping[str, Any] | None = None,
    ) -> None:
        """Put together.

        Args:
            instant: Fitted; its encoder is the one of the network it accompanies.
            share: How much the network counts, 0..1.
            ids: Classes that the network has learnt.
            about: The model.json of the instant learner's round, or the "guide" of a stored one.
        """
        self.instant = instant
        self.share = share
        self.ids = sorted(ids)
        self.memory = {key: about[key] for key in MEMORY if key in about} if about else {}

    def mix(self, x: Tensor, logits: Tensor) -> Tensor:
        """Logarithms of averaged probabilities.

        Args:
            x: N×C×H×W float32, normalised.
            logits: N×num_classes×H×W, the network's.
        """
        own = class_columns(logits.float(), torch.tensor(self.ids, device=logits.device)).softmax(1)
        other: Tensor = self.instant(x).exp()
        return torch.lerp(other, own, self.share).clamp_min_(LEAST).log_()

    def stored(self) -> dict[str, Tensor]:
        """Its tensors for a checkpoint, but for the encoder's."""
        state = self.instant.stored()
        return {PREFIX + k: v for k, v in state.items() if not k.startswith("vgg.")}

    def to_info(self) -> dict[str, Any]:
        """The "guide" of a model.json."""
        return {
            "share": self.share,
            "ids": self.ids,
            "seed": self.instant.seed,
            "finish": self.instant.finish.to_info(),
            **self.memory,
        }


def split_state(state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The tensors of the network and those of its guide."""
    own = {k: v for k, v in state.items() if not k.startswith(PREFIX)}
    return own, {k.removeprefix(PREFIX): v for k, v in state.items() if k.startswith(PREFIX)}


@torch.inference_mode()
def best_share(
    net: EncoderDecoder,
    ids: Iterable[int],
    samples: SampleSet,
    weak: WeakLabels,
    device: Device,
    normalisation: Normalisation,
) -> float:
    """How much a network should count beside its guide: what makes held-back pixels likeliest.

    Only those of images that are labelled whole tell. Elsewhere a person has painted the mistakes
    of both together, which are more often mistakes of the one that counted more.

    Args:
        net: On `device`, without a guide.
        ids: Classes that it has learnt.
        samples: With held-back cells.
        weak: What the guide says of them.
        device: Where the network is.
        normalisation: What it expects.
    """
    whole = _whole(samples)
    cells = chosen([cell for cell in samples.held_back if cell.sample in whole])
    columns = torch.tensor(sorted(ids))
    losses: dict[int, list[NDArray[np.float64]]] = {}
    net.eval()
    for cell in cells:
        image, mask = samples.read(cell.sample)
        seen = cell.rect.expanded(MARGIN).intersection(Rect.of_shape(mask.shape))
        inside = cell.rect.moved(-seen.x0, -seen.y0).slices
        pixels = to_input(image[seen.slices], net.spec.in_channels, normalisation)
        with device.autocast():
            logits = net(device.place(pixels[None])).float().cpu()
        own = class_columns(logits, columns).softmax(1)[0].numpy()[(slice(None), *inside)]
        other = weak.probabilities(cell.sample, cell.rect).astype(np.float32) / 255
        truth = mask[cell.rect.slices]
        ys, xs = np.nonzero(truth != UNLABELLED)
        right = truth[ys, xs].astype(np.intp)
        for class_id in np.unique(right):
            at = right == class_id
            ours, theirs = (p[class_id, ys[at], xs[at]] for p in (own, other))
            mixed = [np.maximum(s * ours + (1 - s) * theirs, SUREST) for s in SHARES]
            losses.setdefault(int(class_id), []).append(-np.log(np.stack(mixed)))
    if not losses:
        return USUAL_SHARE
    means = [np.concatenate(parts, 1).mean(1) for parts in losses.values()]
    pulled = [PULL * (share - USUAL_SHARE) ** 2 for share in SHARES]
    return SHARES[int((np.mean(means, 0) + pulled).argmin())]


def _whole(samples: SampleSet) -> set[int]:
    """Samples of which nearly all is labelled, as far as their cells tell."""
    sums: dict[int, list[int]] = {}
    for cell in (*samples.training, *samples.held_back):
        found = sums.setdefault(cell.sample, [0, 0, 0])
        found[0] += sum(cell.counts.values())
        found[1:] = max(found[1], cell.rect.y1), max(found[2], cell.rect.x1)
    return {i for i, (known, height, width) in sums.items() if known >= WHOLE * height * width}
