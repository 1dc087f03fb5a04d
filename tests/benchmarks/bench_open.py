"""How long an image takes until its first picture, and how much memory it holds.

    python tests/benchmarks/bench_open.py [--megapixels 16 100] [--large] [--window] [--json]

The first picture is the whole image at the size of a window. PNG files are compared with what
Pillow needs to decode them into an array, in the same run and on the same file. `--large` adds,
each in a process of its own and with the memory at its peak: image, levels and mask of 400 MP; a
pyramid of 900 MP and the same without smaller copies; saving the mask of 900 MP after a dab.
`--window` opens 400 MP and the pyramid in the real window, below xvfb-run: memory with torch there,
at open and under a mask on every pixel; frames of panning and zooming, CPU time of their thread.
Files are made in a temporary folder (2 GB with `--large`). CPU times are what a busy machine does
not disturb.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from unet_gui.core.classes import ClassTable
from unet_gui.core.document import Document
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.dataset.image_source import open_source
from unet_gui.dataset.mask_png import MAGIC, write_chunk
from unet_gui.dataset.mask_store import MaskStore
from unet_gui.dataset.project import ImageEntry

WINDOW = 1640
TILE = 512
SIDE_900 = 30_000


def grain(rows: int, columns: int, seed: int) -> np.ndarray:
    """Something like a photograph: smooth, with noise in the lowest bits."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 250, (rows // 40 + 2, columns // 40 + 2, 3), np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((columns, rows), Image.Resampling.BICUBIC))
    return np.minimum(smooth, 247) + rng.integers(0, 8, smooth.shape, np.uint8)


def write_png(path: Path, side: int) -> None:
    """An RGB PNG of side², row by row, each pixel as the difference to its left one."""
    band = grain(500, side, 1).astype(np.uint8)
    packer = zlib.compressobj(1)
    with path.open("wb") as file:
        file.write(MAGIC)
        size = side.to_bytes(4, "big")
        write_chunk(file, b"IHDR", size + size + bytes([8, 2, 0, 0, 0]))
        for top in range(0, side, 500):
            part = np.roll(band, top, axis=1)[: side - top]
            rows = np.ones((len(part), 1 + 3 * side), np.uint8)  # 1: filter “Sub”
            rows[:, 1:4] = part[:, 0]
            rows[:, 4:] = (part[:, 1:] - part[:, :-1]).reshape(len(part), -1)
            write_chunk(file, b"IDAT", packer.compress(rows.data))
        write_chunk(file, b"IDAT", packer.flush())
        write_chunk(file, b"IEND", b"")


def write_tiff(path: Path, side: int, *, pyramid: bool) -> None:
    """A tiled JPEG TIFF of side², with or without smaller copies; tiles repeat."""
    import imagecodecs

    encoded = [imagecodecs.jpeg_encode(grain(TILE, TILE, i).astype(np.uint8), 85) for i in range(7)]
    sides = [side]
    while pyramid and sides[-1] > 1000:
        sides.append(sides[-1] // 2)
    with tifffile.TiffWriter(path, bigtiff=True) as tif:
        for i, length in enumerate(sides):
            count = (-(-length // TILE)) ** 2
            tif.write(
                itertools.islice(itertools.cycle(encoded), count),
                shape=(length, length, 3),
                dtype=np.uint8,
                tile=(TILE, TILE),
                photometric="rgb",
                compression="jpeg",
                subifds=len(sides) - 1 if i == 0 else None,
                subfiletype=int(i > 0),
                metadata=None,
            )


def clocked(action) -> tuple[float, float, object]:
    """Seconds of the clock and of the processor, and what it returned."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = action()
    return time.perf_counter() - wall, time.process_time() - cpu, result


def first_picture(path: Path, cache: Path | None = None):
    """Open an image and read the level a window shows at first."""
    source = open_source(path, cache=cache)
    fits = [k for k in range(source.levels) if max(source.level_shape(k)) <= 2 * WINDOW]
    level = fits[0] if fits else source.levels - 1
    height, width = source.level_shape(level)
    source.read(Rect(0, 0, width, height), level)
    return source


def measure_png(folder: Path, megapixels: int) -> dict:
    path = folder / f"{megapixels}.png"
    write_png(path, round((megapixels * 1e6) ** 0.5))
    with Image.open(path) as image:
        pillow = clocked(lambda: np.asarray(image))[:2]
    ours = clocked(lambda: first_picture(path))[:2]
    path.unlink()
    return {
        "case": f"{megapixels} MP PNG",
        "pillow_s": pillow[0],
        "first_picture_s": ours[0],
        "pillow_cpu_s": pillow[1],
        "first_picture_cpu_s": ours[1],
        "cpu_ratio": ours[1] / pillow[1],
    }


def dabs(doc: Document, count: int) -> None:
    rng = np.random.default_rng(0)
    for i in range(count):
        x, y = (int(rng.integers(0, side - 400)) for side in doc.shape[::-1])
        where = np.hypot(*np.mgrid[-200:200, -200:200]) < 200
        doc.apply("dab", Rect(x, y, x + 400, y + 400), i % 5, where=where)


def in_memory(folder: Path) -> dict:
    """Image, levels and a mask of 400 MP, loaded as the window does."""
    source = first_picture(folder / "400.png")
    drain(source.build_levels())
    store = mask_store(folder)
    doc = Document(store.load_tiles(entry(folder, "400"), source.shape))
    held = source.nbytes + doc.nbytes
    return {"case": "400 MP image and mask", "held_mb": held / 1e6}


def pyramid(folder: Path) -> dict:
    wall, cpu, source = clocked(lambda: first_picture(folder / "pyramid.tif"))
    around = clocked(lambda: sum(source.read(r).size for r in wander(source.shape)))[0]
    return {
        "case": "900 MP pyramid",
        "first_picture_s": wall,
        "first_picture_cpu_s": cpu,
        "hundred_views_s": around,
    }


def plain(folder: Path) -> dict:
    wall, cpu, _ = clocked(lambda: first_picture(folder / "plain.tif", folder))
    again = clocked(lambda: first_picture(folder / "plain.tif", folder))[0]
    return {
        "case": "900 MP tiles without copies",
        "first_picture_s": wall,
        "first_picture_cpu_s": cpu,
        "next_time_s": again,
    }


def saving(folder: Path) -> dict:
    """The mask of a 900 MP image, saved whole and then after each dab."""
    store, image = mask_store(folder), entry(folder, "pyramid")
    doc = Document.blank(SIDE_900, SIDE_900)
    dabs(doc, 1500)
    whole = clocked(lambda: store.save_snapshot(image, doc.snapshot()))[0]
    doc.changed_tiles.clear()
    times = []
    for _ in range(20):
        dabs(doc, 1)
        times.append(clocked(lambda: store.save_snapshot(image, doc.snapshot(), doc.changed_tiles)))
        doc.changed_tiles.clear()
    load = clocked(lambda: mask_store(folder).load_tiles(image, doc.shape))[0]
    return {
        "case": "900 MP mask",
        "save_whole_s": whole,
        "save_dab_s": sorted(t[0] for t in times)[10],
        "load_s": load,
        "file_mb": (folder / "masks" / "pyramid.tif").stat().st_size / 1e6,
    }


def memory(label: str) -> dict:
    """What this process holds, and what it holds alone: without libraries that others share."""
    kinds = {"Rss": 0, "Private_Clean": 0, "Private_Dirty": 0}
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]:
        name, _, rest = line.partition(":")
        if name in kinds:
            kinds[name] = int(rest.split()[0]) * 1024
    own = kinds["Private_Clean"] + kinds["Private_Dirty"]
    return {f"{label}_mb": kinds["Rss"] / 1e6, f"{label}_own_mb": own / 1e6}


def in_window(folder: Path, image: str, *, full: bool) -> dict:
    """Memory and frames of the whole program with one image open."""
    from bench_paint import Window, percentile

    project = folder / f"project of {image}"
    (project / "images").mkdir(parents=True)
    (project / "images" / image).symlink_to(folder / image)
    (project / "project.json").write_text(
        json.dumps({
            "format": 1,
            "images": "images",
            "classes": [{"id": i, "name": f"class {i}", "color": f"#{40 * i + 40:02x}60a0"}
                        for i in range(4)],
        })
    )  # fmt: skip
    window = Window(project)
    canvas, session = window.canvas, window.session
    figures = {"torch": float("torch" in sys.modules), **memory("open")}
    if full:
        pattern = (np.arange(session.document.shape[1]) // 40 % 4).astype(np.uint8)
        whole = np.broadcast_to(pattern, session.document.shape)
        session.apply("Fill", session.document.bounds, whole)
        window.settle(3)
        figures |= memory("full_mask")
    for name, act, count in (
        ("pan", lambda: canvas.pan_by(7, 5), 60),
        ("zoom", lambda: canvas.zoom_to(canvas.zoom * 1.05), 100),
    ):
        canvas.zoom_fit()
        window.settle(1)
        times = []
        for _ in range(count):
            before = time.thread_time()
            wall = window.timed(act)[0]
            times.append((wall, 1000 * (time.thread_time() - before)))
        for kind, values in zip(("", "cpu_"), zip(*times, strict=True), strict=True):
            figures[f"{name}_{kind}p50_ms"] = percentile(values, 50)
            figures[f"{name}_{kind}p99_ms"] = percentile(values, 99)
    window.close()
    return figures


def window_400(folder: Path) -> dict:
    return {"case": "400 MP in the window", **in_window(folder, "400.png", full=True)}


def window_pyramid(folder: Path) -> dict:
    return {"case": "900 MP pyramid in the window", **in_window(folder, "pyramid.tif", full=False)}


WINDOW_CASES = {"window_400": window_400, "window_pyramid": window_pyramid}
CASES = {"in_memory": in_memory, "pyramid": pyramid, "plain": plain, "saving": saving}


def mask_store(folder: Path) -> MaskStore:
    table = ClassTable.from_names([f"class {i}" for i in range(5)])
    return MaskStore(folder / "masks", lambda: table, behind=None, cache=folder / "cache")


def entry(folder: Path, name: str) -> ImageEntry:
    return ImageEntry(name, folder / name, folder / "masks" / f"{name}.png")


def child(folder: Path, case: str) -> dict:
    """A case in a process of its own, with the most memory that one ever held."""
    words = [sys.executable, __file__, "--case", case, "--folder", str(folder)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def prepare_large(folder: Path) -> None:
    write_png(folder / "400.png", 20_000)
    doc = Document.blank(20_000, 20_000)
    dabs(doc, 1500)
    mask_store(folder).save_snapshot(entry(folder, "400"), doc.snapshot())
    write_tiff(folder / "pyramid.tif", SIDE_900, pyramid=True)
    write_tiff(folder / "plain.tif", SIDE_900, pyramid=False)


def peak_memory() -> int:
    """Bytes this process held at most; what the system counts for children includes the parent."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def wander(shape: tuple[int, int]) -> list[Rect]:
    rng = np.random.default_rng(0)
    corners = [(int(rng.integers(shape[1] - 1640)), int(rng.integers(shape[0] - 1000)))
               for _ in range(100)]  # fmt: skip
    return [Rect(x, y, x + 1640, y + 1000) for x, y in corners]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=int, nargs="*", default=[16, 100])
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--window", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--case", choices=[*CASES, *WINDOW_CASES], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.case:
        with tempfile.TemporaryDirectory() as home:
            for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
                os.environ[name] = home
            result = (CASES | WINDOW_CASES)[args.case](args.folder)
        print(json.dumps({**result, "peak_mb": peak_memory() / 1e6}))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results = [measure_png(folder, mp) for mp in args.megapixels]
        if args.large:
            prepare_large(folder)
            results += [child(folder, case) for case in CASES]
        if args.window:
            if not args.large:
                write_png(folder / "400.png", 20_000)
                write_tiff(folder / "pyramid.tif", SIDE_900, pyramid=True)
            results += [child(folder, case) for case in WINDOW_CASES]
    for result in results:
        if args.json:
            print(json.dumps(result))
        else:
            numbers = (f"{k} {v:.3g}" for k, v in result.items() if k != "case")
            print(f"{result['case']}: {', '.join(numbers)}")


if __name__ == "__main__":
    main()
