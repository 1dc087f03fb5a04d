"""Class names from the files that datasets bring along, or else from the ids in their masks."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from unet_gui.core.classes import UNLABELLED, ClassInfo, ClassTable, default_color
from unet_gui.core.errors import ClassTableError, UsageError
from unet_gui.dataset.project_file import classes_from_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

VOC_NAMES: Final = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair",
    "cow", "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa",
    "train", "tvmonitor",
)  # fmt: skip

_FILES: Final = ("classes.json", "classes.txt", "labelmap.txt", "meta.json", "project.json")
_UNUSED = re.compile(r"_unused_\d+\Z")
_LABELMAP = re.compile(r"(?P<name>[^#:]+):(?P<r>\d+),(?P<g>\d+),(?P<b>\d+)(:.*)?\Z")


def unused_name(class_id: int) -> str:
    """What stands in a list of names, where the line number is the id, for an id without class."""
    return f"_unused_{class_id}"


def class_lines(table: ClassTable) -> list[str]:
    """Names in a list whose line number, from 0, is the class id."""
    return [table[i].name if i in table else unused_name(i) for i in range(table.num_outputs)]


def labelmap_lines(table: ClassTable) -> list[str]:
    """`name:r,g,b::` lines in the order of `class_lines`."""
    lines = ["# label:color_rgb:parts:actions"]
    for i, name in enumerate(class_lines(table)):
        rgb = table[i].rgb if i in table else (0, 0, 0)
        lines.append(f"{name.replace(':', '_')}:{','.join(map(str, rgb))}::")
    return lines


def parse_classes(text: str) -> ClassTable:
    """Classes from the command line: "soil,crop:#00ff00,weed".

    Raises:
        UsageError: an empty or doubled name, a colour that is none.
    """
    table: list[ClassInfo] = []
    for class_id, item in enumerate(text.split(",")):
        name, color = item.strip(), default_color(class_id)
        head, colon, tail = name.rpartition(":")
        if colon and tail.strip().startswith("#"):
            name, color = head.strip(), tail.strip().lower()
        if not name:
            raise UsageError(
                f"Class {class_id} in “{text}” has no name.", 'Write --classes "soil,crop,weed".'
            )
        table.append(_class(class_id, name, color))
    try:
        return ClassTable(table)
    except ClassTableError as exc:
        raise UsageError(exc.message, exc.hint) from exc


def read_class_file(path: Path) -> ClassTable:
    """Classes from a file: one name a line, `name:r,g,b::` lines, or JSON with a "classes" list.

    Raises:
        UsageError: the file cannot be read or holds something else.
    """
    try:
        return _parse(path)
    except OSError as exc:
        raise UsageError(f"{path} cannot be read: {exc.strerror}.") from exc
    except (ValueError, ClassTableError) as exc:
        raise UsageError(
            f"{path} is no list of classes: {exc}",
            'Write one name a line, or JSON: {"classes": [{"id": 0, "name": "…"}]}.',
        ) from exc


def find_classes(folder: Path) -> ClassTable | None:
    """Classes from the files a dataset folder may have; None when it has none of them."""
    for name in _FILES:
        try:
            table = _parse(folder / name)
        except (OSError, ValueError, ClassTableError):
            continue
        if len(table):
            return _with_colors(table, folder / "labelmap.txt")
    return None


def classes_from_ids(ids: Iterable[int], names: tuple[str, ...] = ()) -> ClassTable:
    """A class for each id, called after `names` as far as they go, else "class 7"."""
    return ClassTable(
        ClassInfo(i, names[i] if i < len(names) else f"class {i}", default_color(i))
        for i in sorted({*range(len(names)), *ids} - {UNLABELLED})
    )


def with_missing(table: ClassTable, ids: Iterable[int]) -> ClassTable:
    """With a class for each id that has none yet."""
    missing = sorted({*ids} - {*table.ids, UNLABELLED})
    return ClassTable((*table, *(ClassInfo(i, f"class {i}", default_color(i)) for i in missing)))


def voc_classes() -> ClassTable:
    """The 21 classes of Pascal VOC in its own colours."""
    return ClassTable(ClassInfo(i, n, _voc_color(i)) for i, n in enumerate(VOC_NAMES))


def _voc_color(class_id: int) -> str:
    # The bit pattern of VOCdevkit's VOClabelcolormap.m.
    rgb = [0, 0, 0]
    for bit in range(8):
        for channel in range(3):
            rgb[channel] |= (class_id >> (3 * bit + channel) & 1) << (7 - bit)
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def _parse(path: Path) -> ClassTable:
    text = path.read_text(encoding="utf-8-sig")
    if text.lstrip().startswith(("{", "[")):
        data: Any = json.loads(text)
        return classes_from_json(data.get("classes") if isinstance(data, dict) else data)
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    return ClassTable(
        _class_of_line(i, line) for i, line in enumerate(lines) if not _UNUSED.match(_name(line))
    )


def _name(line: str) -> str:
    match = _LABELMAP.match(line)
    return match["name"].strip() if match else line


def _class_of_line(class_id: int, line: str) -> ClassInfo:
    match = _LABELMAP.match(line)
    if not match:
        return ClassInfo(class_id, line, default_color(class_id))
    rgb = (min(255, int(match[c])) for c in "rgb")
    return ClassInfo(class_id, match["name"].strip(), "#{:02x}{:02x}{:02x}".format(*rgb))


def _with_colors(table: ClassTable, labelmap: Path) -> ClassTable:
    try:
        colored = {c.name: c.color for c in _parse(labelmap)}
    except (OSError, ValueError, ClassTableError):
        return table
    return ClassTable(
        ClassInfo(c.id, c.name, colored.get(c.name.replace(":", "_"), c.color)) for c in table
    )


def _class(class_id: int, name: str, color: str) -> ClassInfo:
    try:
        return ClassInfo(class_id, name, color)
    except ClassTableError as exc:
        raise UsageError(exc.message, exc.hint) from exc
