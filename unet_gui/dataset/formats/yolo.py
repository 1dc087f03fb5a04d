"""YOLO segmentation: one text file an image, one line an object.

    images/<split>/<name>.png or .jpg
    labels/<split>/<name>.txt        class x1 y1 x2 y2 …, as shares of width and height
    data.yaml                        names by class number, folders by split

Ultralytics cuts coordinates to whole pixels and fills with OpenCV's fillPoly, border included.
Outlines run through the centres of border pixels, a quarter of a pixel inside, so that cutting and
rounding both find them; holes are part of the line (see `outline`). What is read back is equal to
the pixel. (Ultralytics documentation, "Instance segmentation datasets overview"; `polygon2mask`.)
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from unet_gui.dataset.formats import yolo_read
from unet_gui.dataset.formats.format import Format
from unet_gui.dataset.formats.objects import MaskObject, objects
from unet_gui.dataset.formats.outline import outline
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
    from collections.abc import Generator

    from unet_gui.core.progress import Progress
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.survey import Survey
    from unet_gui.dataset.formats.work import Work


def write(work: Work) -> Generator[Progress, None, None]:
    """Write a YOLO folder.

    Raises:
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """
    numbers = _numbers(work.survey)
    skip = dropped(work.survey)
    skipped = () if skip is None else (skip,)

    def one(item: Item) -> None:
        work.write_image(item, f"images/{item.split}/{item.name}")
        mask = work.mask(item)
        lines = [_line(o, mask.shape, numbers[o.class_id]) for o in objects(mask, skip=skipped)]
        work.write_bytes(f"labels/{item.split}/{item.name}.txt", "".join(lines).encode("ascii"))

    yield from work.each(one)
    work.target("data.yaml").write_text(_yaml(work, numbers), encoding="utf-8")


def _numbers(survey: Survey) -> dict[int, int]:
    """Class number in the files by class id: without gaps, as Ultralytics demands."""
    left_out = dropped(survey)
    ids = sorted(c.id for c in named(survey) if c.id != left_out)
    return {class_id: number for number, class_id in enumerate(ids)}


def _line(found: MaskObject, shape: tuple[int, ...], number: int) -> str:
    height, width = shape
    points = outline(found.where)
    if len(points) < 3:  # fewer would be taken for a box
        points = np.concatenate((points, points[-1:], points[-1:]))[:3]
    x = (points[:, 0] + found.rect.x0 + 0.25) / width
    y = (points[:, 1] + found.rect.y0 + 0.25) / height
    digits = 8 if max(shape) > 1000 else 6
    pairs = (f"{a:.{digits}f} {b:.{digits}f}" for a, b in zip(x, y, strict=True))
    return f"{number} {' '.join(pairs)}\n"


def _yaml(work: Work, numbers: dict[int, int]) -> str:
    """YAML by hand: what JSON writes is YAML too, and no library is needed."""
    classes = named(work.survey)
    splits = work.splits
    first = "images/" + ("train" if "train" in splits else splits[0])
    # Without a path, the folders are sought beside this file.
    lines = [
        f"{split}: {f'images/{split}' if split in splits else first}"
        for split in dict.fromkeys(("train", "val", *splits))
    ]
    lines.append(f"nc: {len(numbers)}")
    lines.append("names:")
    lines += [f"  {number}: {json.dumps(classes[i].name)}" for i, number in numbers.items()]
    ours: dict[str, Any] = {
        "uncovered": fill_of(work.survey),
        "classes": [{"id": c.id, "name": c.name, "color": c.color} for c in classes],
        "numbers": list(numbers),
    }
    lines.append(f"unet_gui: {json.dumps(ours)}")
    return "\n".join(lines) + "\n"


FORMAT = Format(
    key="yolo",
    title="YOLO segmentation",
    description="A text file of outlines for each image and data.yaml, as Ultralytics trains on.",
    write=write,
    read=yolo_read.read,
    sniff=yolo_read.sniff,
    losses=losses,
    survives=survives,
    options=(BACKGROUND, UNCOVERED),
)
