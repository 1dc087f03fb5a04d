"""Networks from files into a project, as rounds of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from unet_gui.core.errors import CheckpointError
from unet_gui.unet.checkpoint import Checkpoint, class_list, require_classes
from unet_gui.unet.rounds import open_checkpoint, write_round

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from unet_gui.dataset.project import Project

_SCORES: Final = frozenset({"miou", "iou", "dice", "score", "scores", "previous_miou", "curve"})


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """A network in a file, looked into.

    Attributes:
        path: The file.
        checkpoint: What was loaded.
        problem: Why it cannot propose in the project as it is; empty when it can.
    """

    path: Path
    checkpoint: Checkpoint
    problem: str = ""

    @property
    def fits(self) -> bool:
        """It knows the project's classes."""
        return not self.problem


def look_at(path: Path, project: Project) -> Generator[None, None, NetworkFile]:
    """Load a network and see whether it knows the project's classes.

    Whether the decoder of a bare `.pth` has ReLUs is measured on the project's labelled images.

    Raises:
        CheckpointError: it is missing, damaged or another network.
    """
    yield
    checkpoint = open_checkpoint(path, project, strict=False)
    yield
    try:
        require_classes(checkpoint, project.classes, path)
    except CheckpointError as error:
        return NetworkFile(path, checkpoint, error.message)
    return NetworkFile(path, checkpoint)


def take_in(network: NetworkFile, project: Project) -> Generator[None, None, str]:
    """Make a round of a network whose classes fit, and use it.

    Returns:
        The round's name.

    Raises:
        CheckpointError: the classes do not fit.
        TrainingError, ProjectError: the project cannot be written.
    """
    yield
    if not network.fits:
        raise CheckpointError(network.problem)
    checkpoint = network.checkpoint
    info = {k: v for k, v in checkpoint.info.items() if k not in _SCORES}
    if checkpoint.classes is None:
        info["classes"] = class_list(project.classes)
    info |= {
        "source": network.path.name,
        "parent": None,
        "adopted": True,
        "project": project.identify(),
    }
    written = write_round(project, checkpoint, info)
    project.adopt(written.name)
    return written.name
