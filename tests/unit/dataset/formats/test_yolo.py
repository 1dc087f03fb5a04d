"""YOLO: outlines that Ultralytics and OpenCV fill to the very pixels, and files of others.

Ultralytics itself drags opencv-python along. Its documented rules are followed here instead:
coordinates times size, cut to whole pixels, filled with the border included, small objects on top.
Where supervision is installed, it reads the files too.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from skimage.draw import line, polygon

from unet_gui.core.classes import ClassInfo, ClassTable
from unet_gui.core.errors import DatasetError
from unet_gui.core.progress import drain
from unet_gui.dataset.formats import export, import_dataset, losses, read, recognise
from unet_gui.dataset.formats.objects import objects
from unet_gui.dataset.formats.outline import outlines
from unet_gui.dataset.formats.polygons import fill_centres
from unet_gui.dataset.formats.records import Findings
from unet_gui.dataset.project import Project
from unet_gui.dataset.splits import Split

NESTED = np.zeros((11, 14), bool)
NESTED[1:10, 1:13] = True
NESTED[3:8, 3:6] = NESTED[3:8, 8:11] = NESTED[9, 4] = False
NESTED[5, 4] = NESTED[5, 9] = True


def filled(points, shape):
    """As OpenCV's fillPoly, out of scikit-image's parts: enclosed by an odd number, or edge."""
    mask = np.zeros(shape, bool)
    mask[polygon(points[:, 1], points[:, 0], shape)] = True
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        mask[line(y0, x0, y1, x1)] = True
    return mask


def by_the_rules(image: Path, labels: Path):
    with Image.open(image) as opened:
        width, height = opened.size
    shapes = []
    for row in labels.read_text("ascii").splitlines():
        number, *values = row.split()
        assert len(values) >= 6
        assert len(values) % 2 == 0
        points = np.array(values, np.float32).reshape(-1, 2)
        assert (points >= 0).all()
        assert (points <= 1).all()
        points = (points * np.array([width, height], np.float32)).astype(np.int32)
        shapes.append((int(number), filled(points, (height, width))))
    mask = np.full((height, width), -1)
    for number, where in sorted(shapes, key=lambda s: -s[1].sum()):
        mask[where] = number
    return mask


@settings(deadline=None)
@given(hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=16)))
@example(NESTED)
def test_outlines_fill_to_the_pixel(where):
    numbers = objects(where.astype(np.uint8), skip=[0]).numbers()
    for number, points in enumerate(outlines(numbers), start=1):
        assert np.array_equal(filled(points, where.shape), numbers == number)
        rect, ours = fill_centres(points)
        assert np.array_equal(ours, numbers[rect.slices] == number)
        assert np.count_nonzero(ours) == np.count_nonzero(numbers == number)


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2), elements=st.integers(0, 3)))
@settings(deadline=None)
def test_objects_side_by_side_have_outlines_of_their_own(mask):
    numbers = objects(mask).numbers()
    together = outlines(numbers)
    for number, points in enumerate(together, start=1):
        (alone,) = outlines((numbers == number).astype(np.int32))
        assert points.tolist() == alone.tolist()


# What OpenCV 5.0.0 fills, noted down once: it is not installed where the tests run.
@pytest.mark.parametrize(
    ("points", "rows"),
    [
        ([[3, 4], [6, 0], [2, 4]], ["......#", ".....#.", "....#..", "...##..", "..##..."]),
        ([[7, 6], [6, 2], [0, 0]],
         ["##......", ".####...", "..#####.", "...####.", ".....##.", "......##", ".......#"]),
    ],
)  # fmt: skip
def test_slanted_edges_as_opencv_draws_them(points, rows):
    rect, where = fill_centres(np.array(points))
    drawn = np.array([[c == "#" for c in row] for row in rows])
    assert np.array_equal(where, drawn[rect.slices])


def test_ultralytics_finds_the_masks(odd_project, tmp_path):
    report = drain(export(odd_project, "yolo", tmp_path / "out", split=Split(0.3, 0.3)))
    out = tmp_path / "out"
    data = yaml.safe_load((out / "data.yaml").read_text("utf-8"))
    assert data["nc"] == len(data["names"])
    assert sorted(data["names"]) == list(range(data["nc"]))
    classes = {c.name: c.id for c in odd_project.classes}
    lut = np.array([classes.get(data["names"][i], i) for i in range(data["nc"])] + [255])
    names = {*report.train, *report.val, *report.test}
    seen = set()
    for split in ("train", "val", "test"):
        folder = out / data[split]
        for image in folder.iterdir():
            labels = Path(str(folder).replace("images", "labels")) / f"{image.stem}.txt"
            mask = lut[by_the_rules(image, labels)]
            stem = image.stem.rpartition("__")[2].replace("_", " ")
            ours = next(
                e for e in odd_project.images
                if e.path.stem == stem or e.path.stem[:40] == image.stem[:40]
            )  # fmt: skip
            assert np.array_equal(mask, odd_project.load_mask(ours))
            seen.add(image.stem)
    assert seen == names


def test_supervision_finds_the_masks(tiny_project, tmp_path):
    supervision = pytest.importorskip("supervision")
    drain(export(tiny_project, "yolo", tmp_path / "out", split=Split(0)))
    out = tmp_path / "out"
    found = supervision.DetectionDataset.from_yolo(
        str(out / "images/train"), str(out / "labels/train"), str(out / "data.yaml"),
        force_masks=True,
    )  # fmt: skip
    assert found.classes == ["background", "disc", "square"]
    assert len(found) == 2
    for path, _, detections in found:
        mask = np.full(detections.mask.shape[1:], 255)
        for where, number in zip(detections.mask, detections.class_id, strict=True):
            mask[where] = number
        ours = next(e for e in tiny_project.images if e.path.stem == Path(path).stem)
        assert np.array_equal(mask, tiny_project.load_mask(ours))


def test_background_is_dropped_where_all_is_labelled(tmp_path, make_project):
    mask = np.zeros((6, 8), np.uint8)
    mask[2:4, 3:6] = 9
    classes = ClassTable(
        [ClassInfo(0, "background", "#000000"), ClassInfo(9, "leaf: a", "#00ff00")]
    )
    project = make_project(tmp_path, {"a.png": mask}, classes)
    drain(export(project, "yolo", tmp_path / "out", split=Split(0)))
    assert yaml.safe_load((tmp_path / "out/data.yaml").read_text("utf-8"))["names"] == {
        0: "leaf: a"
    }
    drain(import_dataset(tmp_path / "out", tmp_path / "again"))
    again = Project.open(tmp_path / "again")
    assert again.classes == classes
    assert np.array_equal(again.load_mask(again.images[0]), mask)
    assert losses(project, "yolo") == []


def foreign(folder, text, data=None):
    for name in ("train/images", "train/labels"):
        (folder / name).mkdir(parents=True)
    Image.new("RGB", (20, 10)).save(folder / "train/images/a.jpg")
    (folder / "train/labels/a.txt").write_text(text, "ascii")
    given = {"train": "../train/images", "val": "../valid/images", "nc": 2, "names": ["cat", "dog"]}
    (folder / "data.yaml").write_text(yaml.safe_dump(data or given), "utf-8")
    return folder


def test_what_others_write(tmp_path):
    folder = foreign(
        tmp_path / "roboflow",
        "1 0.1 0.2 0.45 0.2 0.45 0.7 0.1 0.7\n"
        "0 0.2 0.4 0.3 0.4 0.3 0.5 0.2 0.5\n\n"
        "1 0.85 0.5 0.1 0.2\n7 0 0 1 0 1 1\n",
    )
    assert recognise(folder).key == "yolo"
    report = drain(import_dataset(folder, tmp_path / "p"))
    project = Project.open(tmp_path / "p")
    names = {c.name: c.id for c in project.classes}
    assert names == {"cat": 0, "dog": 1, "background": 2}
    expected = np.full((10, 20), 2)
    expected[2:8, 2:10], expected[4:6, 4:7], expected[4:6, 16:18] = 1, 0, 1
    assert np.array_equal(project.load_mask(project.images[0]), expected)
    words = " ".join(report.sentences)
    for part in ("boxes", "number 7", "overlap"):
        assert part in words
    assert report.splits == {"train": ["a.jpg"]}


def test_without_a_yaml(tmp_path):
    (tmp_path / "set/images/val").mkdir(parents=True)
    (tmp_path / "set/labels/val").mkdir(parents=True)
    Image.new("L", (4, 4)).save(tmp_path / "set/images/val/x.png")
    (tmp_path / "set/labels/val/x.txt").write_text("1 0 0 0.9 0 0.9 0.9 0 0.9\n", "ascii")
    plan = drain(read(tmp_path / "set"))
    assert [c.name for c in plan.classes] == ["background", "class 0", "class 1"]
    assert (plan.records[0].mask(Findings()) == 1).all()
    assert plan.records[0].split == "val"


@pytest.mark.parametrize(
    "text",
    ["1 0.5 0.5 0.5", "1 a b c d e f", "1 0 0 1e9 0 0 0", "x 0 0 1 1 0 1", "1 nan 0 1 1 0 1"],
)
def test_a_damaged_line_is_named(tmp_path, text):
    report = drain(import_dataset(foreign(tmp_path / "y", text), tmp_path / "p"))
    assert report.masks == 0
    assert any("a.txt" in s for s in report.sentences)


@pytest.mark.parametrize("data", ["just words", [1], {"train": "nowhere", "names": ["a"]},
                                  {"names": {"x": "y"}}])  # fmt: skip
def test_a_damaged_yaml_is_named(tmp_path, data):
    with pytest.raises(DatasetError):
        drain(read(foreign(tmp_path / "y", "", data), "yolo"))
