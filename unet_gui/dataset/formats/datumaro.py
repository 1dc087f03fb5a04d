"""Datumaro: one JSON file for each part of the split, with run lengths of each object.

    annotations/<split>.json            categories and items
    images/<split>/<name>.png or .jpg
    classes.json                        ids of the classes, which Datumaro counts from 0

(Datumaro documentation, "Datumaro format", version 1.0. Run lengths are COCO's compressed ones.)
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.dataset.formats import datumaro_read
from unet_gui.dataset.formats.format import Format
from unet_gui.dataset.formats.listing import Listed, Lister
from unet_gui.dataset.formats.names import write_classes
from unet_gui.dataset.formats.rle import counts_of, to_strings
from unet_gui.dataset.formats.uncovered import (
    KEEP_BACKGROUND,
    UNCOVERED,
    losses,
    survives,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.progress import Progress
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.work import Work

_IMAGES: Final = 2
"""What Datumaro calls a data set of images among its kinds of media."""


def write(work: Work) -> Generator[Progress, None, None]:
    """Write a Datumaro folder.

    Raises:
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """
    lister = Lister(work)
    yield from work.spread(_writer)
    write_classes(work)
    head = {
        "dm_format_version": "1.0",
        "media_type": _IMAGES,
        "infos": {},
        "categories": _categories(lister.classes),
    }
    for split in work.splits:
        with work.target(f"annotations/{split}.json").open("w", encoding="ascii") as file:
            file.write(json.dumps(head)[:-1] + ', "items": [')
            for number, (_, entry) in enumerate(work.kept(split)):
                file.write(("," if number else "") + "\n" + json.dumps(entry))
            file.write("]}\n")


def _writer(work: Work) -> Callable[[Item], None]:
    lister = Lister(work)
    labels = {c.id: number for number, c in enumerate(lister.classes)}

    def one(item: Item) -> None:
        listed = lister.put(item, f"images/{item.split}/{item.name}")
        entry = {
            "id": item.name,
            "annotations": list(_masks(listed, labels)),
            "attr": {},
            "image": {"path": listed.image, "size": list(listed.mask.shape)},
        }
        work.keep(item, entry)

    return one


def _categories(classes: ClassTable) -> dict[str, Any]:
    labels = [{"name": c.name, "parent": "", "attributes": []} for c in classes]
    colors = [
        {"label_id": number, **dict(zip("rgb", c.rgb, strict=True))}
        for number, c in enumerate(classes)
    ]
    return {
        "label": {"label_groups": [], "labels": labels, "attributes": []},
        "mask": {"colormap": colors},
    }


def _masks(listed: Listed, labels: Mapping[int, int]) -> Iterator[dict[str, Any]]:
    found, mask = listed.objects, listed.mask
    counts = counts_of(found.column_runs(mask), np.full(len(found), mask.size))
    for number, (class_id, text) in enumerate(
        zip(found.class_ids, to_strings(counts), strict=True)
    ):
        yield {
            "id": number,
            "type": "mask",
            "attributes": {},
            "group": 0,
            "label_id": labels[class_id],
            "rle": {"counts": text, "size": list(mask.shape)},
            "z_order": 0,
        }


FORMAT = Format(
    key="datumaro",
    title="Datumaro",
    description="JSON files with run lengths of each object, which Datumaro turns into others.",
    write=write,
    read=datumaro_read.read,
    sniff=datumaro_read.sniff,
    losses=losses,
    survives=survives,
    options=(KEEP_BACKGROUND, UNCOVERED),
)
