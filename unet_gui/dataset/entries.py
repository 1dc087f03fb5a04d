"""One image of a project, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Status(Enum):
    """How far an image is."""

    UNTOUCHED = "untouched"
    PROPOSED = "proposed"
    IN_WORK = "in_work"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class ImageEntry:
    """An image of the project.

    Attributes:
        name: Path relative to the folder of images, with "/": the image's name everywhere.
        path: The image file.
        mask_path: Where its mask is saved. It may not be there yet, and a read-only folder's
            masks are read from elsewhere: ask `Project.load_mask` or `Project.mask_file`.
    """

    name: str
    path: Path
    mask_path: Path
