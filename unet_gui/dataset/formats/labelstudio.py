"""Label Studio: tasks with brush regions.

    label_studio.json    tasks to import, one region for each class of an image
    label_config.xml     the labelling interface to paste in
    images/<name>.png or .jpg
    classes.json         ids of the classes, which Label Studio has no place for

Tasks name their images as local files: serve the folder as LOCAL_FILES_DOCUMENT_ROOT, or give
another prefix (`--set prefix=…`). (Label Studio documentation, "Import pre-annotations";
`label_studio_sdk.converter.brush`.)
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from unet_gui.dataset.formats import labelstudio_read
from unet_gui.dataset.formats.brush import encode
from unet_gui.dataset.formats.cvat import xml_name
from unet_gui.dataset.formats.format import Format, Option
from unet_gui.dataset.formats.listing import Lister
from unet_gui.dataset.formats.names import write_classes
from unet_gui.dataset.formats.objects import objects, whole_classes
from unet_gui.dataset.formats.uncovered import (
    KEEP_BACKGROUND,
    UNCOVERED,
    losses,
    named,
    survives,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from unet_gui.core.progress import Progress
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.work import Work

_PREFIX: Final = Option(
    "prefix", ("/data/local-files/?d=images/",), "What Label Studio finds the images by."
)
_REGIONS: Final = Option(
    "regions", ("class", "object"), "Whether a region is all of a class, or one object."
)


def write(work: Work) -> Generator[Progress, None, None]:
    """Write tasks for Label Studio.

    Raises:
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """
    yield from work.spread(_writer)
    write_classes(work)
    work.target("label_config.xml").write_text(_config(work), encoding="utf-8")
    with work.target("label_studio.json").open("w", encoding="ascii") as file:
        for number, (item, part) in enumerate(work.kept(), start=1):
            place = work.options["prefix"] + quote(part["image"], errors="surrogateescape")
            task = {
                "id": number,
                "data": {"image": place, "split": str(item.split)},
                "annotations": [{"id": number, "result": part["result"]}],
            }
            file.write(("[" if number == 1 else ",") + "\n" + json.dumps(task))
        file.write("\n]\n")


def _writer(work: Work) -> Callable[[Item], None]:
    lister = Lister(work)
    regions = whole_classes if work.options["regions"] == "class" else objects

    def one(item: Item) -> None:
        listed = lister.put(item, f"images/{item.name}", regions)
        packed = encode(listed.objects.row_runs(), listed.mask.size)
        results = [
            _region(data, name, listed.mask.shape, f"{item.name}/{i}")
            for i, (data, name) in enumerate(zip(packed, listed.names, strict=True))
        ]
        work.keep(item, {"image": listed.image, "result": results})

    return one


def _region(data: bytes, name: str, shape: tuple[int, ...], key: str) -> dict[str, Any]:
    height, width = shape
    return {
        "id": hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:10],
        "from_name": "tag",
        "to_name": "image",
        "type": "brushlabels",
        "original_width": width,
        "original_height": height,
        "image_rotation": 0,
        "value": {
            "format": "rle",
            "rle": list(data),
            "brushlabels": [name],
        },
    }


def _config(work: Work) -> str:
    labels = "".join(
        f"    <Label value={quoteattr(xml_name(c.name))} background={quoteattr(c.color)}/>\n"
        for c in named(work.survey)
    )
    return (
        '<View>\n  <Image name="image" value="$image" zoom="true"/>\n'
        f'  <BrushLabels name="tag" toName="image">\n{labels}  </BrushLabels>\n</View>\n'
    )


FORMAT = Format(
    key="labelstudio",
    title="Label Studio",
    description="Tasks with brush regions to import into Label Studio, and its interface.",
    write=write,
    read=labelstudio_read.read,
    sniff=labelstudio_read.sniff,
    losses=losses,
    survives=survives,
    options=(_PREFIX, _REGIONS, KEEP_BACKGROUND, UNCOVERED),
)
