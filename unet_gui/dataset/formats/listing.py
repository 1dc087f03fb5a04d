"""What formats that list the objects of an image, each with its class, have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from unet_gui.dataset.formats.objects import Objects, objects
from unet_gui.dataset.formats.uncovered import dropped, named

if TYPE_CHECKING:
    from collections.abc import Callable

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.work import Work


@dataclass(frozen=True, slots=True)
class Listed:
    """An image whose file is written, and what is on it.

    Attributes:
        image: The image's file name, without folders.
        mask: H×W uint8 of class ids; not to be changed.
        objects: What is on it.
        names: The name of the class of each object.
    """

    image: str
    mask: ClassMask
    objects: Objects
    names: list[str]

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.mask.shape[0])

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.mask.shape[1])


class Lister:
    """Writes images and lists the objects on them.

    Attributes:
        classes: The classes, with one for each mask value that has none.
        names: What the format calls each, by id.
    """

    def __init__(self, work: Work, spelled: Callable[[str], str] = str) -> None:
        """`spelled` turns the name of a class into one that the format can hold."""
        self._work = work
        left_out = dropped(work.survey)
        self._skipped = () if left_out is None else (left_out,)
        self.classes: ClassTable = named(work.survey)
        self.names = {c.id: spelled(c.name) for c in self.classes}

    def put(self, item: Item, stem: str, regions: Callable[..., Objects] = objects) -> Listed:
        """Write the image as `stem` and its suffix, and list what is on it.

        Raises:
            UnetGuiError: the image or mask cannot be read.
            OSError: the disk is full, ….
        """
        image = self._work.write_image(item, stem).rpartition("/")[2]
        mask = self._work.mask(item)
        found = regions(mask, skip=self._skipped)
        return Listed(image, mask, found, [self.names[c] for c in found.class_ids])
