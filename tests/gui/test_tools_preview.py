"""Pictures of regions and cursors: what is drawn where, at any zoom and turn."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from unet_gui.core.geometry import Rect
from unet_gui.gui.canvas import preview as previews
from unet_gui.gui.canvas.cursor import BrushCursor, Outline
from unet_gui.gui.canvas.glyphs import GLYPHS
from unet_gui.gui.canvas.preview import PreviewPainter
from unet_gui.gui.canvas.tools import Preview
from unet_gui.gui.canvas.viewport import Viewport
from unet_gui.gui.state import Tool

WIDTH, HEIGHT = 240, 200
RED = QColor("#ff0000")


@pytest.fixture
def view(qapp):
    view = Viewport()
    view.set_view(WIDTH, HEIGHT, 1.0)
    view.set_image(60, 50)
    view.zoom_to(4.0)
    view.look_at(30, 25)
    return view


def drawn(paint):
    """Alpha and red of what is painted, H×W each."""
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    paint(painter)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(HEIGHT, WIDTH, 4)
    return pixels[..., 3].copy(), pixels[..., 2].copy()


def ring():
    y, x = np.mgrid[:20, :20]
    away = (x - 9.5) ** 2 + (y - 9.5) ** 2
    return Rect(10, 15, 30, 35), (away < 90) & (away > 25)


def show(view, preview):
    painter = PreviewPainter(view)
    box = painter.box(preview)
    return box, drawn(lambda p: painter.paint(p, preview, RED))


def test_a_region_is_tinted_pixel_by_pixel(view):
    rect, where = ring()
    _, (alpha, red) = show(view, Preview(region=(rect, where)))
    for row, column in ((2, 10), (10, 2), (10, 10), (0, 0)):
        x, y = view.to_view(rect.x0 + column + 0.5, rect.y0 + row + 0.5)
        tinted = alpha[int(y), int(x)] > 0 and red[int(y), int(x)] > 200
        assert tinted == where[row, column]


@pytest.mark.parametrize("zoom", [0.4, 1.0, 4.0, 12.0])
@pytest.mark.parametrize("turn", [0, 30, 90])
def test_nothing_is_drawn_outside_the_box(view, zoom, turn):
    view.zoom_to(zoom)
    view.rotate(turn)
    rect, where = ring()
    corner = (rect.x0, rect.y0)
    line = [corner, (rect.x1, rect.y0), (rect.x1, rect.y1)]
    for preview in (
        Preview(region=(rect, where)),
        Preview(region=(Rect(5, 7, 15, 17), where[::2, ::2]), level=1),
        Preview(marks=(rect, where)),
        Preview(line=line, closed=True, filled=True, nodes=line),
    ):
        box, (alpha, _) = show(view, preview)
        assert alpha.any()
        outside = alpha.copy()
        outside[max(0, box.y0) : box.y1, max(0, box.x0) : box.x1] = 0
        assert not outside.any()


def test_a_ragged_region_is_drawn_without_its_many_lines(view, monkeypatch):
    monkeypatch.setattr(previews, "MOST_LINES", 10)
    rect, where = ring()
    _, (alpha, red) = show(view, Preview(region=(rect, where)))
    assert alpha.max() >= 240
    assert red[alpha > 0].min() > 200


def test_thin_parts_do_not_vanish_in_a_small_view(view):
    view.zoom_to(0.25)
    where = np.zeros((20, 40), np.bool_)
    where[7] = True
    _, (alpha, _) = show(view, Preview(region=(Rect(10, 15, 50, 35), where)))
    assert alpha.any()


def test_a_region_of_a_level_covers_the_pixels_it_stands_for(view):
    _, (alpha, _) = show(
        view, Preview(region=(Rect(5, 7, 7, 9), np.ones((2, 2), np.bool_)), level=2)
    )
    inside = [view.to_view(x, y) for x, y in ((20.5, 28.5), (27.5, 35.5))]
    assert all(alpha[int(y), int(x)] for x, y in inside)
    x, y = view.to_view(30.5, 38.5)
    assert not alpha[int(y), int(x)]


# -- cursors ---------------------------------------------------------------------------------


@pytest.mark.parametrize("diameter", [0.0, 3.0, 30.0, 120.0])
@pytest.mark.parametrize("square", [False, True])
@pytest.mark.parametrize("glyph", [None, Tool.WAND])
def test_a_cursor_stays_in_its_box(qapp, diameter, square, glyph):
    at = QPointF(120.3, 100.7)
    for angle in (0.0, 37.0):
        cursor = BrushCursor(diameter, square=square, angle=angle, glyph=glyph, color="#ff0000")
        box = cursor.box(at)
        alpha, _ = drawn(lambda p, cursor=cursor: cursor.paint(p, at))
        assert alpha.any()
        alpha[max(0, box.y0) : box.y1, max(0, box.x0) : box.x1] = 0
        assert not alpha.any()


def test_square_and_round_eraser_and_brush_look_different(qapp):
    at = QPointF(120, 100)
    looks = [
        BrushCursor(60.0, outline, square=square) for outline in Outline for square in (False, True)
    ]
    pictures = [drawn(lambda p, look=look: look.paint(p, at))[0] for look in looks]
    assert all(not np.array_equal(a, b) for i, a in enumerate(pictures) for b in pictures[i + 1 :])


def test_every_tool_but_the_plain_ones_has_its_sign():
    assert set(GLYPHS) == set(Tool) - {Tool.BRUSH, Tool.ERASER, Tool.PAN}
