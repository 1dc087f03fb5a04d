"""A running mean of a network's weights, steadier than the weights themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn


class Average:
    """A running mean of the weights that are trained.

    Polyak and Juditsky 1992; the decay rises with the steps, so that a short run is not held back
    by its beginning.
    """

    def __init__(self, net: nn.Module, highest: float) -> None:
        self._highest = highest
        self._steps = 0
        self._mean: dict[str, Tensor] = {}
        if highest:
            self._mean = {key: value.detach().clone() for key, value in _moving(net)}

    def update(self, net: nn.Module) -> None:
        if not self._highest:
            return
        self._steps += 1
        decay = min(self._highest, (1 + self._steps) / (10 + self._steps))
        with torch.no_grad():
            for key, value in _moving(net):
                if key in self._mean:
                    self._mean[key].lerp_(value, 1 - decay)
                else:
                    self._mean[key] = value.detach().clone()

    def state(self) -> dict[str, Any]:
        """What `restore` needs to go on."""
        return {"steps": self._steps, "mean": self._mean}

    def restore(self, state: dict[str, Any], net: nn.Module) -> None:
        """Go on from another's `state`, on the device of the network."""
        own = net.state_dict()
        self._steps = int(state["steps"])
        self._mean = {k: torch.empty_like(own[k]).copy_(v) for k, v in state["mean"].items()}

    def swap(self, net: nn.Module) -> None:
        """Exchange the network's weights with the mean; twice is as before."""
        with torch.no_grad():
            own = net.state_dict()
            for key, mean in self._mean.items():
                kept = own[key].clone()
                own[key].copy_(mean)
                mean.copy_(kept)


def _moving(net: nn.Module) -> Iterator[tuple[str, Tensor]]:
    for key, parameter in net.named_parameters():
        if parameter.requires_grad:
            yield key, parameter
