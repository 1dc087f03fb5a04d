"""Hugging Face datasets: an image folder that `load_dataset("imagefolder", data_dir=…)` loads.

    <split>/images/<name>.png|jpg
    <split>/masks/<name>.png        palette PNG, pixel = class id, 255 = unlabelled
    <split>/metadata.parquet        file_name, mask_file_name, name; or metadata.jsonl
    classes.json, id2label.json     ids, names and colours; names by id, as transformers has them

Splits are called train, validation and test. The columns become `image`, `mask` and `name`.
(huggingface/datasets, docs/source/image_dataset.mdx, "ImageFolder".)
"""

from __future__ import annotations

import csv
import io
import json
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from unet_gui.core.errors import DatasetError
from unet_gui.core.progress import Progress
from unet_gui.dataset.class_files import classes_from_ids, find_classes
from unet_gui.dataset.formats.arrays import classes_of
from unet_gui.dataset.formats.format import Format, Option
from unet_gui.dataset.formats.label_images import classes_data
from unet_gui.dataset.formats.records import ImportPlan, Record
from unet_gui.dataset.masks import load_mask

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.formats.format import Options
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.records import Findings
    from unet_gui.dataset.formats.work import Work

_FOLDERS: Final = {"train": "train", "val": "validation", "test": "test"}
_SPLITS: Final = {
    **{folder: split for split, folder in _FOLDERS.items()},
    **dict.fromkeys(("val", "valid", "dev"), "val"),
}
_METADATA: Final = ("metadata.parquet", "metadata.jsonl", "metadata.csv")
_MASK_WORDS: Final = ("mask", "label", "annotation", "segmentation")
_NO_PYARROW: Final = (
    "pyarrow is not installed (it comes with unet-gui[formats]), so the metadata was written as "
    "metadata.jsonl; it loads just the same."
)
_NO_UTF8: Final = "A file name is no UTF-8, so the metadata was written as metadata.jsonl."

_Row = dict[str, str]


# -- writing ---------------------------------------------------------------------------------------


def write(work: Work) -> Generator[Progress, None, None]:
    """Write an image folder.

    Raises:
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """
    yield from work.spread(_writer)
    rows: dict[str, list[_Row]] = {}
    for item, image in work.kept():
        row = {"file_name": image, "mask_file_name": f"masks/{item.name}.png"}
        rows.setdefault(_FOLDERS[item.split], []).append({**row, "name": item.entry.name})
    parquet = work.options["metadata"] == "parquet" and _can_parquet(work)
    for folder, part in rows.items():
        if parquet:
            _write_parquet(work.target(f"{folder}/metadata.parquet"), part)
        else:
            # ASCII: names of bytes that are no UTF-8 come back as they were.
            lines = "".join(f"{json.dumps(row)}\n" for row in part)
            work.target(f"{folder}/metadata.jsonl").write_text(lines, encoding="ascii")
    work.write_json("classes.json", classes_data(work.classes), indent=2)
    work.write_json("id2label.json", {str(c.id): c.name for c in work.classes}, indent=2)


def _writer(work: Work) -> Callable[[Item], None]:
    def one(item: Item) -> None:
        folder = _FOLDERS[item.split]
        image = work.write_image(item, f"{folder}/images/{item.name}")
        work.write_mask(item, f"{folder}/masks/{item.name}.png")
        work.keep(item, image.removeprefix(f"{folder}/"))

    return one


def _can_parquet(work: Work) -> bool:
    if find_spec("pyarrow") is None:
        work.tally.notes[_NO_PYARROW] = 1
        return False
    try:
        for item in work.items:
            item.entry.name.encode()
    except UnicodeEncodeError:
        work.tally.notes[_NO_UTF8] = 1
        return False
    return True


def _write_parquet(path: Path, rows: list[_Row]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(rows), path)


# -- reading ---------------------------------------------------------------------------------------


def read(path: Path, options: Options) -> Generator[Progress, None, ImportPlan]:
    """Look through an image folder with masks.

    Raises:
        DatasetError: there is no metadata, or none that names masks.
    """
    yield Progress(0, 0, path.name)
    files = _metadata_files(path)
    if not files:
        raise DatasetError(
            f"There is no metadata in {path}.", f"It is called {' or '.join(_METADATA)}."
        )
    records: list[Record] = []
    for file in files:
        split = _SPLITS.get(file.parent.name, "") if file.parent != path else ""
        rows = _rows(file)
        column = _mask_column(file, rows)
        for row in rows:
            if len(records) % 500 == 0:
                yield Progress(len(records), 0, str(row["file_name"]))
            image = file.parent / str(row["file_name"])
            mask = row.get(column)
            decode = partial(_decode, file.parent / str(mask)) if mask else None
            records.append(Record(image.name, image, decode, split))
    classes = find_classes(path) or _id2label(path)
    if classes is None:
        classes = yield from classes_of(path, records)
    return ImportPlan("huggingface", classes, records)


def sniff(path: Path) -> float:
    """Metadata in a folder of a split, or at the top."""
    if not path.is_dir():
        return 0.0
    return 0.85 if _metadata_files(path) else 0.0


def _metadata_files(path: Path) -> list[Path]:
    """One file of metadata for each folder that has any."""
    found = []
    for folder in (path, *(path / name for name in _SPLITS)):
        files = [folder / name for name in _METADATA if (folder / name).is_file()]
        found += files[:1]
    return found


def _rows(file: Path) -> list[dict[str, Any]]:
    try:
        if file.suffix == ".parquet":
            rows = _read_parquet(file)
        else:
            text = file.read_text(encoding="utf-8-sig")
            if file.suffix == ".csv":
                rows = [dict(row) for row in csv.DictReader(io.StringIO(text))]
            else:
                rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        if rows and "file_name" not in rows[0]:
            raise ValueError("it has no column file_name")
    except (OSError, ValueError, TypeError) as exc:
        raise DatasetError(f"{file} cannot be read: {exc}.") from exc
    return rows


def _read_parquet(file: Path) -> list[dict[str, Any]]:
    if find_spec("pyarrow") is None:
        raise DatasetError(
            f"{file.name} needs pyarrow, which is not installed.",
            'Install it: pip install "unet-gui[formats]".',
        )
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    return rows


def _mask_column(file: Path, rows: list[dict[str, Any]]) -> str:
    columns = [c for c in (rows[0] if rows else {}) if c.endswith("_file_name")]
    named = [c for c in columns if any(word in c for word in _MASK_WORDS)]
    if rows and not named:
        raise DatasetError(
            f"{file.name} names no masks.", "They stand in a column such as mask_file_name."
        )
    return named[0] if named else ""


def _id2label(path: Path) -> ClassTable | None:
    try:
        data = json.loads((path / "id2label.json").read_text(encoding="utf-8-sig"))
        highest = max(int(i) for i in data)
        names = tuple(str(data.get(str(i), f"class {i}")) for i in range(highest + 1))
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return classes_from_ids((), names)


def _decode(file: Path, findings: Findings) -> ClassMask:
    return load_mask(file)


FORMAT = Format(
    key="huggingface",
    title="Hugging Face datasets",
    description="Images, masks and metadata that load_dataset(“imagefolder”) loads as columns; "
    "nothing is lost.",
    write=write,
    read=read,
    sniff=sniff,
    options=(
        Option(
            "metadata", ("parquet", "jsonl"), "How names are written down; parquet needs pyarrow."
        ),
    ),
)
