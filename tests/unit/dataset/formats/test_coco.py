"""COCO: read by pycocotools, and files of others read as pycocotools reads them."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from unet_gui.core.classes import ClassTable
from unet_gui.core.errors import DatasetError
from unet_gui.core.progress import drain
from unet_gui.dataset.formats import export, import_dataset, losses, read, recognise
from unet_gui.dataset.formats.objects import objects
from unet_gui.dataset.formats.polygons import fill_area
from unet_gui.dataset.formats.records import Findings
from unet_gui.dataset.formats.rle import counts_of, from_string, to_strings
from unet_gui.dataset.project import Project
from unet_gui.dataset.splits import Split

coco = pytest.importorskip("pycocotools.coco")
rle = pytest.importorskip("pycocotools.mask")

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NAMES = ClassTable.from_names(["background", "disc", "ring"])
RING = np.zeros((9, 12), np.uint8)
RING[1:8, 2:10], RING[3:6, 4:8], RING[4, 5] = 1, 0, 2
RING[0, 0], RING[8] = 2, 255


@settings(deadline=None)
@given(hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=30)))
def test_run_lengths_are_those_of_pycocotools(where):
    mask = where.astype(np.uint8)
    found = objects(mask, skip=[0])
    counts = counts_of(found.column_runs(mask), np.full(len(found), mask.size))
    written = zip(to_strings(counts), counts.lists(), strict=True)
    for number, (text, lengths) in enumerate(written, start=1):
        full = np.asfortranarray(found.numbers() == number, np.uint8)
        assert text == rle.encode(full)["counts"].decode()
        assert from_string(text) == lengths


@given(
    st.lists(st.tuples(*[st.floats(-5, 30, width=32)] * 2), min_size=3, max_size=8),
    st.integers(1, 24),
    st.integers(1, 24),
)
@settings(max_examples=60, deadline=None)
def test_polygons_are_filled_as_pycocotools_does(points, height, width):
    polygon = np.array(points)
    theirs = rle.decode(rle.frPyObjects([polygon.ravel().tolist()], height, width))[..., 0]
    ours = np.zeros(height * width, bool)
    ours[fill_area(polygon, height, width)] = True
    assert np.array_equal(ours.reshape(width, height).T, theirs.astype(bool))


@pytest.mark.parametrize("text", ["\x20", "o", "é", "0\x80"])
def test_broken_run_lengths(text):
    with pytest.raises(ValueError):  # noqa: PT011 - numbers of any wording
        from_string(text)


def test_pycocotools_finds_the_masks(tmp_path, make_project, capsys):
    project = make_project(tmp_path, {"ring.png": RING, "b.png": RING.T.copy()}, NAMES)
    drain(export(project, "coco", tmp_path / "out", split=Split(0.5)))
    for split in ("train", "val"):
        index = coco.COCO(tmp_path / "out" / "annotations" / f"instances_{split}.json")
        (image,) = index.imgs.values()
        assert (tmp_path / "out" / split / image["file_name"]).is_file()
        mask = np.full((image["height"], image["width"]), 255, np.uint8)
        for annotation in index.loadAnns(index.getAnnIds(catIds=[1, 2, 3])):
            where = index.annToMask(annotation) > 0
            assert annotation["area"] == where.sum()
            assert annotation["bbox"] == rle.toBbox(annotation["segmentation"]).tolist()
            assert (mask[where] == 255).all()
            mask[where] = annotation["category_id"] - 1
        truth = RING if image["file_name"] == "ring.png" else RING.T
        assert np.array_equal(mask, truth)
        assert [c["name"] for c in index.loadCats([1, 2, 3])] == ["background", "disc", "ring"]


def test_panoptic_by_its_definition(tmp_path, make_project):
    project = make_project(tmp_path, {"ring.png": RING}, NAMES)
    drain(export(project, "coco", tmp_path / "out", split=Split(0)))
    folder = tmp_path / "out" / "annotations"
    data = json.loads((folder / "panoptic_train.json").read_text("utf-8"))
    (entry,) = data["annotations"]
    with Image.open(folder / "panoptic_train" / entry["file_name"]) as image:
        rgb = np.asarray(image).astype(int)
    ids = rgb[..., 0] + 256 * rgb[..., 1] + 65536 * rgb[..., 2]
    mask = np.full(ids.shape, 255)
    for segment in entry["segments_info"]:
        where = ids == segment["id"]
        assert segment["area"] == where.sum()
        mask[where] = segment["category_id"] - 1
    assert np.array_equal(mask, RING)
    assert (ids[mask == 255] == 0).all()
    stuff = [c["id"] for c in data["categories"] if not c["isthing"]]
    assert stuff == [1]
    assert sum(s["category_id"] == 1 for s in entry["segments_info"]) == 1
    with Image.open(tmp_path / "out" / "stuffthingmaps" / "train" / "ring.png") as image:
        assert np.array_equal(np.asarray(image), RING)
    again = drain(read(folder / "panoptic_train.json"))
    assert np.array_equal(again.records[0].mask(Findings()), RING)


def test_background_is_dropped_only_where_nothing_is_lost(tmp_path, make_project):
    full = np.where(RING == 255, 0, RING).astype(np.uint8)
    for name, mask, categories in (("full", full, {2, 3}), ("part", RING, {1, 2, 3})):
        folder = tmp_path / name
        project = make_project(folder, {"a.png": mask}, NAMES)
        drain(export(project, "coco", folder / "out", split=Split(0)))
        data = json.loads((folder / "out/annotations/instances_train.json").read_text("utf-8"))
        assert {a["category_id"] for a in data["annotations"]} == categories
    said = losses(project, "coco", options={"background": "drop"})
    assert any("become background" in s for s in said)
    assert losses(project, "coco") == []


def foreign(folder, *, annotations, categories, file_name="a.jpg", place="train2017"):
    (folder / place).mkdir(parents=True)
    (folder / "annotations").mkdir()
    Image.new("RGB", (12, 9)).save(folder / place / "a.jpg")
    data = {
        "images": [{"id": 7, "file_name": file_name, "width": 12, "height": 9}],
        "categories": categories,
        "annotations": [{"image_id": 7, "id": i, **a} for i, a in enumerate(annotations)],
    }
    path = folder / "annotations" / "instances_train2017.json"
    path.write_text(json.dumps(data), "utf-8")
    return path


def rect(x0, y0, x1, y1):
    return [[x0, y0, x1, y0, x1, y1, x0, y1]]


def test_what_others_write(tmp_path):
    blob = np.zeros((9, 12), np.uint8, order="F")
    blob[7:, 10:] = 1
    encoded = rle.encode(blob)
    path = foreign(
        tmp_path / "coco",
        categories=[{"id": 1, "name": "person"}, {"id": 90, "name": "toothbrush"}],
        annotations=[
            {"category_id": 90, "segmentation": rect(3, 3, 5, 5), "area": 4},
            {"category_id": 1, "segmentation": rect(1, 1, 8, 8), "area": 49},
            {"category_id": 1, "iscrowd": 1, "area": 4,
             "segmentation": {"size": [9, 12], "counts": encoded["counts"].decode()}},
            {"category_id": 90, "bbox": [0, 0, 3, 3], "segmentation": []},
            {"category_id": 5, "segmentation": rect(0, 0, 2, 2)},
        ],
    )  # fmt: skip
    assert recognise(tmp_path / "coco").key == recognise(path).key == "coco"
    report = drain(import_dataset(tmp_path / "coco", tmp_path / "p"))
    project = Project.open(tmp_path / "p")
    mask = project.load_mask(project.entry("a.jpg"))
    expected = np.zeros((9, 12), np.uint8)
    expected[1:8, 1:8], expected[3:5, 3:5], expected[7:, 10:] = 1, 90, 1
    assert np.array_equal(mask, expected)
    assert {c.id: c.name for c in project.classes} == {
        0: "background", 1: "person", 90: "toothbrush",
    }  # fmt: skip
    words = " ".join(report.sentences)
    for part in ("overlap in 1 images, 4 pixels", "box only", "category 5"):
        assert part in words
    assert report.splits == {"train": ["a.jpg"]}
    plan = drain(read(path, options={"uncovered": "unlabelled"}))
    assert (plan.records[0].mask(Findings()) == 255).sum() == (expected == 0).sum()


def test_a_thousand_categories_few_in_use(tmp_path):
    path = foreign(
        tmp_path / "lvis",
        categories=[{"id": i, "name": f"n{i}"} for i in range(1, 1200)],
        annotations=[{"category_id": 1100, "segmentation": rect(0, 0, 12, 9)}],
        place="images",
        file_name="/home/somebody/a.jpg",
    )
    plan = drain(read(path))
    assert [c.name for c in plan.classes] == ["background", "n1100"]
    assert plan.records[0].image.is_file()
    assert (plan.records[0].mask(Findings()) == 1).all()


@pytest.mark.parametrize(
    "broken",
    [
        {"segmentation": {"size": [3, 3], "counts": [9]}},
        {"segmentation": {"size": [9, 12], "counts": [0, 500]}},
        {"segmentation": {"size": [9, 12], "counts": "~~~"}},
        {"segmentation": [[1, 2, 3]]},
        {"segmentation": "x"},
    ],
)
def test_a_damaged_object_is_named(tmp_path, broken):
    path = foreign(tmp_path / "c", categories=[{"id": 1, "name": "a"}],
                   annotations=[{"category_id": 1, **broken}])  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = drain(import_dataset(path, tmp_path / "p"))
    assert report.masks == 0
    assert any("a.jpg" in s and path.name in s for s in report.sentences)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"images": [], "annotations": 3, "categories": []}',
     '{"images": [{}], "annotations": [], "categories": []}',
     '{"images": [], "annotations": [{}], "categories": []}',
     '{"images": [], "annotations": [], "categories": [{}]}'],
)  # fmt: skip
def test_a_damaged_file_is_named(tmp_path, text):
    path = tmp_path / "instances_val.json"
    path.write_text(text, "utf-8")
    with pytest.raises(DatasetError, match="instances_val"):
        drain(read(path, "coco"))
