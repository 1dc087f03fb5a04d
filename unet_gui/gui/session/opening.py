"""Projects opened and looked through in the background: very many files take a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unet_gui.dataset.project import Project

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

open_project = Project.open


def open_job(folder: Path) -> Generator[None, None, Project]:
    """Open a project or a folder of images.

    Raises:
        ProjectError: as `Project.open`.
    """
    yield
    return open_project(folder)


def refresh_job(project: Project) -> Generator[None, None, bool]:
    """Look for images that have come or gone; True when some have.

    Raises:
        ProjectError: as `Project.refresh`.
    """
    yield
    return project.refresh()
