"""An edit made aside does what the same edit does at once, or nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unet_gui.core import draft as drafts
from unet_gui.core.document import Document
from unet_gui.core.draft import Draft
from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.mask_levels import CARRIED
from unet_gui.core.protection import Protection
from unet_gui.core.tiled_mask import TILE

HEIGHT, WIDTH = 300, 2100
part = st.tuples(
    st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), st.integers(1, 900),
    st.integers(1, HEIGHT), st.sampled_from([0, 3, 7, 255, "noise"]), st.booleans(),
)  # fmt: skip
protections = st.sampled_from([Protection(), Protection(frozenset({3})), Protection(only=255)])


def start():
    rng = np.random.default_rng(0)
    mask = np.full((HEIGHT, WIDTH), 255, np.uint8)
    mask[:, 300:700] = rng.choice([0, 3, 255], (HEIGHT, 400))
    mask[:, 1024:1536] = 3
    return Document(mask)


def pieces(parts):
    for x, y, width, height, value, some in parts:
        rect = Rect(x, y, min(x + width, WIDTH), min(y + height, HEIGHT))
        shape = (rect.height, rect.width)
        where = np.indices(shape).sum(0) % 5 > 1 if some else None
        noise = np.random.default_rng(1).integers(0, 5, shape).astype(np.uint8)
        yield rect, noise if value == "noise" else value, where


def drafted(document, parts):
    draft = Draft("Aside", document.snapshot(), document.protection)
    for rect, values, where in pieces(parts):
        draft.write(rect, values, where)
    list(draft.finish())
    return draft


def assert_true_to_itself(document):
    assert np.array_equal(document.counts, np.bincount(document.mask.ravel(), minlength=256))
    codes = document.mask + np.uint8(1)
    codes = np.pad(codes, [(0, -s % 2**CARRIED) for s in codes.shape])
    height, width = (s >> CARRIED for s in codes.shape)
    expected = codes.reshape(height, 8, width, 8).max((1, 3))
    levels = document.levels
    assert np.array_equal(levels.read(CARRIED, levels.bounds(CARRIED)), expected)


@given(st.lists(part, min_size=1, max_size=3), protections, st.booleans())
@settings(max_examples=50, deadline=None)
def test_it_does_what_is_done_at_once(parts, protection, ready):
    document, other = start(), start()
    if ready:
        list(document.levels.prepare())
    before = document.mask.copy()
    document.protection = other.protection = protection
    changed = document.take(drafted(document, parts))
    other.begin_stroke("At once", 255, (0, 0))
    for rect, values, where in pieces(parts):
        other.write(rect, values, where=where)
    assert changed == other.end_stroke()
    after = document.mask.copy()
    assert np.array_equal(after, other.mask)
    assert_true_to_itself(document)
    assert document.changed_tiles == other.changed_tiles
    assert len(document.history.steps) == len(other.history.steps) <= 1
    for expected in (before, after):
        (document.undo if expected is before else document.redo)()
        assert np.array_equal(document.mask, expected)
        assert_true_to_itself(document)


def test_a_draft_of_a_mask_that_has_changed_since_is_not_taken():
    document = start()
    draft = drafted(document, [(0, 0, 50, 50, 7, False)])
    document.apply("own", Rect(60, 60, 70, 70), 3)
    before = document.mask.copy()
    assert document.take(draft) is None
    assert np.array_equal(document.mask, before)
    assert len(document.history.steps) == 1


def test_a_draft_that_would_touch_what_is_locked_by_now_is_not_taken():
    document = start()
    draft = drafted(document, [(0, 0, WIDTH, HEIGHT, 7, False)])
    document.protection = Protection(frozenset({3}))
    assert document.take(draft) is None
    assert not document.history.can_undo


def test_a_draft_that_changes_nothing_leaves_no_step():
    document = start()
    assert document.take(drafted(document, [(0, 0, 9, 9, 255, False)])) == EMPTY
    assert not document.history.can_undo


def test_the_document_is_left_alone_until_a_draft_is_taken():
    document = start()
    before = document.mask.copy()
    draft = drafted(document, [(0, 0, WIDTH, HEIGHT, "noise", False)])
    assert np.array_equal(document.mask, before)
    document.take(draft)
    assert not np.array_equal(document.mask, before)


def test_what_is_too_large_to_stay_unpacked_is_packed_before_it_is_taken(monkeypatch):
    monkeypatch.setattr(drafts, "FRESH", 5 * TILE * TILE)
    monkeypatch.setattr(drafts, "PORTION", 2)
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 3, (6 * TILE, 6 * TILE)).astype(np.uint8)
    document = Document(noise)
    draft = Draft("Clear", document.snapshot(), Protection())
    draft.write(document.bounds, 255)
    steps = len(list(draft.finish()))
    assert draft.edit.size <= 36 * TILE * TILE
    assert steps > 10
    assert sum(isinstance(tile, bytes) for tile in draft.edit.tiles.values()) >= 30
    document.take(draft)
    document.undo()
    assert np.array_equal(document.mask, noise)


@pytest.mark.parametrize("value", [255, 4])
def test_clearing_a_huge_mask_shares_the_tiles_of_one_value(value):
    document = Document.blank(4 * TILE, 4 * TILE)
    document.apply("all", document.bounds, 1)
    draft = Draft("Clear", document.snapshot(), Protection())
    draft.write(document.bounds, value)
    list(draft.finish())
    document.take(draft)
    assert document.nbytes < TILE * TILE
