"""How often a smart click means the right object, and how long the assisted tools let one wait.

    python tests/benchmarks/bench_guess.py [SET ...] [--objects 40] [--latency]

For connected regions of a class drawn at random from the test sets: the overlap (intersection over
union) of the first guess with the object, or with the object and its holes; of the best level that
the wheel can reach; and how many steps away that is. Each is clicked in its middle and at a random
pixel of it. Windows are those of an image seen whole.

With --latency: CPU seconds for a window of one megapixel, of superpixels beside skimage's `slic`
over the same pixels, and of a smart click beside skimage's Lab conversion and max-tree of the
window that a click looks at, each the first time and once more.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from PIL import Image
from scipy import ndimage as ndi

from unet_gui.core.geometry import Rect
from unet_gui.regions.objects import ObjectFinder
from unet_gui.regions.superpixels import Superpixels

SHARED = Path(os.environ.get("UNET_GUI_SHARED") or Path(__file__).resolve().parents[3] / "shared")
LEAST = {
    "wbc": 60, "nuclei": 60, "crop_weed": 60, "nuclei_histology": 60, "em_membranes": 300,
    "em_organelles": 300, "camvid": 300,
}  # fmt: skip
"""Sets that have objects, and the pixels that one has at least."""
NO_OBJECT = {"em_membranes": 1, "em_organelles": 1}
"""The class that lies between the objects, where it is not 0."""
MOST = 720 * 720


def objects(name, count):
    """(image, class, number of the region) of so many regions, at random but always the same."""
    found = []
    for path in sorted((SHARED / "data" / name / "masks").iterdir()):
        mask = np.asarray(Image.open(path))
        for value in np.unique(mask):
            if value in (255, NO_OBJECT.get(name, 255 if name == "camvid" else 0)):
                continue
            areas = np.bincount(ndi.label(mask == value)[0].ravel())
            areas[0] = 0
            good = np.flatnonzero((areas >= LEAST[name]) & (areas <= 0.4 * mask.size))
            found += [(path.stem, int(value), int(number)) for number in good]
    order = np.random.default_rng(0).permutation(len(found))[:count]
    return [found[i] for i in sorted(order)]


def halved(image):
    """The mean of each 2×2 pixels."""
    height, width = (side // 2 * 2 for side in image.shape[:2])
    blocks = image[:height, :width].reshape(height // 2, 2, width // 2, 2, -1)
    return (blocks.astype(np.uint16).sum((1, 3)) // 4).astype(np.uint8)


def overlaps(nested, truth):
    """Of each level with an object, bool H×W, or with it and its holes."""
    whole = ndi.binary_fill_holes(truth)
    return [max(overlap(region, goal) for goal in (truth, whole)) for region in nested.regions]


def overlap(region, truth):
    box, inside = region
    both = np.count_nonzero(truth[box.slices] & inside)
    return both / (np.count_nonzero(inside) + np.count_nonzero(truth) - both)


def guess(name, count):
    rng, rows = np.random.default_rng(1), {"middle": [], "anywhere": []}
    for stem, value, number in objects(name, count):
        folder = SHARED / "data" / name
        image = np.asarray(Image.open(next((folder / "images").glob(f"{stem}.*"))).convert("RGB"))
        mask = np.asarray(Image.open(folder / "masks" / f"{stem}.png"))
        truth = ndi.label(mask == value)[0] == number
        while image.shape[0] * image.shape[1] > MOST:
            image = halved(image)
            truth = truth[1::2, 1::2][: image.shape[0], : image.shape[1]]
        if truth.sum() < 30:
            continue
        deep = ndi.distance_transform_edt(np.pad(truth, 1))[1:-1, 1:-1]
        ys, xs = np.nonzero(truth)
        one = int(rng.integers(len(ys)))
        places = {
            "middle": np.unravel_index(int(deep.argmax()), deep.shape),
            "anywhere": (ys[one], xs[one]),
        }
        finder = ObjectFinder(image)
        for place, (y, x) in places.items():
            nested = finder.propose(int(x), int(y))
            shares = overlaps(nested, truth)
            best = int(np.argmax(shares))
            rows[place].append((shares[nested.start], shares[best], abs(best - nested.start)))
    for place, found in rows.items():
        start, best, steps = np.mean(found, axis=0)
        words = f"first {start:.2f}  best level {best:.2f}, {steps:.1f} steps of the wheel away"
        print(f"{name:17}{place:10}{len(found):4} objects: {words}", flush=True)


def timed(act):
    begin = time.process_time()
    act()
    return time.process_time() - begin


def latency():
    folder = SHARED / "data" / "em_organelles" / "images"
    image = np.asarray(Image.open(sorted(folder.iterdir())[0]).convert("RGB"))
    color = np.asarray(Image.open(sorted((SHARED / "data" / "vessels" / "images").iterdir())[0]))
    for name, pixels in (("grey", image), ("colour", color)):
        for size in (12, 24, 48):
            print(line(f"superpixels {size} {name}", *superpixel_times(pixels, size)), flush=True)
        print(line(f"smart click {name}", *click_times(halved(pixels))), flush=True)


def superpixel_times(pixels, size):
    """The first time, once more, and skimage's."""
    from skimage.segmentation import slic

    bounds = Rect.of_shape(pixels.shape)
    cells = Superpixels(lambda rect: pixels[rect.slices], bounds, size)
    first, again = (timed(lambda: cells.names(bounds)) for _ in range(2))
    count = bounds.width * bounds.height // size**2
    return first, again, timed(lambda: slic(pixels, count, compactness=10, start_label=0))


def click_times(pixels):
    from skimage.color import rgb2lab
    from skimage.morphology import max_tree

    finder = ObjectFinder(pixels)
    x, y = pixels.shape[1] // 2, pixels.shape[0] // 2
    first, again = (timed(lambda: finder.propose(x, y)) for _ in range(2))
    return first, again, timed(lambda: (rgb2lab(pixels), max_tree(pixels[..., 1])))


def line(what, first, again, base):
    words = f"first {first:.3f} s, again {again:.3f} s, skimage {base:.3f} s"
    return f"{what:22} {words}, {first / base:.2f}×"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=LEAST)
    parser.add_argument("--objects", type=int, default=40)
    parser.add_argument("--latency", action="store_true")
    words = parser.parse_args()
    if words.latency:
        latency()
        return
    for name in words.sets:
        if (SHARED / "data" / name).is_dir():
            guess(name, words.objects)
        else:
            print(f"{name}: not in {SHARED / 'data'}, left out", file=sys.stderr)


if __name__ == "__main__":
    main()
