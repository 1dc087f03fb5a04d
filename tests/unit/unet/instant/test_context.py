"""The decoder that sees surroundings, and what a round keeps of images for it."""

import copy

import numpy as np
import pytest
import torch

from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.unet.device import Device
from unet_gui.unet.instant.context import Area
from unet_gui.unet.instant.features import cut, extract, ready_encoder
from unet_gui.unet.instant.finishing import CANDIDATES, Finish
from unet_gui.unet.instant.learner import fit_context, new_net
from unet_gui.unet.instant.lookout import Lookout, judged

FP32 = Device("cpu", torch.device("cpu"), None, channels_last=True, name="CPU")


@pytest.fixture
def look(small_weights):
    encoder = ready_encoder(new_net(small_weights, 3), FP32)
    return lambda image: extract(image, encoder, "unit", FP32)


@pytest.fixture
def area(look, drawn):
    def make(seed, size=(96, 64)):
        image, truth = drawn(seed, size)
        return Area(look(image).levels, torch.from_numpy(truth))

    return make


def test_it_learns_whole_images(small_weights, look, area, drawn):
    net = new_net(small_weights, 3)
    drain(fit_context(net, [area(i) for i in range(3)], 120))
    image, truth = drawn(7, (96, 64))
    maps = look(image)
    found = net.context.logits(maps.levels, maps.shape)
    assert found.shape == (3, *truth.shape)
    seen = truth != 255
    assert (found.argmax(0).numpy() == truth)[seen].mean() > 0.85


def test_the_same_seed_learns_the_same_and_leaves_torchs_own_alone(small_weights, area):
    found = []
    for _ in range(2):
        net = new_net(small_weights, 3)
        torch.manual_seed(len(found))
        drain(fit_context(net, [area(0)], 4))
        assert torch.initial_seed() == len(found)
        found.append(net.context.state_dict())
    assert all(torch.equal(v, found[1][k]) for k, v in found[0].items())


def test_cancelled_it_leaves_the_net_as_it_was_and_the_one_before_too(small_weights, area):
    net = new_net(small_weights, 3)
    drain(fit_context(net, [area(0)], 3))
    kept = net.context
    before = copy.deepcopy(kept.state_dict())
    job = fit_context(net, [area(1)], 3, before=kept)
    next(job)
    job.close()
    assert net.context is kept
    drain(fit_context(net, [area(1)], 3, before=kept))
    assert net.context is not kept
    assert all(torch.equal(v, before[k]) for k, v in kept.state_dict().items())


def test_the_time_may_be_over_early(small_weights, area):
    net = new_net(small_weights, 3)
    asked = iter([True, True, False])
    done = list(fit_context(net, [area(0)], 50, more=lambda: next(asked)))
    assert len(done) == 2
    assert net.context is not None


def test_images_of_any_size(small_weights, area):
    net = new_net(small_weights, 3)
    drain(fit_context(net, [area(0, (130, 21)), area(1, (33, 64)), area(2, (9, 9))], 3))
    assert all(bool(v.isfinite().all()) for v in net.context.state_dict().values())


@pytest.mark.parametrize("rect", [(-16, -16, 20, 30), (21, 9, 40, 33), (50, 60, 80, 110)])
def test_a_part_of_the_maps_is_the_maps_of_the_part(look, noise, rect):
    image = noise(99, 70)
    maps = look(image)
    part, seen = cut(maps, Rect(*rect))
    assert part.shape == (seen.height, seen.width)
    assert seen.contains(Rect(*rect).intersection(Rect.of_shape(image.shape[:2])))
    for k, (whole, piece) in enumerate(zip(maps.levels, part.levels, strict=True)):
        top, left = seen.y0 >> k, seen.x0 >> k
        rows, columns = piece.shape[:2]
        assert rows >= part.shape[0] >> k
        assert torch.equal(whole[top : top + rows, left : left + columns], piece)


def test_only_whole_tiles_are_kept_and_new_ones_get_half_of_the_draws(look, drawn):
    lookout = Lookout()
    image, truth = drawn(0, (96, 64))
    maps = look(image)
    strokes = truth.copy()
    strokes[20:] = 255
    lookout.add_area("strokes", maps, strokes, known=False)
    assert not lookout.areas
    for name in ("a", "b", "c"):
        lookout.add_area(name, maps, truth, known=True)
    lookout.add_area("new", maps, truth, known=False)
    shares = [a.share for a in lookout.shared_out()]
    assert shares == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])


def test_past_the_budget_known_areas_go_first(look, drawn, monkeypatch):
    image, truth = drawn(0, (96, 64))
    maps = look(image)
    size = Area(maps.levels, torch.from_numpy(truth)).nbytes
    monkeypatch.setattr("unet_gui.unet.instant.lookout.AREAS_BUDGET", 2 * size)
    lookout = Lookout()
    for name, known in (("new", False), ("old", True), ("newer", False)):
        lookout.add_area(name, maps, truth, known=known)
    assert [name for name, _ in lookout.areas] == ["new", "newer"]


def test_held_back_cells_are_scored_by_what_is_right_in_them_alone(learnt, look, drawn):
    net, _ = learnt()
    image, _ = drawn(5, (96, 64))
    maps = look(image)
    lookout = Lookout()
    assert np.isnan(lookout.score(net).miou)
    cell = Rect(8, 24, 40, 56)
    found = net.probabilities(image, maps).argmax(0).numpy().astype(np.uint8)
    wrong = (found + 1) % 3
    wrong[cell.slices] = found[cell.slices]
    lookout.hold_back(image, maps, wrong, cell)
    score = lookout.score(net)
    assert score.pixels == 32 * 32
    assert score.pixel_accuracy > 0.95


def test_judged_by_what_each_way_would_have_cost(learnt, look, drawn):
    net, _ = learnt()
    image, truth = drawn(5, (96, 64))
    maps = look(image)
    *costs, learnt_from = judged(net, image, maps, truth, 3)
    assert learnt_from == 3
    assert len(costs) == len(CANDIDATES) + 1
    net.finish = Finish()
    perfect = net.probabilities(image, maps).argmax(0).numpy().astype(np.uint8)
    assert judged(net, image, maps, perfect, 3)[CANDIDATES.index(Finish(0.0, 0.0, 0))] == 0
    assert costs[-1] > 0


def test_an_image_that_the_parts_dispute_is_no_trial(learnt, look, drawn, monkeypatch):
    net, _ = learnt()
    image, truth = drawn(5, (96, 64))
    maps = look(image)
    base, _ = net.parts(maps)
    monkeypatch.setattr(net, "parts", lambda _maps: (base, np.roll(base, 1, 0)))
    assert judged(net, image, maps, truth, 3) == []
