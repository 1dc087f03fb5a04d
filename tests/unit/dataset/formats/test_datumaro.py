"""Datumaro's own format by its published rules, masks decoded by pycocotools."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.errors import DatasetError
from unet_gui.core.progress import drain
from unet_gui.dataset.formats import export, read, recognise
from unet_gui.dataset.formats.plan import flat_names
from unet_gui.dataset.formats.records import Findings


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pycocotools lags behind numpy 2
def test_by_its_own_rules(odd_project, tmp_path):
    coder = pytest.importorskip("pycocotools.mask")
    out = tmp_path / "out"
    drain(export(odd_project, "datumaro", out, entries=odd_project.images, verified=True))
    assert recognise(out).key == "datumaro"
    flat = flat_names([e.name for e in odd_project.images])
    ids = {c.name: c.id for c in odd_project.classes}
    seen = set()
    for file in (out / "annotations").glob("*.json"):
        data = json.loads(file.read_text("utf-8"))
        assert data["dm_format_version"] == "1.0"
        labels = [label["name"] for label in data["categories"]["label"]["labels"]]
        assert all(label["parent"] == "" for label in data["categories"]["label"]["labels"])
        assert [c["label_id"] for c in data["categories"]["mask"]["colormap"]] == [*range(255)]
        for item in data["items"]:
            with Image.open(out / "images" / file.stem / item["image"]["path"]) as image:
                assert list(image.size[::-1]) == item["image"]["size"]
            mask = np.full(item["image"]["size"], 255, np.uint8)
            for one in item["annotations"]:
                assert one["type"] == "mask"
                rle = {**one["rle"], "counts": one["rle"]["counts"].encode("ascii")}
                mask[coder.decode(rle) > 0] = ids[labels[one["label_id"]]]
            entry = odd_project.images[flat.index(item["id"])]
            assert np.array_equal(mask, odd_project.load_mask(entry))
            seen.add(item["id"])
    assert seen == {*flat}


def folder_of(tmp_path, annotations, **image):
    (tmp_path / "annotations").mkdir()
    (tmp_path / "images" / "train").mkdir(parents=True)
    Image.new("RGB", (12, 10)).save(tmp_path / "images" / "train" / "a.jpg")
    labels = [{"name": n, "parent": "", "attributes": []} for n in ("cell", "dirt")]
    data = {
        "dm_format_version": "1.0",
        "categories": {"label": {"label_groups": [], "labels": labels, "attributes": []}},
        "items": [{"id": "a", "annotations": annotations, "image": {"path": "a.jpg", **image}}],
    }
    (tmp_path / "annotations" / "train.json").write_text(json.dumps(data), "utf-8")
    return tmp_path


def area(kind, label=0, **words):
    return {"id": 0, "type": kind, "label_id": label, "group": 0, "attributes": {}, **words}


@pytest.mark.parametrize("size", [{"size": [10, 12]}, {}])
def test_polygons_boxes_and_ellipses_in_their_order(tmp_path, size):
    shapes = [
        area("bbox", bbox=[0, 0, 6, 4], z_order=1),
        area("polygon", 1, points=[2, 0, 4, 0, 4, 4, 2, 4], z_order=2),
        area("bbox", 1, bbox=[0, 0, 1, 4], z_order=0),
        area("ellipse", points=[8, 6, 12, 10]),
        area("points", points=[1, 1]),
    ]
    plan = drain(read(folder_of(tmp_path, shapes, **size)))
    assert (plan.format, plan.records[0].split) == ("datumaro", "train")
    findings = Findings()
    mask = plan.records[0].mask(findings)
    cell, dirt = (next(c.id for c in plan.classes if c.name == n) for n in ("cell", "dirt"))
    assert (mask[:4, 4:6] == cell).all()
    assert (mask[:4, 2:4] == dirt).all()
    assert (mask[:4, 0] == cell).all()
    assert mask[8, 10] == cell
    assert mask[6, 8] not in {cell, dirt}
    assert any("left out" in s for s in findings.sentences())


@pytest.mark.parametrize(
    "broken",
    [
        area("mask", rle={"counts": "04", "size": [3, 3]}),
        area("mask", rle={"counts": "~", "size": [10, 12]}),
        area("polygon", points=[1, 2, 3]),
    ],
)
def test_damaged_masks_are_named(tmp_path, broken):
    plan = drain(read(folder_of(tmp_path, [broken], size=[10, 12])))
    with pytest.raises(DatasetError, match=r"a\.jpg in train\.json"):
        plan.records[0].mask(Findings())


def test_labels_that_are_not_listed(tmp_path):
    with pytest.raises(DatasetError, match=r"train\.json"):
        drain(read(folder_of(tmp_path, [area("bbox", 7, bbox=[0, 0, 1, 1])])))
    (tmp_path / "annotations" / "train.json").unlink()
    with pytest.raises(DatasetError, match="no annotations"):
        drain(read(tmp_path, "datumaro"))
