"""Whether who proposes is chosen well: the arbiter against each of two learners alone.

    python tests/benchmarks/bench_arbiter.py [SET ...] [--images N] [--every N] [--json]

The robot annotator of `../shared/bench/effort` labels images of a set one after the other until
--target (97 %) of their pixels are right. After the first three, and again after every --every
further ones, a U-Net is fine-tuned for --budget seconds; with --every 0 it stays as it is while the
instant learner goes on learning. For each image from then on the proposal that the arbiter chooses
is compared with both learners' own: mean IoU over all those images.
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
MOST_STROKES = 150


def corrected(robot, proposal, truth, blank, target):
    """The mask when the robot is done with it."""
    current, none = proposal.copy(), np.full(truth.shape, blank, np.uint8)
    if accuracy(none, truth) >= accuracy(current, truth):
        current = none
    labels = np.full(truth.shape, 255, np.uint8)
    for _ in range(MOST_STROKES):
        stroke = robot.next_stroke(current, truth, min_size=1)
        if accuracy(current, truth) >= target or stroke is None:
            break
        robot.apply_stroke(current, labels, truth, stroke)
    return current


def measure(folder, robot, args):
    pool = Pool(folder, args.images, args.side)
    classes = ClassTable.from_names([f"class{i}" for i in range(pool.classes)])
    weights = encoder_at_hand(args.weights, starter())
    proposer = Proposer(LiveLearner(weights, classes.num_outputs, cpu()))
    predictor, current, samples, chosen, rounds = None, None, [], [], []
    pairs = {name: [] for name in (INSTANT, "U-Net", "arbiter")}
    for index, (name, image, truth) in enumerate(pool.train):
        rival = None
        if predictor is not None:
            guess = drain(predictor.predict(image))
            rival = rounds[-1], guess.mask, guess.confidence
            proposer.succeed(rounds[-1], rounds[-2::-1])
        blank = np.full(truth.shape, 255, np.uint8)
        offer = drain(proposer.offer(view(name, image), blank, rival=rival))
        said = {} if offer is None else dict(proposer._images[name]._said)
        shown = said["shown"][0] if offer is not None else np.full_like(truth, pool.blank)
        if rival is not None:
            chosen.append(offer.verdict.chosen)
            for learner, key in ((INSTANT, INSTANT), ("U-Net", rival[0]), ("arbiter", "shown")):
                pairs[learner].append((said[key][0], truth))
        done = corrected(robot, shown, truth, pool.blank, args.target)
        drain(proposer.offer(view(name, image), done, rival=rival))
        samples.append(Sample.of(name, image, done))
        if due(index + 1, args.every):
            settings = TrainSettings(budget=args.budget, encoder_weights=args.weights)
            result = drain(
                fine_tune(
                    samples, settings, classes=classes, parent=current, device=cpu(),
                    starter=starter(),
                )
            )  # fmt: skip
            current = result.checkpoint
            if result.adopted:
                rounds.append(f"round-{index + 1:03d}")
                predictor = Predictor(current, cpu())
    scores = {k: round(robot.miou(p, pool.classes), 3) for k, p in pairs.items()}
    best = max(scores[INSTANT], scores["U-Net"])
    return {"set": folder.name, **scores, "gap": round(scores["arbiter"] - best, 3),
            "chosen": chosen}  # fmt: skip


def due(images, every):
    """Whether there is to be a round after so many images."""
    return images == FIRST or (every > 0 and images > FIRST and (images - FIRST) % every == 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--budget", type=float, default=45.0)
    parser.add_argument(
        "--every", type=int, default=3, help="images between two rounds; 0: one round"
    )
    parser.add_argument("--target", type=float, default=0.97, help="share of right pixels, 0 to 1")
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
                f"{name:<18} instant {line[INSTANT]:.3f}, U-Net {line['U-Net']:.3f}, "
                f"arbiter {line['arbiter']:.3f} ({line['gap']:+.3f})", flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
