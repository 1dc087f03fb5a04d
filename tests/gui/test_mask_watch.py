"""Masks dropped into the project by other programs while it is open."""

import gc

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.classes import ClassTable
from unet_gui.dataset.project import Project
from unet_gui.gui.mask_watch import MaskWatcher
from unet_gui.gui.session import Session

SIDE = 24


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project" / "images"
    folder.mkdir(parents=True)
    for name in ("a.png", "b.png"):
        Image.fromarray(np.full((SIDE, SIDE, 3), 90, np.uint8)).save(folder / name)
    classes = ClassTable.from_names(["ground", "leaf"])
    return Project.create(tmp_path / "project", images=folder, classes=classes)


@pytest.fixture
def session(qtbot, project):
    session = Session()
    session.watcher = MaskWatcher(session, session)
    with qtbot.waitSignal(session.image_opened):
        assert session.use_project(project)
    qtbot.waitUntil(lambda: session.watcher._watch is not None)
    yield session
    session.shutdown()
    # They know each other: left to chance, another thread might collect them.
    session.watcher.setParent(None)
    del session.watcher
    gc.collect()


def drop(project, name, value):
    path = project.entry(name).mask_path
    path.parent.mkdir(exist_ok=True)
    mask = Image.fromarray(np.full((SIDE, SIDE), value, np.uint8), "L")
    mask.save(path)


def test_a_mask_dropped_in_is_shown(qtbot, session, project):
    drop(project, "a.png", 1)
    with qtbot.waitSignal(session.image_opened):
        session.watcher.look()
    assert (session.document.mask == 1).all()


def test_the_mask_of_another_image_is_used_when_it_is_opened(qtbot, session, project):
    with qtbot.waitSignal(session.image_opened):
        session.open_image("b.png")
    with qtbot.waitSignal(session.image_opened):
        session.open_image("a.png")
    drop(project, "b.png", 1)
    with qtbot.waitSignal(session.status_changed) as told:
        session.watcher.look()
    assert told.args == ["b.png"]
    with qtbot.waitSignal(session.image_opened):
        session.open_image("b.png")
    assert (session.document.mask == 1).all()


def test_our_own_saving_is_no_news(qtbot, session, project):
    session.begin_stroke((5, 5), 1, "Brush")
    session.stroke_to((9, 9), 4)
    session.end_stroke()
    qtbot.waitUntil(lambda: not session.saver.pending)
    document = session.document
    session.watcher.look()
    with qtbot.waitSignal(session.runner.idle):
        session.runner.submit("last", lambda: iter(()), priority=99)
    assert session.document is document
    assert document.history.can_undo


def test_nothing_is_watched_without_a_project(qtbot, session):
    session.close_project()
    session.watcher.look()
    assert session.watcher._watch is None
