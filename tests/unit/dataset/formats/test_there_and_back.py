"""Real sets and large masks: project, each format, and back with nothing changed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.classes import ClassInfo, ClassTable
from unet_gui.core.progress import drain
from unet_gui.dataset.formats import export, import_dataset, recognise
from unet_gui.dataset.images import load_image
from unet_gui.dataset.project import Project

pytestmark = pytest.mark.slow

SETS = (
    "em_membranes", "em_organelles", "wbc", "nuclei", "nuclei_histology", "camvid", "vessels",
    "crop_weed",
)  # fmt: skip
VARIANTS = [
    ("cityscapes", {}),
    ("camvid", {}),
    ("nnunet", {}),
    ("huggingface", {}),
    ("tiff", {}),
    ("tiff", {"layout": "files"}),
    ("numpy", {"compressed": "no"}),
]
IDS = ["-".join((key, *options.values())) for key, options in VARIANTS]


def copied(source, target, number):
    """A project of the first images of a shared set, which is only read."""
    for folder in ("images", "masks"):
        (target / folder).mkdir(parents=True)
    for image in sorted((source / "images").iterdir())[:number]:
        mask = source / "masks" / f"{image.stem}.png"
        for path in (image, mask):
            (target / path.parent.name / path.name).write_bytes(path.read_bytes())
    (target / "meta.json").write_bytes((source / "meta.json").read_bytes())
    return Project.open(target)


def check_there_and_back(project, folder, key, options):
    """Masks and classes are the same; images too, as these formats keep pixels."""
    report = drain(export(project, key, folder / "out", options=options, verified=True))
    assert report.images == len(project.images)
    assert recognise(folder / "out").key == key
    drain(import_dataset(folder / "out", folder / "again"))
    imported = Project.open(folder / "again")
    again = {e.path.stem: e for e in imported.images}
    assert {c.id: c.name for c in imported.classes} == {c.id: c.name for c in project.classes}
    for entry in project.images:
        other = again[entry.path.stem]
        assert np.array_equal(imported.load_mask(other), project.load_mask(entry))
        assert np.array_equal(load_image(other.path), load_image(entry.path))


@pytest.mark.parametrize("name", SETS)
def test_shared_sets(shared_data, tmp_path, name):
    project = copied(shared_data(name), tmp_path / "p", 3)
    truth = json.loads((tmp_path / "p" / "meta.json").read_text("utf-8"))
    assert [c.name for c in project.classes] == [c["name"] for c in truth["classes"]]
    for (key, options), case in zip(VARIANTS, IDS, strict=True):
        check_there_and_back(project, tmp_path / case, key, options)


@pytest.mark.parametrize(("key", "options"), VARIANTS, ids=IDS)
def test_a_mask_of_twelve_megapixels(tmp_path, key, options):
    rng = np.random.default_rng(5)
    mask = np.repeat(np.repeat(rng.integers(0, 12, (301, 401), np.uint8), 10, 0), 10, 1)
    mask = mask[:3001, :4001].copy()
    mask[rng.integers(0, 3001, 500), rng.integers(0, 4001, 500)] = 12
    mask[100:900, 200:2000] = 255
    assert mask.shape == (3001, 4001)
    folder = tmp_path / "p"
    (folder / "images").mkdir(parents=True)
    shades = np.linspace(0, 255, 4001, dtype=np.uint8)
    Image.fromarray(np.repeat(shades[np.newaxis], 3001, 0)).save(folder / "images" / "big.png")
    classes = ClassTable(ClassInfo(i, f"class {i}", f"#{i:02x}8040") for i in range(13))
    project = Project.create(folder, images=folder / "images", classes=classes)
    project.save_mask(project.images[0], mask)
    check_there_and_back(project, tmp_path, key, options)


def test_labels_of_a_street_as_torchvision_reads_them(shared_data, tmp_path):
    datasets = pytest.importorskip("torchvision.datasets")
    project = copied(shared_data("camvid"), tmp_path / "p", 4)
    report = drain(export(project, "cityscapes", tmp_path / "out", val=0.5))
    masks = {e.path.stem: project.load_mask(e) for e in project.images}
    for split, names in (("train", report.train), ("val", report.val)):
        read = datasets.Cityscapes(tmp_path / "out", split=split, target_type="semantic")
        assert len(read) == len(names) == 2
        found = [np.asarray(read[i][1]) for i in range(2)]
        assert all(any(np.array_equal(f, masks[n]) for f in found) for n in names)


def test_voc_as_torchvision_reads_it(shared_data, tmp_path):
    datasets = pytest.importorskip("torchvision.datasets")
    project = copied(shared_data("crop_weed"), tmp_path / "p", 3)
    out = tmp_path / "VOCdevkit" / "VOC2012"
    report = drain(export(project, "voc", out, val=0))
    read = datasets.VOCSegmentation(tmp_path, year="2012", image_set="train")
    masks = {e.path.stem: project.load_mask(e) for e in project.images}
    assert len(read) == 3
    for i, name in enumerate(report.train):
        image, mask = read[i]
        assert np.array_equal(np.asarray(mask), masks[name])
        assert image.size == masks[name].shape[::-1]
