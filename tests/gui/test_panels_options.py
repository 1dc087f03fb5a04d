"""The options bar changes with the tool; the shapes share a button."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QToolButton, QWidget

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.geometry import Rect
from unet_gui.gui.panels.option_fields import HintLine, NumberField
from unet_gui.gui.state import Tool


@pytest.fixture
def window(open_window, tiny_project):
    return open_window(tiny_project.root)


def child(window, name, kind=QWidget):
    found = window.options_bar.findChild(kind, name)
    assert found is not None, name
    return found


SHOWN = {
    Tool.BRUSH: {"brush_size", "brush_square", "brush_pressure", "paint_only"},
    Tool.ERASER: {"brush_size", "brush_square", "brush_pressure", "paint_only"},
    Tool.POLYGON: {"paint_only"},
    Tool.FILL: {"paint_only"},
    Tool.WAND: {"tolerance", "wand_connected", "paint_only"},
    Tool.SUPERPIXEL: {"brush_size", "superpixel_size", "paint_only"},
    Tool.SMART: {"paint_only"},
    Tool.ACCEPT: {"accept_above", "accept_only"},
    Tool.PAN: set(),
}
FIELDS = set().union(*SHOWN.values())


@pytest.mark.parametrize("tool", SHOWN)
def test_each_tool_shows_its_own_options(window, tool):
    window.state.set_tool(tool)
    QApplication.processEvents()
    assert {name for name in FIELDS if child(window, name).isVisible()} == SHOWN[tool]


def test_the_bar_fits_and_keeps_its_height(window):
    heights = set()
    for tool in Tool:
        window.state.set_tool(tool)
        QApplication.processEvents()
        heights.add(window.options_bar.height())
        for name in SHOWN.get(tool, ()):
            field = child(window, name)
            right = field.mapTo(window, QPoint(field.width(), 0)).x()
            assert right <= window.width(), (tool, name)
        assert window.options_bar.sizeHint().width() <= 1280
    assert len(heights) == 1


def test_numbers_reach_the_state(window):
    state = window.state
    state.set_tool(Tool.WAND)
    child(window, "tolerance").setValue(90)
    assert state.options.tolerance == 90
    state.set_tool(Tool.SUPERPIXEL)
    child(window, "superpixel_size").setValue(48)
    assert state.options.superpixel == 48
    state.set_tool(Tool.ACCEPT)
    child(window, "accept_above_slider").setValue(100)
    assert state.options.accept_above == pytest.approx(0.5, abs=0.01)


def test_numbers_follow_the_state(window):
    window.state.set_options(tolerance=7, superpixel=99, accept_above=0.25)
    values = [child(window, n).value() for n in ("tolerance", "superpixel_size", "accept_above")]
    assert values == [7, 99, 25]


def test_switches_by_click(window, qtbot):
    for name, option in (("brush_square", "square"), ("brush_pressure", "pressure")):
        before = getattr(window.state.options, option)
        qtbot.mouseClick(child(window, name), Qt.MouseButton.LeftButton)
        assert getattr(window.state.options, option) is not before
        assert child(window, name).isChecked() is not before


def choose(box, row):
    box.setCurrentIndex(row)
    box.activated.emit(row)


def test_what_may_be_painted_over(window):
    box = child(window, "paint_only", QComboBox)
    ids = window.session.project.classes.ids
    assert [box.itemData(r) for r in range(box.count())] == [None, UNLABELLED, *ids]
    choose(box, 1)
    assert window.state.options.paint_only == UNLABELLED
    assert window.commands["protect_painted"].isChecked()
    window.session.apply("Brush", Rect(0, 0, 2, 2), ids[0])
    choose(box, 2 + 1)
    assert window.state.protection.only == ids[1]
    QTest.keyClick(window.canvas, Qt.Key.Key_U)
    assert box.currentData() == UNLABELLED
    QTest.keyClick(window.canvas, Qt.Key.Key_U)
    assert box.currentData() is None


def test_only_one_class_is_accepted(window, propose):
    ids = window.session.project.classes.ids
    window.state.set_tool(Tool.ACCEPT)
    choose(child(window, "accept_only", QComboBox), 2)
    assert window.state.options.accept_only == ids[1]


def test_a_closed_project_protects_nothing_any_more(window):
    window.state.set_options(paint_only=1, accept_only=1)
    window.state.set_locked({1})
    window.state.set_hidden({0})
    window.state.set_solo(1)
    window.session.close_project()
    state = window.state
    assert (state.options.paint_only, state.options.accept_only) == (None, None)
    assert (state.locked, state.hidden, state.solo) == (frozenset(), frozenset(), None)


def test_the_name_of_the_tool_is_told(window):
    window.state.set_tool(Tool.WAND)
    assert child(window, "tool_name", QLabel).text() == "Magic wand"


def test_the_shapes_share_a_button_that_remembers(window, qtbot, open_window, tiny_project):
    button = window.tool_bar.findChild(QToolButton, "shapes")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert window.state.tool is Tool.POLYGON
    QTest.keyClick(window.canvas, Qt.Key.Key_R)
    assert window.state.tool is Tool.RECTANGLE
    assert button.isChecked()
    QTest.keyClick(window.canvas, Qt.Key.Key_B)
    assert not button.isChecked()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert window.state.tool is Tool.RECTANGLE
    window.close()
    again = open_window(tiny_project.root)
    assert again.tool_bar.shape == "rectangle"
    assert again.state.tool is Tool.BRUSH


def test_the_corner_of_the_button_shows_all_shapes(window, qtbot):
    button = window.tool_bar.findChild(QToolButton, "shapes")
    seen = []

    def look():
        menu = QApplication.activePopupWidget()
        seen.extend(menu.actions())
        seen[1].trigger()
        menu.close()

    button.menu().aboutToShow.connect(lambda: qtbot.waitSignal and _soon(look))
    corner = QPoint(button.width() - 3, button.height() - 3)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton, pos=corner)
    assert [a.objectName() for a in seen][:2] == ["action_polygon", "action_lasso"]
    assert window.state.tool is Tool.LASSO


def _soon(function):
    from PySide6.QtCore import QTimer

    QTimer.singleShot(0, function)


def test_sliders_by_ratio_tell_small_sizes_apart(qtbot):
    field = NumberField("n", "", (1, 2000), top=500, ratio=True)
    qtbot.addWidget(field)
    sizes = [field.value_at(p) for p in range(201)]
    assert (sizes[0], sizes[-1]) == (1, 500)
    assert sizes == sorted(sizes)
    for size in range(1, 501):
        assert abs(field.value_at(field.position(size)) - size) <= max(1, size * 0.04)


def test_the_hint_keeps_whole_sentences(qtbot):
    line = HintLine("hint")
    qtbot.addWidget(line)
    line.show()
    line.resize(2000, 20)
    line.show_text("Paint. Right button: erase. Esc: never mind.")
    assert line.text() == "Paint  ·  Right button: erase  ·  Esc: never mind"
    line.resize(line.fontMetrics().horizontalAdvance("Paint  ·  Right button") + 30, 20)
    assert line.text() == "Paint"
    assert np.all([word in line.toolTip() for word in ("erase", "Esc")])


def test_a_narrow_tool_bar_keeps_every_button(window):
    window.resize(860, 600)
    QApplication.processEvents()
    for name in ("open", "brush", "undo", "zoom_fit", "discard", "accept", "accept_next"):
        assert window.findChild(QToolButton, name).isVisible(), name
    window.resize(1600, 800)
    QApplication.processEvents()
    assert "Accept" in window.findChild(QToolButton, "accept").text()
    assert window.tool_bar.opacity_slider.isVisible()
