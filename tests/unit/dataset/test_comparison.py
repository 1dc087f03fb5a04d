"""Mask versus mask."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from unet_gui.core.errors import MaskReadError, ProjectError
from unet_gui.core.progress import drain
from unet_gui.dataset.comparison import compare, kappa
from unet_gui.dataset.difference_pictures import DIFFERENT, ONLY_A, ONLY_B, difference

A = np.array([[0, 0, 1, 1], [2, 2, 255, 255]], np.uint8)
B = np.array([[0, 1, 1, 2], [2, 255, 2, 255]], np.uint8)


def put(folder, **masks):
    folder.mkdir(exist_ok=True)
    for name, mask in masks.items():
        Image.fromarray(mask).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def two(tmp_path):
    same = np.array([[0, 1], [2, 2]], np.uint8)
    return (
        put(tmp_path / "anna", x=A, same=same, more=same),
        put(tmp_path / "ben", x=B, same=same, other=same),
    )


def test_scores_are_over_what_both_have_labelled(two):
    report = drain(compare(*two))
    assert [i.name for i in report.images] == ["x", "same"]
    worst, best = report.images
    assert (worst.compared, worst.only_a, worst.only_b) == (5, 1, 1)
    assert worst.agreement == pytest.approx(3 / 5)
    assert (best.agreement, best.miou, best.kappa) == (1, 1, 1)
    scores = {c.id: c.iou for c in report.classes}
    assert scores == {0: pytest.approx(2 / 3), 1: pytest.approx(2 / 4), 2: pytest.approx(3 / 4)}
    assert report.matrix[:3, :3].tolist() == [[2, 1, 0], [0, 2, 1], [0, 0, 3]]
    assert report.missing == ("more", "other")


def test_it_does_not_matter_which_comes_first(two):
    one, other = drain(compare(*two)), drain(compare(*reversed(two)))
    assert one.miou == other.miou
    assert one.kappa == pytest.approx(other.kappa)
    np.testing.assert_array_equal(one.matrix, other.matrix.T)


@given(hnp.arrays(np.int64, (4, 4), elements=st.integers(0, 50)))
def test_kappa_is_that_of_its_definition(matrix):
    total = matrix.sum()
    if not total:
        assert math.isnan(kappa(matrix))
        return
    first = np.repeat(np.arange(4), matrix.sum(1))
    second = np.concatenate([np.repeat(np.arange(4), row) for row in matrix])
    agreed = (first == second).mean()
    chance = sum((first == i).mean() * (second == i).mean() for i in range(4))
    expected = 1.0 if chance >= 1 - 1e-12 else (agreed - chance) / (1 - chance)
    assert kappa(matrix) == pytest.approx(expected)


def test_pictures_show_what_differs(two, tmp_path):
    drain(compare(*two, pictures=tmp_path / "out"))
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["x.png"], "equal masks need none"
    pixels = np.asarray(Image.open(tmp_path / "out" / "x.png"))
    where = {c: (pixels == c).all(-1) for c in (ONLY_A, ONLY_B, DIFFERENT)}
    assert where[ONLY_A].tolist() == [[False] * 4, [False, True, False, False]]
    assert where[ONLY_B].tolist() == [[False, True, False, False], [False, False, True, False]]
    assert where[DIFFERENT].tolist() == [[False, False, False, True], [False] * 4]


def test_the_background_is_nothing_only_where_there_is_one():
    assert (difference(A, B, None, None)[0, 1] == DIFFERENT).all()
    assert (difference(A, B, None, 0)[0, 1] == ONLY_B).all()


def test_the_image_shows_through_where_both_agree():
    image = np.full((2, 4, 3), 200, np.uint8)
    picture = difference(A, B, image, 0)
    assert picture[0, 0].tolist() == [90, 90, 90]
    assert picture[0, 2].tolist() == [120, 120, 120]


def test_the_table_begins_with_the_worst(two, tmp_path):
    report = drain(compare(*two))
    report.write_csv(tmp_path / "t.csv")
    rows = list(csv.DictReader((tmp_path / "t.csv").read_text("utf-8").splitlines()))
    assert [r["image"] for r in rows] == ["x", "same"]
    assert "kappa" in report.table()


def test_a_pair_of_different_size_is_told(two):
    Image.fromarray(np.zeros((3, 3), np.uint8)).save(two[1] / "same.png")
    report = drain(compare(*two))
    assert len(report.problems) == 1
    assert "differ in size" in report.problems[0]
    assert [i.name for i in report.images] == ["x"]


def test_a_project_compares_with_its_own_masks(tiny_project):
    report = drain(compare(tiny_project.root, tiny_project.masks_dir))
    assert report.miou == 1
    assert {c.name for c in report.classes} == {"background", "disc", "square"}


def test_a_round_compares_by_its_kept_predictions(tiny_project):
    folder = tiny_project.models_dir / "round-001"
    folder.mkdir(parents=True)
    (folder / "checkpoint.safetensors").write_bytes(b"x")
    (folder / "model.json").write_text("{}", "utf-8")
    with pytest.raises(ProjectError, match="No prediction"):
        drain(compare(tiny_project.root, folder))
    entry = tiny_project.entry("a.png")
    mask = tiny_project.load_mask(entry)
    sure = np.full(mask.shape, 255, np.uint8)
    tiny_project.save_prediction(entry, mask, sure, round_name="round-001")
    report = drain(compare(tiny_project.root, folder))
    assert [i.name for i in report.images] == ["a"]
    assert report.kappa == 1


def test_nothing_in_common(tmp_path):
    with pytest.raises(MaskReadError, match="same name"):
        drain(compare(put(tmp_path / "a", x=A), put(tmp_path / "b", y=B)))
    with pytest.raises(MaskReadError, match="no folder"):
        drain(compare(tmp_path / "a", tmp_path / "nowhere"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(MaskReadError, match="no masks"):
        drain(compare(tmp_path / "a", tmp_path / "empty"))
