"""How many strokes and how much pointer travel each painting tool needs to label an image.

    python tests/benchmarks/bench_tools.py [SET ...] [--images 1] [--target 0.97] [--json]

A scripted person (tool_robot.py) labels images of the test sets in `../shared/data` (or
$UNET_GUI_SHARED/data): those whose share of background is nearest to the set's median. Sets with a
background class start as all background, which is one click in any program; others unlabelled.
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


def table(rows):
    heads = ("strokes", "assisted", "levels", "travel", "drawn", "right")
    ratios = ("fewer strokes", "less travel", "less drawn")
    print(f"{'set':17}{'tool':12}", *(f"{head:>8}" for head in heads), *ratios)
    for name in dict.fromkeys(row["set"] for row in rows):
        plain = None
        for tool in TOOLS:
            of = [row for row in rows if row["set"] == name and row["tool"] == tool]
            total = {head: sum(row[head] for row in of) for head in heads}
            total["right"] /= len(of)
            plain = plain or total
            words = [f"{total[h]:8}" if h in heads[:3] else f"{total[h]:8.3f}" for h in heads]
            for ratio, head in zip(ratios, ("strokes", "travel", "drawn"), strict=True):
                words.append(f"{plain[head] / max(total[head], 1e-3):{len(ratio) - 1}.1f}×")
            print(f"{name:17}{tool:12}", *words)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--images", type=int, default=1)
    parser.add_argument("--target", type=float, default=0.97)
    parser.add_argument("--json", action="store_true", help="one line for each image and tool")
    words = parser.parse_args()
    rows = []
    for name in words.sets:
        folder = SHARED / "data" / name
        if not folder.is_dir():
            print(f"{name}: not in {SHARED / 'data'}, left out", file=sys.stderr)
            continue
        for path in middle_images(folder, words.images):
            for tool in TOOLS:
                rows.append(measure(name, path, tool, words.target))
                if words.json:
                    print(json.dumps(rows[-1]), flush=True)
    if rows and not words.json:
        table(rows)


if __name__ == "__main__":
    main()
