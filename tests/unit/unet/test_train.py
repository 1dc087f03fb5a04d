"""Fine-tuning: it learns, it can be stopped, repeated and starved, and only better is adopted."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from unet_gui.core.classes import ClassTable
from unet_gui.core.errors import DeviceMemoryError, TrainingError, UsageError
from unet_gui.core.metrics import ConfusionMatrix
from unet_gui.core.progress import drain
from unet_gui.unet import scorer, scoring, trainer
from unet_gui.unet.average import Average
from unet_gui.unet.device import Device, cpu
from unet_gui.unet.patches import Augmentation
from unet_gui.unet.predict import Predictor
from unet_gui.unet.samples import Sample
from unet_gui.unet.scoring import Score
from unet_gui.unet.settings import TrainSettings, preset
from unet_gui.unet.train import fine_tune

PLAIN = Augmentation(1.0, 0.0, 1.0, 0.0)


def tiny(**changes) -> TrainSettings:
    defaults = {
        "epochs": 2,
        "encoder_weights": "none",
        "width": 0.125,
        "decoder": "lite",
        "patch": 32,
        "batch": 2,
        "train_encoder": True,
        "encoder_lr": 1e-3,
    }
    return preset("quick", **{**defaults, **changes})


def train(samples, classes, settings=None, **options):
    job = fine_tune(samples, settings or tiny(), classes=classes, device=cpu(), **options)
    seen = []
    return drain(job, seen.append), seen


def test_one_image_with_one_stroke_is_enough(classes):
    mask = np.full((40, 50), 255, np.uint8)
    mask[10:14, 10:30] = 2
    image = np.zeros((40, 50, 3), np.uint8)
    result, _ = train([Sample.of("a", image, mask)], classes)
    assert result.adopted
    assert result.checkpoint.predictable == (2,)
    assert np.isnan(result.score.miou)
    predicted = drain(Predictor(result.checkpoint, cpu()).predict(image))
    assert (predicted.mask == 2).all()


def test_classes_without_pixels_are_never_predicted(drawn_samples, classes):
    more = classes.added("never seen").added("nor this")
    result, _ = train(drawn_samples(1), more)
    assert result.checkpoint.spec.num_classes == 5
    assert result.checkpoint.predictable == (0, 1, 2)
    assert [c["id"] for c in result.checkpoint.info["classes"]] == [0, 1, 2, 3, 4]


def test_class_ids_may_have_gaps(drawn_samples, classes):
    gappy = ClassTable.from_names(["a", "b", "c", "d", "e"]).removed(1).removed(3)
    result, _ = train(drawn_samples(1), gappy)
    assert result.checkpoint.predictable == (0, 2)
    assert set(result.checkpoint.info["trained"]) == {0, 2}


def test_info_is_a_complete_model_json(drawn_samples, classes):
    result, seen = train(drawn_samples(3, (200, 160)), classes, tiny(epochs=1, patch=64))
    info = result.checkpoint.info
    assert info["format"] == 1
    assert info["normalisation"] == "imagenet"
    assert info["encoder"] == "none"
    assert info["steps"] == result.steps == seen[-1].step
    assert info["samples"] == 3
    assert info["adopted"] is True
    assert info["curve"][-1]["step"] == result.steps
    assert info["scores"]["held_back_pixels"] == result.score.pixels > 0
    assert set(info["scores"]["iou"]) <= {"0", "1", "2"}


def test_same_seed_same_network_on_a_cpu(drawn_samples, classes):
    one, two = (train(drawn_samples(2), classes, tiny(seed=5))[0] for _ in range(2))
    other, _ = train(drawn_samples(2), classes, tiny(seed=6))
    state = one.checkpoint.net.state_dict()
    for key, tensor in two.checkpoint.net.state_dict().items():
        assert torch.equal(state[key], tensor)
    assert not torch.equal(state["final.weight"], other.checkpoint.net.final.weight)


@pytest.mark.parametrize("decoder", ["lite", "tutorial"])
def test_encoder_is_frozen_first(drawn_samples, classes, decoder, make_checkpoint):
    parent = make_checkpoint(decoder)
    settings = tiny(decoder=decoder, encoder_weights=None, train_encoder=None, epochs=4)
    job = fine_tune(drawn_samples(2), settings, classes=classes, parent=parent, device=cpu())
    result = drain(job)
    moved = not torch.equal(
        result.checkpoint.net.vgg.features[0].weight, parent.net.vgg.features[0].weight
    )
    assert moved is (decoder == "tutorial")
    assert not torch.equal(result.checkpoint.net.final.weight, parent.net.final.weight)


def test_frozen_encoder_keeps_its_weights_to_the_bit(drawn_samples, classes, make_checkpoint):
    parent = make_checkpoint("tutorial")
    settings = tiny(decoder="tutorial", encoder_weights=None, train_encoder=False)
    job = fine_tune(drawn_samples(1), settings, classes=classes, parent=parent, device=cpu())
    state = drain(job).checkpoint.net.vgg.state_dict()
    for key, tensor in parent.net.vgg.state_dict().items():
        assert torch.equal(state[key], tensor)


def test_worse_than_the_parent_is_not_adopted(drawn_samples, classes, make_checkpoint, monkeypatch):
    parent = make_checkpoint("lite")
    scores = iter([Score(0.8, {0: 0.8}, 0.9, 100), Score(0.7, {0: 0.7}, 0.8, 100)])
    monkeypatch.setattr(scoring.ScoreSet, "score", lambda *_args: next(scores))
    monkeypatch.setattr(scorer.Scorer, "if_due", lambda *_args: None)
    result, _ = train(drawn_samples(1), classes, tiny(encoder_weights=None), parent=parent)
    assert not result.adopted
    assert result.previous.miou == 0.8
    assert result.checkpoint.info["adopted"] is False
    assert result.checkpoint.info["previous_miou"] == 0.8


def test_parent_is_scored_on_the_same_pixels_and_left_alone(
    drawn_samples, classes, make_checkpoint
):
    parent = make_checkpoint("lite")
    before = {k: v.clone() for k, v in parent.net.state_dict().items()}
    result, _ = train(
        drawn_samples(3, (200, 160)),
        classes,
        tiny(encoder_weights=None, epochs=1, patch=64),
        parent=parent,
    )
    assert result.previous.pixels == result.score.pixels > 0
    for key, tensor in parent.net.state_dict().items():
        assert torch.equal(before[key], tensor)


def test_parent_of_other_classes_is_not_compared(drawn_samples, make_checkpoint):
    parent = make_checkpoint("lite")
    other = ClassTable.from_names(["soil", "crop", "weed"])
    result, _ = train(drawn_samples(1), other, tiny(encoder_weights=None), parent=parent)
    assert result.previous is None
    assert result.adopted


def test_budget_ends_the_training(drawn_samples, classes, monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(trainer.time, "perf_counter", lambda: float(next(clock)))
    settings = tiny(budget=20.0, epochs=None)
    result, seen = train(drawn_samples(1), classes, settings)
    assert 20 <= result.seconds < 25
    assert 3 < result.steps < 12
    assert all(p.budget == 20 and p.steps is None for p in seen)


def test_learning_rate_rises_then_falls_to_zero(drawn_samples, classes, monkeypatch):
    rates = []
    original = trainer.Trainer._one_step

    def spy(self):
        rates.append(self._optimizer.param_groups[0]["lr"])
        original(self)

    monkeypatch.setattr(trainer.Trainer, "_one_step", spy)
    train(drawn_samples(1), classes, tiny(epochs=15))
    top = rates.index(max(rates))
    assert 3 <= top <= 12
    assert rates[:top] == sorted(rates[:top])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[-1] < 0.05 * max(rates)


def test_scores_come_on_the_way(drawn_samples, classes):
    _, seen = train(drawn_samples(3, (200, 160)), classes, tiny(epochs=1, patch=64))
    scored = [p for p in seen if p.score is not None]
    assert len(scored) > 2
    assert scored[-1].step == seen[-1].step
    assert not np.isnan(seen[-1].loss)


def test_nothing_labelled_is_a_clear_error(classes):
    empty = Sample.of("a", np.zeros((9, 9, 3), np.uint8), np.full((9, 9), 255, np.uint8))
    for samples in ([], [empty]):
        with pytest.raises(TrainingError, match="Nothing is labelled yet"):
            train(samples, classes)


def test_senseless_settings_are_refused_before_anything_is_read(classes):
    with pytest.raises(UsageError):
        train([], classes, TrainSettings(budget=None))


def test_loss_that_is_no_number_stops(drawn_samples, classes, monkeypatch):
    monkeypatch.setattr(trainer.Trainer, "_descend", lambda *_args: float("nan"))
    with pytest.raises(TrainingError, match="no longer a number"):
        train(drawn_samples(1), classes)


def test_out_of_memory_halves_batch_then_patch_and_says_so(drawn_samples, classes, monkeypatch):
    monkeypatch.setattr(Device, "free_memory", lambda _self: None)
    original = trainer.Trainer._descend
    sizes = []

    def hungry(self, part):
        patches = part[0]
        sizes.append((len(patches), patches.shape[-1]))
        if patches.numel() > 3 * 64 * 64:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return original(self, part)

    monkeypatch.setattr(trainer.Trainer, "_descend", hungry)
    result, _ = train(drawn_samples(1), classes, tiny(epochs=1, batch=4, patch=128))
    assert sizes[:4] == [(4, 128), (2, 128), (1, 128), (1, 64)]
    assert "ran out of memory: trained with 1 patches of 64 px" in " ".join(result.notes)


def test_no_memory_at_all_is_a_clear_error(drawn_samples, classes, monkeypatch):
    def starving(*_args):
        raise MemoryError

    monkeypatch.setattr(trainer.Trainer, "_descend", starving)
    with pytest.raises(DeviceMemoryError, match="too little memory"):
        train(drawn_samples(1), classes)


def test_closing_stops_cleanly(drawn_samples, classes):
    job = fine_tune(drawn_samples(1), tiny(epochs=50), classes=classes, device=cpu())
    for progress in job:
        if progress.step == 2:
            break
    job.close()
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


def test_average_follows_and_swaps():
    net = torch.nn.Linear(2, 2)
    with torch.no_grad():
        net.weight.zero_()
    average = Average(net, 0.5)
    with torch.no_grad():
        net.weight.fill_(1)
    for _ in range(5):
        average.update(net)
    average.swap(net)
    assert net.weight.detach().numpy() == pytest.approx(1, abs=0.1)
    assert not (net.weight == 1).all()
    average.swap(net)
    assert (net.weight == 1).all()
    off = Average(net, 0.0)
    off.update(net)
    off.swap(net)
    assert (net.weight == 1).all()


@pytest.mark.slow
@pytest.mark.parametrize("decoder", ["tutorial", "lite"])
def test_two_images_overfit(drawn, classes, decoder):
    samples = [Sample.of(f"{i}", *drawn(i, (96, 64))) for i in range(2)]
    settings = tiny(
        decoder=decoder, width=0.25, epochs=260, patch=64, batch=4, augmentation=PLAIN, lr=2e-3
    )
    result, _ = train(samples, classes, settings)
    predictor = Predictor(result.checkpoint, cpu())
    matrix = ConfusionMatrix(3)
    for sample in samples:
        image, truth = sample.read()
        matrix.update(drain(predictor.predict(image)).mask, truth)
    assert matrix.iou.min() > 0.95
