"""What `bootstrap.py run` does where there is no display."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SCRIPT = Path(__file__).resolve().parents[2] / "packaging" / "headless.py"


@pytest.fixture
def headless(monkeypatch):
    spec = importlib.util.spec_from_file_location("headless", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "headless", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_whole_job_without_a_window(headless, tmp_path, capsys):
    out = tmp_path / "run"
    assert headless.main(["--budget", "4", "--out", str(out)]) == 0
    text = capsys.readouterr().out
    for word in ("background", "cytoplasm", "nucleus", "mean", "before", "after", str(out)):
        assert word in text
    stems = {p.stem for p in (out / "overlays").iterdir()}
    assert len(stems) >= 10
    for folder in ("predicted-before", "predicted-after"):
        masks = {p.stem: p for p in (out / folder).iterdir()}
        assert set(masks) == stems
        assert 255 not in np.unique(np.asarray(Image.open(masks[min(stems)])))
    assert (out / "project" / "models" / "round-001" / "model.json").is_file()
    assert (out / "voc" / "ImageSets" / "Segmentation" / "trainval.txt").is_file()


def test_a_folder_with_other_things_is_not_emptied(headless, tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("mine")
    assert headless.main(["--out", str(tmp_path)]) == 1
    assert "not empty" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_the_overlay_shows_classes_over_the_image_and_leaves_background_alone(headless):
    image = np.full((8, 8, 3), 100, np.uint8)
    mask = np.zeros((8, 8), np.uint8)
    mask[2:6, 2:6] = 1
    palette = np.zeros((256, 3), np.uint8)
    palette[1] = (255, 0, 0)
    drawn = headless.overlay(image, mask, palette)
    assert (drawn[0, 0] == 100).all()
    assert tuple(drawn[2, 2]) == (255, 0, 0)
    assert 100 < drawn[4, 4, 0] < 255
