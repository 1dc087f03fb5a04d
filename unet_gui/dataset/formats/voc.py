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

from unet_gui.core.errors import DatasetError, ProjectError
from unet_gui.core.progress import Progress
from unet_gui.dataset.class_files import class_lines, labelmap_lines
from unet_gui.dataset.discovery import image_names
from unet_gui.dataset.formats.format import Format
from unet_gui.dataset.formats.mask_files import mask_record, no_class_for
from unet_gui.dataset.formats.records import ImportPlan
from unet_gui.dataset.opening import guess_classes, voc_root

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping
    from pathlib import Path

    from unet_gui.dataset.formats.format import Options
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.work import Work


def write(work: Work) -> Generator[Progress, None, None]:
    """Write a VOC folder.

    Raises:
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """
    yield from work.spread(_writer)
    sets = "ImageSets/Segmentation"
    for split in dict.fromkeys(("train", "val", *work.splits)):
        _write_lines(work, f"{sets}/{split}.txt", [i.name for i in work.split(split)])
    trainval = [i.name for i in work.items if i.split != "test"]
    _write_lines(work, f"{sets}/trainval.txt", trainval)
    _write_lines(work, "labelmap.txt", labelmap_lines(work.classes))
    _write_lines(work, "classes.txt", class_lines(work.classes))


def _writer(work: Work) -> Callable[[Item], None]:
    def one(item: Item) -> None:
        work.write_jpeg(item, f"JPEGImages/{item.name}.jpg")
        work.write_mask(item, f"SegmentationClass/{item.name}.png")

    return one


def _write_lines(work: Work, name: str, lines: Iterable[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    work.target(name).write_bytes(text.encode("utf-8", "surrogateescape"))


def read(src: Path, options: Options) -> Generator[Progress, None, ImportPlan]:
    """Images with a mask in SegmentationClass.

    Raises:
        DatasetError: this is no VOC folder.
    """
    yield Progress(0, 0, src.name)
    root = voc_root(src)
    images, masks = root / "JPEGImages", root / "SegmentationClass"
    if not images.is_dir() or not masks.is_dir():
        raise DatasetError(
            f"{src} has no JPEGImages and SegmentationClass.", "Name the folder they are in."
        )
    classes, notice = guess_classes(root, masks, voc=True)
    splits = _splits(root / "ImageSets" / "Segmentation")
    there = {p.stem: p for p in masks.glob("*.png")}
    records = [
        mask_record(name, images / name, there[stem], classes, split=splits.get(stem, ""))
        for name in image_names(images)
        if (stem := name.rpartition(".")[0]) in there
    ]
    return ImportPlan("voc", classes, records, (notice,) if notice else ())


def sniff(src: Path) -> float:
    """Folders of these names say it all."""
    if not src.is_dir():
        return 0.0
    try:
        root = voc_root(src)
    except ProjectError:
        return 0.6
    found = ((root / n).is_dir() for n in ("JPEGImages", "SegmentationClass"))
    return 0.9 if all(found) else 0.0


def _splits(folder: Path) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for split in ("train", "val", "test"):
        try:
            text = (folder / f"{split}.txt").read_bytes().decode("utf-8", "surrogateescape")
        except OSError:
            continue
        found |= {line.split()[0]: split for line in text.splitlines() if line.split()}
    return found


FORMAT = Format(
    key="voc",
    title="Pascal VOC",
    description="JPEGImages, SegmentationClass and ImageSets, as the U-Net tutorials and "
    "torchvision read them.",
    write=write,
    read=read,
    sniff=sniff,
    losses=no_class_for,
)
