"""Objects of a mask by what their definition says, and their run lengths in every order."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from unet_gui.dataset.formats import objects as module
from unet_gui.dataset.formats.objects import objects, whole_classes

MASKS = hnp.arrays(
    np.uint8,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
    elements=st.sampled_from([0, 1, 7, 254, 255]),
)
SPIRAL = np.array([[1, 1, 1, 1], [0, 0, 0, 1], [1, 1, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]], np.uint8)


def defined(mask, skip):
    """Connected regions one class after the other, as scipy labels each: (class, pixels)."""
    found = []
    for class_id in {*np.unique(mask).tolist()} - {255, *skip}:
        labels, number = ndimage.label(mask == class_id, np.ones((3, 3)))
        found += [(class_id, labels == n) for n in range(1, number + 1)]
    return sorted(found, key=lambda one: np.flatnonzero(one[1])[0])


def runs_of(flat):
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flat, [False]))))
    return edges[::2].tolist(), edges[1::2].tolist()


def split(runs):
    return [(runs.starts[a:b].tolist(), runs.ends[a:b].tolist()) for a, b in pairwise(runs.first)]


@given(MASKS, st.sampled_from([(), (0,), (1, 7)]))
@example(SPIRAL, ())
@example(np.full((1, 1), 255, np.uint8), ())
@example(np.eye(9, dtype=np.uint8), (0,))
@settings(deadline=None)
def test_they_are_the_connected_regions(mask, skip):
    found, expected = objects(mask, skip=skip), defined(mask, skip)
    assert found.class_ids == [class_id for class_id, _ in expected]
    numbers = np.zeros(mask.shape, int)
    for number, (_, where) in enumerate(expected, start=1):
        numbers[where] = number
    assert np.array_equal(found.numbers(), numbers)
    assert len(found) == len(expected)
    pictures = list(found.pictures())
    for (_, where), box, area, picture in zip(
        expected, found.boxes.tolist(), found.areas.tolist(), pictures, strict=True
    ):
        rows, columns = np.nonzero(where)
        assert box == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert area == len(rows)
        assert np.array_equal(picture, where[box[1] : box[3], box[0] : box[2]])


@given(MASKS)
@example(SPIRAL)
@settings(deadline=None)
def test_many_branches_are_merged_alike(mask):
    by_hand = objects(mask)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MANY", -1)
        by_graphs = objects(mask)
    assert np.array_equal(by_hand.numbers(), by_graphs.numbers())
    assert by_hand.class_ids == by_graphs.class_ids


@given(MASKS)
@settings(deadline=None)
def test_classes_as_a_whole(mask):
    found = whole_classes(mask, skip=[7])
    assert found.class_ids == sorted({*np.unique(mask).tolist()} - {7, 255})
    for number, class_id in enumerate(found.class_ids, start=1):
        assert np.array_equal(found.numbers() == number, mask == class_id)


@pytest.mark.parametrize("of", [objects, whole_classes])
@given(mask=MASKS)
@example(mask=SPIRAL)
@settings(deadline=None)
def test_runs_in_every_order(of, mask):
    found = of(mask)
    wholes = [found.numbers() == number for number in range(1, len(found) + 1)]
    assert split(found.row_runs()) == [runs_of(w.ravel()) for w in wholes]
    assert split(found.column_runs(mask)) == [runs_of(w.T.ravel()) for w in wholes]
    assert split(found.box_runs()) == [runs_of(p.ravel()) for p in found.pictures()]


def test_numbers_of_others():
    found = objects(SPIRAL)
    assert found.class_ids == [1, 0]
    named = found.numbers(np.array([70_000, 3]))
    assert np.array_equal(named, np.where(SPIRAL == 1, 70_000, 3))
