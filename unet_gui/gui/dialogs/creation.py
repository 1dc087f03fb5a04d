"""Making a project as a job that can be cancelled, and taken back when it was."""

from __future__ import annotations

import logging
import shutil
from typing import TYPE_CHECKING

from unet_gui.core.progress import Progress
from unet_gui.dataset.project import Project

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from unet_gui.core.classes import ClassTable

logger = logging.getLogger(__name__)


class Creation:
    """One project on its way.

    Args:
        place: where the project is to live.
        images: its images, which stay where they are.
        classes: its classes.
        masks: a folder of masks to copy in.
    """

    def __init__(
        self, place: Path, images: Path, classes: ClassTable, masks: Path | None = None
    ) -> None:
        self.place = place
        self.warnings: list[str] = []
        self._images = images
        self._classes = classes
        self._masks = masks
        self._folder_is_ours = False
        self._began = False

    def run(self) -> Generator[Progress, None, Project]:
        """Make it; the masks are copied one at a time.

        Raises:
            ProjectError: `place` is a project already or cannot be written.
            MaskWriteError: a mask could not be written.
        """
        yield Progress(0, 0)
        taken = (self.place / "project.json").exists()
        self._folder_is_ours = not self.place.exists()
        self._began = not taken
        project = Project.create(self.place, images=self._images, classes=self._classes)
        if self._masks is not None:
            report = yield from project.import_masks(self._masks)
            self.warnings += report.warnings
        return project

    def undo(self) -> bool:
        """Remove what `run` has made, if the folder was not there before.

        Call it when `run` is running no more.

        Returns:
            False when something of the project had to be left behind.
        """
        if not self._began or not self.place.exists():
            return True
        if not self._folder_is_ours:
            return not (self.place / "project.json").exists()
        try:
            shutil.rmtree(self.place)
        except OSError:
            logger.exception("cannot remove %s", self.place)
            return False
        return True
