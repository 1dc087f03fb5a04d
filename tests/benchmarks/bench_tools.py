"""How many strokes and how much pointer travel each painting tool needs to label an image.

    xvfb-run -a -s "-screen 0 1920x1080x24" \\
        python tests/benchmarks/bench_tools.py [SET ...] [--images N] [--target 0.97] [--json]

A scripted person (tool_robot.py) labels images of the test sets in `../shared/data` (or
$UNET_GUI_SHARED/data) in the real window, by events of mouse, wheel and keys: those images whose
share of background is nearest to the set's median. Sets with a background class start as all
background, which is one click in any program; others unlabelled. Nothing is proposed by a network.
Three images of wbc, nuclei and crop_weed, one of each other set, unless --images says otherwise;
every image has its lines, and where there are several, their mean. Who does not get as far as the
target with --strokes or in --seconds stops there: `right` says how far.

`strokes` are presses of a button, `assisted` those of the assisted tool that were kept, `levels`
turns of the wheel. `drawn` is the way with the button down, a click has none; `travel` counts the
ways between strokes too; both in image diagonals.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from PIL import Image
from tool_plans import IGNORE
from tool_robot import TOOLS, Robot
from tool_window import Hand, make_project

SETS = (
    "wbc", "nuclei", "crop_weed", "nuclei_histology", "em_membranes", "em_organelles", "vessels",
    "camvid",
)  # fmt: skip
THREE = ("wbc", "nuclei", "crop_weed")
SHARED = Path(os.environ.get("UNET_GUI_SHARED") or Path(__file__).resolve().parents[3] / "shared")


def middle_images(folder, count):
    """The images whose share of background is nearest to the median of the set."""
    shares = {}
    for path in sorted((folder / "masks").iterdir()):
        mask = np.asarray(Image.open(path))
        shares[path.stem] = float((mask == 0).mean())
    middle = float(np.median(list(shares.values())))
    stems = sorted(shares, key=lambda stem: abs(shares[stem] - middle))[:count]
    return [next((folder / "images").glob(f"{stem}.*")) for stem in stems]


def measure(name, path, tools, words):
    """One row for each tool."""
    image = np.asarray(Image.open(path).convert("RGB"))
    truth = np.asarray(Image.open(path.parents[1] / "masks" / f"{path.stem}.png"))
    blank = IGNORE if name == "camvid" else 0
    classes = int(truth[truth != IGNORE].max()) + 1
    with tempfile.TemporaryDirectory() as folder:
        hand = Hand(make_project(Path(folder) / "project", path, classes))
        try:
            for tool in tools:
                robot = Robot(hand, image, truth, tool, blank=blank)
                effort = robot.label(words.target, words.strokes, words.seconds)
                yield {"set": name, "image": path.stem, "tool": tool, **vars(effort)}
        finally:
            hand.close()


HEADS = ("strokes", "assisted", "levels", "travel", "drawn", "right")
RATIOS = {"fewer strokes": "strokes", "less travel": "travel", "less drawn": "drawn"}


def table(rows):
    print(f"{'set':17}{'image':10}{'tool':12}", *(f"{head:>8}" for head in HEADS), *RATIOS)
    for name in dict.fromkeys(row["set"] for row in rows):
        of = [row for row in rows if row["set"] == name]
        images = list(dict.fromkeys(row["image"] for row in of))
        for image in images:
            lines(name, image, [row for row in of if row["image"] == image])
        if len(images) > 1:
            lines(name, "mean", of)


def lines(name, image, rows):
    """One for each tool: means over the rows, and how many times less than the plain brush."""
    plain = None
    for tool in TOOLS:
        of = [row for row in rows if row["tool"] == tool]
        if not of:
            continue
        mean = {head: sum(row[head] for row in of) / len(of) for head in HEADS}
        plain = plain or mean
        words = [f"{mean[h]:8.1f}" if h in HEADS[:3] else f"{mean[h]:8.3f}" for h in HEADS]
        for ratio, head in RATIOS.items():
            words.append(f"{plain[head] / max(mean[head], 1e-3):{len(ratio) - 1}.1f}×")
        print(f"{name:17}{image[:8]:10}{tool:12}", *words, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--images", type=int)
    parser.add_argument("--target", type=float, default=0.97)
    parser.add_argument("--tools", nargs="+", default=TOOLS, choices=TOOLS)
    parser.add_argument("--strokes", type=int, default=400, help="at most so many for an image")
    parser.add_argument("--seconds", type=float, default=240, help="at most so long for an image")
    parser.add_argument("--json", action="store_true", help="one line for each image and tool")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
            os.environ[variable] = home  # the person's own settings and projects stay out of it
        run(words)


def run(words):
    for name in words.sets:
        folder = SHARED / "data" / name
        if not folder.is_dir():
            print(f"{name}: not in {SHARED / 'data'}, left out", file=sys.stderr)
            continue
        rows = []
        count = words.images or (3 if name in THREE else 1)
        for path in middle_images(folder, count):
            for row in measure(name, path, words.tools, words):
                rows.append(row)
                print(json.dumps(row), file=sys.stdout if words.json else sys.stderr, flush=True)
        if not words.json:
            table(rows)


if __name__ == "__main__":
    main()
