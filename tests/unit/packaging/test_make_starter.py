from __future__ import annotations

import numpy as np
import pytest

from unet_gui.core.metrics import ConfusionMatrix
from unet_gui.core.progress import drain
from unet_gui.dataset import bundled
from unet_gui.dataset.images import load_image
from unet_gui.dataset.masks import load_mask
from unet_gui.dataset.project import Project


@pytest.fixture
def starter():
    from unet_gui.unet import checkpoint

    return checkpoint.load(bundled.starter_checkpoint())


def test_patchworks_are_repeatable_and_know_every_pattern(script):
    patterns = script("pattern_images")
    image, truth = patterns.draw(3, 64, 48)
    again, again_truth = patterns.draw(3, 64, 48)
    assert image.shape == (48, 64, 3)
    assert np.array_equal(image, again)
    assert np.array_equal(truth, again_truth)
    seen = {i for seed in range(12) for i in np.unique(patterns.draw(seed, 64, 48)[1])}
    assert seen == set(range(len(patterns.PATTERNS)))


def test_the_starter_is_small_and_says_what_it_is(starter):
    folder = bundled.starter_checkpoint()
    assert (folder / "checkpoint.safetensors").stat().st_size < 3_000_000
    assert (starter.spec.decoder, starter.spec.width) == ("lite", 0.25)
    assert [c.name for c in starter.classes] == ["background", "cytoplasm", "nucleus"]
    assert starter.info["normalisation"] == "imagenet"
    assert starter.info["parent"] is None


def test_the_starter_fits_the_sample_project(starter, tmp_path):
    from unet_gui.unet.checkpoint import require_classes

    project = Project.open(bundled.sample_project_copy(tmp_path / "sample"))
    require_classes(starter, project.classes, bundled.starter_checkpoint())
    assert project.notice == ""
    done = [e for e in project.images if project.status(e).value == "done"]
    worked_on = [e for e in project.images if project.mask_file(e) is not None]
    assert (len(done), len(worked_on), len(project.images)) == (4, 6, 14)


def test_the_starter_is_good_but_leaves_something_to_correct(starter):
    from unet_gui.unet.device import pick
    from unet_gui.unet.predict import Predictor

    folder = bundled.sample_truth()
    predictor = Predictor(starter, pick("cpu"))
    matrix = ConfusionMatrix(3)
    for path in sorted((folder / "images").iterdir())[:2]:
        image = load_image(path)
        truth = load_mask(folder / "masks" / f"{path.stem}.png", image.shape[:2])
        matrix.update(drain(predictor.predict(image)).mask, truth)
    assert 0.6 < matrix.miou < 0.97


@pytest.mark.slow
def test_the_script_trains_and_writes_a_checkpoint(script, tmp_path, capsys):
    from unet_gui.unet import checkpoint

    for name in ("cell_images", "pattern_images", "encoder_school", "make_sample"):
        script(name)
    make_starter = script("make_starter")
    assert make_starter.main(["--share", "0.005", "--out", str(tmp_path / "starter")]) == 0
    assert "mIoU" in capsys.readouterr().out
    assert checkpoint.load(tmp_path / "starter").spec.width == make_starter.WIDTH
