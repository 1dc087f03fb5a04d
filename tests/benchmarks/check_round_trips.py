"""Whole data sets from a project to each format and back: what is not the same afterwards?

    python tests/benchmarks/check_round_trips.py SETS [--formats png,coco] [--sets wbc] [--json]

SETS is a folder of data sets, each with images, masks and meta.json. Every one is opened as a
project, exported whole, verified, imported into a new project and compared: classes with ids and
colours, every pixel of every mask, every pixel of every image. Prints a line for each pair and all
that differs; ends with 1 when a mask or a class that the format can hold came back different.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

VARIANTS = {
    "tiff": [{}, {"layout": "files"}],
    "numpy": [{}, {"compressed": "no"}],
    "labelme": [{}, {"split": "folders"}],
    "labelstudio": [{}, {"regions": "class"}],
    "coco": [{}, {"rle": "uncompressed"}],
}


def linked(source: Path, target: Path) -> None:
    """The same set in a folder that may be written to."""
    for part in ("images", "masks"):
        (target / part).mkdir(parents=True)
        for path in sorted((source / part).iterdir()):
            (target / part / path.name).symlink_to(path)
    shutil.copyfile(source / "meta.json", target / "meta.json")


def round_trip(project, key: str, options: dict, room: Path) -> dict:
    from unet_gui.core.progress import drain
    from unet_gui.dataset.formats import FORMATS, Card, export, import_dataset, recognise
    from unet_gui.dataset.formats.plan import plan
    from unet_gui.dataset.formats.survey import survey
    from unet_gui.dataset.formats.work import Work
    from unet_gui.dataset.images import load_image
    from unet_gui.dataset.project import Project
    from unet_gui.dataset.splits import Split

    out, into, form = room / "out", room / "again", FORMATS[key]
    report = drain(
        export(project, key, out, entries=project.images, options=options, card=Card(),
               verified=True)
    )  # fmt: skip
    recognised = recognise(out).key
    imported = drain(import_dataset(out, into))
    again = Project.open(into)
    found = {e.path.name.rpartition(".")[0]: e for e in again.images}
    items = plan(project, project.images, Split()).items
    values = form.chosen(options)
    work = Work(project, items, out, values, survey(project, project.images, values))
    lut = np.full(256, 255, np.uint8)
    for c in again.classes:
        mine = [m.id for m in project.classes if m.name.casefold() == c.name.casefold()]
        lut[c.id] = mine[0] if mine else 254
    wrong, pixels, apart, worst = 0, 0, 0, 0.0
    for item in items:
        entry = found[item.name]
        kept = form.survives(project.load_mask(item.entry), work)
        wrong += int(np.count_nonzero(lut[again.load_mask(entry)] != kept))
        pixels += kept.size
        before, after = load_image(item.entry.path), load_image(entry.path)
        if not np.array_equal(before, after):
            apart += 1
            worst = max(worst, float(np.abs(before.astype(int) - after).mean()))
    return {
        "images": len(items),
        "recognised": recognised == key,
        "masks_verified": report.verified.images,
        "by_other_libraries": report.verified.outside,
        "wrong_pixels": wrong,
        "pixels": pixels,
        "ids_same": again.classes.ids == project.classes.ids,
        "colors_same": [c.color for c in again.classes] == [c.color for c in project.classes],
        "names_same": [c.name for c in again.classes] == [c.name for c in project.classes],
        "images_changed": apart,
        "worst_mean_difference": round(worst, 2),
        "said": [*report.warnings, *imported.sentences],
    }


def main() -> None:
    from unet_gui.dataset.formats import FORMATS
    from unet_gui.dataset.project import Project

    both = [f.key for f in FORMATS.values() if f.read and f.write]
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path, metavar="SETS")
    parser.add_argument("--formats", default=",".join(both))
    parser.add_argument("--sets", default="", help="names of sets; all when not given")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each pair")
    words = parser.parse_args()
    names = words.sets.split(",") if words.sets else sorted(
        p.parent.name for p in words.folder.glob("*/meta.json")
    )  # fmt: skip
    bad = 0
    for name in names:
        for key in words.formats.split(","):
            for options in VARIANTS.get(key, [{}]):
                with tempfile.TemporaryDirectory() as made:
                    linked(words.folder / name, Path(made) / "set")
                    project = Project.open(Path(made) / "set")
                    began = time.perf_counter()
                    found = round_trip(project, key, options, Path(made))
                bad += bool(found["wrong_pixels"]) or not found["names_same"]
                if words.json:
                    print(json.dumps({"set": name, "format": key, "options": options, **found}))
                    sys.stdout.flush()
                    continue
                told = {k: v for k, v in found.items() if k not in {"said", "pixels"}}
                took = f"{time.perf_counter() - began:6.1f} s"
                print(f"{name:17}{key:12}{'-'.join(options.values()):13}{took}", told, flush=True)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
