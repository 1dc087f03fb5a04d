"""Statistics in the window: tables, chart, files."""

import csv

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from unet_gui.core.geometry import Rect
from unet_gui.gui.dialogs.statistics import StatisticsDialog


@pytest.fixture
def session(open_session):
    """Two images of 10×10: one half ground, half cell in two pieces; the other untouched."""
    blank = np.zeros((10, 10, 3), np.uint8)
    session = open_session(blank, blank)
    session.open_image("0.png")
    session.apply("Brush", Rect(0, 0, 10, 10), 0)
    session.apply("Brush", Rect(0, 0, 10, 4), 1)
    session.apply("Brush", Rect(0, 8, 5, 10), 1)
    return session


@pytest.fixture
def dialog(host, theme, session):
    dialog = StatisticsDialog(host, theme, session, synchronous=True)
    dialog.open()
    return dialog


def test_classes_and_images(dialog):
    assert [dialog.classes.texts(row)[0] for row in range(3)] == ["ground", "cell", "core"]
    assert dialog.classes.texts(1)[1:5] == ["50", "50.0 %", "50", "2"]
    assert dialog.classes.texts(1)[5] == "25"
    assert dialog.classes.texts(2)[5:] == ["–", "–"]
    assert dialog.images.shown == 2
    assert dialog.images.texts(0)[:2] == ["0.png", "ground"]
    assert dialog.outcome.text().startswith("1 of 2 images are painted; 0.0 %")
    assert len(dialog.chart.bars) == 3


def test_the_unit_of_the_project(host, theme, session):
    session.project.set_pixel_size((0.5, "µm"))
    dialog = StatisticsDialog(host, theme, session, synchronous=True)
    assert dialog.classes.texts(1)[3] == "12.5"
    assert "µm²" in str(dialog.classes.model().headerData(3, Qt.Orientation.Horizontal))
    dialog.close()


def test_sorting_by_a_number(dialog):
    dialog.classes.sortByColumn(5, Qt.SortOrder.AscendingOrder)
    assert dialog.classes.texts(2)[0] == "core"


def test_copying_rows(dialog, qtbot):
    dialog.classes.choose(1)
    qtbot.keyClick(dialog.classes, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().startswith("cell\t50\t")


@pytest.mark.parametrize(
    ("button", "name", "lines"),
    [("table_button", "t.csv", 2), ("objects_button", "o.csv", 3)],
)
def test_tables_are_saved(dialog, tmp_path, qtbot, button, name, lines):
    qtbot.mouseClick(getattr(dialog, button), Qt.MouseButton.LeftButton)
    dialog.findChild(QFileDialog, "save_dialog").fileSelected.emit(str(tmp_path / name))
    with (tmp_path / name).open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == lines
    assert name in dialog.outcome.text()


def test_the_chart_is_saved(dialog, tmp_path):
    dialog.write("chart", tmp_path / "chart.svg")
    assert "cell" in (tmp_path / "chart.svg").read_text(encoding="utf-8")
    dialog.write("chart", tmp_path / "missing" / "chart.txt")
    assert "plot is an .svg or .png" in dialog.errors.dialog.error.message
    dialog.errors.dialog.close()


def test_nothing_is_painted_yet(host, theme, open_session):
    session = open_session(np.zeros((4, 4, 3), np.uint8))
    dialog = StatisticsDialog(host, theme, session, synchronous=True)
    dialog.open()
    assert "Nothing is painted yet" in dialog.outcome.text()
    assert not dialog.table_button.isEnabled()


def test_closing_it_while_it_measures(host, theme, session, monkeypatch, qtbot):
    from unet_gui.core.progress import Progress
    from unet_gui.gui.dialogs import statistics as module

    closed = []

    def endless(_project):
        try:
            while True:
                yield Progress(1, 2)
        finally:
            closed.append(True)

    monkeypatch.setattr(module, "measure", endless)
    dialog = StatisticsDialog(host, theme, session)
    dialog.open()
    qtbot.waitUntil(lambda: dialog.bar.maximum() == 2)
    dialog.done(0)
    assert closed == [True]
