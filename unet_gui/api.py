"""The whole job from Python, without the window.

    import unet_gui

    project = unet_gui.new_project("field", images="pictures", classes=["soil", "crop", "weed"])
    …  # masks into field/masks, by the window or by your own program
    round = unet_gui.fine_tune(project, budget=60)
    prediction = unet_gui.predict(round.path, "pictures/next.jpg")
    unet_gui.export(project, "coco", "field-coco")
    unet_gui.import_dataset("street/annotations.json", "street-project")
    unet_gui.evaluate("predicted", "truth").miou

Each function runs to its end; `on_progress` is called between steps, and an exception raised in it
stops the work cleanly. Errors are `unet_gui.core.errors.UnetGuiError` with a message and a hint.
torch is loaded by the functions that need it, Qt by none.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from unet_gui.core.errors import ImageReadError
from unet_gui.core.progress import drain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import RgbImage
    from unet_gui.core.progress import Progress
    from unet_gui.dataset.evaluation import EvaluationReport
    from unet_gui.dataset.formats import Card, ExportReport, Selection
    from unet_gui.dataset.formats.importing import DatasetReport
    from unet_gui.dataset.project import Project
    from unet_gui.dataset.splits import Split
    from unet_gui.unet.checkpoint import Checkpoint
    from unet_gui.unet.predict import Prediction
    from unet_gui.unet.rounds import FinishedRound
    from unet_gui.unet.trainer import TrainProgress

    OnProgress = Callable[[Progress], object]


def open_project(path: Path | str) -> Project:
    """Open a project, a VOC folder, or any folder of images as it is.

    Raises:
        ProjectError: there is none of these, or project.json is damaged.
    """
    from unet_gui.dataset.project import Project

    return Project.open(path)


def new_project(
    root: Path | str,
    *,
    images: Path | str,
    classes: ClassTable | Sequence[str],
    masks: Path | str | None = None,
) -> Project:
    """Make a project in `root`; the images stay where they are.

    Args:
        root: The new folder.
        images: Folder of the images.
        classes: Names in the order of their ids 0, 1, 2 …, or a whole ClassTable.
        masks: Folder of masks to copy in; `notice` of the project says what could not be used.

    Raises:
        ProjectError: `root` is a project already or cannot be written, `images` is no folder.
        ClassTableError: the names do not make classes.
    """
    from unet_gui.dataset.project import Project

    return Project.create(root, images=images, classes=classes, masks=masks)


def load_checkpoint(path: Path | str) -> Checkpoint:
    """Load a round's folder, a `.safetensors` or a `.pth` of the VGG16 U-Net tutorials.

    Raises:
        CheckpointError: missing, damaged or for another network.
    """
    from unet_gui.unet.checkpoint import load

    return load(path)


def predict(
    checkpoint: Checkpoint | Path | str,
    image: NDArray[Any] | Path | str,
    *,
    device: str = "auto",
    probabilities: bool = False,
    on_progress: OnProgress | None = None,
) -> Prediction:
    """Predict a class for every pixel of one image.

    Args:
        checkpoint: A loaded one, or what `load_checkpoint` takes.
        image: A file, or H×W or H×W×C of any number type; deep ones are stretched as files are.
        device: "auto", "cuda", "mps" or "cpu".
        probabilities: Return the probabilities of all classes too.
        on_progress: Called with the parts of the image as they are done.

    Returns:
        `mask` (H×W uint8 class ids), `confidence` (H×W uint8, 255 is certain) and, if asked for,
        `probabilities` (C×H×W float16, of `class_ids`).

    Raises:
        CheckpointError, ImageReadError, DeviceMemoryError: with the reason.
    """
    from unet_gui.unet.device import pick
    from unet_gui.unet.predict import Predictor

    pixels = _pixels(image)
    loaded = load_checkpoint(checkpoint) if isinstance(checkpoint, str | Path) else checkpoint
    predictor = Predictor(loaded, pick(device))
    return drain(predictor.predict(pixels, probabilities=probabilities), on_progress)


def fine_tune(
    project: Project | Path | str,
    *,
    preset: str = "quick",
    device: str = "auto",
    parent: Path | str | None = None,
    on_progress: Callable[[TrainProgress], object] | None = None,
    **settings: Any,
) -> FinishedRound:
    """Fine-tune on everything labelled and write a round into the project.

    The round is adopted when it scores better on held-back corrections than the one before.

    Args:
        project: The project.
        preset: "quick" (a minute), "thorough" (ten) or "tutorial".
        device: "auto", "cuda", "mps" or "cpu".
        parent: Checkpoint to go on from instead of the latest round.
        on_progress: Called after each step.
        **settings: Any of `unet_gui.unet.settings.TrainSettings`: budget=60 (seconds), epochs=30,
            decoder="lite", width=0.5, encoder_weights="vgg16.pth", seed=1, ….

    Returns:
        `name` and `path` of the round; `result` with `adopted`, `score`, `curve`, ….

    Raises:
        TrainingError: nothing is labelled, or training broke down.
        UsageError: a setting makes no sense.
        CheckpointError, DeviceMemoryError: with the reason.
    """
    from unet_gui.unet.device import pick
    from unet_gui.unet.rounds import train_round
    from unet_gui.unet.settings import preset as chosen

    job = train_round(
        _opened(project),
        chosen(preset, **settings),
        device=pick(device),
        parent=Path(parent) if parent is not None else None,
    )
    return drain(job, on_progress)


def export(  # noqa: PLR0913 - what comes after `out` goes by name
    project: Project | Path | str,
    format: str,  # noqa: A002 - its name on the command line too
    out: Path | str,
    *,
    val: float = 0.2,
    seed: int = 0,
    split: Split | None = None,
    selection: Selection | None = None,
    card: Card | None = None,
    options: Mapping[str, str] | None = None,
    overwrite: bool = False,
    resume: bool = False,
    verified: bool = False,
    on_progress: OnProgress | None = None,
) -> ExportReport:
    """Write labelled images and their masks as a dataset.

    Args:
        project: The project.
        format: A key of `unet_gui.dataset.formats.FORMATS` that can be written: "voc", "png",
            "coco", "yolo", "labelme", "cvat", "labelstudio", "supervisely", "datumaro",
            "cityscapes", "camvid", "nnunet", "huggingface", ….
        out: The folder to write; new, empty or an earlier export, unless `overwrite`.
        val: Share of the images for validation, 0 ≤ val < 1.
        seed: Decides which images those are.
        split: How images are dealt out, by groups or lists too; takes the place of `val` and
            `seed`. A `unet_gui.dataset.splits.Split`.
        selection: Which images, by how far they are, which crops of them and which classes. A
            `unet_gui.dataset.formats.Selection`; without one all with a labelled pixel.
        card: What you say about the dataset; with it, a card and checksums are written. A
            `unet_gui.dataset.formats.Card`.
        options: What the format lets choose, by key; `docs/formats.md` lists them.
        overwrite: Also write into a folder with other files in it.
        resume: Keep what is written when stopped or failing, and go on from there the next time.
        verified: Read all of it again before it appears, and compare it pixel by pixel.
        on_progress: Called before each image.

    Returns:
        Counts, the split, and `warnings` about what was lost.

    Raises:
        ExportError: unknown format or option, nothing to export, `out` taken or not writable, or
            what was read again differs.
        ImageReadError, MaskReadError: an image or mask cannot be read.
    """
    from unet_gui.dataset.formats import export as job

    running = job(
        _opened(project),
        format,
        out,
        val=val,
        seed=seed,
        split=split,
        selection=selection,
        card=card,
        options=options,
        overwrite=overwrite,
        resume=resume,
        verified=verified,
    )
    return drain(running, on_progress)


def import_dataset(  # noqa: PLR0913 - what comes after `into` goes by name
    src: Path | str,
    into: Path | str,
    *,
    format: str = "auto",  # noqa: A002 - its name on the command line too
    images: str = "copy",
    options: Mapping[str, str] | None = None,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> DatasetReport:
    """Bring a dataset made elsewhere into a project; classes are matched by name.

    Args:
        src: Its folder, or its file where it is one.
        into: A project, or a folder to make one in.
        format: "auto", or a key of `unet_gui.dataset.formats.FORMATS` that can be read.
        images: "copy" them into the project, or "refer" to them where they are.
        options: What the format lets choose, by key.
        overwrite: Replace masks that images in the project have already.
        on_progress: Called before each image.

    Returns:
        `images`, `masks`, `added` classes, `problems` and `sentences`, all a person should know.

    Raises:
        DatasetError: it is not there, of no known format, damaged, or holds nothing.
        ProjectError, MaskWriteError: the project cannot be written; what was imported stays.
    """
    from unet_gui.dataset.formats import import_dataset as job

    running = job(src, into, format=format, options=options, images=images, overwrite=overwrite)
    return drain(running, on_progress)


def evaluate(
    predicted: Path | str,
    truth: Path | str,
    classes: ClassTable | None = None,
    *,
    on_progress: OnProgress | None = None,
) -> EvaluationReport:
    """Compare a folder of masks with a folder of true ones; 255 in the truth counts nowhere.

    Returns:
        IoU and Dice of each class, their means, pixel accuracy, and `warnings`.

    Raises:
        MaskReadError: nothing to compare, or a mask is damaged or of another size.
    """
    from unet_gui.dataset.evaluation import evaluate_folders

    return drain(evaluate_folders(Path(predicted), Path(truth), classes), on_progress)


def _opened(project: Project | Path | str) -> Project:
    return open_project(project) if isinstance(project, str | Path) else project


def _pixels(image: NDArray[Any] | Path | str) -> RgbImage:
    from unet_gui.dataset.channels import to_rgb
    from unet_gui.dataset.images import load_image

    if isinstance(image, str | Path):
        return load_image(Path(image))
    array = np.asarray(image)
    if array.ndim == 2:
        array = array[..., np.newaxis]
    if array.ndim != 3 or 0 in array.shape or array.dtype.kind not in "buif":
        raise ImageReadError(
            f"An image is height×width or height×width×channels of numbers, not "
            f"{array.dtype} of shape {np.shape(image)}."
        )
    return to_rgb(array)
