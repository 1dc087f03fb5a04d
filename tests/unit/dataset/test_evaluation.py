"""Comparing folders of masks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.classes import ClassTable
from unet_gui.core.errors import MaskReadError
from unet_gui.core.progress import drain
from unet_gui.dataset.evaluation import evaluate_folders

if TYPE_CHECKING:
    from pathlib import Path

TRUTH = np.array([[0, 0, 1, 1], [0, 0, 1, 255]], np.uint8)
GUESS = np.array([[0, 1, 1, 1], [0, 0, 0, 0]], np.uint8)


def write(path: Path, mask: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).save(path)


@pytest.fixture
def folders(tmp_path):
    write(tmp_path / "truth" / "a.png", TRUTH)
    write(tmp_path / "guess" / "a.png", GUESS)
    return tmp_path / "guess", tmp_path / "truth"


def test_scores(folders):
    report = drain(evaluate_folders(*folders))
    scores = {c.id: c for c in report.classes}
    assert scores[0].iou == pytest.approx(3 / 5)
    assert scores[1].iou == pytest.approx(2 / 4)
    assert scores[0].dice == pytest.approx(6 / 8)
    assert scores[1].dice == pytest.approx(4 / 6)
    assert report.miou == pytest.approx((3 / 5 + 2 / 4) / 2)
    assert report.pixel_accuracy == pytest.approx(5 / 7)
    assert report.labelled_pixels == 7
    assert scores[1].pixels == 3
    assert report.matrix[0, 1] == 1
    assert report.warnings == []
    assert "mean IoU" in report.table()


def test_unlabelled_predictions_are_misses(folders):
    write(folders[0] / "a.png", np.where(GUESS == 1, np.uint8(255), GUESS))
    report = drain(evaluate_folders(*folders))
    scores = {c.id: c for c in report.classes}
    assert scores[1].iou == 0
    assert scores[0].iou == pytest.approx(3 / 5)
    assert report.pixel_accuracy == pytest.approx(3 / 7)
    assert report.unlabelled_predicted == 3
    assert set(scores) == {0, 1}
    assert "no predicted class" in report.warnings[0]


def test_a_class_only_predicted_counts_with_zero(folders):
    write(folders[0] / "a.png", np.where(TRUTH == 255, np.uint8(9), TRUTH))
    assert drain(evaluate_folders(*folders)).miou == 1  # the extra class lies under 255 only
    write(folders[0] / "a.png", np.full_like(TRUTH, 9))
    report = drain(evaluate_folders(*folders))
    assert [c.id for c in report.classes] == [0, 1, 9]
    assert report.miou == 0


def test_pairs_by_relative_stem(folders):
    guess, truth = folders
    write(truth / "sub" / "b.tif", TRUTH)
    write(guess / "sub" / "b.png", TRUTH)
    write(truth / "lonely.png", TRUTH)
    write(guess / "extra.png", TRUTH)
    report = drain(evaluate_folders(guess, truth))
    assert report.images == 2
    assert report.missing == ("lonely",)
    assert report.extra == ("extra",)
    assert len(report.warnings) == 2


def test_names(folders):
    guess, truth = folders
    table = ClassTable.from_names(["soil", "crop"])
    assert [c.name for c in drain(evaluate_folders(guess, truth, table)).classes] == [
        "soil", "crop",
    ]  # fmt: skip
    assert drain(evaluate_folders(guess, truth)).classes[0].name == "class 0"
    (truth / "classes.txt").write_text("earth\n", "utf-8")
    names = [c.name for c in drain(evaluate_folders(guess, truth)).classes]
    assert names == ["earth", "class 1"]


def test_colour_masks_with_classes(folders):
    guess, truth = folders
    table = ClassTable.from_names(["soil", "crop"])
    write(guess / "a.png", table.palette()[TRUTH])
    assert drain(evaluate_folders(guess, truth, table)).miou == 1


def test_wrong_size_names_the_file(folders):
    write(folders[0] / "a.png", GUESS[:, :2])
    with pytest.raises(MaskReadError, match=r"a\.png is 2×2"):
        drain(evaluate_folders(*folders))


def test_nothing_to_compare(folders, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(MaskReadError, match="same name"):
        drain(evaluate_folders(tmp_path / "empty", folders[1]))
    with pytest.raises(MaskReadError, match="no folder"):
        drain(evaluate_folders(tmp_path / "gone", folders[1]))


def test_a_truth_without_labels_has_no_score(tmp_path):
    for name in ("guess", "truth"):
        write(tmp_path / name / "a.png", np.full((2, 2), 255, np.uint8))
    report = drain(evaluate_folders(tmp_path / "guess", tmp_path / "truth"))
    assert report.classes == ()
    assert math.isnan(report.miou)
    assert math.isnan(report.pixel_accuracy)
    assert "nan" in report.table()


def test_json_has_plain_values(folders):
    data = drain(evaluate_folders(*folders)).to_json()
    assert data["iou"] == {"0": pytest.approx(0.6), "1": pytest.approx(0.5)}
    assert data["images"] == 1
