"""Fitting, the network around it, and answers while a person paints."""

import copy

import numpy as np
import pytest
import torch

from unet_gui.core.errors import CheckpointError
from unet_gui.core.progress import drain
from unet_gui.unet.arbiter import pair
from unet_gui.unet.device import Device
from unet_gui.unet.instant import live
from unet_gui.unet.instant.cache import FeatureCache
from unet_gui.unet.instant.features import extract, ready_encoder
from unet_gui.unet.instant.head import Head, balance
from unet_gui.unet.instant.learner import Effort, fit, new_net
from unet_gui.unet.instant.live import LiveLearner, View
from unet_gui.unet.instant.memory import lesson, remember
from unet_gui.unet.instant.proposing import INSTANT, Proposer
from unet_gui.unet.pixels import to_input

FP32 = Device("cpu", torch.device("cpu"), None, channels_last=True, name="CPU")
QUICK = Effort(steps=60, warm_steps=20, trees=10)


def striped(truth):
    """Every eighth row, as strokes would leave it."""
    painted = np.full_like(truth, 255)
    painted[::8] = truth[::8]
    return painted


def test_it_learns_what_was_painted_and_nothing_else(learnt, drawn):
    net, _ = learnt()
    image, truth = drawn(5, (96, 64))
    found = net(to_input(image, 3, "unit")[None])[0].argmax(0).numpy()
    seen = truth != 255
    assert (found == truth)[seen].mean() > 0.9


def test_classes_without_strokes_are_never_predicted(small_weights, drawn):
    net = new_net(small_weights, 5)
    encoder = ready_encoder(net, FP32)
    image, truth = drawn(0, (96, 64))
    maps = extract(image, encoder, "unit", FP32)
    mask = striped(truth)
    mask[mask == 1] = 255
    drain(fit(net, lesson([remember(maps, mask)]), QUICK))
    assert net.class_ids == (0, 2)
    probabilities = net.probabilities(image, maps)
    assert not probabilities[[1, 3, 4]].any()
    torch.testing.assert_close(probabilities.sum(0), torch.ones(truth.shape))


def test_the_same_seed_gives_the_same_result(learnt, drawn):
    image, _ = drawn(3, (96, 64))
    x = to_input(image, 3, "unit")[None]
    first, again, other = (learnt(seed)[0](x) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_on_two_threads_it_learns_the_same(learnt):
    net, painted = learnt()
    alone = {k: v.clone() for k, v in net.stored().items()}
    progress = list(fit(net, painted, QUICK, workers=2))
    assert all(0 <= p.done <= p.total == 2 * QUICK.steps for p in progress)
    for key, tensor in net.stored().items():
        assert torch.equal(tensor, alone[key]), key
    threads = torch.get_num_threads()
    job = fit(net, painted, Effort(steps=2000), workers=2)
    next(job)
    job.close()
    assert torch.get_num_threads() == threads
    assert all(torch.equal(v, alone[k]) for k, v in net.stored().items())


def test_heads_as_convolutions_say_what_they_say_of_rows(small_weights, noise):
    image = noise(32, 48)
    net = new_net(small_weights, 3)
    maps = extract(image, ready_encoder(net, FP32), "unit", FP32)
    torch.manual_seed(1)
    head = Head((8,), 3)
    rows = maps.levels[0].reshape(-1, 8)
    head.standardise(rows)
    by_rows = head((rows - head.mean) * head.scale).T.reshape(3, 32, 48)
    torch.testing.assert_close(head.logits(maps.levels, maps.shape), by_rows, atol=1e-4, rtol=1e-4)


def test_draws_are_balanced():
    labels = np.array([0] * 900 + [1] * 100, np.uint8)
    weights = balance(labels, np.zeros(1000, np.int64))
    shares = np.bincount(labels, weights)
    assert shares.sum() == pytest.approx(1)
    assert 0.3 < shares[1] < 0.5


def test_a_one_sided_correction_leaves_the_rest_alone(learnt, drawn):
    net, taught = learnt()
    image, truth = drawn(5, (96, 64))
    x = to_input(image, 3, "unit")[None]
    before = (net(x)[0].argmax(0).numpy() == truth).mean()
    more = np.flatnonzero(taught.labels == 1).repeat(40)
    rows = np.concatenate([np.arange(len(taught.labels)), more])
    parts = (taught.levels, taught.filters, taught.labels, taught.groups)
    one_sided = type(taught)(*(part[rows] for part in parts))
    drain(fit(net, one_sided, QUICK, warm=True))
    assert (net(x)[0].argmax(0).numpy() == truth).mean() > before - 0.03


def test_a_cancelled_fit_leaves_the_net_as_it_was(learnt):
    net, taught = learnt()
    before = copy.deepcopy(net.state_dict())
    job = fit(net, taught, QUICK, warm=True)
    next(job)
    next(job)
    job.close()
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())


def test_an_empty_learner_says_so(small_weights, noise):
    with pytest.raises(CheckpointError, match="not learnt anything"):
        new_net(small_weights, 3)(to_input(noise(16, 16), 3, "unit")[None])


def test_features_of_an_image_are_kept_for_the_round_after(learnt, drawn, tmp_path):
    net, _ = learnt()
    image, _ = drawn(5, (96, 64))
    x = to_input(image, 3, "unit")[None]
    fresh = net(x)
    net.keep_features(FeatureCache(tmp_path), "sha256:small")
    assert torch.equal(net(x), fresh)
    assert len(list(tmp_path.glob("*.safetensors"))) == 1
    copied = copy.deepcopy(net)
    copied.vgg.features[0].weight.data.zero_()  # it does not look again
    assert torch.equal(copied(x), fresh)


@pytest.fixture
def proposer(small_weights, monkeypatch, tmp_path):
    monkeypatch.setattr(live, "LIVE", QUICK)
    return Proposer(LiveLearner(small_weights, 3, FP32, FeatureCache(tmp_path / "features")))


def view(drawn, seed):
    image, truth = drawn(seed, (96, 64))
    return View(f"{seed}.png", truth.shape, lambda rect: image[rect.slices]), truth


def test_it_answers_once_two_classes_are_painted(proposer, drawn, tmp_path):
    here, truth = view(drawn, 0)
    one = striped(truth)
    one[one != 0] = 255
    assert drain(proposer.offer(here, one)) is None
    offer = drain(proposer.offer(here, striped(truth)))
    assert offer.proposes
    assert offer.helps
    spoken = offer.mask != 255
    assert (offer.mask == truth)[spoken].mean() > 0.9
    assert len(list((tmp_path / "features").glob("*.safetensors"))) == 1
    there, truth = view(drawn, 1)
    carried_over = drain(proposer.offer(there, np.full_like(truth, 255)))
    assert (carried_over.mask == truth)[carried_over.mask != 255].mean() > 0.8


def test_undoing_all_strokes_takes_the_proposal_back(proposer, drawn):
    here, truth = view(drawn, 0)
    assert drain(proposer.offer(here, striped(truth))) is not None
    assert drain(proposer.offer(here, np.full_like(truth, 255))) is None


def test_both_propose_until_corrections_say_otherwise(proposer, drawn):
    here, truth = view(drawn, 0)
    wrong = ((truth + 1) % 3).astype(np.uint8), np.full_like(truth, 255)
    first = drain(proposer.offer(here, striped(truth), rival=("round-001", *wrong)))
    assert first.verdict.chosen == pair(INSTANT, "round-001")
    painted = striped(truth)
    painted[4::8] = truth[4::8]
    second = drain(proposer.offer(here, painted, rival=("round-001", *wrong)))
    assert second.verdict.chosen == INSTANT
    assert proposer.arbiter.miou(INSTANT) > proposer.arbiter.miou("round-001")
