"""classes.json beside a dataset: ids and colours that its own files have no place for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from unet_gui.core.classes import MAX_CLASSES, ClassTable
from unet_gui.core.errors import ClassTableError, DatasetError
from unet_gui.dataset.formats.records import table_of
from unet_gui.dataset.formats.uncovered import fill_of, named
from unet_gui.dataset.project_file import classes_from_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from unet_gui.dataset.formats.work import Work

NAME: Final = "classes.json"


def write_classes(work: Work) -> None:
    """Write the classes with their ids and colours, and what uncovered pixels are."""
    listed = [{"id": c.id, "name": c.name, "color": c.color} for c in named(work.survey)]
    data = {"classes": listed, "uncovered": fill_of(work.survey)}
    work.write_json(NAME, data, indent=2)


def uncovered_of(folder: Path) -> object:
    """What classes.json says uncovered pixels are; None when it says nothing."""
    return _json(folder / NAME).get("uncovered")


def classes_of(
    names: Sequence[str], folder: Path, colors: Mapping[str, str] | None = None
) -> tuple[ClassTable, dict[str, int], list[str]]:
    """Classes for the names that a dataset uses.

    Ids are those of classes.json in `folder`, where there is one, else their places in `names`.

    Args:
        names: Names in the order they should have.
        folder: Where classes.json may lie.
        colors: Colours by name, where the dataset has them.

    Returns:
        The classes, the id of each name, and a sentence for each name that had to change.

    Raises:
        DatasetError: there are more than 255.
    """
    ours = _read(folder / NAME)
    listed: list[tuple[int, str, str | None]] = [(c.id, c.name, c.color) for c in ours]
    known, taken = {c.name for c in ours}, {*ours.ids}
    free = (i for i in range(MAX_CLASSES) if i not in taken)
    for name in names:
        if name in known:
            continue
        known.add(name)
        number = next(free, None)
        if number is None:
            raise DatasetError(
                f"The dataset has {len(names)} classes.", "255 are the limit: choose some first."
            )
        listed.append((number, name, (colors or {}).get(name)))
    table, said = table_of(listed)
    return table, {name: number for number, name, _ in listed}, said


def _read(file: Path) -> ClassTable:
    try:
        return classes_from_json(_json(file).get("classes", []))
    except ClassTableError:
        return ClassTable()


def _json(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
