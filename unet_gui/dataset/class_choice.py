"""Which classes go into a dataset, and which of them become one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED, ClassInfo, ClassTable
from unet_gui.core.errors import ExportError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask

REST: Final = "*"
"""As the old name of a mapping: every class that is not named otherwise."""

_NOTHING: Final = frozenset({"", "unlabelled", "unlabeled", "255"})


@dataclass(frozen=True, slots=True)
class ClassChoice:
    """What becomes of the classes of a project. Nothing, by default.

    Attributes:
        keep: Names or ids of the classes that are exported; all when empty. Pixels of others become
            unlabelled.
        mapping: (old, new) before that: `new` is another class, which takes these pixels; or a new
            name, which the first class mapped to it gets; or "unlabelled". An old "*" stands for
            every class that is named nowhere else.
        renumber: Count the ids anew from 0, in the order of `keep`, or else of the project.
    """

    keep: tuple[str, ...] = ()
    mapping: tuple[tuple[str, str], ...] = ()
    renumber: bool = False

    def resolve(self, classes: ClassTable) -> Resolved:
        """Apply it to the classes of a project.

        Raises:
            ExportError: a class that does not exist or is mapped twice, or nothing is left.
        """
        lut = np.arange(256, dtype=np.uint8)
        table = self._mapped(classes, lut)
        if self.keep:
            table = self._kept(table, lut)
        if not len(table):
            raise ExportError("No class is left to export.", f"There are {_names(classes)}.")
        if self.renumber:
            new = ClassTable(replace(c, id=i) for i, c in enumerate(table))
            inside = np.full(256, UNLABELLED, np.uint8)
            for before, after in zip(table, new, strict=True):
                inside[before.id] = after.id
            lut[:] = inside[lut]
            table = new
        return Resolved(table, None if _is_identity(lut) else lut, _changes(classes, table, lut))

    def _mapped(self, classes: ClassTable, lut: NDArray[np.uint8]) -> ClassTable:
        moves: dict[int, str] = {}
        for old, new in self.mapping:
            if old.strip() == REST:
                continue
            class_id = find(classes, old).id
            if class_id in moves:
                raise ExportError(f"The class {classes[class_id].name} is mapped twice.")
            moves[class_id] = new.strip()
        named = {*moves, *(c.id for c in classes if self._names_elsewhere(classes, c))}
        for old, new in self.mapping:
            if old.strip() == REST:
                moves |= {c.id: new.strip() for c in classes if c.id not in named}
        table = list(classes)
        for class_id, new in moves.items():
            table = _move(class_id, new, table, lut)
        return ClassTable(table)

    def _names_elsewhere(self, classes: ClassTable, info: ClassInfo) -> bool:
        spelled = {n.strip().casefold() for n in (*self.keep, *(new for _, new in self.mapping))}
        return bool(spelled & {info.name.casefold(), str(info.id)})

    def _kept(self, table: ClassTable, lut: NDArray[np.uint8]) -> ClassTable:
        kept = list(dict.fromkeys(find(table, name) for name in self.keep))
        inside = {c.id for c in kept}
        lut[~np.isin(lut, [*inside])] = UNLABELLED
        return ClassTable(kept)


@dataclass(frozen=True, slots=True)
class Resolved:
    """The outcome of a choice.

    Attributes:
        classes: The classes of the export.
        lut: 256 values to look mask values up in; None changes nothing.
        notes: What became of classes, a sentence each.
    """

    classes: ClassTable
    lut: NDArray[np.uint8] | None
    notes: tuple[str, ...] = ()

    def apply(self, mask: ClassMask) -> ClassMask:
        """The mask in the ids of `classes`."""
        return mask if self.lut is None else np.asarray(self.lut[mask])

    def count(self, counts: dict[int, int]) -> dict[int, int]:
        """Pixels by mask value after `apply`."""
        if self.lut is None:
            return counts
        found: dict[int, int] = {}
        for value, number in counts.items():
            new = int(self.lut[value])
            found[new] = found.get(new, 0) + number
        return found


def find(classes: ClassTable, name: str) -> ClassInfo:
    """A class by its name, whatever the case, or by its id.

    Raises:
        ExportError: there is none.
    """
    wanted = name.strip().casefold()
    for info in classes:
        if info.name.casefold() == wanted:
            return info
    for info in classes:
        if str(info.id) == wanted:
            return info
    raise ExportError(f"There is no class “{name.strip()}”.", f"There are {_names(classes)}.")


def _move(
    class_id: int, new: str, table: list[ClassInfo], lut: NDArray[np.uint8]
) -> list[ClassInfo]:
    target = UNLABELLED
    if new.casefold() not in _NOTHING:
        there = next((c.id for c in table if _called(c, new)), None)
        if there is None:
            # A name that no class has: this class gets it, and the next find it.
            return [replace(c, name=new) if c.id == class_id else c for c in table]
        target = there
    if target == class_id:
        return table
    lut[lut == class_id] = target
    return [c for c in table if c.id != class_id]


def _called(info: ClassInfo, name: str) -> bool:
    return info.name.casefold() == name.casefold() or str(info.id) == name


def _changes(before: ClassTable, after: ClassTable, lut: NDArray[np.uint8]) -> tuple[str, ...]:
    said = []
    for c in before:
        new = int(lut[c.id])
        name = after[new].name if new in after else "unlabelled"
        if name != c.name:
            said.append(f"The class {c.name} became {name}.")
        elif new != c.id:
            said.append(f"The class {name} has the id {new} instead of {c.id}.")
    return tuple(said)


def _is_identity(lut: NDArray[np.uint8]) -> bool:
    return bool(np.array_equal(lut, np.arange(256)))


def _names(classes: ClassTable) -> str:
    return ", ".join(c.name for c in classes)
