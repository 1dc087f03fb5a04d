"""Whether who proposes is chosen well: the arbiter against each of two learners alone.

    python tests/benchmarks/bench_arbiter.py [SET ...] [--images N] [--budget S] [--json]

The robot annotator of `../shared/bench/effort` labels images of a set one after the other until
97 % of their pixels are right. After the first three a U-Net is fine-tuned for --budget seconds and
stays as it is; the instant learner goes on learning. For each image from then on the proposal that
the arbiter chooses is compared with both learners' own: mean IoU over all those images.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from bench_order import SETS, SHARED, Pool, accuracy, the_robot, view

from unet_gui.core.classes import ClassTable
from unet_gui.core.progress import drain
from unet_gui.unet.device import cpu
from unet_gui.unet.instant.live import LiveLearner
from unet_gui.unet.instant.proposing import INSTANT, Proposer
from unet_gui.unet.predict import Predictor
from unet_gui.unet.rounds import starter
from unet_gui.unet.samples import Sample
from unet_gui.unet.settings import TrainSettings
from unet_gui.unet.starting import encoder_at_hand
from unet_gui.unet.train import fine_tune

FIRST = 3
TARGET = 0.97
MOST_STROKES = 150
ROUND = "round-001"


def corrected(robot, proposal, truth, blank):
    """The mask when the robot is done with it."""
    current, none = proposal.copy(), np.full(truth.shape, blank, np.uint8)
    if accuracy(none, truth) >= accuracy(current, truth):
        current = none
    labels = np.full(truth.shape, 255, np.uint8)
    for _ in range(MOST_STROKES):
        stroke = robot.next_stroke(current, truth, min_size=1)
        if accuracy(current, truth) >= TARGET or stroke is None:
            break
        robot.apply_stroke(current, labels, truth, stroke)
    return current


def measure(folder, robot, args):
    pool = Pool(folder, args.images, args.side)
    classes = ClassTable.from_names([f"class{i}" for i in range(pool.classes)])
    weights = encoder_at_hand(args.weights, starter())
    proposer = Proposer(LiveLearner(weights, classes.num_outputs, cpu()))
    predictor, samples, chosen = None, [], []
    pairs = {name: [] for name in (INSTANT, ROUND, "arbiter")}
    for index, (name, image, truth) in enumerate(pool.train):
        rival = None
        if predictor is not None:
            said = drain(predictor.predict(image))
            rival = ROUND, said.mask, said.confidence
        blank = np.full(truth.shape, 255, np.uint8)
        offer = drain(proposer.offer(view(name, image), blank, rival=rival))
        said = {} if offer is None else dict(proposer._images[name]._said)
        shown = said["shown"][0] if offer is not None else np.full_like(truth, pool.blank)
        if rival is not None:
            chosen.append(offer.verdict.chosen)
            for learner, key in ((INSTANT, INSTANT), (ROUND, ROUND), ("arbiter", "shown")):
                pairs[learner].append((said[key][0], truth))
        done = corrected(robot, shown, truth, pool.blank)
        drain(proposer.offer(view(name, image), done, rival=rival))
        samples.append(Sample.of(name, image, done))
        if index + 1 == FIRST:
            settings = TrainSettings(budget=args.budget, encoder_weights=args.weights)
            result = drain(
                fine_tune(samples, settings, classes=classes, device=cpu(), starter=starter())
            )
            predictor = Predictor(result.checkpoint, cpu())
    scores = {k: round(robot.miou(p, pool.classes), 3) for k, p in pairs.items()}
    best = max(scores[INSTANT], scores[ROUND])
    return {"set": folder.name, **scores, "gap": round(scores["arbiter"] - best, 3),
            "chosen": chosen}  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--budget", type=float, default=45.0)
    parser.add_argument("--side", type=int, default=512, help="images are cut to this many pixels")
    parser.add_argument("--weights", default=None, help="encoder weights; the best at hand")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    robot = the_robot()
    for name in args.sets:
        folder = SHARED / "data" / name
        if not folder.is_dir():
            print(f"skipped: {folder} is missing", file=sys.stderr)
            continue
        line = measure(folder, robot, args)
        if args.json:
            print(json.dumps(line), flush=True)
        else:
            print(
                f"{name:<18} instant {line[INSTANT]:.3f}, U-Net {line[ROUND]:.3f}, "
                f"arbiter {line['arbiter']:.3f} ({line['gap']:+.3f})", flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
