"""TIFF stacks: the pages of one file are the images, those of another the masks.

    <split>_images.tif, <split>_labels.tif     a page an image                       layout=stack
    <split>/images/<name>.tif, <split>/labels/<name>.tif                             layout=files
    stacks.json                                names, in the order of the pages
    classes.json                               ids, names and colours

Label pages are 8 bit, pixel = class id, 255 = unlabelled, with the class colours as palette; image
pages are 8-bit RGB. Images of another size have a stack of their own, <split>_images_640x480.tif.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tifffile

from unet_gui.core.errors import DatasetError, ExportError, MaskReadError
from unet_gui.core.progress import Progress
from unet_gui.dataset.discovery import TIFF_SUFFIXES
from unet_gui.dataset.formats.arrays import classes_of, image_bytes, image_suffix, to_mask
from unet_gui.dataset.formats.format import Format, Option
from unet_gui.dataset.formats.label_images import classes_data
from unet_gui.dataset.formats.records import ImportPlan, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.formats.format import Options
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.records import Findings
    from unet_gui.dataset.formats.work import Work

_SPLITS: Final = ("train", "val", "test")
_LABELS: Final = ("labels", "masks", "label", "mask", "annotations")
_TABLE: Final = "stacks.json"
_MOST_SIZES: Final = 64
_BIG: Final = 2 << 30

_Size = tuple[int, int]


# -- writing ---------------------------------------------------------------------------------------


def write(work: Work) -> Generator[Progress, None, None]:
    """Write stacks, or a file an image.

    Raises:
        ExportError: the images have too many sizes for stacks.
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """
    if work.options["layout"] == "files":
        yield from work.spread(_file_writer)
    else:
        yield from _write_stacks(work)
    work.write_json("classes.json", classes_data(work.classes), indent=2)


def _file_writer(work: Work) -> Callable[[Item], None]:
    def one(item: Item) -> None:
        for kind in ("images", "labels"):
            target = work.target(f"{item.split}/{kind}/{item.name}.tif")
            with tifffile.TiffWriter(target) as tif:
                _page(tif, work, item, kind)

    return one


def _write_stacks(work: Work) -> Generator[Progress, None, None]:
    # One file for all cannot be gone on with: a stack that was stopped starts anew.
    work.journal = None
    stacks = yield from _stacks(work)
    of_item = {item.name: key for key, items in stacks.items() for item in items}
    several = {split: len({s for p, s in stacks if p == split}) > 1 for split in work.splits}
    table = []
    with ExitStack() as stack:
        writers: dict[tuple[str, _Size], list[tuple[str, Any]]] = {}
        for (split, size), items in stacks.items():
            mark = f"_{size[1]}x{size[0]}" if several[split] else ""
            files = {kind: f"{split}_{kind}{mark}.tif" for kind in ("images", "labels")}
            big = 3 * size[0] * size[1] * len(items) > _BIG
            writers[split, size] = [
                (k, stack.enter_context(tifffile.TiffWriter(work.target(f), bigtiff=big)))
                for k, f in files.items()
            ]
            table.append({"split": split, **files, "names": [i.name for i in items]})

        def one(item: Item) -> None:
            for kind, tif in writers[of_item[item.name]]:
                _page(tif, work, item, kind)

        yield from work.each(one)
    work.write_json(_TABLE, {"stacks": table}, indent=2)


def _stacks(work: Work) -> Generator[Progress, None, dict[tuple[str, _Size], list[Item]]]:
    """The items of each stack."""
    found: dict[tuple[str, _Size], list[Item]] = {}
    for i, item in enumerate(work.items):
        if i % 100 == 0:
            yield Progress(0, len(work.items), item.entry.name)
        found.setdefault((item.split, work.size(item)), []).append(item)
    if len(found) > _MOST_SIZES:
        raise ExportError(
            f"The images have {len({s for _, s in found})} sizes, and each needs a stack.",
            "Write a file an image (--set layout=files), or crops of one size.",
        )
    return found


def _page(tif: tifffile.TiffWriter, work: Work, item: Item, kind: str) -> None:
    if kind == "images":
        tif.write(work.shown(item), photometric="rgb", compression="zlib", metadata=None)
        return
    tif.write(
        work.mask(item),
        photometric="palette",
        colormap=_colormap(work.classes),
        compression="zlib",
        metadata=None,
    )


@lru_cache(maxsize=4)
def _colormap(classes: ClassTable) -> NDArray[np.uint16]:
    return classes.palette().T.astype(np.uint16) * 257


# -- reading ---------------------------------------------------------------------------------------


def read(path: Path, options: Options) -> Generator[Progress, None, ImportPlan]:
    """Look through stacks.

    Raises:
        DatasetError: there are none, or an image and a label stack differ in length.
    """
    yield Progress(0, 0, path.name)
    records: list[Record] = []
    for split, images, labels, given in _pairs(path):
        yield Progress(len(records), 0, images.name)
        pages, masks = _pages(images), _pages(labels)
        if len(pages) != len(masks):
            raise DatasetError(
                f"{images.name} has {len(pages)} pages, {labels.name} {len(masks)}.",
                "A page of labels belongs to each page of images.",
            )
        names = given or []
        if len(names) != len(pages):
            names = [_page_name(images, i, len(pages)) for i in range(len(pages))]
        for name, (offset, suffix), (place, _) in zip(names, pages, masks, strict=True):
            records.append(
                Record(
                    name + suffix,
                    images,
                    partial(_mask_of, labels, place),
                    split,
                    content=partial(_image_of, images, offset),
                )
            )
    if not records:
        raise DatasetError(
            f"There are no stacks in {path}.", "They are called images.tif and labels.tif."
        )
    classes = yield from classes_of(path, records)
    return ImportPlan("tiff", classes, records)


def sniff(path: Path) -> float:
    """Our table, or a stack of labels beside one of images."""
    if not path.is_dir():
        return 0.0
    if (path / _TABLE).is_file():
        return 0.95
    return 0.6 if next(_pairs(path), None) is not None else 0.0


_Pair = tuple[str, "Path", "Path", "list[str] | None"]


def _pairs(path: Path) -> Iterator[_Pair]:
    """Split, images, labels and names of each stack."""
    try:
        table = json.loads((path / _TABLE).read_text(encoding="utf-8"))["stacks"]
        found = [(s["split"], path / s["images"], path / s["labels"], s["names"]) for s in table]
    except (OSError, ValueError, KeyError, TypeError):
        found = []
    if found:
        yield from found
        return
    for split in _SPLITS:
        yield from _single_files(path / split, split)
    yield from _single_files(path, "")
    yield from _side_by_side(path)


def _single_files(folder: Path, split: str) -> Iterator[_Pair]:
    """Files of one name in a folder of images and one of labels."""
    for word in _LABELS:
        if not (folder / "images").is_dir() or not (folder / word).is_dir():
            continue
        for labels in _tiffs(folder / word):
            for suffix in (labels.suffix, *TIFF_SUFFIXES):
                images = folder / "images" / f"{labels.stem}{suffix}"
                if images.is_file():
                    yield split, images, labels, None
                    break


def _side_by_side(folder: Path) -> Iterator[_Pair]:
    """a.tif beside a_labels.tif, or images.tif beside labels.tif."""
    for labels in _tiffs(folder):
        for word in _LABELS:
            if not labels.stem.lower().endswith(word):
                continue
            head = labels.stem[: -len(word)]
            split = head.rstrip("_-").lower()
            tried = (f"{head}images", f"{head}image", head.rstrip("_- "))
            images = [
                f for t in tried if t for f in (folder / f"{t}{labels.suffix}",) if f.is_file()
            ]
            if images:
                yield (split if split in _SPLITS else ""), images[0], labels, None
            break


def _tiffs(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in TIFF_SUFFIXES)


def _pages(file: Path) -> list[tuple[int, str]]:
    """Where each page begins, and the suffix of a file that can hold it."""
    try:
        with tifffile.TiffFile(file) as tif:
            return [_page_of(tif.pages[i]) for i in range(len(tif.pages))]
    except Exception as exc:
        raise DatasetError(f"{file.name} cannot be read: it may be damaged.") from exc


def _page_of(page: Any) -> tuple[int, str]:
    return page.offset, image_suffix(page.keyframe.shape, np.dtype(page.keyframe.dtype))


def _page_name(file: Path, i: int, number: int) -> str:
    return file.stem if number == 1 else f"{file.stem}_{i:05}"


def _read_page(file: Path, offset: int) -> NDArray[Any]:
    with tifffile.TiffFile(file) as tif:
        # Straight to the page: walking to it from the first is slow in a stack of thousands.
        tif.filehandle.seek(offset)
        pixels: NDArray[Any] = tifffile.TiffPage(tif, index=0).asarray()
        return pixels


def _image_of(file: Path, offset: int) -> bytes:
    try:
        return image_bytes(_read_page(file, offset))
    except DatasetError:
        raise
    except Exception as exc:
        raise DatasetError(f"{file.name} cannot be read: it may be damaged.") from exc


def _mask_of(file: Path, offset: int, findings: Findings) -> ClassMask:
    try:
        return to_mask(_read_page(file, offset), file.name)
    except MaskReadError:
        raise
    except Exception as exc:
        raise MaskReadError(f"{file.name} cannot be read: it may be damaged.") from exc


FORMAT = Format(
    key="tiff",
    title="TIFF stacks",
    description="One TIFF with a page an image and one with a page a mask, as ImageJ, napari and "
    "tifffile read them; nothing is lost.",
    write=write,
    read=read,
    sniff=sniff,
    options=(Option("layout", ("stack", "files"), "One stack of all, or a TIFF an image."),),
)
