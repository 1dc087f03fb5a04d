"""CamVid: masks in the colours of the classes.

    <split>/<name>.png
    <split>_labels/<name>_L.png     true colours, black = void
    class_dict.csv                  name,r,g,b       as the common copies of CamVid have it
    label_colors.txt                r g b<tab>name   as the original has it

Line n of both tables, from 0, is class id n; the last one is "Void". Read, too, is the original
with its folders 701_StillsRaw_full and LabeledApproved_full, and `images` with `labels`.
(Brostow, Fauqueur, Cipolla 2009, "Semantic object classes in video".)
"""

from __future__ import annotations

import csv
import io
import re
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import DatasetError
from unet_gui.core.progress import Progress
from unet_gui.dataset.class_files import class_lines
from unet_gui.dataset.discovery import find_images
from unet_gui.dataset.formats.format import Format
from unet_gui.dataset.formats.label_images import (
    code,
    color_png,
    color_table,
    distinct_colors,
    known_only,
    read_colors,
)
from unet_gui.dataset.formats.records import ImportPlan, Record, table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.formats.format import Options
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.records import Findings
    from unet_gui.dataset.formats.survey import Survey
    from unet_gui.dataset.formats.work import Work

_VOID: Final = "Void"
_VOID_NAMES: Final = frozenset({"void", "unlabelled", "unlabeled", "ignore"})
_UNUSED: Final = re.compile(r"_unused_\d+\Z")
_TABLES: Final = ("class_dict.csv", "label_colors.txt")
_LAYOUTS: Final = (
    *((split, split, f"{split}_labels") for split in ("train", "val", "test")),
    ("", "701_StillsRaw_full", "LabeledApproved_full"),
    ("", "images", "labels"),
)

_Row = tuple[str, tuple[int, int, int]]


# -- writing ---------------------------------------------------------------------------------------


def write(work: Work) -> Generator[Progress, None, None]:
    """Write a CamVid folder.

    Raises:
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """
    yield from work.spread(_writer)
    rows = _rows(work.classes, distinct_colors(work.classes))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("name", "r", "g", "b"))
    writer.writerows((name, *rgb) for name, rgb in rows)
    work.target(_TABLES[0]).write_text(text.getvalue(), encoding="utf-8", newline="\n")
    lines = "".join(f"{r} {g} {b}\t{name}\n" for name, (r, g, b) in rows)
    work.target(_TABLES[1]).write_text(lines, encoding="utf-8", newline="\n")


def _writer(work: Work) -> Callable[[Item], None]:
    colors = np.zeros((256, 3), np.uint8)
    for class_id, rgb in distinct_colors(work.classes).items():
        colors[class_id] = rgb

    def one(item: Item) -> None:
        work.write_png(item, f"{item.split}/{item.name}.png")
        name = f"{item.split}_labels/{item.name}_L.png"
        work.write_bytes(name, color_png(work.mask(item), colors))

    return one


def losses(survey: Survey) -> list[str]:
    """Doubled colours change, and ids without a class have no colour."""
    said = []
    colors = distinct_colors(survey.classes)
    changed = [c.name for c in survey.classes if colors[c.id] != c.rgb]
    if changed:
        said.append(
            f"Black means void, and each class needs a colour of its own: {', '.join(changed)} "
            "got another one."
        )
    if survey.unknown:
        ids = ", ".join(map(str, survey.unknown))
        said.append(f"Pixels with ids that no class has ({ids}) become void.")
    return said


def survives(mask: ClassMask, work: Work) -> ClassMask:
    """All but ids that no class has."""
    return known_only(mask, work.classes)


def _rows(classes: ClassTable, colors: dict[int, tuple[int, int, int]]) -> list[_Row]:
    taken = {code(c) for c in colors.values()} | {0}
    rows: list[_Row] = []
    spare = 1 << 24
    for class_id, name in enumerate(class_lines(classes)):
        rgb = colors.get(class_id)
        while rgb is None:
            # A line that only keeps the count, in a colour that nothing has.
            spare -= 1
            rgb = (spare >> 16, spare >> 8 & 255, spare & 255) if spare not in taken else None
        rows.append((name, rgb))
    return [*rows, (_VOID, (0, 0, 0))]


# -- reading ---------------------------------------------------------------------------------------


def read(path: Path, options: Options) -> Generator[Progress, None, ImportPlan]:
    """Look through a CamVid folder.

    Raises:
        DatasetError: it has no table of colours or no images.
    """
    rows = _read_table(path)
    void = {i for i, row in enumerate(rows) if _is_void(row)}
    named = [(i, row) for i, row in enumerate(rows) if i not in void and not _UNUSED.match(row[0])]
    classes, warnings = table_of(
        (i, name, "#{:02x}{:02x}{:02x}".format(*rgb)) for i, (name, rgb) in named
    )
    ids: dict[int, int] = {0: UNLABELLED}
    for i, (name, rgb) in named:
        if ids.setdefault(code(rgb), i) not in {i, UNLABELLED}:
            warnings.append(f"{name} has the colour of {rows[ids[code(rgb)]][0]}: it has no pixel.")
        elif rgb == (0, 0, 0):
            ids[0] = i
    ids |= {code(rows[i][1]): UNLABELLED for i in void}
    lut = color_table(ids)
    records: list[Record] = []
    bare = 0
    for split, image, mask in _pairs(path):
        if len(records) % 500 == 0:
            yield Progress(len(records), 0, image.name)
        if mask is None:
            bare += 1
        decode = None if mask is None else partial(_decode, mask, lut)
        records.append(Record(image.name, image, decode, split))
    if not records:
        raise DatasetError(
            f"There are no images in {path}.", "They are in train, val and test, or in images."
        )
    if bare:
        warnings.append(f"{bare} images have no mask.")
    return ImportPlan("camvid", classes, records, tuple(warnings))


def _decode(file: Path, lut: NDArray[np.uint16], findings: Findings) -> ClassMask:
    return read_colors(file, lut)


def sniff(path: Path) -> float:
    """A table of colours beside folders of images and labels."""
    if not path.is_dir() or not any((path / t).is_file() for t in _TABLES):
        return 0.0
    there = any((path / i).is_dir() and (path / m).is_dir() for _, i, m in _LAYOUTS)
    return 0.9 if there else 0.3


def _is_void(row: _Row) -> bool:
    return row[1] == (0, 0, 0) and row[0].strip().casefold() in _VOID_NAMES


def _pairs(path: Path) -> Iterator[tuple[str, Path, Path | None]]:
    for split, images, masks in _LAYOUTS:
        if not ((path / images).is_dir() and (path / masks).is_dir()):
            continue
        for name in find_images(path / images):
            image = path / images / name
            stem = (path / masks / name).with_suffix("")
            tried = (stem.with_name(f"{stem.name}{mark}.png") for mark in ("_L", "_P", ""))
            yield split, image, next((m for m in tried if m.is_file()), None)


def _read_table(path: Path) -> list[_Row]:
    for name in _TABLES:
        file = path / name
        if file.is_file():
            try:
                text = file.read_text(encoding="utf-8-sig")
                rows = [*(_csv_rows(text) if file.suffix == ".csv" else _text_rows(text))]
            except (OSError, ValueError, IndexError) as exc:
                raise DatasetError(f"{file.name} is no table of colours: {exc}.") from exc
            if rows:
                return rows
    raise DatasetError(
        f"There is no table of colours in {path}.", "It is called class_dict.csv: name,r,g,b."
    )


def _csv_rows(text: str) -> Iterator[_Row]:
    for i, row in enumerate(csv.reader(io.StringIO(text))):
        if not row or (i == 0 and not row[1].strip().isdigit()):
            continue
        yield row[0].strip(), (int(row[1]), int(row[2]), int(row[3]))


def _text_rows(text: str) -> Iterator[_Row]:
    for line in text.splitlines():
        if line.strip():
            r, g, b, name = line.split(maxsplit=3)
            yield name.strip(), (int(r), int(g), int(b))


FORMAT = Format(
    key="camvid",
    title="CamVid",
    description="Masks in the colours of the classes and a table of these colours.",
    write=write,
    read=read,
    sniff=sniff,
    losses=losses,
    survives=survives,
)
