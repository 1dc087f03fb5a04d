"""Who proposes, when nobody does, and how sure a proposal has to be."""

import numpy as np
import pytest

from unet_gui.unet.arbiter import ENOUGH, LEAST, USUAL, Arbiter

SIZE = (40, 50)


def note(arbiter, learner, image, share_right, *, labelled=1.0, confidence=200):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, SIZE, dtype=np.uint8)
    said = np.where(rng.random(SIZE) < share_right, truth, 1 - truth).astype(np.uint8)
    now = truth.copy()
    now[round(SIZE[0] * labelled) :] = 255
    sure = np.full(SIZE, confidence, np.uint8)
    arbiter.note(learner, image, (said, sure), now=now, new=now != 255)


def test_nothing_is_concluded_from_little():
    arbiter = Arbiter()
    assert np.isnan(arbiter.miou("a"))
    assert arbiter.helps("a")
    assert arbiter.threshold("a") == USUAL
    assert SIZE[0] * SIZE[1] > ENOUGH
    note(arbiter, "a", "1", 0.0, labelled=0.1)
    assert np.isnan(arbiter.miou("a"))


def test_the_better_one_is_preferred_on_images_that_both_saw():
    arbiter = Arbiter()
    note(arbiter, "a", "1", 0.9)
    assert not arbiter.prefers("a", "b")
    note(arbiter, "b", "2", 0.1)
    assert not arbiter.prefers("a", "b")
    note(arbiter, "b", "1", 0.7)
    assert arbiter.prefers("a", "b")
    assert not arbiter.prefers("b", "a")
    assert arbiter.miou("a") == pytest.approx(0.9 / 1.1, abs=0.03)


def test_only_finished_images_say_that_proposals_cost_more_than_they_save():
    arbiter = Arbiter()
    note(arbiter, "a", "1", 0.0, labelled=0.5)
    assert arbiter.helps("a")
    note(arbiter, "a", "1", 0.0)
    assert not arbiter.helps("a")
    for image in "2345678":
        note(arbiter, "a", image, 1.0)
    assert arbiter.helps("a")


def test_one_class_that_is_mostly_right_is_enough():
    arbiter = Arbiter()
    truth = np.zeros(SIZE, np.uint8)
    truth[:, 25:] = 1
    said = truth.copy()
    said[:, 15:25], said[:15, 25:] = 1, 2
    arbiter.note("a", "1", (said, np.full(SIZE, 99, np.uint8)), now=truth, new=truth >= 0)
    assert arbiter.helps("a")


def test_silent_pixels_are_not_judged():
    arbiter = Arbiter()
    silent = np.full(SIZE, 255, np.uint8)
    now = np.zeros(SIZE, np.uint8)
    arbiter.note("a", "1", (silent, silent), now=now, new=now == 0)
    assert np.isnan(arbiter.miou("a"))


def test_the_threshold_is_where_nine_in_ten_were_right():
    arbiter = Arbiter()
    note(arbiter, "a", "1", 0.95, confidence=240)
    note(arbiter, "a", "2", 0.6, confidence=180)
    assert arbiter.threshold("a") == pytest.approx(0.74, abs=0.16)
    assert arbiter.threshold("a") > 180 / 256
    note(arbiter, "b", "1", 1.0, confidence=10)
    assert arbiter.threshold("b") == LEAST
    note(arbiter, "c", "1", 0.5, confidence=250)
    assert arbiter.threshold("c") == 0.9
