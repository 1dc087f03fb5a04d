"""Mask versus mask, where neither is the truth: two people, or a person and a network."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.core.classes import MAX_CLASSES, UNLABELLED, ClassTable
from unet_gui.core.errors import MaskReadError
from unet_gui.core.metrics import ConfusionMatrix
from unet_gui.core.progress import Progress
from unet_gui.dataset.class_files import classes_from_ids, with_missing
from unet_gui.dataset.difference_pictures import draw_difference
from unet_gui.dataset.evaluation import ClassScore
from unet_gui.dataset.files import write_atomic
from unet_gui.dataset.mask_sources import mask_source

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.mask_sources import MaskSource

_COLUMNS: Final = (
    "image", "miou", "agreement", "kappa", "compared_pixels", "only_a_pixels", "only_b_pixels",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImageAgreement:
    """How far two masks of one image agree.

    Attributes:
        name: The image, without suffix.
        miou: Mean IoU over the classes that occur; nan where no pixel can be compared.
        agreement: Share of compared pixels with the same class, 0..1; nan likewise.
        kappa: Cohen's kappa, at most 1; nan likewise.
        compared: Pixels that both have labelled.
        only_a: Pixels that only A has labelled.
        only_b: Pixels that only B has labelled.
    """

    name: str
    miou: float
    agreement: float
    kappa: float
    compared: int
    only_a: int
    only_b: int

    def to_json(self) -> dict[str, Any]:
        values = (
            self.name, self.miou, self.agreement, self.kappa, self.compared, self.only_a,
            self.only_b,
        )  # fmt: skip
        return dict(zip(_COLUMNS, values, strict=True))


@dataclass(slots=True)
class ComparisonReport:
    """The outcome of `compare`.

    Attributes:
        titles: What A and B are called.
        classes: Scores by class; symmetric, so it does not matter which is A. `pixels` are A's.
        images: Image by image, the worst first.
        matrix: int64 [class in A, class in B] over pixels that both have labelled, 255×255.
        kappa: Cohen's kappa over all compared pixels.
        missing: Images that only one of the two has a mask for.
        problems: Pairs that could not be compared, a sentence each.
    """

    titles: tuple[str, str]
    classes: tuple[ClassScore, ...] = ()
    images: list[ImageAgreement] = field(default_factory=list)
    matrix: NDArray[np.int64] = field(
        repr=False, default_factory=lambda: np.zeros((MAX_CLASSES, MAX_CLASSES), np.int64)
    )
    miou: float = math.nan
    dice: float = math.nan
    agreement: float = math.nan
    kappa: float = math.nan
    missing: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        ids = [c.id for c in self.classes]
        return {
            "a": self.titles[0],
            "b": self.titles[1],
            "images": len(self.images),
            "miou": self.miou,
            "mean_dice": self.dice,
            "pixel_accuracy": self.agreement,
            "kappa": self.kappa,
            "iou": {str(c.id): c.iou for c in self.classes},
            "dice": {str(c.id): c.dice for c in self.classes},
            "classes": {str(c.id): c.name for c in self.classes},
            "confusion": {"ids": ids, "matrix": self.matrix[np.ix_(ids, ids)].tolist()},
            "missing": list(self.missing),
        }

    def table(self) -> str:
        """The scores, the confusion and the worst images as lines of text."""
        width = max([5, *(len(c.name) for c in self.classes)])
        ids = [c.id for c in self.classes]
        heads = "".join(f"{i:>11}" for i in ids)
        lines = [f"{'id':>3}  {'class':<{width}}  {'IoU':>6}  {'Dice':>6}  A ↓ B →{heads}"]
        for c in self.classes:
            cells = "".join(f"{n:>11,}" for n in self.matrix[c.id, ids].tolist())
            lines.append(
                f"{c.id:>3}  {c.name:<{width}}  {c.iou:6.4f}  {c.dice:6.4f}         {cells}"
            )
        lines += [
            "",
            f"mean IoU       {self.miou:.4f}",
            f"mean Dice      {self.dice:.4f}",
            f"agreement      {self.agreement:.4f}",
            f"Cohen's kappa  {self.kappa:.4f}",
            f"images         {len(self.images)}",
            "",
            "least alike:",
        ]
        lines += [f"  {i.miou:6.4f}  {i.agreement:6.4f}  {i.name}" for i in self.images[:10]]
        return "\n".join(lines)

    def write_csv(self, path: Path) -> None:
        """One line for each image, the worst first (UTF-8).

        Raises:
            OSError: it cannot be written.
        """
        text = io.StringIO()
        writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(i.to_json() for i in self.images)
        data = text.getvalue().encode("utf-8", "surrogateescape")
        write_atomic(path, lambda file: file.write(data))


def compare(
    a: Path, b: Path, *, pictures: Path | None = None, background: int | None = None
) -> Generator[Progress, None, ComparisonReport]:
    """Compare masks of the same relative path and stem. Both are only read.

    Only pixels that both have labelled are scored; those that one alone has labelled are counted.

    Args:
        a: A project, a folder of masks, or a round whose predictions are kept.
        b: Another one.
        pictures: A folder for a picture of each image that is not wholly alike.
        background: The class that counts as nothing in the pictures; a class called so when None.

    Raises:
        MaskReadError: a folder is missing or has no masks, or the two share no image.
        ProjectError: a project cannot be opened.
        OSError: a picture cannot be written.
    """
    one, two = mask_source(a), mask_source(b)
    others = {*two.stems}
    shared = [s for s in one.stems if s in others]
    if not shared:
        raise MaskReadError(
            f"No mask in {a} has the same name as one in {b}.",
            f"{len(one.stems)} and {len(two.stems)} masks were found; pairs share path and stem.",
        )
    table = one.classes or two.classes
    nothing = _background(table) if background is None else background
    report = ComparisonReport((one.title, two.title))
    report.missing = tuple(sorted({*one.stems} ^ {*two.stems}))
    total = ConfusionMatrix(MAX_CLASSES)
    for i, name in enumerate(shared):
        yield Progress(i, len(shared), name)
        try:
            first, second = _load(one, two, name)
        except MaskReadError as exc:
            report.problems.append(exc.message)
            continue
        scores = _score(first, second)
        total += scores
        report.images.append(_agreement(name, scores, first, second))
        if pictures is not None and not np.array_equal(first, second):
            image = one.images.get(name) or two.images.get(name)
            draw_difference(pictures / f"{name}.png", first, second, image, nothing)
    report.images.sort(key=lambda r: (math.isnan(r.miou), r.miou, r.agreement, r.name))
    _sum_up(report, total, table)
    return report


def kappa(matrix: NDArray[np.int64]) -> float:
    """Cohen's kappa of an n×n table of counts (Cohen 1960); nan without counts.

    It is 1 where both agree on one single class throughout, where chance alone explains that too.
    """
    total = float(matrix.sum())
    if not total:
        return math.nan
    agreed = float(np.trace(matrix)) / total
    chance = float((matrix.sum(0) / total * (matrix.sum(1) / total)).sum())
    return 1.0 if chance >= 1.0 else (agreed - chance) / (1.0 - chance)


def _load(one: MaskSource, two: MaskSource, name: str) -> tuple[ClassMask, ClassMask]:
    first, second = one.load(name), two.load(name)
    if first.shape != second.shape:
        (h, w), (g, v) = first.shape, second.shape
        raise MaskReadError(f"The masks of {name} differ in size: {w}×{h} and {v}×{g}.")
    return first, second


def _score(first: ClassMask, second: ClassMask) -> ConfusionMatrix:
    scores = ConfusionMatrix(MAX_CLASSES)
    scores.update(second, np.where(second == UNLABELLED, np.uint8(UNLABELLED), first))
    return scores


def _agreement(
    name: str, scores: ConfusionMatrix, first: ClassMask, second: ClassMask
) -> ImageAgreement:
    left, right = first != UNLABELLED, second != UNLABELLED
    return ImageAgreement(
        name,
        scores.miou,
        scores.pixel_accuracy,
        kappa(scores.matrix[:, :MAX_CLASSES]),
        scores.labelled_pixels,
        int((left & ~right).sum()),
        int((right & ~left).sum()),
    )


def _sum_up(report: ComparisonReport, total: ConfusionMatrix, table: ClassTable | None) -> None:
    iou, dice = total.iou, total.dice
    present = [int(i) for i in np.flatnonzero(~np.isnan(iou))]
    named = with_missing(table, present) if table is not None else classes_from_ids(present)
    report.matrix = total.matrix[:, :MAX_CLASSES]
    pixels = report.matrix.sum(1)
    report.classes = tuple(
        ClassScore(i, named[i].name, float(iou[i]), float(dice[i]), int(pixels[i])) for i in present
    )
    report.miou, report.agreement = total.miou, total.pixel_accuracy
    report.dice = float(dice[present].mean()) if present else math.nan
    report.kappa = kappa(report.matrix)


def _background(table: ClassTable | None) -> int | None:
    """The class called background, if there is one; 0 where nothing is known of classes."""
    if table is None:
        return 0
    return next((c.id for c in table if c.name.casefold() in {"background", "bg", "背景"}), None)
