"""How the images of a project are shown, and how large their pixels are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unet_gui.dataset.channel_view import ChannelView
    from unet_gui.dataset.entries import Viewing
    from unet_gui.dataset.project_file import ProjectFile


class ProjectLook:
    """What a `Project` knows about the look of its images; part of it, never made by itself."""

    _file: ProjectFile
    _viewing: Viewing
    _told_size: tuple[float, str] | None

    @property
    def pixel_size(self) -> tuple[float, str] | None:
        """Side of a pixel and its unit, else what the first image tells; None when not known."""
        return self._file.settings.pixel_size or self._told_size

    def set_pixel_size(self, size: tuple[float, str] | None) -> None:
        self._file.set(pixel_size=size)

    @property
    def channels(self) -> ChannelView | None:
        """Which channels of images are shown, and how; None for as they come."""
        return self._file.settings.channels

    def set_channels(self, view: ChannelView | None) -> None:
        """Show all images so from now on; what was predicted from another view is stale.

        Raises:
            ProjectError: project.json cannot be written.
        """
        self._file.set(channels=view if view is not None and view.rows else None)
        self._viewing.view = self.channels

    def preview_channels(self, view: ChannelView | None) -> None:
        """Show all images so for now, without keeping it."""
        self._viewing.view = view if view is not None and view.rows else None
