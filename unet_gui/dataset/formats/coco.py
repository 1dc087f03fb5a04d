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
from PIL import Image

from unet_gui.dataset.formats import coco_read
from unet_gui.dataset.formats.format import Format, Option
from unet_gui.dataset.formats.objects import MaskObject, background, objects, whole_classes
from unet_gui.dataset.formats.pixels import png_bytes
from unet_gui.dataset.formats.rle import column_runs, counts_of, to_string
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
    from collections.abc import Generator, Iterable, Iterator, Sequence
    from pathlib import Path

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.core.progress import Progress
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.work import Work

_RLE: Final = Option("rle", ("compressed", "uncompressed"), "how run lengths are written")
_PANOPTIC: Final = Option(
    "panoptic", ("yes", "no"), "whether panoptic segments and stuff maps are written too"
)


def write(work: Work) -> Generator[Progress, None, None]:
    """Write a COCO folder.

    Raises:
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """
    stuff = background(work.classes)
    skip = dropped(work.survey)

    def one(item: Item) -> None:
        name = work.write_image(item, f"{item.split}/{item.name}").rpartition("/")[2]
        mask = work.mask(item)
        found = list(objects(mask))
        segments: list[dict[str, Any]] = []
        if work.options["panoptic"] == "yes":
            work.write_mask(item, f"stuffthingmaps/{item.split}/{item.name}.png")
            segments, picture = _panoptic(mask, found, stuff)
            place = f"annotations/panoptic_{item.split}/{item.name}.png"
            work.write_bytes(place, png_bytes(Image.fromarray(picture)))
        listed = [
            _annotation(o, mask.shape[0], mask.size, work) for o in found if o.class_id != skip
        ]
        size = {"width": mask.shape[1], "height": mask.shape[0]}
        work.keep(item, {"file_name": name, **size, "objects": listed, "segments": segments})

    yield from work.each(one)
    for split in work.splits:
        _write_instances(work, split)
        if work.options["panoptic"] == "yes":
            _write_segments(work, split)


def _annotation(found: MaskObject, height: int, pixels: int, work: Work) -> dict[str, Any]:
    rect = found.rect
    counts = counts_of(column_runs(rect, found.where, height), pixels)
    compressed = work.options["rle"] == "compressed"
    return {
        "category_id": found.class_id + 1,
        "segmentation": {
            "size": [height, pixels // height],
            "counts": to_string(counts) if compressed else counts,
        },
        "area": found.area,
        "bbox": [rect.x0, rect.y0, rect.width, rect.height],
        "iscrowd": 0,
    }


def _panoptic(
    mask: ClassMask, every: Sequence[MaskObject], stuff: int | None
) -> tuple[list[dict[str, Any]], RgbImage]:
    things = (o for o in every if o.class_id != stuff)
    whole = [o for o in whole_classes(mask) if o.class_id == stuff]
    ids = np.zeros(mask.shape, np.uint32)
    segments = []
    for number, found in enumerate((*whole, *things), start=1):
        ids[found.rect.slices][found.where] = number
        rect = found.rect
        segments.append(
            {
                "id": number,
                "category_id": found.class_id + 1,
                "area": found.area,
                "bbox": [rect.x0, rect.y0, rect.width, rect.height],
                "iscrowd": 0,
            }
        )
    rgb = np.stack([ids & 255, ids >> 8 & 255, ids >> 16 & 255], -1).astype(np.uint8)
    return segments, rgb


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


def _images(work: Work, split: str) -> Iterator[dict[str, Any]]:
    for number, (_, part) in _numbered(work, split):
        size = {key: part[key] for key in ("file_name", "width", "height")}
        yield {"id": number, **size, "license": 0}


def _objects(work: Work, split: str) -> Iterator[dict[str, Any]]:
    annotation = 0
    for number, (_, part) in _numbered(work, split):
        for found in part["objects"]:
            annotation += 1
            yield {"id": annotation, "image_id": number, **found}


def _segments(work: Work, split: str) -> Iterator[dict[str, Any]]:
    for number, (item, part) in _numbered(work, split):
        name = f"{item.name}.png"
        yield {"image_id": number, "file_name": name, "segments_info": part["segments"]}


def _write_instances(work: Work, split: str) -> None:
    head = _head(work, uncovered=fill_of(work.survey))
    path = work.target(f"annotations/instances_{split}.json")
    _stream(path, head, images=_images(work, split), annotations=_objects(work, split))


def _write_segments(work: Work, split: str) -> None:
    head = _head(work, uncovered=255)
    path = work.target(f"annotations/panoptic_{split}.json")
    _stream(path, head, images=_images(work, split), annotations=_segments(work, split))


def _stream(path: Path, head: dict[str, Any], **lists: Iterable[Any]) -> None:
    """One JSON object whose lists need not fit into the memory."""
    with path.open("w", encoding="ascii") as file:
        file.write(json.dumps(head)[:-1])
        for key, items in lists.items():
            file.write(f', "{key}": [')
            for i, item in enumerate(items):
                file.write(("," if i else "") + "\n" + json.dumps(item))
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
