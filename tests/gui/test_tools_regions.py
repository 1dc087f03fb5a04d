"""Fill and accepting by a click: the region under the pointer, shown and taken."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from unet_gui.core.document import Document
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.gui.canvas.tools import base, pointed
from unet_gui.gui.documents import Ghost
from unet_gui.gui.state import Tool

GREY = np.full((60, 80, 3), 120, np.uint8)
RIGHT = Qt.MouseButton.RightButton


@pytest.fixture
def easel(make_easel):
    easel = make_easel(GREY, GREY)
    easel.canvas.zoom_to(4.0)
    return easel


@pytest.fixture
def walls(easel):
    """Class 0 with an unlabelled room of 20×20 and another one beside it."""
    easel.session.apply("ground", easel.session.document.bounds, 0)
    easel.session.apply("room", Rect(10, 10, 30, 30), 255)
    easel.session.apply("room", Rect(40, 10, 60, 30), 255)
    easel.state.set_tool(Tool.FILL)
    return easel


def test_fill_takes_the_connected_region_and_no_more(walls):
    before = walls.session.document.mask.copy()
    walls.drag((20.5, 20.5))
    expected = before.copy()
    expected[10:30, 10:30] = 1
    assert np.array_equal(walls.session.document.mask, expected)
    assert walls.session.document.history.undo_name == "Fill"
    walls.session.undo()
    assert np.array_equal(walls.session.document.mask, before)


def test_the_right_button_makes_a_region_unlabelled(walls):
    walls.drag((5.5, 5.5), button=RIGHT)
    assert (walls.session.document.mask == 255).all()


def test_filling_with_the_same_class_says_so_and_is_no_step(walls, qtbot):
    walls.state.set_active_class(0)
    steps = walls.session.document.history.position
    with qtbot.waitSignal(walls.session.noticed) as noticed:
        walls.drag((5.5, 5.5))
    assert "ground" in noticed.args[0]
    assert walls.session.document.history.position == steps


def test_the_region_is_shown_before_the_click_and_goes_with_the_pointer(walls):
    empty = walls.seen()
    walls.hover(20.5, 20.5)
    rect, where = walls.canvas._pointer.preview.region
    assert rect == Rect(10, 10, 30, 30)
    assert where.all()
    shown = walls.seen()
    at = walls.at(12.5, 12.5).toPoint()
    assert tuple(shown[at.y(), at.x()]) != tuple(empty[at.y(), at.x()])
    walls.canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    assert np.array_equal(walls.seen(), empty)


def test_what_is_shown_follows_the_mask(walls):
    walls.hover(20.5, 20.5)
    walls.session.apply("wall", Rect(10, 20, 30, 21), 2)
    rect, _ = walls.canvas._pointer.preview.region
    assert rect == Rect(10, 20, 30, 21)
    walls.session.undo()
    assert walls.canvas._pointer.preview.region[0] == Rect(10, 10, 30, 30)


def test_a_region_cut_by_the_view_is_found_whole_by_the_click(walls):
    walls.canvas.zoom_to(32.0)
    walls.hover(40.5, 29.5)
    walls.canvas.zoom_to(32.0, walls.at(25.0, 25.0))
    at = walls.canvas.to_image(walls.canvas.rect().center().toPointF())
    x, y = int(at.x()), int(at.y())
    value = walls.session.document.value_at(x, y)
    walls.hover(x + 0.5, y + 0.5)
    walls.drag((x + 0.5, y + 0.5))
    changed = walls.session.document.mask == 1
    assert changed.sum() == (400 if value == 255 else 60 * 80 - 800)


@pytest.fixture
def queue(walls, monkeypatch):
    monkeypatch.setattr(pointed, "AT_ONCE", 0)
    monkeypatch.setattr(pointed, "SHOWN", 0)
    jobs = {}

    def submit(_runner, key, factory, *, on_done=None, **_how):
        jobs[key] = (factory, on_done)

    def end(key):
        factory, on_done = jobs.pop(key)
        on_done(drain(factory()))

    monkeypatch.setattr(type(walls.session.runner), "submit", submit)
    monkeypatch.setattr(type(walls.session.runner), "cancel", lambda _, key: jobs.pop(key, None))
    return end


def test_a_large_region_is_found_in_the_background(walls, queue):
    walls.drag((20.5, 20.5))
    assert (walls.session.document.mask[10:30, 10:30] == 255).all()
    queue(pointed.CLICK_KEY)
    assert (walls.session.document.mask[10:30, 10:30] == 1).all()


def test_a_region_of_a_mask_that_has_changed_is_not_filled(walls, queue, qtbot):
    walls.drag((20.5, 20.5))
    walls.session.apply("wall", Rect(10, 20, 30, 21), 2)
    before = walls.session.document.mask.copy()
    with qtbot.waitSignal(walls.session.noticed):
        queue(pointed.CLICK_KEY)
    assert np.array_equal(walls.session.document.mask, before)


def test_escape_gives_up_looking_for_a_region(walls, queue):
    walls.drag((20.5, 20.5))
    QTest.keyClick(walls.canvas, Qt.Key.Key_Escape)
    with pytest.raises(KeyError):
        queue(pointed.CLICK_KEY)


def test_a_huge_region_is_written_in_the_background_too(walls, queue, monkeypatch):
    monkeypatch.setattr(base, "WRITTEN_AT_ONCE", 0)
    monkeypatch.setattr(base, "BAND", 3)
    work, said = walls.session.long_work, []
    work.busy_changed.connect(said.append)
    steps = len(walls.session.document.history.steps)
    before = walls.session.document.mask.copy()
    walls.drag((20.5, 20.5))
    assert work.busy
    queue(pointed.CLICK_KEY)
    assert np.array_equal(walls.session.document.mask, before)
    assert work.busy
    queue(base.WRITING)
    assert (walls.session.document.mask[10:30, 10:30] == 1).all()
    assert walls.session.document.history.undo_name == "Fill"
    assert len(walls.session.document.history.steps) == steps + 1
    QApplication.processEvents()
    assert said == [True, False]  # one piece of work, for who shows it
    walls.session.undo()
    assert np.array_equal(walls.session.document.mask, before)


def test_another_click_does_not_drop_what_is_being_written(walls, queue, qtbot, monkeypatch):
    monkeypatch.setattr(base, "WRITTEN_AT_ONCE", 0)
    walls.drag((20.5, 20.5))
    queue(pointed.CLICK_KEY)
    with qtbot.waitSignal(walls.session.noticed):
        walls.drag((20.5, 20.5))
    queue(base.WRITING)
    assert (walls.session.document.mask[10:30, 10:30] == 1).all()


def test_a_region_is_not_written_into_the_mask_of_another_image(walls, queue, monkeypatch):
    monkeypatch.setattr(base, "WRITTEN_AT_ONCE", 0)
    walls.drag((20.5, 20.5))
    queue(pointed.CLICK_KEY)
    own, other = walls.session.document, Document.blank(*walls.session.document.shape)
    other.revision = own.revision
    walls.session.document = other
    queue(base.WRITING)
    assert not list(other.keys)


@pytest.mark.parametrize("how", ["key", "strip"])
def test_what_is_being_written_is_given_up_without_a_trace(walls, queue, monkeypatch, how):
    monkeypatch.setattr(base, "WRITTEN_AT_ONCE", 0)
    before = walls.session.document.mask.copy()
    walls.drag((20.5, 20.5))
    queue(pointed.CLICK_KEY)
    if how == "key":
        QTest.keyClick(walls.canvas, Qt.Key.Key_Escape)
    else:
        walls.session.long_work.cancel()
    assert not walls.session.long_work.busy
    with pytest.raises(KeyError):
        queue(base.WRITING)
    assert np.array_equal(walls.session.document.mask, before)


def test_painting_while_a_region_is_written_keeps_what_was_painted(
    walls, queue, qtbot, monkeypatch
):
    monkeypatch.setattr(base, "WRITTEN_AT_ONCE", 0)
    walls.drag((20.5, 20.5))
    queue(pointed.CLICK_KEY)
    walls.session.apply("own", Rect(0, 0, 5, 5), 2)
    before = walls.session.document.mask.copy()
    with qtbot.waitSignal(walls.session.noticed):
        queue(base.WRITING)
    assert np.array_equal(walls.session.document.mask, before)
    assert not walls.session.long_work.busy


# -- accepting -------------------------------------------------------------------------------


@pytest.fixture
def proposal(easel):
    """Two discs of class 1 and 2 on nothing; the right half of the first is unsure."""
    y, x = np.mgrid[:60, :80]
    mask = np.full((60, 80), 255, np.uint8)
    mask[(x - 20) ** 2 + (y - 30) ** 2 < 100] = 1
    mask[(x - 50) ** 2 + (y - 30) ** 2 < 100] = 2
    confidence = np.full((60, 80), 230, np.uint8)
    confidence[:, 20:40] = 100
    easel.session.set_prediction(easel.session.entry.name, Ghost(mask, confidence))
    easel.state.set_tool(Tool.ACCEPT)
    easel.mask, easel.confidence = mask, confidence
    return easel


def accepted(easel):
    return easel.session.document.mask != 255


def test_a_click_accepts_one_connected_part(proposal):
    proposal.drag((20.5, 30.5))
    assert np.array_equal(accepted(proposal), proposal.mask == 1)
    proposal.session.undo()
    assert not accepted(proposal).any()


def test_a_click_accepts_only_what_is_sure_enough(proposal):
    proposal.state.set_options(accept_above=0.6)
    proposal.drag((12.5, 30.5))
    expected = (proposal.mask == 1) & (proposal.confidence > 153)
    assert np.array_equal(accepted(proposal), expected)


@pytest.mark.parametrize("where", ["nothing proposed", "another class"])
def test_a_click_on_what_is_not_wanted_says_so(proposal, qtbot, where):
    proposal.state.set_options(accept_only=2)
    point = (75.5, 5.5) if where == "nothing proposed" else (20.5, 30.5)
    with qtbot.waitSignal(proposal.session.noticed):
        proposal.drag(point)
    assert not accepted(proposal).any()


def test_what_is_painted_already_is_not_part_of_a_region(proposal):
    proposal.session.apply("wall", Rect(0, 30, 80, 31), 0)
    proposal.drag((20.5, 25.5))
    assert np.array_equal(proposal.session.document.mask == 1, (proposal.mask == 1) & upper())


def upper():
    above = np.zeros((60, 80), np.bool_)
    above[:30] = True
    return above


def test_the_part_is_shown_before_the_click(proposal):
    proposal.hover(50.5, 30.5)
    rect, where = proposal.canvas._pointer.preview.region
    assert np.array_equal(where, (proposal.mask == 2)[rect.slices])
    proposal.hover(2.5, 2.5)
    assert proposal.canvas._pointer.preview is None


def test_a_lasso_accepts_only_the_class_asked_for(proposal):
    proposal.state.set_options(accept_only=2)
    proposal.drag((1, 1), (79, 1), (79, 59), (1, 59))
    assert np.array_equal(accepted(proposal), proposal.mask == 2)


def test_an_image_of_one_value_is_filled_without_looking_for_a_region(easel, monkeypatch):
    monkeypatch.setattr(pointed, "SHOWN", 0)
    monkeypatch.setattr(pointed, "_find", lambda *_: pytest.fail("looked for a region"))
    easel.state.set_tool(Tool.FILL)
    easel.drag((20.5, 20.5))
    assert (easel.session.document.mask == 1).all()
    easel.session.undo()
    assert (easel.session.document.mask == 255).all()
