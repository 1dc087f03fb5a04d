"""The state of a running round on disk, so that an interrupted one can go on.

There is one for a project, `models/.interrupted/state.pt`: network, optimiser, running mean, step
and clock. Random numbers need no state: what a step draws follows from seed and step.
"""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import torch

from unet_gui.core.errors import TrainingError
from unet_gui.dataset.files import explain, write_atomic
from unet_gui.unet.distributed import Group
from unet_gui.unet.patches import Augmentation
from unet_gui.unet.settings import TrainSettings

FORMAT: Final = 1
FOLDER: Final = ".interrupted"
STATE_NAME: Final = "state.pt"
EVERY_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Run:
    """What a round is trained within, besides samples and settings.

    Attributes:
        group: The processes that train it together.
        keeper: Keeps its state; None keeps none.
        interrupted: What it goes on from; None for a new round.
    """

    group: Group = field(default_factory=Group)
    keeper: Keeper | None = None
    interrupted: Interrupted | None = None


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A round that was interrupted.

    Attributes:
        settings: How it was begun.
        origin: The checkpoint it goes on from; None without one.
        state: What `Trainer.restore` takes.
    """

    settings: TrainSettings
    origin: str | None
    state: dict[str, Any]


class Keeper:
    """Keeps the state of a running round every so often."""

    def __init__(self, models: Path, *, every: float = EVERY_SECONDS) -> None:
        """Nothing is written yet.

        Args:
            models: The project's folder of rounds.
            every: Seconds between two states; a round that is shorter keeps none.
        """
        self.path = models / FOLDER / STATE_NAME
        self.settings = TrainSettings()
        self.origin: str | None = None
        self.problem = ""
        self.every = every
        self._last = time.monotonic()

    def start_clock(self) -> None:
        """Training begins now."""
        self._last = time.monotonic()

    @property
    def due(self) -> bool:
        return time.monotonic() - self._last >= self.every

    def keep(self, state: dict[str, Any]) -> None:
        """Replace the state on disk, whole or not at all; `problem` says why it could not be."""
        about = {
            "format": FORMAT,
            "settings": plain_settings(self.settings),
            "origin": self.origin,
            **state.pop("about"),
        }
        content = {"about": json.dumps(about), **state}
        try:
            write_atomic(self.path, lambda stream: torch.save(content, stream))
        except (OSError, RuntimeError) as error:  # torch wraps what a full disk says
            reason = explain(error)[0] if isinstance(error, OSError) else str(error)
            self.problem = f"The state of the round could not be kept in {self.path}: {reason}."
        self._last = time.monotonic()

    def load(self) -> Interrupted | None:
        """The interrupted round; None without one.

        Raises:
            TrainingError: it is damaged, or of a newer version.
        """
        if not self.path.is_file():
            return None
        try:
            state = torch.load(self.path, map_location="cpu", weights_only=True)
            about = json.loads(state.pop("about"))
            if about["format"] > FORMAT:
                raise ValueError(f"format {about['format']} of a newer version")
            settings = settings_of(about.pop("settings"))
            return Interrupted(settings, about.pop("origin"), {**state, "about": about})
        except Exception as error:
            # torch tells a truncated or foreign file by half a dozen kinds of error
            raise TrainingError(
                f"The interrupted round in {self.path} cannot be read: {error}.",
                "Train without --resume to begin a new one.",
            ) from error

    def forget(self) -> None:
        """Remove the state: the round is finished."""
        shutil.rmtree(self.path.parent, ignore_errors=True)


def plain_settings(settings: TrainSettings) -> dict[str, Any]:
    """Settings as JSON can hold them."""
    return {k: str(v) if isinstance(v, Path) else v for k, v in asdict(settings).items()}


def settings_of(plain: dict[str, Any]) -> TrainSettings:
    """The opposite of `plain_settings`.

    Raises:
        TypeError: a value is missing or not known.
    """
    settings = TrainSettings(**{k: v for k, v in plain.items() if k != "augmentation"})
    return replace(settings, augmentation=Augmentation(**plain["augmentation"]))
