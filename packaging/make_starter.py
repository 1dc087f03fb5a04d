"""Trains the starter checkpoint on images that scripts draw, the same each time.

    python packaging/make_starter.py                   writes resources/starter, some 20 minutes
    python packaging/make_starter.py --keep-encoder    only its decoder again, some 5 minutes
    python packaging/make_starter.py --share 0.02 --out DIR     a quick try

First the encoder goes to school (encoder_school.py): it learns to tell patterns apart, whatever
their colour (pattern_images.py), and to find cells and nuclei in every kind of light
(cell_images.py). Then the program's own fine-tuning trains the decoder over it.

The stain of the sample project and its red cells are not among the images: there the starter
proposes something sensible and leaves a person something to correct. Its encoder is also what
fine-tuning starts from where there is neither a file of encoder weights nor a network connection.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

sys.path.insert(1, str(Path(__file__).resolve().parents[1]))

import cell_images
import pattern_images
from encoder_school import Plan, Subject, teach
from make_sample import CLASSES, HELD_OUT, IMAGES, sample_image

from unet_gui.core.metrics import ConfusionMatrix
from unet_gui.core.progress import drain
from unet_gui.unet import checkpoint
from unet_gui.unet.device import pick
from unet_gui.unet.predict import Predictor
from unet_gui.unet.samples import Sample
from unet_gui.unet.settings import TrainSettings
from unet_gui.unet.train import fine_tune
from unet_gui.unet.weights import read_state

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from unet_gui.unet.checkpoint import Checkpoint
    from unet_gui.unet.trainer import TrainProgress

OUT: Final = Path(__file__).resolve().parents[1] / "resources" / "starter"
SEED: Final = 20261
WIDTH: Final = 0.25
SCHOOL_STEPS: Final = 1100
PATTERNS: Final = (500, 224)
"""How many images, and the side of one in pixels."""

CELLS: Final = (320, 288)
PASSES: Final = 4


def pattern_samples(count: int) -> list[Sample]:
    side = PATTERNS[1]
    draw = partial(pattern_images.draw, width=side, height=side)
    return [Sample(f"pattern-{k}", partial(draw, SEED + k)) for k in range(count)]


def cell_samples(count: int) -> list[Sample]:
    """Cells in every stain but the sample's."""
    return [Sample(f"cells-{k}", partial(_cells, SEED + 100_000 + k)) for k in range(count)]


def _cells(seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    look = cell_images.varied_look(np.random.default_rng(seed + 50_000))
    return cell_images.draw(seed, CELLS[1], CELLS[1], look)


def school_encoder(share: float) -> dict[str, Tensor]:
    """The encoder after school; `share` of the images and steps."""
    subjects = (
        Subject(pattern_samples(_part(PATTERNS[0], share)), len(pattern_images.PATTERNS)),
        Subject(cell_samples(_part(CELLS[0], share)), len(CLASSES)),
    )
    began = time.monotonic()

    def show(step: int, losses: list[float]) -> None:
        if step % 50 == 0:
            patterns, cells = losses
            seconds = time.monotonic() - began
            print(
                f"  step {step}, {seconds:.0f} s, loss: patterns {patterns:.3f}, cells {cells:.3f}",
                flush=True,
            )

    return teach(subjects, Plan(_part(SCHOOL_STEPS, share), WIDTH, seed=SEED), show)


def _part(whole: int, share: float) -> int:
    return max(4, round(whole * share))


def kept_encoder(folder: Path) -> dict[str, Tensor]:
    """The encoder of an earlier starter, whatever its decoder was."""
    state = read_state(folder / checkpoint.WEIGHTS_NAME)
    return {k.removeprefix("vgg."): v.float() for k, v in state.items() if k.startswith("vgg.")}


def train_decoder(encoder: dict[str, Tensor], share: float) -> Checkpoint:
    """The program's own fine-tuning over a frozen encoder."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "encoder.safetensors"
        checkpoint.write_tensors(file, encoder)
        settings = TrainSettings(
            decoder="lite",
            width=WIDTH,
            encoder_weights=file,
            budget=None,
            epochs=max(1, round(PASSES * share)),
            batch=8,
            lr=3e-3,
            train_encoder=False,
            seed=SEED,
        )
        samples = cell_samples(_part(CELLS[0], share))
        job = fine_tune(samples, settings, classes=CLASSES, device=pick("cpu"))
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
    parser.add_argument("--share", type=float, default=1.0, help="part of the images and steps")
    parser.add_argument(
        "--keep-encoder", action="store_true", help="take the encoder of resources/starter"
    )
    arguments = parser.parse_args(argv)
    began = time.monotonic()
    print("The encoder", flush=True)
    encoder = kept_encoder(OUT) if arguments.keep_encoder else school_encoder(arguments.share)
    print("The decoder", flush=True)
    trained = train_decoder(encoder, arguments.share)
    matrix = score_on_sample(trained)
    arguments.out.mkdir(parents=True, exist_ok=True)
    info = {**trained.info, "parent": None, "encoder_source": "the bundled starter"}
    checkpoint.save(arguments.out, trained.net, info, half=True)
    size = (arguments.out / checkpoint.WEIGHTS_NAME).stat().st_size
    print(
        f"mIoU {matrix.miou:.3f} on the sample's held-out images, IoU {matrix.iou.round(3)}, "
        f"{size / 1e6:.2f} MB, {time.monotonic() - began:.0f} s, in {arguments.out}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
