"""Patches whose features are learnt from more than once.

Where the encoder stays as it is, encoding a patch takes a CPU as long as a step of the narrow
decoder on several. So each is kept for a while and drawn again.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import nn

from unet_gui.unet.losses import class_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import Tensor

    from unet_gui.unet.device import Device
    from unet_gui.unet.model import EncoderDecoder
    from unet_gui.unet.patches import PatchSampler

SURE: Final = 0.8
"""From this probability on an earlier answer is recalled."""

KEPT: Final = 32
"""Patches kept in all: 200 MB of those of 160 pixels at VGG16's own width."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Patches with their feature levels in place of pixels; see `Patches`."""

    levels: list[Tensor]
    target: Tensor
    weak: Tensor | None


class Recall:
    """What a network was sure of when its round began, among the weak labels.

    A stroke or two on the mistakes of one class would otherwise undo what it had right elsewhere
    (Li and Hoiem 2016, "Learning without forgetting", section 3).
    """

    def __init__(self, net: EncoderDecoder, class_ids: Iterable[int], device: Device) -> None:
        """Keep a copy.

        Args:
            net: As it begins, on `device`; the encoder, which stays as it is, is not copied.
            class_ids: Classes that it knows.
            device: Where it is.
        """
        self._net = copy.deepcopy(net, {id(p): p for p in net.vgg.parameters()}).eval()
        self._ids = torch.tensor(sorted(class_ids), device=device.device)
        self._device = device

    @torch.no_grad()
    def __call__(self, levels: list[Tensor], weak: Tensor) -> Tensor:
        """Weak labels, averaged with the network's probabilities where those are high.

        Args:
            levels: Of N patches, as the encoder gives them.
            weak: N×C×S×S float32 probabilities; all 0 where there are none, and it stays so.
        """
        with self._device.autocast():
            logits = self._net.decode(levels)
        known = class_columns(logits.float(), self._ids).softmax(1)
        sure = (known.amax(1, keepdim=True) > SURE) & (weak.sum(1, keepdim=True) > 0)
        return torch.where(sure, (weak + known) / 2, weak)


class Replay:
    """A place of the batch gets a new patch every so many steps, else one of its latest again.

    Which one follows from seed, step and place, and each is encoded by itself, so that one process
    or several, at one go or resumed, learn from the same to the bit.
    """

    def __init__(
        self,
        sampler: PatchSampler,
        encode: Callable[[Tensor], list[Tensor]],
        recall: Recall | None = None,
        *,
        seed: int,
        every: int,
        batch: int,
    ) -> None:
        """Nothing is encoded yet.

        Args:
            sampler: Draws patches.
            encode: From N×3×S×S RGB to feature levels.
            recall: Adds to weak labels what was known before; None adds nothing.
            seed: Of everything random.
            every: How many steps a place waits for a new patch.
            batch: Places in all.
        """
        self._sampler = sampler
        self._encode = encode
        self._recall = recall
        self._seed = seed
        self._every = every
        self._share = max(1, KEPT // batch)
        self._kept: dict[tuple[int, int], Encoded] = {}

    def forget(self) -> None:
        """Encode everything anew, after the size of the patches changed."""
        self._kept.clear()

    def part(self, step: int, places: Iterable[int]) -> Encoded:
        """What is at some places of the batch of a step."""
        parts = [self._at(step, place) for place in places]
        levels = [torch.cat(same) for same in zip(*(p.levels for p in parts), strict=True)]
        weak = [p.weak for p in parts if p.weak is not None]
        target = torch.cat([p.target for p in parts])
        return Encoded(levels, target, torch.cat(weak) if weak else None)

    def _at(self, step: int, place: int) -> Encoded:
        newest = (step + place) // self._every
        oldest = max(0, newest - self._share + 1)
        number = newest
        if (step + place) % self._every:
            number = int(
                np.random.default_rng((self._seed, step, place, 1)).integers(oldest, newest + 1)
            )
        if (place, number) not in self._kept:
            patches = self._sampler.part((self._seed, number), [place])
            levels = self._encode(patches.pixels)
            weak = patches.weak
            if self._recall is not None and weak is not None:
                weak = self._recall(levels, weak)
            self._kept[place, number] = Encoded(levels, patches.target, weak)
            for key in [k for k in self._kept if k[0] == place and k[1] < oldest]:
                del self._kept[key]
        return self._kept[place, number]


class Decoding(nn.Module):
    """A network that begins with feature levels."""

    def __init__(self, net: EncoderDecoder) -> None:
        super().__init__()
        self.net = net

    def forward(self, levels: list[Tensor]) -> Tensor:
        return self.net.decode(levels)
