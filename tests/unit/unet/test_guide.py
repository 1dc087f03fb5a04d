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
from unet_gui.unet import checkpoint
from unet_gui.unet import train as train_module
from unet_gui.unet import trainer as trainer_module
from unet_gui.unet.device import Device, cpu
from unet_gui.unet.guide import SHARES, USUAL_SHARE, best_share
from unet_gui.unet.instant_round import InstantSettings, learn_instantly
from unet_gui.unet.losses import weak_loss
from unet_gui.unet.model import ModelSpec
from unet_gui.unet.patches import PatchSampler
from unet_gui.unet.predict import Predictor
from unet_gui.unet.replay import Replay
from unet_gui.unet.samples import Sample, SampleSet
from unet_gui.unet.settings import preset
from unet_gui.unet.starting import Start
from unet_gui.unet.train import fine_tune, guide_before
from unet_gui.unet.weak_labels import WeakLabels
from unet_gui.unet.weights import of_encoder

FP32 = Device("cpu", torch.device("cpu"), None, channels_last=False, name="CPU")


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


def test_a_network_learns_from_sharper_answers_than_it_was_given(
    drawn_samples, classes, monkeypatch
):
    asked, learnt = [], []
    found = WeakLabels.probabilities

    def asking(self, sample, rect):
        asked.append(found(self, sample, rect))
        return asked[-1]

    def learning(logits, target, weak, count, **more):
        learnt.append(weak)
        return weak_loss(logits, target, weak, count, **more)

    monkeypatch.setattr(WeakLabels, "probabilities", asking)
    monkeypatch.setattr(trainer_module, "weak_loss", learning)
    train(drawn_samples(1, (96, 160)), classes, guided(epochs=4))
    given = np.concatenate([a.max(0).ravel() for a in asked]).mean() / 255
    certain = torch.cat([w.amax(1).ravel() for w in learnt])
    assert float(certain[certain > 0].mean()) > given + 0.02


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


def test_images_there_is_no_time_for_are_named(drawn_samples, classes, monkeypatch):
    monkeypatch.setattr(train_module, "LOOKING_SHARE", 1e-9)
    settings = guided(epochs=None, budget=0.2)
    result = train(drawn_samples(3, (64, 64)), classes, settings)
    assert any("no time to look at 2 of" in note for note in result.notes)
    assert not any("left out" in note for note in result.notes)
    assert result.checkpoint.info["samples"] == 3


def test_it_answers_for_any_part_of_a_sample(drawn_samples, trained):
    samples = SampleSet(drawn_samples(1, (64, 64)))
    drain(samples.scan([0, 1, 2]))
    weak = WeakLabels(samples, trained.checkpoint.net.guide.instant, cpu())
    said = weak.probabilities(0, Rect(8, 8, 40, 30)).astype(int)
    assert said.shape == (3, 22, 32)
    assert (abs(said.sum(0) - 255) <= 3).all()
    whole = weak.probabilities(0, Rect(0, 0, 64, 64))
    assert np.array_equal(said, whole[:, 8:30, 8:40])


def half_painted(drawn, count):
    samples = []
    for n in range(count):
        image, mask = drawn(n, (64, 64))
        mask[:, ::2] = UNLABELLED
        samples.append(Sample.of(f"{n}.png", image, mask))
    return samples


@pytest.mark.parametrize("whole", [False, True])
def test_it_is_what_the_instant_learner_alone_would_be(drawn, drawn_samples, classes, whole):
    samples = drawn_samples(3, (64, 64)) if whole else half_painted(drawn, 3)
    settings = guided(encoder_weights=None, width=None)
    parent = train(samples[:2], classes, guided()).checkpoint
    encoder = of_encoder(parent.net.vgg, "the same", parent.normalisation)

    def instantly(samples, before):
        told = InstantSettings(encoder)
        job = learn_instantly(samples, told, classes=classes, before=before, device=cpu())
        return drain(job).checkpoint

    alone = instantly(samples, instantly(samples[:2], None))
    job = fine_tune(samples, settings, classes=classes, parent=parent, device=cpu())
    beside = drain(job).checkpoint.net.guide
    own = alone.net.stored()
    said = beside.instant.stored()
    assert {k for k in own if not k.startswith("vgg.")} <= set(said)
    assert all(torch.equal(v, said[k]) for k, v in own.items() if not k.startswith("vgg."))
    assert beside.instant.finish == alone.net.finish
    assert beside.memory == {key: alone.info[key] for key in ("whole", "trials")}
    assert bool(beside.memory["whole"]) is whole


def test_what_it_remembers_is_stored(drawn_samples, classes, tmp_path):
    result = train(drawn_samples(2, (64, 64)), classes, guided())
    checkpoint.save(tmp_path, result.checkpoint.net, result.checkpoint.info)
    loaded = checkpoint.load(tmp_path).net.guide
    assert loaded.memory == result.checkpoint.net.guide.memory
    assert loaded.memory["whole"]
    assert loaded.instant.finish == result.checkpoint.net.guide.instant.finish


def test_nothing_beside_a_network_is_recalled_where_there_was_nothing(trained):
    begin = Start(trained.checkpoint.net, "imagenet", "", "", "", parent=trained.checkpoint)
    before = guide_before(begin, "sha256:0")
    assert before.net is trained.checkpoint.net.guide.instant
    assert before.info["classes"] == trained.checkpoint.info["classes"]
    assert guide_before(replace(begin, parent=None), "sha256:0") is None
    alone = checkpoint.without_guide(trained.checkpoint)
    assert guide_before(replace(begin, parent=alone), "sha256:0") is None


class Seeing:
    """A network that reads the class off the first channel, or always takes the next one."""

    spec = ModelSpec("lite", 3)

    def __init__(self, wrong):
        self.wrong = wrong

    def eval(self):
        return self

    def __call__(self, x):
        truth = (x[:, 0] * 255 / 80).round().long()
        return 9.0 * torch.nn.functional.one_hot((truth + self.wrong) % 3, 3).movedim(-1, 1).float()


class Saying:
    """A guide that reads masks, or always takes the next class."""

    def __init__(self, samples, wrong):
        self.samples, self.wrong = samples, wrong

    def probabilities(self, sample, rect):
        truth = (self.samples.read(sample)[0][rect.slices][..., 0] // 80 + self.wrong) % 3
        return (255 * (np.arange(3)[:, None, None] == truth)).astype(np.uint8)


def told_samples(known):
    """Images whose first channel says the class, labelled at these places."""
    rng = np.random.default_rng(0)
    found = []
    for n in range(3):
        truth = rng.integers(0, 3, (20, 20), dtype=np.uint8).repeat(16, 0).repeat(16, 1)
        image = np.zeros((*truth.shape, 3), np.uint8)
        image[..., 0] = 80 * truth
        truth[~known(truth.shape)] = UNLABELLED
        found.append(Sample.of(f"{n}.png", image, truth))
    samples = SampleSet(found)
    drain(samples.scan([0, 1, 2]))
    assert samples.held_back
    return samples


def strokes(shape):
    return np.broadcast_to(np.arange(shape[0])[:, None] % 8 == 0, shape)


@pytest.mark.parametrize(
    ("known", "net_wrong", "guide_wrong", "expected"),
    [
        (np.ones, False, True, max(SHARES)),
        (np.ones, True, False, min(SHARES)),
        (np.ones, False, False, USUAL_SHARE),
        (strokes, False, True, USUAL_SHARE),
        (strokes, True, False, USUAL_SHARE),
    ],
)
def test_images_labelled_whole_say_how_much_each_counts(known, net_wrong, guide_wrong, expected):
    samples = told_samples(lambda shape: known(shape).astype(bool))
    weak = Saying(samples, guide_wrong)
    share = best_share(Seeing(net_wrong), [0, 1, 2], samples, weak, FP32, "unit")
    assert share == expected
