"""The live learner from image to image: recalling, and learning more from whole images."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.unet.instant.conftest import SHAPE, striped
from unet_gui.core.progress import drain
from unet_gui.unet.instant import live, lookout, tiles
from unet_gui.unet.instant.finishing import CANDIDATES, PLAIN, UNTRIED
from unet_gui.unet.instant.live import Answer, Part, View


def work(learner, here, mask):
    """Paint an image and go on."""
    drain(learner.study(here, mask))
    answer = drain(learner.answer(here))
    learner.leave(here, mask)
    return answer


def lessons(monkeypatch):
    """Sizes of what is learnt from at once, each time."""
    counted = []
    made = live.lesson
    monkeypatch.setattr(
        live, "lesson", lambda parts: counted.append([len(p) for p in parts]) or made(parts)
    )
    return counted


def test_what_it_was_sure_of_is_recalled_once_the_person_went_on(learner, view, monkeypatch):
    counted = lessons(monkeypatch)
    first, truth = view(0)
    work(learner, first, striped(truth))
    painted = int((striped(truth) != 255).sum())
    assert counted == [[painted]]
    second, other = view(1)
    drain(learner.answer(second))  # from here on it is the learner before
    drain(learner.study(second, striped(other)))
    drain(learner.answer(second))
    assert len(counted[1]) == 4, "two painted images, what it was sure of in both"
    assert 0 < counted[1][2] <= live.ASKED


def test_one_class_painted_alone_leaves_the_rest_alone(learner, view):
    first, truth = view(0)
    work(learner, first, striped(truth))
    second, other = view(1)
    before = (drain(learner.answer(second)).mask == other).mean()
    one = np.where(other == 1, other, 255).astype(np.uint8)
    drain(learner.study(second, one))
    assert (drain(learner.answer(second)).mask == other).mean() > before - 0.05


def test_classes_that_nobody_has_painted_any_more_are_not_recalled(learner, view):
    first, truth = view(0)
    work(learner, first, striped(truth))
    drain(learner.answer(first))
    two = striped(truth)
    two[two == 2] = 255
    drain(learner.study(first, two))
    assert 2 not in drain(learner.answer(first)).mask


def test_a_large_image_is_asked_about_at_so_many_pixels(learner, drawn, monkeypatch):
    monkeypatch.setattr(live, "ASKED", 50)
    image, truth = drawn(0, SHAPE)
    here = View("0.png", truth.shape, lambda rect: image[rect.slices])
    drain(learner.study(here, striped(truth)))
    assert len(learner._free["0.png"]) <= 50


def test_whole_images_teach_surroundings_and_other_light(learner, view, monkeypatch):
    first, truth = view(0)
    work(learner, first, truth)
    assert learner.eager
    drain(learner.deepen())
    assert not learner.eager
    assert learner._net.context is not None
    assert learner._net.finish == UNTRIED
    counted = lessons(monkeypatch)
    answer = drain(learner.answer(view(1)[0]))
    assert len(counted[0]) == 2, "and what it looked like in other light"
    assert (answer.mask == view(1)[1]).mean() > 0.7


def test_strokes_are_no_whole_image(learner, view):
    first, truth = view(0)
    work(learner, first, striped(truth))
    assert not learner.eager
    assert learner.speck == live.SPECK
    assert learner._net.finish == PLAIN


def test_how_proposals_are_finished_is_tried_on_images_not_learnt_from(learner, view, monkeypatch):
    monkeypatch.setattr(lookout, "DISPUTED", 1.0)  # it has hardly learnt surroundings
    for seed in range(3):
        here, truth = view(seed)
        work(learner, here, truth)
        drain(learner.answer(here))
        drain(learner.deepen())
    trials = learner._whole._trials
    assert {name: len(trial) for name, trial in trials.items()} == {
        "1.png": len(CANDIDATES) + 2,
        "2.png": len(CANDIDATES) + 2,
    }
    assert learner._net.finish in CANDIDATES
    assert learner.speck == learner._net.finish.speck


def test_who_goes_on_quickly_is_judged_as_well(learner, view, monkeypatch):
    """Surroundings of the first image are learnt while the person is at the third."""
    monkeypatch.setattr(lookout, "DISPUTED", 1.0)
    first, truth = view(0)
    work(learner, first, truth)
    drain(learner.answer(first))
    part = learner.deepen()
    next(part)
    part.close()
    second, truth = view(1)
    work(learner, second, truth)
    drain(learner.answer(second))
    while learner.eager:
        drain(learner.deepen())
    assert set(learner._whole.trials) == {"1.png"}


def test_it_goes_on_where_it_was_interrupted(learner, view):
    first, truth = view(0)
    work(learner, first, truth)
    steps = 0
    while learner.eager:
        part = learner.deepen()
        for _ in zip(range(3), part, strict=False):
            steps += 1
        part.close()
        drain(learner.answer(first))
        assert steps < 100
    assert learner._net.context is not None


def test_images_that_have_gone_are_learnt_from_no_more(learner, view, monkeypatch):
    for seed in range(2):
        here, truth = view(seed)
        work(learner, here, truth)
    counted = lessons(monkeypatch)
    learner.stay_with({"0.png", "1.png"})
    drain(learner.answer(here))
    assert not counted
    learner.stay_with({"1.png"})
    drain(learner.answer(here))
    assert learner.knows == {"1.png"}
    assert [len(parts) for parts in counted] == [1]
    drain(learner.deepen())
    assert learner._whole.known == {"1.png"}
    learner.stay_with(())
    assert drain(learner.answer(here)) is None


def test_an_image_that_is_as_it_was_is_not_learnt_again(learner, view):
    first, truth = view(0)
    work(learner, first, truth)
    drain(learner.deepen())
    learner.leave(first, truth)
    assert not learner.eager


def test_an_image_that_its_parts_dispute_is_shown_once_painted_in(learner, view):
    here, truth = view(0)
    disputed = Answer(truth, truth, 0.5)
    assert not learner.worth_showing(here, disputed)
    drain(learner.study(here, striped(truth)))
    assert learner.worth_showing(here, disputed)


def test_looking_at_an_image_can_be_interrupted(learner, view, tmp_path):
    here, _ = view(0)
    part = learner.prepare(here)
    next(part)
    next(part)
    part.close()
    assert not list((tmp_path / "features").glob("*"))
    assert len(list(learner.prepare(here))) > 4
    assert len(list((tmp_path / "features").glob("*"))) == 1


def test_an_image_shown_otherwise_is_another_one_to_look_at(learner, view, tmp_path):
    here, _ = view(0)
    drain(learner.prepare(here))
    drain(learner.prepare(replace(here, shown="red only")))
    assert len(list((tmp_path / "features").glob("*"))) == 2


@pytest.fixture
def large(drawn, monkeypatch):
    """An image of six tiles."""
    monkeypatch.setattr(tiles, "TILE", 32)
    monkeypatch.setattr(tiles, "WHOLE", 48)
    monkeypatch.setattr(tiles, "MARGIN", 16)
    image, truth = drawn(0, SHAPE)
    return View("0.png", truth.shape, lambda rect: image[rect.slices]), truth


def test_what_is_near_the_stroke_is_answered_first(learner, large):
    here, truth = large
    drain(learner.study(here, striped(truth)))
    parts = []
    answer = drain(
        learner.answer(here, (60, 90)), lambda p: parts.append(p) if isinstance(p, Part) else None
    )
    assert [p.done for p in parts] == [1, 4]
    spoken = parts[0].answer.mask != 255
    assert spoken[64:, 32:].all()
    assert spoken.sum() == 32 * 32
    np.testing.assert_array_equal(parts[0].answer.mask[64:, 32:], answer.mask[64:, 32:])
    assert (answer.mask != 255).all()


def test_the_rest_stays_as_it_was_meanwhile(learner, large, monkeypatch):
    here, truth = large
    drain(learner.study(here, striped(truth)))
    before = drain(learner.answer(here))
    monkeypatch.setattr(live, "MOST_TILES", 2)
    swapped = np.where(truth == 0, 1, np.where(truth == 1, 0, truth)).astype(np.uint8)
    drain(learner.study(here, striped(swapped)))
    after = drain(learner.answer(here, (60, 90)))
    np.testing.assert_array_equal(after.mask[:32, :32], before.mask[:32, :32])
    assert not np.array_equal(after.mask, before.mask)
    drain(learner.study(here, np.full_like(truth, 255)))
    assert drain(learner.answer(here)) is None
    drain(learner.study(here, striped(truth)))
    assert (drain(learner.answer(here)).mask == 255).sum() == 4 * 32 * 32
