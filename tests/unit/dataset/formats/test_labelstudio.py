"""Label Studio: brushes decoded by its published algorithm, and files of others.

label-studio-sdk drags opencv-python along. Its decoder is a port of `decode` in thi.ng's rle-pack,
which is written down here once more, bit by bit.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp
from PIL import Image

from unet_gui.core.classes import ClassInfo, ClassTable
from unet_gui.core.errors import DatasetError
from unet_gui.core.progress import drain
from unet_gui.dataset.formats import export, import_dataset, read, recognise
from unet_gui.dataset.formats.brush import decode, encode
from unet_gui.dataset.formats.objects import whole_classes
from unet_gui.dataset.formats.records import Findings
from unet_gui.dataset.project import Project
from unet_gui.dataset.splits import Split


def published(data):
    bits = "".join(f"{byte:08b}" for byte in data)
    at = 0

    def take(size):
        nonlocal at
        at += size
        return int(bits[at - size : at], 2)

    num, word = take(32), take(5) + 1
    sizes = [take(4) + 1 for _ in range(4)]
    out = np.zeros(num, np.uint8)
    i = 0
    while i < num:
        repeated = take(1)
        j = i + 1 + take(sizes[take(2)])
        if repeated:
            out[i:j] = take(word)
            i = j
        else:
            while i < j:
                out[i] = take(word)
                i += 1
    return out


def literal(values):
    """As a brush may come: nothing repeats, lengths of 16 bits."""
    bits = f"{len(values):032b}{7:05b}" + "".join(f"{s - 1:04b}" for s in (3, 4, 8, 16))
    for k in range(0, len(values), 50):
        part = values[k : k + 50]
        bits += "0" + "11" + f"{len(part) - 1:016b}" + "".join(f"{v:08b}" for v in part)
    bits += "0" * (-len(bits) % 8)
    return [int(bits[k : k + 8], 2) for k in range(0, len(bits), 8)]


def painted(flat):
    """The brush of the pixels that are set, if any is."""
    found = whole_classes(flat[None].astype(np.uint8), skip=[0])
    return encode(found.row_runs(), flat.size)


@settings(deadline=None)
@given(hnp.arrays(bool, hnp.array_shapes(min_dims=1, max_dims=1, max_side=200)))
def test_brushes_are_what_the_algorithm_says(flat):
    for written in (*painted(flat), literal((np.repeat(flat, 4) * 255).tolist())):
        assert np.array_equal(published(written), np.repeat(flat, 4) * 255)
        pixels, total = decode(written)
        assert total == len(flat)
        assert np.array_equal(pixels, np.flatnonzero(flat))


def test_long_runs_and_soft_edges():
    flat = np.ones(50_000, bool)
    flat[20_000] = False
    (data,) = painted(flat)
    assert np.array_equal(published(data), np.repeat(flat, 4) * 255)
    assert np.array_equal(decode(data)[0], np.flatnonzero(flat))
    soft = np.zeros((3, 4), np.uint8)
    soft[:, 3] = 127, 128, 255
    assert decode(literal(soft.ravel().tolist()))[0].tolist() == [1, 2]


def test_label_studio_finds_the_masks(odd_project, tmp_path):
    drain(export(odd_project, "labelstudio", tmp_path / "out", split=Split(0)))
    names = {c.id: c.name for c in odd_project.classes} | {255: None}
    tasks = json.loads((tmp_path / "out/label_studio.json").read_text("utf-8"))
    assert len(tasks) == 7
    config = (tmp_path / "out/label_config.xml").read_text("utf-8")
    for task, entry in zip(tasks, odd_project.images, strict=True):
        mask = odd_project.load_mask(entry)
        labels = np.full(mask.shape, None, object)
        for region in task["annotations"][0]["result"]:
            assert (region["original_height"], region["original_width"]) == mask.shape
            assert region["type"] == "brushlabels"
            (name,) = region["value"]["brushlabels"]
            assert f'value="{name}"' in config
            where = published(region["value"]["rle"]).reshape(*mask.shape, 4)[..., 3] > 0
            labels[where] = name
        assert np.array_equal(labels, np.vectorize(names.get, otypes="O")(mask))


def test_ids_colours_and_strange_names_come_back(tmp_path, make_project):
    classes = ClassTable([ClassInfo(7, '<b> & "c"', "#010203"), ClassInfo(2, "ä", "#040506")])
    project = make_project(tmp_path, {"x#&y.png": np.array([[7, 2, 255]], np.uint8)}, classes)
    drain(export(project, "labelstudio", tmp_path / "out", verified=True))
    report = drain(import_dataset(tmp_path / "out", tmp_path / "again"))
    assert Project.open(tmp_path / "again").classes == classes
    assert report.splits == {"train": ["x#&y.png"]}


BRUSH = literal([0, 0, 0, 255] * 20 + [0] * (20 * 11 * 4))


def foreign(folder, tasks, image="1a2b3c4d-a.jpg"):
    folder.mkdir(parents=True)
    Image.new("RGB", (20, 12)).save(folder / image)
    (folder / "project-3-at-2024.json").write_text(json.dumps(tasks), "utf-8")
    return folder


def region(kind, name, **value):
    return {
        "from_name": "tag", "to_name": "image", "type": kind, "original_width": 20,
        "original_height": 12, "value": {kind: [name], **value},
    }  # fmt: skip


SHAPES = [
    region("brushlabels", "sky", format="rle", rle=BRUSH),
    region("rectanglelabels", "dog", x=10, y=25, width=50, height=50, rotation=0),
    region("polygonlabels", "cat", points=[[20, 50], [40, 50], [40, 75], [20, 75]]),
    region("ellipselabels", "cat", x=85, y=75, radiusX=5, radiusY=100 / 12, rotation=0),
    region("rectanglelabels", "dog", x=100, y=0, width=50, height=5, rotation=90),
    {"from_name": "note", "to_name": "image", "type": "choices", "value": {"choices": ["ok"]}},
    region("brushlabels", "dog"),
]


@pytest.mark.parametrize("form", ["json", "json_min"])
def test_what_others_draw(tmp_path, form):
    image = "/data/upload/3/1a2b3c4d-a.jpg"
    if form == "json":
        old = {"result": [SHAPES[1]], "id": 1}
        skipped = {"result": [], "was_cancelled": True}
        done = [old, {"result": SHAPES}, skipped]
        tasks = [{"id": 1, "data": {"image": image}, "annotations": done}]
        tasks.append({"id": 2, "data": {"image": "later.jpg"}, "annotations": []})
    else:
        flat = [{**r["value"], "original_width": 20, "original_height": 12} for r in SHAPES]
        tasks = [{"id": 1, "image": image, "tag": flat}]
    folder = foreign(tmp_path / "set", tasks)
    if form == "json":
        assert recognise(folder).key == "labelstudio"
    report = drain(import_dataset(folder, tmp_path / "p", format="labelstudio"))
    project = Project.open(tmp_path / "p")
    ids = {c.name: c.id for c in project.classes}
    expected = np.full((12, 20), ids["background"])
    expected[0] = ids["sky"]
    expected[3:9, 2:12] = ids["dog"]
    expected[6:9, 4:8] = expected[8:10, 16:18] = ids["cat"]
    expected[:10, 19:] = ids["dog"]
    read_mask = project.load_mask(project.images[0])
    assert np.array_equal(read_mask, expected)
    words = " ".join(report.sentences)
    assert "without an area" in words
    assert ("several times" in words) == (form == "json")


@pytest.mark.parametrize("url", ["/data/local-files/?d=x/1a2b3c4d-a.jpg", "s3://b/1a2b3c4d-a.jpg",
                                 "https://h/p/1a2b3c4d-a.jpg?w=1", "1a2b3c4d-a.jpg"])  # fmt: skip
def test_images_are_found_by_any_address(tmp_path, url):
    tasks = [{"data": {"image": url}, "annotations": [{"result": SHAPES[:1]}]}]
    assert drain(import_dataset(foreign(tmp_path / "s", tasks), tmp_path / "p")).masks == 1


def test_an_image_under_its_own_name(tmp_path):
    tasks = [{"data": {"image": "/data/upload/1/1a2b3c4d-a.jpg"},
              "annotations": [{"result": SHAPES[:1]}]}]  # fmt: skip
    plan = drain(read(foreign(tmp_path / "s", tasks, image="a.jpg")))
    assert plan.records[0].image == tmp_path / "s" / "a.jpg"
    assert plan.records[0].mask(Findings()).shape == (12, 20)


@pytest.mark.parametrize("value", [
    {"rle": BRUSH[:20]}, {"rle": [0] * 9}, {"rle": literal([1, 2, 3])}, {"rle": literal([0] * 8)},
    {"rle": ["x"]}, {"points": [[1, 2], [3]]}, {"x": 1, "width": 3},
])  # fmt: skip
def test_a_damaged_region_is_named(tmp_path, value):
    tasks = [{"data": {"image": "1a2b3c4d-a.jpg"},
              "annotations": [{"result": [region("brushlabels", "x", **value)]}]}]  # fmt: skip
    report = drain(import_dataset(foreign(tmp_path / "s", tasks), tmp_path / "p"))
    assert report.masks == 0
    assert any("a.jpg" in s for s in report.sentences)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[1]",
        "[]",
        '[{"data": {"image": 3}}]',
        '[{"data": {"image": "a.jpg"}, "annotations": [{}]}]',
    ],
)
def test_a_damaged_file_is_named(tmp_path, text):
    (tmp_path / "x.json").write_text(text, "utf-8")
    with pytest.raises(DatasetError, match=r"x\.json"):
        drain(read(tmp_path / "x.json", "labelstudio"))
