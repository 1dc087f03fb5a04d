"""Supervisely: a JSON file for each image, with bitmaps of each object.

    meta.json                           classes with colours
    <split>/img/<name>.png or .jpg
    <split>/ann/<name>.png.json         objects: a PNG of the bounding box, deflated, in base64
    classes.json                        ids of the classes, which Supervisely counts anew

(Supervisely, "Annotation JSON format": origin is [x, y] of the upper left pixel; later objects lie
on top.)
"""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING, Any

from unet_gui.dataset.formats import supervisely_read
from unet_gui.dataset.formats.flat_png import flat_png
from unet_gui.dataset.formats.format import Format
from unet_gui.dataset.formats.listing import Listed, Lister
from unet_gui.dataset.formats.names import write_classes
from unet_gui.dataset.formats.uncovered import (
    KEEP_BACKGROUND,
    UNCOVERED,
    losses,
    survives,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from unet_gui.core.progress import Progress
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.work import Work


def write(work: Work) -> Generator[Progress, None, None]:
    """Write a project folder of Supervisely.

    Raises:
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """
    lister = Lister(work)
    yield from work.spread(_writer)
    write_classes(work)
    classes = [
        {"title": lister.names[c.id], "shape": "bitmap", "color": c.color.upper()}
        for c in lister.classes
    ]
    work.write_json("meta.json", {"classes": classes, "tags": [], "projectType": "images"})


def _writer(work: Work) -> Callable[[Item], None]:
    lister = Lister(work)

    def one(item: Item) -> None:
        listed = lister.put(item, f"{item.split}/img/{item.name}")
        data = {
            "description": "",
            "tags": [],
            "size": {"height": listed.height, "width": listed.width},
            "objects": list(_objects(listed)),
        }
        work.write_json(f"{item.split}/ann/{listed.image}.json", data)

    return one


def _objects(listed: Listed) -> Iterator[dict[str, Any]]:
    found = listed.objects
    for name, origin, where in zip(
        listed.names, found.boxes[:, :2].tolist(), found.pictures(), strict=True
    ):
        # Its readers take what is not transparent.
        picture = flat_png(where, palette=b"\0\0\0\xff\xff\xff", transparent=b"\0")
        data = base64.b64encode(zlib.compress(picture, 1)).decode("ascii")
        yield {
            "classTitle": name,
            "description": "",
            "tags": [],
            "geometryType": "bitmap",
            "bitmap": {"data": data, "origin": origin},
        }


FORMAT = Format(
    key="supervisely",
    title="Supervisely",
    description="A JSON file for each image with bitmaps of each object, as Supervisely imports.",
    write=write,
    read=supervisely_read.read,
    sniff=supervisely_read.sniff,
    losses=losses,
    survives=survives,
    options=(KEEP_BACKGROUND, UNCOVERED),
)
