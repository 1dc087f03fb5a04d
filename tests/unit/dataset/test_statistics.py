"""Statistics of a project."""

from __future__ import annotations

import csv
import json
import math
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.errors import UsageError
from unet_gui.core.progress import Progress, drain
from unet_gui.dataset.chart import Bar, write_chart
from unet_gui.dataset.project import Project
from unet_gui.dataset.statistics import measure


@pytest.fixture
def counted(tmp_path):
    """Two images of 10×20: two discs (4 and 6 pixels) in one, one (2 pixels) in the other."""
    (tmp_path / "images").mkdir()
    for name in ("a", "b", "c"):
        Image.new("RGB", (20, 10)).save(tmp_path / "images" / f"{name}.png")
    project = Project.create(
        tmp_path / "p", images=tmp_path / "images", classes=["ground", "disc", "never"]
    )
    first = np.zeros((10, 20), np.uint8)
    first[1:3, 1:3] = first[5:7, 5:8] = 1
    second = np.full((10, 20), 255, np.uint8)
    second[:5] = 0
    second[2, 2] = second[3, 3] = 1  # one object: they touch at a corner
    project.save_mask(project.entry("a.png"), first)
    project.save_mask(project.entry("b.png"), second)
    return project


def with_pixel_size(project, size, unit):
    file = project.root / "project.json"
    raw = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps(raw | {"pixel_size": {"size": size, "unit": unit}}), "utf-8")
    return Project.open(project.root)


def test_pixels_objects_and_shares(counted):
    found = drain(measure(counted))
    totals = {t.info.name: t for t in found.totals}
    assert totals["disc"].pixels == 12
    assert totals["disc"].sizes.count == 3
    assert totals["disc"].sizes.mean == 4
    assert totals["disc"].sizes.median == 4
    assert (totals["disc"].sizes.smallest, totals["disc"].sizes.largest) == (2, 6)
    assert totals["disc"].share == pytest.approx(12 / 300)
    assert totals["never"].sizes.count == 0
    assert math.isnan(totals["never"].sizes.mean)
    assert (found.images, found.labelled_images) == (3, 2)
    assert (found.pixels, found.unlabelled) == (400, 100)
    assert [(r.image, r.info.name, r.pixels) for r in found.rows] == [
        ("a.png", "ground", 190),
        ("a.png", "disc", 10),
        ("b.png", "ground", 98),
        ("b.png", "disc", 2),
    ]


def test_areas_are_in_the_unit_of_the_project(counted):
    found = drain(measure(with_pixel_size(counted, 0.5, "µm")))
    disc = found.record(found.totals[1])
    assert disc["area"] == pytest.approx(12 * 0.25)
    assert disc["object_area_mean"] == pytest.approx(1.0)
    plain = drain(measure(counted)).record(drain(measure(counted)).totals[1])
    assert disc["diameter_mean"] == pytest.approx(plain["diameter_mean"] / 2)
    assert (disc["unit"], plain["unit"]) == ("µm", "px")
    assert "area µm²" in found.table()


def test_a_table_for_other_programs(counted, tmp_path):
    found = drain(measure(counted, keep_objects=True))
    found.write_csv(tmp_path / "rows.csv")
    found.write_objects_csv(tmp_path / "objects.csv")
    rows = list(csv.DictReader((tmp_path / "rows.csv").read_text("utf-8").splitlines()))
    assert [(r["image"], r["class"], r["pixels"], r["objects"]) for r in rows] == [
        ("a.png", "ground", "190", "1"),
        ("a.png", "disc", "10", "2"),
        ("b.png", "ground", "98", "1"),
        ("b.png", "disc", "2", "1"),
    ]
    objects = [
        r
        for r in csv.DictReader((tmp_path / "objects.csv").read_text("utf-8").splitlines())
        if r["class"] == "disc"
    ]
    assert [(r["image"], r["pixels"], r["left"], r["top"]) for r in objects] == [
        ("a.png", "4", "1", "1"),
        ("a.png", "6", "5", "5"),
        ("b.png", "2", "2", "2"),
    ]
    assert sum(int(r["pixels"]) for r in objects) == 12


def test_a_damaged_mask_is_told_and_left_out(counted):
    counted.entry("a.png").mask_path.write_bytes(b"\x89PNG\r\n\x1a\nnot really")
    found = drain(measure(counted))
    assert len(found.problems) == 1
    assert "a.png" in found.problems[0]
    assert found.labelled_images == 1


def test_it_says_how_far_it_is_and_can_be_stopped(counted):
    job = measure(counted)
    assert next(job) == Progress(0, 3, "a.png")
    job.close()


def test_the_plot_has_a_bar_for_each_class(tmp_path):
    bars = [Bar("soil & sand", "#5b6b7b", 0.75, "75 %"), Bar("weed", "#ffb300", 0.25, "25 %")]
    write_chart(tmp_path / "p.svg", "field", "2 images", bars)
    root = ElementTree.fromstring((tmp_path / "p.svg").read_text("utf-8"))
    rects = [e.attrib for e in root if e.tag.endswith("rect")]
    widths = {r["fill"]: float(r["width"]) for r in rects}
    assert widths["#5b6b7b"] == pytest.approx(3 * widths["#ffb300"], rel=0.01)
    assert "soil & sand" in [e.text for e in root]
    write_chart(tmp_path / "p.png", "field", "2 images", bars)
    with Image.open(tmp_path / "p.png") as image:
        colors = {c for _, c in image.convert("RGB").getcolors(1 << 20)}
    assert {(0x5B, 0x6B, 0x7B), (0xFF, 0xB3, 0x00)} <= colors


def test_other_kinds_of_plot_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"\.svg or \.png"):
        write_chart(tmp_path / "p.pdf", "field", "", [])
