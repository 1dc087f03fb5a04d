"""The order of the images and the time that is left, with the list and the keys that follow."""

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest

from unet_gui.core.geometry import Rect
from unet_gui.gui.documents import Ghost
from unet_gui.gui.image_queue import ImageQueue, Order
from unet_gui.gui.panels.image_list import ImageListPanel
from unet_gui.gui.settings import Settings
from unet_gui.gui.state import Hover, ViewState


def dark(value=10):
    return np.full((24, 32, 3), value, np.uint8)


def stripes(width=2):
    image = dark(220)
    image[:, ::width] = 30
    return image


@pytest.fixture
def settings(tmp_path):
    return Settings(QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def session(open_session):
    """0: stripes, like nothing else; 1…4: dark ones."""
    return open_session(stripes(), dark(10), dark(12), dark(14), dark(16))


@pytest.fixture
def queue(session, settings, qtbot):
    queue = ImageQueue(session, ViewState(session), settings, synchronous=True)
    queue.now = 0.0
    queue.clock = lambda: queue.now
    yield queue
    queue.shutdown()


@pytest.fixture
def panel(session, queue, theme, qtbot):
    panel = ImageListPanel(session, theme, queue, synchronous=True)
    qtbot.addWidget(panel)
    panel.resize(280, 500)
    panel.show()
    qtbot.waitExposed(panel)
    yield panel
    panel.shutdown()


def order(session):
    return [entry.name for entry in session.images]


def rows(panel):
    return [panel.filter.index(row, 0).data() for row in range(panel.filter.rowCount())]


def offer(session, name, confidence):
    shape = (24, 32)
    ghost = Ghost(np.zeros(shape, np.uint8), np.full(shape, confidence, np.uint8))
    session.set_prediction(name, ghost)


def test_the_files_order_unless_chosen_otherwise(session, queue):
    assert queue.order is Order.FILE
    assert order(session) == [f"{i}.png" for i in range(5)]


def test_what_was_looked_at_stays_and_the_most_telling_comes_next(session, queue):
    queue.set_order(Order.GAIN)
    assert order(session)[0] == "0.png"
    assert order(session)[1] != "0.png"
    assert sorted(order(session)) == [f"{i}.png" for i in range(5)]


def test_doubt_brings_an_image_forward(session, queue, qtbot):
    queue.set_order(Order.GAIN)
    for name in ("1.png", "2.png", "4.png"):
        offer(session, name, 250)
    offer(session, "3.png", 60)
    qtbot.waitUntil(lambda: order(session)[1] == "3.png")
    assert queue.doubt("3.png") == pytest.approx(1 - 60 / 255, abs=0.01)


def test_next_and_back_follow_the_order(session, queue, qtbot):
    queue.set_order(Order.GAIN)
    second = order(session)[1]
    session.next_image()
    assert session.entry.name == second
    qtbot.waitUntil(lambda: order(session)[:2] == ["0.png", second])
    session.next_image()
    session.previous_image()
    assert session.entry.name == second
    session.previous_image()
    assert session.entry.name == "0.png"


def test_accept_and_next_goes_to_the_next_open_one_in_the_order(session, queue):
    queue.set_order(Order.GAIN)
    second = order(session)[1]
    session.apply("Brush", Rect(0, 0, 4, 4), 1)
    session.accept_and_next()
    assert session.entry.name == second
    assert session.project.is_done(session.project.entry("0.png"))


def test_the_choice_outlives_the_program(session, queue, settings, qtbot):
    queue.set_order(Order.GAIN)
    again = ImageQueue(session, ViewState(session), settings, synchronous=True)
    assert again.order is Order.GAIN
    again.shutdown()
    queue.set_order(Order.FILE)
    assert order(session) == [f"{i}.png" for i in range(5)]
    settings.set("images/order", "nonsense")
    once_more = ImageQueue(session, ViewState(session), settings, synchronous=True)
    assert once_more.order is Order.FILE
    once_more.shutdown()


def test_the_list_is_sorted_by_a_choice_of_the_person(session, queue, panel, qtbot):
    panel.order_box.setFocus()
    QTest.keyClick(panel.order_box, Qt.Key.Key_Down)
    assert queue.order is Order.GAIN
    qtbot.waitUntil(lambda: rows(panel) == order(session))
    assert panel.view.currentIndex().data() == "0.png"
    assert panel.view.currentIndex().row() == 0
    rect = panel.view.visualRect(panel.filter.index(2, 0))
    third = rows(panel)[2]
    QTest.mouseClick(
        panel.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
        rect.center(),
    )  # fmt: skip
    assert session.entry.name == third
    QTest.keyClick(panel.order_box, Qt.Key.Key_Up)
    assert rows(panel) == [f"{i}.png" for i in range(5)]
    assert panel.view.currentIndex().data() == third


def test_statuses_stay_with_their_images_when_the_order_changes(session, queue, panel):
    session.open_image("3.png")
    session.mark_done(True)
    queue.set_order(Order.GAIN)
    assert panel.model.is_done("3.png")
    assert not panel.model.is_done(order(session)[1])
    assert panel.count_label.text().startswith("1 of 5 done")


def work(queue, session, name, seconds):
    session.open_image(name)
    for _ in range(int(seconds / 10)):
        queue.now += 10
        session.apply("Brush", Rect(0, 0, 4, 4), 1)
        session.undo()
    session.mark_done(True)


def test_minutes_left_from_the_median_of_finished_images(session, queue, panel, tmp_path):
    for name, seconds in (("0.png", 60), ("1.png", 120)):
        work(queue, session, name, seconds)
    assert "left" not in panel.count_label.text()
    work(queue, session, "2.png", 300)
    assert panel.count_label.text() == "3 of 5 done · about 4 min left"
    session.close_project()
    assert panel.count_label.text() == ""


def test_looking_counts_and_being_away_does_not(session, queue):
    state = ViewState(session)
    other = ImageQueue(session, state, synchronous=True)
    other.clock = lambda: queue.now
    state.set_hover(Hover(1, 1))
    queue.now += 20
    state.set_hover(Hover(2, 2))
    queue.now += 600
    state.set_hover(Hover(3, 3))
    queue.now += 5
    state.set_hover(None)
    assert other._times.seconds == {"0.png": 25}
    other.shutdown()
    again = ImageQueue(session, state, synchronous=True)
    assert again._times.seconds == {"0.png": 25}
    again.shutdown()


def test_doubts_are_asked_for_once_an_image(session, queue, qtbot):
    asked = []
    queue.wanted.connect(asked.append)
    queue.set_order(Order.GAIN)
    assert sorted(asked[-1]) == [f"{i}.png" for i in range(1, 5)]
    before = order(session)[1]
    other = next(name for name in order(session)[2:])
    for name in asked[0]:
        queue.note_doubt(name, 0.9 if name == other else 0.0001)
    qtbot.waitUntil(lambda: order(session)[1] == other)
    assert before != other
    assert len(asked) == 1
    session.next_image()
    qtbot.waitUntil(lambda: len(asked) == 2)
    assert other not in asked[1]
    queue.set_order(Order.FILE)
    assert asked[-1] == []
