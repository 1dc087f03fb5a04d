"""Where the panels are: tabs, title lines, what comes back at the next start."""

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabBar


@pytest.fixture
def window(open_window, tiny_project):
    return open_window(tiny_project.root)


def tab_bars(window):
    """Those with something to choose, where a person sees them."""
    QApplication.processEvents()
    bars = window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return sorted(
        [bar.tabText(n) for n in range(bar.count())]
        for bar in bars
        if bar.isVisible() and bar.count() > 1 and bar.geometry().intersects(window.rect())
    )


def shown(window):
    return {dock.objectName() for dock in window.docks if not dock.isHidden()}


USUAL = [["Classes", "History"], ["Learner", "Display", "Channels"]]


def test_panels_share_their_places(window):
    assert tab_bars(window) == USUAL
    upper = {"image_dock", "class_dock", "history_dock"}
    main = upper | {"learner_dock", "display_dock", "channels_dock"}
    assert shown(window) - {"navigator_dock"} == main


def test_tabs_come_back_at_the_next_start_and_no_bar_is_left_behind(window, open_window):
    window.parts.history_dock.raise_()
    window.parts.linked_dock.show()
    window.parts.navigator_dock.show()
    expected = sorted([*USUAL, ["Navigator", "Another image"]])
    assert tab_bars(window) == expected
    root = window.session.project.root
    window.close()
    again = open_window(root)
    assert tab_bars(again) == expected
    again.resize(1400, 900)
    assert tab_bars(again) == expected


def has_title(dock):
    QApplication.processEvents()
    return dock.titleBarWidget().isVisible() and dock.titleBarWidget().height() > 10


def test_a_panel_alone_in_its_place_has_a_title_line(window):
    assert not has_title(window.class_dock)
    assert has_title(window.image_dock)
    window.parts.history_dock.close()
    assert has_title(window.class_dock)
    window.parts.history_dock.toggleViewAction().trigger()
    assert not has_title(window.class_dock)


def test_every_panel_is_in_the_view_menu(window):
    menus = list(window.menus.values())
    texts = {
        action.text()
        for menu in menus
        for entry in menu.actions()
        if entry.menu() is not None
        for action in entry.menu().actions()
    }
    assert {"Images", "Classes", "History", "Learner", "Display", "Navigator"} <= texts


def test_tab_on_the_canvas_brings_back_just_what_was_there(window):
    before = shown(window)
    QTest.keyClick(window.canvas, Qt.Key.Key_Tab)
    assert shown(window) == set()
    QTest.keyClick(window.canvas, Qt.Key.Key_Tab)
    assert shown(window) == before


def test_panels_come_back_as_high_as_they_were(window, qtbot):
    classes, learner = window.class_dock, window.parts.learner_dock
    QApplication.processEvents()
    window.resizeDocks([classes, learner], [200, 400], Qt.Orientation.Vertical)
    QApplication.processEvents()
    before = classes.height(), learner.height()
    for _ in range(3):
        for _ in range(2):
            QTest.keyClick(window.canvas, Qt.Key.Key_Tab)
            QApplication.processEvents()
    qtbot.waitUntil(lambda: (classes.height(), learner.height()) == before, timeout=1000)


def test_the_right_column_leaves_room_for_the_image(window):
    assert window.canvas.width() >= 1280 - 2 * 300
    assert window.canvas.height() >= 600


def test_the_navigator_shows_the_open_image(window):
    window.parts.navigator_dock.show()
    QApplication.processEvents()
    assert not window.parts.navigator_dock.widget().grab().isNull()
    assert window.parts.navigator_dock.height() < window.image_dock.height() + 1


def test_the_navigator_forgets_the_image_when_the_next_cannot_be_read(window):
    class Painted(QObject):
        times = 0

        def eventFilter(self, _watched, event):
            self.times += event.type() == QEvent.Type.Paint
            return False

    window.parts.navigator_dock.show()
    QApplication.processEvents()
    painted = Painted()
    window.parts.navigator_dock.widget().installEventFilter(painted)
    session = window.session
    other = session.images[2]  # the second is read ahead
    other.path.write_bytes(b"no image at all")
    session.open_image(other.name)
    QApplication.processEvents()
    assert session.document is None
    assert painted.times


def test_the_history_tab_catches_up_when_it_comes_to_the_front(window):
    from unet_gui.core.geometry import Rect

    for number in range(40):
        window.session.apply("Brush", Rect(number, 0, number + 1, 5), number % 2)
    window.parts.history_dock.raise_()
    QApplication.processEvents()
    view = window.parts.history.view
    assert view.visualRect(view.currentIndex()).intersects(view.viewport().rect())


def test_a_start_without_a_project_has_no_panels_and_then_all(open_window, tmp_path, tiny_project):
    from unet_gui.gui.settings import Settings

    Settings().remember_project(str(tmp_path / "gone"))
    window = open_window()
    QApplication.processEvents()
    assert shown(window) == set()
    assert window.start_page.isVisible()
    window.flows.open_path(tiny_project.root)
    assert {"class_dock", "history_dock", "learner_dock", "display_dock"} <= shown(window)
    assert tab_bars(window) == USUAL


def test_a_large_window_shows_every_class_and_the_curves(window):
    for n in range(8):
        window.edits.add(f"kind {n}")
    classes = window.parts.classes
    rows = classes.model.rowCount()

    def hidden_rows(height):
        window.resize(1600, height)
        QApplication.processEvents()
        window.parts.share_room(window)
        QApplication.processEvents()
        view = classes.view
        return rows - sum(
            view.viewport().rect().contains(view.visualRect(classes.model.index(n)))
            for n in range(rows)
        )

    assert hidden_rows(1080) == 0
    assert window.parts.learner_dock.height() >= 370
    assert hidden_rows(600) > 0
    assert window.parts.learner_dock.height() >= 150
