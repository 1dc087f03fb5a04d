"""Oblivious trees."""

from dataclasses import replace

import numpy as np
import pytest

from unet_gui.unet.instant import forest as module
from unet_gui.unet.instant.filters import FEATURES
from unet_gui.unet.instant.forest import NO_FOREST, Forest, widened


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def rows_of(rng, count, channels=1):
    """Responses whose first two decide the class, of four, and the class ids."""
    filters = rng.random((count, channels, FEATURES), np.float32)
    places = (filters[:, 0, 0] > 0.5) * 2 + (filters[:, 0, 1] > 0.5)
    return filters, np.array([3, 5, 8, 200], np.uint8)[places.astype(int)]


def test_it_finds_the_questions_that_matter(rng):
    forest = Forest.grown(*rows_of(rng, 3000))
    filters, labels = rows_of(rng, 1000)
    shares = forest.probabilities(filters)
    assert shares.shape == (1000, 4)
    np.testing.assert_allclose(shares.sum(1), 1, rtol=1e-5)
    found = np.array(forest.class_ids)[shares.argmax(1)]
    assert (found == labels).mean() > 0.85
    assert np.isin(forest.features, (0, 1)).mean() > 0.2  # by chance 0.08


def test_the_same_seed_gives_the_same_trees(rng):
    filters, labels = rows_of(rng, 400)
    first, again, other = (Forest.grown(filters, labels, trees=3, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.shares, again.shares)
    assert not np.array_equal(first.shares, other.shares)


def test_a_rare_class_counts_as_much_as_a_common_one(rng):
    filters = np.zeros((1000, 1, FEATURES), np.float32)  # nothing tells them apart
    labels = np.repeat(np.array([0, 1], np.uint8), (990, 10))
    shares = Forest.grown(filters, labels, trees=2).probabilities(filters[:3])
    np.testing.assert_allclose(shares, 0.5, atol=1e-3)


def test_a_single_pixel_or_class_is_enough(rng):
    filters = rng.random((1, 1, FEATURES), np.float32)
    forest = Forest.grown(filters, np.array([7], np.uint8), trees=2)
    assert forest.class_ids == (7,)
    np.testing.assert_array_equal(forest.probabilities(filters), [[1]])


def test_many_classes_make_shallower_trees(rng, monkeypatch):
    monkeypatch.setattr(module, "MOST_SHARES", 64)
    forest = Forest.grown(*rows_of(rng, 200), trees=2)
    assert forest.shares.shape == (2, 16, 4)
    assert forest.sound


def test_pieces_of_many_rows_say_what_all_say_at_once(rng, monkeypatch):
    forest = Forest.grown(*rows_of(rng, 300), trees=4)
    filters, _ = rows_of(rng, 100)
    whole = forest.probabilities(filters)
    monkeypatch.setattr(module, "CHUNK", 33)
    np.testing.assert_array_equal(forest.probabilities(filters), whole)


def test_few_rows_are_told_what_many_are(rng):
    filters, labels = rows_of(rng, 5000)
    forest = Forest.grown(filters, labels, trees=3)
    few = forest.shares.shape[1] - 1
    assert few < len(filters)
    many = forest.probabilities(filters)
    np.testing.assert_array_equal(forest.probabilities(filters[:few]), many[:few])


def test_grey_pixels_meet_trees_grown_from_colour(rng):
    filters, labels = rows_of(rng, 300, channels=3)
    forest = Forest.grown(filters, labels, trees=4)
    grey = filters[:5, :1]
    np.testing.assert_array_equal(
        forest.probabilities(grey), forest.probabilities(np.repeat(grey, 3, 1))
    )
    np.testing.assert_allclose(widened(filters, 1), filters.mean(1, keepdims=True))


@pytest.mark.parametrize(
    "change",
    [
        {"channels": 2},
        {"class_ids": (1, 2)},
        {"features": np.full((2, 4), FEATURES, np.int16)},
        {"features": np.full((2, 4), -1, np.int16)},
        {"features": np.zeros(4, np.int16)},
        {"thresholds": np.zeros((2, 3), np.float32)},
        {"shares": np.zeros((2, 8, 4), np.float16)},
    ],
)
def test_parts_that_do_not_fit_are_seen(rng, monkeypatch, change):
    monkeypatch.setattr(module, "MOST_SHARES", 64)
    forest = Forest.grown(*rows_of(rng, 50), trees=2)
    assert forest.sound
    assert not replace(forest, **change).sound


def test_no_forest_is_not_sound():
    assert not NO_FOREST.sound


def test_leaves_counted_anew_are_as_they_were_grown(rng):
    filters, labels = rows_of(rng, 400)
    forest = Forest.grown(filters, labels, trees=6)
    again = forest.renewed(filters, labels, trees=2)
    np.testing.assert_array_equal(again.features[:4], forest.features[2:])
    np.testing.assert_allclose(again.shares[:4], forest.shares[2:], atol=1e-3)
    assert again.sound
    assert again.shares.shape == forest.shares.shape
    assert not np.array_equal(again.features[4:], forest.features[:2])
    third = again.renewed(filters, labels, trees=2)
    assert not np.array_equal(third.features[4:], again.features[4:]), "other questions each time"


def test_trees_that_stay_hear_of_other_answers(rng):
    filters, labels = rows_of(rng, 3000)
    swapped = np.where(labels == 3, 8, np.where(labels == 8, 3, labels)).astype(np.uint8)
    forest = Forest.grown(filters, labels).renewed(filters, swapped, trees=1)
    found = np.array(forest.class_ids)[forest.probabilities(filters).argmax(1)]
    assert (found == swapped).mean() > 0.8
