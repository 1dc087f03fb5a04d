"""The instant learner as the window drives it, beside a round of the command line, same strokes.

    python tests/benchmarks/bench_live.py [SET ...] [--images 4] [--strokes 8] [--test 5] [--json]
    python tests/benchmarks/bench_live.py [SET ...] --whole [--images 8]

Rounds propose, the robot annotator of `../shared/bench/effort` (or $UNET_GUI_SHARED/bench/effort)
paints, and the live learner gets each stroke as soon as it is painted. After each image both
predict images that nobody has painted in: mean IoU of each.

With `--whole` each image is corrected until 97 % of it is right and then handed over whole, once by
a robot that looks at the rounds and once by another that looks at the window: strokes of each.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from bench_order import SHARED, accuracy, the_robot, view
from PIL import Image

from unet_gui.core.classes import ClassTable
from unet_gui.core.progress import drain
from unet_gui.unet.device import cpu
from unet_gui.unet.instant.cache import FeatureCache
from unet_gui.unet.instant.live import LiveLearner
from unet_gui.unet.instant.proposing import Proposer
from unet_gui.unet.instant_round import InstantSettings, learn_instantly
from unet_gui.unet.predict import Predictor
from unet_gui.unet.rounds import starter
from unet_gui.unet.samples import Sample
from unet_gui.unet.starting import encoder_at_hand

SETS = ("wbc", "nuclei", "em_membranes", "crop_weed")
SIDE = 512
TARGET = 0.97
MOST_STROKES = 400


class Set:
    """Images, truths and classes; drawn as `curve.py` and `finish.py` draw them."""

    def __init__(self, folder: Path) -> None:
        meta = json.loads((folder / "meta.json").read_text())
        self.folder = folder
        self.classes = ClassTable.from_names([f"class{i}" for i in range(len(meta["classes"]))])
        self.blank = 255 if meta["name"] == "camvid" else 0
        self.names = sorted(path.name for path in (folder / "images").iterdir())
        np.random.default_rng(0).shuffle(self.names)

    def load(self, name: str) -> tuple[str, np.ndarray, np.ndarray]:
        """Name, image and truth."""
        image = np.asarray(Image.open(self.folder / "images" / name).convert("RGB"))
        truth = np.asarray(Image.open(self.folder / "masks" / f"{Path(name).stem}.png"))
        return name, np.ascontiguousarray(image[:SIDE, :SIDE]), truth[:SIDE, :SIDE].copy()


class Rounds:
    """The command line's way: a round after each image, each knowing the one before."""

    def __init__(self, data: Set, weights: str | None, folder: Path) -> None:
        self._data, self._weights = data, weights
        self._cache = FeatureCache(folder / "rounds")
        self._samples: dict[str, Sample] = {}
        self._checkpoint = None

    def see(self, name, image, labels, _done=False):
        self._samples[name] = Sample.of(name, image, labels.copy())

    def leave(self, name, image, labels):
        """A round from all that was painted."""
        self.see(name, image, labels)
        job = learn_instantly(
            list(self._samples.values()),
            InstantSettings(self._weights),
            classes=self._data.classes,
            before=self._checkpoint,
            device=cpu(),
            starter=starter(),
            cache=self._cache,
        )
        self._checkpoint = drain(job).checkpoint

    def predict(self, _name, image):
        """H×W class ids, and whether they are shown."""
        if self._checkpoint is None:
            return None, False
        found = drain(Predictor(self._checkpoint, cpu()).predict(image))
        return found.mask, found.helps


class Window:
    """What the window does after a stroke and when the person goes on."""

    def __init__(self, data: Set, weights: str | None, folder: Path) -> None:
        found = encoder_at_hand(weights, starter())
        cache = FeatureCache(folder / "window")
        self.proposer = Proposer(LiveLearner(found, data.classes.num_outputs, cpu(), cache))
        self.seconds: list[float] = []

    def see(self, name, image, labels):
        began = time.perf_counter()
        drain(self.proposer.offer(view(name, image), labels.copy()))
        self.seconds.append(time.perf_counter() - began)

    def leave(self, name, image, labels):
        """What the last stroke and accepting were, and what is done about it in the background."""
        here = view(name, image)
        drain(self.proposer.leave(here, labels.copy()))
        drain(self.proposer.learner.answer(here))
        drain(self.proposer.learner.deepen())

    def predict(self, name, image):
        """H×W class ids, and whether they are shown."""
        here, learner = view(name, image), self.proposer.learner
        answer = drain(learner.answer(here))
        if answer is None:
            return None, False
        shown = self.proposer.trusted and learner.worth_showing(here, answer)
        return self.proposer.tidied(answer.mask), shown


def curve(data: Set, robot, args, folder: Path) -> dict:
    """Mean IoU on held-out images after each image, of both."""
    test = [data.load(name) for name in data.names[: args.test]]
    train = [data.load(name) for name in data.names[args.test : args.test + args.images]]
    rounds, window = (kind(data, args.weights, folder) for kind in (Rounds, Window))
    scores: dict[str, list[float]] = {"rounds": [], "window": []}
    for name, image, truth in train:
        found, _ = rounds.predict(name, image)
        current = np.full(truth.shape, 255, np.uint8) if found is None else found.copy()
        counts = {} if found is None else None
        labels = np.full(truth.shape, 255, np.uint8)
        for _ in range(args.strokes):
            stroke = robot.next_stroke(current, truth, counts=counts)
            if stroke is None:
                break
            robot.apply_stroke(current, labels, truth, stroke)
            window.see(name, image, labels)
        for kind, learner in (("rounds", rounds), ("window", window)):
            learner.leave(name, image, labels)
            pairs = [(learner.predict(f"test {n}", i)[0], t) for n, i, t in test]
            scores[kind].append(round(robot.miou(pairs, len(data.classes)), 3))
    return {**scores, "seconds": round(statistics.median(window.seconds), 2)}


def finish(data: Set, robot, args, folder: Path) -> dict:
    """Strokes until a folder is labelled, with either."""
    found = {}
    for kind, learner in (
        ("rounds", Rounds(data, args.weights, folder)),
        ("window", Window(data, args.weights, folder)),
    ):
        strokes = []
        for name in data.names[: args.images]:
            strokes.append(corrected(*data.load(name), learner, robot, data.blank))
            print(f"  {data.folder.name} {kind} {strokes}", file=sys.stderr, flush=True)
        found[kind] = sum(strokes)
    return found


def corrected(name, image, truth, learner, robot, blank) -> int:
    """Strokes until an image is right; a proposal worse than nothing is discarded."""
    known = truth != 255
    none = np.full(truth.shape, blank, np.uint8)
    found, shown = learner.predict(name, image)
    current = found.copy() if found is not None and shown else none.copy()
    if accuracy(none, truth) > accuracy(current, truth):
        current = none
    touched, strokes = np.full(truth.shape, 255, np.uint8), 0
    while (current == truth)[known].mean() < TARGET and strokes < MOST_STROKES:
        stroke = robot.next_stroke(current, truth, min_size=1)
        if stroke is None:
            break
        robot.apply_stroke(current, touched, truth, stroke)
        strokes += 1
    learner.leave(name, image, current)
    return strokes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--strokes", type=int, default=8)
    parser.add_argument("--test", type=int, default=5)
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--weights", default=None, help="encoder weights; the best at hand")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    robot = the_robot()
    for name in args.sets:
        folder = SHARED / "data" / name
        if not folder.is_dir():
            print(f"skipped: {folder} is missing", file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory() as scratch:
            line = (finish if args.whole else curve)(Set(folder), robot, args, Path(scratch))
        if args.json:
            print(json.dumps({"set": name, **line}), flush=True)
        else:
            print(name, *(f"{k} {v}" for k, v in line.items()), sep="  ", flush=True)


if __name__ == "__main__":
    main()
