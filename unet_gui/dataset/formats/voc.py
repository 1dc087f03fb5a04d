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

from unet_gui.dataset.class_files import class_lines, labelmap_lines
from unet_gui.dataset.formats.format import Format

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from unet_gui.core.progress import Progress
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.work import Work


def write(work: Work) -> Generator[Progress, None, None]:
    """Write a VOC folder.

    Raises:
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """

    def one(item: Item) -> None:
        work.write_jpeg(item, f"JPEGImages/{item.name}.jpg")
        work.write_mask(item, f"SegmentationClass/{item.name}.png")

    yield from work.each(one)
    sets = "ImageSets/Segmentation"
    for split in dict.fromkeys(("train", "val", *work.splits)):
        _write_lines(work, f"{sets}/{split}.txt", [i.name for i in work.split(split)])
    trainval = [i.name for i in work.items if i.split != "test"]
    _write_lines(work, f"{sets}/trainval.txt", trainval)
    _write_lines(work, "labelmap.txt", labelmap_lines(work.classes))
    _write_lines(work, "classes.txt", class_lines(work.classes))


def _write_lines(work: Work, name: str, lines: Iterable[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    work.target(name).write_bytes(text.encode("utf-8", "surrogateescape"))


FORMAT = Format(
    key="voc",
    title="Pascal VOC",
    description="JPEGImages, SegmentationClass and ImageSets, as the U-Net tutorials and "
    "torchvision read them.",
    write=write,
)
