"""Datasets in other programs' formats: one module a format, this registry, the way to run them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from unet_gui.core.errors import DatasetError, ExportError
from unet_gui.core.progress import Progress, drain
from unet_gui.dataset.card import Card
from unet_gui.dataset.discovery import split_suffix
from unet_gui.dataset.formats import (
    camvid,
    cityscapes,
    coco,
    cvat,
    datumaro,
    huggingface,
    labelme,
    labelstudio,
    nnunet,
    numpy_arrays,
    pairs,
    supervisely,
    tiff_stack,
    voc,
    yolo,
)
from unet_gui.dataset.formats.carding import write_card
from unet_gui.dataset.formats.format import Format, Option
from unet_gui.dataset.formats.importing import DatasetReport, bring_in
from unet_gui.dataset.formats.journal import Journal
from unet_gui.dataset.formats.placing import COPY
from unet_gui.dataset.formats.report import ExportReport
from unet_gui.dataset.formats.selection import Only, Selection, select
from unet_gui.dataset.formats.staging import staged
from unet_gui.dataset.formats.survey import survey
from unet_gui.dataset.formats.verify import verify
from unet_gui.dataset.formats.work import Work
from unet_gui.dataset.formats.workers import written
from unet_gui.dataset.splits import Split

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.records import ImportPlan
    from unet_gui.dataset.project import Project

__all__ = [
    "FORMATS",
    "Card",
    "DatasetReport",
    "ExportReport",
    "Format",
    "Only",
    "Option",
    "Selection",
    "Work",
    "export",
    "import_dataset",
    "losses",
    "read",
    "recognise",
]

AUTO: Final = "auto"

_MODULES: Final = (
    voc,
    pairs,
    coco,
    yolo,
    labelme,
    cvat,
    labelstudio,
    supervisely,
    datumaro,
    cityscapes,
    camvid,
    nnunet,
    huggingface,
    tiff_stack,
    numpy_arrays,
)

FORMATS: Final[dict[str, Format]] = {m.FORMAT.key: m.FORMAT for m in _MODULES}


def export(  # noqa: PLR0913 - what comes after `out` goes by name
    project: Project,
    format: str,  # noqa: A002 - its name on the command line too
    out: Path | str,
    *,
    entries: Sequence[ImageEntry] | None = None,
    val: float = 0.2,
    seed: int = 0,
    split: Split | None = None,
    selection: Selection | None = None,
    card: Card | None = None,
    options: Mapping[str, str] | None = None,
    overwrite: bool = False,
    resume: bool = False,
    verified: bool = False,
    workers: int | None = 1,
) -> Generator[Progress, None, ExportReport]:
    """Write a dataset. Nothing is left of it when it is closed or fails on the way.

    Args:
        project: The project.
        format: A key of `FORMATS` whose format can be written.
        out: The folder to write; missing, empty or an earlier export, unless `overwrite`.
        entries: Which images; when None those that `selection` says, and without one those with
            at least one labelled pixel.
        val: Share of the images for validation, 0 ≤ val < 1.
        seed: Decides which images those are.
        split: How images are dealt out; takes the place of `val` and `seed`.
        selection: How far images must be, into which crops they are cut, and with which classes.
        card: What the person says about the dataset; with it, a card and checksums are written.
        options: What the format lets choose, by key.
        overwrite: Also write into a folder with other files in it.
        resume: When closed or failing, keep what is written in a hidden folder in `out`, and go on
            from there the next time.
        verified: Read all of it again before it appears in `out`, and compare it with the project
            pixel by pixel.
        workers: How many processes may write; None for one for each processor. More than one
            only write what takes long. Where they may, a script must keep its own work under
            `if __name__ == "__main__":`, as `multiprocessing` wants it.

    Raises:
        ExportError: unknown format or option, nothing to export, `out` taken or not writable, or
            what was read again differs.
        ImageReadError, MaskReadError: an image or mask cannot be read; names it.
    """
    chosen = _writable(format)
    values = chosen.chosen(options)
    target = Path(out).absolute()
    split = split or Split(val=val, seed=seed)
    planned = yield from select(project, entries, split, selection)
    items = planned.items
    surveyed = survey(project, planned.entries, values, planned.classes)
    lost = chosen.losses(surveyed)
    yield Progress(0, len(items))
    kept = f"resume-{chosen.key}" if resume else None
    with staged(target, overwrite=overwrite, resume=kept) as folder:
        work = Work(
            project,
            items,
            folder,
            values,
            surveyed,
            chosen=planned.classes,
            journal=Journal(folder) if resume else None,
            summed=card is not None,
            several=None if workers == 1 else partial(written, project, workers),
        )
        assert chosen.write is not None
        yield from chosen.write(work)
        outcome = (yield from verify(chosen, work, folder)) if verified else None
        if card is not None:
            yield from write_card(work, chosen, card, split, (*lost, *planned.notes))
        yield Progress(len(items), len(items))
    return ExportReport(
        format=format,
        out=target,
        images=len(items),
        train=tuple(i.name for i in work.split("train")),
        val=tuple(i.name for i in work.split("val")),
        test=tuple(i.name for i in work.split("test")),
        pixels=work.tally.pixels,
        losses=tuple(lost),
        verified=outcome,
        warnings=(
            *lost,
            *planned.notes,
            *_renamed(items),
            *work.tally.warnings(work.classes),
            *work.said,
        ),
    )


def losses(
    project: Project,
    format: str,  # noqa: A002 - as above
    *,
    entries: Sequence[ImageEntry] | None = None,
    selection: Selection | None = None,
    options: Mapping[str, str] | None = None,
) -> list[str]:
    """What a format cannot hold of these masks, a sentence each, before anything is written.

    Raises:
        ExportError: as `export`.
    """
    chosen = _writable(format)
    whole = None if selection is None else replace(selection, crops=None)
    planned = drain(select(project, entries, Split(val=0), whole))
    surveyed = survey(project, planned.entries, chosen.chosen(options), planned.classes)
    return chosen.losses(surveyed)


def read(
    src: Path | str,
    format: str = AUTO,  # noqa: A002 - its name on the command line too
    *,
    options: Mapping[str, str] | None = None,
) -> Generator[Progress, None, ImportPlan]:
    """Look through a dataset; no mask is decoded yet.

    Args:
        src: Its folder, or its file where it is one.
        format: A key of `FORMATS` whose format can be read, or "auto".
        options: What the format lets choose, by key.

    Raises:
        DatasetError: it is not there, of no known format, or damaged.
    """
    path = Path(src).absolute()
    if not path.exists():
        raise DatasetError(f"There is no {path}.", "Check the path.")
    chosen = recognise(path) if format == AUTO else FORMATS.get(format)
    if chosen is None or chosen.read is None:
        known = ", ".join(f.key for f in FORMATS.values() if f.read)
        raise DatasetError(f"There is no format “{format}” to read.", f"Known: {known}.")
    return (yield from chosen.read(path, chosen.chosen(options, reading=True)))


def recognise(path: Path) -> Format:
    """The format of a dataset.

    Raises:
        DatasetError: it is like none of those that can be read.
    """
    sure = {f.key: f.sniff(path) for f in FORMATS.values() if f.read and f.sniff}
    best = max(sure, key=lambda key: sure[key])
    if sure[best] <= 0:
        raise DatasetError(
            f"{path.name} is of no format that this program knows.",
            f"Name it with --format: {', '.join(sure)}.",
        )
    return FORMATS[best]


def import_dataset(
    src: Path | str,
    into: Path | str,
    *,
    format: str = AUTO,  # noqa: A002 - its name on the command line too
    options: Mapping[str, str] | None = None,
    images: str = COPY,
    overwrite: bool = False,
) -> Generator[Progress, None, DatasetReport]:
    """Bring a dataset into a project; see `importing.bring_in` and `read`."""
    found = yield from read(src, format, options=options)
    return (yield from bring_in(found, Path(into), images=images, overwrite=overwrite))


def _writable(key: str) -> Format:
    chosen = FORMATS.get(key)
    if chosen is None or chosen.write is None:
        known = ", ".join(f.key for f in FORMATS.values() if f.write)
        raise ExportError(f"There is no format “{key}” to write.", f"Known: {known}.")
    return chosen


def _renamed(items: Sequence[Item]) -> list[str]:
    renamed = [i for i in items if i.window is None and split_suffix(i.entry.name)[0] != i.name]
    if not renamed:
        return []
    first = renamed[0]
    return [
        f"{len(renamed)} images were renamed, since an export is one flat folder: "
        f"{first.entry.name} became {first.name}."
    ]
