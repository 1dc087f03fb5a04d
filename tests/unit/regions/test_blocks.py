"""Tidying by block gives what tidying the whole does, wherever the blocks' borders lie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from unet_gui.core.progress import Progress, drain
from unet_gui.core.tiled_mask import TiledMask, read_tiles, uniform
from unet_gui.regions import blocks, cleanup, holes

masks = arrays(
    np.uint8,
    st.tuples(st.integers(1, 26), st.integers(1, 26)),
    elements=st.sampled_from([0, 0, 1, 255, 255]),
)
classes = st.sampled_from([None, 0, 1])


@pytest.fixture(autouse=True, params=[5, 8, 64])
def small_blocks(monkeypatch, request):
    """Blocks that are no whole tiles do as well; they are only less quick."""
    monkeypatch.setattr(blocks, "BLOCK", request.param)


def after(mask, job):
    """The mask with the parts written that a job gives."""
    seen = []
    new = mask.copy()
    for rect, values, where in drain(job, seen.append):
        assert where.shape == (rect.height, rect.width)
        part = new[rect.slices]
        part[where] = values if isinstance(values, int) else values[where]
    assert all(isinstance(p, Progress) and 0 <= p.done < p.total for p in seen)
    return new


def snapshot(mask):
    return TiledMask.of_array(mask).snapshot()


@settings(max_examples=30, deadline=None)
@given(masks, classes)
def test_holes(mask, class_id):
    expected = cleanup.fill_holes(mask, class_id, over=(255,))
    assert np.array_equal(after(mask, holes.filled_holes(snapshot(mask), class_id)), expected)


@settings(max_examples=30, deadline=None)
@given(masks, classes, st.integers(1, 9))
def test_specks(mask, class_id, under):
    expected = cleanup.remove_specks(mask, under, class_id=class_id)
    job = blocks.without_specks(snapshot(mask), under, class_id)
    assert np.array_equal(after(mask, job), expected)


@settings(max_examples=30, deadline=None)
@given(masks, classes, st.integers(1, 4))
def test_smoothing(mask, class_id, radius):
    def clean(part):
        return cleanup.smooth_border(part, radius, class_id=class_id)

    assert np.array_equal(after(mask, blocks.cleaned(snapshot(mask), clean, radius)), clean(mask))


@settings(max_examples=30, deadline=None)
@given(masks, classes, st.integers(-3, 3))
def test_growing_and_shrinking(mask, class_id, pixels):
    def clean(part):
        return cleanup.grow(part, pixels, class_id=class_id)

    new = after(mask, blocks.cleaned(snapshot(mask), clean, abs(pixels) + 1))
    expected = clean(mask)
    # Of two classes equally near, either may be taken.
    assert np.array_equal(new != mask, expected != mask) or len(np.unique(mask)) > 2
    if len(np.unique(mask)) <= 2:
        assert np.array_equal(new, expected)


def test_blocks_of_one_value_are_not_looked_into(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 1024)
    mask = TiledMask((20_000, 20_000), {(5, 5): uniform(1)}).snapshot()
    reads = []
    monkeypatch.setattr(
        type(mask), "read", lambda self, rect: reads.append(rect) or read_tiles(self.tiles, rect)
    )
    assert drain(holes.filled_holes(mask)) == []
    assert drain(blocks.cleaned(mask, lambda part: part, 3)) == []
    assert len(reads) == 3  # the block with the tile: its pieces, what lies beside them, itself


def test_what_is_all_one_value_has_no_specks():
    mask = np.zeros((3, 3), np.uint8)
    assert np.array_equal(after(mask, blocks.without_specks(snapshot(mask), 50)), mask)
