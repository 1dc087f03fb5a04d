"""Trains the starter checkpoint with the program's own training code, the same each time.

    python packaging/make_starter.py              writes resources/starter, some 25 minutes
    python packaging/make_starter.py --share 0.02 --out DIR   a quick try

Two lessons, both on images that scripts draw: first to tell patterns apart, whatever their colour
(pattern_images.py), then to find cells and nuclei in every kind of light (cell_images.py). The
stain of the sample project is not among them: there the starter proposes something sensible and
leaves a person something to correct.

The result proposes masks in the sample project, and its encoder is what fine-tuning starts from
where there is neither a file of encoder weights nor a network connection.
"""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cell_images
import numpy as np
import pattern_images
from make_sample import CLASSES, HELD_OUT, IMAGES, sample_image

sys.path.insert(1, str(Path(__file__).resolve().parents[1]))

from unet_gui.core.classes import ClassTable
from unet_gui.core.metrics import ConfusionMatrix
from unet_gui.core.progress import drain
from unet_gui.unet import checkpoint
from unet_gui.unet.device import pick
from unet_gui.unet.predict import Predictor
from unet_gui.unet.samples import Sample
from unet_gui.unet.settings import TrainSettings
from unet_gui.unet.train import TrainProgress, fine_tune

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from unet_gui.unet.checkpoint import Checkpoint

OUT: Final = Path(__file__).resolve().parents[1] / "resources" / "starter"
SEED: Final = 20261
WIDTH: Final = 0.25
PATCH: Final = 160
BATCH: Final = 8
PATTERN_CLASSES: Final = ClassTable.from_names([name for name, _ in pattern_images.PATTERNS])

# images, side of an image, passes over them, highest learning rates of decoder and encoder
PATTERN_LESSON: Final = (640, 224, 9, 3e-3, 3e-3)
CELL_LESSON: Final = (420, 288, 6, 2e-3, 1e-3)


def pattern_samples(count: int, side: int) -> Iterator[Sample]:
    for k in range(count):
        yield Sample(f"pattern-{k}", partial(pattern_images.draw, SEED + k, side, side))


def cell_samples(count: int, side: int) -> Iterator[Sample]:
    """Cells in every stain but the sample's."""
    for k in range(count):
        yield Sample(f"cells-{k}", partial(_cells, SEED + 100_000 + k, side))


def _cells(seed: int, side: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    look = cell_images.varied_look(np.random.default_rng(seed + 50_000))
    return cell_images.draw(seed, side, side, look)


def learn(
    samples: Iterator[Sample],
    classes: ClassTable,
    lesson: tuple[int, int, int, float, float],
    *,
    share: float,
    parent: Checkpoint | None = None,
) -> Checkpoint:
    """One lesson; prints where it is. `share` of the passes, at least one."""
    _, _, passes, lr, encoder_lr = lesson
    settings = TrainSettings(
        decoder="lite",
        width=WIDTH,
        encoder_weights=None if parent else "none",
        budget=None,
        epochs=max(1, round(passes * share)),
        patch=PATCH,
        batch=BATCH,
        lr=lr,
        encoder_lr=encoder_lr,
        weight_decay=1e-3,
        train_encoder=True,
        seed=SEED,
    )
    job = fine_tune(samples, settings, classes=classes, parent=parent, device=pick("cpu"))
    return drain(job, _show).checkpoint


def _show(progress: TrainProgress) -> None:
    if progress.score is not None or progress.step % 50 == 1:
        score = "" if progress.score is None else f", held back mIoU {progress.score.miou:.3f}"
        print(
            f"  step {progress.step} of {progress.steps}, {progress.seconds:.0f} s, "
            f"loss {progress.loss:.3f}{score}",
            flush=True,
        )


def score_on_sample(trained: Checkpoint) -> ConfusionMatrix:
    """How the starter does on images of the sample's kind that are not in the sample."""
    predictor = Predictor(trained, pick("cpu"))
    matrix = ConfusionMatrix(len(CLASSES))
    for number in range(IMAGES + 1, IMAGES + HELD_OUT + 1):
        image, truth = sample_image(number)
        matrix.update(drain(predictor.predict(image)).mask, truth)
    return matrix


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Train the starter checkpoint again.")
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the checkpoint")
    parser.add_argument("--share", type=float, default=1.0, help="part of the images and passes")
    arguments = parser.parse_args(argv)
    began = time.monotonic()
    share = arguments.share
    patterns, cells = (max(4, round(n[0] * share)) for n in (PATTERN_LESSON, CELL_LESSON))
    print(f"Lesson 1: {patterns} patchworks", flush=True)
    first = learn(
        pattern_samples(patterns, PATTERN_LESSON[1]), PATTERN_CLASSES, PATTERN_LESSON, share=share
    )
    print(f"Lesson 2: {cells} images of cells", flush=True)
    trained = learn(
        cell_samples(cells, CELL_LESSON[1]), CLASSES, CELL_LESSON, share=share, parent=first
    )
    matrix = score_on_sample(trained)
    arguments.out.mkdir(parents=True, exist_ok=True)
    info = {**trained.info, "parent": None, "encoder_source": "the starter's own lessons"}
    checkpoint.save(arguments.out, trained.net, info, half=True)
    size = (arguments.out / checkpoint.WEIGHTS_NAME).stat().st_size
    print(
        f"mIoU {matrix.miou:.3f} on the sample's held-out images, {size / 1e6:.2f} MB, "
        f"{time.monotonic() - began:.0f} s, in {arguments.out}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
