"""Levels of a mask whose undo carries small copies along: they always equal a fresh downsample."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from unet_gui.core.document import Document
from unet_gui.core.geometry import Rect
from unet_gui.core.history import PORTION
from unet_gui.core.mask_levels import CARRIED
from unet_gui.core.tiled_mask import TILE, is_uniform

HEIGHT, WIDTH = 300, 2100
"""More levels than the one carried, sides that are no multiples of anything."""

place = st.tuples(st.integers(-20, WIDTH + 20), st.integers(-20, HEIGHT + 20))
stroke = st.tuples(
    st.just("stroke"), st.integers(0, 255), place, place, st.sampled_from([3, 60, 300])
)
other = st.sampled_from([("noise",), ("abort",), ("tidy",)])
# Twice as likely: what is carried comes to light there.
swap = st.sampled_from([("undo",), ("redo",), ("undo",), ("redo",), ("levels",), ("levels",)])
look = st.tuples(st.just("look"), st.integers(0, CARRIED + 1))
actions = st.lists(st.one_of(stroke, other, swap, look), max_size=14)


def halved(codes):
    codes = np.pad(codes, [(0, s % 2) for s in codes.shape])
    return np.maximum(
        np.maximum(codes[::2, ::2], codes[1::2, ::2]),
        np.maximum(codes[::2, 1::2], codes[1::2, 1::2]),
    )


def assert_level(document, level):
    codes = document.mask + np.uint8(1)
    for _ in range(level):
        codes = halved(codes)
    levels = document.levels
    assert np.array_equal(levels.read(level, levels.bounds(level)), codes)


def perform(document, action):
    kind, *rest = action
    if kind in ("stroke", "abort"):
        value, start, end, size = rest or (7, (40, 40), (900, 300), 80)
        document.begin_stroke("Brush", value, start)
        document.stroke_to(start, size)
        document.levels.read(CARRIED, document.levels.bounds(CARRIED))
        document.stroke_to(end, size)
        if kind == "abort":
            document.abort_stroke()
        else:
            document.end_stroke()
    elif kind == "noise":
        values = np.random.default_rng(4).integers(0, 4, (300, 300)).astype(np.uint8)
        document.apply("Noise", Rect(200, 0, 500, 300), values)
    elif kind == "tidy":
        document.history.tidy()
    elif kind == "levels":
        document.levels.catch_up()
    elif kind == "look":
        assert_level(document, rest[0])
    else:
        getattr(document, kind)()


@given(actions, st.booleans())
@settings(max_examples=60, deadline=None)
def test_levels_are_a_fresh_downsample_after_any_edits_and_undo(sequence, ready):
    rng = np.random.default_rng(0)
    document = Document(rng.choice([0, 3, 255], (HEIGHT, WIDTH)).astype(np.uint8))
    assert document.levels.levels > CARRIED + 1
    if ready:
        list(document.levels.prepare())
    before = document.mask.copy()
    for action in sequence:
        perform(document, action)
        assert np.array_equal(document.counts, np.bincount(document.mask.ravel(), minlength=256))
    for level in range(document.levels.levels):
        assert_level(document, level)
    document.travel(0)
    assert np.array_equal(document.mask, before)
    for level in reversed(range(document.levels.levels)):
        assert_level(document, level)


def test_undo_from_afar_looks_at_no_tile(monkeypatch):
    document = Document.blank(HEIGHT, WIDTH)
    for value in (1, 2):
        perform(document, ("stroke", value, (30, 200), (1200, 220), 90))
        list(document.levels.prepare())
    seen = []
    document.levels._source = Watched(document, seen)
    document.undo()
    assert_level(document, CARRIED)
    assert_level(document, CARRIED + 1)
    assert not seen
    document.redo()
    assert_level(document, CARRIED)
    assert not seen


class Watched:
    """A document that notes which tiles of several values are read."""

    def __init__(self, document, seen):
        self.shape, self._document, self._seen = document.shape, document, seen

    def tile(self, key):
        tile = self._document.tile(key)
        return tile if is_uniform(tile) else Noted(tile, self._seen, key)


class Noted(np.ndarray):
    def __new__(cls, tile, seen, key):
        new = tile.view(cls)
        new.seen, new.key = seen, key
        return new

    def __add__(self, other):
        self.seen.append(self.key)
        return np.asarray(self) + other


def test_a_tile_covered_bit_by_bit_is_of_a_single_value_at_once():
    document = Document.blank(2 * TILE, 2 * TILE)
    document.begin_stroke("Brush", 5, (0, 0))
    for x in range(0, 2 * TILE, 16):
        document.stroke_to((x, 128), 700)
    assert is_uniform(document.tile((0, 0)))
    document.write(Rect(3, 3, 4, 4), 6)  # another value in the same stroke
    document.stroke_to((100, 128), 900)
    document.end_stroke()
    assert document.counts[5] == document.size
    document.undo()
    assert document.counts[255] == document.size
    assert not list(document.keys)


def test_values_written_and_changed_back_leave_no_step():
    document = Document.blank(TILE, TILE)
    document.begin_stroke("Two", 1, (0, 0))
    document.write(Rect(0, 0, 9, 9), 4)
    document.write(Rect(0, 0, 9, 9), 255)
    document.end_stroke()
    assert not document.history.can_undo


def test_a_large_edit_is_packed_a_portion_at_a_time(monkeypatch):
    monkeypatch.setattr("unet_gui.core.history.FRESH", 60 * TILE * TILE)
    document = Document.blank(12 * TILE, 12 * TILE)
    noise = np.random.default_rng(1).integers(0, 3, document.shape).astype(np.uint8)
    document.apply("Noise", document.bounds, noise)
    document.apply("Other", document.bounds, (noise + 1) % 3)
    (_, edit), packed = document.history.edits(1 << 30), []
    while document.history.tidy():
        packed.append(sum(isinstance(tile, bytes) for tile in edit.tiles.values()))
    assert packed
    assert np.diff([0, *packed]).max() <= PORTION
    assert 0 < packed[-1] < len(edit.tiles)
    document.undo()
    assert np.array_equal(document.mask, noise)
    document.redo()
    assert np.array_equal(document.mask, (noise + 1) % 3)
