"""Reading a written dataset again, afresh, and comparing it with the project pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from unet_gui.core.errors import ExportError, UnetGuiError
from unet_gui.core.progress import Progress
from unet_gui.dataset.formats.class_match import ClassMatch
from unet_gui.dataset.formats.records import Findings

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.formats.format import Format
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.work import Work


@dataclass(frozen=True, slots=True)
class Verified:
    """The outcome of verifying an export; one that differs raises instead.

    Attributes:
        images: How many masks were read back and found equal.
        outside: How many of them by another program's library too; 0 where none is installed.
    """

    images: int
    outside: int


def verify(chosen: Format, work: Work, folder: Path) -> Generator[Progress, None, Verified]:
    """Compare what `folder` holds with the project.

    Args:
        chosen: The format, which must have `read`.
        work: What was exported.
        folder: Where it lies.

    Raises:
        ExportError: the format cannot be read, or an image is missing or differs; names it.
    """
    if chosen.read is None:
        raise ExportError(f"{chosen.title} cannot be read here, so it cannot be verified.")
    total = len(work.items)
    plan = yield from chosen.read(folder, chosen.read_again(work.options))
    lut = ClassMatch(plan.classes, work.classes).table
    records = {_stem(r.name): r for r in plan.records}
    for i, item in enumerate(work.items):
        yield Progress(i, total, item.entry.name)
        record = records.get(item.name)
        if record is None or record.mask is None:
            raise _differs(item, "it is missing")
        if record.content is None and not record.image.is_file():
            raise _differs(item, "its image is missing")
        try:
            read = record.mask(Findings())
        except UnetGuiError as exc:
            raise _differs(item, exc.message) from exc
        known = np.isin(np.arange(256), [*plan.classes.ids, 255])
        _compare(item, np.where(known, lut, np.arange(256, dtype=np.uint8))[read], chosen, work)
    outside = yield from _verify_outside(chosen, work, folder)
    return Verified(total, outside)


def _verify_outside(chosen: Format, work: Work, folder: Path) -> Generator[Progress, None, int]:
    if chosen.outside is None:
        return 0
    items = {i.name: i for i in work.items}
    done = 0
    try:
        for name, mask in chosen.outside(folder, work.classes):
            yield Progress(done, len(items), name)
            _compare(items[name], mask, chosen, work)
            done += 1
    except ImportError:
        return 0
    return done


def _compare(item: Item, read: ClassMask, chosen: Format, work: Work) -> None:
    expected = chosen.survives(work.peek(item), work)
    if read.shape != expected.shape:
        raise _differs(item, f"it is {read.shape[1]}×{read.shape[0]} pixels")
    wrong = int(np.count_nonzero(read != expected))
    if wrong:
        raise _differs(item, f"{wrong} pixels differ")


def _differs(item: Item, how: str) -> ExportError:
    return ExportError(
        f"Read again, {item.entry.name} is not what was exported: {how}.",
        "Nothing was written. Please report this with the image and its mask.",
    )


def _stem(name: str) -> str:
    last = name.rpartition("/")[2]
    return last.rpartition(".")[0] or last
