"""The brush that keeps to its side of an edge while Ctrl is held."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.gui.test_tools_assisted import CTRL, DISC, close_up, mask, painted
from unet_gui.gui.state import Tool


@pytest.fixture
def easel(make_easel):
    return close_up(make_easel)


def test_with_ctrl_the_brush_keeps_to_its_side_of_an_edge(easel):
    easel.state.set_size(24)
    easel.hover(45.5, 32.5, modifiers=CTRL)
    rect, where = easel.canvas._pointer.preview.region
    easel.drag((45.5, 32.5), modifiers=CTRL)
    shown = np.zeros_like(DISC)
    shown[rect.slices] = where
    assert np.array_equal(painted(easel), shown)
    assert painted(easel).sum() > 250
    assert (painted(easel) & ~DISC).sum() < 0.08 * painted(easel).sum()
    easel.session.undo()
    assert (mask(easel) == 255).all()


def test_a_stroke_that_keeps_to_edges_has_no_gaps_and_can_be_aborted(easel):
    easel.state.set_size(10)
    easel.drag((30.5, 45.5), (60.5, 45.5), modifiers=CTRL)
    assert painted(easel)[45, 30:60].all()
    easel.session.undo()
    easel.press(30.5, 45.5, modifiers=CTRL)
    easel.move(60.5, 45.5, modifiers=CTRL)
    QTest.keyClick(easel.canvas, Qt.Key.Key_Escape)
    easel.release(60.5, 45.5)
    assert (mask(easel) == 255).all()


def test_very_wide_brushes_do_not_look_for_edges_or_cells_all_over(easel):
    easel.state.set_size(1000)
    easel.hover(45.5, 32.5, modifiers=CTRL)
    assert easel.canvas._pointer.preview is None
    easel.drag((45.5, 32.5), modifiers=CTRL)
    assert painted(easel).all()
    easel.state.set_tool(Tool.SUPERPIXEL)
    assert easel.canvas._pointer.look.diameter == 300
