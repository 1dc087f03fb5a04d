"""Reading LabelMe: polygons, rectangles, circles and masks, drawn as LabelMe draws them."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import DatasetError
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import Progress
from unet_gui.dataset.formats.canvas import Canvas
from unet_gui.dataset.formats.damage import damaged
from unet_gui.dataset.formats.names import classes_of, uncovered_of
from unet_gui.dataset.formats.polygons import draw_shape
from unet_gui.dataset.formats.records import ImportPlan, Record
from unet_gui.dataset.formats.uncovered import fill_for
from unet_gui.dataset.images import image_size

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.formats.format import Options
    from unet_gui.dataset.formats.records import Findings

_AREAS: Final = ("polygon", "rectangle", "circle", "oriented_rectangle", "mask")
_BACKGROUND: Final = "_background_"
_IGNORE: Final = "__ignore__"
_SNIFFED: Final = 3


def sniff(src: Path) -> float:
    """JSON files that speak of shapes and an imagePath."""
    files = [src] if src.is_file() else _files(src)[:_SNIFFED]
    for file in files:
        if file.suffix.lower() != ".json":
            return 0.0
        try:
            size = file.stat().st_size
            with file.open("rb") as opened:
                text = opened.read(1 << 14)
                opened.seek(max(0, size - (1 << 12)))
                text += opened.read()
        except OSError:
            continue
        if b'"shapes"' in text and b'"imagePath"' in text:
            return 0.96
    return 0.0


def read(src: Path, options: Options) -> Generator[Progress, None, ImportPlan]:
    """All LabelMe files of a folder and its subfolders.

    Raises:
        DatasetError: there are none.
    """
    files = [src] if src.is_file() else _files(src)
    root = src if src.is_dir() else src.parent
    found: list[_Heading] = []
    said: list[str] = []
    for i, file in enumerate(files):
        yield Progress(i, len(files), file.name)
        try:
            heading = _heading(file)
        except DatasetError as exc:
            said.append(f"{exc.message} It was left out.")
            continue
        if heading is not None:
            found.append(heading)
    if not found:
        reason = said[0] if said else f"{src} has no LabelMe files."
        raise DatasetError(reason, "Name the folder with the JSON files.")
    names = _names(root, found)
    table, ids, more = classes_of(names, root)
    used = {ids[n] for heading in found for n in heading.labels}
    fill, table = fill_for(options, table, used, uncovered_of(root))
    records = [_record(heading, root, ids, fill) for heading in found]
    return ImportPlan("labelme", table, records, (*said, *more))


@dataclass(frozen=True, slots=True)
class _Heading:
    """What is kept of a file until its mask is wanted.

    Attributes:
        file: The JSON file.
        image: Its imagePath.
        labels: Labels of its shapes that cover an area.
        inside: Whether it holds the image itself.
    """

    file: Path
    image: str
    labels: frozenset[str]
    inside: bool


def _files(folder: Path) -> list[Path]:
    return sorted(
        p for p in folder.rglob("*.json")
        if not any(part.startswith(".") for part in p.relative_to(folder).parts)
    )  # fmt: skip


def _heading(file: Path) -> _Heading | None:
    with damaged(file):
        data = json.loads(file.read_text(encoding="utf-8-sig"))
        if not isinstance(data, dict) or "shapes" not in data or "imagePath" not in data:
            return None
        labels = (s["label"] for s in data["shapes"] if _kind(s) in _AREAS)
        return _Heading(
            file,
            str(data["imagePath"]),
            frozenset(str(n) for n in labels if n != _IGNORE),
            bool(data.get("imageData")),
        )


def _names(root: Path, found: Iterable[_Heading]) -> list[str]:
    """Names in the order of labels.txt, then the others by alphabet."""
    listed: list[str] = []
    file = root / "labels.txt"
    if file.is_file():
        with damaged(file):
            lines = file.read_text(encoding="utf-8").splitlines()
            listed = [n for n in lines if n.strip() and n not in {_IGNORE, _BACKGROUND}]
    used = {name for heading in found for name in heading.labels}
    first = [_BACKGROUND] if _BACKGROUND in used else []
    listed = list(dict.fromkeys((*first, *listed)))
    return [*listed, *sorted(used - {*listed})]


def _record(heading: _Heading, root: Path, ids: dict[str, int], fill: int) -> Record:
    file = heading.file
    given = PureWindowsPath(heading.image)
    image = file.parent / given.as_posix()
    if not image.is_file():
        beside = file.parent / given.name
        image = beside if beside.is_file() or not given.is_absolute() else image
    suffix = given.suffix or ".png"
    name = file.relative_to(root).with_name(f"{file.stem}{suffix}").as_posix()
    words = file.parent.name.lower()
    split = {"valid": "val", "validation": "val"}.get(words, words)
    content = _Content(file) if heading.inside and not image.is_file() else None
    return Record(
        name if content is None else f"{name.rpartition('.')[0]}.{content.suffix()}",
        image,
        _Mask(file, image, ids, fill),
        split if split in {"train", "val", "test"} else "",
        content,
    )


@dataclass(frozen=True, slots=True)
class _Content:
    """The image inside a file."""

    file: Path

    def __call__(self) -> bytes:
        with damaged(self.file):
            data = json.loads(self.file.read_text(encoding="utf-8-sig"))
            return base64.b64decode(data["imageData"])

    def suffix(self) -> str:
        with damaged(self.file), Image.open(io.BytesIO(self())) as image:
            return {"JPEG": "jpg"}.get(str(image.format), str(image.format).lower())


@dataclass(frozen=True, slots=True)
class _Mask:
    """Decodes the mask of one image when it is called."""

    file: Path
    image: Path
    ids: dict[str, int]
    fill: int

    def __call__(self, findings: Findings) -> ClassMask:
        with damaged(self.file):
            data = json.loads(self.file.read_text(encoding="utf-8-sig"))
            height, width = data.get("imageHeight"), data.get("imageWidth")
            if not height or not width:
                width, height = image_size(self.image)
            canvas = Canvas((int(height), int(width)), self.fill)
            for shape in data["shapes"]:
                self._put(canvas, shape, findings)
        findings.overlap(self.file.stem, canvas.overlap)
        return canvas.mask()

    def _put(self, canvas: Canvas, shape: dict[str, Any], findings: Findings) -> None:
        kind, label = _kind(shape), str(shape["label"])
        if kind not in _AREAS:
            findings.note("{} lines and points were left out: they cover no area.")
            return
        value = UNLABELLED if label == _IGNORE else self.ids[label]
        if kind == "mask":
            canvas.put(value, *_mask(shape))
            return
        canvas.put(value, *draw_shape(kind, shape["points"], *canvas.shape))


def _kind(shape: dict[str, Any]) -> str:
    # Files of old versions leave it out.
    return str(shape.get("shape_type") or "polygon")


def _mask(shape: dict[str, Any]) -> tuple[Rect, Any]:
    (x0, y0), (x1, y1) = ((int(x), int(y)) for x, y in shape["points"])
    with Image.open(io.BytesIO(base64.b64decode(shape["mask"]))) as image:
        where = np.asarray(image.convert("L") if image.mode == "P" else image) > 0
    if where.ndim == 3:
        where = where[..., 0]
    rect = Rect(x0, y0, x1 + 1, y1 + 1)
    if where.shape != (rect.height, rect.width):
        raise ValueError("a mask of another size than its box")
    return rect, where
