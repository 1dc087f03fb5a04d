"""Long commands in the status bar: seen while they run, and given up there."""

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QStatusBar

from unet_gui.core.geometry import Rect
from unet_gui.core.progress import Progress
from unet_gui.gui import mask_edits
from unet_gui.gui.long_work import LongWork
from unet_gui.gui.mask_edits import MaskEdits
from unet_gui.gui.panels.job_strip import JobStrip
from unet_gui.gui.state import ViewState


@pytest.fixture
def edits(open_session, monkeypatch):
    session = open_session(np.zeros((60, 80, 3), np.uint8))
    session.apply("before", Rect(0, 0, 40, 60), 1)
    monkeypatch.setattr(mask_edits, "AT_ONCE", 0)
    monkeypatch.setattr(type(session.runner), "submit", lambda *_, **__: None)
    made = MaskEdits(session, state := ViewState())
    made._tell.setInterval(0)
    made.kept = session, state
    return made


@pytest.fixture
def strip(qtbot, edits):
    bar = QStatusBar()
    qtbot.addWidget(bar)
    strip = JobStrip(edits)
    bar.insertPermanentWidget(0, strip)
    bar.show()
    strip.bar_kept = bar
    return strip


def test_it_is_seen_only_while_something_takes_long(strip, edits, qtbot):
    assert not strip.isVisible()
    edits.fill_holes()
    qtbot.waitUntil(strip.isVisible)
    assert "Fill holes" in strip.label.text()
    edits.progressed.emit(Progress(3, 12))
    assert (strip.bar.value(), strip.bar.maximum()) == (3, 12)
    strip.stop.click()
    QApplication.processEvents()
    assert not edits.busy
    assert not strip.isVisible()


def test_what_a_tool_does_for_long_is_shown_and_given_up_too(qtbot, edits):
    work, given_up = LongWork(), []
    work._tell.setInterval(0)
    bar, strip = QStatusBar(), JobStrip(edits, work)
    qtbot.addWidget(bar)
    bar.insertPermanentWidget(0, strip)
    bar.show()

    def cancel():
        given_up.append(True)
        work.end()

    work.begin("Fill", cancel)
    qtbot.waitUntil(strip.isVisible)
    assert "Fill" in strip.label.text()
    work.progressed.emit(Progress(1, 4))
    assert strip.bar.value() == 1
    strip.stop.click()
    assert given_up == [True]
    assert not work.busy
    assert not strip.isVisible()
    work.begin("Short", cancel)
    work.end()
    with qtbot.assertNotEmitted(work.long_running, wait=50):
        pass
    work.cancel()  # nothing is left to give up
    assert given_up == [True]


def test_the_steps_of_one_piece_of_work_are_one_strip(qtbot, edits):
    work, heard = LongWork(), []
    work._tell.setInterval(0)
    bar, strip = QStatusBar(), JobStrip(edits, work)
    qtbot.addWidget(bar)
    bar.insertPermanentWidget(0, strip)
    bar.show()
    work.busy_changed.connect(heard.append)
    work.begin("Find", work.end)
    qtbot.waitUntil(strip.isVisible)
    work.end()
    assert not work.busy
    work.begin("Fill", work.end)
    assert "Fill" in strip.label.text()
    QApplication.processEvents()
    assert strip.isVisible()
    assert heard == [True]
    work.end()
    qtbot.waitUntil(lambda: not strip.isVisible())
    assert heard == [True, False]
    work.begin("Find", work.end)
    work.begin("Another", work.end)  # takes its place
    assert heard == [True, False, True, False, True]
