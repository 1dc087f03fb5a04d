"""What a pixel is that no object covers: formats that list objects know only one kind of nothing.

Background and unlabelled look the same there, unless background is written as objects too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED, ClassInfo, ClassTable, default_color
from unet_gui.dataset.class_files import with_missing
from unet_gui.dataset.formats.format import Option
from unet_gui.dataset.formats.objects import background

if TYPE_CHECKING:
    from collections.abc import Collection

    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.formats.format import Options
    from unet_gui.dataset.formats.survey import Survey
    from unet_gui.dataset.formats.work import Work

BACKGROUND: Final = Option(
    "background",
    ("auto", "keep", "drop"),
    "Whether the class called background is written as objects; auto drops it where no pixel is "
    "unlabelled, since then nothing is lost.",
)
KEEP_BACKGROUND: Final = Option(
    "background",
    ("keep", "auto", "drop"),
    "Whether the class called background is written as objects; auto drops it where no pixel is "
    "unlabelled.",
)
UNCOVERED: Final = Option(
    "uncovered",
    ("auto", "background", "unlabelled"),
    "What pixels are that no object covers; auto takes background, unless the file says otherwise "
    "or has objects of background.",
    reading=True,
    writing=False,
)

NO_OBJECT: Final = "background"


def dropped(survey: Survey) -> int | None:
    """The class that is not written as objects, so that uncovered pixels are of it."""
    choice = survey.options["background"]
    found = background(survey.classes)
    if choice == "keep" or (choice == "auto" and survey.unlabelled):
        return None
    return found


def fill_of(survey: Survey) -> int:
    """What uncovered pixels of the export are."""
    found = dropped(survey)
    return UNLABELLED if found is None else found


def named(survey: Survey) -> ClassTable:
    """The classes and one for each mask value that has none."""
    return with_missing(survey.classes, survey.unknown)


def losses(survey: Survey) -> list[str]:
    """What listing objects loses."""
    said = []
    left_out = dropped(survey)
    if left_out is not None and survey.unlabelled:
        said.append(
            f"Unlabelled pixels of {survey.partial} images become "
            f"{survey.classes[left_out].name}, which is not written as objects."
        )
    if survey.options["background"] == "drop" and left_out is None:
        said.append("No class is called background, so all of them are written as objects.")
    if survey.unknown:
        ids = ", ".join(map(str, survey.unknown))
        said.append(f"The masks hold ids that no class has: {ids}. They are called “class …”.")
    return said


def survives(mask: ClassMask, work: Work) -> ClassMask:
    """What comes back of a mask."""
    fill = fill_of(work.survey)
    if fill == UNLABELLED:
        return mask
    return np.where(mask == UNLABELLED, np.uint8(fill), mask)


def fill_for(
    options: Options, classes: ClassTable, used: Collection[int], written: object = None
) -> tuple[int, ClassTable]:
    """What uncovered pixels of a dataset are.

    Args:
        options: What the person chose.
        classes: The dataset's classes.
        used: Ids of those that have objects.
        written: What the file itself says, if it was written here.

    Returns:
        The mask value, and the classes, with background added where it is needed.
    """
    choice = options["uncovered"]
    if (
        choice == "auto"
        and isinstance(written, int)
        and (written == UNLABELLED or written in classes)
    ):
        return written, classes
    found = background(classes)
    if choice == "unlabelled" or (choice == "auto" and found in used and found is not None):
        return UNLABELLED, classes
    if found is not None:
        return found, classes
    free = next((i for i in range(UNLABELLED) if i not in classes), None)
    if free is None:
        return UNLABELLED, classes
    added = ClassInfo(free, NO_OBJECT, default_color(free))
    return free, ClassTable((added, *classes))
