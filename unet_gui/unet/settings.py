"""How a round is trained, and the presets to choose from."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from unet_gui.core.errors import UsageError
from unet_gui.unet.patches import Augmentation

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Everything that decides how a round is trained, besides samples and parent.

    Attributes:
        decoder: "auto" is lite on a CPU and tutorial on a GPU.
        width: Channels relative to VGG16's; None takes the parent's or the encoder weights'.
        decoder_relu: For new tutorial decoders.
        encoder_weights: File, "imagenet" or "none"; None goes on from what is there.
        budget: Seconds of training; None when `epochs` decides.
        epochs: Passes over the labelled area; reproducible to the bit on a CPU.
        patch: Side of a training patch in pixels, a multiple of 16.
        batch: Patches a step.
        lr: Highest learning rate of the decoder.
        encoder_lr: Highest learning rate of the encoder.
        weight_decay: Of AdamW.
        dice_weight: Of the Dice loss beside cross-entropy.
        guided: Let the instant learner answer too, as long as the encoder of a lite network stays
            as it is: its answers are learnt from where nothing is labelled, and averaged with the
            network's.
        weak_weight: Of the instant learner's answers in the loss; the labels count 1.
        replay: How often a CPU learns from a patch whose features it has, while the encoder stays
            as it is.
        average: Highest decay of the running mean of the weights; 0 for none.
        train_encoder: None trains the tutorial network's encoder after `frozen`, never the lite
            network's; True trains it from the start, False never.
        frozen: Share of the training during which the encoder is frozen at first.
        schedule: "cosine" decays to zero at the end, "constant" does not.
        augmentation: How patches are varied.
        seed: Of everything random.
    """

    decoder: Literal["auto", "tutorial", "lite"] = "auto"
    width: float | None = None
    decoder_relu: bool = True
    encoder_weights: str | Path | None = None
    budget: float | None = 60.0
    epochs: int | None = None
    patch: int = 160
    batch: int = 4
    lr: float = 2e-3
    encoder_lr: float = 1e-5
    weight_decay: float = 1e-2
    dice_weight: float = 1.0
    guided: bool = True
    weak_weight: float = 4.0
    replay: int = 4
    average: float = 0.99
    train_encoder: bool | None = None
    frozen: float = 0.5
    schedule: Literal["cosine", "constant"] = "cosine"
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 0

    def check(self) -> None:
        """Refuse settings that make no sense.

        Raises:
            UsageError: says which and what would do.
        """
        if (self.budget is None) == (self.epochs is None):
            raise UsageError("Give either a budget of seconds or a number of epochs.")
        if self.budget is not None and not 0 < self.budget <= 30 * 86400:
            raise UsageError(f"A budget of {self.budget:g} s is out of range.", "60s, 5m, 1h …")
        if self.epochs is not None and self.epochs < 1:
            raise UsageError(f"{self.epochs} epochs are none.", "At least 1.")
        if self.patch < 16 or self.patch % 16:
            raise UsageError(f"Patches of {self.patch} px cannot be used.", "A multiple of 16.")
        if self.batch < 1:
            raise UsageError(f"Batches of {self.batch} patches are none.", "At least 1.")
        if self.replay < 1 or self.weak_weight < 0:
            raise UsageError("Replay is 1 or more, and no weight is negative.")
        if self.width is not None and not self.width > 0:
            raise UsageError(f"Width {self.width:g} is out of range.", "1 is the usual one.")
        if not 0 <= self.seed < 2**63:
            raise UsageError(f"Seed {self.seed} is out of range.", "0 or more.")


PRESETS: Final[dict[str, TrainSettings]] = {
    "quick": TrainSettings(),
    "thorough": TrainSettings(budget=600.0, patch=256, encoder_lr=2e-5, frozen=0.3),
    # the recipe of the tutorials: Adam's constant 1e-4, half of the epochs frozen, pairs of 512²
    "tutorial": TrainSettings(
        decoder="tutorial",
        budget=None,
        epochs=100,
        patch=512,
        batch=2,
        lr=1e-4,
        encoder_lr=1e-4,
        weight_decay=0.0,
        guided=False,
        average=0.0,
        schedule="constant",
        augmentation=Augmentation(scale=2.0, brightness=0.15, contrast=1.3, hue=0.1),
    ),
}


def preset(name: str, **changes: Any) -> TrainSettings:
    """A preset with some of its values changed; a budget replaces epochs and the other way round.

    Raises:
        UsageError: there is no such preset or setting, or the result makes no sense.
    """
    if name not in PRESETS:
        raise UsageError(f"There is no preset “{name}”.", f"{', '.join(PRESETS)}.")
    if changes.get("budget") is not None:
        changes.setdefault("epochs", None)
    elif changes.get("epochs") is not None:
        changes["budget"] = None
    known = {f.name for f in fields(TrainSettings)}
    for key in changes:
        if key not in known:
            raise UsageError(f"There is no setting “{key}”.", f"{', '.join(sorted(known))}.")
    settings = replace(PRESETS[name], **changes)
    settings.check()
    return settings
