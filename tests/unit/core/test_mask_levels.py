"""A mask seen from afar: its levels equal a fresh downsample after any edit."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unet_gui.core.document import Document
from unet_gui.core.geometry import Rect
from unet_gui.core.mask_levels import ArrayTiles, MaskLevels


def expected(mask, level):
    codes = (mask + np.uint8(1)).astype(np.uint8)
    for _ in range(level):
        padded = np.pad(codes, [(0, s % 2) for s in codes.shape])
        height, width = padded.shape[0] // 2, padded.shape[1] // 2
        codes = padded.reshape(height, 2, width, 2).max((1, 3))
    return codes


def test_labelled_wins_over_unlabelled_and_high_ids_over_low():
    mask = np.full((600, 600), 255, np.uint8)
    mask[0, 0], mask[0, 2], mask[1, 3] = 0, 1, 2
    codes = MaskLevels(ArrayTiles(mask)).read(1, Rect(0, 0, 3, 1))
    assert codes.tolist() == [[1, 3, 0]]


@given(
    shape=st.tuples(st.integers(257, 700), st.integers(1, 700)),
    edits=st.lists(
        st.tuples(*[st.floats(0, 1)] * 4, st.integers(0, 3), st.integers(0, 255)), max_size=4
    ),
)
def test_levels_follow_edits_wherever_they_are(shape, edits):
    document = Document(np.random.default_rng(2).integers(250, 256, shape).astype(np.uint8))
    codes = MaskLevels(document)
    for y, x, height, width, level, value in edits:
        y0, x0 = int(y * (shape[0] - 1)), int(x * (shape[1] - 1))
        rect = Rect(x0, y0, x0 + 1 + int(width * 99), y0 + 1 + int(height * 99))
        rect = rect.intersection(Rect.of_shape(shape))
        before = document.revision
        changed = document.apply("Fill", rect, value)
        codes.invalidate(document.changed_since(before, changed))
        assert codes.levels == document.levels.levels
        seen = min(level, codes.levels - 1)
        assert np.array_equal(codes.read(seen, codes.bounds(seen)), expected(document.mask, seen))
    document.undo()
    codes.invalidate(document.changed_since(0, document.bounds))
    for level in range(codes.levels):
        kept = document.levels.read(level, document.levels.bounds(level))
        assert np.array_equal(kept, expected(document.mask, level))
        assert np.array_equal(
            codes.read(level, codes.bounds(level)), expected(document.mask, level)
        )


def test_the_mask_is_looked_into_not_copied():
    mask = np.full((300, 300), 255, np.uint8)
    codes = MaskLevels(ArrayTiles(mask))
    mask[5, 5] = 7
    assert codes.read(0, Rect(5, 5, 6, 6))[0, 0] == 8


def test_levels_prepared_ahead_are_those_made_when_looked_at():
    mask = np.random.default_rng(3).integers(0, 4, (700, 900)).astype(np.uint8)
    mask[:256, :256] = 2
    ready, lazy = MaskLevels(Document(mask)), MaskLevels(Document(mask))
    assert list(ready.prepare())
    assert not ready.catch_up()
    for level in range(1, ready.levels):
        bounds = ready.bounds(level)
        assert np.array_equal(ready.read(level, bounds), lazy.read(level, bounds))
