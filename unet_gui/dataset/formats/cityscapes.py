"""Cityscapes: what torchvision's Cityscapes and most segmentation toolboxes read.

    leftImg8bit/<split>/<city>/<name>_leftImg8bit.png
    gtFine/<split>/<city>/<name>_gtFine_labelIds.png        pixel = id
    gtFine/<split>/<city>/<name>_gtFine_labelTrainIds.png   pixel = id to train on, 255 = ignored
    gtFine/<split>/<city>/<name>_gtFine_color.png           pixel = colour, black = unlabelled
    labels.json                                             the table of `cityscapes_labels`

(Cordts et al. 2016, "The Cityscapes Dataset for Semantic Urban Scene Understanding".)
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import MAX_CLASSES, UNLABELLED
from unet_gui.core.errors import DatasetError
from unet_gui.core.progress import Progress
from unet_gui.dataset.formats.cityscapes_labels import (
    OFFICIAL,
    TABLE,
    Label,
    read_names,
    read_rows,
    rows_of,
    void_of,
)
from unet_gui.dataset.formats.format import Format, Option
from unet_gui.dataset.formats.label_images import (
    color_png,
    grey_png,
    known_only,
    read_values,
    table,
)
from unet_gui.dataset.formats.records import ImportPlan, Record, table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.formats.format import Options
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.records import Findings
    from unet_gui.dataset.formats.survey import Survey
    from unet_gui.dataset.formats.work import Work

_CITY: Final = "city"
_IMAGE: Final = "_leftImg8bit"
_KINDS: Final = ("gtFine", "gtCoarse")


# -- writing ---------------------------------------------------------------------------------------


def write(work: Work) -> Generator[Progress, None, None]:
    """Write a Cityscapes folder.

    Raises:
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """
    rows = rows_of(work.classes)
    bases = _bases(work.items)
    yield from work.spread(_writer)
    own = {c.id: c.color for c in work.classes}
    work.write_json(
        TABLE,
        {
            "labels": [
                {"name": r.name, "id": r.id, "trainId": r.train_id, "color": own.get(r.id, r.color)}
                for r in rows
            ],
            "names": {base: name for name, base in bases.items() if name != base},
        },
        indent=2,
    )


def _writer(work: Work) -> Callable[[Item], None]:
    rows = rows_of(work.classes)
    ours = {r.id: r for r in rows if r.id in work.classes}
    ids = table({i: i for i in ours}, void_of(rows))
    train_ids = table({i: r.train_id for i, r in ours.items()}, UNLABELLED)
    colors = np.zeros((256, 3), np.uint8)
    for c in work.classes:
        colors[c.id] = c.rgb
    bases = _bases(work.items)

    def one(item: Item) -> None:
        base = bases[item.name]
        work.write_png(item, f"leftImg8bit/{item.split}/{_CITY}/{base}{_IMAGE}.png")
        mask = work.mask(item)
        stem = f"gtFine/{item.split}/{_CITY}/{base}_gtFine"
        work.write_bytes(f"{stem}_labelIds.png", grey_png(ids.take(mask)))
        work.write_bytes(f"{stem}_labelTrainIds.png", grey_png(train_ids.take(mask)))
        work.write_bytes(f"{stem}_color.png", color_png(mask, colors))

    return one


def losses(survey: Survey) -> list[str]:
    """Ids without a class have no row in the table."""
    if not survey.unknown:
        return []
    ids = ", ".join(map(str, survey.unknown))
    return [f"Pixels with ids that no class has ({ids}) become unlabelled."]


def survives(mask: ClassMask, work: Work) -> ClassMask:
    """All but ids that no class has."""
    return known_only(mask, work.classes)


def _bases(items: Sequence[Item]) -> dict[str, str]:
    """File name by item without the mark that readers cut names at."""
    bases: dict[str, str] = {}
    taken: set[str] = set()
    for item in items:
        base = plain = item.name.replace(_IMAGE, "") or "image"
        number = 2
        while base.casefold() in taken:
            base, number = f"{plain}-{number}", number + 1
        taken.add(base.casefold())
        bases[item.name] = base
    return bases


# -- reading ---------------------------------------------------------------------------------------


def read(path: Path, options: Options) -> Generator[Progress, None, ImportPlan]:
    """Look through a Cityscapes folder.

    Raises:
        DatasetError: it has no label images or its table is damaged.
    """
    yield Progress(0, 0, path.name)
    rows = read_rows(path)
    files, trained = _label_files(path)
    official = rows is None
    rows = list(OFFICIAL) if rows is None else rows
    lut, classes = _reading(rows, trained=trained, void=options["void"])
    present, warnings = table_of(classes)
    records = []
    bare = 0
    names = read_names(path)
    for i, file in enumerate(files):
        if i % 500 == 0:
            yield Progress(i, len(files), file.name)
        image = _image_of(path, file)
        if image is None:
            bare += 1
            continue
        base = image.stem.removesuffix(_IMAGE)
        name = names.get(base, base) + image.suffix
        split = file.parent.parent.name
        records.append(
            Record(
                f"{file.parent.name}/{name}" if official else name,
                image,
                partial(_decode, file, lut),
                split if split in {"train", "val", "test"} else "",
            )
        )
    if bare:
        warnings.append(f"{bare} label images have no image in leftImg8bit.")
    return ImportPlan("cityscapes", present, records, tuple(warnings))


def sniff(path: Path) -> float:
    """A folder leftImg8bit beside gtFine or gtCoarse."""
    if not path.is_dir():
        return 0.0
    labels = any((path / kind).is_dir() for kind in _KINDS)
    return 0.95 if labels and (path / "leftImg8bit").is_dir() else 0.0


def _label_files(path: Path) -> tuple[list[Path], bool]:
    """The label images, and whether they hold ids to train on."""
    for suffix in ("labelIds", "labelTrainIds"):
        for kind in _KINDS:
            found = sorted((path / kind).glob(f"*/*/*_{kind}_{suffix}.png"))
            if found:
                return found, suffix == "labelTrainIds"
    raise DatasetError(
        f"There are no label images in {path}.",
        "They are gtFine/<split>/<city>/<name>_gtFine_labelIds.png.",
    )


def _reading(
    rows: Sequence[Label], *, trained: bool, void: str
) -> tuple[NDArray[np.uint8], list[tuple[int, str, str | None]]]:
    """Our id by value in the file, and the classes."""
    unlabelled = void_of(rows)
    classes: list[tuple[int, str, str | None]] = []
    ids: dict[int, int] = {}
    for row in rows:
        value = row.train_id if trained else row.id
        ignored = row.id == unlabelled or (row.train_id == UNLABELLED and void == "ignore")
        if ignored or not 0 <= value < MAX_CLASSES or value in ids:
            continue
        ids[value] = value
        classes.append((value, row.name, row.color))
    return table(ids, UNLABELLED), classes


def _decode(file: Path, lut: NDArray[np.uint8], findings: Findings) -> ClassMask:
    return read_values(file, lut, 256)


def _image_of(path: Path, labels: Path) -> Path | None:
    kind = labels.name.rpartition("_")[0].rpartition("_")[2]
    base = labels.name.rpartition(f"_{kind}_")[0]
    folder = path / "leftImg8bit" / labels.parent.parent.name / labels.parent.name
    for suffix in (".png", ".jpg"):
        image = folder / f"{base}{_IMAGE}{suffix}"
        if image.is_file():
            return image
    return None


FORMAT = Format(
    key="cityscapes",
    title="Cityscapes",
    description="leftImg8bit and gtFine with labelIds, labelTrainIds and colours, as torchvision "
    "and the toolboxes for street scenes read them.",
    write=write,
    read=read,
    sniff=sniff,
    losses=losses,
    survives=survives,
    options=(
        Option(
            "void",
            ("keep", "ignore"),
            "What becomes of labels that Cityscapes leaves out of training: classes like others, "
            "or unlabelled.",
            reading=True,
            writing=False,
        ),
    ),
)
