"""A U-Net with the instant learner beside it: averaged, learnt from, stored and left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import CheckpointError
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.dataset.files import write_json
from unet_gui.unet import checkpoint, weak_labels
from unet_gui.unet.device import cpu
from unet_gui.unet.instant.memory import lesson
from unet_gui.unet.instant.recall import SURE
from unet_gui.unet.losses import weak_loss
from unet_gui.unet.patches import PatchSampler
from unet_gui.unet.predict import Predictor
from unet_gui.unet.replay import Replay
from unet_gui.unet.samples import Sample, SampleSet
from unet_gui.unet.settings import preset
from unet_gui.unet.starting import Start
from unet_gui.unet.train import earlier_guide, fine_tune
from unet_gui.unet.weak_labels import WeakLabels


def guided(**changes):
    defaults = {"epochs": 1, "encoder_weights": "none", "width": 0.125, "patch": 32, "batch": 2}
    return preset("quick", **{**defaults, "decoder": "lite", **changes})


def train(samples, classes, settings):
    return drain(fine_tune(samples, settings, classes=classes, device=cpu()))


@pytest.fixture
def trained(drawn_samples, classes):
    return train(drawn_samples(2, (96, 160)), classes, guided())


def test_stored_and_loaded_it_says_the_same(trained, drawn_samples, tmp_path):
    assert trained.checkpoint.net.guide is not None
    checkpoint.save(tmp_path, trained.checkpoint.net, trained.checkpoint.info)
    loaded = checkpoint.load(tmp_path)
    image, _ = drawn_samples(1, (96, 160))[0].read()
    said = [drain(Predictor(c, cpu()).predict(image)) for c in (trained.checkpoint, loaded)]
    assert np.array_equal(said[0].mask, said[1].mask)
    assert np.array_equal(said[0].confidence, said[1].confidence)


def test_its_encoder_is_stored_once(trained, tmp_path):
    keys = trained.checkpoint.net.stored()
    assert any(k.startswith("guide.heads.") for k in keys)
    assert not any("vgg" in k for k in keys if k.startswith("guide."))


def test_a_guide_without_description_is_refused(trained, tmp_path):
    checkpoint.save(tmp_path, trained.checkpoint.net, trained.checkpoint.info)
    info = {k: v for k, v in trained.checkpoint.info.items() if k != "guide"}
    write_json(tmp_path / "model.json", info)
    with pytest.raises(CheckpointError, match="beside the network"):
        checkpoint.load(tmp_path)


def test_the_share_decides_who_is_heard(trained, drawn_samples):
    net = trained.checkpoint.net
    x = torch.randn(1, 3, 48, 64)
    with torch.inference_mode():
        both = net.guide
        both.share = 0.0
        instant = net(x).exp()
        both.share = 1.0
        own = net(x).exp()
        both.share = 0.5
        mixed = net(x).exp()
        alone = checkpoint.without_guide(trained.checkpoint).net(x)[:, both.ids].softmax(1)
    assert torch.allclose(mixed, (instant + own) / 2, atol=1e-5)
    assert torch.allclose(own[:, both.ids], alone, atol=1e-5)
    assert net.guide is both


def test_classes_nobody_painted_are_not_predicted(drawn_samples, classes):
    result = train(drawn_samples(1), classes.added("never seen"), guided())
    with torch.inference_mode():
        said = result.checkpoint.net(torch.randn(1, 3, 32, 32)).softmax(1)
    assert result.checkpoint.predictable == (0, 1, 2)
    assert float(said[:, 3:].max()) < 1e-6


def test_the_same_seed_gives_the_same_to_the_bit(drawn_samples, classes):
    one, two = (train(drawn_samples(2), classes, guided(epochs=2, seed=3)) for _ in range(2))
    state = two.checkpoint.net.stored()
    assert all(torch.equal(v, state[k]) for k, v in one.checkpoint.net.stored().items())
    assert one.checkpoint.net.guide.share == two.checkpoint.net.guide.share


@pytest.mark.parametrize("changes", [{"guided": False}, {"train_encoder": True}])
def test_only_over_an_encoder_that_stays_as_it_is(drawn_samples, classes, changes):
    result = train(drawn_samples(1), classes, guided(**changes))
    assert result.checkpoint.net.guide is None
    assert "guide" not in result.checkpoint.info


def test_a_network_alone_is_gone_on_from_too(trained, drawn_samples, classes):
    settings = guided(encoder_weights=None, width=None)
    job = fine_tune(
        drawn_samples(1), settings, classes=classes, parent=trained.checkpoint, device=cpu()
    )
    assert drain(job).checkpoint.net.guide is not None


def test_weak_labels_do_not_count_where_somebody_painted():
    logits = torch.randn(1, 2, 4, 4, requires_grad=True)
    target = torch.full((1, 4, 4), 255)
    target[:, :2] = 1
    weak = torch.full((1, 2, 4, 4), 0.5)
    weak_loss(logits, target, weak, 1).backward()
    assert not logits.grad[:, :, :2].any()
    assert logits.grad[:, :, 2:].any()


def test_replayed_patches_do_not_depend_on_who_shares_them(drawn_samples):
    samples = SampleSet(drawn_samples(2, (96, 96)))
    drain(samples.scan([0, 1, 2]))
    encoded = []

    def replay():
        def encode(pixels):
            encoded.append(pixels)
            return [pixels]

        sampler = PatchSampler(samples, 32, np.random.default_rng(0))
        return Replay(sampler, encode, seed=1, every=3, batch=2)

    together, left, right = replay(), replay(), replay()
    for step in range(12):
        both = together.part(step, [0, 1])
        parts = [left.part(step, [0]), right.part(step, [1])]
        assert torch.equal(both.levels[0], torch.cat([p.levels[0] for p in parts]))
        assert torch.equal(both.target, torch.cat([p.target for p in parts]))
    assert len(encoded) < 2 * 12
    resumed = replay()
    assert torch.equal(resumed.part(11, [0, 1]).levels[0], both.levels[0])


def test_images_there_is_no_time_for_are_named(drawn_samples, classes, make_checkpoint):
    samples = SampleSet(drawn_samples(3, (64, 64)))
    drain(samples.scan(classes.ids))
    weak = WeakLabels(samples, make_checkpoint("lite").net, "imagenet", cpu(), seed=0)
    drain(weak.learn(until=0.0))
    assert len(weak.late) == 2
    said = weak.probabilities(0, Rect(8, 8, 40, 30)).astype(int)
    assert said.shape == (3, 22, 32)
    assert (abs(said.sum(0) - 255) <= 3).all()


def test_a_new_guide_recalls_what_the_one_before_was_sure_of(
    drawn, classes, make_checkpoint, monkeypatch
):
    half_painted = []
    for n in range(3):
        image, mask = drawn(n, (64, 64))
        mask[:, ::2] = UNLABELLED
        half_painted.append(Sample.of(f"{n}.png", image, mask))
    samples = SampleSet(half_painted)
    drain(samples.scan(classes.ids))
    net = make_checkpoint("lite").net
    before = WeakLabels(samples, net, "imagenet", cpu(), seed=0)
    drain(before.learn(until=None))
    learnt = []

    def noticed(parts, *, seed):
        learnt.append(list(parts))
        return lesson(parts, seed=seed)

    monkeypatch.setattr(weak_labels, "lesson", noticed)
    drain(WeakLabels(samples, net, "imagenet", cpu(), seed=0).learn(until=None))
    drain(WeakLabels(samples, net, "imagenet", cpu(), 0, before.instant).learn(until=None))
    alone, both = learnt
    assert len(both) > len(alone)
    for part in both[len(alone) :]:
        sure = before.instant.shares_of(part.rows)
        assert (sure.argmax(1) == part.labels).all()
        assert sure.max(1).min() > SURE


def test_only_a_guide_of_the_same_classes_is_recalled(trained, classes):
    guide = trained.checkpoint.net.guide
    begin = Start(trained.checkpoint.net, "imagenet", "", "", "", parent=trained.checkpoint)
    assert earlier_guide(replace(begin, kept=frozenset(classes.ids))) is guide.instant
    assert earlier_guide(replace(begin, kept=frozenset(classes.ids[1:]))) is None
    assert earlier_guide(replace(begin, kept=frozenset(classes.ids), parent=None)) is None
