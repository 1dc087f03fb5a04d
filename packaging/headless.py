"""The main job without a window: predict, learn from corrections, predict again, export.

    python packaging/headless.py [--budget 30] [--out DIR]

Works on a copy of the sample project. The scores are honest: they are measured on images that
nobody trained on, against their known truth.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

# so that the script also runs where the package is not installed
sys.path.insert(1, str(Path(__file__).resolve().parents[1]))

import numpy as np
from PIL import Image

from unet_gui.core.errors import UnetGuiError
from unet_gui.core.metrics import ConfusionMatrix
from unet_gui.core.progress import drain
from unet_gui.dataset import bundled
from unet_gui.dataset.formats import export
from unet_gui.dataset.images import load_image
from unet_gui.dataset.masks import load_mask, save_mask
from unet_gui.dataset.project import Project
from unet_gui.unet import checkpoint
from unet_gui.unet.device import pick
from unet_gui.unet.predict import Predictor
from unet_gui.unet.rounds import train_round
from unet_gui.unet.settings import TrainSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.unet.trainer import TrainProgress

OUT: Final = Path(__file__).resolve().parents[1] / "build" / "sample-run"
MARKER: Final = ".sample-run"
OPACITY: Final = 0.42


@dataclass(frozen=True, slots=True)
class Picture:
    """An image to predict; `truth` is there for those that nobody trains on."""

    stem: str
    image: RgbImage
    truth: ClassMask | None


def pictures(project: Project) -> list[Picture]:
    """The untouched images of the project and the held-out ones with their truth."""
    untouched = [
        Picture(Path(entry.name).stem, load_image(entry.path), None)
        for entry in project.images
        if project.mask_file(entry) is None
    ]
    folder = bundled.sample_truth()
    held_out = []
    for path in sorted((folder / "images").iterdir()):
        image = load_image(path)
        truth = load_mask(folder / "masks" / f"{path.stem}.png", image.shape[:2])
        held_out.append(Picture(path.stem, image, truth))
    return untouched + held_out


def predict_all(
    source: Path, todo: list[Picture], out: Path, classes: ClassTable
) -> list[ClassMask]:
    """Predict each picture with a checkpoint and write the masks."""
    predictor = Predictor(checkpoint.load(source), pick())
    out.mkdir(parents=True)
    masks = []
    for picture in todo:
        mask = drain(predictor.predict(picture.image)).mask
        save_mask(out / f"{picture.stem}.png", mask, classes)
        masks.append(mask)
    return masks


def score(todo: list[Picture], masks: list[ClassMask], classes: ClassTable) -> ConfusionMatrix:
    """How the masks compare with the truth, over all pictures that have one."""
    matrix = ConfusionMatrix(classes.num_outputs)
    for picture, mask in zip(todo, masks, strict=True):
        if picture.truth is not None:
            matrix.update(mask, picture.truth)
    return matrix


def learn(project: Project, budget: float) -> str:
    """One round on the corrections in the project; says what came of it."""
    settings = TrainSettings(budget=budget)
    starter = bundled.starter_checkpoint()
    finished = drain(train_round(project, settings, parent=starter), show_progress)
    print(file=sys.stderr)
    result = finished.result
    verdict = "better than before, so it is used" if result.adopted else "not better, so not used"
    return f"{finished.name}: {result.steps} steps in {result.seconds:.0f} s, {verdict}"


def show_progress(progress: TrainProgress) -> None:
    if not sys.stderr.isatty():
        return
    words = (
        f"\r  {progress.seconds:4.0f} of {progress.budget or 0:.0f} s, loss {progress.loss:.3f} "
    )
    print(words, end="", file=sys.stderr, flush=True)


def overlay(image: RgbImage, mask: ClassMask, palette: NDArray[np.uint8]) -> RgbImage:
    """The image with its mask in class colours over it, class borders in full colour."""
    border = np.zeros(mask.shape, np.bool_)
    border[:, 1:] |= mask[:, 1:] != mask[:, :-1]
    border[1:] |= mask[1:] != mask[:-1]
    opacity = np.where(border, 1.0, OPACITY)[..., None]
    blended = image * (1 - opacity) + palette[mask] * opacity
    blended[mask == 0] = image[mask == 0]
    return blended.astype(np.uint8)


def write_overlays(
    todo: list[Picture],
    before: list[ClassMask],
    after: list[ClassMask],
    *,
    classes: ClassTable,
    out: Path,
) -> None:
    """One picture each: image, before, after, and the truth where it is known."""
    out.mkdir(parents=True)
    palette = classes.palette()
    for picture, old, new in zip(todo, before, after, strict=True):
        masks = [old, new] + ([] if picture.truth is None else [picture.truth])
        row = [picture.image, *(overlay(picture.image, mask, palette) for mask in masks)]
        gap = np.full((picture.image.shape[0], 8, 3), 255, np.uint8)
        joined = [part for panel in row for part in (panel, gap)][:-1]
        Image.fromarray(np.hstack(joined)).save(out / f"{picture.stem}.png")


def table(before: ConfusionMatrix, after: ConfusionMatrix, classes: ClassTable) -> str:
    """IoU of each class before and after."""
    lines = [f"  {'IoU':<14}{'before':>8}{'after':>8}{'change':>9}"]
    rows = [(c.name, before.iou[c.id], after.iou[c.id]) for c in classes]
    rows.append(("mean", before.miou, after.miou))
    lines += [f"  {name:<14}{old:>8.3f}{new:>8.3f}{new - old:>+9.3f}" for name, old, new in rows]
    return "\n".join(lines)


def make_empty(out: Path) -> None:
    """An empty folder; only one that an earlier run has filled is emptied.

    Raises:
        UnetGuiError: something else is in it.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        if not (out / MARKER).is_file():
            raise UnetGuiError(f"{out} is not empty.", "Choose another folder with --out.")
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARKER).write_text("packaging/headless.py empties this folder when it runs again.\n")


def main_job(out: Path, budget: float) -> None:
    """All of it.

    Raises:
        UnetGuiError: something did not work; says what.
    """
    make_empty(out)
    project = Project.open(bundled.sample_project_copy(out / "project"))
    classes, todo = project.classes, pictures(project)
    labelled = sum(project.mask_file(entry) is not None for entry in project.images)
    print(f"Sample project: {len(project.images)} images, {labelled} of them with corrections")
    print(f"Working on: {pick().description}")

    print(f"1. Predicting {len(todo)} images with the starter checkpoint", flush=True)
    before = predict_all(bundled.starter_checkpoint(), todo, out / "predicted-before", classes)
    print(f"2. Learning from the corrections for {budget:.0f} seconds", flush=True)
    print(f"   {learn(project, budget)}")
    print("3. Predicting again", flush=True)
    newest = project.rounds()[-1]
    used = newest.path if project.adopted == newest.name else bundled.starter_checkpoint()
    after = predict_all(used, todo, out / "predicted-after", classes)
    print("4. Exporting and drawing", flush=True)
    report = drain(export(project, "voc", out / "voc"))
    write_overlays(todo, before, after, classes=classes, out=out / "overlays")

    held_out = sum(picture.truth is not None for picture in todo)
    print(f"\nOn {held_out} images that nobody trained on:\n")
    print(table(score(todo, before, classes), score(todo, after, classes), classes))
    print("\nEverything is in", out)
    places = {
        "project": "the project; open it with: unet-gui " + str(out / "project"),
        f"project/models/{newest.name}": "what was learnt",
        "predicted-before": "masks before learning",
        "predicted-after": "masks after learning",
        "overlays": "image, before, after, and the truth where it is known, side by side",
        "voc": f"the export: {report.images} labelled images as a VOC dataset",
    }
    for place, words in places.items():
        print(f"  {place + '/':<28}{words}")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="The main job on the sample project, no window.")
    parser.add_argument("--budget", type=float, default=30.0, metavar="SECONDS", help="of learning")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help="an empty folder")
    arguments = parser.parse_args(argv)
    try:
        main_job(arguments.out.absolute(), arguments.budget)
    except UnetGuiError as error:
        print(f"error: {error.message}\n  {error.hint}".rstrip(), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
