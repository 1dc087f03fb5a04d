"""What a round comes to, before it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from unet_gui.unet.starting import same_classes

if TYPE_CHECKING:
    from unet_gui.core.classes import ClassTable
    from unet_gui.unet.checkpoint import Checkpoint
    from unet_gui.unet.device import Device
    from unet_gui.unet.scoring import Score, ScoreSet


@dataclass(frozen=True, slots=True)
class TrainResult:
    """A finished round, not yet written.

    Attributes:
        checkpoint: The trained network, on the CPU; its info is a complete model.json.
        adopted: Whether it is better than the parent on the same held-back pixels.
        score: Its own score.
        previous: The parent's; None without a parent that knows the classes.
        steps: Training steps.
        seconds: Of training.
        notes: What a person should know.
    """

    checkpoint: Checkpoint
    adopted: bool
    score: Score
    previous: Score | None
    steps: int
    seconds: float
    notes: tuple[str, ...] = field(default=())

    @property
    def curve(self) -> list[dict[str, Any]]:
        """The scores on the way: step, seconds, loss, miou and iou by class id."""
        return list(self.checkpoint.info["curve"])


def score_parent(
    parent: Checkpoint | None, classes: ClassTable, score_set: ScoreSet, device: Device
) -> Score | None:
    """Its score where it knows some of the classes; None where there is nothing to compare."""
    shared = [] if parent is None else same_classes(parent, classes)
    if parent is None or not shared:
        return None
    net = parent.net
    try:
        return score_set.score(device.place_net(net), device, parent.normalisation, shared)
    finally:
        net.to("cpu")
