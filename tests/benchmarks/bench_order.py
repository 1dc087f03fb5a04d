"""Strokes with images corrected in the order of expected gain, against the order of their files.

    python tests/benchmarks/bench_order.py [SET ...] [--images N] [--orders gain …] [--json]

The robot annotator of `../shared/bench/effort` (or $UNET_GUI_SHARED/bench/effort) labels a folder
with the instant learner: it corrects one image after the other until 97 % of its pixels are right,
the learner sees it and proposes all others anew. What counts is the accuracy of the whole folder,
corrected masks and proposals alike. The target is what file order has reached with half of its
strokes; the figures say how many strokes each order takes until the folder is never worse again.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from PIL import Image

from unet_gui.core.progress import drain
from unet_gui.regions.mistakes import expected_gain
from unet_gui.regions.next_image import descriptor, gains
from unet_gui.unet.device import cpu
from unet_gui.unet.instant.cache import FeatureCache
from unet_gui.unet.instant.live import LiveLearner, View
from unet_gui.unet.rounds import starter
from unet_gui.unet.starting import encoder_at_hand

SHARED = Path(os.environ.get("UNET_GUI_SHARED") or Path(__file__).resolve().parents[3] / "shared")
SETS = (
    "wbc", "nuclei", "crop_weed", "nuclei_histology", "em_membranes", "em_organelles", "vessels",
    "camvid",
)  # fmt: skip
OTHERS = ("doubt", "cover")
"""For comparison: the most doubtful image next; the one most like others, doubt left aside."""

TARGET = 0.97
MOST_STROKES = 150


def the_robot():
    path = SHARED / "bench" / "effort" / "robot.py"
    if not path.is_file():
        print(f"skipped: there is no robot annotator at {path}", file=sys.stderr)
        raise SystemExit(0)
    spec = importlib.util.spec_from_file_location("robot", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Pool:
    """Images and truths of a set."""

    def __init__(self, folder, images, side):
        meta = json.loads((folder / "meta.json").read_text())
        self.classes = len(meta["classes"])
        self.blank = 255 if meta["name"] == "camvid" else 0
        paths = sorted((folder / "images").iterdir())
        # evenly chosen, in the order of their names
        chosen = paths[:: max(1, len(paths) // images)][:images]
        self.train = [self.load(folder, path, side) for path in chosen]
        self.looks = np.stack([descriptor(thumbnail(image)) for _, image, _ in self.train])

    @staticmethod
    def load(folder, path, side):
        image = np.asarray(Image.open(path).convert("RGB"))[:side, :side]
        truth = np.asarray(Image.open(folder / "masks" / f"{path.stem}.png"))[:side, :side]
        return path.name, np.ascontiguousarray(image), truth.copy()


def thumbnail(image, side=96):
    """As the image list shows it."""
    small = Image.fromarray(image)
    small.thumbnail((side, side))
    return np.asarray(small)


def view(name, image):
    return View(name, image.shape[:2], lambda rect: image[rect.slices])


class Labelling:
    """One person, one order."""

    def __init__(self, pool, robot, weights, cache):
        self.pool, self.robot = pool, robot
        self.learner = LiveLearner(weights, pool.classes, cpu(), cache)
        self.strokes = 0
        self.said = {}
        self.right = {}

    def answer(self, name, image):
        answer = drain(self.learner.answer(view(name, image)))
        if answer is None:
            shape = image.shape[:2]
            return np.full(shape, self.pool.blank, np.uint8), np.ones(shape, np.uint8)
        return answer.mask, answer.confidence

    def look(self, left):
        """What the learner proposes for all images that are not corrected yet."""
        self.said = {i: self.answer(*self.pool.train[i][:2]) for i in left}
        for index, (mask, _) in self.said.items():
            self.right[index] = accuracy(mask, self.pool.train[index][2])

    def next_image(self, left, order):
        """The first one left, or the one that `order` says."""
        count = len(self.pool.train)
        if order == "file":
            return left[0]
        doubts = np.ones(count)
        for index, (mask, confidence) in self.said.items():
            doubts[index] = expected_gain(np.full_like(mask, 255), mask, confidence)
        if order == "doubt" and len(left) < count:
            return max(left, key=lambda i: doubts[i])
        if order == "cover":
            doubts[:] = 1
        labelled = np.ones(count, bool)
        labelled[left] = False
        return int(gains(self.pool.looks, doubts, labelled).argmax())

    def correct(self, index):
        """Strokes on the largest mistakes until nearly all is right; the learner sees the mask."""
        name, image, truth = self.pool.train[index]
        current = self.said[index][0].copy()
        none = np.full(truth.shape, self.pool.blank, np.uint8)
        # what is worse than nothing is discarded, as a person would
        if accuracy(none, truth) >= accuracy(current, truth):
            current = none
        labels = np.full(truth.shape, 255, np.uint8)
        for _ in range(MOST_STROKES):
            if accuracy(current, truth) >= TARGET:
                break
            stroke = self.robot.next_stroke(current, truth, min_size=1)
            if stroke is None:
                break
            self.robot.apply_stroke(current, labels, truth, stroke)
            self.strokes += 1
        self.right[index] = accuracy(current, truth)
        drain(self.learner.study(view(name, image), current))


def accuracy(mask, truth):
    known = truth != 255
    return float((mask == truth)[known].mean())


def label(person, order):
    """The images taken; strokes and the accuracy of the whole folder before each of them."""
    left, taken, spent, scores = list(range(len(person.pool.train))), [], [], []
    while left:
        person.look(left)
        spent.append(person.strokes)
        scores.append(float(np.mean(list(person.right.values()))))
        index = person.next_image(left, order)
        left.remove(index)
        del person.said[index]
        person.said[index] = person.answer(*person.pool.train[index][:2])
        person.correct(index)
        del person.said[index]
        taken.append(index)
    spent.append(person.strokes)
    scores.append(float(np.mean(list(person.right.values()))))
    return taken, spent, scores


def reached(spent, scores, target):
    """Strokes, interpolated, after which the score is never below the target again."""
    below = [i for i, s in enumerate(scores) if s < target]
    if not below:
        return float(spent[0])
    last = below[-1]
    if last + 1 == len(scores):
        return None
    part = (target - scores[last]) / (scores[last + 1] - scores[last])
    return spent[last] + part * (spent[last + 1] - spent[last])


def measure(folder, robot, args):
    pool = Pool(folder, args.images, args.side)
    weights = encoder_at_hand(args.weights, starter())
    with tempfile.TemporaryDirectory() as kept:
        cache = FeatureCache(Path(kept))
        ran = {
            order: label(Labelling(pool, robot, weights, cache), order)
            for order in ("file", *args.orders)
        }
    plain = ran["file"]
    target = float(np.interp(plain[1][-1] / 2, plain[1], plain[2]))
    line = {"set": folder.name, "images": len(pool.train), "target": round(target, 4)}
    for order, (taken, spent, scores) in ran.items():
        line[order] = {
            "taken": taken,
            "spent": spent,
            "scores": [round(s, 4) for s in scores],
            "strokes": reached(spent, scores, target),
        }
        if line[order]["strokes"] is not None:
            line[order]["ratio"] = round(line[order]["strokes"] / line["file"]["strokes"], 3)
    return line


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--images", type=int, default=12, help="in the folder")
    parser.add_argument("--side", type=int, default=512, help="images are cut to this many pixels")
    parser.add_argument("--orders", nargs="+", default=["gain"], choices=["gain", *OTHERS])
    parser.add_argument("--weights", default=None, help="encoder weights; the best at hand")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    robot = the_robot()
    lines = []
    for name in args.sets:
        folder = SHARED / "data" / name
        if not folder.is_dir():
            print(f"skipped: {folder} is missing", file=sys.stderr)
            continue
        lines.append(measure(folder, robot, args))
        print(json.dumps(lines[-1]) if args.json else words(lines[-1], args.orders), flush=True)
    for order in args.orders:
        ratios = [line[order]["ratio"] for line in lines if "ratio" in line[order]]
        if ratios and not args.json:
            print(f"{order}: mean ratio {np.mean(ratios):.2f}, {len(ratios)} of {len(lines)} sets")


def words(line, orders):
    told = [f"{line['set']:<18} file order {line['file']['strokes']:.0f} strokes"]
    for order in orders:
        strokes, ratio = line[order]["strokes"], line[order].get("ratio")
        told.append(f"by {order} " + ("never" if ratio is None else f"{strokes:.0f} ({ratio:.2f})"))
    return ", ".join(told)


if __name__ == "__main__":
    main()
