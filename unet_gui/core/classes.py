"""Classes of a project: permanent ids, names and colours, in the order the person likes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.errors import ClassTableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

UNLABELLED: Final = 255
"""The mask value of a pixel nobody has decided on; ignored by loss, metrics and exports."""

MAX_CLASSES: Final = 255

# Kelly's colours of maximum contrast (Kelly 1965), the ones that stay apart on grey and on
# stained images first; background is a quiet grey-blue so that it does not shout.
DEFAULT_COLORS: Final = (
    "#5b6b7b", "#ffb300", "#7b4fd6", "#00a878", "#e6194b", "#2f9bff", "#ff7a1a", "#c2e812",
    "#f032e6", "#00c2c7", "#a0522d", "#ffd8b1", "#808000", "#000075", "#aaffc3", "#800000",
)  # fmt: skip

_HEX = re.compile(r"#[0-9a-fA-F]{6}\Z")


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """One class. `id` is 0..254 and never changes; `color` is "#rrggbb"."""

    id: int
    name: str
    color: str

    def __post_init__(self) -> None:
        if not 0 <= self.id < UNLABELLED:
            raise ClassTableError(f"Class id {self.id} is outside 0 to 254.")
        if not self.name.strip():
            raise ClassTableError("A class needs a name.")
        if not _HEX.match(self.color):
            raise ClassTableError(f"“{self.color}” is not a colour.", "Write it as #rrggbb.")

    @property
    def rgb(self) -> tuple[int, int, int]:
        value = int(self.color[1:], 16)
        return value >> 16, value >> 8 & 255, value & 255


def default_color(class_id: int) -> str:
    """A colour for a class nobody has coloured yet, the same each time."""
    if class_id < len(DEFAULT_COLORS):
        return DEFAULT_COLORS[class_id]
    # Golden-angle steps in hue never repeat; three lightness bands keep neighbours apart.
    hue = class_id * 0.6180339887 % 1.0
    light = (0.95, 0.75, 0.55)[class_id % 3]
    k = (np.array([5.0, 3.0, 1.0]) + hue * 6) % 6
    rgb = light - light * 0.8 * np.clip(np.minimum(k, 4 - k), 0, 1)
    return "#{:02x}{:02x}{:02x}".format(*(round(c * 255) for c in rgb))


class ClassTable:
    """An ordered, immutable set of classes. Changes return a new table; ids are never reused.

    Raises:
        ClassTableError: a doubled id or name, too many classes, an unknown id.
    """

    def __init__(self, classes: Iterable[ClassInfo] = ()) -> None:
        self._classes = tuple(classes)
        ids = [c.id for c in self._classes]
        names = [c.name.casefold() for c in self._classes]
        if len(set(ids)) != len(ids):
            raise ClassTableError("Two classes share an id.")
        if len(set(names)) != len(names):
            doubled = next(n for n in names if names.count(n) > 1)
            raise ClassTableError(f"Two classes are called “{doubled}”.", "Names must differ.")

    @classmethod
    def from_names(cls, names: Sequence[str]) -> ClassTable:
        """Classes 0, 1, 2 … with these names and default colours."""
        if len(names) > MAX_CLASSES:
            raise ClassTableError(f"{len(names)} classes are too many.", "255 is the limit.")
        return cls(ClassInfo(i, n.strip(), default_color(i)) for i, n in enumerate(names))

    def __iter__(self) -> Iterator[ClassInfo]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)

    def __contains__(self, class_id: object) -> bool:
        return any(c.id == class_id for c in self._classes)

    def __getitem__(self, class_id: int) -> ClassInfo:
        """The class with this id (not position)."""
        for c in self._classes:
            if c.id == class_id:
                return c
        raise ClassTableError(f"There is no class with id {class_id}.")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClassTable) and self._classes == other._classes

    def __hash__(self) -> int:
        return hash(self._classes)

    def __repr__(self) -> str:
        return f"ClassTable({list(self._classes)!r})"

    @property
    def ids(self) -> tuple[int, ...]:
        """Ids in display order."""
        return tuple(c.id for c in self._classes)

    @property
    def num_outputs(self) -> int:
        """How many outputs a network needs so that output index = class id: highest id + 1."""
        return max(self.ids, default=-1) + 1

    def added(
        self, name: str, color: str | None = None, *, retired: Iterable[int] = ()
    ) -> ClassTable:
        """With one more class at the end. `retired` ids were deleted once: not given again."""
        used = {*self.ids, *retired}
        free = max(used, default=-1) + 1
        if free >= MAX_CLASSES:
            free = next((i for i in range(MAX_CLASSES) if i not in self.ids), MAX_CLASSES)
        if free >= MAX_CLASSES:
            raise ClassTableError("There is no class id left.", "255 classes are the limit.")
        return ClassTable(
            (*self._classes, ClassInfo(free, name.strip(), color or default_color(free)))
        )

    def renamed(self, class_id: int, name: str) -> ClassTable:
        return self._replaced(replace(self[class_id], name=name.strip()))

    def recolored(self, class_id: int, color: str) -> ClassTable:
        return self._replaced(replace(self[class_id], color=color))

    def removed(self, class_id: int) -> ClassTable:
        self[class_id]
        return ClassTable(c for c in self._classes if c.id != class_id)

    def reordered(self, ids: Sequence[int]) -> ClassTable:
        """In this display order. `ids` must hold each id once."""
        if sorted(ids) != sorted(self.ids):
            raise ClassTableError("The new order must hold each class once.")
        return ClassTable(self[i] for i in ids)

    def palette(self) -> NDArray[np.uint8]:
        """256×3 uint8 RGB by mask value. Unknown ids get their default colour, 255 near-white."""
        table = np.zeros((256, 3), np.uint8)
        for i in range(UNLABELLED):
            table[i] = ClassInfo(i, "x", default_color(i)).rgb
        for c in self._classes:
            table[c.id] = c.rgb
        table[UNLABELLED] = (224, 224, 192)  # VOC's void colour
        return table

    def _replaced(self, new: ClassInfo) -> ClassTable:
        return ClassTable(new if c.id == new.id else c for c in self._classes)
