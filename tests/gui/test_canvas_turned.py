"""The view turned and mirrored: image, mask, ghost and brush stay together."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from unet_gui.core.geometry import Rect
from unet_gui.gui.options import Hover

RNG = np.random.default_rng(3)
IMAGE = RNG.integers(0, 256, (60, 80, 3), np.uint8)
TURNS = [(90, False), (180, False), (270, True), (0, True)]


@pytest.fixture
def easel(make_easel):
    easel = make_easel(IMAGE)
    easel.state.set_view(pixel_grid=False)
    easel.canvas.zoom_to(4.0)
    return easel


def turn(easel, degrees, flipped):
    easel.canvas.rotate(degrees)
    if flipped:
        easel.canvas.flip()
    easel.canvas.zoom_to(4.0)
    easel.canvas.look_at(40, 30)


@pytest.mark.parametrize(("degrees", "flipped"), [*TURNS, (15, False), (45, True)])
def test_each_pixel_is_seen_where_it_is_said_to_be(easel, degrees, flipped):
    turn(easel, degrees, flipped)
    seen = easel.seen()
    for x, y in ((30, 20), (41, 33), (50, 40)):
        at = easel.at(x + 0.5, y + 0.5)
        assert seen[int(at.y()), int(at.x())].tolist() == IMAGE[y, x].tolist()


@pytest.mark.parametrize(("degrees", "flipped"), TURNS)
def test_quarter_turns_at_one_to_one_copy_pixels(easel, degrees, flipped):
    turn(easel, degrees, flipped)
    easel.canvas.zoom_actual()
    expected = np.rot90(IMAGE, -(easel.canvas.rotation // 90))
    if easel.canvas.flipped:
        expected = np.rot90(IMAGE[:, ::-1], -(easel.canvas.rotation // 90))
    corners = [easel.at(x, y) for x in (0, 80) for y in (0, 60)]
    x, y = (round(min(values)) for values in zip(*((p.x(), p.y()) for p in corners), strict=True))
    height, width = expected.shape[:2]
    assert np.array_equal(easel.seen()[y : y + height, x : x + width], expected)


@pytest.mark.parametrize(("degrees", "flipped"), [*TURNS, (15, False), (60, True)])
def test_the_brush_paints_under_the_pointer(easel, degrees, flipped):
    turn(easel, degrees, flipped)
    easel.state.set_size(5)
    bare = easel.seen()
    easel.drag((30, 22), (48, 35))
    easel.canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    assert easel.session.document.value_at(48, 35) == 1
    assert easel.session.document.value_at(30, 22) == 1
    changed = (easel.seen() != bare).any(-1)
    for x, y, painted in ((30, 22, True), (48, 35, True), (39, 28, True), (30, 35, False)):
        at = easel.at(x + 0.5, y + 0.5)
        assert changed[int(at.y()), int(at.x())] == painted


@pytest.mark.parametrize("degrees", [0, 90, 15, 250])
@pytest.mark.parametrize("zoom", [0.6, 4.0])
@pytest.mark.parametrize("outline", [False, True])
def test_repainting_what_changed_shows_the_same_as_painting_all(
    make_easel, propose, degrees, zoom, outline
):
    easel = make_easel(np.full((500, 700, 3), 90, np.uint8))
    propose(easel.session, 2)
    easel.state.set_outline(outline)
    easel.canvas.rotate(degrees)
    easel.canvas.zoom_to(zoom)
    easel.seen()
    easel.drag((340, 240), (370, 270), (390, 250))
    easel.session.apply("Fill", Rect(320, 260, 350, 290), 0)
    easel.session.undo()
    easel.canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    QApplication.processEvents()
    partly = easel.seen()
    easel.canvas.update()
    assert np.array_equal(partly, easel.seen())


@pytest.mark.parametrize("degrees", [30, 90])
def test_mask_tiles_of_a_turned_view_have_no_sides(make_easel, degrees):
    easel = make_easel(np.full((900, 900, 3), 120, np.uint8))
    easel.session.apply("Fill", Rect(0, 0, 900, 900), 1)
    easel.canvas.rotate(degrees)
    for zoom in (0.45, 0.71, 1.0, 2.3):
        easel.canvas.zoom_to(zoom)
        easel.canvas.look_at(512, 512)
        middle = easel.seen()[100:200, 130:270].reshape(-1, 3)
        assert len(np.unique(middle, axis=0)) == 1


def test_a_ghost_is_striped_in_a_turned_view_too(easel, propose):
    propose(easel.session, 2)
    turn(easel, 30, True)
    easel.state.set_ghost_visible(False)
    bare = easel.seen()
    easel.state.set_ghost_visible(True)
    shift = np.abs(easel.seen().astype(int) - bare)[130:170, 180:220].max(-1)
    assert shift.min() < shift.max() / 2


def test_hovering_tells_the_pixel_of_a_turned_view(easel):
    turn(easel, 90, True)
    easel.hover(33.5, 21.5)
    assert easel.state.hover == Hover(33, 21)


def test_the_wheel_keeps_the_point_under_the_pointer(easel):
    turn(easel, 75, False)
    before = easel.at(44.0, 31.0)
    easel.wheel(44.0, 31.0, 2)
    assert (easel.at(44.0, 31.0) - before).manhattanLength() <= 1.5


def test_a_fitted_image_stays_fitted_when_it_is_turned(easel):
    easel.canvas.zoom_fit()
    easel.canvas.rotate(90)
    seen = easel.canvas.visible_image_rect
    assert (seen.width, seen.height) == (80, 60)
    easel.canvas.reset_rotation()
    assert easel.canvas.rotation == 0
    assert not easel.canvas.flipped


def test_only_what_is_shown_is_turned(easel):
    mask = easel.session.document.read(easel.session.document.bounds)
    turn(easel, 105, True)
    assert np.array_equal(easel.session.image, IMAGE)
    assert np.array_equal(easel.session.document.read(easel.session.document.bounds), mask)


@pytest.mark.parametrize("degrees", [0, 90])
def test_the_pixel_grid_lies_between_pixels(make_easel, degrees):
    easel = make_easel(np.full((60, 80, 3), 120, np.uint8))
    easel.canvas.rotate(degrees)
    easel.canvas.zoom_to(16.0)
    seen = easel.seen().astype(int)[..., 0]
    at = easel.at(40, 30)
    x, y = round(at.x()), round(at.y())
    assert (np.abs(seen[y + 3 : y + 13, x] - 120) > 10).all()
    assert (np.abs(seen[y, x + 3 : x + 13] - 120) > 10).all()
    assert (seen[y + 4 : y + 12, x + 4 : x + 12] == 120).all()
    easel.canvas.zoom_to(7.0)
    assert set(np.unique(easel.seen()[140:160, 190:210])) == {120}
    easel.canvas.zoom_to(16.0)
    easel.state.set_view(pixel_grid=False)
    assert set(np.unique(easel.seen()[140:160, 190:210])) == {120}
