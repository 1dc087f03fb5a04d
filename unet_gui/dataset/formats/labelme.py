"""LabelMe: a JSON file beside each image.

    <name>.png or .jpg
    <name>.json         shapes: "mask" ones hold a base64 PNG of their bounding box
    labels.txt          names of the classes, for labelme's --labels
    classes.json        their ids and colours, which LabelMe has no place for

With split=folders the two lie in train, val and test. Shapes later in the file lie on top. (LabelMe
6, `_label_file.py` and `utils/shape.py`: points of a mask are the first and the last pixel of its
box, both included.)
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.dataset.formats import labelme_read
from unet_gui.dataset.formats.flat_png import flat_png
from unet_gui.dataset.formats.format import Format, Option
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

VERSION: Final = "5.5.0"
"""The first whose masks are as written here; labelme reads files of older versions."""

_SPLIT: Final = Option(
    "split", ("flat", "folders"), "Whether all files lie in one folder, or in train, val and test."
)


def write(work: Work) -> Generator[Progress, None, None]:
    """Write a folder of LabelMe files.

    Raises:
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """
    lister = Lister(work)
    yield from work.spread(_writer)
    write_classes(work)
    # labelme itself wants these two first.
    lines = ["__ignore__", "_background_", *lister.names.values()]
    work.target("labels.txt").write_text("".join(f"{n}\n" for n in lines), encoding="utf-8")


def _writer(work: Work) -> Callable[[Item], None]:
    lister = Lister(work)
    folders = work.options["split"] == "folders"

    def one(item: Item) -> None:
        stem = f"{item.split}/{item.name}" if folders else item.name
        listed = lister.put(item, stem)
        data: dict[str, Any] = {
            "version": VERSION,
            "flags": {},
            "shapes": list(_shapes(listed)),
            "imagePath": listed.image,
            "imageData": None,
            "imageHeight": listed.height,
            "imageWidth": listed.width,
        }
        work.write_json(f"{stem}.json", data)

    return one


def _shapes(listed: Listed) -> Iterator[dict[str, Any]]:
    found = listed.objects
    for name, (x0, y0, x1, y1), where in zip(
        listed.names, found.boxes.tolist(), found.pictures(), strict=True
    ):
        yield {
            "label": name,
            "points": [[x0, y0], [x1 - 1, y1 - 1]],
            "group_id": None,
            "description": "",
            "shape_type": "mask",
            "flags": {},
            "mask": base64.b64encode(flat_png(where.view(np.uint8))).decode("ascii"),
        }


FORMAT = Format(
    key="labelme",
    title="LabelMe",
    description="A JSON file beside each image, with masks that LabelMe shows and edits.",
    write=write,
    read=labelme_read.read,
    sniff=labelme_read.sniff,
    losses=losses,
    survives=survives,
    options=(_SPLIT, KEEP_BACKGROUND, UNCOVERED),
)
