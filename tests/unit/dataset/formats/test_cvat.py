"""CVAT: masks decoded by CVAT's own SDK, and files of others."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.classes import ClassInfo, ClassTable
from unet_gui.core.errors import DatasetError
from unet_gui.core.progress import drain
from unet_gui.dataset.formats import export, import_dataset, read, recognise
from unet_gui.dataset.formats.records import Findings
from unet_gui.dataset.project import Project
from unet_gui.dataset.splits import Split

masks = pytest.importorskip("cvat_sdk.masks")
coco_masks = pytest.importorskip("pycocotools.mask")

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def by_the_sdk(file):
    """Label by pixel and image, None where no mask is."""
    for image in ElementTree.parse(file).getroot().iter("image"):
        width, height = int(image.get("width")), int(image.get("height"))
        with Image.open(file.parent / "images" / image.get("name")) as opened:
            assert opened.size == (width, height)
        labels = np.full((height, width), None, object)
        for mask in image.iter("mask"):
            left, top = int(mask.get("left")), int(mask.get("top"))
            right = left + int(mask.get("width")) - 1
            bottom = top + int(mask.get("height")) - 1
            counts = [int(c) for c in mask.get("rle").split(",")]
            where = masks.decode_mask(
                [*counts, left, top, right, bottom], image_width=width, image_height=height
            )
            assert masks.encode_mask(where) == [*counts, left, top, right, bottom]
            assert (labels[where] == None).all()  # noqa: E711 - by pixel
            labels[where] = mask.get("label")
        yield image.get("name"), labels


def test_cvat_finds_the_masks(odd_project, tmp_path):
    drain(export(odd_project, "cvat", tmp_path / "out", split=Split(0)))
    names = {c.id: c.name for c in odd_project.classes} | {255: None}
    found = dict(by_the_sdk(tmp_path / "out/annotations.xml"))
    assert len(found) == 7
    for name, labels in found.items():
        stem = name.rpartition(".")[0].rpartition("__")[2].replace("_", " ")
        entry = next(e for e in odd_project.images if e.path.stem[:40] == stem[:40])
        mask = odd_project.load_mask(entry)
        assert np.array_equal(labels, np.vectorize(names.get, otypes="O")(mask))
    labels = ElementTree.parse(tmp_path / "out/annotations.xml").findall("meta/task/labels/label")
    assert [x.findtext("name") for x in labels] == [c.name for c in odd_project.classes]


def test_ids_colours_and_strange_names_come_back(tmp_path, make_project):
    classes = ClassTable([ClassInfo(7, '<b> & "c"', "#010203"), ClassInfo(2, "ä", "#040506")])
    project = make_project(tmp_path, {"x&y.png": np.array([[7, 2, 255]], np.uint8)}, classes)
    drain(export(project, "cvat", tmp_path / "out", verified=True))
    drain(import_dataset(tmp_path / "out", tmp_path / "again"))
    assert Project.open(tmp_path / "again").classes == classes


def foreign(folder, shapes, version="1.1"):
    (folder / "images").mkdir(parents=True)
    Image.new("RGB", (20, 12)).save(folder / "images" / "a.jpg")
    (folder / "annotations.xml").write_text(
        f"""<?xml version="1.0" encoding="utf-8"?><annotations><version>{version}</version><meta>
        <project><labels><label><name>dog</name><color>#aabbcc</color></label>
        <label><name>cat</name><color></color></label></labels></project></meta>
        <image id="3" name="a.jpg" subset="Validation" width="20" height="12">{shapes}</image>
        </annotations>""",
        "utf-8",
    )
    return folder


def test_what_others_draw(tmp_path):
    folder = foreign(
        tmp_path / "set",
        """<polygon label="dog" points="2.0,1.5;17.25,2.0;9.5,10.75" z_order="1"/>
        <box label="cat" xtl="0.00" ytl="0.00" xbr="20.00" ybr="3.00" z_order="0"/>
        <mask label="cat" rle="1, 2, 1" left="0" top="10" width="2" height="2" z_order="2"/>
        <ellipse label="cat" cx="17" cy="9" rx="2" ry="1" rotation="90"/>
        <points label="dog" points="1,1"/><tag label="dog"/>""",
    )
    assert recognise(folder).key == recognise(folder / "annotations.xml").key == "cvat"
    report = drain(import_dataset(folder, tmp_path / "p"))
    project = Project.open(tmp_path / "p")
    polygon = coco_masks.decode(
        coco_masks.frPyObjects([[2.0, 1.5, 17.25, 2.0, 9.5, 10.75]], 12, 20)
    )[..., 0]
    expected = np.full((12, 20), 2)
    expected[:3] = expected[7:11, 16:18] = 1
    expected[polygon > 0] = 0
    expected[10, 1] = expected[11, 0] = 1
    assert np.array_equal(project.load_mask(project.images[0]), expected)
    assert [(c.id, c.name) for c in project.classes] == [(2, "background"), (0, "dog"), (1, "cat")]
    assert project.classes[0].color == "#aabbcc"
    assert report.splits == {"val": ["a.jpg"]}
    words = " ".join(report.sentences)
    assert "points" in words
    assert "overlap" in words


def test_turned_boxes(tmp_path):
    shape = '<box label="dog" xtl="6" ytl="4" xbr="12" ybr="6" rotation="90"/>'
    plan = drain(read(foreign(tmp_path / "set", shape), options={"uncovered": "unlabelled"}))
    mask = plan.records[0].mask(Findings())
    expected = np.full((12, 20), 255)
    expected[2:8, 8:10] = 0
    assert np.array_equal(mask, expected)


@pytest.mark.parametrize(
    "shape",
    [
        '<mask label="dog" rle="1, 2, 9" left="0" top="0" width="2" height="2"/>',
        '<mask label="dog" rle="x" left="0" top="0" width="2" height="2"/>',
        '<mask label="dog" rle="4"/>',
        '<polygon label="dog" points="1,1;2,2"/>',
        '<polygon label="dog" points="1;2;3"/>',
        '<box label="dog" xtl="a" ytl="0" xbr="1" ybr="1"/>',
    ],
)
def test_a_damaged_shape_is_named(tmp_path, shape):
    report = drain(import_dataset(foreign(tmp_path / "set", shape), tmp_path / "p"))
    assert report.masks == 0
    assert any("a.jpg in annotations.xml" in s for s in report.sentences)


def test_damaged_files(tmp_path):
    (tmp_path / "a.xml").write_text("<annotations><version>1.1</version>", "utf-8")
    with pytest.raises(DatasetError, match=r"a\.xml is damaged"):
        drain(read(tmp_path / "a.xml"))
    (tmp_path / "a.xml").write_text("<annotations><version>1.1</version></annotations>", "utf-8")
    with pytest.raises(DatasetError, match="no images"):
        drain(read(tmp_path / "a.xml"))
