"""Comparing a folder of masks with a folder of true ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from unet_gui.core.classes import MAX_CLASSES, UNLABELLED, ClassTable
from unet_gui.core.errors import MaskReadError
from unet_gui.core.metrics import ConfusionMatrix
from unet_gui.core.progress import Progress
from unet_gui.dataset.class_files import classes_from_ids, find_classes, with_missing
from unet_gui.dataset.discovery import image_names
from unet_gui.dataset.masks import load_mask

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How well one class was met. IoU and Dice are in 0..1; pixels are those of the truth."""

    id: int
    name: str
    iou: float
    dice: float
    pixels: int


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """The outcome of `evaluate_folders`.

    Attributes:
        classes: Scores of the classes that occur, by id.
        miou: Mean IoU over the classes that occur in the truth or the prediction; 0..1.
        dice: Mean Dice over the same.
        pixel_accuracy: Share of the truth's labelled pixels that are right; 0..1.
        images: How many pairs were compared.
        labelled_pixels: Pixels compared: the truth's without 255.
        unlabelled_predicted: Compared pixels that the prediction leaves 255; they count as wrong.
        missing: True masks without a prediction, by relative stem.
        extra: Predictions without a true mask.
        matrix: int64 [true class, predicted class], both 0..255; column 255 is "unlabelled".
    """

    classes: tuple[ClassScore, ...]
    miou: float
    dice: float
    pixel_accuracy: float
    images: int
    labelled_pixels: int
    unlabelled_predicted: int
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    matrix: NDArray[np.int64] = field(
        repr=False, compare=False, default_factory=lambda: np.zeros((256, 256), np.int64)
    )

    @property
    def warnings(self) -> list[str]:
        """What a person should know before trusting the numbers, a sentence each."""
        said = []
        if self.missing:
            said.append(
                f"{len(self.missing)} of the true masks have no prediction, the first: "
                f"{self.missing[0]}. They are not in the scores."
            )
        if self.extra:
            said.append(
                f"{len(self.extra)} predictions have no true mask, such as {self.extra[0]}."
            )
        if self.unlabelled_predicted:
            said.append(
                f"{self.unlabelled_predicted} compared pixels have no predicted class; "
                "they count as wrong."
            )
        return said

    def to_json(self) -> dict[str, Any]:
        """The scores as `evaluate --json` prints them: by class id, as text."""
        return {
            "miou": self.miou,
            "mean_dice": self.dice,
            "pixel_accuracy": self.pixel_accuracy,
            "iou": {str(c.id): c.iou for c in self.classes},
            "dice": {str(c.id): c.dice for c in self.classes},
            "classes": {str(c.id): c.name for c in self.classes},
            "pixels": {str(c.id): c.pixels for c in self.classes},
            "images": self.images,
            "labelled_pixels": self.labelled_pixels,
            "unlabelled_predicted": self.unlabelled_predicted,
            "missing": list(self.missing),
            "extra": list(self.extra),
        }

    def table(self) -> str:
        """The scores as lines of text."""
        width = max([5, *(len(c.name) for c in self.classes)])
        lines = [f"{'id':>3}  {'class':<{width}}  {'IoU':>6}  {'Dice':>6}  {'pixels':>12}"]
        lines += [
            f"{c.id:>3}  {c.name:<{width}}  {c.iou:6.4f}  {c.dice:6.4f}  {c.pixels:>12,}"
            for c in self.classes
        ]
        lines += [
            "",
            f"mean IoU        {self.miou:.4f}",
            f"mean Dice       {self.dice:.4f}",
            f"pixel accuracy  {self.pixel_accuracy:.4f}",
            f"images          {self.images}",
        ]
        return "\n".join(lines)


def evaluate_folders(
    predicted: Path, truth: Path, classes: ClassTable | None = None
) -> Generator[Progress, None, EvaluationReport]:
    """Compare masks of the same relative path and stem.

    Args:
        predicted: Folder of predicted masks.
        truth: Folder of true masks; their 255 counts nowhere.
        classes: For the names, and for masks stored in colours. Without it, names come from class
            files beside the masks, if there are any.

    Raises:
        MaskReadError: a folder is missing, no prediction has a true mask, a mask is damaged, or a
            pair differs in size; names the file.
    """
    guesses, truths = _masks_by_stem(predicted), _masks_by_stem(truth)
    pairs = [stem for stem in truths if stem in guesses]
    if not pairs:
        raise MaskReadError(
            f"No mask in {predicted} has the same name as one in {truth}.",
            f"{len(guesses)} and {len(truths)} masks were found; pairs share path and stem.",
        )
    table = classes or _names_beside(predicted, truth)
    scores = ConfusionMatrix(MAX_CLASSES)
    for i, stem in enumerate(pairs):
        yield Progress(i, len(pairs), stem)
        true = load_mask(truths[stem], classes=table)
        scores.update(load_mask(guesses[stem], true.shape, table), true)
    return _report(
        scores,
        table or ClassTable(),
        images=len(pairs),
        missing=tuple(s for s in truths if s not in guesses),
        extra=tuple(s for s in guesses if s not in truths),
    )


def _report(
    scores: ConfusionMatrix,
    table: ClassTable,
    *,
    images: int,
    missing: tuple[str, ...],
    extra: tuple[str, ...],
) -> EvaluationReport:
    iou, dice = scores.iou, scores.dice
    present = [int(i) for i in np.flatnonzero(~np.isnan(iou))]
    named = with_missing(table, present) if len(table) else classes_from_ids(present)
    matrix = np.zeros((256, 256), np.int64)
    matrix[:MAX_CLASSES] = scores.matrix
    return EvaluationReport(
        classes=tuple(
            ClassScore(i, named[i].name, float(iou[i]), float(dice[i]), int(matrix[i].sum()))
            for i in present
        ),
        miou=scores.miou,
        dice=float(dice[present].mean()) if present else float("nan"),
        pixel_accuracy=scores.pixel_accuracy,
        images=images,
        labelled_pixels=scores.labelled_pixels,
        unlabelled_predicted=int(matrix[:, UNLABELLED].sum()),
        missing=missing,
        extra=extra,
        matrix=matrix,
    )


def _masks_by_stem(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise MaskReadError(f"There is no folder {folder}.", "Check the path.")
    names = image_names(folder)
    # PNG last, so that it wins over a picture of the same name.
    names.sort(key=lambda n: n.lower().endswith(".png"))
    files = {str(PurePosixPath(n).with_suffix("")): folder / n for n in names}
    return dict(sorted(files.items()))


def _names_beside(*folders: Path) -> ClassTable | None:
    for folder in folders:
        for place in (folder, folder.resolve().parent):
            found = find_classes(place)
            if found is not None:
                return found
    return None
