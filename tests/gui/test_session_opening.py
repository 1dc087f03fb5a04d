"""Projects opened in the background."""

import threading

import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication

from unet_gui.dataset.project import Project
from unet_gui.gui.session import Session, opening


@pytest.fixture
def folders(tmp_path):
    made = []
    for name in ("one", "two"):
        made.append(tmp_path / name)
        made[-1].mkdir()
        for number in range(3):
            Image.new("RGB", (8, 6)).save(made[-1] / f"{number}.png")
    return made


@pytest.fixture
def session(qtbot):
    session = Session()
    yield session
    session.shutdown()


@pytest.fixture
def gate(monkeypatch):
    """Opening waits until `gate.set()`."""
    gate = threading.Event()

    def wait(folder):
        gate.wait(10)
        return Project.open(folder)

    monkeypatch.setattr(opening, "open_project", wait)
    yield gate
    gate.set()


def test_opening_does_not_keep_the_caller_waiting(session, folders, gate, qtbot):
    opened = []
    session.open_project(folders[0], on_opened=lambda: opened.append(session.project.root))
    assert session.opening == folders[0]
    assert session.project is None
    with qtbot.waitSignal(session.image_opened):
        gate.set()
    assert session.opening is None
    assert opened == [folders[0]]


def test_of_two_the_later_is_opened(session, folders, gate, qtbot):
    session.open_project(folders[0])
    session.open_project(folders[1])
    with qtbot.waitSignal(session.image_opened):
        gate.set()
    assert session.project.root == folders[1]


def test_closing_stops_the_opening(session, folders, gate, qtbot):
    session.open_project(folders[0])
    with qtbot.waitSignal(session.opening_changed):
        session.close_project()
    gate.set()
    qtbot.waitUntil(lambda: not session.runner.busy)
    assert session.project is None
    assert session.opening is None


def test_the_present_project_stays_until_the_next_is_there(session, folders, gate, qtbot):
    with qtbot.waitSignal(session.image_opened):
        session.use_project(Project.open(folders[0]))
    session.open_project(folders[1])
    assert session.project.root == folders[0]
    with qtbot.waitSignal(session.project_opened):
        gate.set()
    assert session.project.root == folders[1]


def test_the_window_says_what_it_opens(open_window, folders, gate, qtbot):
    gate.set()
    window = open_window(folders[1])
    window.session.close_project()
    gate.clear()
    window.flows.open_path(folders[0])
    assert window.stack.currentWidget() is window.canvas
    assert "one" in window.canvas._message.title
    gate.set()
    qtbot.waitUntil(lambda: window.session.document is not None)
    window.flows.open_path(folders[1] / "nowhere")
    qtbot.waitUntil(lambda: window.session.opening is None)
    assert window.session.project.root == folders[0]
    window.flows.errors.dialog.close()


def test_a_first_project_that_fails_leads_back_to_the_start(open_window, folders, qtbot):
    window = open_window(folders[1])
    window.session.close_project()
    window.flows.open_path(folders[0] / "nowhere")
    qtbot.waitUntil(lambda: window.session.opening is None)
    QApplication.processEvents()
    assert window.stack.currentWidget() is window.start_page
    window.flows.errors.dialog.close()


def test_what_is_not_done_comes_first(folders, qtbot):
    project = Project.open(folders[0])
    for name in ("0.png", "2.png"):
        project.set_done(project.entry(name), True)
    session = Session(synchronous=True)
    session.open_project(folders[0])
    assert session.entry.name == "1.png"
    said = []
    session.noticed.connect(said.append)
    session.accept_and_next()
    assert session.entry.name == "1.png"
    assert len(said) == 1
    session.shutdown()
