"""CVAT for images 1.1: one XML file for all images.

    annotations.xml      masks as run lengths of their bounding box, row by row
    images/<name>.png or .jpg
    classes.json         ids of the classes, which CVAT has no place for

(CVAT documentation, "CVAT for image: 1.1", and `cvat_sdk.masks`.)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from unet_gui.dataset.formats import cvat_read
from unet_gui.dataset.formats.format import Format
from unet_gui.dataset.formats.listing import Listed, Lister
from unet_gui.dataset.formats.names import write_classes
from unet_gui.dataset.formats.rle import counts_of
from unet_gui.dataset.formats.uncovered import (
    KEEP_BACKGROUND,
    UNCOVERED,
    losses,
    named,
    survives,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from unet_gui.core.progress import Progress
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.work import Work

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(work: Work) -> Generator[Progress, None, None]:
    """Write a CVAT folder; zipped as it is, CVAT takes it.

    Raises:
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """
    yield from work.spread(_writer)
    write_classes(work)
    with work.target("annotations.xml").open("w", encoding="utf-8") as file:
        file.writelines(_xml(work))


def _writer(work: Work) -> Callable[[Item], None]:
    lister = Lister(work, xml_name)

    def one(item: Item) -> None:
        listed = lister.put(item, f"images/{item.name}")
        masks = list(_masks(listed))
        size = {"width": listed.width, "height": listed.height}
        work.keep(item, {"name": listed.image, **size, "masks": masks})

    return one


def xml_name(name: str) -> str:
    """A name without what XML cannot hold."""
    return _NOT_XML.sub("�", name)


def _masks(listed: Listed) -> Iterator[str]:
    found = listed.objects
    sizes = found.boxes[:, 2:] - found.boxes[:, :2]
    counts = counts_of(found.box_runs(), sizes[:, 0] * sizes[:, 1]).lists()
    for name, (left, top), (width, height), lengths in zip(
        listed.names, found.boxes[:, :2].tolist(), sizes.tolist(), counts, strict=True
    ):
        yield (
            f'<mask label={quoteattr(name)} source="manual" occluded="0" '
            f'rle="{", ".join(map(str, lengths))}" left="{left}" top="{top}" '
            f'width="{width}" height="{height}" z_order="0"></mask>'
        )


def _xml(work: Work) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n'
    yield f"  <meta>\n    <task>\n      <name>{escape(xml_name(work.project.name))}</name>\n"
    yield f"      <size>{len(work.items)}</size>\n      <mode>annotation</mode>\n      <labels>\n"
    for c in named(work.survey):
        yield (
            f"        <label><name>{escape(xml_name(c.name))}</name><color>{c.color}</color>"
            "<type>any</type><attributes></attributes></label>\n"
        )
    yield "      </labels>\n    </task>\n  </meta>\n"
    for number, (item, part) in enumerate(work.kept()):
        yield _image(number, item, part)
    yield "</annotations>\n"


def _image(number: int, item: Item, part: dict[str, Any]) -> str:
    head = (
        f'  <image id="{number}" name={quoteattr(part["name"])} subset="{item.split}" '
        f'width="{part["width"]}" height="{part["height"]}">\n'
    )
    return head + "".join(f"    {mask}\n" for mask in part["masks"]) + "  </image>\n"


FORMAT = Format(
    key="cvat",
    title="CVAT for images",
    description="One XML file with masks as run lengths, which CVAT takes in as it is.",
    write=write,
    read=cvat_read.read,
    sniff=cvat_read.sniff,
    losses=losses,
    survives=survives,
    options=(KEEP_BACKGROUND, UNCOVERED),
)
