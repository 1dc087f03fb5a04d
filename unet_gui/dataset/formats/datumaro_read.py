"""Reading Datumaro's own format: masks, polygons, boxes and ellipses."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.core.errors import DatasetError
from unet_gui.core.progress import Progress
from unet_gui.dataset.formats.canvas import Canvas
from unet_gui.dataset.formats.damage import damaged
from unet_gui.dataset.formats.finding import ImageFinder
from unet_gui.dataset.formats.names import classes_of, uncovered_of
from unet_gui.dataset.formats.polygons import fill_area, fill_ellipse
from unet_gui.dataset.formats.records import ImportPlan, Record
from unet_gui.dataset.formats.rle import from_string, image_pixels, pixels_of
from unet_gui.dataset.formats.uncovered import fill_for
from unet_gui.dataset.images import image_size

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.formats.format import Options
    from unet_gui.dataset.formats.records import Findings

_AREAS: Final = frozenset({"mask", "polygon", "bbox", "ellipse"})
_SPLITS: Final = {"train": "train", "val": "val", "validation": "val", "test": "test"}


def sniff(src: Path) -> float:
    """`annotations/*.json` with Datumaro's categories and items."""
    for file in _files(src)[:1]:
        try:
            with file.open("rb") as opened:
                head = opened.read(1 << 14)
        except OSError:
            return 0.0
        if b'"dm_format_version"' in head:
            return 0.98
        return 0.6 if b'"label_groups"' in head and b'"categories"' in head else 0.0
    return 0.0


def read(src: Path, options: Options) -> Generator[Progress, None, ImportPlan]:
    """All parts of a data set.

    Raises:
        DatasetError: there are none, or they are damaged.
    """
    files = _files(src)
    root = src if src.is_dir() else src.parent.parent
    parts: list[tuple[Path, list[str], list[dict[str, Any]]]] = []
    colors: dict[str, str] = {}
    for i, file in enumerate(files):
        yield Progress(i, len(files), file.name)
        with damaged(file):
            data = json.loads(file.read_text(encoding="utf-8-sig"))
            labels = [str(n["name"]) for n in data["categories"]["label"]["labels"]]
            colors |= _colors(data, labels)
            parts.append((file, labels, data["items"]))
    if not parts:
        raise DatasetError(f"{src} has no annotations.", "Name the folder that holds annotations.")
    names = list(dict.fromkeys(n for _, labels, _ in parts for n in labels))
    table, ids, said = classes_of(names, root, colors)
    used: set[int] = set()
    records = []
    pending: list[tuple[Path, _Item, str]] = []
    for file, labels, items in parts:
        finder = ImageFinder(file, file.stem, (root / "images" / file.stem,))
        with damaged(file):
            for item in items:
                areas = [a for a in item["annotations"] if a["type"] in _AREAS]
                values = [ids[labels[a["label_id"]]] for a in areas]
                used |= {*values}
                image = item.get("image", {})
                name = image.get("path") or f"{item['id']}.jpg"
                others = sum(a["type"] not in _AREAS for a in item["annotations"])
                shape = tuple(image.get("size") or ())
                made = _Item(file, finder.find(name), shape, areas, values, others)
                pending.append((file, made, name))
    fill, table = fill_for(options, table, used, uncovered_of(root))
    for file, made, name in pending:
        split = _SPLITS.get(file.stem.lower(), "")
        records.append(Record(name, made.image, _Mask(made, fill), split))
    return ImportPlan("datumaro", table, records, tuple(said))


def _files(src: Path) -> list[Path]:
    if src.is_file():
        return [src] if src.suffix.lower() == ".json" and src.parent.name == "annotations" else []
    return sorted((src / "annotations").glob("*.json"))


def _colors(data: dict[str, Any], labels: list[str]) -> dict[str, str]:
    listed = data["categories"].get("mask", {}).get("colormap", [])
    return {
        labels[c["label_id"]]: f"#{c['r']:02x}{c['g']:02x}{c['b']:02x}"
        for c in listed
        if 0 <= c["label_id"] < len(labels)
    }


@dataclass(frozen=True, slots=True)
class _Item:
    """An image: its file, (height, width) where told, its areas and the mask value of each."""

    file: Path
    image: Path
    shape: tuple[int, ...]
    areas: list[dict[str, Any]]
    values: list[int]
    others: int


@dataclass(frozen=True, slots=True)
class _Mask:
    """Decodes the mask of one image when it is called."""

    item: _Item
    fill: int

    def __call__(self, findings: Findings) -> ClassMask:
        item = self.item
        with damaged(item.file, item.image.name):
            if not item.shape:
                width, height = image_size(item.image)
            else:
                height, width = (int(n) for n in item.shape)
            canvas = Canvas((height, width), self.fill)
            order = sorted(range(len(item.areas)), key=lambda i: item.areas[i].get("z_order") or 0)
            for i in order:
                _put(canvas, item.areas[i], item.values[i])
        findings.overlap(item.image.name, canvas.overlap)
        if item.others:
            findings.note(
                "{} images have lines, points or labels of the whole; they were left out."
            )
        return canvas.mask()


def _put(canvas: Canvas, area: dict[str, Any], value: int) -> None:
    height, width = canvas.shape
    if area["type"] == "mask":
        if tuple(area["rle"]["size"]) != (height, width):
            raise ValueError("a mask of another size than the image")
        counts = from_string(area["rle"]["counts"])
        flat = pixels_of(counts, height * width)
    elif area["type"] == "ellipse":
        x0, y0, x1, y1 = (float(v) for v in area["points"])
        centre, radii = ((x0 + x1) / 2, (y0 + y1) / 2), ((x1 - x0) / 2, (y1 - y0) / 2)
        canvas.put(value, *fill_ellipse(centre, radii, 0.0, (height, width)))
        return
    else:
        flat = fill_area(_corners(area), height, width)
    canvas.put_flat(value, image_pixels(flat, height, width))


def _corners(area: dict[str, Any]) -> Any:
    if area["type"] == "bbox":
        x, y, w, h = (float(v) for v in area["bbox"])
        return np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)])
    return np.array(area["points"], np.float64).reshape(-1, 2)
