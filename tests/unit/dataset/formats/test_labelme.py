"""LabelMe: read by labelme's rules, and files of others drawn as labelme draws them.

labelme itself drags PyQt5 along, which does not live with PySide6 in one process. The rules of its
`_label_file.py` and `utils/shape.py` are followed here instead; where it is installed, its own
loader reads the files too.
"""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

from unet_gui.core.classes import ClassInfo, ClassTable
from unet_gui.core.errors import DatasetError
from unet_gui.core.progress import drain
from unet_gui.dataset.formats import export, import_dataset, read, recognise
from unet_gui.dataset.formats.records import Findings
from unet_gui.dataset.project import Project
from unet_gui.dataset.splits import Split


def by_the_rules(file):
    """Label by pixel, None where no shape is."""
    data = json.loads(file.read_text("utf-8"))
    assert {"version", "flags", "shapes", "imagePath", "imageData"} <= set(data)
    with Image.open(file.parent / data["imagePath"]) as image:
        assert image.size == (data["imageWidth"], data["imageHeight"])
    labels = np.full((data["imageHeight"], data["imageWidth"]), None, object)
    for shape in data["shapes"]:
        assert isinstance(shape["label"], str)
        assert shape["shape_type"] == "mask"
        assert shape["flags"] == {}
        with Image.open(io.BytesIO(base64.b64decode(shape["mask"]))) as image:
            where = np.asarray(image).astype(bool)
        (x1, y1), (x2, y2) = np.asarray(shape["points"]).astype(int)
        assert (labels[y1 : y2 + 1, x1 : x2 + 1][where] == None).all()  # noqa: E711 - by pixel
        labels[y1 : y2 + 1, x1 : x2 + 1][where] = shape["label"]
    return labels


def test_labelme_finds_the_masks(odd_project, tmp_path):
    drain(export(odd_project, "labelme", tmp_path / "out", split=Split(0)))
    names = {c.id: c.name for c in odd_project.classes} | {255: None}
    files = {f for f in (tmp_path / "out").glob("[!.]*.json") if f.name != "classes.json"}
    assert len(files) == 7
    for file in files:
        stem = file.stem.rpartition("__")[2].replace("_", " ")
        entry = next(e for e in odd_project.images if e.path.stem[:40] == stem[:40])
        mask = odd_project.load_mask(entry)
        assert np.array_equal(by_the_rules(file), np.vectorize(names.get, otypes="O")(mask))
    listed = (tmp_path / "out/labels.txt").read_text("utf-8").splitlines()
    assert listed[:3] == ["__ignore__", "_background_", "c 0"]


@pytest.mark.filterwarnings("ignore:Exception ignored:pytest.PytestUnraisableExceptionWarning")
def test_the_loader_of_labelme_finds_the_masks(tiny_project, tmp_path):
    label_file = pytest.importorskip("labelme._label_file")
    shape = pytest.importorskip("labelme.utils.shape")
    drain(export(tiny_project, "labelme", tmp_path / "out", split=Split(0)))
    for name in ("a", "b"):
        data = label_file.read_label_file(str(tmp_path / "out" / f"{name}.json"))
        entry = next(e for e in tiny_project.images if e.path.stem == name)
        mask = tiny_project.load_mask(entry)
        values = {c.name: c.id + 1 for c in tiny_project.classes}
        labels, _ = shape.shapes_to_label(mask.shape, data.shapes, values)
        assert np.array_equal(labels, np.where(mask == 255, 0, mask.astype(int) + 1))


def test_ids_and_colours_come_back(tmp_path, make_project):
    classes = ClassTable([ClassInfo(7, "b", "#010203"), ClassInfo(2, "a", "#040506")])
    project = make_project(tmp_path, {"x.png": np.array([[7, 2, 255]], np.uint8)}, classes)
    drain(export(project, "labelme", tmp_path / "out", options={"split": "folders"}))
    assert (tmp_path / "out/train/x.json").is_file()
    report = drain(import_dataset(tmp_path / "out", tmp_path / "again"))
    assert Project.open(tmp_path / "again").classes == classes
    assert report.splits == {"train": ["train/x.png"]}


def foreign(folder, shapes, **more):
    folder.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (20, 12), (9, 9, 9)).save(folder / "a.jpg")
    data = {"version": "4.5.6", "flags": {}, "shapes": shapes, "imagePath": "a.jpg",
            "imageData": None, "imageHeight": 12, "imageWidth": 20, **more}  # fmt: skip
    (folder / "a.json").write_text(json.dumps(data), "utf-8")
    return folder


SHAPES = [
    {"label": "dog", "points": [[2.4, 1.2], [17.6, 2.1], [9.3, 10.8]], "shape_type": "polygon"},
    {"label": "cat", "points": [[4, 3], [9, 5]], "shape_type": "rectangle"},
    {"label": "dog", "points": [[16, 9], [18, 9]], "shape_type": "circle"},
    {"label": "__ignore__", "points": [[0, 0], [1, 0], [0, 1]]},
    {"label": "tail", "points": [[1, 1], [5, 5]], "shape_type": "line"},
]


def test_what_others_draw(tmp_path):
    folder = foreign(tmp_path / "set", SHAPES)
    assert recognise(folder).key == "labelme"
    report = drain(import_dataset(folder, tmp_path / "p"))
    project = Project.open(tmp_path / "p")
    truth = Image.new("L", (20, 12), 2)  # background gets the first free id
    draw = ImageDraw.Draw(truth)
    draw.polygon([(2.4, 1.2), (17.6, 2.1), (9.3, 10.8)], fill=1, outline=1)
    draw.rectangle((4, 3, 9, 5), fill=0, outline=0)
    draw.ellipse((14, 7, 18, 11), fill=1, outline=1)
    draw.polygon([(0, 0), (1, 0), (0, 1)], fill=255, outline=255)
    assert np.array_equal(project.load_mask(project.images[0]), np.asarray(truth))
    assert [c.name for c in project.classes] == ["background", "cat", "dog"]
    words = " ".join(report.sentences)
    assert "lines and points" in words
    assert "overlap" in words


@pytest.mark.parametrize("shift", [(-30, -30), (15, 8), (200, 0)])
def test_shapes_outside_the_image_are_cut(tmp_path, shift):
    points = (np.array(SHAPES[0]["points"]) + shift).tolist()
    folder = foreign(tmp_path / "set", [{"label": "x", "points": points}])
    plan = drain(read(folder, options={"uncovered": "unlabelled"}))
    truth = Image.new("L", (20, 12), 255)
    ImageDraw.Draw(truth).polygon([tuple(p) for p in points], fill=0, outline=0)
    assert np.array_equal(plan.records[0].mask(Findings()), np.asarray(truth))


def test_images_inside_the_files_come_out(tmp_path):
    folder = foreign(tmp_path / "set", SHAPES)
    content = (folder / "a.jpg").read_bytes()
    foreign(folder, SHAPES, imageData=base64.b64encode(content).decode())
    (folder / "a.jpg").unlink()
    drain(import_dataset(folder, tmp_path / "p"))
    project = Project.open(tmp_path / "p")
    assert project.images[0].path.read_bytes() == content
    assert project.mask_file(project.images[0]) is not None


def test_paths_of_windows(tmp_path):
    folder = foreign(tmp_path / "set", SHAPES[:1], imagePath="..\\somewhere\\a.jpg")
    assert drain(import_dataset(folder, tmp_path / "p")).masks == 1


def test_damaged_files_are_named_and_the_rest_read(tmp_path):
    folder = foreign(tmp_path / "set", SHAPES)
    (folder / "b.json").write_text("{", "utf-8")
    (folder / "c.json").write_text('{"shapes": [{}], "imagePath": "a.jpg"}', "utf-8")
    (folder / "other.json").write_text('{"hello": 1}', "utf-8")
    plan = drain(read(folder))
    assert len(plan.records) == 1
    words = " ".join(plan.warnings)
    assert "b.json" in words
    assert "c.json" in words
    with pytest.raises(DatasetError, match=r"b\.json"):
        drain(read(folder / "b.json", "labelme"))


@pytest.mark.parametrize("shape", [
    {"shape_type": "mask", "points": [[0, 0], [3, 3]], "mask": "no"},
    {"shape_type": "mask", "points": [[0, 0]]},
    {"shape_type": "polygon", "points": [[0, 0]]},
    {"shape_type": "circle", "points": []},
])  # fmt: skip
def test_a_damaged_shape_is_named(tmp_path, shape):
    folder = foreign(tmp_path / "set", [{"label": "x", **shape}])
    report = drain(import_dataset(folder, tmp_path / "p"))
    assert report.masks == 0
    assert any("a.json" in s for s in report.sentences)
