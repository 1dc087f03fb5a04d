"""N goes from one likely mistake to the next: with keys, in the real window and without it."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from unet_gui.core.geometry import Rect
from unet_gui.dataset.project import Project
from unet_gui.gui.documents import Ghost
from unet_gui.gui.next_mistake import NextMistake

SHAPE = (120, 160)
LARGE, SMALL = np.s_[10:50, 20:60], np.s_[80:100, 100:120]


def ghost(*unsure, mask=0):
    confidence = np.full(SHAPE, 250, np.uint8)
    for place in unsure:
        confidence[place] = 60
    return Ghost(np.full(SHAPE, mask, np.uint8), confidence)


@pytest.fixture
def session(open_session):
    return open_session(*(np.zeros((*SHAPE, 3), np.uint8) for _ in range(3)))


@pytest.fixture
def mistakes(session, qtbot):
    finder = NextMistake(session, synchronous=True)
    finder.shown, finder.lines = [], []
    finder.found.connect(lambda spot: finder.shown.append((session.entry.name, spot.rect.x0)))
    finder.said.connect(finder.lines.append)
    yield finder
    finder.shutdown()


def test_by_expected_gain_each_once_and_back(session, mistakes):
    session.set_prediction("0.png", ghost(LARGE, SMALL))
    mistakes.go_on()
    mistakes.go_on()
    assert mistakes.shown == [("0.png", 20), ("0.png", 100)]
    mistakes.go_back()
    assert mistakes.shown[-1] == ("0.png", 20)
    mistakes.go_back()
    assert "first" in mistakes.lines[-1]
    mistakes.go_on()
    assert mistakes.shown[-1] == ("0.png", 100)


def test_on_to_the_next_image_when_none_is_left_and_back_again(session, mistakes):
    session.set_prediction("0.png", ghost(SMALL))
    session.set_prediction("1.png", ghost(LARGE))
    mistakes.go_on()
    mistakes.go_on()
    assert "on to the next image" in mistakes.lines[-1]
    assert session.entry.name == "1.png"
    assert mistakes.shown[-1] == ("1.png", 20)
    mistakes.go_back()
    assert session.entry.name == "0.png"
    assert mistakes.shown[-1] == ("0.png", 100)


def test_it_waits_for_the_proposal(session, mistakes):
    mistakes.go_on()
    assert mistakes.lines == ["Nothing is proposed for this image yet."]
    session.set_prediction("0.png", ghost(SMALL))
    assert mistakes.shown == [("0.png", 100)]


def test_wraps_to_images_before_and_ends_where_all_is_done(session, mistakes):
    session.open_image("2.png")
    for name in ("0.png", "1.png", "2.png"):
        session.set_prediction(name, ghost())
    session.set_prediction("1.png", ghost(SMALL))
    mistakes.go_on()
    assert mistakes.shown == [("1.png", 100)]
    mistakes.go_on()
    assert mistakes.lines[-1] == "No likely mistake is left."
    for name in ("0.png", "1.png", "2.png"):
        session.open_image(name)
        session.mark_done(True)
    mistakes.go_on()
    assert mistakes.lines[-1] == "No likely mistake is left."
    assert len(mistakes.shown) == 1


def test_after_acceptance_what_the_learner_contradicts(session, mistakes):
    session.set_prediction("0.png", ghost())
    session.accept()
    other = np.zeros(SHAPE, np.uint8)
    other[SMALL] = 1
    session.set_prediction("0.png", Ghost(other, np.full(SHAPE, 250, np.uint8)))
    mistakes.go_on()
    assert mistakes.shown == [("0.png", 100)]


def test_what_was_corrected_is_no_mistake_any_more(session, mistakes):
    session.set_prediction("0.png", ghost(LARGE, SMALL))
    session.apply("Brush", Rect(20, 10, 60, 50), 1)
    confidence = np.full(SHAPE, 250, np.uint8)
    confidence[SMALL] = 60
    mask = np.zeros(SHAPE, np.uint8)
    mask[LARGE] = 1
    session.set_prediction("0.png", Ghost(mask, confidence))
    mistakes.go_on()
    assert mistakes.shown == [("0.png", 100)]


def test_a_second_look_at_an_image_begins_anew(session, mistakes):
    session.set_prediction("0.png", ghost(SMALL))
    session.set_prediction("1.png", ghost(SMALL))
    mistakes.go_on()
    session.open_image("1.png")
    session.open_image("0.png")
    mistakes.go_on()
    assert mistakes.shown == [("0.png", 100)] * 2


def test_nothing_happens_without_an_image(session, mistakes):
    session.close_project()
    mistakes.go_on()
    mistakes.go_back()
    assert mistakes.shown == []


def test_in_the_window_the_key_brings_the_place_into_view(open_window, qtbot, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(2):
        Image.new("RGB", (600, 500), (90, 90, 90)).save(folder / f"{number}.png")
    Project.create(tmp_path / "p", images=folder, classes=["a", "b"])
    window = open_window(tmp_path / "p")
    confidence = np.full((500, 600), 250, np.uint8)
    confidence[400:420, 500:520] = 50
    session = window.session
    session.set_prediction("0.png", Ghost(np.zeros((500, 600), np.uint8), confidence))
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_N)
    flash = window.parts.flash
    qtbot.waitUntil(flash.isVisible)
    seen = window.canvas.visible_image_rect
    assert seen.x0 < 500 < 520 < seen.x1
    assert seen.y0 < 400 < 420 < seen.y1
    assert window.canvas.zoom > 2
    assert not flash.grab().isNull()
    x, y = window.canvas.viewport.to_view(510, 410)
    assert flash.geometry().contains(int(x), int(y))
    # what lies under the frame can be painted at once
    before = session.document.counts.copy()
    at = window.canvas.rect().center()
    QTest.mouseClick(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    assert (session.document.counts != before).any()
    qtbot.waitUntil(lambda: not flash.isVisible())
    QTest.keyClick(window.canvas, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    QApplication.processEvents()
    assert "first" in window.status.currentMessage()


def test_the_view_stays_where_the_place_is_seen_well(open_window, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    Image.new("RGB", (600, 500), (90, 90, 90)).save(folder / "0.png")
    Project.create(tmp_path / "p", images=folder, classes=["a", "b"])
    window = open_window(tmp_path / "p")
    canvas, flash = window.canvas, window.parts.flash
    before = canvas.visible_image_rect, canvas.zoom
    flash.show_place(Rect(10, 10, 210, 160))
    assert flash.isVisible()
    assert (canvas.visible_image_rect, canvas.zoom) == before
    canvas.zoom_to(canvas.zoom * 3)
    canvas.look_at(500, 400)
    flash.show_place(Rect(10, 10, 110, 110))
    seen = canvas.visible_image_rect
    assert seen.intersection(Rect(10, 10, 110, 110)) == Rect(10, 10, 110, 110)


def test_other_keys_can_be_given_to_it(open_window, qtbot, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    Image.new("RGB", (60, 50)).save(folder / "0.png")
    Project.create(tmp_path / "p", images=folder, classes=["a", "b"])
    window = open_window(tmp_path / "p")
    listed = {row.text: row.keys for row in window.commands.rows()}
    assert listed["Next likely mistake"] == ("N",)
    assert listed["Likely mistake before"] == ("Shift+N",)
    window.commands.shortcuts.replace({"next_mistake": ["J"]})
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_N)
    assert window.status.currentMessage() == ""
    QTest.keyClick(window.canvas, Qt.Key.Key_J)
    assert "Nothing is proposed" in window.status.currentMessage()
