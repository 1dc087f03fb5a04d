"""The image list: rows, thumbnails, statuses, filters."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QListView

from unet_gui.core.geometry import Rect
from unet_gui.dataset.project import Project, Status
from unet_gui.dataset.thumbnails import Held
from unet_gui.gui.class_edits import ClassEdits
from unet_gui.gui.panels import thumbnails
from unet_gui.gui.panels.image_list import ImageListPanel
from unet_gui.gui.panels.image_model import ImageRole
from unet_gui.gui.panels.thumbnails import ThumbnailLoader


def pixels(value):
    return np.full((24, 32, 3), value, np.uint8)


@pytest.fixture
def panel(open_session, theme, qtbot):
    """Five images called 0.png … 4.png, the first of them open."""
    session = open_session(*(pixels(40 * i) for i in range(5)))
    panel = ImageListPanel(session, theme, synchronous=True)
    panel.session = session
    qtbot.addWidget(panel)
    panel.resize(260, 500)
    panel.show()
    qtbot.waitExposed(panel)
    yield panel
    panel.shutdown()


def names(panel):
    return [panel.filter.index(row, 0).data() for row in range(panel.filter.rowCount())]


def choose_status(panel, status):
    panel.status_box.setCurrentIndex(panel.status_box.findData(status))


def test_all_images_are_listed_with_their_status(panel):
    assert names(panel) == [f"{i}.png" for i in range(5)]
    assert panel.filter.index(0, 0).data(ImageRole.STATUS) is Status.UNTOUCHED
    assert panel.count_label.text() == "0 of 5 done"


def test_a_click_opens_the_image(panel, qtbot):
    rect = panel.view.visualRect(panel.filter.index(2, 0))
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert panel.session.entry.name == "2.png"


def test_arrow_keys_open_images(panel, qtbot):
    panel.view.setFocus()
    qtbot.keyClick(panel.view, Qt.Key.Key_Down)
    assert panel.session.entry.name == "1.png"


def test_the_list_follows_the_session(panel):
    panel.session.open_image("3.png")
    assert panel.view.currentIndex().data() == "3.png"


def test_statuses_are_read_again_when_masks_were_rewritten(panel):
    edits = ClassEdits(panel.session)
    edits.finished.connect(panel.read_statuses)
    panel.session.apply("Brush", Rect(0, 0, 4, 4), 1)
    assert panel.model.index_of("0.png").data(ImageRole.STATUS) is Status.IN_WORK
    edits.delete(1)
    assert panel.model.index_of("0.png").data(ImageRole.STATUS) is Status.UNTOUCHED


def test_painting_changes_the_status(panel):
    panel.session.apply("Brush", Rect(0, 0, 4, 4), 1)
    assert panel.model.index_of("0.png").data(ImageRole.STATUS) is Status.IN_WORK
    panel.session.mark_done(True)
    assert panel.model.index_of("0.png").data(ImageRole.STATUS) is Status.DONE
    assert panel.count_label.text() == "1 of 5 done"
    assert panel.status_box.itemText(panel.status_box.findData(Status.DONE)) == "Done (1)"


def test_filter_by_status(panel):
    panel.session.open_image("1.png")
    panel.session.mark_done(True)
    panel.session.open_image("4.png")
    choose_status(panel, Status.DONE)
    # The image at hand stays, whatever its status is.
    assert names(panel) == ["1.png", "4.png"]
    assert panel.count_label.text() == "1 of 5 done · 2 shown"
    panel.session.open_image("1.png")
    assert names(panel) == ["1.png"]
    choose_status(panel, None)
    assert len(names(panel)) == 5


def test_filter_by_name(panel, qtbot):
    qtbot.keyClicks(panel.search, "3.PN")
    assert names(panel) == ["3.png"]
    assert panel.session.entry.name == "0.png"  # looking opens nothing
    qtbot.keyClicks(panel.search, " nothing")
    assert not panel.view.isVisible()
    assert panel.findChild(type(panel.count_label), "image_none").text() == "No image matches."
    panel.search.clear()
    assert panel.view.isVisible()
    assert panel.view.currentIndex().data() == "0.png"


def test_images_that_come_later(panel):
    Image.fromarray(pixels(9)).save(panel.session.project.images_dir / "new.png")
    panel.session.refresh_images()
    assert "new.png" in names(panel)
    assert panel.session.entry.name == "0.png"


def test_closing_the_project_empties_the_list(panel):
    panel.session.close_project()
    assert names(panel) == []
    assert panel.count_label.text() == ""


def test_a_row_says_its_name_and_status(panel):
    index = panel.filter.index(0, 0)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "0.png, Untouched"
    assert isinstance(panel.view, QListView)
    assert panel.view.objectName() == "image_list"


def test_thumbnails_come_for_visible_rows_only(theme, qtbot, tmp_path):
    from unet_gui.gui.session import Session

    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(60):
        Image.fromarray(pixels(4 * i)).save(folder / f"{i:03}.png")
    session = Session(synchronous=True)
    session.use_project(Project.open(folder))
    panel = ImageListPanel(session, theme)
    qtbot.addWidget(panel)
    panel.resize(260, 500)
    panel.show()
    qtbot.waitUntil(lambda: panel.thumbnails.known("003.png"))
    assert not panel.thumbnails.known("050.png")
    panel.view.scrollToBottom()
    qtbot.waitUntil(lambda: panel.thumbnails.known("058.png"))
    panel.shutdown()
    session.shutdown()


def test_an_unreadable_image_is_not_asked_for_again(panel, tmp_path):
    (panel.session.project.images_dir / "bad.png").write_bytes(b"no image")
    panel.session.refresh_images()
    panel.view.scrollToBottom()
    panel.grab()
    QApplication.processEvents()
    assert panel.thumbnails.known("bad.png")
    entry = panel.session.project.entry("bad.png")
    assert panel.thumbnails.get(entry) is None


def test_few_thumbnails_are_kept(panel, monkeypatch):
    monkeypatch.setattr(thumbnails, "KEPT", 2)
    loader = ThumbnailLoader(synchronous=True)
    loader.use(panel.session.project)
    for entry in panel.session.project.images:
        loader.get(entry)
    QApplication.processEvents()
    assert sum(loader.known(e.name) for e in panel.session.project.images) == 2
    loader.shutdown()


def test_ten_thousand_images_are_listed_at_once(theme, qtbot, monkeypatch):
    """The list asks for nothing but the rows on the screen."""
    from unet_gui.gui.session import Session

    class Many:
        asked = 0
        source = root = cache_dir = None

        def __init__(self):
            from pathlib import Path

            from unet_gui.dataset.project import ImageEntry

            self.images = [
                ImageEntry(f"{i:05}.png", Path(f"{i}.png"), Path(f"{i}.png")) for i in range(10000)
            ]

        def many_statuses(self):
            return lambda _entry: Status.UNTOUCHED

        def thumbnail(self, _entry, side, held):
            self.asked += 1
            return pixels(0)

    session = Session(synchronous=True)
    session.project = Many()
    panel = ImageListPanel(session, theme)
    qtbot.addWidget(panel)
    panel.resize(260, 500)
    panel.show()
    qtbot.waitUntil(lambda: panel.model.counts()[Status.UNTOUCHED] == 10000)
    qtbot.waitUntil(lambda: panel.thumbnails.known("00003.png"))
    panel.search.setText("0999")
    assert panel.filter.rowCount() == 11
    assert session.project.asked < 100
    panel.shutdown()
    session.project = None
    session.shutdown()


def test_the_thumbnail_of_an_image_that_is_being_read_is_made_of_what_is_read(
    open_session, theme, qtbot, monkeypatch
):
    """It is not decoded a second time, and waits for the first."""
    session = open_session(*(pixels(40 * i) for i in range(3)))
    made = []

    def thumbnail(_entry, side, held=None):
        made.append((_entry.name, held and held.source))
        return pixels(9)

    monkeypatch.setattr(session.project, "thumbnail", thumbnail)
    loader = ThumbnailLoader(synchronous=True)
    loader.use(session.project)
    first, second = session.project.images[:2]
    loader.set_open(first.name)
    for entry in (first, second):
        loader.get(entry)
    qtbot.waitUntil(lambda: loader.known(second.name))
    assert made == [(second.name, None)]
    source = session.source
    loader.set_open(first.name, Held(source, None))
    qtbot.waitUntil(lambda: loader.known(first.name))
    assert made == [(second.name, None), (first.name, source)]
    third = session.project.images[2]
    loader.set_open(third.name)
    loader.get(third)
    for _ in range(3):
        QApplication.processEvents()
    assert not loader.known(third.name)
    loader.set_open("")  # it cannot be read, or another project is
    qtbot.waitUntil(lambda: loader.known(third.name))
    loader.shutdown()


def test_the_list_tells_the_thumbnails_what_is_open(panel, monkeypatch):
    told = []
    monkeypatch.setattr(panel.thumbnails, "set_open", lambda *said: told.append(said))
    session = panel.session
    session.open_image("2.png")
    assert ("2.png",) in told
    assert told[-1] == ("2.png", Held(session.source, None))
    session.reload_images()
    assert told[-2:] == [("2.png",), ("2.png", Held(session.source, None))]
    session.close_project()
    assert told[-1] == ("",)
