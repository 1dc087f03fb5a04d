"""What mask and ghost look like: seen pixels against the colours they should have."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from unet_gui.core.geometry import Rect
from unet_gui.gui.canvas.overlay import BETWEEN_STRIPES

SHADE = 120
GREY = np.full((60, 80, 3), SHADE, np.uint8)
LARGE = np.full((700, 900, 3), SHADE, np.uint8)


@pytest.fixture
def easel(make_easel):
    return make_easel(GREY, LARGE)


def mixed(session, class_id, opacity):
    """The colour of a class over the grey image."""
    color = np.array(session.project.classes[class_id].rgb)
    return opacity * color + (1 - opacity) * SHADE


def close(seen, color, by=3):
    return np.abs(np.asarray(seen, float) - color).max() <= by


@pytest.mark.parametrize("zoom", [0.5, 1.0, 2.9, 8.0])
@pytest.mark.parametrize("opacity", [0.3, 1.0])
def test_a_class_is_seen_in_its_colour_at_its_opacity(easel, zoom, opacity):
    easel.session.apply("Fill", Rect(0, 0, 40, 60), 1)
    easel.state.set_opacity(opacity)
    easel.canvas.zoom_to(zoom)
    assert close(easel.color(35.5, 30.5), mixed(easel.session, 1, opacity))
    assert close(easel.color(45.5, 30.5), SHADE, 0)


def image_part(easel):
    """What is seen of the image, without the outermost pixels."""
    box = easel.canvas._viewport.to_view_box(easel.canvas.visible_image_rect)
    x, y = max(box[0], 0) + 3, max(box[1], 0) + 3
    return easel.seen()[y : box[1] + box[3] - 3, x : box[0] + box[2] - 3]


@pytest.mark.parametrize("zoom", [0.17, 0.31, 0.5, 0.77, 1.0, 1.37, 3.3])
def test_tiles_meet_without_a_seam(easel, zoom):
    easel.session.next_image()
    easel.session.apply("Fill", easel.session.document.bounds, 1)
    easel.canvas.zoom_to(zoom)
    for _ in range(3):
        easel.canvas._viewport.pan(7.3, 3.7)
        easel.canvas._on_view_changed()
        part = image_part(easel).reshape(-1, 3).astype(int)
        assert (part.max(0) - part.min(0)).max() <= 1


@pytest.mark.parametrize("outline", [False, True])
@pytest.mark.parametrize("zoom", [0.23, 0.6, 1.0, 5.0])
def test_repainting_only_what_changed_shows_the_same_as_painting_all(easel, propose, outline, zoom):
    easel.session.next_image()
    rng = np.random.default_rng(0)
    propose(
        easel.session, rng.integers(0, 3, (7, 9)).astype(np.uint8).repeat(100, 0).repeat(100, 1)
    )
    easel.state.set_outline(outline)
    easel.state.set_size(60)
    easel.canvas.zoom_to(zoom)
    easel.seen()
    easel.drag((400, 300), (430, 340), (460, 330))
    easel.drag((450, 320), (400, 380))
    easel.session.undo()
    easel.session.apply("Fill", Rect(380, 280, 420, 420), 2)
    easel.canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    QApplication.processEvents()
    partly = easel.seen()
    easel.canvas._overlay.set_mask(easel.session.document.levels)
    easel.canvas._overlay.set_ghost(easel.session.ghost.mask)
    easel.canvas.update()
    assert np.array_equal(partly, easel.seen())


def test_a_thin_line_is_still_seen_from_afar(easel):
    easel.session.next_image()
    easel.session.apply("Fill", easel.session.document.bounds, 0)
    easel.session.apply("Line", Rect(0, 351, 900, 352), 1)
    easel.canvas.zoom_to(0.25)
    easel.state.set_opacity(1.0)
    at = easel.at(450, 351.5)
    column = easel.seen()[int(at.y()) - 2 : int(at.y()) + 3, int(at.x())]
    assert any(close(pixel, mixed(easel.session, 1, 1.0)) for pixel in column)


def test_the_ghost_is_striped_and_only_where_nothing_is_labelled(easel, propose):
    easel.session.apply("Fill", Rect(0, 0, 40, 60), 1)
    propose(easel.session, 2)
    easel.state.set_opacity(0.8)
    easel.canvas.zoom_to(4.0)
    seen = easel.seen()
    edge = int(easel.at(40, 0).x())
    mask_side, ghost_side = seen[100:200, edge - 60 : edge - 2], seen[100:200, edge + 2 : edge + 60]
    assert close(mask_side, mixed(easel.session, 1, 0.8))
    blue = ghost_side.astype(float)
    strong, weak = mixed(easel.session, 2, 0.8), mixed(easel.session, 2, 0.8 * BETWEEN_STRIPES)
    # Each pixel lies between the two, and both are there, on each line.
    assert (np.abs(blue - strong).max(-1) <= 3).any(1).all()
    assert (np.abs(blue - weak).max(-1) <= 3).any(1).all()


def test_stripes_keep_their_size_when_zooming(easel, propose):
    propose(easel.session, 2)
    easel.state.set_view(pixel_grid=False)

    def period():
        row = easel.seen()[150, 150:250, 0].astype(float)
        spectrum = np.abs(np.fft.rfft(row - row.mean()))
        return round(100 / np.argmax(spectrum))

    easel.canvas.zoom_to(4.0)
    near = period()
    easel.canvas.zoom_to(11.0)
    assert period() == near


def test_accepting_turns_the_ghost_into_the_mask_on_screen(easel, propose):
    propose(easel.session, 2)
    easel.canvas.zoom_to(4.0)
    assert len(np.unique(easel.seen()[130:170, 180:220].reshape(-1, 3), axis=0)) > 1
    easel.session.accept()
    assert close(easel.seen()[130:170, 180:220], mixed(easel.session, 2, easel.state.opacity))
    easel.session.undo()
    assert len(np.unique(easel.seen()[130:170, 180:220].reshape(-1, 3), axis=0)) > 1


@pytest.mark.parametrize("switch", ["ghost", "overlay", "discard"])
def test_the_ghost_can_be_hidden(easel, propose, switch):
    propose(easel.session, 2)
    assert not close(easel.seen()[130:170, 180:220], SHADE)
    if switch == "ghost":
        easel.state.set_ghost_visible(False)
    elif switch == "overlay":
        easel.state.set_overlay_visible(False)
    else:
        easel.session.discard_ghost()
    assert close(easel.seen()[130:170, 180:220], SHADE, 0)


def test_hiding_the_overlay_shows_the_bare_image(easel):
    easel.session.apply("Fill", easel.session.document.bounds, 1)
    easel.state.set_overlay_visible(False)
    assert close(easel.color(40, 30), SHADE, 0)
    easel.state.set_overlay_visible(True)
    assert close(easel.color(40, 30), mixed(easel.session, 1, 0.5))


def test_a_new_class_colour_is_seen_at_once(easel):
    easel.session.apply("Fill", easel.session.document.bounds, 1)
    easel.seen()
    easel.session.project.set_classes(easel.session.project.classes.recolored(1, "#00ff00"))
    easel.session.classes_changed.emit()
    assert close(easel.color(40, 30), (60, 187, 60))


@pytest.mark.parametrize("zoom", [1.0, 4.0, 8.0])
def test_outlines_are_thin_and_leave_the_inside_bare(easel, zoom):
    easel.session.apply("Fill", Rect(20, 15, 60, 45), 1)
    easel.state.set_outline(True)
    easel.state.set_view(pixel_grid=False)
    easel.canvas.zoom_to(zoom)
    seen = easel.seen()
    middle = int(easel.at(40, 30).y())
    left = int(easel.at(20, 30).x())
    line = np.abs(seen[middle].astype(int) - SHADE).max(-1) > 30
    assert 1 <= line[max(0, left - 1) : left + 10].sum() <= 4
    assert close(easel.color(40, 30), SHADE, 0)


def test_the_outline_of_a_ghost_is_weaker_than_that_of_the_mask(easel, propose):
    proposed = np.full((60, 80), 255, np.uint8)
    proposed[15:45, 45:75] = 1
    propose(easel.session, proposed)
    easel.session.apply("Fill", Rect(5, 15, 35, 45), 1)
    easel.state.set_outline(True)
    easel.canvas.zoom_to(4.0)
    difference = np.abs(easel.seen().astype(int) - SHADE).sum(-1)
    middle = int(easel.at(40, 30).y())
    edge, left, right = (int(easel.at(x, 30).x()) for x in (40, 2, 78))
    row = difference[middle - 20 : middle + 20]
    assert 0 < row[:, edge:right].sum() < 0.9 * row[:, left:edge].sum()


def test_a_prediction_of_another_size_is_not_shown(easel):
    easel.canvas._overlay.set_ghost(np.zeros((5, 5), np.uint8))
    easel.canvas.update()
    assert close(easel.color(40, 30), SHADE, 0)


def test_memory_stays_bounded(easel, monkeypatch):
    monkeypatch.setattr("unet_gui.gui.canvas.overlay_tiles.MAX_TILES", 6)
    easel.session.next_image()
    easel.session.apply("Fill", easel.session.document.bounds, 1)
    for zoom in (0.3, 1.0, 3.0):
        easel.canvas.zoom_to(zoom)
        easel.seen()
        easel.seen()
    assert len(easel.canvas._overlay._tiles) <= 12  # twice what is seen at most
    assert close(easel.color(450, 350), mixed(easel.session, 1, 0.5))
