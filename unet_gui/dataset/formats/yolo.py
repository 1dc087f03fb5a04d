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
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from unet_gui.dataset.formats import yolo_read
from unet_gui.dataset.formats.format import Format
from unet_gui.dataset.formats.objects import Objects, objects
from unet_gui.dataset.formats.outline import outlines
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
    from collections.abc import Callable, Generator, Iterator, Mapping

    from numpy.typing import NDArray

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
    yield from work.spread(_writer)
    yaml = _yaml(work, _numbers(work.survey))
    work.target("data.yaml").write_text(yaml, encoding="utf-8")


def _writer(work: Work) -> Callable[[Item], None]:
    numbers = _numbers(work.survey)
    skip = dropped(work.survey)
    skipped = () if skip is None else (skip,)

    def one(item: Item) -> None:
        work.write_image(item, f"images/{item.split}/{item.name}")
        lines = _lines(objects(work.mask(item), skip=skipped), numbers)
        work.write_bytes(f"labels/{item.split}/{item.name}.txt", "".join(lines).encode("ascii"))

    return one


def _numbers(survey: Survey) -> dict[int, int]:
    """Class number in the files by class id: without gaps, as Ultralytics demands."""
    left_out = dropped(survey)
    ids = sorted(c.id for c in named(survey) if c.id != left_out)
    return {class_id: number for number, class_id in enumerate(ids)}


def _lines(found: Objects, numbers: Mapping[int, int]) -> Iterator[str]:
    height, width = found.shape
    digits = 8 if max(found.shape) > 1000 else 6
    columns, rows = _shares(width, digits), _shares(height, digits)
    for class_id, points in zip(found.class_ids, outlines(found.numbers()), strict=True):
        # Fewer than three would be taken for a box.
        line = points if len(points) > 2 else points[[0, -1, -1]]
        written = np.stack((columns[line[:, 0]], rows[line[:, 1]]), 1)
        yield f"{numbers[class_id]} {' '.join(written.reshape(-1).tolist())}\n"


@lru_cache(maxsize=8)
def _shares(length: int, digits: int) -> NDArray[np.object_]:
    """What stands for each place along a side: most images of a dataset are of few sizes."""
    return np.array([f"{(i + 0.25) / length:.{digits}f}" for i in range(length)], object)


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
