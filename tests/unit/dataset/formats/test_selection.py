"""Finished images, crops, some classes, a card: with every format, compared pixel by pixel."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.errors import ExportError
from unet_gui.core.progress import drain
from unet_gui.dataset.class_choice import ClassChoice
from unet_gui.dataset.crops import Crops
from unet_gui.dataset.formats import FORMATS, Card, Only, Selection, export, import_dataset
from unet_gui.dataset.images import load_image
from unet_gui.dataset.project import Project
from unet_gui.dataset.splits import Split

WRITABLE = sorted(key for key, f in FORMATS.items() if f.write and f.read)


def chosen(project, only):
    return drain(export(project, "png", project.root / f"out-{only}", selection=Selection(only)))


def test_only_finished_images_by_default(tiny_project):
    assert chosen(tiny_project, Only.LABELLED).images == 2
    assert chosen(tiny_project, Only.ALL).images == 3
    report = chosen(tiny_project, Only.FINISHED)
    assert report.images == 2
    assert any("No image is marked as done" in w for w in report.warnings)
    with pytest.raises(ExportError, match="marked as done"):
        chosen(tiny_project, Only.DONE)
    tiny_project.set_done(tiny_project.entry("a.png"), done=True)
    report = chosen(tiny_project, Only.FINISHED)
    assert (*report.train, *report.val) == ("a",)
    assert any("1 images that are labelled" in w for w in report.warnings)
    assert chosen(tiny_project, Only.DONE).images == 1


@pytest.mark.parametrize("key", WRITABLE)
def test_crops_of_some_classes_in_every_format(tiny_project, tmp_path, key):
    selection = Selection(
        Only.ALL,
        Crops(20, 20, 4),
        ClassChoice(keep=("square", "disc"), mapping=(("background", "disc"),), renumber=True),
    )
    out = tmp_path / "out"
    job = export(tiny_project, key, out, selection=selection, card=Card(), verified=True,
                 split=Split(0.3, 0.3))  # fmt: skip
    report = drain(job)
    assert report.images == 3 * 6
    assert report.verified.images == 18
    assert any("cut into 18 crops of 20×20" in w for w in report.warnings)
    parts = {n: p for p in ("train", "val", "test") for n in getattr(report, p)}
    for stem in ("a", "b", "sub__c"):
        assert len({p for n, p in parts.items() if n.startswith(f"{stem}_y")}) == 1
    drain(import_dataset(out, tmp_path / "again"))
    again = Project.open(tmp_path / "again")
    names = {c.id: c.name for c in again.classes}
    ids = {name: i for i, name in names.items()}
    crops = {e.path.stem: e for e in again.images}
    for name in parts:
        entry = crops[name]
        stem, top, left = name.rsplit("_", 2)
        ours = next(e for e in tiny_project.images if e.path.stem == stem.rpartition("__")[2])
        y, x = int(top[1:]), int(left[1:])
        truth = tiny_project.load_mask(ours)[y : y + 20, x : x + 20]
        wanted = np.select([truth == 2, truth < 2], [ids["square"], ids["disc"]], 255)
        assert np.array_equal(again.load_mask(entry), wanted)
        pixels = load_image(ours.path)[y : y + 20, x : x + 20]
        shown = load_image(entry.path)
        assert shown.shape == pixels.shape
        assert abs(shown.astype(int) - pixels).mean() < 6  # JPEG in some formats


def test_crops_without_a_label_are_left_out(tiny_project, tmp_path):
    selection = Selection(Only.LABELLED, Crops(16, 16))
    report = drain(export(tiny_project, "png", tmp_path / "out", selection=selection))
    assert report.images == 6 + 3  # the upper half of b.jpg is unlabelled
    assert any("3 crops without a labelled pixel were left out" in w for w in report.warnings)
    empty = Selection(Only.LABELLED, Crops(16, 16), ClassChoice(mapping=(("*", "unlabelled"),)))
    with pytest.raises(ExportError, match="No class"):
        drain(export(tiny_project, "png", tmp_path / "none", selection=empty))


def test_groups_hold_for_crops_too(tmp_path, make_project):
    masks = {f"s{i % 3}/{i}.png": np.full((8, 8), i % 2, np.uint8) for i in range(9)}
    project = make_project(tmp_path, masks, ["a", "b"])
    report = drain(
        export(project, "png", tmp_path / "out", selection=Selection(crops=Crops(4, 4)),
               split=Split(0.3, group="folder"))
    )  # fmt: skip
    assert len(report.val) == 12
    assert len({n[:2] for n in report.val}) == 1
    assert not {n[:2] for n in report.val} & {n[:2] for n in report.train}


def test_resuming_with_other_crops_starts_anew(tiny_project, tmp_path):
    out = tmp_path / "out"
    for size in (16, 20):
        selection = Selection(Only.ALL, Crops(size, size))
        job = export(tiny_project, "png", out, selection=selection, resume=True)
        for _ in range(9):
            next(job)
        job.close()
    drain(export(tiny_project, "png", out, selection=selection, resume=True))
    for file in (out / "masks").iterdir():
        with Image.open(file) as mask:
            assert mask.size == (20, 20)


def test_the_card_tells_what_is_in_it(tiny_project, tmp_path):
    out = tmp_path / "out"
    card = Card("CC BY 4.0", "Field | 7", "Discs")
    split = Split(0.5, group=".", seed=3)
    drain(export(tiny_project, "png", out, card=card, split=split))
    data = json.loads((out / "dataset_card.json").read_text("utf-8"))
    assert (data["title"], data["license"], data["source"]) == ("Discs", "CC BY 4.0", "Field | 7")
    assert data["images"] == {"train": 1, "val": 1} or data["images"] == {"train": 2}
    total = {c["id"]: sum(c["pixels"].values()) for c in data["classes"]}
    truth = [tiny_project.load_mask(tiny_project.entry(n)) for n in ("a.png", "b.jpg")]
    for class_id, pixels in total.items():
        assert pixels == sum(int((m == class_id).sum()) for m in truth)
    assert sum(data["unlabelled"].values()) == sum(int((m == 255).sum()) for m in truth)
    assert data["split"] == {"val": 0.5, "test": 0.0, "seed": 3, "group": "."}
    sums = (out / "sha256sums.txt").read_bytes()
    assert hashlib.sha256(sums).hexdigest() == data["checksum"]["sha256"]
    listed = dict(line.split("  ", 1)[::-1] for line in sums.decode().splitlines())
    assert "masks/a.png" in listed
    for name, digest in listed.items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    text = (out / "README.md").read_text("utf-8")
    assert "# Discs" in text
    assert "Field \\| 7" in text
    row = " | ".join(str(p) for p in data["classes"][1]["pixels"].values())
    assert f"| 1 | disc | #ffb300 | {row} |" in text
    again = tmp_path / "again"
    drain(export(tiny_project, "png", again, card=card, split=split))
    assert (again / "README.md").read_bytes() == (out / "README.md").read_bytes()


def test_the_card_tells_what_was_chosen(tiny_project, tmp_path):
    selection = Selection(crops=Crops(16, 16), classes=ClassChoice(mapping=(("disc", "thing"),)))
    drain(export(tiny_project, "png", tmp_path / "out", selection=selection, card=Card()))
    text = (tmp_path / "out" / "README.md").read_text("utf-8")
    assert "- The class disc became thing." in text
    assert "crops of 16×16" in text


def test_the_hub_finds_its_front_matter(tiny_project, tmp_path):
    drain(export(tiny_project, "huggingface", tmp_path / "out", card=Card("MIT")))
    text = (tmp_path / "out" / "README.md").read_text("utf-8")
    assert text.startswith("---\ntask_categories:\n")
    assert 'license_name: "MIT"' in text
