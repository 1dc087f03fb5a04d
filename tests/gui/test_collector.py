"""Cycles are collected on the GUI thread only."""

import gc
import threading
import weakref

import pytest
from PySide6.QtCore import QObject

from unet_gui.gui.app import collector
from unet_gui.gui.app.collector import Collector


@pytest.fixture
def watched(qtbot):
    busy = []
    enabled = gc.isenabled()
    gc.enable()
    keeper = Collector(lambda: bool(busy))
    keeper.busy_with = busy
    yield keeper
    keeper.stop()
    assert gc.isenabled()
    if not enabled:
        gc.disable()


class Knot(QObject):
    """An object that holds itself, and tells which thread it went on."""

    gone_on = None

    def __init__(self):
        super().__init__()
        self.me = self
        weakref.finalize(self, Knot.note)

    @staticmethod
    def note():
        Knot.gone_on = threading.current_thread()


def litter(count=3000):
    return [[] for _ in range(count)]


def test_another_thread_collects_nothing(watched):
    Knot.gone_on = None
    Knot()
    thread = threading.Thread(target=lambda: [litter() for _ in range(20)])
    thread.start()
    thread.join()
    assert Knot.gone_on is None
    kept = litter()
    watched.collect()
    assert Knot.gone_on is threading.current_thread()
    assert len(kept) == 3000


def test_a_stroke_is_not_disturbed(watched):
    Knot.gone_on = None
    Knot()
    kept = litter()
    watched.busy_with.append(1)
    watched.collect()
    assert Knot.gone_on is None
    watched.busy_with.clear()
    watched.collect()
    assert Knot.gone_on is not None
    assert kept


def test_it_comes_by_itself(qtbot, monkeypatch):
    monkeypatch.setattr(collector, "EVERY_MS", 20)
    keeper = Collector(lambda: False)
    Knot.gone_on = None
    Knot()
    kept = litter()
    qtbot.waitUntil(lambda: Knot.gone_on is not None)
    keeper.stop()
    assert kept
