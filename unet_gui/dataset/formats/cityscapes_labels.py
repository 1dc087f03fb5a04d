"""The label table of Cityscapes, and the tables of datasets that are laid out like it.

(cityscapesscripts/helpers/labels.py; its "license plate", id -1, never occurs in label images.)
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from unet_gui.core.classes import ClassTable

TABLE: Final = "labels.json"
VOID_NAMES: Final = frozenset({"unlabeled", "unlabelled", "void", "ignore"})


@dataclass(frozen=True, slots=True)
class Label:
    """A row of the table; `train_id` 255 is left out of training."""

    id: int
    train_id: int
    name: str
    color: str


OFFICIAL: Final = tuple(
    Label(*row)
    for row in (
        (0, 255, "unlabeled", "#000000"),
        (1, 255, "ego vehicle", "#000000"),
        (2, 255, "rectification border", "#000000"),
        (3, 255, "out of roi", "#000000"),
        (4, 255, "static", "#000000"),
        (5, 255, "dynamic", "#6f4a00"),
        (6, 255, "ground", "#510051"),
        (7, 0, "road", "#804080"),
        (8, 1, "sidewalk", "#f423e8"),
        (9, 255, "parking", "#faaaa0"),
        (10, 255, "rail track", "#e6968c"),
        (11, 2, "building", "#464646"),
        (12, 3, "wall", "#66669c"),
        (13, 4, "fence", "#be9999"),
        (14, 255, "guard rail", "#b4a5b4"),
        (15, 255, "bridge", "#966464"),
        (16, 255, "tunnel", "#96785a"),
        (17, 5, "pole", "#999999"),
        (18, 255, "polegroup", "#999999"),
        (19, 6, "traffic light", "#faaa1e"),
        (20, 7, "traffic sign", "#dcdc00"),
        (21, 8, "vegetation", "#6b8e23"),
        (22, 9, "terrain", "#98fb98"),
        (23, 10, "sky", "#4682b4"),
        (24, 11, "person", "#dc143c"),
        (25, 12, "rider", "#ff0000"),
        (26, 13, "car", "#00008e"),
        (27, 14, "truck", "#000046"),
        (28, 15, "bus", "#003c64"),
        (29, 255, "caravan", "#00005a"),
        (30, 255, "trailer", "#00006e"),
        (31, 16, "train", "#005064"),
        (32, 17, "motorcycle", "#0000e6"),
        (33, 18, "bicycle", "#770b20"),
    )
)


def rows_of(classes: ClassTable) -> list[Label]:
    """The table of our classes, "unlabeled" among them.

    When each class is a label of Cityscapes, name and id alike, it is the table of Cityscapes.
    Otherwise ids stay, ids to train on are counted from 0 in the order of the ids, and "unlabeled"
    is 255.
    """
    official = {row.id: row for row in OFFICIAL}
    if len(classes) and all(_is(official.get(c.id), c.name) for c in classes):
        return list(OFFICIAL)
    ordered = sorted(classes, key=lambda c: c.id)
    rows = [Label(c.id, i, c.name, c.color) for i, c in enumerate(ordered)]
    return [*rows, Label(UNLABELLED, UNLABELLED, "unlabeled", "#000000")]


def void_of(rows: Sequence[Label]) -> int:
    """The id that means unlabelled: that of the last row called so. 255 without one."""
    return next((r.id for r in reversed(rows) if _is_void(r)), UNLABELLED)


def read_rows(folder: Path) -> list[Label] | None:
    """The table beside a dataset; None when it has none, and that of Cityscapes is meant.

    Raises:
        DatasetError: it is damaged.
    """
    file = folder / TABLE
    try:
        data: Any = json.loads(file.read_text(encoding="utf-8-sig"))
        return [
            Label(int(r["id"]), int(r["trainId"]), str(r["name"]), str(r["color"]))
            for r in data["labels"]
        ]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise DatasetError(
            f"{file.name} is no table of labels: {exc}.",
            'It is written {"labels": [{"id", "trainId", "name", "color"}]}.',
        ) from exc


def read_names(folder: Path) -> dict[str, str]:
    """What images were called before their names had to change; empty for most."""
    try:
        data: Any = json.loads((folder / TABLE).read_text(encoding="utf-8-sig"))
        return {str(base): str(name) for base, name in data["names"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _is(row: Label | None, name: str) -> bool:
    return row is not None and row.name == name.casefold() and not _is_void(row)


def _is_void(row: Label) -> bool:
    return row.train_id == UNLABELLED and row.name.casefold() in VOID_NAMES
