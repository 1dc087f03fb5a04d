"""Long commands in the status bar: seen while they run, and given up there."""

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QStatusBar

from unet_gui.core.geometry import Rect
from unet_gui.core.progress import Progress
from unet_gui.gui import mask_edits
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
