"""Trains the starter checkpoint, the same each time.

    python packaging/make_starter.py --teacher VGG16_WEIGHTS      writes resources/starter
    python packaging/make_starter.py --encoder resources/starter  only its decoder again
    python packaging/make_starter.py --share 0.01 --out DIR       a quick try

First the encoder goes to school (encoder_school.py): it learns to see what the five levels of
VGG16 see, from 1200 drawn images (pattern_images.py, cell_images.py, leaf_images.py) and from 600
cuts of photographs in ../shared/data:

    nuclei, nuclei_histology    CC0: Caicedo et al. 2019, Data Science Bowl 2018, BBBC038
    vessels                     CC BY 4.0: CHASE_DB1, Fraz et al. 2012, Kingston University

The nine images of each set on which shared/bench/effort draws strokes and tests are left out, and
no mask is looked at. em_membranes, em_organelles (BY-NC-SA), wbc (GPL), camvid (BY-NC) and
crop_weed (BY-SA) are not used. No image is kept. The teacher are torchvision's weights or those of
Simonyan and Zisserman (CC BY 4.0) in ../shared/weights.

Then the program's own fine-tuning trains the decoder over it, to find cells and nuclei in every
kind of light. The stain of the sample project and its red cells are not among the images: there
the starter proposes something sensible and leaves a person something to correct. Its encoder is
what both learners begin with where there is neither a file of encoder weights nor ImageNet's.

On one core it takes about 3 minutes to draw, 3 for the teacher to look, 4 for the encoder to learn
and one for the decoder. Without the photographs it works as well, on drawn images alone.
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
import torch

sys.path.insert(1, str(Path(__file__).resolve().parents[1]))

import cell_images
import leaf_images
import pattern_images
from encoder_school import Plan, teach
from make_sample import CLASSES, HELD_OUT, IMAGES, sample_image

from unet_gui.core.metrics import ConfusionMatrix
from unet_gui.core.progress import drain
from unet_gui.dataset.images import load_image
from unet_gui.unet import checkpoint
from unet_gui.unet.device import pick
from unet_gui.unet.predict import Predictor
from unet_gui.unet.samples import Sample
from unet_gui.unet.settings import TrainSettings
from unet_gui.unet.train import fine_tune
from unet_gui.unet.weights import load as load_weights
from unet_gui.unet.weights import read_state

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from unet_gui.unet.checkpoint import Checkpoint
    from unet_gui.unet.trainer import TrainProgress

ROOT: Final = Path(__file__).resolve().parents[1]
OUT: Final = ROOT / "resources" / "starter"
PHOTOGRAPHS: Final = ROOT.parent / "shared" / "data"
SETS: Final = ("nuclei", "nuclei_histology", "vessels")
"""CC0, CC0 and CC BY 4.0."""

USED_ELSEWHERE: Final = 9
"""Images of a set that benchmarks draw strokes on and test with: the first in their order."""

CREDITS: Final = (
    "The encoder was distilled from VGG16 trained on ImageNet (Simonyan and Zisserman 2015, "
    "CC BY 4.0) on drawn images and on photographs of the 2018 Data Science Bowl (Caicedo et al. "
    "2019, BBBC038, CC0) and of CHASE_DB1 (Fraz et al. 2012, Kingston University, CC BY 4.0)."
)

SEED: Final = 20261
WIDTH: Final = 0.25
SIDE: Final = 160
"""Of the images at school, in pixels."""

PATTERNS: Final = 400
SCHOOL_CELLS: Final = 300
LEAVES: Final = 500
CUTS: Final = 200
"""Of each set of photographs."""

SCHOOL_STEPS: Final = 800

CELLS: Final = (120, 224)
"""How many images the decoder learns from, and the side of one in pixels."""

PASSES: Final = 2


def drawn_images(share: float) -> list[NDArray[np.uint8]]:
    """What the encoder learns from that is drawn: SIDE×SIDE×3."""
    patterns = [pattern_images.draw(SEED + k, SIDE, SIDE)[0] for k in range(_part(PATTERNS, share))]
    cells = [_cells(SEED + 100_000 + k, SIDE)[0] for k in range(_part(SCHOOL_CELLS, share))]
    leaves = [leaf_images.draw(SEED + 200_000 + k, SIDE, SIDE) for k in range(_part(LEAVES, share))]
    return [*patterns, *cells, *leaves]


def photographs(folder: Path, share: float) -> list[NDArray[np.uint8]]:
    """Cuts of the photographs that may be used, SIDE×SIDE×3; none where they are not there."""
    rng = np.random.default_rng(SEED)
    cuts = []
    for name in SETS:
        files = sorted((folder / name / "images").glob("*"))
        np.random.default_rng(0).shuffle(files)  # type: ignore[arg-type]
        images = [load_image(file) for file in files[USED_ELSEWHERE:]]
        for k in range(_part(CUTS, share) if images else 0):
            image = images[k % len(images)]
            y, x = (int(rng.integers(0, side - SIDE + 1)) for side in image.shape[:2])
            cuts.append(np.ascontiguousarray(image[y : y + SIDE, x : x + SIDE]))
    return cuts


def cell_samples(count: int) -> list[Sample]:
    """Cells in every stain but the sample's."""
    draw = partial(_cells, side=CELLS[1])
    return [Sample(f"cells-{k}", partial(draw, SEED + 100_000 + k)) for k in range(count)]


def _cells(seed: int, side: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    look = cell_images.varied_look(np.random.default_rng(seed + 50_000))
    return cell_images.draw(seed, side, side, look)


def school_encoder(teacher: str, folder: Path, share: float) -> dict[str, Tensor]:
    """The encoder after school; `share` of the images and steps."""
    weights = load_weights(teacher)
    if weights is None:
        raise SystemExit("Without a teacher nothing can be learnt: --teacher FILE or imagenet.")
    drawn, photos = drawn_images(share), photographs(folder, share)
    print(f"  {len(drawn)} drawn images, {len(photos)} cuts of photographs", flush=True)
    began = time.monotonic()

    def show(step: int, losses: list[float]) -> None:
        if step % 50 == 0:
            shares = " ".join(f"{loss:.3f}" for loss in losses)
            seconds = time.monotonic() - began
            print(f"  step {step}, {seconds:.0f} s, not foretold: {shares}", flush=True)

    plan = Plan(_part(SCHOOL_STEPS, share), WIDTH, seed=1)
    return teach([*drawn, *photos], weights, plan, show)


def _part(whole: int, share: float) -> int:
    return max(4, round(whole * share))


def kept_encoder(path: Path) -> dict[str, Tensor]:
    """The encoder of an earlier starter, whatever its decoder was, or of a file of weights."""
    state = read_state(checkpoint.weights_file(path))
    short = {key.removeprefix("vgg."): value.float() for key, value in state.items()}
    return {key: value for key, value in short.items() if key.startswith("features.")}


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
            patch=112,
            batch=8,
            lr=3e-3,
            train_encoder=False,
            guided=False,
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
        "--teacher",
        default="imagenet",
        metavar="FILE|imagenet",
        help="weights of VGG16 to learn from (default: torchvision's, downloaded when needed)",
    )
    parser.add_argument(
        "--photographs", type=Path, default=PHOTOGRAPHS, metavar="DIR", help="folder of the sets"
    )
    parser.add_argument(
        "--encoder", type=Path, metavar="PATH", help="a starter or an encoder that stays as it is"
    )
    arguments = parser.parse_args(argv)
    began = time.monotonic()
    torch.set_num_threads(1)  # the same sums in the same order on every computer
    print("The encoder", flush=True)
    if arguments.encoder is not None:
        encoder = kept_encoder(arguments.encoder)
    else:
        encoder = school_encoder(arguments.teacher, arguments.photographs, arguments.share)
    print("The decoder", flush=True)
    trained = train_decoder(encoder, arguments.share)
    matrix = score_on_sample(trained)
    arguments.out.mkdir(parents=True, exist_ok=True)
    info = {
        **trained.info,
        "parent": None,
        "encoder_source": "the bundled starter",
        "credits": CREDITS,
    }
    checkpoint.save(arguments.out, trained.net, info, half=True)
    size = (arguments.out / checkpoint.WEIGHTS_NAME).stat().st_size
    print(
        f"mIoU {matrix.miou:.3f} on the sample's held-out images, IoU {matrix.iou.round(3)}, "
        f"{size / 1e6:.2f} MB, {time.monotonic() - began:.0f} s, in {arguments.out}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
