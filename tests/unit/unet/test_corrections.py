"""What a person labels judges what was proposed there first."""

import numpy as np

from unet_gui.unet.arbiter import SHOWN, Arbiter
from unet_gui.unet.corrections import Corrections

SIZE = (40, 50)


def labels(*painted):
    mask = np.full(SIZE, 255, np.uint8)
    for rows, value in painted:
        mask[rows] = value
    return mask


TOP, BOTTOM = slice(0, 20), slice(20, 40)


def test_what_was_said_before_the_label_counts_and_nothing_later():
    arbiter, seen = Arbiter(), Corrections(labels())
    sure = np.full(SIZE, 200, np.uint8)
    assert not seen.label(labels(), arbiter, "1")
    seen.say("a", np.zeros(SIZE, np.uint8), sure)
    assert seen.label(labels((TOP, 1)), arbiter, "1")
    seen.say("a", np.ones(SIZE, np.uint8), sure)
    assert seen.label(labels((TOP, 1), (BOTTOM, 1)), arbiter, "1")
    confusion = arbiter.confusion("a")
    assert confusion[1, 0] == 1000
    assert confusion[1, 1] == 1000


def test_what_was_accepted_and_corrected_was_wrong():
    arbiter, seen = Arbiter(), Corrections(labels())
    seen.say("a", np.zeros(SIZE, np.uint8), np.full(SIZE, 200, np.uint8))
    seen.label(labels((TOP, 0), (BOTTOM, 0)), arbiter, "1")
    assert arbiter.confusion("a")[0, 0] == 2000
    seen.label(labels((TOP, 0), (BOTTOM, 1)), arbiter, "1")
    assert arbiter.confusion("a")[0, 0] == 1000
    assert arbiter.confusion("a")[1, 0] == 1000


def test_what_is_undone_was_never_judged():
    arbiter, seen = Arbiter(), Corrections(labels())
    seen.say("a", np.zeros(SIZE, np.uint8), np.full(SIZE, 200, np.uint8))
    seen.label(labels((TOP, 0), (BOTTOM, 0)), arbiter, "1")
    seen.label(labels((TOP, 0)), arbiter, "1")
    assert arbiter.confusion("a").sum() == 1000


def test_a_large_image_is_judged_by_part_of_its_pixels():
    big = np.full((3000, 2000), 255, np.uint8)
    arbiter, seen = Arbiter(), Corrections(big)
    seen.say("a", np.zeros_like(big), np.full_like(big, 200))
    seen.label(np.zeros_like(big), arbiter, "1")
    assert 300_000 < arbiter.confusion("a").sum() <= 1 << 20
    assert arbiter.records["a"]["1"].finished


def test_small_pieces_where_learners_differ_judge_only_what_was_shown():
    arbiter, seen = Arbiter(), Corrections(np.full((100, 100), 255, np.uint8))
    sure = np.full((100, 100), 200, np.uint8)
    one = np.zeros((100, 100), np.uint8)
    two = one.copy()
    two[10:15, 10:15] = two[50:80, 50:80] = 1
    for learner, mask in (("one", one), ("two", two), (SHOWN, one)):
        seen.say(learner, mask, sure)
    seen.label(one, arbiter, "1")
    assert arbiter.confusion(SHOWN).sum() == 10_000
    assert arbiter.confusion("two")[0, 1] == 900, "the small one may have been overlooked"
    assert arbiter.confusion("one").sum() == arbiter.confusion("two").sum() == 10_000 - 25


def test_where_two_said_something_else_is_remembered_from_the_first_label_on():
    arbiter, seen = Arbiter(), Corrections(labels())
    sure = np.full(SIZE, 200, np.uint8)
    one, two = labels((TOP, 0), (BOTTOM, 0)), labels((TOP, 1), (slice(20, 30), 0))
    for learner, mask in (("one", one), ("two", two)):
        seen.say(learner, mask, sure)
    seen.label(labels((TOP, 1), (BOTTOM, 0)), arbiter, "1")
    # they agree from now on, which is no news
    for learner in ("one", "two"):
        seen.say(learner, one, sure)
    seen.label(labels((slice(0, 10), 1), (BOTTOM, 0)), arbiter, "1")
    seen.label(labels((TOP, 1), (BOTTOM, 0)), arbiter, "1")
    for learner, right, wrong in (("one", 0, 1000), ("two", 1000, 0)):
        found = arbiter._by_confidence(learner, disputed=True)
        assert [int(counts.sum()) for counts in found] == [right, wrong]
    # below it they said the same, or one was silent
    assert [int(c.sum()) for c in arbiter._by_confidence("one")] == [1000, 1000]
