"""In which order the images of a project come up."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from unet_gui.dataset.project import ImageEntry, Project


class ImageOrder:
    """The images as they are in the project, or in an order of one's own."""

    def __init__(self) -> None:
        self._names: dict[str, int] | None = None
        self._known: tuple[object, object, list[ImageEntry], dict[str, int]] | None = None

    def set(self, names: Sequence[str] | None) -> None:
        """These first, all others behind them in the project's order; None is its order alone."""
        self._names = None if names is None else {name: at for at, name in enumerate(names)}

    def images(self, project: Project) -> list[ImageEntry]:
        """All images of the project."""
        return project.images if self._names is None else self._sorted(project)[0]

    def position(self, project: Project, name: str) -> int:
        """Where in `images` the image of this name is; -1 when it is not there."""
        if self._names is None:
            return project.position(name)
        return self._sorted(project)[1].get(name, -1)

    def unfinished_from(
        self, project: Project, at: int, skip: Collection[str] = ()
    ) -> ImageEntry | None:
        """The first image from this place on that is not done, none of those in `skip`."""
        following = islice(self.images(project), at, None)
        left = (e for e in following if e.name not in skip and not project.is_done(e))
        return next(left, None)

    def first(self, project: Project) -> ImageEntry:
        """What to begin with: the first image that is not done, else the first one."""
        return self.unfinished_from(project, 0) or self.images(project)[0]

    def next_unfinished(
        self, project: Project, name: str, *, around: bool, skip: Collection[str] = ()
    ) -> ImageEntry | None:
        """The first image after the one of this name that is not done; another one than that.

        Args:
            project: whose images.
            name: the image to look from.
            around: after the last one look from the first one on.
            skip: images that do not count.
        """
        skip = {name, *skip}
        found = self.unfinished_from(project, self.position(project, name) + 1, skip)
        if found is None and around:
            found = self.unfinished_from(project, 0, skip)
        return found

    def _sorted(self, project: Project) -> tuple[list[ImageEntry], dict[str, int]]:
        names, images = self._names or {}, project.images
        if self._known is None or self._known[0] is not images or self._known[1] is not names:
            last = len(names)
            ordered = sorted(images, key=lambda entry: names.get(entry.name, last))
            places = {entry.name: at for at, entry in enumerate(ordered)}
            self._known = images, names, ordered, places
        return self._known[2], self._known[3]
