"""How many strokes and how much pointer travel each painting tool needs to label an image.

    python tests/benchmarks/bench_tools.py [SET ...] [--images N] [--target 0.97] [--json]

A scripted person (tool_robot.py) labels images of the test sets in `../shared/data` (or
$UNET_GUI_SHARED/data): those whose share of background is nearest to the set's median. Sets with a
background class start as all background, which is one click in any program; others unlabelled.
Three images of wbc, nuclei and crop_weed, one of each other set, unless --images says otherwise;
every image has its lines, and where there are several, their mean. A level of the wheel is chosen
as by a person who sees the preview and knows what is right: by the truth; each level is counted.
`drawn` is the way with the button down, a click has none; `travel` counts the ways between strokes
too; both in image diagonals.
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
from PIL import Image
from tool_robot import IGNORE, TOOLS, Robot

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


def measure(name, path, tool, target):
    image = np.asarray(Image.open(path).convert("RGB"))
    truth = np.asarray(Image.open(path.parents[1] / "masks" / f"{path.stem}.png"))
    blank = IGNORE if name == "camvid" else 0
    effort = Robot(image, truth, tool, blank=blank).label(target)
    return {"set": name, "image": path.stem, "tool": tool, **vars(effort)}


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
    parser.add_argument("--json", action="store_true", help="one line for each image and tool")
    words = parser.parse_args()
    rows = []
    for name in words.sets:
        folder = SHARED / "data" / name
        if not folder.is_dir():
            print(f"{name}: not in {SHARED / 'data'}, left out", file=sys.stderr)
            continue
        count = words.images or (3 if name in THREE else 1)
        for path in middle_images(folder, count):
            for tool in TOOLS:
                rows.append(measure(name, path, tool, words.target))
                if words.json:
                    print(json.dumps(rows[-1]), flush=True)
        if not words.json:
            table([row for row in rows if row["set"] == name])


if __name__ == "__main__":
    main()
