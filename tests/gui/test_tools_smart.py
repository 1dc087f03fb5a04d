"""Smart click: from one object to all that look like it."""

import itertools

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from unet_gui.core.geometry import Rect
from unet_gui.gui.state import Tool

HEIGHT, WIDTH = 90, 120
SHIFT = Qt.KeyboardModifier.ShiftModifier
Y, X = np.mgrid[:HEIGHT, :WIDTH]
SPOTS = ((20, 20, 9), (60, 20, 9), (100, 20, 9), (20, 65, 12), (60, 65, 6))


def dots():
    """Six discs of three sizes, five red and one blue, on green."""
    pixels = np.full((HEIGHT, WIDTH, 3), (60, 140, 80), np.int64)
    for x, y, radius in SPOTS:
        pixels[np.hypot(X - x, Y - y) < radius] = (200, 70, 60)
    pixels[np.hypot(X - 100, Y - 65) < 9] = (40, 60, 210)
    noise = np.random.default_rng(3).integers(-6, 7, pixels.shape)
    return (pixels + noise).astype(np.uint8)


@pytest.fixture
def many(make_easel):
    return in_hand(make_easel(dots()))


def in_hand(easel):
    easel.canvas.zoom_to(3.0)
    easel.canvas._viewport.look_at(60, 45)
    easel.canvas._on_view_changed()
    easel.state.set_tool(Tool.SMART)
    return easel


def mask(easel):
    return easel.session.document.mask


def painted(easel):
    return mask(easel) == 1


def shown(easel):
    return int(easel.canvas._pointer.preview.region[1].sum())


RED = dots()[..., 0] > 150


def test_shift_and_the_wheel_take_all_that_look_like_it_in_one_step(many):
    zoom = many.canvas.zoom
    many.drag((20.5, 20.5))
    sizes = [shown(many)]
    for _ in range(12):
        many.wheel(20.5, 20.5, 1, SHIFT)
        sizes.append(shown(many))
    assert sizes == sorted(sizes)
    assert len(set(sizes)) > 2
    assert many.canvas.zoom == zoom
    while shown(many) > RED.sum() * 1.1:
        many.wheel(20.5, 20.5, -1)  # the blue one is the least alike
    QTest.keyClick(many.canvas, Qt.Key.Key_Return)
    assert all(painted(many)[y, x] for x, y, _ in SPOTS)
    assert not painted(many)[65, 100]
    assert (painted(many) & RED).sum() > 0.8 * (painted(many) | RED).sum()
    assert len(many.session.document.history.steps) == 1
    many.session.undo()
    assert (mask(many) == 255).all()


def test_the_wheel_goes_back_from_all_to_the_one(many):
    many.drag((20.5, 20.5))
    alone = shown(many)
    many.wheel(20.5, 20.5, 1, SHIFT)
    assert shown(many) > 1.5 * alone
    many.wheel(20.5, 20.5, -1)
    assert shown(many) == alone
    many.wheel(20.5, 20.5, 1)
    rect, where = many.canvas._pointer.preview.region
    x, y = next(
        (x, y)
        for x, y, _ in SPOTS[1:]
        if rect.x0 <= x < rect.x1 and rect.y0 <= y < rect.y1 and where[y - rect.y0, x - rect.x0]
    )
    many.drag((x + 0.5, y + 0.5))  # a click on one of the others paints them all
    assert painted(many)[20, 20]
    assert painted(many)[y, x]


def test_what_is_labelled_inside_or_beside_the_object_stays(many):
    many.session.apply("Core", Rect(17, 17, 21, 21), 2)
    many.drag((25.5, 20.5))
    shown_before = shown(many)
    QTest.keyClick(many.canvas, Qt.Key.Key_Return)
    assert (mask(many)[17:21, 17:21] == 2).all()
    assert painted(many).sum() == shown_before
    assert painted(many)[20, 14]


def test_a_click_on_what_has_the_class_completes_it(many):
    many.session.apply("Part", Rect(18, 16, 22, 24), 1)
    many.drag((20.5, 20.5))
    QTest.keyClick(many.canvas, Qt.Key.Key_Return)
    disc = np.hypot(X - 20, Y - 20) < 9
    assert (painted(many) & disc).sum() > 0.8 * disc.sum()


def test_where_nothing_is_alike_it_says_so_and_stays(make_easel, qtbot):
    pixels = np.full((HEIGHT, WIDTH, 3), (60, 140, 80), np.uint8)
    pixels[np.hypot(X - 45, Y - 45) < 22] = (200, 70, 60)
    easel = in_hand(make_easel(pixels))
    easel.drag((45.5, 45.5))
    before = easel.canvas._pointer.preview.region
    with qtbot.waitSignal(easel.session.noticed) as noticed:
        easel.wheel(45.5, 45.5, 1, SHIFT)
    assert "looks like it" in noticed.args[0]
    assert easel.canvas._pointer.preview.region is before


def test_what_is_labelled_otherwise_in_an_object_is_no_part_of_it(make_easel):
    """A ring around a labelled kernel is proposed alone, and each turn of the wheel shows."""
    away = np.hypot(X - 60, Y - 45)
    pixels = np.where((away < 32)[..., None], (170, 120, 190), (235, 230, 210))
    pixels[away < 22] = (70, 20, 110)
    noise = np.random.default_rng(3).integers(-5, 6, pixels.shape)
    easel = in_hand(make_easel((pixels + noise).astype(np.uint8)))
    kernel = away < 22
    easel.session.apply("kernel", Rect(0, 0, WIDTH, HEIGHT), 0)
    easel.session.apply("kernel", Rect(0, 0, WIDTH, HEIGHT), 2, where=kernel)
    easel.drag((60.5, 72.5))
    sizes = [shown(easel)]
    ring = int(((away < 32) & ~kernel).sum())
    assert abs(sizes[0] - ring) < 0.15 * ring
    for _ in range(3):
        easel.wheel(60.5, 72.5, -1)
        sizes.append(shown(easel))
    assert all(after < before for before, after in itertools.pairwise(sizes))
    QTest.keyClick(easel.canvas, Qt.Key.Key_Return)
    assert (mask(easel)[kernel] == 2).all()
