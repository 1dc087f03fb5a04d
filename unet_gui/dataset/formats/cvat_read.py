"""Reading CVAT for images 1.1: masks, polygons, boxes and ellipses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree

import numpy as np

from unet_gui.core.errors import DatasetError
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import Progress
from unet_gui.dataset.formats.canvas import Canvas
from unet_gui.dataset.formats.damage import damaged
from unet_gui.dataset.formats.finding import ImageFinder
from unet_gui.dataset.formats.names import classes_of, uncovered_of
from unet_gui.dataset.formats.polygons import fill_area, fill_ellipse, turned_box
from unet_gui.dataset.formats.records import ImportPlan, Record
from unet_gui.dataset.formats.rle import image_pixels, pixels_of
from unet_gui.dataset.formats.uncovered import fill_for

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.formats.format import Options
    from unet_gui.dataset.formats.records import Findings

_AREAS: Final = ("mask", "polygon", "box", "ellipse")
_OTHERS: Final = ("polyline", "points", "cuboid", "skeleton")
_SPLITS: Final = {"train": "train", "val": "val", "validation": "val", "test": "test"}


def sniff(src: Path) -> float:
    """An XML file of CVAT's images, or a folder with one."""
    file = _file(src)
    if file is None:
        return 0.0
    try:
        with file.open("rb") as opened:
            head = opened.read(1 << 16)
    except OSError:
        return 0.0
    if b"<annotations>" not in head or b"<track" in head:
        return 0.0
    return 0.97 if b"<version>1.1</version>" in head else 0.5


def read(src: Path, options: Options) -> Generator[Progress, None, ImportPlan]:
    """All images of one XML file.

    Raises:
        DatasetError: there is none, it is damaged, or it is of a video.
    """
    file = _file(src)
    if file is None:
        raise DatasetError(f"{src} has no annotations.xml.", "Name the XML file itself.")
    yield Progress(0, 0, file.name)
    found = _Found([], {}, [])
    with damaged(file):
        try:
            for done, _ in enumerate(_parsed(file, found)):
                if done % 200 == 0:
                    yield Progress(done, 0, file.name)
        except ElementTree.ParseError as exc:
            raise DatasetError(f"{file.name} is damaged: {exc}.") from exc
    if not found.images:
        raise DatasetError(f"{file.name} has no images.", "CVAT for video is not read.")
    used = dict.fromkeys(s["label"] for i in found.images for s in i.shapes)
    names = list(dict.fromkeys((*found.colors, *used)))
    table, ids, said = classes_of(names, file.parent, found.colors)
    filled = {ids[name] for name in used}
    fill, table = fill_for(options, table, filled, uncovered_of(file.parent))
    finder = ImageFinder(file)
    records = []
    with damaged(file):
        for image in found.images:
            name = image.values["name"]
            split = _SPLITS.get(image.values.get("subset", "").lower(), "")
            decode = _Mask(file, image, ids, fill)
            records.append(Record(name, finder.find(name), decode, split))
    return ImportPlan("cvat", table, records, tuple(said))


@dataclass(slots=True)
class _Image:
    values: dict[str, str]
    shapes: list[dict[str, str]]
    others: int


@dataclass(slots=True)
class _Found:
    images: list[_Image]
    colors: dict[str, str]
    tracks: list[str]


def _file(src: Path) -> Path | None:
    if src.is_file():
        return src if src.suffix.lower() == ".xml" else None
    named = src / "annotations.xml"
    if named.is_file():
        return named
    found = sorted(src.glob("*.xml"))
    return found[0] if len(found) == 1 else None


def _parsed(file: Path, found: _Found) -> Any:
    """Fill `found` element by element; yields after each image."""
    for _, element in ElementTree.iterparse(file):
        if element.tag == "label" and element.find("name") is not None:
            name = element.findtext("name") or ""
            found.colors[name] = element.findtext("color") or ""
        elif element.tag == "image":
            shapes = [{"kind": s.tag, **s.attrib, "label": s.attrib["label"]}
                      for s in element if s.tag in _AREAS]  # fmt: skip
            others = sum(s.tag in _OTHERS for s in element)
            found.images.append(_Image(dict(element.attrib), shapes, others))
            element.clear()
            yield None


@dataclass(frozen=True, slots=True)
class _Mask:
    """Decodes the mask of one image when it is called."""

    file: Path
    image: _Image
    ids: dict[str, int]
    fill: int

    def __call__(self, findings: Findings) -> ClassMask:
        name = self.image.values["name"]
        with damaged(self.file, name):
            shape = int(self.image.values["height"]), int(self.image.values["width"])
            canvas = Canvas(shape, self.fill)
            for one in sorted(self.image.shapes, key=lambda s: int(s.get("z_order", 0))):
                _put(canvas, one, self.ids[one["label"]])
        findings.overlap(name, canvas.overlap)
        if self.image.others:
            findings.note("{} images have lines, points or skeletons; they were left out.")
        return canvas.mask()


def _put(canvas: Canvas, shape: dict[str, str], value: int) -> None:
    height, width = canvas.shape
    if shape["kind"] == "mask":
        rect = Rect.of_shape((int(shape["height"]), int(shape["width"])))
        counts = [int(c) for c in shape["rle"].split(",") if c.strip()]
        where = np.zeros(rect.width * rect.height, bool)
        where[pixels_of(counts, where.size)] = True
        left, top = int(shape["left"]), int(shape["top"])
        placed = Rect(left, top, left + rect.width, top + rect.height)
        canvas.put(value, placed, where.reshape(rect.height, rect.width))
    elif shape["kind"] == "ellipse":
        cx, cy, rx, ry = (float(shape[k]) for k in ("cx", "cy", "rx", "ry"))
        turn = float(shape.get("rotation", 0))
        canvas.put(value, *fill_ellipse((cx, cy), (rx, ry), turn, (height, width)))
    else:
        canvas.put_flat(
            value, image_pixels(fill_area(_corners(shape), height, width), height, width)
        )


def _corners(shape: dict[str, str]) -> Any:
    if shape["kind"] == "box":
        box = tuple(float(shape[k]) for k in ("xtl", "ytl", "xbr", "ybr"))
        return turned_box(box, float(shape.get("rotation", 0)))
    points = [[float(v) for v in p.split(",")] for p in shape["points"].split(";") if p.strip()]
    if len(points) < 3:
        raise ValueError("a polygon of less than three points")
    return np.array(points, np.float64).reshape(len(points), 2)
