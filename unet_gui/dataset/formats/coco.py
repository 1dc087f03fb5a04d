"""COCO: instances, panoptic segments and stuff maps.

    <split>/<name>.png or .jpg
    annotations/instances_<split>.json       objects with run lengths, which can hold holes
    annotations/panoptic_<split>.json        segments of
    annotations/panoptic_<split>/<name>.png  id = R + 256 G + 65536 B, 0 = unlabelled
    stuffthingmaps/<split>/<name>.png        pixel = category id − 1 = class id, 255 = unlabelled

Categories begin at 1, so a category's id is the class id + 1. (Lin et al. 2014, "Microsoft COCO";
Kirillov et al. 2019, "Panoptic Segmentation"; Caesar et al. 2018, "COCO-Stuff".)
"""

from __future__ import annotations

import json
import warnings
from contextlib import redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.dataset.formats import coco_read
from unet_gui.dataset.formats.flat_png import flat_png
from unet_gui.dataset.formats.format import Format, Option
from unet_gui.dataset.formats.objects import Objects, background, objects
from unet_gui.dataset.formats.rle import counts_of, to_strings
from unet_gui.dataset.formats.uncovered import (
    BACKGROUND,
    UNCOVERED,
    dropped,
    fill_of,
    losses,
    named,
    survives,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.core.progress import Progress
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.work import Work

_RLE: Final = Option("rle", ("compressed", "uncompressed"), "How run lengths are written.")
_PANOPTIC: Final = Option(
    "panoptic", ("yes", "no"), "Whether panoptic segments and stuff maps are written too."
)


def write(work: Work) -> Generator[Progress, None, None]:
    """Write a COCO folder.

    Raises:
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """
    yield from work.spread(_writer)
    for split in work.splits:
        _write_instances(work, split)
        if work.options["panoptic"] == "yes":
            _write_segments(work, split)


def _writer(work: Work) -> Callable[[Item], None]:
    stuff = background(work.classes)
    skip = dropped(work.survey)
    compressed = work.options["rle"] == "compressed"

    def one(item: Item) -> None:
        name = work.write_image(item, f"{item.split}/{item.name}").rpartition("/")[2]
        mask = work.mask(item)
        found = objects(mask)
        segments: list[dict[str, Any]] = []
        if work.options["panoptic"] == "yes":
            work.write_mask(item, f"stuffthingmaps/{item.split}/{item.name}.png")
            segments, picture = _panoptic(found, stuff)
            place = f"annotations/panoptic_{item.split}/{item.name}.png"
            work.write_bytes(place, flat_png(picture))
        listed = [a for a in _annotations(found, mask, compressed) if a["category_id"] - 1 != skip]
        size = {"width": mask.shape[1], "height": mask.shape[0]}
        # What will stand in the files, as text: to read and write it again takes longer.
        written = {"objects": [*map(json.dumps, listed)], "segments": json.dumps(segments)}
        work.keep(item, {"file_name": name, **size, **written})

    return one


def _annotations(found: Objects, mask: ClassMask, compressed: bool) -> Iterator[dict[str, Any]]:
    counts = counts_of(found.column_runs(mask), np.full(len(found), mask.size))
    written = to_strings(counts) if compressed else counts.lists()
    boxes, areas = found.boxes.tolist(), found.areas.tolist()
    for class_id, (x0, y0, x1, y1), area, run_lengths in zip(
        found.class_ids, boxes, areas, written, strict=True
    ):
        yield {
            "category_id": class_id + 1,
            "segmentation": {"size": list(mask.shape), "counts": run_lengths},
            "area": area,
            "bbox": [x0, y0, x1 - x0, y1 - y0],
            "iscrowd": 0,
        }


def _panoptic(found: Objects, stuff: int | None) -> tuple[list[dict[str, Any]], RgbImage]:
    """Background is one segment and the first; each other object is one."""
    behind = np.array([c == stuff for c in found.class_ids], bool)
    ids = np.where(behind, 1, np.cumsum(~behind) + behind.any())
    boxes = found.boxes[~behind].tolist()
    areas = found.areas[~behind].tolist()
    class_ids = [c for c in found.class_ids if c != stuff]
    if stuff is not None and behind.any():
        around = found.boxes[behind]
        boxes.insert(0, [*around[:, :2].min(0).tolist(), *around[:, 2:].max(0).tolist()])
        areas.insert(0, int(found.areas[behind].sum()))
        class_ids.insert(0, stuff)
    segments = [
        {
            "id": number,
            "category_id": class_id + 1,
            "area": area,
            "bbox": [x0, y0, x1 - x0, y1 - y0],
            "iscrowd": 0,
        }
        for number, (class_id, area, (x0, y0, x1, y1)) in enumerate(
            zip(class_ids, areas, boxes, strict=True), start=1
        )
    ]
    return segments, _id_colors(found.numbers(ids))


def _id_colors(ids: NDArray[np.int32]) -> RgbImage:
    """H×W×3 uint8, id = R + 256 G + 65536 B."""
    rgb = np.zeros((*ids.shape, 3), np.uint8)
    rgb[..., 0] = ids  # the lower eight bits
    if int(ids.max(initial=0)) > 255:
        rgb[..., 1], rgb[..., 2] = ids >> 8, ids >> 16
    return rgb


def _head(work: Work, *, uncovered: int) -> dict[str, Any]:
    stuff = background(work.classes)
    return {
        "info": {
            "description": work.project.name,
            "version": "1.0",
            "unet_gui": {"uncovered": uncovered},
        },
        "licenses": [],
        "categories": [
            {
                "id": c.id + 1,
                "name": c.name,
                "supercategory": "",
                "isthing": int(c.id != stuff),
                "color": list(c.rgb),
                "class_id": c.id,
            }
            for c in named(work.survey)
        ],
    }


def _numbered(work: Work, split: str) -> Iterator[tuple[int, tuple[Item, Any]]]:
    """What was kept of a part of the split; images are numbered through all parts."""
    numbers = (n for n, item in enumerate(work.items, start=1) if item.split == split)
    return zip(numbers, work.kept(split), strict=True)


def _images(work: Work, split: str) -> Iterator[str]:
    for number, (_, part) in _numbered(work, split):
        size = {key: part[key] for key in ("file_name", "width", "height")}
        yield json.dumps({"id": number, **size, "license": 0})


def _objects(work: Work, split: str) -> Iterator[str]:
    annotation = 0
    for number, (_, part) in _numbered(work, split):
        for found in part["objects"]:
            annotation += 1
            yield f'{{"id": {annotation}, "image_id": {number}, {found[1:]}'


def _segments(work: Work, split: str) -> Iterator[str]:
    for number, (item, part) in _numbered(work, split):
        name = json.dumps(f"{item.name}.png")
        yield f'{{"image_id": {number}, "file_name": {name}, "segments_info": {part["segments"]}}}'


def _write_instances(work: Work, split: str) -> None:
    head = _head(work, uncovered=fill_of(work.survey))
    path = work.target(f"annotations/instances_{split}.json")
    _stream(path, head, images=_images(work, split), annotations=_objects(work, split))


def _write_segments(work: Work, split: str) -> None:
    head = _head(work, uncovered=255)
    path = work.target(f"annotations/panoptic_{split}.json")
    _stream(path, head, images=_images(work, split), annotations=_segments(work, split))


def _stream(path: Path, head: dict[str, Any], **lists: Iterable[str]) -> None:
    """One JSON object whose lists need not fit into the memory; what is in them is JSON already."""
    with path.open("w", encoding="ascii") as file:
        file.write(json.dumps(head)[:-1])
        for key, items in lists.items():
            file.write(f', "{key}": [')
            for i, item in enumerate(items):
                file.write(("," if i else "") + "\n" + item)
            file.write("]")
        file.write("}\n")


def outside(folder: Path, classes: ClassTable) -> Iterator[tuple[str, ClassMask]]:
    """The masks as pycocotools reads them: its own index, its own decoding.

    Raises:
        ImportError: it is not installed.
    """
    from pycocotools.coco import COCO

    for file in sorted((folder / "annotations").glob("instances_*.json")):
        with redirect_stdout(StringIO()):  # it prints how long it took
            index = COCO(str(file))
        fill = index.dataset["info"]["unet_gui"]["uncovered"]
        for number, image in index.imgs.items():
            mask = np.full((image["height"], image["width"]), fill, np.uint8)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # it lags behind numpy 2
                for annotation in index.loadAnns(index.getAnnIds(imgIds=[number])):
                    mask[index.annToMask(annotation) > 0] = annotation["category_id"] - 1
            yield image["file_name"].rpartition(".")[0], mask


FORMAT = Format(
    key="coco",
    title="COCO",
    description="Objects with run lengths in instances_*.json, panoptic segments and stuff maps, "
    "as pycocotools, Detectron2 and MMDetection read them.",
    write=write,
    read=coco_read.read,
    sniff=coco_read.sniff,
    losses=losses,
    survives=survives,
    outside=outside,
    options=(_RLE, _PANOPTIC, BACKGROUND, UNCOVERED),
)
