import os
import sys
import threading

import pytest

from unet_gui.core.errors import MaskWriteError, UnetGuiError
from unet_gui.gui.background import THREAD
from unet_gui.gui.jobs import JobRunner


@pytest.fixture
def runner(qtbot):
    runner = JobRunner("test")
    yield runner
    runner.shutdown()


def counting(n, log=None):
    def job():
        try:
            yield from range(n)
            return "done"
        finally:
            if log is not None:
                log.append("closed")

    return job


def test_items_and_result_arrive_on_the_gui_thread_in_order(runner, qtbot):
    got, threads = [], set()

    def keep(value):
        got.append(value)
        threads.add(threading.get_ident())

    with qtbot.waitSignal(runner.idle):
        runner.submit("k", counting(3), on_item=keep, on_done=keep)
    assert got == [0, 1, 2, "done"]
    assert threads == {threading.get_ident()}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has niceness by thread")
def test_jobs_give_way_to_the_window(runner, qtbot):
    def job():
        yield
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    result = []
    with qtbot.waitSignal(runner.idle):
        runner.submit("k", job, on_done=result.append)
    assert result == [max(THREAD, os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))]


def test_the_job_itself_runs_elsewhere(runner, qtbot):
    def job():
        yield
        return threading.get_ident()

    result = []
    with qtbot.waitSignal(runner.idle):
        runner.submit("k", job, on_done=result.append)
    assert result[0] != threading.get_ident()


def test_the_newest_of_a_key_wins_and_the_older_is_never_heard_of(runner, qtbot):
    gate, started, got, log = threading.Event(), threading.Event(), [], []

    def slow():
        try:
            started.set()
            gate.wait(10)
            yield "old"
            return "old"
        finally:
            log.append("closed")

    runner.submit("k", slow, on_item=got.append, on_done=got.append)
    assert started.wait(10)
    runner.submit("k", counting(1), on_done=got.append)
    with qtbot.waitSignal(runner.idle):
        gate.set()
    assert got == ["done"]
    assert log == ["closed"]


def test_a_lower_number_runs_earlier(runner, qtbot):
    gate, started, order = threading.Event(), threading.Event(), []

    def block():
        started.set()
        gate.wait(10)
        yield

    runner.submit("first", block)
    assert started.wait(10)
    for name, priority in (("late", 5), ("early", -5), ("middle", 0)):
        runner.submit(
            name, counting(0), on_done=lambda _, n=name: order.append(n), priority=priority
        )
    with qtbot.waitSignal(runner.idle):
        gate.set()
    assert order == ["early", "middle", "late"]


def test_errors_are_handed_over_not_raised(runner, qtbot):
    def bad():
        yield
        raise MaskWriteError("The disk is full.")

    errors = []
    with qtbot.waitSignal(runner.idle):
        runner.submit("k", bad, on_error=errors.append)
    assert [str(e) for e in errors] == ["The disk is full."]
    with qtbot.waitSignal(runner.failed) as caught:
        runner.submit("k", bad)
    assert caught.args[0].message == "The disk is full."


@pytest.mark.parametrize(
    ("problem", "words"), [(MemoryError(), "memory"), (KeyError("x"), "wrong")]
)
def test_a_surprise_becomes_an_error_a_person_can_read_and_the_thread_lives_on(
    runner, qtbot, problem, words
):
    def bad():
        yield
        raise problem

    errors = []
    with qtbot.waitSignal(runner.idle):
        runner.submit("k", bad, on_error=errors.append)
    assert isinstance(errors[0], UnetGuiError)
    assert words in errors[0].message
    results = []
    with qtbot.waitSignal(runner.idle):
        runner.submit("k", counting(1), on_done=results.append)
    assert results == ["done"]


def test_shutdown_ends_a_job_that_would_run_for_ever(qtbot):
    runner, log, started = JobRunner("endless"), [], threading.Event()

    def endless():
        try:
            while True:
                started.set()
                yield
        finally:
            log.append("closed")

    runner.submit("k", endless)
    assert started.wait(10)
    runner.shutdown()
    assert log == ["closed"]


def test_settle_waits_until_the_job_is_gone(runner):
    started, ended = threading.Event(), []

    def job():
        try:
            while True:
                started.set()
                yield
        finally:
            ended.append(True)

    runner.submit("k", job)
    assert started.wait(10)
    runner.settle("k")
    assert ended == [True]


def test_the_synchronous_runner_finishes_inside_submit(qtbot):
    runner, got = JobRunner("now", synchronous=True), []
    runner.submit("k", counting(2), on_item=got.append, on_done=got.append)
    assert got == [0, 1, "done"]
    runner.shutdown()
