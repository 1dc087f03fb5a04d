"""Supervisely's JSON by its published rules, and what others write in it."""

from __future__ import annotations

import base64
import io
import json
import zlib

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.errors import DatasetError
from unet_gui.core.progress import drain
from unet_gui.dataset.formats import export, import_dataset, read, recognise
from unet_gui.dataset.formats.plan import flat_names
from unet_gui.dataset.formats.records import Findings
from unet_gui.dataset.project import Project


def as_supervisely(folder):
    """Masks by image as its own reader makes them: what is not transparent, later ones on top.

    Yields (name, H×W of titles' numbers with -1 where nothing is, titles).
    """
    meta = json.loads((folder / "meta.json").read_text("utf-8"))
    titles = [c["title"] for c in meta["classes"]]
    assert len(set(titles)) == len(titles)
    assert {c["shape"] for c in meta["classes"]} == {"bitmap"}
    for file in sorted(folder.glob("*/ann/*.json")):
        data = json.loads(file.read_text("utf-8"))
        name = file.name.removesuffix(".json")
        with Image.open(file.parent.parent / "img" / name) as image:
            assert image.size == (data["size"]["width"], data["size"]["height"])
        drawn = np.full((data["size"]["height"], data["size"]["width"]), -1)
        for found in data["objects"]:
            assert found["geometryType"] == "bitmap"
            png = zlib.decompress(base64.b64decode(found["bitmap"]["data"]))
            with Image.open(io.BytesIO(png)) as bitmap:
                where = np.asarray(bitmap.convert("RGBA"))[..., 3] > 0
            assert where.any()
            x, y = found["bitmap"]["origin"]
            part = drawn[y : y + where.shape[0], x : x + where.shape[1]]
            part[where] = titles.index(found["classTitle"])
        yield name.rpartition(".")[0], drawn, titles


def test_by_its_own_rules(odd_project, tmp_path):
    out = tmp_path / "out"
    drain(export(odd_project, "supervisely", out, entries=odd_project.images, verified=True))
    assert recognise(out).key == "supervisely"
    ids = {c.name: c.id for c in odd_project.classes}
    flat = flat_names([e.name for e in odd_project.images])
    seen = set()
    for name, drawn, titles in as_supervisely(out):
        lut = np.array([*(ids[t] for t in titles), 255])
        entry = odd_project.images[flat.index(name)]
        assert np.array_equal(lut[drawn], odd_project.load_mask(entry))
        seen.add(name)
    assert seen == {*flat}


def folder_of(tmp_path, objects, classes=None):
    (tmp_path / "ds" / "img").mkdir(parents=True)
    (tmp_path / "ds" / "ann").mkdir()
    Image.new("RGB", (12, 10)).save(tmp_path / "ds" / "img" / "a.jpg")
    data = {"size": {"height": 10, "width": 12}, "objects": objects}
    (tmp_path / "ds" / "ann" / "a.jpg.json").write_text(json.dumps(data), "utf-8")
    listed = classes or [{"title": "cell", "shape": "polygon", "color": "#FF0000"}]
    (tmp_path / "meta.json").write_text(json.dumps({"classes": listed, "tags": []}), "utf-8")
    return tmp_path


def mask_in(folder):
    findings = Findings()
    plan = drain(read(folder))
    assert plan.format == "supervisely"
    return plan, plan.records[0].mask(findings), findings


def shape(kind, exterior, interior=(), title="cell"):
    points = {"exterior": exterior, "interior": list(interior)}
    return {"classTitle": title, "geometryType": kind, "points": points}


def test_polygons_with_holes_and_rectangles(tmp_path):
    ring = shape("polygon", [[1, 1], [7, 1], [7, 7], [1, 7]], [[[3, 3], [5, 3], [5, 5], [3, 5]]])
    box = shape("rectangle", [[9, 8], [10, 9]])
    plan, mask, findings = mask_in(folder_of(tmp_path, [ring, box]))
    cell = next(c.id for c in plan.classes if c.name == "cell")
    wanted = np.zeros((10, 12), bool)
    wanted[1:8, 1:8], wanted[3:6, 3:6], wanted[8:10, 9:11] = True, False, True
    assert np.array_equal(mask == cell, wanted)
    assert not findings.sentences()


def test_lines_are_told_and_holes_elsewhere_do_no_harm(tmp_path):
    far = shape("polygon", [[0, 0], [2, 0], [2, 2]], [[[8, 8], [9, 8], [9, 9]]])
    line = shape("line", [[0, 0], [5, 5]])
    _, mask, findings = mask_in(folder_of(tmp_path, [far, line]))
    assert mask[0, 1] != mask[9, 11]
    assert "left out" in findings.sentences()[0]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_bitmaps_of_others(tmp_path, packed, mode):
    where = np.array([[1, 0], [1, 1]], np.uint8)
    pixels = where * 255 if mode == "L" else np.dstack([where * 0] * 3 + [where * 255])
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    data = zlib.compress(buffer.getvalue()) if packed else buffer.getvalue()
    bitmap = {"data": base64.b64encode(data).decode(), "origin": [4, 2]}
    plan, mask, _ = mask_in(folder_of(tmp_path, [{"classTitle": "cell", "bitmap": bitmap}]))
    cell = next(c.id for c in plan.classes if c.name == "cell")
    assert np.argwhere(mask == cell).tolist() == [[2, 4], [3, 4], [3, 5]]


def test_damaged_files_are_named(tmp_path):
    folder = folder_of(tmp_path, [])
    (folder / "ds" / "ann" / "a.jpg.json").write_text('{"objects": [{}]}', "utf-8")
    with pytest.raises(DatasetError, match=r"a\.jpg\.json"):
        drain(read(folder))
    (folder / "ds" / "ann" / "a.jpg.json").unlink()
    with pytest.raises(DatasetError, match="no annotations"):
        drain(read(folder, "supervisely"))


def test_two_data_sets_with_images_of_the_same_name(tmp_path):
    folder = folder_of(tmp_path, [shape("rectangle", [[0, 0], [11, 9]])])
    (folder / "val" / "img").mkdir(parents=True)
    (folder / "val" / "ann").mkdir()
    Image.new("RGB", (12, 10), "red").save(folder / "val" / "img" / "a.jpg")
    text = (folder / "ds" / "ann" / "a.jpg.json").read_text("utf-8")
    (folder / "val" / "ann" / "a.jpg.json").write_text(text, "utf-8")
    drain(import_dataset(folder, tmp_path / "p"))
    project = Project.open(tmp_path / "p")
    assert len(project.images) == 2
    assert all((project.load_mask(e) == 0).all() for e in project.images)
