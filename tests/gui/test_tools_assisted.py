"""Wand, superpixel brush, live-wire and smart click on drawn images."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest

from unet_gui.core.errors import ImageReadError
from unet_gui.core.geometry import Rect
from unet_gui.gui.canvas.tools import wand
from unet_gui.gui.state import Tool

HEIGHT, WIDTH = 90, 120
CTRL = Qt.KeyboardModifier.ControlModifier
RIGHT = Qt.MouseButton.RightButton
Y, X = np.mgrid[:HEIGHT, :WIDTH]
DISC = (X - 45) ** 2 + (Y - 45) ** 2 < 22**2


def drawn():
    """A red disc on green, both a little noisy, and a second one in the corner."""
    pixels = np.where(DISC[..., None], (200, 70, 60), (60, 140, 80)).astype(np.int64)
    pixels[60:85, 95:115] = (205, 75, 62)
    noise = np.random.default_rng(3).integers(-6, 7, pixels.shape)
    return (pixels + noise).astype(np.uint8)


def close_up(make_easel):
    """The disc, drawn large."""
    easel = make_easel(drawn(), drawn())
    easel.canvas.zoom_to(3.0)
    easel.canvas._viewport.look_at(60, 45)
    easel.canvas._on_view_changed()
    return easel


@pytest.fixture
def easel(make_easel):
    return close_up(make_easel)


def mask(easel):
    return easel.session.document.mask


def painted(easel):
    return mask(easel) == 1


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


# -- wand ------------------------------------------------------------------------------------


@pytest.fixture
def magic(easel):
    easel.state.set_tool(Tool.WAND)
    easel.state.set_options(tolerance=60)
    return easel


def test_the_wand_takes_what_has_the_colour_and_hangs_together(magic):
    magic.drag((45.5, 45.5))
    assert overlap(painted(magic), DISC) > 0.98
    assert magic.session.document.history.undo_name == "Wand"
    magic.session.undo()
    assert (mask(magic) == 255).all()


def test_the_wand_may_take_what_does_not_hang_together(magic):
    magic.state.set_options(connected=False)
    magic.drag((45.5, 45.5))
    assert painted(magic)[62:83, 97:113].all()


def test_dragging_changes_the_tolerance_and_what_is_shown(magic):
    magic.press(45.5, 45.5)
    start = magic.canvas._pointer.preview.region[1].sum()
    magic.move(110.5, 10.5)
    more = magic.canvas._pointer.preview.region[1].sum()
    magic.move(5.5, 85.5)
    less = magic.canvas._pointer.preview.region[1].sum()
    assert less < start < more
    assert (mask(magic) == 255).all()
    magic.release(5.5, 85.5)
    assert painted(magic).sum() == less
    assert magic.state.options.tolerance < 60


def test_escape_leaves_the_wand_without_a_trace(magic):
    empty = magic.seen()
    magic.press(45.5, 45.5)
    magic.move(60.5, 45.5)
    QTest.keyClick(magic.canvas, Qt.Key.Key_Escape)
    magic.release(60.5, 45.5)
    magic.canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    assert not magic.session.document.history.can_undo
    assert magic.state.options.tolerance == 60
    assert np.array_equal(magic.seen(), empty)


def test_the_right_button_of_the_wand_erases(magic):
    magic.session.apply("all", magic.session.document.bounds, 2)
    magic.drag((45.5, 45.5), button=RIGHT)
    assert overlap(mask(magic) == 255, DISC) > 0.98


def test_a_wide_view_is_looked_at_in_a_coarser_level_and_painted_exactly(make_easel, monkeypatch):
    large = drawn().repeat(6, 0).repeat(6, 1)
    easel = make_easel(large)
    monkeypatch.setattr(wand, "LIVE", 40_000)
    easel.state.set_tool(Tool.WAND)
    easel.state.set_options(tolerance=60)
    easel.press(45.5 * 6, 45.5 * 6)
    assert easel.canvas._pointer.preview.level > 0
    easel.release(45.5 * 6, 45.5 * 6)
    assert overlap(painted(easel), DISC.repeat(6, 0).repeat(6, 1)) > 0.98


def test_an_image_that_cannot_be_read_is_said_not_raised(magic, qtbot, monkeypatch):
    def fail(*_args, **_how):
        raise ImageReadError("The file is gone.", "Put it back.")

    monkeypatch.setattr(type(magic.session.source), "read", fail)
    with qtbot.waitSignal(magic.session.failed):
        magic.drag((45.5, 45.5))
    assert not magic.session.document.history.can_undo


# -- superpixels -----------------------------------------------------------------------------


@pytest.fixture
def cells(easel):
    easel.state.set_tool(Tool.SUPERPIXEL)
    easel.state.set_options(superpixel=10)
    easel.state.set_size(4)
    return easel


def test_the_superpixel_brush_paints_whole_cells_along_the_stroke(cells):
    cells.drag((35.5, 45.5), (55.5, 45.5))
    assert painted(cells)[45, 36:55].all()
    assert painted(cells).sum() > 20 * 5
    assert (painted(cells) & ~DISC).sum() < 0.1 * painted(cells).sum()
    assert cells.session.document.history.undo_name == "Superpixels"
    assert len(cells.session.document.history.steps) == 1
    cells.session.undo()
    assert (mask(cells) == 255).all()


def test_the_cells_under_the_brush_are_shown(cells):
    cells.hover(45.5, 45.5)
    rect, where = cells.canvas._pointer.preview.region
    cells.drag((45.5, 45.5))
    shown = np.zeros_like(DISC)
    shown[rect.slices] = where
    assert np.array_equal(painted(cells), shown)


def test_the_wheel_changes_the_cells(cells):
    cells.hover(45.5, 45.5)
    before = cells.canvas._pointer.preview.region[1].sum()
    zoom = cells.canvas.zoom
    for _ in range(3):
        cells.wheel(45.5, 45.5, 1, CTRL)
    assert cells.state.options.superpixel > 15
    assert cells.canvas._pointer.preview.region[1].sum() > before
    assert cells.canvas.zoom == zoom
    for _ in range(20):
        cells.wheel(45.5, 45.5, -1, CTRL)
    assert cells.state.options.superpixel == 4
    cells.wheel(45.5, 45.5, 1)
    assert cells.canvas.zoom > zoom


def test_escape_takes_superpixels_back(cells):
    cells.press(35.5, 45.5)
    cells.move(55.5, 45.5)
    QTest.keyClick(cells.canvas, Qt.Key.Key_Escape)
    cells.release(55.5, 45.5)
    assert (mask(cells) == 255).all()
    assert not cells.session.document.history.can_undo


def test_the_right_button_erases_whole_cells(cells):
    cells.session.apply("all", cells.session.document.bounds, 2)
    cells.drag((45.5, 45.5), button=RIGHT)
    assert (mask(cells) == 255).sum() > 30


class Later:
    """Jobs of the background that run when told to."""

    def __init__(self, monkeypatch, runner):
        self.jobs = {}

        def submit(_runner, key, factory, *, on_item=None, on_done=None, **_how):
            self.jobs[key] = (factory, on_item, on_done)

        monkeypatch.setattr(type(runner), "submit", submit)
        monkeypatch.setattr(type(runner), "cancel", lambda _, key: self.jobs.pop(key, None))

    def run(self, key):
        factory, on_item, on_done = self.jobs.pop(key)
        job, result = factory(), None
        while True:
            try:
                item = next(job)
            except StopIteration as stop:
                result = stop.value
                break
            if on_item is not None:
                on_item(item)
        if on_done is not None:
            on_done(result)


def test_cells_that_take_time_are_painted_when_they_are_there(cells, monkeypatch):
    later = Later(monkeypatch, cells.session.runner)
    cells.drag((35.5, 45.5), (55.5, 45.5))
    assert (mask(cells) == 255).all()
    later.run("superpixels")
    assert painted(cells)[45, 36:55].all()
    assert not cells.session.stroking
    assert len(cells.session.document.history.steps) == 1


def test_escape_also_drops_cells_that_are_still_to_come(cells, monkeypatch):
    later = Later(monkeypatch, cells.session.runner)
    cells.drag((35.5, 45.5), (55.5, 45.5))
    QTest.keyClick(cells.canvas, Qt.Key.Key_Escape)
    later.run("superpixels")
    assert (mask(cells) == 255).all()
    assert not cells.session.stroking


# -- live-wire -------------------------------------------------------------------------------

AROUND = [(45.5, 23.0), (67.0, 45.5), (45.5, 67.0), (23.0, 45.5)]


@pytest.fixture
def wire(easel):
    easel.state.set_tool(Tool.EDGE)

    def click(*points, **how):
        for point in points:
            easel.hover(*point)
            easel.drag(point, **how)

    easel.click = click
    return easel


@pytest.mark.parametrize("end", ["enter", "first point", "double click"])
def test_four_clicks_on_its_edge_outline_a_disc(wire, end):
    wire.click(*AROUND)
    if end == "enter":
        QTest.keyClick(wire.canvas, Qt.Key.Key_Return)
    elif end == "first point":
        wire.click(AROUND[0])
    else:
        wire.mouse(QEvent.Type.MouseButtonDblClick, wire.at(*AROUND[-1]))
        wire.release(*AROUND[-1])
    assert overlap(painted(wire), DISC) > 0.9
    assert wire.session.document.history.undo_name == "Along edges"
    wire.session.undo()
    assert (mask(wire) == 255).all()


def test_backspace_goes_back_to_the_point_before(wire):
    wire.click(*AROUND[:2], (110.0, 80.0))
    QTest.keyClick(wire.canvas, Qt.Key.Key_Backspace)
    wire.click(*AROUND[2:])
    QTest.keyClick(wire.canvas, Qt.Key.Key_Return)
    assert overlap(painted(wire), DISC) > 0.9


def test_escape_drops_the_line(wire):
    empty = wire.seen()
    wire.click(*AROUND)
    assert wire.canvas._pointer.preview.closed
    QTest.keyClick(wire.canvas, Qt.Key.Key_Escape)
    QTest.keyClick(wire.canvas, Qt.Key.Key_Return)
    wire.canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    assert not wire.session.document.history.can_undo
    assert np.array_equal(wire.seen(), empty)


def test_without_the_ways_yet_the_line_is_straight(wire, monkeypatch):
    Later(monkeypatch, wire.session.runner)
    wire.click(*AROUND)
    assert len(wire.canvas._pointer.preview.line) == 5
    QTest.keyClick(wire.canvas, Qt.Key.Key_Return)
    assert painted(wire)[45, 45]


# -- smart click -----------------------------------------------------------------------------


@pytest.fixture
def smart(easel):
    easel.state.set_tool(Tool.SMART)
    return easel


@pytest.mark.parametrize("how", ["click", "enter", "double click"])
def test_a_click_proposes_the_object_and_a_second_one_paints_it(smart, how):
    smart.drag((45.5, 45.5))
    assert (mask(smart) == 255).all()
    assert smart.canvas._pointer.preview.region is not None
    if how == "click":
        smart.drag((45.5, 45.5))
    elif how == "enter":
        QTest.keyClick(smart.canvas, Qt.Key.Key_Return)
    else:
        smart.mouse(QEvent.Type.MouseButtonDblClick, smart.at(45.5, 45.5))
        smart.release(45.5, 45.5)
    assert overlap(painted(smart), DISC) > 0.9
    assert smart.canvas._pointer.preview is None
    assert smart.session.document.history.undo_name == "Smart click"
    smart.session.undo()
    assert (mask(smart) == 255).all()


def test_the_wheel_takes_more_or_less_of_it(smart):
    zoom = smart.canvas.zoom
    smart.drag((45.5, 45.5))
    sizes = []
    for _ in range(40):
        smart.wheel(45.5, 45.5, -1)
        sizes.append(int(smart.canvas._pointer.preview.region[1].sum()))
    for _ in range(40):
        smart.wheel(45.5, 45.5, 1)
        sizes.append(int(smart.canvas._pointer.preview.region[1].sum()))
    assert sizes[:40] == sorted(sizes[:40], reverse=True)
    assert sizes[40:] == sorted(sizes[40:])
    assert sizes[39] < sizes[-1]
    assert smart.canvas.zoom == zoom


def test_escape_drops_the_proposal_and_the_wheel_zooms_again(smart):
    smart.drag((45.5, 45.5))
    QTest.keyClick(smart.canvas, Qt.Key.Key_Escape)
    assert smart.canvas._pointer.preview is None
    zoom = smart.canvas.zoom
    smart.wheel(45.5, 45.5, 1)
    assert smart.canvas.zoom > zoom
    QTest.keyClick(smart.canvas, Qt.Key.Key_Return)
    assert not smart.session.document.history.can_undo


def test_a_click_elsewhere_proposes_anew(smart):
    smart.drag((45.5, 45.5))
    smart.drag((105.5, 72.5))
    rect = smart.canvas._pointer.preview.region[0]
    assert not rect.intersection(Rect(100, 66, 110, 79)).empty
    assert not smart.session.document.history.can_undo
    smart.drag((105.5, 72.5))
    assert painted(smart)[70:75, 102:108].all()


def test_a_proposal_does_not_follow_to_another_image(smart):
    smart.drag((45.5, 45.5))
    smart.session.next_image()
    QTest.keyClick(smart.canvas, Qt.Key.Key_Return)
    assert not smart.session.document.history.can_undo
