"""What reading a dataset finds: images, classes, and masks that are decoded one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from unet_gui.core.classes import MAX_CLASSES, ClassInfo, ClassTable, default_color
from unet_gui.core.document import ClassMask
from unet_gui.core.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class Findings:
    """What decoding masks could not take along; turned into sentences at the end.

    Attributes:
        overlaps: Pixels that several objects claim, by image; the later or smaller object won.
        unknown: Objects left out because of their class, by what the file calls it.
        notes: How many images a sentence is true of; "{}" in it becomes that number.
    """

    overlaps: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)

    def overlap(self, image: str, pixels: int) -> None:
        if pixels:
            self.overlaps[image] = self.overlaps.get(image, 0) + pixels

    def skip(self, class_name: str) -> None:
        self.unknown[class_name] = self.unknown.get(class_name, 0) + 1

    def note(self, sentence: str) -> None:
        self.notes[sentence] = self.notes.get(sentence, 0) + 1

    def sentences(self) -> list[str]:
        said = [sentence.format(number) for sentence, number in self.notes.items()]
        if self.overlaps:
            worst = max(self.overlaps, key=lambda n: self.overlaps[n])
            said.append(
                f"Objects overlap in {len(self.overlaps)} images, {sum(self.overlaps.values())} "
                f"pixels in all, most in {worst}. A pixel has one class here: that of the object "
                "on top."
            )
        if self.unknown:
            number = sum(self.unknown.values())
            names = ", ".join(list(self.unknown)[:5])
            said.append(f"{number} objects were left out; their class is not known: {names}.")
        return said


Decode = Callable[[Findings], ClassMask]


@dataclass(frozen=True, slots=True)
class Record:
    """One image of a dataset.

    Attributes:
        name: The image's name relative to the dataset's images, with "/" and suffix. What `write`
            has made out of an item called "a" is "a.png" or the like, perhaps in a folder.
        image: The image file; it need not be there.
        mask: Decodes the mask: H×W uint8 of the source's class ids (`ImportPlan.classes`), 255 =
            unlabelled. Called once, late; may raise `MaskReadError`. None: the image has none.
        split: "train", "val" or "test", where the dataset says so; else empty.
        content: Where the image is inside the dataset's own files: gives the bytes of its file.
    """

    name: str
    image: Path
    mask: Decode | None
    split: str = ""
    content: Callable[[], bytes] | None = None


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What a dataset holds.

    Attributes:
        format: Key of its format.
        classes: Its classes with its own ids.
        records: Its images.
        warnings: What could not be used, a sentence each, known before any mask is decoded.
    """

    format: str
    classes: ClassTable
    records: Sequence[Record]
    warnings: tuple[str, ...] = ()


def table_of(classes: Iterable[tuple[int, str, str | None]]) -> tuple[ClassTable, list[str]]:
    """A class table from (id, name, colour or None) as files have them.

    Names that are empty or alike but for case are told apart by their id.

    Returns:
        The table, and a sentence for each name that had to change.

    Raises:
        DatasetError: an id outside 0..254, or one that comes twice.
    """
    made: dict[int, ClassInfo] = {}
    taken: set[str] = set()
    said: list[str] = []
    for class_id, name, color in classes:
        if not 0 <= class_id < MAX_CLASSES:
            raise DatasetError(
                f"The dataset has a class with id {class_id}, “{name}”.",
                "Ids go from 0 to 254 here: choose some of its classes first.",
            )
        if class_id in made:
            raise DatasetError(f"Two classes of the dataset have the id {class_id}.")
        plain = " ".join(name.split()) or f"class {class_id}"
        if plain.casefold() in taken:
            said.append(f"The class name “{plain}” comes twice; id {class_id} got a number.")
            plain = f"{plain} ({class_id})"
        taken.add(plain.casefold())
        made[class_id] = ClassInfo(class_id, plain, color or default_color(class_id))
    return ClassTable(made.values()), said
