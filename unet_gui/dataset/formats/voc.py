"""Pascal VOC: what the U-Net tutorials and torchvision's VOCSegmentation read.

    JPEGImages/<name>.jpg
    SegmentationClass/<name>.png             palette PNG, pixel = class id, 255 = void
    ImageSets/Segmentation/{train,val,trainval}.txt
    labelmap.txt                             name:r,g,b::   as CVAT writes it
    classes.txt                              line number = class id

(Everingham et al. 2010, "The Pascal Visual Object Classes (VOC) Challenge", development kit.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from unet_gui.core.progress import Progress
from unet_gui.dataset.class_files import class_lines, labelmap_lines
from unet_gui.dataset.formats.pixels import Tally, write_jpeg, write_mask

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.project import Project


def write(
    project: Project, items: Sequence[Item], folder: Path
) -> Generator[Progress, None, Tally]:
    """Write a VOC folder.

    Raises:
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """
    images, masks = folder / "JPEGImages", folder / "SegmentationClass"
    sets = folder / "ImageSets" / "Segmentation"
    for made in (images, masks, sets):
        made.mkdir(parents=True)
    tally = Tally()
    for i, item in enumerate(items):
        yield Progress(i, len(items), item.entry.name)
        write_jpeg(item.entry, images / f"{item.name}.jpg", tally)
        write_mask(project, item.entry, masks / f"{item.name}.png", tally)
    _write_lines(sets / "train.txt", [i.name for i in items if not i.val])
    _write_lines(sets / "val.txt", [i.name for i in items if i.val])
    _write_lines(sets / "trainval.txt", [i.name for i in items])
    _write_lines(folder / "labelmap.txt", labelmap_lines(project.classes))
    _write_lines(folder / "classes.txt", class_lines(project.classes))
    return tally


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
