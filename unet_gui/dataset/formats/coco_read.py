"""Reading COCO: instances, with polygons or run lengths, and panoptic segments."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED, default_color
from unet_gui.core.errors import DatasetError
from unet_gui.core.progress import Progress
from unet_gui.dataset.decoding import open_image
from unet_gui.dataset.formats.canvas import Canvas
from unet_gui.dataset.formats.damage import damaged
from unet_gui.dataset.formats.finding import ImageFinder
from unet_gui.dataset.formats.polygons import union_area
from unet_gui.dataset.formats.records import ImportPlan, Record, table_of
from unet_gui.dataset.formats.rle import from_string, image_pixels, pixels_of
from unet_gui.dataset.formats.uncovered import fill_for

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.formats.format import Options
    from unet_gui.dataset.formats.records import Findings

_KEYS: Final = ("images", "annotations", "categories")
_HEAD: Final = 1 << 16


def sniff(src: Path) -> float:
    """A JSON file with images, annotations and categories, or a folder where COCO has it."""
    files = [src] if src.is_file() else _files(src)
    if not files or files[0].suffix.lower() != ".json":
        return 0.0
    try:
        with files[0].open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return 0.0
    found = sum(f'"{key}"'.encode() in head for key in (*_KEYS, "info", "licenses", "image_id"))
    return 0.0 if found < 2 else min(0.97, 0.3 + 0.2 * found)


def read(src: Path, options: Options) -> Generator[Progress, None, ImportPlan]:
    """Images and objects of one JSON file, or of all that a folder has.

    Raises:
        DatasetError: there is no such file, or it is damaged or of another kind.
    """
    files = [src] if src.is_file() else _files(src)
    if not files:
        raise DatasetError(f"{src} has no COCO file.", "Name the JSON file itself.")
    parts: list[_Part] = []
    for i, file in enumerate(files):
        yield Progress(i, len(files), file.name)
        with damaged(file):
            parts.append(_Part(file, json.loads(file.read_text(encoding="utf-8"))))
    ids = _class_ids(parts)
    with damaged(files[0]):
        table, said = table_of(_classes(parts, ids))
    fill, table = fill_for(options, table, _used(parts, ids), parts[0].uncovered)
    records: list[Record] = []
    for part in parts:
        with damaged(part.file):
            records += _records(part, ids, fill)
    said += [f"{part.file.name} says nothing of its images." for part in parts if not part.images]
    return ImportPlan("coco", table, records, tuple(said))


class _Part:
    """One JSON file.

    Attributes:
        images: Image entries by id.
        objects: Annotations by image id.
        split: "train", "val" or "test" by its name, else empty.
    """

    def __init__(self, file: Path, data: Any) -> None:
        if not isinstance(data, dict) or not all(isinstance(data.get(k), list) for k in _KEYS):
            raise DatasetError(
                f"{file.name} is no COCO file: it lacks images, annotations or categories."
            )
        self.file = file
        self.categories: list[dict[str, Any]] = data["categories"]
        self.images: dict[Any, dict[str, Any]] = {i["id"]: i for i in data["images"]}
        self.objects: dict[Any, list[dict[str, Any]]] = {}
        for annotation in data["annotations"]:
            self.objects.setdefault(annotation["image_id"], []).append(annotation)
        info = data.get("info")
        ours = info.get("unet_gui") if isinstance(info, dict) else None
        self.uncovered = ours.get("uncovered") if isinstance(ours, dict) else None
        words = f"{file.stem} {file.parent.name}".lower().replace("valid", "val")
        self.split = next((s for s in ("train", "val", "test") if s in words), "")


def _files(folder: Path) -> list[Path]:
    """The JSON files of a COCO folder; panoptic ones where there are no others."""
    for pattern in ("annotations/instances*.json", "instances*.json", "*/_annotations.coco.json",
                    "_annotations.coco.json", "annotations/panoptic*.json", "panoptic*.json",
                    "annotations/*.json", "*coco*.json"):  # fmt: skip
        if found := sorted(folder.glob(pattern)):
            return found
    return []


def _used(parts: list[_Part], ids: dict[int, int]) -> set[int]:
    found: set[int] = set()
    for part in parts:
        for listed in part.objects.values():
            for one in listed:
                entries = one.get("segments_info", (one,))
                found.update(ids.get(e.get("category_id"), UNLABELLED) for e in entries)
    return found


def _class_ids(parts: list[_Part]) -> dict[int, int]:
    """Class id by category id: what we wrote, or the category's own, or numbered anew."""
    with damaged(parts[0].file):
        categories = {c["id"]: c for part in parts for c in part.categories}
        ours = {k: c.get("class_id") for k, c in categories.items()}
        if all(isinstance(v, int) for v in ours.values()):
            return {k: int(v) for k, v in ours.items() if v is not None}
        if all(isinstance(k, int) and 0 <= k < UNLABELLED for k in categories):
            return {k: k for k in categories}
    whole = {k: k for k in categories}
    used = sorted(_used(parts, whole) & {*categories})
    if len(used) >= UNLABELLED:
        raise DatasetError(
            f"The dataset has {len(used)} classes in use.", "255 are the limit: choose some first."
        )
    return {k: i for i, k in enumerate(used, start=1)}


def _classes(parts: list[_Part], ids: dict[int, int]) -> list[tuple[int, str, str | None]]:
    found: dict[int, tuple[int, str, str | None]] = {}
    for part in parts:
        for category in part.categories:
            class_id = ids.get(category["id"])
            if class_id is not None:
                found[class_id] = (class_id, str(category.get("name", "")), _color(category))
    return [found[i] for i in sorted(found)] if len(parts) > 1 else list(found.values())


def _color(category: dict[str, Any]) -> str:
    rgb = category.get("color")
    if isinstance(rgb, list) and len(rgb) == 3 and all(isinstance(v, int) for v in rgb):
        return "#{:02x}{:02x}{:02x}".format(*(min(255, max(0, v)) for v in rgb))
    return default_color(category["id"] % UNLABELLED)


def _records(part: _Part, ids: dict[int, int], fill: int) -> list[Record]:
    finder = ImageFinder(part.file, part.split)
    records = []
    for number, image in part.images.items():
        name = str(image["file_name"])
        annotations = part.objects.get(number, [])
        records.append(
            Record(name, finder.find(name), _Mask(part.file, image, annotations, ids, fill),
                   part.split)
        )  # fmt: skip
    return records


@dataclass(frozen=True, slots=True)
class _Mask:
    """Decodes the mask of one image when it is called."""

    file: Path
    image: dict[str, Any]
    annotations: list[dict[str, Any]]
    ids: dict[int, int]
    fill: int

    def __call__(self, findings: Findings) -> ClassMask:
        name = str(self.image["file_name"])
        with damaged(self.file, name):
            height, width = int(self.image["height"]), int(self.image["width"])
            if any("segments_info" in a for a in self.annotations):
                return self._panoptic(findings)
            canvas = Canvas((height, width), self.fill)
            # Small ones on top of large ones, and all of them on top of crowds.
            order = sorted(self.annotations, key=lambda a: (not a.get("iscrowd"), -_area(a)))
            for annotation in order:
                self._put(canvas, annotation, findings)
        findings.overlap(name, canvas.overlap)
        return canvas.mask()

    def _put(self, canvas: Canvas, annotation: dict[str, Any], findings: Findings) -> None:
        class_id = self.ids.get(annotation["category_id"])
        if class_id is None:
            findings.skip(f"category {annotation['category_id']}")
            return
        segmentation = annotation.get("segmentation")
        if not segmentation:
            findings.note("{} objects have a box only, no outline; they were left out.")
            return
        canvas.put_flat(class_id, _pixels(segmentation, *canvas.shape))

    def _panoptic(self, findings: Findings) -> ClassMask:
        (entry,) = self.annotations
        path = self.file.with_suffix("") / entry["file_name"]
        with open_image(path) as image:
            rgb = np.asarray(image.convert("RGB")).astype(np.uint32)
        numbers = rgb[..., 0] + 256 * rgb[..., 1] + 65536 * rgb[..., 2]
        values, inverse = np.unique(numbers, return_inverse=True)
        known = {}
        for segment in entry["segments_info"]:
            known[segment["id"]] = self.ids.get(segment["category_id"], UNLABELLED)
            if segment["category_id"] not in self.ids:
                findings.skip(f"category {segment['category_id']}")
        lut = np.array([known.get(int(v), UNLABELLED) for v in values], np.uint8)
        return lut[inverse].reshape(numbers.shape)


def _area(annotation: dict[str, Any]) -> float:
    return float(annotation.get("area") or 0)


def _pixels(segmentation: Any, height: int, width: int) -> NDArray[np.int64]:
    """Flat places, row by row, of an object given by polygons or run lengths."""
    if isinstance(segmentation, list):
        polygons = [np.asarray(p, np.float64).reshape(-1, 2) for p in segmentation]
        return image_pixels(union_area(polygons, height, width), height, width)
    if list(segmentation["size"]) != [height, width]:
        raise ValueError("run lengths of another size than the image")
    counts = segmentation["counts"]
    lengths = from_string(counts) if isinstance(counts, str) else counts
    return image_pixels(pixels_of(lengths, height * width), height, width)
