from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from unet_gui.core.metrics import ConfusionMatrix
from unet_gui.core.progress import drain
from unet_gui.dataset import bundled
from unet_gui.dataset.images import load_image
from unet_gui.dataset.masks import load_mask
from unet_gui.dataset.project import Project
from unet_gui.unet.model import Encoder


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


def test_leaves_are_repeatable_and_varied(script):
    script("cell_images")
    script("pattern_images")
    leaves = script("leaf_images")
    images = [leaves.draw(seed, 64, 48) for seed in range(6)]
    assert {i.shape for i in images} == {(48, 64, 3)}
    assert np.array_equal(images[3], leaves.draw(3, 64, 48))
    assert all(image.std() > 2 for image in images)
    assert len({round(float(image.mean())) for image in images}) > 3


def test_the_most_telling_columns_are_those_that_say_different_things(script):
    heir = script("encoder_heir")
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=(2, 500))
    near = [one + rng.normal(0, 0.05, 500) for _ in range(3)]
    rows = torch.from_numpy(np.stack([*near, two, np.zeros(500)], 1)).float()
    kept = heir.most_telling(rows, 2).tolist()
    assert kept[0] in (0, 1, 2)
    assert kept[1] == 3


def test_an_heir_computes_some_of_the_teachers_channels(script):
    heir = script("encoder_heir")
    torch.manual_seed(0)
    teacher = Encoder(3, 0.125)
    images = list(torch.rand(6, 3, 32, 32))
    small = heir.heir(teacher, images, 0.0625, seed=0)
    with torch.inference_mode():
        wanted = teacher(torch.stack(images))[0].transpose(0, 1).flatten(1)
        found = small(torch.stack(images))[0].transpose(0, 1).flatten(1)
    assert small.features[28].out_channels == 32
    likeness = torch.corrcoef(torch.cat([found, wanted]))[: len(found), len(found) :]
    assert likeness.max(1).values.mean() > 0.6  # four of eight channels of white noise
    again = heir.heir(teacher, images, 0.0625, seed=0)
    for key, tensor in small.state_dict().items():
        assert torch.equal(again.state_dict()[key], tensor)


def test_photographs_are_cut_only_from_sets_that_may_be_used(script, tmp_path):
    make_starter = script_of_starter(script)
    for name in (*make_starter.SETS, "camvid"):
        folder = tmp_path / name / "images"
        folder.mkdir(parents=True)
        for k in range(make_starter.USED_ELSEWHERE + 2):
            grey = 200 if name == "camvid" else k
            image = np.full((170, 180, 3), grey, np.uint8)
            Image.fromarray(image).save(folder / f"{k:02}.png")
    cuts = make_starter.photographs(tmp_path, 0.02)
    assert len(cuts) == 3 * 4
    assert {cut.shape for cut in cuts} == {(160, 160, 3)}
    seen = {int(cut[0, 0, 0]) for cut in cuts}
    assert len(seen) == 2  # the nine that benchmarks use are left out
    assert make_starter.photographs(tmp_path / "nowhere", 0.02) == []


def script_of_starter(script):
    for name in (
        "cell_images",
        "pattern_images",
        "leaf_images",
        "encoder_heir",
        "encoder_school",
        "make_sample",
    ):
        script(name)
    return script("make_starter")


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

    make_starter = script_of_starter(script)
    torch.manual_seed(0)
    torch.save(Encoder().state_dict(), tmp_path / "teacher.pth")
    options = ["--share", "0.005", "--teacher", str(tmp_path / "teacher.pth")]
    options += ["--photographs", str(tmp_path / "none"), "--out", str(tmp_path / "starter")]
    assert make_starter.main(options) == 0
    assert "mIoU" in capsys.readouterr().out
    assert checkpoint.load(tmp_path / "starter").spec.width == make_starter.WIDTH
