"""What formats that keep masks as files of class ids have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unet_gui.dataset.formats.records import Record
from unet_gui.dataset.masks import load_mask

if TYPE_CHECKING:
    from pathlib import Path

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.formats.records import Findings
    from unet_gui.dataset.formats.survey import Survey


def mask_record(
    name: str, image: Path, mask: Path, classes: ClassTable, *, split: str = ""
) -> Record:
    """An image whose mask is a file: pixel = class id, or class colours."""

    def decode(findings: Findings) -> ClassMask:
        return load_mask(mask, None, classes)

    return Record(name, image, decode, split)


def no_class_for(survey: Survey) -> list[str]:
    """A word about mask values without a class, which readers cannot name."""
    if not survey.unknown:
        return []
    ids = ", ".join(map(str, survey.unknown))
    return [f"The masks hold ids that no class has: {ids}. They are written without a name."]
