"""What a proposal would cost to correct, and which way of finishing it is chosen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from unet_gui.unet.instant.finishing import (
    BORDER_PER_STROKE,
    CANDIDATES,
    PLAIN,
    UNTRIED,
    Finish,
    choose,
    disputed,
    effort,
    mixed,
    smooth,
)

MASKS = hnp.arrays(np.uint8, (12, 16), elements=st.sampled_from([0, 1, 2, 255]))


@settings(max_examples=50, deadline=None)
@given(MASKS, MASKS)
def test_only_known_pixels_that_are_wrong_cost(mask, truth):
    right = np.where(truth == 255, mask, truth)
    assert effort(right, truth) == 0
    wrong = ((mask != truth) & (truth != 255)).sum()
    few = wrong <= 0.03 * (truth != 255).sum()
    assert (effort(mask, truth) == 0) == few


def test_specks_cost_more_than_one_mistake_of_their_size():
    truth = np.zeros((64, 64), np.uint8)
    one, specks = truth.copy(), truth.copy()
    one[10:30, 10:30] = 1
    specks[:60:3, :60:3] = 1
    assert one.sum() == specks.sum() == 400
    assert effort(one, truth) == pytest.approx(1 + 76 / BORDER_PER_STROKE)
    # the largest mistakes first, until few enough are left
    assert effort(specks, truth) == pytest.approx(278 * (1 + 1 / BORDER_PER_STROKE))


def test_a_long_thin_mistake_is_more_than_a_stroke():
    truth = np.zeros((64, 600), np.uint8)
    truth[::8] = 1
    thin = effort(np.zeros_like(truth), truth)
    assert thin > len(truth[::8]) * 2


def record(learnt=1, **costs):
    """A hundred strokes by hand and for every way but those given by their place."""
    row = [100.0] * (len(CANDIDATES) + 1)
    for place, cost in costs.items():
        row[int(place[1:])] = cost
    return [*row, float(learnt)]


def test_the_cheapest_way_over_all_trials_is_chosen():
    assert choose([record(_3=20)], 1) == (CANDIDATES[3], True)
    assert choose([record(_3=20, _5=90), record(_5=30, _3=90)], 1) == (CANDIDATES[3], True)
    accepted = [record(_3=0, _5=2) for _ in range(6)]
    assert choose([record(_5=20, _3=90), *accepted], 1) == (CANDIDATES[5], True)


def test_whether_it_beats_drawing_by_hand_the_latest_say():
    bad, good = record(), record(_0=90)
    bad[0] = 130.0
    bad[1:-2] = [150.0] * len(bad[1:-2])
    assert not choose([good, bad], 1)[1]
    assert choose([bad, *[good] * 6], 1) == (CANDIDATES[0], True)


def test_a_trifle_is_no_reason_for_another_way():
    assert choose([record(_0=54, _7=50)], 1) == (CANDIDATES[0], True)
    assert choose([record(_0=56, _7=50)], 1) == (CANDIDATES[7], True)


def test_drawing_by_hand_may_be_cheaper_than_all():
    row = record()
    row[-2] = 99.0
    assert not choose([row], 1)[1]


def test_more_images_have_been_learnt_from_since():
    row = record(learnt=2)
    row[-2] = 90.0
    assert not choose([row], 2)[1]
    assert choose([row], 3)[1]
    assert not choose([row], 1)[1], "none is unlearnt"


def test_nothing_tried_and_records_of_another_version_say_nothing():
    assert choose([], 3) == (UNTRIED, False)
    assert choose([[1.0, 2.0], [], record()[:-1]], 3) == (UNTRIED, False)


@pytest.mark.parametrize("way", [PLAIN, UNTRIED, *CANDIDATES])
def test_it_survives_being_written_down(way):
    assert Finish.from_info(way.to_info()) == way


@pytest.mark.parametrize(
    "info",
    [
        None,
        {},
        {"context": "?", "blur": 1, "speck": 0},
        {"context": 2, "blur": 1, "speck": 0},
        {"context": 0, "blur": 1e9, "speck": 0},
        {"context": 0, "blur": float("nan"), "speck": 0},
        {"context": 0, "blur": 1, "speck": -1},
    ],
)
def test_what_makes_no_sense_is_plain(info):
    assert Finish.from_info(info) == PLAIN


def test_shares_add_up_and_smoothing_removes_ripples():
    base = np.zeros((3, 20, 20), np.float32)
    base[0] = 1
    context = np.roll(base, 1, 0)
    found = mixed(base, context, Finish(context=0.25))
    np.testing.assert_allclose(found[:, 0, 0], [0.75, 0.25, 0])
    assert mixed(base, None, Finish(context=0.25)) is base
    assert disputed(base, context) == 1
    assert disputed(base, base) == disputed(base, None) == 0
    ripples = np.zeros((2, 20, 20), np.float32)
    ripples[0] = 0.7
    ripples[0, 2::5, 2::5] = 0.1
    ripples[1] = 1 - ripples[0]
    image = np.full((20, 20, 3), 90, np.uint8)
    assert (ripples.argmax(0) == 1).any()
    even = smooth(ripples, Finish(blur=1.5), image)
    assert not (even.argmax(0) == 1).any()
    np.testing.assert_allclose(even.sum(0), 1, rtol=1e-5)
