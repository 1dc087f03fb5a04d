import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unet_gui.core.brush import segment_footprint
from unet_gui.core.classes import UNLABELLED
from unet_gui.core.document import Document
from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.history import History
from unet_gui.core.protection import Protection
from unet_gui.core.tiled_mask import TILE

HEIGHT, WIDTH = 300, 270  # more than one tile each way, and no multiple of one

point = st.tuples(st.floats(-30, WIDTH + 30), st.floats(-30, HEIGHT + 30))
stroke = st.tuples(
    st.just("stroke"), st.integers(0, 255), st.lists(point, min_size=1, max_size=5),
    st.floats(0.5, 80),
)  # fmt: skip
fill = st.tuples(
    st.just("fill"), st.integers(0, 255), st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1)
)
abort = st.tuples(st.just("abort"), st.integers(0, 255), st.lists(point, min_size=1, max_size=3))
undo = st.tuples(st.just("undo"))
redo = st.tuples(st.just("redo"))
actions = st.lists(st.one_of(stroke, fill, abort, undo, redo), max_size=8)


def start() -> Document:
    rng = np.random.default_rng(0)
    return Document(rng.choice([0, 3, UNLABELLED], (HEIGHT, WIDTH)).astype(np.uint8))


def perform(document: Document, action: tuple) -> Rect:
    kind, *rest = action
    if kind == "stroke":
        value, points, diameter = rest
        document.begin_stroke("Brush", value, points[0])
        rect = EMPTY
        for p in points:
            rect = rect.union(document.stroke_to(p, diameter))
        document.end_stroke()
        return rect
    if kind == "fill":
        value, x, y = rest
        area = Rect(x, y, min(x + 70, WIDTH), min(y + 90, HEIGHT))
        where = np.indices((area.height, area.width)).sum(0) % 3 == 0
        return document.apply("Fill", area, value, where=where)
    if kind == "abort":
        value, points = rest
        document.begin_stroke("Brush", value, points[0])
        rect = document.stroke_to(points[-1], 9)
        document.abort_stroke()
        return rect
    return document.undo() if kind == "undo" else document.redo()


@given(actions)
@settings(max_examples=60, deadline=None)
def test_undoing_everything_is_the_identity(sequence):
    document = start()
    before = document.mask.copy()
    for action in sequence:
        perform(document, action)
    after = document.mask.copy()
    depth = 0
    while document.history.can_undo:
        document.undo()
        depth += 1
    assert np.array_equal(document.mask, before)
    for _ in range(depth):
        document.redo()
    assert np.array_equal(document.mask, after)


@given(actions)
@settings(max_examples=60, deadline=None)
def test_edits_change_only_pixels_inside_the_rect_they_return_and_counts_stay_true(sequence):
    document = start()
    for action in sequence:
        before = document.mask.copy()
        rect = perform(document, action)
        changed = np.argwhere(before != document.mask)
        if len(changed):
            (y0, x0), (y1, x1) = changed.min(0), changed.max(0)
            assert rect.contains(Rect(int(x0), int(y0), int(x1) + 1, int(y1) + 1))
        assert np.array_equal(document.counts, np.bincount(document.mask.ravel(), minlength=256))


def test_a_stroke_is_one_undo_step_whatever_its_length():
    document = Document.blank(64, 64)
    document.begin_stroke("Brush", 2, (5, 5))
    for x in range(5, 60):
        document.stroke_to((x, 5), 3)
    document.end_stroke()
    assert document.history.undo_name == "Brush"
    document.undo()
    assert (document.mask == UNLABELLED).all()
    assert not document.history.can_undo
    assert document.history.redo_name == "Brush"


def test_undo_in_the_middle_of_a_stroke_finishes_it_first():
    document = Document.blank(32, 32)
    document.begin_stroke("Brush", 1, (4, 4))
    document.stroke_to((20, 4), 5)
    document.undo()
    assert not document.stroking
    assert (document.mask == UNLABELLED).all()
    document.redo()
    assert document.counts[1] > 0


def test_a_stroke_that_changes_nothing_leaves_no_undo_step():
    document = Document(np.full((20, 20), 4, np.uint8))
    document.begin_stroke("Brush", 4, (5, 5))
    document.stroke_to((9, 9), 4)
    assert document.end_stroke() == EMPTY
    assert not document.history.can_undo


def test_a_new_edit_drops_what_could_be_redone():
    document = Document.blank(20, 20)
    document.apply("one", document.bounds, 1)
    document.undo()
    document.apply("two", Rect(0, 0, 2, 2), 2)
    assert not document.history.can_redo


def test_the_mask_given_out_cannot_be_written():
    document = Document.blank(4, 4)
    with pytest.raises(ValueError, match="read-only"):
        document.mask[0, 0] = 1


def test_edits_outside_the_image_are_refused():
    with pytest.raises(ValueError, match="outside"):
        Document.blank(4, 4).apply("x", Rect(0, 0, 5, 4), 1)


@pytest.mark.parametrize("bad", [np.zeros((3, 3), np.int32), np.zeros((3, 3, 3), np.uint8)])
def test_only_a_uint8_plane_is_a_mask(bad):
    with pytest.raises(ValueError, match="uint8"):
        Document(bad)


def test_history_keeps_within_its_budget_but_always_the_last_step():
    rng = np.random.default_rng(1)
    document = Document(np.zeros((TILE, TILE), np.uint8), history=History(budget=150_000))
    for _ in range(8):
        noise = rng.integers(0, 255, (TILE, TILE)).astype(np.uint8)
        document.apply("noise", document.bounds, noise)
        while document.history.tidy():
            pass
    assert document.history.size <= 150_000
    assert document.history.can_undo
    tiny = Document(np.zeros((TILE, TILE), np.uint8), history=History(budget=1))
    tiny.apply("noise", tiny.bounds, rng.integers(0, 255, (TILE, TILE)).astype(np.uint8))
    assert tiny.history.can_undo


def test_apply_writes_an_array_only_where_told():
    document = Document.blank(6, 6)
    values = np.arange(16, dtype=np.uint8).reshape(4, 4)
    where = values % 2 == 0
    document.apply("Accept", Rect(1, 1, 5, 5), values, where=where)
    inside = document.mask[1:5, 1:5]
    assert np.array_equal(inside[where], values[where])
    assert (inside[~where] == UNLABELLED).all()


def test_a_long_slanted_stroke_equals_the_whole_segment_and_costs_little_memory():
    import tracemalloc

    document = Document.blank(1600, 1600)
    document.begin_stroke("Brush", 1, (10, 20))
    tracemalloc.start()
    document.stroke_to((1500, 1550), 31)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    document.end_stroke()
    rect, covered = segment_footprint((10, 20), (1500, 1550), 31, document.bounds)
    painted = document.mask[rect.slices] == 1
    assert np.count_nonzero(painted != covered) <= 8  # roundings where two pieces meet
    assert document.counts[1] == painted.sum()
    assert peak < 12e6


@given(
    st.lists(point, min_size=1, max_size=6),
    st.lists(st.sampled_from([1.0, 3.0, 24.0, 90.0]), min_size=6, max_size=6),
    st.booleans(),
    st.sampled_from([Protection(), Protection(frozenset({0})), Protection(only=UNLABELLED)]),
)
@settings(max_examples=60, deadline=None)
def test_a_stroke_paints_all_that_its_brush_passes_and_may_change(points, widths, square, kept):
    document = start()
    document.protection = kept
    wanted, table = document.mask.copy(), kept.writable()
    document.begin_stroke("Brush", 7, points[0])
    for a, b, diameter in zip([points[0], *points], points, widths, strict=False):
        document.stroke_to(b, diameter, square=square)
        rect, where = segment_footprint(a, b, diameter, document.bounds, square=square)
        if not rect.empty:
            part = wanted[rect.slices]
            part[where if table is None else where & table[part]] = 7
    document.end_stroke()
    # long segments are painted in pieces, which may round otherwise where they meet
    assert np.count_nonzero(document.mask != wanted) <= 8
    assert np.array_equal(document.counts, np.bincount(document.mask.ravel(), minlength=256))


def test_what_is_unlocked_in_the_middle_of_a_stroke_can_be_painted():
    document = Document(np.full((60, 60), 3, np.uint8))
    document.protection = Protection(frozenset({3}))
    document.begin_stroke("Brush", 1, (30, 30))
    assert document.stroke_to((30, 30), 21).empty
    document.protection = Protection()
    document.stroke_to((30, 30), 21)
    document.end_stroke()
    assert document.value_at(30, 30) == 1


def test_what_is_written_under_the_brush_is_painted_over_again():
    document = Document.blank(60, 60)
    document.begin_stroke("Brush", 1, (30, 30))
    document.stroke_to((30, 30), 21)
    document.write(Rect(28, 28, 33, 33), 2)
    document.stroke_to((31, 30), 21)
    document.end_stroke()
    assert document.counts[2] == 0


def test_which_tiles_have_changed_is_told_within_the_rectangle_asked_about():
    document = Document.blank(4 * TILE, 4 * TILE)
    first = document.revision
    document.apply("two", Rect(10, 10, 2 * TILE, 20), 1)
    assert document.changed_since(first, document.bounds) == [(0, 0), (0, 1)]
    assert document.changed_since(first, Rect(TILE, 0, TILE + 1, 1)) == [(0, 1)]
    assert document.changed_since(first, Rect(0, TILE, TILE, TILE + 1)) == []
    document.apply("one", Rect(600, 600, 610, 610), 1)
    assert document.changed_since(first, document.bounds) == [(0, 0), (0, 1), (2, 2)]
    assert document.changed_since(document.revision - 1, document.bounds) == [(2, 2)]
    assert document.changed_since(document.revision, document.bounds) == []
    document.undo()
    assert document.changed_since(document.revision - 1, document.bounds) == [(2, 2)]
