"""The child process that trains, played by small scripts that say what a real one would say."""

import json
import sys

import pytest

from unet_gui.gui import finetuning
from unet_gui.gui.finetuning import FineTuning

START = {"event": "start"}
STEP = {"event": "progress", "step": 3, "steps": None, "seconds": 1.5, "budget": 9, "loss": 0.7}
SCORE = {"event": "score", "step": 3, "seconds": 2, "miou": 0.5, "iou": {"0": 0.6, "2": None}}
DONE = {
    "event": "done", "round": "round-002", "path": "", "adopted": True, "miou": 0.8,
    "previous_miou": 0.7, "iou": {"0": 0.8}, "seconds": 9,
}  # fmt: skip


class FakeProject:
    root = "project"


@pytest.fixture
def session(qtbot):
    from PySide6.QtCore import QObject, Signal

    class FakeSession(QObject):
        project_closed = Signal()
        failed = Signal(object)

        def __init__(self):
            super().__init__()
            self.project = FakeProject()

        def flush(self):
            return None

    return FakeSession()


@pytest.fixture
def tuning(session):
    tuning = FineTuning(session)
    yield tuning
    tuning.abandon()


def child(monkeypatch, script):
    monkeypatch.setattr(finetuning, "command", lambda *_: [sys.executable, "-c", script])


def saying(*events, then=""):
    lines = "".join(json.dumps(e) + "\n" for e in events)
    return f"import sys, time\nsys.stdout.write({lines!r}); sys.stdout.flush()\n{then}"


def test_a_round_from_start_to_end(tuning, session, qtbot, monkeypatch):
    child(monkeypatch, saying(START, STEP, SCORE, DONE))
    with qtbot.waitSignal(tuning.finished, timeout=20000) as finished:
        assert tuning.start(9)
        assert tuning.running
    outcome = finished.args[0]
    assert (outcome.round, outcome.adopted, outcome.iou) == ("round-002", True, {0: 0.8})
    assert tuning.losses == [(1.5, 0.7)]
    assert tuning.scores[0].iou == {0: 0.6}
    assert not tuning.running
    assert not tuning.state.running


def test_only_one_at_a_time(tuning, qtbot, monkeypatch):
    child(monkeypatch, saying(then="time.sleep(60)"))
    assert tuning.start(9)
    assert not tuning.start(9)


def test_stopping_is_no_error(tuning, qtbot, monkeypatch):
    child(monkeypatch, saying(START, STEP, then="time.sleep(60)"))
    tuning.start(9)
    qtbot.waitUntil(lambda: tuning.state.step == 3, timeout=20000)
    with (
        qtbot.assertNotEmitted(tuning.failed),
        qtbot.waitSignal(tuning.stopped, timeout=20000),
    ):
        tuning.stop()
    assert not tuning.running


def test_a_child_that_does_not_listen_is_ended(tuning, qtbot, monkeypatch):
    monkeypatch.setattr(finetuning, "KILL_AFTER_MS", 50)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    child(monkeypatch, deaf + saying(START, STEP, then="time.sleep(60)"))
    tuning.start(9)
    qtbot.waitUntil(lambda: tuning.state.step == 3, timeout=20000)
    with qtbot.waitSignal(tuning.stopped, timeout=20000):
        tuning.stop()


def test_a_child_that_is_killed_is_explained(tuning, qtbot, monkeypatch):
    child(monkeypatch, saying(START, then="import os; os.kill(os.getpid(), 9)"))
    with qtbot.waitSignal(tuning.failed, timeout=20000) as failed:
        tuning.start(9)
    assert "memory" in failed.args[0].message
    assert not tuning.running


def test_the_childs_own_words_reach_the_person(tuning, qtbot, monkeypatch):
    error = {"event": "error", "message": "Nothing is labelled yet.", "hint": "Paint."}
    child(monkeypatch, saying(error, then="sys.exit(1)"))
    with qtbot.waitSignal(tuning.failed, timeout=20000) as failed:
        tuning.start(9)
    assert failed.args[0].message == "Nothing is labelled yet."
    assert failed.args[0].hint == "Paint."


def test_words_on_stderr_are_used_when_there_is_nothing_better(tuning, qtbot, monkeypatch):
    child(monkeypatch, "import sys; print('error: odd', file=sys.stderr); sys.exit(1)")
    with qtbot.waitSignal(tuning.failed, timeout=20000) as failed:
        tuning.start(9)
    assert failed.args[0].message == "error: odd"


def test_garbage_on_stdout_is_passed_over(tuning, qtbot, monkeypatch):
    child(monkeypatch, "print('hello'); print('{}'); print('[1]')\n" + saying(DONE))
    with qtbot.waitSignal(tuning.finished, timeout=20000):
        tuning.start(9)


def test_a_program_that_is_not_there(tuning, qtbot, monkeypatch):
    monkeypatch.setattr(finetuning, "command", lambda *_: ["/no/such/program"])
    with qtbot.waitSignal(tuning.failed, timeout=20000):
        tuning.start(9)
    assert not tuning.running


def test_closing_the_project_ends_the_child_without_a_word(tuning, session, qtbot, monkeypatch):
    child(monkeypatch, saying(START, STEP, then="time.sleep(60)"))
    tuning.start(9)
    qtbot.waitUntil(lambda: tuning.state.step == 3, timeout=20000)
    with qtbot.assertNotEmitted(tuning.failed):
        session.project_closed.emit()
    assert not tuning.running


def test_the_real_command_is_this_program():
    program, *arguments = finetuning.command("folder", 60, "quick")
    assert program == sys.executable
    assert arguments[-7:] == ["train", "folder", "--budget", "60s", "--preset", "quick", "--json"]
