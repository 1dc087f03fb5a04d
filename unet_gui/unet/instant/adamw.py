"""AdamW in a few lines: torch's own loads its compiler first, which takes more than a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

BETAS: Final = (0.9, 0.999)
EPSILON: Final = 1e-8


class AdamW:
    """Loshchilov and Hutter 2019, "Decoupled weight decay regularization", algorithm 2."""

    def __init__(self, parameters: Sequence[Tensor], *, decay: float) -> None:
        """Begin.

        Args:
            parameters: What is changed in place.
            decay: Weight decay, multiplied by the rate of each step.
        """
        self._parameters = list(parameters)
        self._decay = decay
        # moments lie side by side: a few operations on all, where they are many on little each
        count = sum(p.numel() for p in self._parameters)
        self._mean, self._square, self._spread = torch.zeros(3, count)
        self._means, self._spreads = (
            [
                part.view_as(parameter)
                for part, parameter in zip(
                    torch.split(flat, [p.numel() for p in self._parameters]),
                    self._parameters,
                    strict=True,
                )
            ]
            for flat in (self._mean, self._spread)
        )
        self._steps = 0

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor], rate: float) -> None:
        """One step.

        Args:
            gradients: Of the parameters, in their order.
            rate: The learning rate.
        """
        self._steps += 1
        first, second = (1 - beta**self._steps for beta in BETAS)
        gradient = torch.cat([g.reshape(-1) for g in gradients])
        self._mean.lerp_(gradient, 1 - BETAS[0])
        self._square.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
        torch.sqrt(self._square, out=self._spread).div_(second**0.5).add_(EPSILON)
        changes = zip(self._parameters, self._means, self._spreads, strict=True)
        for parameter, mean, spread in changes:
            parameter.mul_(1 - rate * self._decay).addcdiv_(mean, spread, value=-rate / first)
