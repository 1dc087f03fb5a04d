"""nnU-Net v2: a raw dataset, ready for `nnUNetv2_plan_and_preprocess`.

    dataset.json                      channel_names, labels, numTraining, file_ending
    imagesTr/<name>_0000.png          all RGB or all grey, as all images need the same channels
    labelsTr/<name>.png               grey PNG, consecutive labels, 0 = background
    imagesTs/, labelsTs/              likewise, the test part
    splits_final.json                 train and val; belongs into nnUNet_preprocessed/<dataset>

Labels are counted anew: 0 is the class called "background", or no class at all; the other classes
follow in the order of their ids; the highest is "ignore", where pixels are unlabelled. The entry
"unet_gui" of dataset.json says which label was which class.
(MIC-DKFZ/nnUNet, documentation/dataset_format.md and ignore_label.md; Isensee et al. 2021.)
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from unet_gui.core.classes import MAX_CLASSES, UNLABELLED
from unet_gui.core.errors import DatasetError
from unet_gui.core.progress import Progress
from unet_gui.dataset.formats.format import Format, Option
from unet_gui.dataset.formats.label_images import grey_png, known_only, read_values
from unet_gui.dataset.formats.pixels import png_bytes
from unet_gui.dataset.formats.records import ImportPlan, Record, table_of
from unet_gui.dataset.masks import load_mask

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.formats.format import Options
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.records import Findings
    from unet_gui.dataset.formats.survey import Survey
    from unet_gui.dataset.formats.work import Work

_BACKGROUND: Final = "background"
_IGNORE: Final = "ignore"
_SUFFIXES: Final = (".png", ".bmp", ".tif")
_CHANNELS: Final = {"rgb": ("R", "G", "B"), "grey": ("grey",)}


# -- writing ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Labels:
    """Labels by class id, and that of unlabelled pixels; None where there are none."""

    by_class: dict[int, int]
    ignore: int | None


def write(work: Work) -> Generator[Progress, None, None]:
    """Write a raw dataset.

    Raises:
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """
    labels = _labels(work.survey)
    yield from work.spread(_writer)
    for folder in ("imagesTr", "labelsTr"):
        (work.folder / folder).mkdir(exist_ok=True)
    work.write_json("dataset.json", _dataset(work, labels), indent=2)
    if work.split("val"):
        fold = {s: [i.name for i in work.split(s)] for s in ("train", "val")}
        work.write_json("splits_final.json", [fold], indent=2)


def _writer(work: Work) -> Callable[[Item], None]:
    labels = _labels(work.survey)
    highest = max((*labels.by_class.values(), labels.ignore or 0), default=0)
    # 255 classes, background and "ignore" are more than a byte can tell apart.
    lut = np.zeros(256, np.uint8 if highest < 256 else np.uint16)
    if labels.ignore is not None:
        lut[:] = labels.ignore
    for class_id, label in labels.by_class.items():
        lut[class_id] = label
    grey = work.options["channels"] == "grey"

    def one(item: Item) -> None:
        part = "Ts" if item.split == "test" else "Tr"
        name = f"images{part}/{item.name}_0000.png"
        image = Image.fromarray(work.shown(item))
        work.write_bytes(name, png_bytes(image.convert("L") if grey else image))
        work.write_bytes(f"labels{part}/{item.name}.png", grey_png(lut.take(work.mask(item))))

    return one


def losses(survey: Survey) -> list[str]:
    """Names and ids change; what they were stands in dataset.json."""
    said = []
    if survey.options.get("channels") == "grey":
        said.append("Images are written in grey.")
    if survey.unknown:
        ids = ", ".join(map(str, survey.unknown))
        said.append(f"Pixels with ids that no class has ({ids}) become “ignore”.")
    return said


def survives(mask: ClassMask, work: Work) -> ClassMask:
    """All but ids that no class has."""
    return known_only(mask, work.classes)


def _labels(survey: Survey) -> _Labels:
    wanted = survey.options.get("background", "").strip().casefold() or _BACKGROUND
    ordered = sorted(survey.classes, key=lambda c: c.id)
    background = [c.id for c in ordered if c.name.casefold() == wanted]
    others = [c.id for c in ordered if c.id not in background]
    by_class = dict.fromkeys(background, 0) | {c: i for i, c in enumerate(others, 1)}
    unlabelled = survey.unlabelled or bool(survey.unknown)
    return _Labels(by_class, len(others) + 1 if unlabelled else None)


def _dataset(work: Work, labels: _Labels) -> dict[str, Any]:
    names: dict[str, int] = {_BACKGROUND: 0}
    for class_id, label in labels.by_class.items():
        if label:
            names[_free(work.classes[class_id].name, names)] = label
    if labels.ignore is not None:
        names[_IGNORE] = labels.ignore
    return {
        "channel_names": dict(enumerate(_CHANNELS[work.options["channels"]])),
        "labels": names,
        "numTraining": len(work.items) - len(work.split("test")),
        "file_ending": ".png",
        "unet_gui": {
            "classes": [
                {"label": label, "id": i, "name": work.classes[i].name}
                | {"color": work.classes[i].color}
                for i, label in labels.by_class.items()
            ],
            "unlabelled": labels.ignore,
        },
    }


def _free(name: str, names: dict[str, int]) -> str:
    """A name that nnU-Net does not take for the background, nor for what it ignores."""
    while name in names or name == _IGNORE:
        name += "_"
    return name


# -- reading ---------------------------------------------------------------------------------------


def read(path: Path, options: Options) -> Generator[Progress, None, ImportPlan]:
    """Look through a raw dataset of 2-D images.

    Raises:
        DatasetError: dataset.json is missing or damaged, has regions, or the images are volumes.
    """
    yield Progress(0, 0, path.name)
    data = _read_json(path)
    ending = str(data.get("file_ending", ""))
    if ending not in _SUFFIXES:
        raise DatasetError(
            f"The images of {path.name} are {ending or 'of no kind that is named'}.",
            f"Only {', '.join(_SUFFIXES)} can be read; convert volumes into slices first.",
        )
    lut, classes, warnings = _reading(data)
    splits = _folds(path)
    records: list[Record] = []
    for part, split in (("Tr", ""), ("Ts", "test")):
        for image in sorted((path / f"images{part}").glob(f"*_0000{ending}")):
            if len(records) % 500 == 0:
                yield Progress(len(records), 0, image.name)
            name = image.name.removesuffix(f"_0000{ending}")
            label = path / f"labels{part}" / f"{name}{ending}"
            decode = partial(_decode, label, lut) if label.is_file() else None
            records.append(Record(name + ending, image, decode, split or splits.get(name, "")))
    if len(data.get("channel_names", {})) > 1 and any((path / "imagesTr").glob("*_0001.*")):
        warnings.append("The images have channels in several files; only the first was taken.")
    if not records:
        raise DatasetError(f"There are no images in {path}.", "They are in imagesTr.")
    return ImportPlan("nnunet", classes, records, tuple(warnings))


def sniff(path: Path) -> float:
    """A dataset.json beside imagesTr."""
    if not (path / "imagesTr").is_dir() or not (path / "dataset.json").is_file():
        return 0.0
    return 0.95 if (path / "labelsTr").is_dir() else 0.5


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads((path / "dataset.json").read_text(encoding="utf-8-sig"))
        labels = data["labels"]
        if not isinstance(labels, dict):
            raise TypeError("labels are no object")
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise DatasetError(
            f"{path / 'dataset.json'} is no description of a dataset: {exc}.",
            "It needs labels, channel_names and file_ending, as nnU-Net v2 has them.",
        ) from exc
    regions = [name for name, label in labels.items() if isinstance(label, list)]
    if regions:
        raise DatasetError(
            f"The dataset has regions that overlap, {regions[0]} for one.",
            "A pixel has one class here. Give the labels themselves as classes in dataset.json.",
        )
    return dict(data)


def _reading(data: dict[str, Any]) -> tuple[NDArray[np.uint8], ClassTable, list[str]]:
    """Our id by label, and the classes."""
    rows = _own_rows(data)
    ignore = data["labels"].get(_IGNORE)
    if rows is None:
        found = [(int(v), int(v), n, None) for n, v in data["labels"].items() if n != _IGNORE]
        rows = sorted(found, key=lambda r: r[0])
    reach = max((r[0] for r in rows), default=0)
    lut = np.full(max(256, reach + 1, (ignore or 0) + 1), UNLABELLED, np.uint8)
    for label, class_id, _, _ in rows:
        if class_id < MAX_CLASSES:
            lut[label] = class_id
    classes, warnings = table_of((i, name, color) for _, i, name, color in rows)
    return lut, classes, warnings


def _own_rows(data: dict[str, Any]) -> list[tuple[int, int, str, str | None]] | None:
    try:
        return [
            (int(c["label"]), int(c["id"]), str(c["name"]), str(c["color"]))
            for c in data["unet_gui"]["classes"]
        ]
    except (KeyError, TypeError, ValueError):
        return None


def _folds(path: Path) -> dict[str, str]:
    try:
        folds = json.loads((path / "splits_final.json").read_text(encoding="utf-8-sig"))
        return {name: split for split in ("train", "val") for name in folds[0][split]}
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return {}


def _decode(file: Path, lut: NDArray[np.uint8], findings: Findings) -> ClassMask:
    if len(lut) <= 256:
        return np.asarray(lut[load_mask(file)])
    return read_values(file, lut, len(lut))


FORMAT = Format(
    key="nnunet",
    title="nnU-Net v2",
    description="imagesTr, labelsTr and dataset.json with consecutive labels; unlabelled pixels "
    "become its ignore label. Name the folder Dataset001_Something.",
    write=write,
    read=read,
    sniff=sniff,
    losses=losses,
    survives=survives,
    options=(
        Option("channels", ("rgb", "grey"), "What all images are written as."),
        Option(
            "background",
            ("",),
            "Name of the class that becomes label 0; “background” without it, if there is one.",
        ),
    ),
)
