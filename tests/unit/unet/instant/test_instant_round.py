"""Rounds of the instant learner in a project: written, loaded, compared, predicted with."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from unet_gui.core.errors import CheckpointError, TrainingError
from unet_gui.core.metrics import ConfusionMatrix
from unet_gui.core.progress import drain
from unet_gui.regions.cleanup import remove_specks
from unet_gui.unet import checkpoint, instant_round
from unet_gui.unet.device import cpu
from unet_gui.unet.instant import learner as learning
from unet_gui.unet.instant import lookout, tiles
from unet_gui.unet.instant.finishing import Finish
from unet_gui.unet.instant.learner import Effort
from unet_gui.unet.instant_round import InstantSettings, learn_instantly
from unet_gui.unet.onnx_export import export_onnx
from unet_gui.unet.predict import Predictor
from unet_gui.unet.rounds import proposing_checkpoint, train_instant_round, train_round
from unet_gui.unet.samples import Sample, samples_from_project
from unet_gui.unet.scoring import Score
from unet_gui.unet.settings import TrainSettings

SETS = ("wbc", "em_membranes", "vessels")


@pytest.fixture(autouse=True)
def quick(request, monkeypatch):
    if "slow" not in request.keywords:
        monkeypatch.setattr(instant_round, "THOROUGH", Effort(steps=60, trees=10))
        monkeypatch.setattr(learning, "CONTEXT_STEPS", 20)
        monkeypatch.setattr(learning, "MORE_CONTEXT_STEPS", 10)
        monkeypatch.setattr(lookout, "OTHERS", 0)


@pytest.fixture
def learn(tiny_project, small_file):
    def run(**changes):
        chosen = InstantSettings(small_file, **changes)
        return drain(train_instant_round(tiny_project, chosen, device=cpu()))

    return run


def test_the_score_needs_no_more_than_what_lies_around_strokes(
    tiny_project, small_file, drawn, monkeypatch
):
    samples = []
    for number in range(4):
        image, truth = drawn(number, (160, 128))
        mask = np.full_like(truth, 255)
        for top, left in ((20, 9), (70, 70), (100, 30), (130, 100)):
            part = np.s_[top : top + 12, left : left + 17]
            mask[part] = truth[part]
        samples.append(Sample.of(f"{number}", image, mask))

    def score():
        job = learn_instantly(
            samples, InstantSettings(small_file), classes=tiny_project.classes, device=cpu()
        )
        return drain(job).score

    narrow = score()
    assert narrow.pixels > 0
    monkeypatch.setattr(instant_round, "_painted", lambda mask, rect: rect)
    assert score() == narrow


def predict(loaded, image):
    return drain(Predictor(loaded, cpu()).predict(image))


def test_a_round_is_written_adopted_and_proposes(learn, tiny_project, drawn):
    done = learn()
    assert done.result.adopted
    info = json.loads((done.path / "model.json").read_text())
    assert (info["learner"], info["decoder"], info["trained"]) == ("instant", "instant", [0, 1, 2])
    assert tiny_project.adopted == "round-001"
    loaded, name = proposing_checkpoint(tiny_project)
    assert name == "round-001"
    image, truth = drawn(7, (96, 64))
    found = predict(loaded, image)
    assert (found.mask == truth)[truth != 255].mean() > 0.85
    assert 255 not in found.mask
    np.testing.assert_array_equal(found.mask, predict(done.result.checkpoint, image).mask)


def test_the_same_seed_gives_the_same_round(tiny_project, small_file):
    samples = list(samples_from_project(tiny_project))
    chosen = InstantSettings(small_file, seed=3)
    first, again = (
        drain(
            learn_instantly(samples, chosen, classes=tiny_project.classes, device=cpu())
        ).checkpoint.net.state_dict()
        for _ in range(2)
    )
    assert any(key.startswith("context.") for key in first)
    assert all(torch.equal(v, again[k]) for k, v in first.items())


def test_a_round_that_is_not_better_is_there_but_not_adopted(learn, tiny_project, monkeypatch):
    learn()
    monkeypatch.setattr(Score, "better_than", lambda *_args: False)
    second = learn()
    assert not second.result.adopted
    assert second.result.previous is not None
    assert tiny_project.adopted == "round-001"


def test_a_u_net_starts_anew_but_has_to_beat_the_instant_round(learn, tiny_project, monkeypatch):
    learn()
    monkeypatch.setattr(Score, "better_than", lambda _self, other: other is None)
    settings = TrainSettings(encoder_weights="none", width=0.125, budget=None, epochs=1, patch=64)
    done = drain(train_round(tiny_project, settings, device=cpu()))
    assert done.result.checkpoint.info["decoder"] == "lite"
    assert done.result.previous is not None
    assert not done.result.adopted
    assert tiny_project.adopted == "round-001"


def test_the_next_round_tries_what_the_last_one_says_of_new_images(learn, tiny_project, drawn):
    first = learn()
    info = json.loads((first.path / "model.json").read_text())
    assert (info["whole"], info["trials"]) == (["a.png"], {})
    image, truth = drawn(4)
    Image.fromarray(image).save(tiny_project.images_dir / "new.png")
    tiny_project.refresh()
    tiny_project.save_mask(tiny_project.entry("new.png"), truth)
    second = learn()
    info = json.loads((second.path / "model.json").read_text())
    assert info["whole"] == ["a.png", "new.png"]
    assert list(info["trials"]) == ["new.png"]
    assert learn().result.checkpoint.info["trials"] == info["trials"]
    loaded = checkpoint.load(second.path)
    assert loaded.net.finish.to_info() == info["finish"]
    assert loaded.net.context is not None


@pytest.mark.parametrize("reason", ["silent", "disputed"])
def test_proposals_that_would_not_help_are_said_so(learn, drawn, monkeypatch, reason):
    loaded = learn().result.checkpoint
    image, _ = drawn(7, (96, 64))
    assert predict(loaded, image).helps
    if reason == "silent":
        loaded.info["silent"] = True
    else:
        monkeypatch.setattr("unet_gui.unet.instant.net.disputed", lambda *_parts: 0.5)
    assert not predict(loaded, image).helps


def test_specks_are_not_proposed(learn, noise):
    loaded = learn().result.checkpoint
    loaded.net.finish = Finish(context=0.0)
    loaded.info["finish"] = loaded.net.finish.to_info()
    image = noise(96, 64)
    ragged = predict(loaded, image).mask
    loaded.info["finish"]["speck"] = 60
    tidy = predict(loaded, image).mask
    np.testing.assert_array_equal(tidy, remove_specks(ragged, 60))
    assert (tidy != ragged).any()


def test_features_are_looked_for_on_disk_first(learn, monkeypatch):
    learn()
    monkeypatch.setattr(instant_round, "extract", None)  # nothing can be looked at anew
    assert learn().result.checkpoint.info["samples"] == 2


def test_whole_images_are_seen_again_in_other_light(learn, monkeypatch):
    learn()
    monkeypatch.setattr(lookout, "OTHERS", 8)
    seen = []
    extract = instant_round.extract
    monkeypatch.setattr(
        instant_round, "extract", lambda image, *rest: seen.append(image) or extract(image, *rest)
    )
    learn()
    learn()
    assert len(seen) == 2, "one of two images is labelled whole, and known ones are on disk"
    np.testing.assert_array_equal(*seen)  # from the same masks the same round


def test_its_rounds_are_no_onnx(learn, tmp_path):
    pytest.importorskip("onnx", reason="the extra “onnx” is not installed")
    with pytest.raises(CheckpointError, match="instant learner"):
        export_onnx(learn().result.checkpoint, tmp_path / "a.onnx")
    assert not list(tmp_path.glob("*.onnx"))


def test_a_damaged_round_is_refused(learn):
    path = learn().path
    info = json.loads((path / "model.json").read_text())
    (path / "model.json").write_text(json.dumps({**info, "num_classes": 7}))
    with pytest.raises(CheckpointError, match="does not fit"):
        checkpoint.load(path)


def test_a_large_image_white_beside_the_tissue(classes, small_file, drawn, monkeypatch):
    monkeypatch.setattr(tiles, "TILE", 32)
    monkeypatch.setattr(tiles, "WHOLE", 48)
    monkeypatch.setattr(tiles, "MARGIN", 0)
    image, truth = drawn(0, (96, 64))
    image[:48] = 255
    sample = Sample.of("a", image, truth)
    job = learn_instantly([sample], InstantSettings(small_file), classes=classes, device=cpu())
    assert drain(job).checkpoint.net.forest.channels == 3


def test_nothing_labelled(classes, small_file, noise):
    blank = Sample.of("a", noise(16, 16), np.full((16, 16), 255, np.uint8))
    with pytest.raises(TrainingError, match="Nothing is labelled"):
        drain(learn_instantly([blank], InstantSettings(small_file), classes=classes, device=cpu()))


def test_images_beyond_the_budget_are_named(classes, small_file, drawn_samples):
    chosen = InstantSettings(small_file, budget=1e-6)
    result = drain(learn_instantly(drawn_samples(3), chosen, classes=classes, device=cpu()))
    assert result.checkpoint.info["samples"] == 1
    assert len(result.notes) == 2
    assert all("time was over" in note for note in result.notes)


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_real_images(name, vgg16_file):
    """Sparse strokes on three images carry over to a fourth, better than one class everywhere."""
    shared = Path(os.environ.get("UNET_GUI_SHARED") or vgg16_file.parents[1])
    folder = shared / "data" / name
    if not folder.is_dir():
        pytest.skip(f"there is no data set at {folder}")
    from unet_gui.core.classes import ClassTable

    listed = json.loads((folder / "meta.json").read_text())["classes"]
    table = ClassTable.from_names([f"class {i}" for i in range(len(listed))])
    pairs = []
    for file in sorted((folder / "images").iterdir())[:4]:
        image = np.asarray(Image.open(file).convert("RGB"))[:256, :256]
        mask = np.asarray(Image.open(folder / "masks" / f"{file.stem}.png"))[:256, :256]
        pairs.append((file.name, np.ascontiguousarray(image), mask))
    samples = []
    for file_name, image, mask in pairs[:3]:
        sparse = np.full_like(mask, 255)
        sparse[::24] = mask[::24]
        samples.append(Sample.of(file_name, image, sparse))
    job = learn_instantly(samples, InstantSettings(vgg16_file), classes=table, device=cpu())
    found = predict(drain(job).checkpoint, pairs[3][1]).mask
    truth = pairs[3][2]
    reached, floor = ConfusionMatrix(255), ConfusionMatrix(255)
    reached.update(found, truth)
    seen = truth[truth != 255]
    floor.update(np.full_like(truth, np.bincount(seen).argmax()), truth)
    assert reached.miou > floor.miou + 0.15
