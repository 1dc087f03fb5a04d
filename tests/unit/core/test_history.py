import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unet_gui.core import history
from unet_gui.core.document import Document
from unet_gui.core.errors import UndoError
from unet_gui.core.geometry import Rect
from unet_gui.core.history import History
from unet_gui.core.tiled_mask import TILE


class Shelf:
    """A store in memory that counts what it holds."""

    def __init__(self):
        self.held = {}
        self.given = 0
        self.full = False

    def put(self, data):
        if self.full:
            raise UndoError("full", "")
        self.given += 1
        self.held[self.given] = data
        return self.given

    def get(self, handle):
        if handle not in self.held:
            raise UndoError("gone", "")
        return self.held[handle]

    def drop(self, handle):
        del self.held[handle]


def noise(seed):
    return np.random.default_rng(seed).integers(0, 5, (TILE + 20, TILE)).astype(np.uint8)


def painted(count, **how):
    document = Document(noise(0), history=History(**how))
    for seed in range(1, count + 1):
        document.apply(f"step {seed}", document.bounds, noise(seed))
    return document


def tidied(document):
    while document.history.tidy():
        pass
    return document


@pytest.fixture
def impatient(monkeypatch):
    """Nothing stays unpacked."""
    monkeypatch.setattr(history, "FRESH", 0)


def test_past_the_budget_steps_go_to_the_store_and_come_back(impatient):
    shelf = Shelf()
    document = tidied(painted(8, budget=150_000, store=shelf))
    assert len(shelf.held) >= 5
    assert document.history.size < 250_000
    for seed in range(7, -1, -1):
        document.undo()
        assert np.array_equal(document.mask, noise(seed))
    assert not document.history.can_undo
    assert not shelf.held
    tidied(document)
    for seed in range(1, 9):
        document.redo()
        assert np.array_equal(document.mask, noise(seed))


def test_without_a_store_the_oldest_steps_go(impatient):
    document = tidied(painted(8, budget=150_000))
    assert 0 < len(document.history.steps) < 8
    while document.history.can_undo:
        document.undo()
    assert not np.array_equal(document.mask, noise(0))


def test_a_step_that_cannot_be_read_back_changes_nothing(impatient):
    shelf = Shelf()
    document = tidied(painted(6, budget=1, store=shelf))
    shelf.held.clear()
    document.undo()  # the newest is always in memory
    before, position = document.mask.copy(), document.history.position
    with pytest.raises(UndoError):
        document.undo()
    assert np.array_equal(document.mask, before)
    assert document.history.position == position


def test_a_full_store_says_so_and_loses_nothing(impatient):
    shelf = Shelf()
    document = painted(5, budget=1, store=shelf)
    shelf.full = True
    with pytest.raises(UndoError):
        tidied(document)
    document.history.store = None
    tidied(document)
    document.undo()
    assert np.array_equal(document.mask, noise(4))


def test_a_new_step_drops_what_was_put_away_of_the_undone(impatient):
    shelf = Shelf()
    document = tidied(painted(6, budget=1, store=shelf))
    document.travel(0)
    tidied(document)
    assert shelf.held
    document.apply("other", Rect(0, 0, 5, 5), 9)
    tidied(document)
    assert not document.history.can_redo
    assert not shelf.held


@given(st.lists(st.integers(0, 6), max_size=8))
@settings(deadline=None, max_examples=30)
def test_travelling_leads_to_the_state_of_that_step(positions):
    document = painted(5)
    for wish in positions:
        document.travel(wish)
        position = min(wish, 5)
        assert document.history.position == position
        assert np.array_equal(document.mask, noise(position))
        assert np.array_equal(document.counts, np.bincount(document.mask.ravel(), minlength=256))
        if position % 2:
            tidied(document)


def test_steps_say_what_was_done_and_how_it_looked():
    document = Document.blank(400, 400)
    document.begin_stroke("Brush", 3, (100, 100))
    document.stroke_to((300, 100), 20)
    document.end_stroke()
    document.apply("Fill", Rect(0, 0, 10, 10), 1)
    document.undo()
    brush, fill = document.history.steps
    assert (brush.name, fill.name) == ("Brush", "Fill")
    assert fill.preview.tolist() == [[1] * 10] * 10
    assert max(brush.preview.shape) <= history.PREVIEW
    assert 3 in brush.preview
    assert document.history.position == 1


def test_hundreds_of_strokes_stay_within_the_budget():
    shelf = Shelf()
    document = Document.blank(2000, 2000)
    document.history.budget, document.history.store = 1 << 20, shelf
    rng = np.random.default_rng(0)
    for i in range(250):
        document.begin_stroke("Brush", i % 7, tuple(rng.uniform(0, 2000, 2)))
        document.stroke_to(tuple(rng.uniform(0, 2000, 2)), 30)
        document.end_stroke()
        if i % 50 == 0:
            tidied(document)
    tidied(document)
    assert document.history.size <= (1 << 20) + history.FRESH
    document.travel(0)
    assert (document.mask == 255).all()


def test_what_is_kept_of_an_image_can_be_undone_by_its_next_document():
    document = painted(4)
    kept = document.history.edits(history.DEFAULT_BUDGET)
    again = Document(document.mask)
    again.history.restore(kept)
    again.travel(0)
    assert np.array_equal(again.mask, noise(0))
    assert len(document.history.edits(150_000)) < 4
