"""Image and mask pairs: the plainest form, nothing lost.

images/<name>.png
masks/<name>.png     palette PNG, pixel = class id, 255 = unlabelled
classes.json         ids, names and colours, and the split
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import DatasetError
from unet_gui.core.progress import Progress
from unet_gui.dataset.discovery import image_names
from unet_gui.dataset.formats.format import Format
from unet_gui.dataset.formats.mask_files import mask_record, no_class_for
from unet_gui.dataset.formats.records import ImportPlan
from unet_gui.dataset.opening import guess_classes

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    from unet_gui.dataset.formats.format import Options
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.work import Work


def write(work: Work) -> Generator[Progress, None, None]:
    """Write image and mask pairs.

    Raises:
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """
    yield from work.spread(_writer)
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


def _writer(work: Work) -> Callable[[Item], None]:
    def one(item: Item) -> None:
        work.write_png(item, f"images/{item.name}.png")
        work.write_mask(item, f"masks/{item.name}.png")

    return one


def read(src: Path, options: Options) -> Generator[Progress, None, ImportPlan]:
    """Images in `images` with a mask of the same relative name in `masks`.

    Raises:
        DatasetError: there are no such folders.
    """
    yield Progress(0, 0, src.name)
    images, masks = src / "images", src / "masks"
    if not images.is_dir() or not masks.is_dir():
        raise DatasetError(
            f"{src} has no folders images and masks.", "Name the folder they are in."
        )
    classes, notice = guess_classes(src, masks)
    there = {p.relative_to(masks).with_suffix("").as_posix(): p for p in masks.rglob("*.png")}
    splits = _splits(src / "classes.json")
    records = [
        mask_record(name, images / name, there[stem], classes, split=splits.get(stem, ""))
        for name in image_names(images)
        if (stem := name.rpartition(".")[0]) in there
    ]
    return ImportPlan("png", classes, records, (notice,) if notice else ())


def sniff(src: Path) -> float:
    """Many programs write folders of these names; our own classes.json makes it certain."""
    if not (src / "images").is_dir() or not (src / "masks").is_dir():
        return 0.0
    return 0.95 if _json(src / "classes.json").get("unlabelled") == UNLABELLED else 0.5


def _splits(file: Path) -> Mapping[str, str]:
    split = _json(file).get("split")
    if not isinstance(split, dict):
        return {}
    return {str(n): str(part) for part, names in split.items() for n in names}


def _json(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


FORMAT = Format(
    key="png",
    title="Image and mask pairs",
    description="A PNG image and a PNG mask of the same name, and classes.json; nothing is lost.",
    write=write,
    read=read,
    sniff=sniff,
    losses=no_class_for,
)
