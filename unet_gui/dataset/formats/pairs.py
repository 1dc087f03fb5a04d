"""Image and mask pairs: the plainest form, nothing lost.

images/<name>.png
masks/<name>.png     palette PNG, pixel = class id, 255 = unlabelled
classes.json         ids, names and colours, and the split
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.progress import Progress
from unet_gui.dataset.files import write_json
from unet_gui.dataset.formats.pixels import Tally, write_mask, write_png

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.project import Project


def write(
    project: Project, items: Sequence[Item], folder: Path
) -> Generator[Progress, None, Tally]:
    """Write image and mask pairs.

    Raises:
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """
    images, masks = folder / "images", folder / "masks"
    for made in (images, masks):
        made.mkdir(parents=True)
    tally = Tally()
    for i, item in enumerate(items):
        yield Progress(i, len(items), item.entry.name)
        write_png(item.entry, images / f"{item.name}.png", tally)
        write_mask(project, item.entry, masks / f"{item.name}.png", tally)
    write_json(
        folder / "classes.json",
        {
            "format": 1,
            "unlabelled": UNLABELLED,
            "classes": [{"id": c.id, "name": c.name, "color": c.color} for c in project.classes],
            "split": {
                "train": [i.name for i in items if not i.val],
                "val": [i.name for i in items if i.val],
            },
        },
    )
    return tally
