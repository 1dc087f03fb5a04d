"""Writing datasets: one module a format, this registry, and the one way to run them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from unet_gui.core.errors import ExportError
from unet_gui.core.progress import Progress
from unet_gui.dataset.formats import pairs, voc
from unet_gui.dataset.formats.pixels import Tally
from unet_gui.dataset.formats.plan import Item, plan
from unet_gui.dataset.formats.report import ExportReport
from unet_gui.dataset.formats.staging import staged
from unet_gui.dataset.project import Project

if TYPE_CHECKING:
    from unet_gui.dataset.entries import ImageEntry

__all__ = ["FORMATS", "ExportReport", "Format", "export"]

Writer = Callable[[Project, Sequence[Item], Path], Generator[Progress, None, Tally]]


@dataclass(frozen=True, slots=True)
class Format:
    """One export format.

    Attributes:
        key: Its name on the command line.
        title: Its name for people.
        description: What is written and for whom, one sentence.
        write: Writes the items into an empty folder.
    """

    key: str
    title: str
    description: str
    write: Writer


FORMATS: Final[dict[str, Format]] = {
    f.key: f
    for f in (
        Format(
            "voc",
            "Pascal VOC",
            "JPEGImages, SegmentationClass and ImageSets, as the U-Net tutorials and torchvision "
            "read them.",
            voc.write,
        ),
        Format(
            "png",
            "Image and mask pairs",
            "A PNG image and a PNG mask of the same name, and classes.json; nothing is lost.",
            pairs.write,
        ),
    )
}


def export(  # noqa: PLR0913 - what comes after `out` goes by name
    project: Project,
    format: str,  # noqa: A002 - its name on the command line too
    out: Path | str,
    *,
    entries: Sequence[ImageEntry] | None = None,
    val: float = 0.2,
    seed: int = 0,
    overwrite: bool = False,
) -> Generator[Progress, None, ExportReport]:
    """Write a dataset. Nothing is left of it when it is closed or fails on the way.

    Args:
        project: The project.
        format: A key of `FORMATS`.
        out: The folder to write; missing, empty or an earlier export, unless `overwrite`.
        entries: Which images; those with at least one labelled pixel when None.
        val: Share of the images for validation, 0 ≤ val < 1.
        seed: Decides which images those are.
        overwrite: Also write into a folder with other files in it.

    Raises:
        ExportError: unknown format, nothing to export, `out` taken or not writable.
        ImageReadError, MaskReadError: an image or mask cannot be read; names it.
        MaskWriteError: the disk is full, ….
    """
    chosen = FORMATS.get(format)
    if chosen is None:
        raise ExportError(f"There is no format “{format}”.", f"Known: {', '.join(FORMATS)}.")
    target = Path(out).absolute()
    items = plan(project, entries, val=val, seed=seed)
    yield Progress(0, len(items))
    with staged(target, overwrite=overwrite) as folder:
        tally = yield from chosen.write(project, items, folder)
        yield Progress(len(items), len(items))
    return ExportReport(
        format=format,
        out=target,
        images=len(items),
        train=tuple(i.name for i in items if not i.val),
        val=tuple(i.name for i in items if i.val),
        pixels=tally.pixels,
        warnings=(*_renamed(items), *tally.warnings(project.classes)),
    )


def _renamed(items: Sequence[Item]) -> list[str]:
    renamed = [i for i in items if Path(i.entry.name).stem != i.name or "/" in i.entry.name]
    if not renamed:
        return []
    first = renamed[0]
    return [
        f"{len(renamed)} images were renamed, since an export is one flat folder: "
        f"{first.entry.name} became {first.name}."
    ]
