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
import io
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from unet_gui.dataset.formats import supervisely_read
from unet_gui.dataset.formats.format import Format
from unet_gui.dataset.formats.listing import Lister
from unet_gui.dataset.formats.names import write_classes
from unet_gui.dataset.formats.uncovered import (
    KEEP_BACKGROUND,
    UNCOVERED,
    losses,
    survives,
)

if TYPE_CHECKING:
    from collections.abc import Generator

    from unet_gui.core.progress import Progress
    from unet_gui.dataset.formats.objects import MaskObject
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.work import Work


def write(work: Work) -> Generator[Progress, None, None]:
    """Write a project folder of Supervisely.

    Raises:
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """
    lister = Lister(work)

    def one(item: Item) -> None:
        listed = lister.put(item, f"{item.split}/img/{item.name}")
        data = {
            "description": "",
            "tags": [],
            "size": {"height": listed.height, "width": listed.width},
            "objects": [_object(o, name) for o, name in listed.objects],
        }
        work.write_json(f"{item.split}/ann/{listed.image}.json", data)

    yield from work.each(one)
    write_classes(work)
    classes = [
        {"title": lister.names[c.id], "shape": "bitmap", "color": c.color.upper()}
        for c in lister.classes
    ]
    work.write_json("meta.json", {"classes": classes, "tags": [], "projectType": "images"})


def _object(found: MaskObject, name: str) -> dict[str, Any]:
    image, file = Image.fromarray(found.where.astype(np.uint8)), io.BytesIO()
    image.putpalette([0, 0, 0, 255, 255, 255])
    image.save(file, "PNG", transparency=0)  # its readers take what is not transparent
    data = base64.b64encode(zlib.compress(file.getvalue())).decode("ascii")
    return {
        "classTitle": name,
        "description": "",
        "tags": [],
        "geometryType": "bitmap",
        "bitmap": {"data": data, "origin": [found.rect.x0, found.rect.y0]},
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
