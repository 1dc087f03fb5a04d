"""How quickly a large project is exported, and whether a stopped export goes on.

    python tests/benchmarks/bench_export.py [--masks N] [--formats png,voc] [--workers 1] [--json]

Makes a project of images with a mask each, and exports it in each format with card and checksums,
as the window does. In the same run the same files are copied by `shutil` alone, before and after
each export: `ratio` is the export's time to the copy's, by the clock and by the processor, and
`to_copy_and_decode` that to copying all and decoding each mask once with Pillow. Then an export is
cancelled half way, resumed, and compared file by file with one that was not interrupted.

The pixels of each mask are counted beforehand, as they are in a project that is worked in, where
every save counts them; `count` is what that takes the first time a folder is opened.

Nothing is deleted before the end: for minutes after, file systems such as ext4 search long for
every file that is made. So all formats take some 20 GB for a while.
"""

from __future__ import annotations

import argparse
import filecmp
import io
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

DIFFERENT = 50
CLASSES = 8
PNG_ONLY = {"png", "cityscapes", "camvid", "nnunet"}


def make_project(folder: Path, masks: int, side: int, kind: str):
    """Images like photos and masks of round objects, of some dozens of contents."""
    from unet_gui.core.classes import ClassTable
    from unet_gui.dataset.masks import save_mask
    from unet_gui.dataset.project import Project

    classes = ClassTable.from_names([f"class {i}" for i in range(CLASSES)])
    rng = np.random.default_rng(1)
    (folder / "images").mkdir(parents=True)
    project = Project.create(folder, images=folder / "images", classes=classes)
    project.identify()
    project.masks_dir.mkdir(exist_ok=True)
    contents = []
    for number in range(DIFFERENT):
        noise = Image.fromarray(rng.integers(0, 256, (side // 8, side // 8, 3), np.uint8))
        grain = rng.integers(0, 2, (side, side, 1), np.uint8)
        pixels = np.asarray(noise.resize((side, side), Image.Resampling.BICUBIC)) // 2 + grain
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, {"jpg": "JPEG"}.get(kind, "PNG"))
        y, x = np.mgrid[:side, :side]
        mask = np.zeros((side, side), np.uint8)
        for _ in range(12):
            cy, cx, r = (int(v) for v in rng.integers((0, 0, 4), (side, side, side // 6)))
            mask[(y - cy) ** 2 + (x - cx) ** 2 < r * r] = rng.integers(0, CLASSES)
        place = folder / f"{number}.tmp"
        save_mask(place, mask, classes)
        contents.append((buffer.getvalue(), place.read_bytes()))
        place.unlink()
    for number in range(masks):
        image, mask_bytes = contents[number % DIFFERENT]
        (folder / "images" / f"image_{number:06}.{kind}").write_bytes(image)
        (project.masks_dir / f"image_{number:06}.png").write_bytes(mask_bytes)
    return Project.open(folder)


def files_of(project) -> list[Path]:
    return [p for e in project.images for p in (e.path, project.mask_file(e))]


def copy(files: list[Path], out: Path) -> None:
    out.mkdir(parents=True)
    for n, file in enumerate(files):
        shutil.copyfile(file, out / f"{n}{file.suffix}")


def decode(files: list[Path]) -> None:
    for mask in files[1::2]:
        with Image.open(mask) as image:
            np.asarray(image)


def clocked(action) -> dict:
    """Seconds of the clock and of the processor."""
    wall, cpu = time.perf_counter(), processor()
    action()
    return {"s": time.perf_counter() - wall, "cpu_s": processor() - cpu}


def processor() -> float:
    """Seconds of the processor, those of processes that have ended included."""
    return sum(os.times()[:4])


def exported(project, key: str, out: Path, **words) -> None:
    from unet_gui.core.progress import drain
    from unet_gui.dataset.formats import Card, export

    drain(export(project, key, out, card=Card(), **words))


def measure(project, key: str, room: Path, workers: int | None) -> dict:
    files = files_of(project)
    counted = clocked(lambda: [project.mask_counts(e) for e in project.images])
    before = clocked(lambda: copy(files, room / "before"))
    out = room / "whole"
    took = clocked(lambda: exported(project, key, out, resume=True, workers=workers))
    after = clocked(lambda: copy(files, room / "after"))
    decoded = clocked(lambda: decode(files))
    plain = {k: min(before[k], after[k]) for k in before}
    return {
        "count": counted,
        "export": took,
        "copy": plain,
        "ratio": {k: took[k] / plain[k] for k in took},
        "to_copy_and_decode": {k: took[k] / (plain[k] + decoded[k]) for k in took},
    }


def resumed(project, key: str, room: Path, workers: int | None) -> dict:
    """Cancel in the middle, go on, and compare with the export in one go that is there."""
    from unet_gui.dataset.formats import Card, export

    whole, parts = room / "whole", room / "parts"
    job = export(project, key, parts, card=Card(), resume=True, workers=workers)
    for progress in job:
        if progress.done >= len(project.images) // 2:
            break
    stop = clocked(job.close)
    seen = [p for p in parts.iterdir() if not p.name.startswith(".")]
    went_on = clocked(lambda: exported(project, key, parts, resume=True, workers=workers))
    names = {p.relative_to(whole) for p in whole.rglob("*") if p.is_file()}
    again = {p.relative_to(parts) for p in parts.rglob("*") if p.is_file()}
    same = names == again and all(
        filecmp.cmp(whole / n, parts / n, shallow=False) for n in names if n.name[0] != "."
    )
    return {
        "cancel_s": stop["s"],
        "second_half_s": went_on["s"],
        "nothing_seen_before": not seen,
        "same": same,
    }


def main() -> None:
    from unet_gui.dataset.formats import FORMATS

    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--masks", type=int, default=10_000)
    parser.add_argument("--side", type=int, default=256, help="of the square images, in pixels")
    parser.add_argument("--kind", choices=("png", "jpg"), help="of images, else as formats like")
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--workers", type=int, help="how many processes; else one a processor")
    parser.add_argument("--no-resume", action="store_true", help="measure the exports only")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each format")
    words = parser.parse_args()
    projects: dict = {}
    with tempfile.TemporaryDirectory() as made:
        room = Path(made)
        for key in words.formats.split(","):
            kind = words.kind or ("png" if key in PNG_ONLY else "jpg")
            if kind not in projects:
                made_of = room / "projects" / kind
                projects[kind] = make_project(made_of, words.masks, words.side, kind)
            found = {"images": kind, **measure(projects[kind], key, room / key, words.workers)}
            if not words.no_resume:
                found |= resumed(projects[kind], key, room / key, words.workers)
            if words.json:
                print(json.dumps({"format": key, "masks": words.masks, **found}), flush=True)
                continue
            print(
                f"{key:12} {found['export']['s']:7.1f} s   {found['ratio']['s']:5.1f} × copy "
                f"({found['ratio']['cpu_s']:.1f} by processor), "
                f"{found['to_copy_and_decode']['s']:.1f} × copy and decode",
                {k: v for k, v in found.items() if not isinstance(v, dict)},
                flush=True,
            )


if __name__ == "__main__":
    main()
