"""The painting half of the session: locks, travelling, undo that outlives memory, accepting."""

import numpy as np
import pytest
from PIL import Image

from unet_gui.core import history
from unet_gui.core.classes import UNLABELLED, ClassTable
from unet_gui.core.errors import UndoError
from unet_gui.core.geometry import Rect
from unet_gui.core.protection import Protection
from unet_gui.dataset.project import Project
from unet_gui.gui import saver
from unet_gui.gui.documents import Ghost
from unet_gui.gui.session import Session

SHAPE = (30, 40)


@pytest.fixture
def project(tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    for i in range(3):
        Image.fromarray(np.full((*SHAPE, 3), 80 * i, np.uint8)).save(images / f"{i}.png")
    table = ClassTable.from_names(["ground", "cell", "core"])
    return Project.create(tmp_path / "project", images=images, classes=table)


def opened(qtbot, project):
    session = Session()
    with qtbot.waitSignal(session.image_opened):
        session.use_project(project)
    return session


@pytest.fixture
def session(qtbot, project):
    session = opened(qtbot, project)
    yield session
    session.shutdown()


WHOLE = Rect(0, 0, 40, 30)


def fill(session, value, rect=WHOLE):
    session.apply("Fill", rect, value)


def offer(session, values, confidence=200):
    mask = np.broadcast_to(np.asarray(values, np.uint8), SHAPE).copy()
    certain = np.broadcast_to(np.asarray(confidence, np.uint8), SHAPE).copy()
    session.set_prediction(session.entry.name, Ghost(mask, certain, "round-001"))


def go_to(qtbot, session, name):
    with qtbot.waitSignal(session.image_opened):
        session.open_image(name)


def test_what_is_locked_stays_on_every_image(qtbot, session):
    fill(session, 1, Rect(0, 0, 20, 30))
    session.set_protection(Protection(frozenset({1})))
    fill(session, 2)
    assert session.document.counts[1] == 20 * 30
    go_to(qtbot, session, "1.png")
    assert session.document.protection.locked == {1}


def test_history_is_travelled_and_saved(qtbot, session):
    for value in (0, 1, 2):
        fill(session, value)
    changes = []
    session.history_changed.connect(lambda: changes.append(1))
    session.travel(1)
    assert (session.document.mask == 0).all()
    assert changes
    qtbot.waitUntil(lambda: not session.saver.pending)
    assert (session.project.load_mask(session.entry, SHAPE) == 0).all()
    session.travel(3)
    assert (session.document.mask == 2).all()


def test_undo_is_kept_when_an_image_leaves_memory(qtbot, session):
    session._documents._budget = 0  # nothing but the open image stays in memory
    fill(session, 1)
    qtbot.waitUntil(lambda: not session.saver.pending)
    go_to(qtbot, session, "1.png")
    qtbot.waitUntil(lambda: not session.runner.busy)
    assert "0.png" not in session._documents
    go_to(qtbot, session, "0.png")
    assert [s.name for s in session.document.history.steps] == ["Fill"]
    session.undo()
    assert (session.document.mask == UNLABELLED).all()


def test_undo_is_kept_when_the_project_is_closed(qtbot, project):
    first = opened(qtbot, project)
    fill(first, 1)
    fill(first, 2)
    first.shutdown()
    again = opened(qtbot, Project.open(project.root))
    assert len(again.document.history.steps) == 2
    again.undo()
    assert (again.document.mask == 1).all()
    again.shutdown()


def test_steps_are_tidied_when_the_person_pauses(qtbot, session, monkeypatch):
    monkeypatch.setattr(history, "FRESH", 0)
    fill(session, 1)
    fill(session, 2, Rect(3, 3, 9, 9))
    edits = session.document.history._edits
    qtbot.waitUntil(lambda: all(e.packed for e in edits))
    session.undo()
    session.undo()
    assert (session.document.mask == UNLABELLED).all()


def test_undo_that_cannot_be_kept_is_said_and_costs_only_old_steps(qtbot, session, monkeypatch):
    monkeypatch.setattr(history, "FRESH", 0)
    session.document.history.budget = 1

    def full(_data):
        raise UndoError("Older steps cannot be kept for undo: the disk is full", "Free some space.")

    monkeypatch.setattr(session.document.history.store, "put", full)
    with qtbot.waitSignal(session.noticed) as told:
        for value in (0, 1, 2):
            fill(session, value)
    assert "disk is full" in told.args[0]
    session.undo()
    assert (session.document.mask == 1).all()


def test_a_step_that_cannot_be_read_back_is_an_error_and_the_mask_stays(qtbot, session):
    fill(session, 1)
    fill(session, 2)

    class Gone:
        def get(self, _handle):
            raise UndoError("This step cannot be read back.")

    session.document.history._edits[0].handle = 1
    session.document.history._edits[1].handle = 1
    session.document.history.store = Gone()
    with qtbot.waitSignal(session.failed):
        session.undo()
    assert (session.document.mask == 2).all()


@pytest.mark.parametrize(
    ("how", "accepted"),
    [
        ({}, {1: 600, 2: 600}),
        ({"only": 2}, {2: 600}),
        ({"above": 0.5}, {2: 600}),
        ({"above": 0.5, "only": 1}, {}),
        ({"region": (Rect(10, 0, 30, 10), np.ones((10, 20), bool))}, {1: 100, 2: 100}),
    ],
)
def test_accepting_takes_what_was_asked_for(session, how, accepted):
    offer(session, np.repeat([1, 2], 20), np.repeat([100, 200], 20))
    assert session.accept(**how) == sum(accepted.values())
    counts = session.document.counts
    assert {i: int(counts[i]) for i in (1, 2) if counts[i]} == accepted
    if accepted:
        session.undo()
        assert counts[UNLABELLED] == 1200


def test_accepting_never_touches_what_is_painted_whatever_is_protected(session):
    fill(session, 0, Rect(0, 0, 40, 5))
    session.set_protection(Protection(only=2))
    offer(session, 1)
    assert session.accept() == 25 * 40
    assert session.document.counts[0] == 5 * 40
    assert session.document.protection == Protection(only=2)


def test_free_pixels_are_painted_within_a_stroke(session):
    where = np.eye(10, dtype=bool)
    session.begin_stroke((5, 5), 2, "Superpixels")
    session.paint(Rect(5, 5, 15, 15), where)
    session.end_stroke()
    assert session.document.counts[2] == 10
    session.undo()
    assert session.document.counts[2] == 0


def test_what_was_painted_is_drawn_before_it_is_written(qtbot, session, monkeypatch):
    told = []
    monkeypatch.setattr(saver.time, "sleep", lambda seconds: told.append(("wait", seconds)))
    session.saver.written = lambda entry: told.append(("written", entry.name))
    fill(session, 1)
    qtbot.waitUntil(lambda: not session.saver.pending)
    assert told == [("wait", saver.BREATH), ("written", "0.png")]
    del told[:]
    fill(session, 2)
    assert session.flush() is None
    assert told[-1] == ("written", "0.png")
    assert (session.project.load_mask(session.entry, SHAPE) == 2).all()
