"""Label images, arrays and stacks: what is written is read by others, and by us, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from unet_gui.core.classes import ClassInfo, ClassTable
from unet_gui.core.progress import drain
from unet_gui.dataset.formats import export, import_dataset, losses, recognise
from unet_gui.dataset.images import load_image
from unet_gui.dataset.project import Project
from unet_gui.dataset.splits import Split

VARIANTS = [
    ("cityscapes", {}),
    ("camvid", {}),
    ("nnunet", {}),
    ("nnunet", {"channels": "grey"}),
    ("huggingface", {}),
    ("huggingface", {"metadata": "jsonl"}),
    ("tiff", {}),
    ("tiff", {"layout": "files"}),
    ("numpy", {}),
    ("numpy", {"compressed": "no"}),
]
IDS = ["-".join((key, *options.values())) for key, options in VARIANTS]
every = pytest.mark.parametrize(("key", "options"), VARIANTS, ids=IDS)


def masks_of(project):
    """Mask and shown image by stem."""
    return {e.path.stem: (project.load_mask(e), load_image(e.path)) for e in project.images}


@every
def test_odd_things_come_back(odd_project, tmp_path, key, options):
    out = tmp_path / "out"
    report = drain(export(odd_project, key, out, options=options, verified=True,
                          split=Split(0.3, 0.2)))  # fmt: skip
    assert report.verified.images == report.images == 7
    assert (len(report.val), len(report.test)) == (2, 1)
    assert recognise(out).key == key
    drain(import_dataset(out, tmp_path / "again"))
    again = Project.open(tmp_path / "again")
    assert {c.id: c.name for c in again.classes} == {c.id: c.name for c in odd_project.classes}
    ours, theirs = masks_of(odd_project), masks_of(again)
    assert len(theirs) == 7
    for mask, image in ours.values():
        equal = [
            t for t in theirs.values() if t[0].shape == mask.shape and np.array_equal(t[0], mask)
        ]
        assert equal
        if options.get("channels") != "grey":
            assert any(np.array_equal(t[1], image) for t in equal)


@every
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=6,
          deadline=None)  # fmt: skip
@given(
    mask=hnp.arrays(
        np.uint8,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
        elements=st.sampled_from([0, 1, 2, 9, 254, 255]),
    )
)
def test_any_mask_comes_back(tmp_path_factory, key, options, mask, make_project):
    folder = tmp_path_factory.mktemp("p")
    classes = ClassTable(ClassInfo(i, f"n{i}", "#102030") for i in (254, 0, 2, 1))
    project = make_project(folder, {"a.png": mask}, classes)
    out = folder / "out"
    drain(export(project, key, out, entries=project.images, options=options, verified=True))
    drain(import_dataset(out, folder / "again"))
    again = Project.open(folder / "again")
    known = mask if key in {"huggingface", "tiff", "numpy"} else np.where(mask == 9, 255, mask)
    assert np.array_equal(again.load_mask(again.images[0]), known)


@every
def test_resuming_and_cancelling(tiny_project, tmp_path, key, options):
    out = tmp_path / "new" / "out"
    entries = tiny_project.images
    drain(export(tiny_project, key, tmp_path / "whole", entries=entries, options=options))
    whole = contents(tmp_path / "whole")
    for steps in range(1, 8):
        job = export(tiny_project, key, out, entries=entries, options=options, resume=True)
        for _ in range(steps):
            next(job, None)
        job.close()
    drain(export(tiny_project, key, out, entries=entries, options=options, resume=True))
    assert contents(out) == whole


def contents(folder):
    """Files and what is in them; the bytes of parquet and TIFF hold nothing but data either."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


@pytest.mark.slow  # torch takes its time to load
def test_torchvision_reads_cityscapes(tiny_project, tmp_path, expected):
    datasets = pytest.importorskip("torchvision.datasets")
    report = drain(export(tiny_project, "cityscapes", tmp_path / "out"))
    truth = expected(tiny_project, report)
    palette = tiny_project.classes.palette()
    palette[255] = 0
    for split, names in (("train", report.train), ("val", report.val)):
        read = datasets.Cityscapes(tmp_path / "out", split=split, target_type=["semantic", "color"])
        assert len(read) == len(names) == 1
        image, (ids, colors) = read[0]
        mask, pixels = truth[names[0]]
        assert np.array_equal(np.asarray(ids), mask)
        assert np.array_equal(np.asarray(colors.convert("RGB")), palette[mask])
        assert np.array_equal(np.asarray(image), pixels)


@pytest.mark.slow  # torch again
def test_labels_of_cityscapes_keep_their_ids(tmp_path, make_project):
    datasets = pytest.importorskip("torchvision.datasets")
    mask = np.array([[7, 26, 255], [11, 24, 3]], np.uint8)
    official = {c.id: c for c in datasets.Cityscapes.classes}
    classes = ClassTable(
        ClassInfo(i, official[i].name, "#{:02x}{:02x}{:02x}".format(*official[i].color))
        for i in (7, 26, 11, 24, 3)
    )
    project = make_project(tmp_path, {"a_leftImg8bit.png": mask}, classes)
    drain(export(project, "cityscapes", tmp_path / "out", verified=True))
    stem = tmp_path / "out" / "gtFine" / "train" / "city" / "a_gtFine"
    with Image.open(f"{stem}_labelIds.png") as ids, Image.open(f"{stem}_labelTrainIds.png") as t:
        assert np.asarray(ids).tolist() == [[7, 26, 0], [11, 24, 3]]
        expected_ids = [[official[i].train_id for i in row] for row in np.asarray(ids).tolist()]
        assert np.asarray(t).tolist() == expected_ids
    (tmp_path / "out" / "labels.json").unlink()  # as Cityscapes itself comes
    for void, last in (("keep", 3), ("ignore", 255)):
        target = tmp_path / void
        drain(import_dataset(tmp_path / "out", target, options={"void": void}))
        again = Project.open(target)
        assert again.images[0].name == "city/a.png"
        assert again.load_mask(again.images[0]).tolist() == [[7, 26, 255], [11, 24, last]]
        assert again.classes[26].name == "car"


def test_camvid_read_by_its_table_alone(tmp_path, make_project):
    mask = np.array([[0, 1, 2], [255, 9, 2]], np.uint8)
    classes = ClassTable(
        [
            ClassInfo(0, "a, b", "#000000"),
            ClassInfo(1, "c", "#ff0000"),
            ClassInfo(2, "d", "#ff0000"),
        ]
    )
    project = make_project(tmp_path, {"x.png": mask}, classes)
    said = losses(project, "camvid")
    assert "a, b, d got another one" in said[0]
    assert "9" in said[1]
    drain(export(project, "camvid", tmp_path / "out", verified=True))
    rows = (tmp_path / "out" / "label_colors.txt").read_text("utf-8").splitlines()
    table = {tuple(map(int, line.split("\t")[0].split())): line.split("\t")[1] for line in rows}
    assert table[0, 0, 0] == "Void"
    with Image.open(tmp_path / "out" / "train_labels" / "x_L.png") as image:
        assert image.mode == "RGB"
        names = [[table[tuple(p)] for p in row] for row in np.asarray(image).tolist()]
    assert names == [["a, b", "c", "d"], ["Void", "Void", "d"]]


def test_the_original_camvid_is_read(tmp_path):
    src = tmp_path / "CamVid"
    for folder in ("701_StillsRaw_full", "LabeledApproved_full"):
        (src / folder).mkdir(parents=True)
    Image.new("RGB", (2, 1)).save(src / "701_StillsRaw_full" / "f1.png")
    Image.new("RGB", (2, 1)).save(src / "701_StillsRaw_full" / "f2.png")
    colors = np.array([[[64, 128, 64], [0, 0, 0]]], np.uint8)
    Image.fromarray(colors).save(src / "LabeledApproved_full" / "f1_L.png")
    (src / "label_colors.txt").write_text("64 128 64\tAnimal\n0 0 0\t\tVoid\n", "utf-8")
    assert recognise(src).key == "camvid"
    report = drain(import_dataset(src, tmp_path / "p"))
    project = Project.open(tmp_path / "p")
    assert project.load_mask(project.entry("f1.png")).tolist() == [[0, 255]]
    assert [c.name for c in project.classes] == ["Animal"]
    assert any("1 images have no mask" in s for s in report.sentences)
