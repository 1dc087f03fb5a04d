"""nnU-Net, Hugging Face, TIFF and NumPy: read by their own programs' libraries or rules."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import tifffile
from PIL import Image

from unet_gui.core.classes import ClassInfo, ClassTable
from unet_gui.core.errors import DatasetError, MaskReadError
from unet_gui.core.progress import drain
from unet_gui.dataset.formats import export, import_dataset, read, recognise
from unet_gui.dataset.formats.records import Findings
from unet_gui.dataset.project import Project
from unet_gui.dataset.splits import Split


def check_nnunet(folder):
    """The rules of nnunetv2's verify_dataset_integrity for natural 2-D images.

    nnunetv2 itself is too heavy to install for a test.
    """
    data = json.loads((folder / "dataset.json").read_text("utf-8"))
    assert {"labels", "channel_names", "numTraining", "file_ending"} <= set(data)
    ending = data["file_ending"]
    assert data["labels"]["background"] == 0
    found = sorted((folder / "imagesTr").iterdir())
    cases = {re.sub(r"_\d{4}\Z", "", p.name.removesuffix(ending)) for p in found}
    assert len(cases) == data["numTraining"]
    labels = sorted(v for k, v in data["labels"].items() if k != "ignore")
    if "ignore" in data["labels"]:
        labels.append(data["labels"]["ignore"])
    assert labels == list(range(len(labels)))
    seen = {}
    for case in cases:
        with Image.open(folder / "labelsTr" / f"{case}{ending}") as image:
            assert image.mode in {"L", "I;16"}  # a palette would be read as colours
            seen[case] = np.asarray(image)
        assert set(np.unique(seen[case]).tolist()) <= set(labels)
        with Image.open(folder / "imagesTr" / f"{case}_0000{ending}") as image:
            assert len(image.getbands()) == len(data["channel_names"])
            assert image.size == seen[case].shape[::-1]
    return data, seen


def test_nnunet_by_its_own_rules(tiny_project, tmp_path, expected):
    report = drain(export(tiny_project, "nnunet", tmp_path / "out", verified=True))
    data, seen = check_nnunet(tmp_path / "out")
    assert data["labels"] == {"background": 0, "disc": 1, "square": 2, "ignore": 3}
    for name, (mask, _) in expected(tiny_project, report).items():
        assert np.array_equal(seen[name], np.where(mask == 255, 3, mask))
    folds = json.loads((tmp_path / "out" / "splits_final.json").read_text("utf-8"))
    assert (tuple(folds[0]["train"]), tuple(folds[0]["val"])) == (report.train, report.val)


def test_nnunet_counts_labels_anew_and_remembers(tmp_path, make_project):
    mask = np.array([[3, 9, 5, 255, 77]], np.uint8)
    classes = ClassTable(
        [ClassInfo(9, "soil", "#010101"), ClassInfo(3, "ignore", "#020202"),
         ClassInfo(5, "background", "#030303")]
    )  # fmt: skip
    project = make_project(tmp_path, {"a.png": mask}, classes)
    for background, row in (("", [1, 2, 0, 3, 3]), ("Soil", [1, 0, 2, 3, 3])):
        out = tmp_path / f"out{background}"
        job = export(project, "nnunet", out, options={"background": background}, verified=True)
        report = drain(job)
        data, seen = check_nnunet(out)
        assert seen["a"].tolist() == [row]
        assert "ignore_" in data["labels"]
        assert any("77" in w for w in report.losses)
        drain(import_dataset(out, tmp_path / f"again{background}"))
        again = Project.open(tmp_path / f"again{background}")
        assert again.load_mask(again.images[0]).tolist() == [[3, 9, 5, 255, 255]]
        assert {c.id: c.name for c in again.classes} == {c.id: c.name for c in classes}


def test_nnunet_without_our_notes(odd_project, tmp_path):
    out = tmp_path / "out"
    drain(export(odd_project, "nnunet", out, split=Split(0)))
    data, seen = check_nnunet(out)
    assert data["labels"]["ignore"] == 256  # 255 classes, and 0 is none of them
    assert max(int(s.max()) for s in seen.values()) == 256
    del data["unet_gui"]
    data["labels"].pop("c 254")
    (out / "dataset.json").write_text(json.dumps(data), "utf-8")
    report = drain(import_dataset(out, tmp_path / "again"))
    assert report.images == 7
    again = Project.open(tmp_path / "again")
    assert again.classes[1].name == "c 0"


def test_huggingface_loads_the_image_folder(tiny_project, tmp_path, monkeypatch, expected):
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    for metadata in ("parquet", "jsonl"):
        out = tmp_path / metadata
        job = export(tiny_project, "huggingface", out, options={"metadata": metadata},
                     entries=tiny_project.images, split=Split(0.3, 0.3))  # fmt: skip
        report = drain(job)
        truth = expected(tiny_project, report)
        read = datasets.load_dataset(
            "imagefolder", data_dir=str(out), cache_dir=str(tmp_path / f"cache-{metadata}")
        )
        assert set(read) == {"train", "validation", "test"}
        rows = [row for split in read.values() for row in split]
        assert sorted(r["name"] for r in rows) == ["a.png", "b.jpg", "sub/c.png"]
        for row in rows:
            mask, pixels = next(
                t for n, t in truth.items() if n.endswith(row["name"][-5:].split(".")[0])
            )
            assert np.array_equal(np.asarray(row["mask"]), mask)
            assert np.array_equal(np.asarray(row["image"].convert("RGB")), pixels)


def test_huggingface_without_pyarrow_says_so(tiny_project, tmp_path, monkeypatch):
    monkeypatch.setattr("unet_gui.dataset.formats.huggingface.find_spec", lambda name: None)
    report = drain(export(tiny_project, "huggingface", tmp_path / "out"))
    assert any("pyarrow" in w for w in report.warnings)
    assert (tmp_path / "out" / "train" / "metadata.jsonl").is_file()


def test_tifffile_and_pillow_read_stacks(tmp_path, make_project, expected):
    masks = {f"{i}.png": np.full((5, 7), i, np.uint8) for i in range(4)}
    masks["wide.png"] = np.full((5, 9), 255, np.uint8)
    masks["wide.png"][1, 1] = 2
    project = make_project(tmp_path, masks, ["a", "b", "c", "d"])
    report = drain(export(project, "tiff", tmp_path / "out", split=Split(0)))
    stack = tifffile.imread(tmp_path / "out" / "train_labels_7x5.tif")
    assert stack.shape == (4, 5, 7)
    assert [int(page[0, 0]) for page in stack] == [0, 1, 2, 3]
    images = tifffile.imread(tmp_path / "out" / "train_images_7x5.tif")
    truth = expected(project, report)
    assert all(np.array_equal(images[i], truth[str(i)][1]) for i in range(4))
    with Image.open(tmp_path / "out" / "train_labels_9x5.tif") as image:
        assert image.mode == "P"
        assert np.array_equal(np.asarray(image), masks["wide.png"])
        assert image.getpalette()[:3] == list(project.classes[0].rgb)


def test_stacks_of_others_are_read(tmp_path):
    src = tmp_path / "src"
    src.mkdir()
    deep = np.arange(2 * 3 * 4, dtype=np.uint16).reshape(2, 3, 4) * 1000
    ids = np.array([[[0, 1, 2, 255]] * 3] * 2, np.uint16)
    tifffile.imwrite(src / "cells.tif", deep, photometric="minisblack")
    tifffile.imwrite(src / "cells_labels.tif", ids, photometric="minisblack")
    assert recognise(src).key == "tiff"
    drain(import_dataset(src, tmp_path / "p"))
    project = Project.open(tmp_path / "p")
    assert [e.name for e in project.images] == ["cells_00000.tif", "cells_00001.tif"]
    for i, entry in enumerate(project.images):
        assert np.array_equal(tifffile.imread(entry.path), deep[i])
        assert np.array_equal(project.load_mask(entry), ids[i])
    assert len(project.classes) == 3


def test_numpy_alone_reads_arrays(tiny_project, tmp_path, expected):
    report = drain(export(tiny_project, "numpy", tmp_path / "files"))
    for split, names in (("train", report.train), ("val", report.val)):
        with np.load(tmp_path / "files" / split / f"{names[0]}.npz") as arrays:
            mask, image = expected(tiny_project, report)[names[0]]
            assert np.array_equal(arrays["mask"], mask)
            assert np.array_equal(arrays["image"], image)
    options = {"layout": "stack"}
    report = drain(export(tiny_project, "numpy", tmp_path / "s", options=options, verified=True))
    stack = np.load(tmp_path / "s" / "train_masks.npy", mmap_mode="r")
    assert stack.shape == (1, 32, 48)
    assert np.array_equal(stack[0], expected(tiny_project, report)[report.train[0]][0])
    drain(import_dataset(tmp_path / "s", tmp_path / "again"))
    assert len(Project.open(tmp_path / "again").images) == 2


def test_arrays_of_others_are_read(tmp_path):
    src = tmp_path / "src"
    src.mkdir()
    grey = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.savez(src / "one.npz", x=grey, y=np.array([[0, 1, 1], [255, 0, 3]]))
    drain(import_dataset(src, tmp_path / "p"))
    project = Project.open(tmp_path / "p")
    assert project.load_mask(project.images[0]).tolist() == [[0, 1, 1], [255, 0, 3]]
    assert np.array_equal(tifffile.imread(project.images[0].path), grey)
    assert project.classes.ids == (0, 1, 3)


def test_damaged_arrays_are_named_wherever_the_damage_is(tiny_project, tmp_path):
    out = tmp_path / "out"
    drain(export(tiny_project, "numpy", out))
    file = next(out.rglob("*.npz"))
    good = file.read_bytes()
    told = 0
    for at in range(0, len(good), 7):
        file.write_bytes(good[:at] + b"\xff\x00\xff\x00" + good[at + 4 :])
        try:
            for record in drain(read(out, "numpy")).records:
                record.mask(Findings())
                record.content()
        except (DatasetError, MaskReadError):
            told += 1
    assert told > 10


@pytest.mark.parametrize("key", ["nnunet", "tiff", "numpy"])
def test_deep_images_are_written_as_shown_and_it_is_said(tiny_project, tmp_path, key):
    deep = np.arange(48 * 32, dtype=np.uint16).reshape(32, 48) * 10
    tifffile.imwrite(tiny_project.images_dir / "d.tif", deep)
    tiny_project.refresh()
    tiny_project.save_mask(tiny_project.entry("d.tif"), np.zeros((32, 48), np.uint8))
    report = drain(export(tiny_project, key, tmp_path / "out", verified=True))
    assert any("1 images were written as 8-bit RGB" in w for w in report.warnings)
