"""How fast the instant learner answers, beside ilastik's way in the same run.

    python tests/benchmarks/bench_instant.py [--threads 2] [--side 512] [--repeats 3] [--starter]

On drawn images with strokes: features of an image, the first answer after opening it (features
anew, and from disk), refit and answer after each of a dozen strokes, a round as
`train --learner instant` makes it. The baseline is scikit-learn's random forest of 100 trees on the
same filters for every pixel, as ilastik does it, once, for it takes longer than all the rest. The
rest takes turns, so that other programs on the computer disturb all alike; CPU seconds say what
that disturbance does not. Prints as it goes, and asserts nothing.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from unet_gui.core.classes import ClassTable
from unet_gui.core.progress import drain
from unet_gui.regions.cleanup import remove_specks
from unet_gui.unet.device import pick
from unet_gui.unet.instant.cache import FeatureCache
from unet_gui.unet.instant.features import filter_image
from unet_gui.unet.instant.filters import filter_octaves
from unet_gui.unet.instant.live import LiveLearner, View
from unet_gui.unet.instant_round import InstantSettings, learn_instantly
from unet_gui.unet.rounds import starter
from unet_gui.unet.samples import Sample
from unet_gui.unet.starting import encoder_at_hand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from unet_gui.unet.weights import EncoderWeights

ROOT = Path(__file__).resolve().parents[2]
CLASSES = 3
STROKE = "refit and answer after a stroke"
BASELINE = "ilastik's way: filters, forest, all pixels"


def drawn(seed: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Discs of two colours on a noisy ground, and some rows of the truth as strokes."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    truth = np.zeros((side, side), np.uint8)
    for _ in range(40):
        cy, cx = rng.integers(0, side, 2)
        truth[(y - cy) ** 2 + (x - cx) ** 2 < rng.integers(8, 45) ** 2] = rng.integers(1, CLASSES)
    colors = np.random.default_rng(0).integers(30, 226, (CLASSES, 3))
    image = np.clip(colors[truth] + rng.normal(0, 25, (side, side, 3)), 0, 255).astype(np.uint8)
    strokes = np.full_like(truth, 255)
    strokes[side // 8 :: side // 4] = truth[side // 8 :: side // 4]
    return image, strokes


def encoder_weights() -> str | None:
    """VGG16's where they are at hand, else the best on this computer."""
    shared = Path(os.environ.get("UNET_GUI_SHARED") or ROOT.parent / "shared")
    path = shared / "weights" / "vgg16_imagenet_features.fp16.safetensors"
    return str(path) if path.is_file() else None


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of all cores."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - cpu


def forest(images: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """What ilastik does after a stroke: filters of the image, a forest, every pixel."""
    from sklearn.ensemble import RandomForestClassifier

    from unet_gui.unet.instant.features import Maps

    rows, labels = [], []
    for image, strokes in images:
        octaves = tuple(torch.from_numpy(o) for o in filter_octaves(image))
        filters = filter_image(Maps(image.shape[:2], (), octaves))
        filters = filters.reshape(len(filters), -1)
        known = strokes.ravel() != 255
        rows.append(filters[known])
        labels.append(strokes.ravel()[known])
    trees = RandomForestClassifier(100, n_jobs=torch.get_num_threads(), random_state=0)
    trees.fit(np.concatenate(rows), np.concatenate(labels)).predict_proba(filters)


def stroke_by_stroke(strokes: np.ndarray) -> Iterator[np.ndarray]:
    """One row of the strokes after the other."""
    painted = np.full_like(strokes, 255)
    for row in np.flatnonzero((strokes != 255).any(1)):
        for columns in np.array_split(np.arange(strokes.shape[1]), 3):
            painted[row, columns] = strokes[row, columns]
            yield painted.copy()


def stroke(live: LiveLearner, view: View, painted: np.ndarray) -> None:
    """What the window waits for after a stroke, but for its own share."""
    drain(live.study(view, painted))
    answer = drain(live.answer(view))
    remove_specks(answer.mask, live.speck)


def once(
    images: list[tuple[np.ndarray, np.ndarray]],
    encoder: tuple[str | None, EncoderWeights | None],
    folder: Path,
    note: Callable[[str, Callable[[], object]], None],
) -> None:
    """Everything in turn, with an encoder from a file."""
    file, weights = encoder
    cache = FeatureCache(folder)
    views = [
        View(f"{i}.png", image.shape[:2], lambda rect, image=image: image[rect.slices])
        for i, (image, _) in enumerate(images)
    ]
    live = LiveLearner(weights, CLASSES, pick("cpu"), cache)
    for view, (_, strokes) in zip(views[:3], images, strict=False):
        drain(live.study(view, strokes))
    drain(live.answer(views[0]))
    note("features of an image", lambda: drain(live.prepare(views[3])))
    note("answer for an opened image", lambda: drain(live.answer(views[3])))
    for strokes in stroke_by_stroke(images[3][1]):
        note(STROKE, lambda strokes=strokes: stroke(live, views[3], strokes))
    again = LiveLearner(weights, CLASSES, pick("cpu"), cache)
    note("features from disk", lambda: drain(again.prepare(views[3])))
    job = learn_instantly(
        [Sample.of(f"{i}.png", *pair) for i, pair in enumerate(images)],
        InstantSettings(file),
        classes=ClassTable.from_names([f"class {i}" for i in range(CLASSES)]),
        device=pick("cpu"),
        starter=starter(),
        cache=FeatureCache(folder / "round"),
    )
    note("a round of four images, none seen before", lambda: drain(job))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2, help="1 is what the window leaves of two")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--starter", action="store_true", help="the encoder that ships")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    file = None if args.starter else encoder_weights()
    weights = encoder_at_hand(file, starter())
    images = [drawn(seed, args.side) for seed in range(4)]
    found: dict[str, list[tuple[float, float]]] = {}

    def note(name: str, work: Callable[[], object]) -> None:
        found.setdefault(name, []).append(timed(work))
        clock, cpu = found[name][-1]
        print(f"  {name}: {clock:.2f} s, CPU {cpu:.2f} s", flush=True)

    note(BASELINE, lambda: forest(images))
    for _ in range(args.repeats):
        with tempfile.TemporaryDirectory() as folder:
            once(images, (file, weights), Path(folder), note)
    base = statistics.median(clock for clock, _ in found[BASELINE])
    print(f"{args.side}×{args.side} pixels, {args.threads} threads, median of {args.repeats}")
    for name, times in found.items():
        clock, cpu = (statistics.median(t) for t in zip(*times, strict=True))
        print(f"{name:<48} {clock:7.2f} s  ×{clock / base:5.2f}  CPU {cpu:6.2f} s")
    clocks, busy = (sorted(t) for t in zip(*found[STROKE], strict=True))
    most = round(0.9 * (len(clocks) - 1))
    print(f"of {len(clocks)} strokes 90 % within {clocks[most]:.2f} s, CPU {busy[most]:.2f} s")


if __name__ == "__main__":
    main()
