"""Commands over the open mask: what they change, how undo names it, what they say."""

import numpy as np
import pytest

from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.core.protection import Protection
from unet_gui.gui import mask_edits
from unet_gui.gui.mask_edits import MaskEdits
from unet_gui.gui.state import ViewState

GREY = np.full((60, 80, 3), 120, np.uint8)


@pytest.fixture
def session(open_session):
    """Class 1 as a ring with a hole, a speck of class 2 outside and one of class 1 far away."""
    session = open_session(GREY, GREY, np.full((30, 40, 3), 90, np.uint8))
    mask = np.full((60, 80), 255, np.uint8)
    mask[10:40, 10:40] = 1
    mask[20:28, 20:28] = 255
    mask[5:7, 60:63] = 2
    mask[50:52, 70:73] = 1
    session.apply("before", Rect(0, 0, 80, 60), mask)
    return session


@pytest.fixture
def edits(session):
    state = ViewState()
    state.set_active_class(1)
    made = MaskEdits(session, state)
    made.state = state
    return made


def mask(session):
    return session.document.mask


COMMANDS = {
    "Fill holes": lambda e: e.fill_holes(),
    "Remove specks": lambda e: e.remove_specks(),
    "Smooth borders": lambda e: e.smooth_border(3),
    "Grow": lambda e: e.grow(),
    "Shrink": lambda e: e.shrink(),
    "Replace class": lambda e: e.replace_class(1, 2),
    "Erase class": lambda e: e.clear(everything=False),
    "Clear the mask": lambda e: e.clear(),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_one_step_that_undo_names_and_takes_back(session, edits, name):
    before, steps = mask(session).copy(), len(session.document.history.steps)
    COMMANDS[name](edits)
    assert not np.array_equal(mask(session), before)
    assert len(session.document.history.steps) == steps + 1
    assert session.document.history.undo_name == name
    session.undo()
    assert np.array_equal(mask(session), before)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_changes_what_is_protected(session, edits, name):
    session.set_protection(Protection(frozenset({1})))
    before = mask(session).copy()
    COMMANDS[name](edits)
    assert (mask(session)[before == 1] == 1).all()


def test_holes_of_the_active_class_are_filled(session, edits):
    edits.fill_holes()
    assert (mask(session)[10:40, 10:40] == 1).all()
    assert (mask(session) == 1).sum() == 900 + 6


def test_things_of_other_classes_within_a_hole_stay(session, edits):
    session.apply("a thing in the hole", Rect(22, 22, 26, 26), 2)
    edits.fill_holes()
    assert (mask(session)[22:26, 22:26] == 2).all()
    assert (mask(session)[10:40, 10:40] == 1).sum() == 900 - 16


def test_specks_go_and_large_regions_stay(session, edits):
    edits.remove_specks(10)
    assert (mask(session) != 255).sum() == 900 - 64


def test_specks_of_the_active_class_alone(session, edits):
    edits.remove_specks(10, everything=False)
    assert (mask(session) == 2).sum() == 6
    assert (mask(session) == 1).sum() == 900 - 64


def test_growing_and_shrinking_go_by_the_option(session, edits):
    edits.state.set_options(radius=3)
    edits.grow()
    assert (mask(session)[25, 7:43][[0, 1, 2, -3, -2, -1]] == 1).all()
    assert mask(session)[25, 6] == 255
    session.undo()
    edits.shrink()
    assert mask(session)[25, 12] == 255
    assert mask(session)[25, 13] == 1


def test_replacing_in_a_region_leaves_the_rest(session, edits):
    rect = Rect(0, 0, 20, 60)
    edits.replace_class(1, 0, (rect, np.ones((60, 20), np.bool_)))
    assert not (mask(session)[:, :20] == 1).any()
    assert (mask(session)[10:20, 20:40] == 1).all()


@pytest.mark.parametrize("only", [True, False])
def test_copying_the_neighbour(session, edits, only):
    theirs = mask(session).copy()
    session.next_image()
    session.apply("own", Rect(0, 0, 30, 60), 0)
    edits.copy_from_neighbour(-1, only_unlabelled=only)
    expected = np.where(theirs != 255, theirs, mask(session))
    if only:
        expected[:, :30] = 0
    assert np.array_equal(mask(session), expected)
    assert "0.png" in session.document.history.undo_name


def test_a_neighbour_of_another_size_is_said(session, edits, qtbot):
    session.next_image()
    with qtbot.waitSignal(session.failed) as failed:
        edits.copy_from_neighbour(+1)
    assert "40×30" in failed.args[0].message
    assert not session.document.history.can_undo


def test_there_is_nothing_before_the_first_image(session, edits, qtbot):
    with qtbot.waitSignal(session.noticed):
        edits.copy_from_neighbour(-1)


def test_a_command_that_changes_nothing_says_so(session, edits, qtbot):
    steps = len(session.document.history.steps)
    with qtbot.waitSignal(session.noticed) as noticed:
        edits.replace_class(0, 2)
    assert "nothing" in noticed.args[0]
    assert len(session.document.history.steps) == steps


def test_without_an_image_nothing_happens(session, edits):
    session.close_project()
    for command in COMMANDS.values():
        command(edits)
    assert session.document is None


# -- large masks -----------------------------------------------------------------------------


@pytest.fixture
def later(session, monkeypatch):
    """Every mask counts as large; the job runs when told to."""
    monkeypatch.setattr(mask_edits, "AT_ONCE", 0)
    jobs = {}

    def submit(_runner, key, factory, *, on_done=None, **_how):
        jobs[key] = (factory, on_done)

    def end():
        while mask_edits.KEY in jobs:
            factory, on_done = jobs.pop(mask_edits.KEY)
            on_done(drain(factory()))

    runner = type(session.runner)
    monkeypatch.setattr(runner, "submit", submit)
    monkeypatch.setattr(runner, "cancel", lambda _, key: jobs.pop(key, None))
    return end


def test_a_large_mask_is_worked_on_in_the_background(session, edits, later, qtbot):
    busy = []
    edits.busy_changed.connect(busy.append)
    edits.fill_holes()
    assert edits.busy
    assert mask(session)[24, 24] == 255
    with qtbot.waitSignal(session.noticed):
        edits.grow()  # one at a time
    later()
    assert busy == [True, False]
    assert mask(session)[24, 24] == 1


def test_what_was_painted_meanwhile_is_kept(session, edits, later, qtbot):
    edits.fill_holes()
    session.apply("own", Rect(0, 0, 5, 5), 2)
    before = mask(session).copy()
    with qtbot.waitSignal(session.noticed) as noticed:
        later()
    assert "changed meanwhile" in noticed.args[0]
    assert np.array_equal(mask(session), before)


def test_another_image_ends_the_command(session, edits, later):
    edits.fill_holes()
    session.close_project()
    assert not edits.busy


def test_many_blocks_are_one_step(session, edits, monkeypatch):
    monkeypatch.setattr("unet_gui.regions.blocks.BLOCK", 7)
    before, steps = mask(session).copy(), len(session.document.history.steps)
    edits.replace_class(1, 0)
    assert np.array_equal(mask(session), np.where(before == 1, 0, before))
    assert len(session.document.history.steps) == steps + 1
    session.undo()
    assert np.array_equal(mask(session), before)


@pytest.mark.parametrize("name", [n for n in COMMANDS if n != "Clear the mask"])
def test_a_command_in_turns_does_what_it_does_at_once(session, edits, request, monkeypatch, name):
    monkeypatch.setattr("unet_gui.regions.blocks.BLOCK", 9)
    before = mask(session).copy()
    COMMANDS[name](edits)
    at_once = mask(session).copy()
    session.undo()
    assert np.array_equal(mask(session), before)
    later = request.getfixturevalue("later")
    monkeypatch.setattr(mask_edits, "TURN", 0.0)
    COMMANDS[name](edits)
    assert np.array_equal(mask(session), before)
    later()
    assert np.array_equal(mask(session), at_once)
    assert not edits.busy


def test_a_long_command_says_so_and_can_be_given_up(session, edits, later, qtbot, monkeypatch):
    edits._tell.setInterval(0)
    before = mask(session).copy()
    with qtbot.waitSignal(edits.long_running) as said:
        edits.remove_specks()
    assert said.args == ["Remove specks"]
    edits.cancel()
    assert not edits.busy
    later()
    assert np.array_equal(mask(session), before)


def test_a_short_command_is_over_before_it_is_spoken_of(session, edits, later, qtbot):
    edits._tell.setInterval(50)
    edits.remove_specks()
    later()
    with qtbot.assertNotEmitted(edits.long_running, wait=120):
        pass
