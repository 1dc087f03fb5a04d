"""Image and mask pairs: the plainest form, nothing lost.

images/<name>.png
masks/<name>.png     palette PNG, pixel = class id, 255 = unlabelled
classes.json         ids, names and colours, and the split
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from unet_gui.core.classes import UNLABELLED
from unet_gui.dataset.formats.format import Format

if TYPE_CHECKING:
    from collections.abc import Generator

    from unet_gui.core.progress import Progress
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.work import Work


def write(work: Work) -> Generator[Progress, None, None]:
    """Write image and mask pairs.

    Raises:
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """

    def one(item: Item) -> None:
        work.write_png(item, f"images/{item.name}.png")
        work.write_mask(item, f"masks/{item.name}.png")

    yield from work.each(one)
    data = {
        "format": 1,
        "unlabelled": UNLABELLED,
        "classes": [{"id": c.id, "name": c.name, "color": c.color} for c in work.classes],
        "split": {
            split: [i.name for i in work.split(split)]
            for split in dict.fromkeys(("train", "val", *work.splits))
        },
    }
    work.write_json("classes.json", data, indent=2)


FORMAT = Format(
    key="png",
    title="Image and mask pairs",
    description="A PNG image and a PNG mask of the same name, and classes.json; nothing is lost.",
    write=write,
)
