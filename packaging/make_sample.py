"""Draws the sample project that a newcomer sees first, the same each time.

    python packaging/make_sample.py                 writes resources/sample and sample_truth
    python packaging/make_sample.py --truth DIR     also writes the truth of every sample image

Four images come with complete masks, two with a few strokes as a person would paint them, the
rest is untouched. Four more images with their truth lie in sample_truth: nobody trains on them,
so a score on them is honest.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image
from scipy import ndimage

# so that the script also runs where the package is not installed
sys.path.insert(1, str(Path(__file__).resolve().parents[1]))

from cell_images import BACKGROUND, CYTOPLASM, CYTOPLASM_DYES, NUCLEUS, Look, draw

from unet_gui.core.classes import UNLABELLED, ClassInfo, ClassTable
from unet_gui.core.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

RESOURCES: Final = Path(__file__).resolve().parents[1] / "resources"
CLASSES: Final = ClassTable(
    (
        ClassInfo(BACKGROUND, "background", "#5b6b7b"),
        ClassInfo(CYTOPLASM, "cytoplasm", "#ffb300"),
        ClassInfo(NUCLEUS, "nucleus", "#00c8ff"),
    )
)
SIZES: Final = ((480, 360), (448, 336), (512, 384), (416, 320), (384, 288))
SEED: Final = 7100
IMAGES: Final = 14
COMPLETE: Final = (1, 2, 4, 7)
STROKED: Final = (3, 6)
HELD_OUT: Final = 4
JPEG_QUALITY: Final = 90

# Diameter, number and length of the strokes a person would make in each class, in pixels.
STROKES: Final = {
    BACKGROUND: (20.0, 3, 90.0),
    CYTOPLASM: (9.0, 6, 40.0),
    NUCLEUS: (6.0, 5, 9.0),
}


def sample_look(rng: np.random.Generator) -> Look:
    """One slide of the series: the same stain, but another day, lamp and focus."""
    amounts = rng.uniform(0.8, 1.15, len(CYTOPLASM_DYES))
    dyes = [
        (float(a * r), float(a * g), float(a * b))
        for a, (r, g, b) in zip(amounts, CYTOPLASM_DYES, strict=True)
    ]
    # most slides have more cells of one kind than of another
    favourite = int(rng.integers(len(dyes)))
    lamp = rng.normal((1.0, 0.985, 0.95), (0.02, 0.012, 0.03))
    return Look(
        dyes=(*dyes, dyes[favourite]),
        lamp=(float(lamp[0]), float(lamp[1]), float(lamp[2])),
        exposure=float(rng.uniform(0.82, 0.95)),
        blur=float(rng.uniform(0.7, 1.25)),
        noise=float(rng.uniform(0.014, 0.026)),
        vignette=float(rng.uniform(0.08, 0.26)),
        dirt=float(rng.uniform(0.6, 1.5)),
        size=float(rng.uniform(36, 50)),
        crowding=float(rng.uniform(0.36, 0.54)),
        nucleus_share=float(rng.uniform(0.25, 0.33)),
        red_cells=float(rng.uniform(0.6, 2.4)),
    )


def sample_image(number: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Image `number` of the series, from 1, and its truth; the last HELD_OUT are held out."""
    seed = SEED + number
    width, height = SIZES[number % len(SIZES)]
    return draw(seed, width, height, sample_look(np.random.default_rng(seed + 50_000)))


def strokes(truth: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """A few brush strokes inside each class of `truth`; the rest is unlabelled."""
    rng = np.random.default_rng(seed)
    document = Document(np.full(truth.shape, UNLABELLED, np.uint8))
    for class_id, (diameter, count, length) in STROKES.items():
        room = ndimage.distance_transform_edt(np.pad(truth == class_id, 1))[1:-1, 1:-1]
        for _ in range(count):
            path = list(_walk(rng, room, diameter / 2 + 1, length))
            if path:
                document.begin_stroke("brush", class_id, path[0])
                for point in path:
                    document.stroke_to(point, diameter)
                document.end_stroke()
    return np.array(document.mask)


def _walk(
    rng: np.random.Generator, room: NDArray[np.float64], radius: float, length: float
) -> Iterator[tuple[float, float]]:
    """A gently bending path that stays `radius` away from the border of its class."""
    starts = np.argwhere(room > radius)
    if not len(starts):
        return
    y, x = starts[rng.integers(len(starts))] + 0.5
    heading, step = rng.uniform(0, 2 * np.pi), 3.0
    yield float(x), float(y)
    for _ in range(int(length * rng.uniform(0.6, 1.2) / step)):
        heading += rng.normal(0, 0.22)
        for turn in (0, 0.5, -0.5, 1, -1):
            to_x = x + step * np.cos(heading + turn)
            to_y = y + step * np.sin(heading + turn)
            inside = 0 <= to_y < room.shape[0] and 0 <= to_x < room.shape[1]
            if inside and room[int(to_y), int(to_x)] > radius:
                x, y, heading = to_x, to_y, heading + turn
                yield float(x), float(y)
                break
        else:
            return


def save_palette_png(path: Path, mask: NDArray[np.uint8]) -> None:
    """8-bit palette PNG in the project's colours."""
    picture = Image.fromarray(mask)
    picture.putpalette(CLASSES.palette().ravel().tolist())
    picture.save(path, optimize=True)


def _empty(folder: Path, *parts: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for part in parts:
        (folder / part).mkdir(parents=True)


def write_sample(folder: Path, truth_folder: Path | None = None) -> None:
    """The sample project, in the layout of every project."""
    _empty(folder, "images", "masks")
    for number in range(1, IMAGES + 1):
        image, truth = sample_image(number)
        stem = f"slide-{number:02d}"
        Image.fromarray(image).save(folder / "images" / f"{stem}.jpg", quality=JPEG_QUALITY)
        if number in COMPLETE:
            save_palette_png(folder / "masks" / f"{stem}.png", truth)
        elif number in STROKED:
            save_palette_png(folder / "masks" / f"{stem}.png", strokes(truth, SEED + number))
        if truth_folder is not None:
            truth_folder.mkdir(parents=True, exist_ok=True)
            save_palette_png(truth_folder / f"{stem}.png", truth)
    project = {
        "format": 1,
        "classes": [{"id": c.id, "name": c.name, "color": c.color} for c in CLASSES],
        "images": "images",
        "done": [f"slide-{number:02d}.jpg" for number in COMPLETE],
    }
    (folder / "project.json").write_text(json.dumps(project, indent=2) + "\n", "utf-8")


def write_held_out(folder: Path) -> None:
    """Images that nobody trains on, with their truth."""
    _empty(folder, "images", "masks")
    for number in range(IMAGES + 1, IMAGES + HELD_OUT + 1):
        image, truth = sample_image(number)
        stem = f"slide-{number:02d}"
        Image.fromarray(image).save(folder / "images" / f"{stem}.jpg", quality=JPEG_QUALITY)
        save_palette_png(folder / "masks" / f"{stem}.png", truth)


def main() -> int:
    parser = argparse.ArgumentParser(description="Draw the sample project again.")
    parser.add_argument(
        "--out", type=Path, default=RESOURCES, help="folder for sample, sample_truth"
    )
    parser.add_argument("--truth", type=Path, help="folder for the truth of every sample image")
    arguments = parser.parse_args()
    write_sample(arguments.out / "sample", arguments.truth)
    write_held_out(arguments.out / "sample_truth")
    size = sum(f.stat().st_size for f in arguments.out.glob("sample*/**/*") if f.is_file())
    print(f"{IMAGES} + {HELD_OUT} images, {size / 1e6:.2f} MB in {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
