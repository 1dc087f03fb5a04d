"""Superpixel brush with Shift: only cells that look like the first one."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.gui.test_tools_assisted import Later
from tests.gui.test_tools_smart import RED, dots, mask, painted
from unet_gui.gui.state import Tool

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def cells(make_easel):
    easel = make_easel(dots())
    easel.canvas.zoom_to(2.0)
    easel.canvas._viewport.look_at(60, 45)
    easel.canvas._on_view_changed()
    easel.state.set_tool(Tool.SUPERPIXEL)
    easel.state.set_options(superpixel=5)
    easel.state.set_size(3)
    return easel


def shown(easel):
    """What would be painted, as a mask of the image."""
    rect, where = easel.canvas._pointer.preview.region
    whole = np.zeros(RED.shape, bool)
    whole[rect.slices] = where
    return whole


ROW = [(20.5, 20.5), (60.5, 20.5), (100.5, 20.5)]


def test_one_stroke_with_shift_takes_the_things_and_not_what_lies_between(cells):
    cells.drag(*ROW, modifiers=SHIFT)
    for x, y in ROW:
        assert painted(cells)[int(y), int(x)]
    assert (painted(cells) & ~RED).sum() < 0.25 * painted(cells).sum()
    assert len(cells.session.document.history.steps) == 1
    cells.session.undo()
    cells.drag(*ROW)
    assert painted(cells)[20, 40]


def test_all_that_shift_would_take_is_shown_before(cells):
    cells.hover(20.5, 20.5)
    alone = shown(cells).sum()
    cells.hover(20.5, 20.5, modifiers=SHIFT)
    alike = shown(cells)
    assert alike.sum() > 4 * alone
    assert (alike & RED).sum() > 0.8 * RED.sum()
    assert not alike[65, 100]
    cells.drag(*ROW, modifiers=SHIFT)
    assert not (painted(cells) & ~alike).any()
    cells.hover(20.5, 20.5)
    assert shown(cells).sum() == alone


def test_pressing_and_letting_go_of_shift_is_enough(cells):
    cells.hover(20.5, 20.5)
    alone = shown(cells).sum()
    QTest.keyPress(cells.canvas, Qt.Key.Key_Shift)
    assert shown(cells).sum() > 4 * alone
    QTest.keyRelease(cells.canvas, Qt.Key.Key_Shift)
    assert shown(cells).sum() == alone


def test_the_wheel_with_shift_says_how_much_alike(cells):
    zoom, size = cells.canvas.zoom, cells.state.options.superpixel
    cells.hover(20.5, 20.5, modifiers=SHIFT)
    usual = shown(cells).sum()
    for _ in range(14):
        cells.wheel(20.5, 20.5, -1, SHIFT)
    sizes = []
    for _ in range(14):
        sizes.append(shown(cells).sum())
        cells.wheel(20.5, 20.5, 1, SHIFT)
    assert sizes == sorted(sizes)
    assert sizes[0] <= usual <= sizes[-1]
    assert sizes[0] < sizes[-1]
    assert cells.canvas.zoom == zoom
    assert cells.state.options.superpixel == size


def test_escape_takes_the_stroke_back_and_the_next_is_a_plain_one(cells):
    cells.press(*ROW[0], modifiers=SHIFT)
    cells.move(*ROW[1], modifiers=SHIFT)
    QTest.keyClick(cells.canvas, Qt.Key.Key_Escape)
    cells.release(*ROW[1])
    assert (mask(cells) == 255).all()
    cells.drag(*ROW)
    assert painted(cells)[20, 40]


def test_colours_that_take_time_are_waited_for(cells, monkeypatch):
    later = Later(monkeypatch, cells.session.runner)
    cells.drag(*ROW, modifiers=SHIFT)
    assert (mask(cells) == 255).all()
    later.run("superpixels alike")
    if "superpixels" in later.jobs:
        later.run("superpixels")
    for x, y in ROW:
        assert painted(cells)[int(y), int(x)]
    assert not painted(cells)[20, 40]
    assert not cells.session.stroking


def test_a_size_whose_search_was_dropped_is_sought_again(cells, monkeypatch):
    later = Later(monkeypatch, cells.session.runner)
    cells.hover(20.5, 20.5)
    cells.wheel(20.5, 20.5, 1, CTRL)  # its search takes the place of the first one
    cells.wheel(20.5, 20.5, -1, CTRL)
    cells.state.set_options(superpixel=5)
    cells.hover(21.5, 20.5)
    later.run("superpixels")
    assert shown(cells)[20, 20]


@pytest.mark.parametrize("size", [12, 40])
def test_borders_are_shown_around_the_brush_whatever_the_size_of_the_cells(make_easel, size):
    noise = np.random.default_rng(1).integers(90, 110, (1000, 1000, 3)).astype(np.uint8)
    easel = make_easel(noise)
    easel.canvas.zoom_to(1.0)
    easel.canvas._viewport.look_at(500, 500)
    easel.canvas._on_view_changed()
    easel.state.set_tool(Tool.SUPERPIXEL)
    easel.state.set_options(superpixel=size)
    easel.hover(520.5, 520.5)
    assert easel.canvas._pointer.preview.marks is not None
