"""Reading Label Studio's JSON and JSON_MIN: brush, polygon, rectangle and ellipse regions."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import unescape

import numpy as np

from unet_gui.core.errors import DatasetError
from unet_gui.core.progress import Progress
from unet_gui.dataset.formats.brush import decode
from unet_gui.dataset.formats.canvas import Canvas
from unet_gui.dataset.formats.damage import damaged
from unet_gui.dataset.formats.finding import ImageFinder
from unet_gui.dataset.formats.names import classes_of, uncovered_of
from unet_gui.dataset.formats.polygons import fill_area, fill_ellipse
from unet_gui.dataset.formats.records import ImportPlan, Record
from unet_gui.dataset.formats.rle import image_pixels
from unet_gui.dataset.formats.uncovered import fill_for
from unet_gui.dataset.images import image_size

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.formats.format import Options
    from unet_gui.dataset.formats.records import Findings

_KINDS: Final = ("brushlabels", "polygonlabels", "rectanglelabels", "ellipselabels", "labels")
_UPLOADED = re.compile(r"[0-9a-f]{8}-")


def sniff(src: Path) -> float:
    """A JSON list of tasks with annotations, or a folder with one."""
    file = _file(src)
    if file is None:
        return 0.0
    try:
        with file.open("rb") as opened:
            head = opened.read(1 << 16)
    except OSError:
        return 0.0
    if not head.lstrip().startswith(b"["):
        return 0.0
    regions = b"original_width" in head or b"from_name" in head
    return 0.97 if regions else 0.4 if b'"annotations"' in head and b'"data"' in head else 0.0


def read(src: Path, options: Options) -> Generator[Progress, None, ImportPlan]:
    """All tasks of one file.

    Raises:
        DatasetError: there is none, or it is damaged or of another kind.
    """
    file = _file(src)
    if file is None:
        raise DatasetError(f"{src} has no file of Label Studio.", "Name the JSON file itself.")
    yield Progress(0, 0, file.name)
    with damaged(file):
        data = json.loads(file.read_text(encoding="utf-8-sig"))
        if not isinstance(data, list) or not all(isinstance(t, dict) for t in data):
            raise DatasetError(f"{file.name} is no list of tasks.")
        tasks = [task for task in (_task(t) for t in data) if task is not None]
        used = sorted({name for task in tasks for name in task.names})
        listed = [n for n in _config_names(file.parent) if n not in used]
        table, ids, said = classes_of([*used, *listed], file.parent)
    if not tasks:
        raise DatasetError(f"{file.name} has no tasks with an image.")
    fill, table = fill_for(options, table, {ids[n] for n in used}, uncovered_of(file.parent))
    finder = ImageFinder(file)
    records = []
    for task in tasks:
        name = _image_name(task.image)
        path = finder.find(name)
        if not path.is_file() and _UPLOADED.match(PurePosixPath(name).name):
            plain = PurePosixPath(name).name[9:]
            path = finder.find(plain) if finder.find(plain).is_file() else path
        records.append(
            Record(PurePosixPath(name).name, path, _Mask(file, path, task, ids, fill), task.split)
        )
    return ImportPlan("labelstudio", table, records, tuple(said))


@dataclass(frozen=True, slots=True)
class _Task:
    image: str
    results: list[dict[str, Any]]
    split: str
    others: int

    @property
    def names(self) -> Iterator[str]:
        return (_label(r) for r in self.results)


def _file(src: Path) -> Path | None:
    if src.is_file():
        return src if src.suffix.lower() == ".json" else None
    for pattern in ("label_studio*.json", "result.json", "project-*.json", "*.json"):
        if found := [p for p in sorted(src.glob(pattern)) if p.name != "classes.json"]:
            return found[0] if len(found) == 1 or pattern != "*.json" else None
    return None


def _config_names(folder: Path) -> list[str]:
    file = folder / "label_config.xml"
    if not file.is_file():
        return []
    text = file.read_text(encoding="utf-8")
    found = re.findall(r"<Label\s[^>]*?value=(\"[^\"]*\"|'[^']*')", text)
    return [unescape(v[1:-1], {"&quot;": '"', "&apos;": "'"}) for v in found]


def _task(task: dict[str, Any]) -> _Task | None:
    """A task of JSON or of JSON_MIN; None when it has no image or was skipped."""
    data = task.get("data", task)
    image = data.get("image") or next(
        (v for v in data.values() if isinstance(v, str) and re.search(r"\.\w{3,4}\Z", v)), None
    )
    if not isinstance(image, str):
        return None
    split = str(data.get("split", ""))
    split = split if split in {"train", "val", "test"} else ""
    if "data" in task:
        done = [a for a in task.get("annotations", []) if not a.get("was_cancelled")]
        results = done[-1]["result"] if done else []
        regions = [{**r["value"], **r} for r in results if "value" in r]
        others = max(0, len(done) - 1)
    else:
        lists = (v for v in task.values() if isinstance(v, list))
        regions = [r for found in lists for r in found if isinstance(r, dict)]
        others = 0
    if "data" in task and not task.get("annotations"):
        return None
    return _Task(image, [r for r in regions if _label(r)], split, others)


def _label(region: dict[str, Any]) -> str:
    for kind in _KINDS:
        names = region.get(kind)
        if isinstance(names, list) and names:
            return str(names[0])
    return ""


def _image_name(url: str) -> str:
    """The image's path in its storage, out of what Label Studio calls it."""
    parts = urlsplit(url)
    if "d" in (query := parse_qs(parts.query)):
        return query["d"][-1]
    return unquote(parts.path) if parts.scheme or url.startswith("/data/") else url


@dataclass(frozen=True, slots=True)
class _Mask:
    """Decodes the mask of one image when it is called."""

    file: Path
    image: Path
    task: _Task
    ids: dict[str, int]
    fill: int

    def __call__(self, findings: Findings) -> ClassMask:
        name = self.image.name
        with damaged(self.file, name):
            canvas = Canvas(self._shape(), self.fill)
            for region in self.task.results:
                _put(canvas, region, self.ids[_label(region)], findings)
        findings.overlap(name, canvas.overlap)
        if self.task.others:
            findings.note("{} images were labelled several times; the last one was taken.")
        return canvas.mask()

    def _shape(self) -> tuple[int, int]:
        for region in self.task.results:
            return int(region["original_height"]), int(region["original_width"])
        width, height = image_size(self.image)
        return height, width


def _put(canvas: Canvas, region: dict[str, Any], value: int, findings: Findings) -> None:
    height, width = canvas.shape
    if "rle" in region:
        pixels, total = decode(region["rle"])
        if total != height * width:
            raise ValueError("a brush of another size than the image")
        canvas.put_flat(value, pixels)
    elif "points" in region:
        points = np.array(region["points"], np.float64).reshape(-1, 2) * (width / 100, height / 100)
        canvas.put_flat(value, image_pixels(fill_area(points, height, width), height, width))
    elif "radiusX" in region:
        centre = region["x"] * width / 100, region["y"] * height / 100
        radii = region["radiusX"] * width / 100, region["radiusY"] * height / 100
        turn = float(region.get("rotation") or 0)
        canvas.put(value, *fill_ellipse(centre, radii, turn, (height, width)))
    elif "width" in region:
        flat = fill_area(_corners(region, height, width), height, width)
        canvas.put_flat(value, image_pixels(flat, height, width))
    else:
        findings.note("{} regions without an area were left out.")


def _corners(region: dict[str, Any], height: int, width: int) -> Any:
    """A rectangle, turned about its upper left corner."""
    x, y = region["x"] * width / 100, region["y"] * height / 100
    w, h = region["width"] * width / 100, region["height"] * height / 100
    turn = np.radians(float(region.get("rotation") or 0))
    corners = np.array([(0.0, 0.0), (w, 0.0), (w, h), (0.0, h)])
    sin, cos = np.sin(turn), np.cos(turn)
    return corners @ np.array([(cos, sin), (-sin, cos)]) + (x, y)
