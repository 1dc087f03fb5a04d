from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage as ndi

from unet_gui.regions.cleanup import (
    fill_holes,
    grow,
    remove_specks,
    replace_class,
    smooth_border,
)

shapes = st.tuples(st.integers(1, 14), st.integers(1, 14))
values = st.sampled_from([0, 1, 2, 255])
masks = shapes.flatmap(lambda shape: arrays(np.uint8, shape, elements=values))
limited = shapes.flatmap(
    lambda shape: st.tuples(arrays(np.uint8, shape, elements=values), arrays(np.bool_, shape))
)
classes = st.sampled_from([None, 0, 1, 7])

ACTIONS = {
    "holes": lambda m, c, w: fill_holes(m, c, where=w),
    "holes over": lambda m, c, w: fill_holes(m, c, over=[255, 2], where=w),
    "specks": lambda m, c, w: remove_specks(m, 6, class_id=c, where=w),
    "specks to": lambda m, c, w: remove_specks(m, 6, to=2, class_id=c, unlabelled=True, where=w),
    "smooth": lambda m, c, w: smooth_border(m, 2, class_id=c, where=w),
    "smooth thin": lambda m, c, w: smooth_border(m, 2, class_id=c, keep_thin=True, where=w),
    "grow": lambda m, c, w: grow(m, 2, c, where=w),
    "grow over": lambda m, c, w: grow(m, 2, c, over=[255], where=w),
    "shrink": lambda m, c, w: grow(m, -2, c, where=w),
    "replace": lambda m, c, w: replace_class(m, 1, c if c is not None else 255, where=w),
}


@pytest.mark.parametrize("name", ACTIONS)
@settings(max_examples=25, deadline=None)
@given(limited, classes)
def test_a_new_mask_that_differs_only_where_allowed(name, parts, class_id):
    mask, where = parts
    before = mask.copy()
    new = ACTIONS[name](mask, class_id, where)
    assert np.array_equal(mask, before)
    assert new is not mask
    assert new.dtype == np.uint8
    assert np.array_equal(new[~where], mask[~where])
    assert set(np.unique(new)) <= {*np.unique(mask).tolist(), 255, 2, class_id}


@pytest.mark.parametrize("name", ["holes", "holes over", "specks", "specks to", "replace"])
@settings(max_examples=40, deadline=None)
@given(masks, st.sampled_from([None, 0, 2]))
def test_doing_it_again_changes_nothing(name, mask, class_id):
    once = ACTIONS[name](mask, class_id, None)
    assert np.array_equal(ACTIONS[name](once, class_id, None), once)


@pytest.mark.parametrize(
    "name", [n for n in ACTIONS if n not in ("replace", "specks to", "shrink")]
)
@pytest.mark.parametrize("value", [0, 1, 255])
def test_a_mask_of_one_value_stays(name, value):
    for shape in ((1, 1), (5, 4)):
        mask = np.full(shape, value, np.uint8)
        assert np.array_equal(ACTIONS[name](mask, None, None), mask)


@settings(max_examples=40, deadline=None)
@given(masks)
def test_no_speck_is_left_that_has_a_neighbour(mask):
    new = remove_specks(mask, 5)
    for value in set(np.unique(new)) - {255}:
        labels, count = ndi.label(new == value, np.ones((3, 3)))
        sizes = np.bincount(labels.ravel())[1:]
        assert count == 0 or (sizes >= 5).all() or len(np.unique(new)) == 1


@settings(max_examples=40, deadline=None)
@given(masks, st.integers(0, 4), st.integers(0, 4))
def test_growing_more_takes_more(mask, a, b):
    low, high = sorted((a, b))
    small, large = grow(mask, low, 1) == 1, grow(mask, high, 1) == 1
    assert not ((mask == 1) & ~small).any()
    assert not (small & ~large).any()
    assert not ((grow(mask, -high, 1) == 1) & ~(grow(mask, -low, 1) == 1)).any()


def ring(inner):
    mask = np.full((9, 9), 255, np.uint8)
    mask[1:8, 1:8] = 1
    mask[3:6, 3:6] = inner
    return mask


def test_unlabelled_holes_are_filled_and_other_classes_only_when_asked():
    assert (fill_holes(ring(255))[3:6, 3:6] == 1).all()
    assert (fill_holes(ring(2))[3:6, 3:6] == 2).all()
    assert (fill_holes(ring(2), 1)[3:6, 3:6] == 1).all()
    assert (fill_holes(ring(2), 1, over=[255])[3:6, 3:6] == 2).all()
    assert (fill_holes(ring(2), over=[2])[3:6, 3:6] == 1).all()
    assert (fill_holes(ring(255)) == 255).sum() == 81 - 49


def test_a_hole_between_two_classes_or_at_the_border_stays():
    mask = ring(255)
    mask[1:8, 4] = 2
    mask[4, 4] = 255
    assert np.array_equal(fill_holes(mask), mask)
    open_ = np.full((4, 4), 1, np.uint8)
    open_[0, 1] = 255
    assert np.array_equal(fill_holes(open_), open_)


def test_specks_take_what_is_around_them():
    mask = np.zeros((12, 12), np.uint8)
    mask[2:4, 2:4] = 1
    mask[6:10, 6:10] = 2
    mask[0, 11] = 255
    new = remove_specks(mask, 5)
    assert (new[2:4, 2:4] == 0).all()
    assert (new[6:10, 6:10] == 2).all()
    assert new[0, 11] == 255
    assert remove_specks(mask, 5, unlabelled=True)[0, 11] == 0
    assert (remove_specks(mask, 5, class_id=2) == mask).all()
    assert (remove_specks(mask, 5, to=2)[2:4, 2:4] == 2).all()


def test_smoothing_takes_bumps_and_keeps_lines_when_asked():
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 10:30] = 1
    mask[9, 20] = 1
    mask[35, 2:38] = 2
    new = smooth_border(mask, 3)
    assert new[9, 20] == 0
    assert new[20, 20] == 1
    assert not (new == 2).any()
    kept = smooth_border(mask, 3, keep_thin=True)
    assert (kept == 2).sum() == 36
    assert kept[9, 20] == 0
    assert np.array_equal(smooth_border(mask, 0), mask)
    only = smooth_border(mask, 3, class_id=1)
    assert (only == 2).sum() == 36


def test_growing_respects_what_it_may_cover_and_shrinking_gives_way_to_what_is_near():
    mask = np.full((9, 20), 255, np.uint8)
    mask[:, :5], mask[:, 10:] = 1, 2
    assert (grow(mask, 3, 1)[4] == 1).sum() == 8
    assert (grow(mask, 8, 1, over=[255])[4] == 1).sum() == 10
    assert (grow(mask, 8, 1)[4] == 1).sum() == 13
    both = grow(mask, 5)
    assert (both[4] == 1).sum() + (both[4] == 2).sum() == 20
    assert grow(mask, -2, 1)[4].tolist()[:6] == [1, 1, 1, 255, 255, 255]
    assert (grow(mask, -2)[4] == 2).sum() == 8
    touching = np.repeat([[1] * 5 + [2] * 5], 3, 0).astype(np.uint8)
    assert (grow(touching, -2, 1)[1] == 2).sum() == 7
