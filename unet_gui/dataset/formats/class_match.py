"""Matching the classes of a dataset with those of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unet_gui.core.classes import MAX_CLASSES, UNLABELLED, ClassInfo, ClassTable
from unet_gui.core.errors import DatasetError
from unet_gui.dataset.class_files import with_missing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask


class ClassMatch:
    """Which class of the project each class of a dataset becomes.

    By name, whatever the case. A class the project does not have is added, under its own id where
    that one is free and was never another class's.

    Attributes:
        classes: The project's classes with those that had to be added.
        added: Names of these.
        moved: Names of added classes that got another id, since theirs was taken.
    """

    def __init__(
        self, source: ClassTable, project: ClassTable, *, retired: Iterable[int] = ()
    ) -> None:
        self.classes = project
        self.added: list[str] = []
        self.moved: list[str] = []
        self._retired = {*retired}
        self._target: dict[int, int] = {UNLABELLED: UNLABELLED}
        self._taken = {c.name.casefold(): c.id for c in project}
        for info in source:
            self._take(info)

    @property
    def table(self) -> NDArray[np.uint8]:
        """256 project ids by source id; 255 for ids that are not matched."""
        lut = np.full(256, UNLABELLED, np.uint8)
        for source, target in self._target.items():
            lut[source] = target
        return lut

    def apply(self, mask: ClassMask) -> ClassMask:
        """The mask in the project's ids; values without a class get one, “class 7”."""
        values = np.flatnonzero(np.bincount(mask.reshape(-1), minlength=256)).tolist()
        missing = [v for v in values if v not in self._target]
        for info in with_missing(ClassTable(), missing):
            self._take(info)
        matched: ClassMask = self.table[mask]
        return matched

    def _take(self, info: ClassInfo) -> None:
        known = self._taken.get(info.name.casefold())
        if known is not None:
            self._target[info.id] = known
            return
        given = self._free(info.id)
        self.classes = ClassTable((*self.classes, ClassInfo(given, info.name, info.color)))
        self.added.append(info.name)
        if given != info.id:
            self.moved.append(info.name)
        self._target[info.id] = self._taken[info.name.casefold()] = given

    def _free(self, wanted: int) -> int:
        used = {*self.classes.ids}
        choices: list[int] = [wanted, *range(MAX_CLASSES)]
        for choice in choices:
            if choice not in used and choice not in self._retired:
                return choice
        for choice in range(MAX_CLASSES):
            if choice not in used:
                return choice  # a retired one: better than none
        raise DatasetError(
            "The project and the dataset have more than 255 classes together.",
            "Import into a project of its own.",
        )
