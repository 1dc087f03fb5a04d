"""Reading Supervisely's projects of images: bitmaps, polygons and rectangles."""

from __future__ import annotations

import base64
import io
import json
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from unet_gui.core.errors import DatasetError
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import Progress
from unet_gui.dataset.formats.canvas import Canvas
from unet_gui.dataset.formats.damage import damaged
from unet_gui.dataset.formats.names import classes_of, uncovered_of
from unet_gui.dataset.formats.polygons import fill_centres
from unet_gui.dataset.formats.records import ImportPlan, Record
from unet_gui.dataset.formats.uncovered import fill_for

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.formats.format import Options
    from unet_gui.dataset.formats.records import Findings

_AREAS: Final = frozenset({"bitmap", "polygon", "rectangle"})
_SPLITS: Final = {"train": "train", "val": "val", "validation": "val", "test": "test"}


def sniff(src: Path) -> float:
    """meta.json with classes, and folders with `img` and `ann` in them."""
    if not (src / "meta.json").is_file() or not any(_folders(src)):
        return 0.0
    try:
        data = json.loads((src / "meta.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0.0
    return 0.97 if isinstance(data, dict) and "classes" in data else 0.0


def read(src: Path, options: Options) -> Generator[Progress, None, ImportPlan]:
    """All data sets of a project.

    Raises:
        DatasetError: it has none, or is damaged.
    """
    yield Progress(0, 0, src.name)
    meta = src / "meta.json"
    with damaged(meta):
        listed = json.loads(meta.read_text(encoding="utf-8-sig"))["classes"]
        colors = {str(c["title"]): str(c.get("color", "")).lower() for c in listed}
    files = [p for folder in _folders(src) for p in sorted((folder / "ann").glob("*.json"))]
    if not files:
        raise DatasetError(f"{src} has no annotations.", "Name the folder that meta.json is in.")
    used: set[str] = set()
    for i, file in enumerate(files):
        yield Progress(i, len(files), file.name)
        with damaged(file):
            used |= {str(o["classTitle"]) for o in _objects(file) if _kind(o) in _AREAS}
    names = [*colors, *sorted(used - {*colors})]
    table, ids, said = classes_of(names, src, {n: c for n, c in colors.items() if len(c) == 7})
    fill, table = fill_for(options, table, {ids[n] for n in used}, uncovered_of(src))
    several = len({f.parent.parent for f in files}) > 1
    records = []
    for file in files:
        folder = file.parent.parent
        image = folder / "img" / file.name.removesuffix(".json")
        split = _SPLITS.get(folder.name.lower(), "")
        name = f"{folder.name}/{image.name}" if several else image.name
        records.append(Record(name, image, _Mask(file, ids, fill), split))
    return ImportPlan("supervisely", table, records, tuple(said))


def _folders(src: Path) -> list[Path]:
    return [p.parent for p in sorted(src.glob("*/ann")) if (p.parent / "img").is_dir()]


def _objects(file: Path) -> list[dict[str, Any]]:
    return list(json.loads(file.read_text(encoding="utf-8-sig"))["objects"])


def _kind(found: dict[str, Any]) -> str:
    return str(found.get("geometryType") or ("bitmap" if found.get("bitmap") else "polygon"))


@dataclass(frozen=True, slots=True)
class _Mask:
    """Decodes the mask of one image when it is called."""

    file: Path
    ids: dict[str, int]
    fill: int

    def __call__(self, findings: Findings) -> ClassMask:
        with damaged(self.file):
            data = json.loads(self.file.read_text(encoding="utf-8-sig"))
            canvas = Canvas((int(data["size"]["height"]), int(data["size"]["width"])), self.fill)
            for found in data["objects"]:
                if _kind(found) not in _AREAS:
                    findings.note("{} lines, points and the like were left out.")
                    continue
                canvas.put(self.ids[str(found["classTitle"])], *_area(found))
        findings.overlap(self.file.stem, canvas.overlap)
        return canvas.mask()


def _area(found: dict[str, Any]) -> tuple[Rect, NDArray[np.bool_]]:
    if _kind(found) == "bitmap":
        left, top = (int(v) for v in found["bitmap"]["origin"])
        where = _bitmap(found["bitmap"]["data"])
        return Rect(left, top, left + where.shape[1], top + where.shape[0]), where
    exterior = _corners(found["points"]["exterior"])
    if _kind(found) == "rectangle":
        (x0, y0), (x1, y1) = exterior.min(0).tolist(), exterior.max(0).tolist()
        rect = Rect(x0, y0, x1 + 1, y1 + 1)
        return rect, np.ones((rect.height, rect.width), bool)
    rect, where = fill_centres(exterior)
    for inner in found["points"].get("interior", []):
        hole, inside = fill_centres(_corners(inner))
        common = hole.intersection(rect)
        if not common.empty:
            where[_inside(common, rect)] &= ~inside[_inside(common, hole)]
    return rect, where


def _inside(part: Rect, whole: Rect) -> tuple[slice, slice]:
    rows = slice(part.y0 - whole.y0, part.y1 - whole.y0)
    return rows, slice(part.x0 - whole.x0, part.x1 - whole.x0)


def _corners(points: Any) -> NDArray[np.int64]:
    return np.rint(np.array(points, np.float64).reshape(len(points), 2)).astype(np.int64)


def _bitmap(text: str) -> NDArray[np.bool_]:
    data = base64.b64decode(text)
    with suppress(zlib.error):  # some hold the PNG as it is
        data = zlib.decompress(data)
    with Image.open(io.BytesIO(data)) as image:
        clear = image.mode in {"RGBA", "LA"} or "transparency" in image.info
        if clear:
            return np.asarray(image.convert("RGBA"))[..., 3] > 0
        values = np.asarray(image.convert("L") if image.mode == "P" else image)
        return np.asarray(values > 0 if values.ndim == 2 else values.any(-1))
