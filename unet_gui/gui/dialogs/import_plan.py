"""What an import would bring, and how its classes become those of a project."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED, ClassInfo, ClassTable
from unet_gui.core.errors import DatasetError, UnetGuiError
from unet_gui.dataset.doctor import Finding, Severity, examine
from unet_gui.dataset.formats import read, recognise

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from unet_gui.core.document import ClassMask
    from unet_gui.core.progress import Progress
    from unet_gui.dataset.formats.records import Decode, Findings, ImportPlan

AUTO: Final = "auto"

PAIRED: Final = frozenset({"png", "voc"})
"""Formats that are folders of images and masks, in which the doctor understands the masks too."""

NATIVE: Final = frozenset({"png", "voc"})
"""Formats that open as they are."""

_OF_IMAGES: Final = ("image-", "unreadable", "broken-link", "case-clash", "wrong-extension")


@dataclass(slots=True)
class Looked:
    """What is in a dataset.

    Attributes:
        plan: What reading it has found.
        findings: What the doctor says about its files, without mere notes.
        images: How many images it has, those whose file is missing left out.
        masks: How many of them have a mask.
        splits: Images by "train", "val", "test", where it says so.
    """

    plan: ImportPlan
    findings: list[Finding] = field(default_factory=list)
    images: int = 0
    masks: int = 0
    splits: dict[str, int] = field(default_factory=dict)


def look_into(src: Path, key: str, options: Mapping[str, str]) -> Generator[Progress, None, Looked]:
    """Read a dataset's lists and let the doctor look through its files; no mask is decoded.

    Args:
        src: Its folder or file.
        key: Of a format, or "auto".
        options: What the format lets choose.

    Raises:
        DatasetError: it is not there, of no known format, or damaged.
    """
    plan = yield from read(src, key, options=options)
    looked = Looked(plan)
    looked.images = len(plan.records)
    looked.masks = sum(r.mask is not None for r in plan.records)
    looked.splits = dict(Counter(r.split for r in plan.records if r.split))
    if src.is_dir():
        looked.findings = yield from _examined(src, masks=plan.format in PAIRED)
    return looked


def _examined(src: Path, *, masks: bool) -> Generator[Progress, None, list[Finding]]:
    job: Generator[Any, None, Any] = examine(src)
    found = []
    try:
        for item in job:
            if not isinstance(item, Finding):
                yield item
            elif item.severity is not Severity.NOTE and (masks or item.code.startswith(_OF_IMAGES)):
                found.append(item)
    except UnetGuiError:
        return found  # the doctor's trouble is no reason not to import
    finally:
        job.close()
    if not masks:
        found = [f for f in found if f.code != "image-without-mask"]
    return found


def guess_format(path: Path) -> Generator[None, None, str]:
    """Key of the format that a file or folder is of, as a job; "" when it is of none."""
    yield
    try:
        return recognise(path).key
    except DatasetError:
        return ""


def with_classes(plan: ImportPlan, targets: Mapping[int, str | None]) -> ImportPlan:
    """The same dataset with other class names; those that get one name become one class.

    Args:
        plan: What the dataset holds.
        targets: New name by class id; None makes its pixels unlabelled. Ids that are not in it
            stay as they are.

    Raises:
        ClassTableError: two names differ by nothing but white space.
    """
    lut = np.arange(256, dtype=np.uint8)
    first: dict[str, ClassInfo] = {}
    for info in plan.classes:
        name = targets.get(info.id, info.name)
        if name is None:
            lut[info.id] = UNLABELLED
            continue
        known = first.setdefault(name.casefold(), replace(info, name=name))
        lut[info.id] = known.id
    classes = ClassTable(first.values())
    if classes == plan.classes:
        return plan
    records = [
        r if r.mask is None else replace(r, mask=_through(r.mask, lut)) for r in plan.records
    ]
    return replace(plan, classes=classes, records=records)


def _through(decode: Decode, lut: ClassMask) -> Decode:
    def decoded(findings: Findings) -> ClassMask:
        mask: ClassMask = lut[decode(findings)]
        return mask

    return decoded
