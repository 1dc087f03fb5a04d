"""One image of a project, and how far it is."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unet_gui.dataset.channel_view import ChannelView


class Status(Enum):
    """How far an image is."""

    UNTOUCHED = "untouched"
    PROPOSED = "proposed"
    IN_WORK = "in_work"
    DONE = "done"


class Viewing:
    """How the images of a project are shown; all its entries look at the same one.

    Attributes:
        view: Channels, colours and limits; None for as they come.
    """

    __slots__ = ("view",)

    def __init__(self, view: ChannelView | None = None) -> None:
        self.view = view


class ImageEntry:
    """An image of the project. Two are equal when name, page and both paths are.

    The paths are made when they are asked for: a project of a hundred thousand images opens
    several seconds sooner for it. Its pixels are read through `dataset.pages`, which alone knows
    what to do with page and view.

    Attributes:
        name: Path relative to the folder of images, with "/": the image's name everywhere.
        page: Which of the images in the file it is, from 0; None where the file is one image.
    """

    __slots__ = ("_mask_path", "_path", "_viewing", "name", "page")

    def __init__(
        self,
        name: str,
        path: Path | str,
        mask_path: Path | str,
        page: int | None = None,
        viewing: Viewing | None = None,
    ) -> None:
        self.name = name
        self.page = page
        self._path = path
        self._mask_path = mask_path
        self._viewing = viewing

    @property
    def view(self) -> ChannelView | None:
        """How its channels are shown, as the project says now."""
        return self._viewing.view if self._viewing is not None else None

    @property
    def path(self) -> Path:
        """The image file."""
        if isinstance(self._path, str):
            self._path = Path(self._path)
        return self._path

    @property
    def mask_path(self) -> Path:
        """Where its mask is saved.

        It may not be there yet, and a read-only folder's masks are read from elsewhere: ask
        `Project.load_mask` or `Project.mask_file`.
        """
        if isinstance(self._mask_path, str):
            self._mask_path = Path(self._mask_path)
        return self._mask_path

    @property
    def mask_place(self) -> str:
        """`mask_path` as text, without the cost of making a path of it."""
        return str(self._mask_path)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ImageEntry):
            return NotImplemented
        same = self.name == other.name and self.page == other.page
        return same and self._places() == other._places()

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"ImageEntry({self.name!r}, {str(self._path)!r}, {str(self._mask_path)!r})"

    def _places(self) -> tuple[str, str]:
        return str(self._path), str(self._mask_path)
