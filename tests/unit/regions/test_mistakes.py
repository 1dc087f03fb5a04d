"""Where a mask is likely to be wrong, and which image to correct next."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from unet_gui.regions.mistakes import doubt, expected_gain, likely_mistakes
from unet_gui.regions.next_image import descriptor, gains, ranked

SHAPE = (120, 160)


def scene(*unsure, sure=250):
    """Mask without labels, prediction of one class, doubtful in these (slices, confidence)."""
    mask = np.full(SHAPE, 255, np.uint8)
    predicted = np.zeros(SHAPE, np.uint8)
    confidence = np.full(SHAPE, sure, np.uint8)
    for place, value in unsure:
        confidence[place] = value
    return mask, predicted, confidence


LARGE, SMALL = np.s_[10:50, 20:60], np.s_[80:90, 100:120]


def test_the_place_with_most_expected_mistakes_comes_first():
    first, second = likely_mistakes(*scene((SMALL, 90), (LARGE, 90)))
    assert (first.rect.x0, first.rect.y0, first.rect.x1, first.rect.y1) == (20, 10, 60, 50)
    assert first.gain == pytest.approx(1600 * (1 - 90 / 255), rel=1e-3)
    assert second.rect.width == 20
    assert first.gain > second.gain
    # a small place that is almost surely wrong counts more than a large one that may be right
    first, _ = likely_mistakes(*scene((np.s_[0:20, 0:20], 10), (np.s_[60:80, 60:80], 170)))
    assert first.rect.y0 == 0


def test_nothing_is_doubtful_where_all_is_sure_or_nobody_has_looked():
    assert likely_mistakes(*scene()) == []
    assert likely_mistakes(*scene((LARGE, 0))) == []


def test_after_acceptance_a_sure_contradiction_is_found():
    mask, predicted, confidence = scene()
    mask[:] = 0
    assert likely_mistakes(mask, predicted, confidence) == []
    predicted[LARGE] = 1
    (spot,) = likely_mistakes(mask, predicted, confidence)
    assert spot.rect.width == 40
    confidence[LARGE] = 130
    assert likely_mistakes(mask, predicted, confidence) == []


def test_what_was_accepted_though_doubtful_comes_after_what_is_open():
    mask, predicted, confidence = scene((SMALL, 40), (LARGE, 40))
    mask[LARGE] = 0
    spots = likely_mistakes(mask, predicted, confidence)
    assert len(spots) == 2
    mask[SMALL], mask[LARGE] = 0, 255
    assert likely_mistakes(mask, predicted, confidence)[0].rect.width == 40


def test_silent_places_count_by_their_confidence():
    mask, predicted, confidence = scene((LARGE, 90))
    predicted[LARGE] = 255
    assert len(likely_mistakes(mask, predicted, confidence)) == 1


def test_the_point_lies_in_the_place_and_specks_are_left_out():
    ring = np.zeros(SHAPE, bool)
    ring[20:80, 20:80] = True
    ring[30:70, 30:70] = False
    confidence = np.where(ring, 60, 250).astype(np.uint8)
    mask, predicted, _ = scene()
    confidence[100:102, 100:102] = 60
    spots = likely_mistakes(mask, predicted, confidence)
    assert all(ring[s.y, s.x] for s in spots)
    assert all(s.rect.y0 < 90 for s in spots)


def test_a_place_as_large_as_the_image_is_cut_into_pieces():
    spots = likely_mistakes(*scene((np.s_[:, :], 100)))
    assert len(spots) > 4
    assert max(max(s.rect.width, s.rect.height) for s in spots) <= 40
    assert sum(s.rect.width * s.rect.height for s in spots) == 120 * 160


def test_a_huge_image_is_looked_at_in_blocks():
    shape = (3000, 5000)
    mask, predicted = np.full(shape, 255, np.uint8), np.zeros(shape, np.uint8)
    confidence = np.full(shape, 250, np.uint8)
    confidence[1000:1400, 2000:2500] = 50
    spot = likely_mistakes(mask, predicted, confidence)[0]
    assert abs(spot.rect.x0 - 2000) <= 10
    assert abs(spot.rect.y1 - 1400) <= 10
    assert spot.gain == pytest.approx(200_000 * (1 - 50 / 255), rel=0.06)


pictures = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=30))


@given(pictures, st.integers(0, 1000))
def test_doubt_is_a_probability_and_places_lie_in_the_image(confidence, seed):
    rng = np.random.default_rng(seed)
    mask, predicted = (rng.choice([0, 1, 255], confidence.shape).astype(np.uint8) for _ in "ab")
    found = doubt(mask, predicted, confidence)
    assert found.min() >= 0
    assert found.max() <= 1
    assert 0 <= expected_gain(mask, predicted, confidence) <= 1
    spots = likely_mistakes(mask, predicted, confidence)
    assert [s.gain for s in spots] == sorted((s.gain for s in spots), reverse=True)
    for spot in spots:
        assert spot.rect.x0 <= spot.x < spot.rect.x1 <= confidence.shape[1]
        assert spot.rect.y0 <= spot.y < spot.rect.y1 <= confidence.shape[0]


def test_the_gain_of_an_image_is_its_share_of_likely_mistakes():
    mask, predicted, confidence = scene((np.s_[:60], 102), sure=255)
    assert expected_gain(mask, predicted, confidence) == pytest.approx(0.3, abs=0.01)
    mask[:60] = 0
    assert expected_gain(mask, predicted, confidence) == pytest.approx(0.15, abs=0.01)
    assert expected_gain(mask[:0], predicted[:0], confidence[:0]) == 0.0


# -- which image next ----------------------------------------------------------------------------


def flocks():
    """Ten images of one kind, three of another, one that is like nothing."""
    rng = np.random.default_rng(0)
    kinds = [0.0] * 10 + [5.0] * 3 + [40.0]
    return np.array([[k, k] for k in kinds]) + rng.normal(0, 0.1, (14, 2))


def test_the_image_that_is_like_most_others_teaches_most():
    found = gains(flocks(), np.full(14, 0.2), np.zeros(14, bool))
    assert found.argmax() < 10
    assert found[13] == found.min()
    assert (found >= 0).all()


def test_one_kind_after_the_other_and_doubt_weighs():
    nothing = np.zeros(14, bool)
    order = ranked(flocks(), np.full(14, 0.2), nothing)
    assert sorted(order) == list(range(14))
    assert order[0] < 10
    assert order[1] >= 10
    doubts = np.full(14, 0.01)
    doubts[10:13] = 0.9
    assert 10 <= ranked(flocks(), doubts, nothing)[0] < 13


def test_labelled_images_are_left_out_and_nobody_knows_is_the_mean():
    labelled = np.zeros(14, bool)
    labelled[:10] = True
    doubts = np.full(14, np.nan)
    assert sorted(ranked(flocks(), doubts, labelled)) == [10, 11, 12, 13]
    labelled[:] = True
    assert ranked(flocks(), doubts, labelled) == []
    assert gains(flocks(), doubts, labelled).tolist() == [0.0] * 14


def test_alike_images_come_in_their_order():
    same = np.ones((4, 3))
    assert ranked(same, np.ones(4), np.zeros(4, bool)) == [0, 1, 2, 3]


@pytest.mark.parametrize("shape", [(1, 1, 3), (96, 3, 3), (2, 96, 3), (64, 64, 3)])
def test_every_thumbnail_has_a_descriptor(shape):
    picture = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
    found = descriptor(picture)
    assert np.isfinite(found).all()
    assert found.shape == descriptor(np.zeros((50, 40, 3), np.uint8)).shape
