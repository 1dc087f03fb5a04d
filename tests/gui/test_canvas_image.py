"""The image on the canvas: tiles without sides, other colours, images read on demand."""

import threading

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from unet_gui.core.display import Display
from unet_gui.core.errors import ImageReadError
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.dataset.memory_image import MemoryImage
from unet_gui.gui.canvas.backdrop import Backdrop
from unet_gui.gui.canvas.image_tiles import TILE, TileKey, level_for
from unet_gui.gui.canvas.viewport import Viewport
from unet_gui.gui.jobs import JobRunner

RNG = np.random.default_rng(0)
WIDTH, HEIGHT = 700, 560


def gradient():
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.stack([x * 255 // WIDTH, y * 255 // HEIGHT, (x + y) // 5], -1).astype(np.uint8)


def end(runner):
    """With all that hangs on it, here: the next test's thread must not come to collect timers."""
    runner.shutdown()
    shiboken6.delete(runner)


@pytest.fixture
def runner(qapp):
    runner = JobRunner("test", synchronous=True)
    yield runner
    end(runner)


def viewport(zoom, *, rotation=0.0, mirrored=False, ratio=1.0, size=(WIDTH, HEIGHT)):
    view = Viewport()
    view.set_view(420, 330, ratio)
    view.set_image(*size)
    view.zoom_to(zoom)
    view.rotate(rotation)
    if mirrored:
        view.mirror()
    view.look_at(271.3, 250.9)
    return view


def canvas_of(view):
    image = QImage(420, 330, QImage.Format.Format_RGB32)
    image.fill(0)
    return image


def array(image):
    size = image.height(), image.width(), 4
    return np.frombuffer(image.constBits(), np.uint8).reshape(size)[..., 2::-1].astype(int)


def drawn(backdrop, view, *, smooth=False):
    image = canvas_of(view)
    painter = QPainter(image)
    backdrop.paint(painter, view, view.visible, smooth=smooth)
    painter.end()
    return array(image)


def at_once(source, view, *, blended):
    """The whole level in one go: what tiles have to look like."""
    level = level_for(view.zoom, source.levels)
    height, width = source.level_shape(level)
    pixels = source.read(Rect(0, 0, width, height), level)
    whole = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    image, size = canvas_of(view), 1 << level
    area = QRectF(0, 0, view.image_width / size, view.image_height / size)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, blended)
    painter.setTransform(view.transform())
    painter.scale(size, size)
    painter.drawImage(area, whole.convertToFormat(QImage.Format.Format_RGB32), area)
    painter.end()
    return array(image)


def inside(view, margin):
    """Canvas pixels that lie in the image and not at its edge."""
    y, x = np.mgrid[:330, :420] + 0.5
    back = view.transform().inverted()[0]
    column = back.m11() * x + back.m21() * y + back.dx()
    row = back.m12() * x + back.m22() * y + back.dy()
    across = (column > margin) & (column < view.image_width - margin)
    return across & (row > margin) & (row < view.image_height - margin)


@pytest.mark.parametrize(
    ("rotation", "mirrored"),
    [(0, False), (0, True), (90, False), (180, True), (15, False), (45, True)],
)
@pytest.mark.parametrize("zoom", [0.37, 0.613, 1.0, 1.37, 3.3])
def test_tiles_have_no_sides(runner, rotation, mirrored, zoom):
    backdrop, view = Backdrop(runner, runner), viewport(zoom, rotation=rotation, mirrored=mirrored)
    exact = view.square and zoom in (0.5, 1.0)
    within = inside(view, 3 / zoom)
    for pixels in (gradient(), np.full((HEIGHT, WIDTH, 3), 200, np.uint8)):
        source = MemoryImage(pixels)
        drain(source.build_levels())
        backdrop.set_source(source)
        for smooth in (False, True):
            blended = not exact and (smooth or zoom < 2)
            wanted = at_once(source, view, blended=blended)
            apart = np.abs(drawn(backdrop, view, smooth=smooth) - wanted).max(-1)
            assert apart[within].max() <= 3


@pytest.mark.parametrize("rotation", [0, 90, 30])
@pytest.mark.parametrize("zoom", [0.41, 1.0, 2.7])
def test_a_part_is_drawn_like_the_whole(runner, rotation, zoom):
    backdrop, view = Backdrop(runner, runner), viewport(zoom, rotation=rotation)
    backdrop.set_source(MemoryImage(RNG.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)))
    whole = drawn(backdrop, view)
    image = canvas_of(view)
    painter = QPainter(image)
    painter.setClipRect(100, 90, 160, 120)
    backdrop.paint(painter, view, view.image_box(100, 90, 160, 120))
    painter.end()
    part = array(image)[90:210, 100:260]
    # Where a strip begins decides how its fixed-point steps are rounded.
    apart = np.abs(part - whole[90:210, 100:260])
    assert np.percentile(apart, 99.5) <= 16
    if zoom == 1.0 and rotation != 30:
        assert apart.max() == 0


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (257, 1)])
def test_tiny_and_long_images_are_seen(runner, size):
    backdrop = Backdrop(runner, runner)
    backdrop.set_source(MemoryImage(np.full((size[1], size[0], 3), 180, np.uint8)))
    view = Viewport()
    view.set_view(420, 330, 1.0)
    view.set_image(*size)
    view.zoom_to(view.limits[1])
    view.look_at(size[0] / 2, size[1] / 2)
    seen = drawn(backdrop, view)
    assert (seen[165, 210] == 180).all()


def test_smooth_zoom_blends_pixels(make_easel):
    checks = np.zeros((40, 40, 3), np.uint8)
    checks[::2, ::2] = checks[1::2, 1::2] = 255
    easel = make_easel(checks)
    easel.state.set_view(pixel_grid=False)
    easel.canvas.zoom_to(12.0)
    assert set(np.unique(easel.seen()[120:180, 170:230])) == {0, 255}
    easel.state.set_view(smooth=True)
    assert len(np.unique(easel.seen()[120:180, 170:230])) > 20


def test_a_display_changes_what_is_seen_and_not_the_image(make_easel):
    pixels = RNG.integers(0, 256, (60, 80, 3), np.uint8)
    easel = make_easel(pixels)
    easel.canvas.zoom_actual()
    corner = easel.at(0, 0)
    x, y = int(corner.x()), int(corner.y())
    display = Display(gamma=(2.0, 1.0, 0.5), invert=True)
    easel.state.set_display(display)
    expected = np.stack([display.lut()[c][pixels[..., c]] for c in range(3)], -1)
    assert np.array_equal(easel.seen()[y : y + 60, x : x + 80], expected)
    assert np.array_equal(easel.session.image, pixels)
    easel.state.set_display(Display())
    assert np.array_equal(easel.seen()[y : y + 60, x : x + 80], pixels)


def test_only_tiles_in_view_are_made_and_kept_within_the_budget(runner):
    backdrop, view = Backdrop(runner, runner), viewport(1.0, size=(5000, 4000))
    backdrop.set_source(MemoryImage(np.zeros((4000, 5000, 3), np.uint8)))
    drawn(backdrop, view)
    assert backdrop.nbytes <= 12 * 4 * (TILE + 4) ** 2


class OnDisk:
    """An image that is read on demand; the reading of its finest level can be held up."""

    resident, array, nbytes = False, None, 0
    complete = True

    def __init__(self, pixels, damaged=frozenset()):
        self._memory = MemoryImage(pixels)
        self.levels, self.shape = self._memory.levels, self._memory.shape
        self.level_shape = self._memory.level_shape
        self.go_on = threading.Event()
        self.go_on.set()
        self.damaged = damaged
        self.read_now: list[tuple[int, Rect]] = []

    def read(self, rect, level=0):
        if level < self.levels - 1:
            self.go_on.wait(20)
        self.read_now.append((level, rect))
        inner = Rect(rect.x0 + 5, rect.y0 + 5, rect.x0 + 6, rect.y0 + 6)
        key = TileKey(level, *next(inner.tiles(TILE)))
        if key in self.damaged:
            raise ImageReadError("The file ends too early.", "Copy it again.")
        return self._memory.read(rect, level)

    def close(self):
        """Nothing to close."""


@pytest.fixture
def threaded(qapp):
    runner = JobRunner("test")
    yield runner
    end(runner)


def big():
    return RNG.integers(0, 256, (1300, 1700, 3), np.uint8)


def test_an_image_on_disk_is_shown_coarsely_until_it_is_read(qtbot, threaded):
    pixels = big()
    backdrop, source = Backdrop(threaded, threaded), OnDisk(pixels)
    source.go_on.clear()
    view = viewport(1.0, size=(1700, 1300))
    backdrop.set_source(source)
    with qtbot.waitSignal(backdrop.arrived):
        pass
    rough = drawn(backdrop, view)
    assert rough.max() > 0
    source.go_on.set()
    box = view.visible
    fine = pixels[box.slices].astype(int)
    y, x = (round(v) for v in view.to_view(box.x0, box.y0)[::-1])

    def read():
        seen = drawn(backdrop, view)[y : y + box.height, x : x + box.width]
        part = seen[: fine.shape[0], : fine.shape[1]]
        assert np.array_equal(part, fine[: part.shape[0], : part.shape[1]])

    qtbot.waitUntil(read)


def test_what_is_no_longer_looked_at_is_not_read(qtbot, threaded):
    source = OnDisk(big())
    backdrop = Backdrop(threaded, threaded)
    backdrop.set_source(source)
    with qtbot.waitSignal(backdrop.arrived):
        pass
    source.go_on.clear()
    first, second = (viewport(1.0, size=(1700, 1300)) for _ in range(2))
    second.look_at(1400, 1000)
    drawn(backdrop, first)
    qtbot.waitUntil(lambda: threaded.busy)
    backdrop.look_elsewhere()
    drawn(backdrop, second)
    source.read_now.clear()
    backdrop._fetch()
    source.go_on.set()
    qtbot.waitUntil(lambda: not threaded.busy and not backdrop._ask.isActive())
    wanted = second.visible.expanded(300)
    elsewhere = [rect for _, rect in source.read_now if not wanted.contains(rect)]
    assert len(elsewhere) <= 1  # the one that was being read already


def test_a_damaged_part_is_hatched_and_said_once(qtbot, threaded):
    keys = frozenset(TileKey(0, row, column) for row in range(2) for column in range(2))
    source = OnDisk(np.full((1300, 1700, 3), 255, np.uint8), damaged=keys)
    backdrop, said = Backdrop(threaded, threaded), []
    backdrop.noticed.connect(said.append)
    backdrop.set_source(source)
    view = viewport(1.0, size=(1700, 1300))
    drawn(backdrop, view)
    qtbot.waitUntil(lambda: not threaded.busy and not backdrop._ask.isActive())
    seen = drawn(backdrop, view)
    assert len(said) == 1
    assert "ends too early" in said[0]
    x, y = (round(v) for v in view.to_view(300, 300))
    hatched = seen[y : y + 40, x : x + 40]
    assert len(np.unique(hatched.reshape(-1, 3), axis=0)) > 1
    assert hatched.max() < 255


def test_an_image_on_disk_is_tinted_without_reading_it_again(qtbot, threaded):
    source, backdrop = OnDisk(big()), Backdrop(threaded, threaded)
    backdrop.set_source(source)
    view = viewport(1.0, size=(1700, 1300))
    drawn(backdrop, view)
    qtbot.waitUntil(lambda: not threaded.busy and not backdrop._ask.isActive())
    plain = drawn(backdrop, view)
    source.read_now.clear()
    backdrop.set_display(Display(invert=True))
    negative = drawn(backdrop, view)
    box = view.visible
    x, y = (round(v) for v in view.to_view(box.x0, box.y0))
    x, y = max(0, x), max(0, y)
    assert np.array_equal(negative[y:, x:], 255 - plain[y:, x:])
    assert source.read_now == []


def test_the_histogram_is_that_of_the_open_image(make_easel, qtbot):
    pixels = RNG.integers(0, 256, (60, 80, 3), np.uint8)
    easel = make_easel(pixels, np.full((10, 10, 3), 7, np.uint8))
    counts = easel.canvas.histogram()
    assert np.array_equal(counts[1], np.bincount(pixels[..., 1].ravel(), minlength=256))
    with qtbot.waitSignal(easel.canvas.histogram_changed):
        easel.session.next_image()
    assert easel.canvas.histogram()[0, 7] == 100


def test_the_histogram_of_a_large_image_comes_later(make_easel, qtbot, monkeypatch):
    from unet_gui.gui.canvas import histogram

    monkeypatch.setattr(histogram, "AT_ONCE", 10)
    easel = make_easel(np.full((30, 30, 3), 9, np.uint8))
    with qtbot.waitSignal(easel.canvas.histogram_changed):
        easel.canvas.histogram()
    assert easel.canvas.histogram()[2, 9] == 900


@pytest.mark.parametrize("shape", [(1, 5000), (5000, 1)])
def test_an_image_as_thin_as_a_hair_is_seen_when_it_is_opened(make_easel, shape):
    easel = make_easel(np.full((*shape, 3), (250, 20, 20), np.uint8))
    seen = (easel.seen() == (250, 20, 20)).all(-1)
    across, along = sorted((int(seen.any(0).sum()), int(seen.any(1).sum())))
    assert across >= 3
    assert along >= 250


class WithoutCopies(OnDisk):
    """As a file that holds no smaller copies of the image: its coarse levels take a long time."""

    def __init__(self, pixels):
        super().__init__(pixels)
        self.complete, self.bands = False, 0

    def read(self, rect, level=0):
        assert self.complete or level <= 1, "half of the file would be read for one tile"
        return super().read(rect, level)

    def build_levels(self):
        while self.bands < 5:
            yield
            self.bands += 1
        self.complete = True


def test_without_smaller_copies_what_is_seen_is_read_first(qtbot, threaded, monkeypatch):
    monkeypatch.setattr("unet_gui.gui.canvas.image_tiles.NEAR", 1)
    monkeypatch.setattr("unet_gui.gui.canvas.backdrop.TURN", 0.0)
    pixels = big()
    backdrop, source = Backdrop(threaded, threaded), WithoutCopies(pixels)
    view = viewport(0.2, size=(1700, 1300))  # its own level would be 2, the coarsest
    seen_before = []
    backdrop.arrived.connect(lambda _: seen_before.append(source.bands))
    backdrop.set_source(source)
    drawn(backdrop, view)
    with qtbot.waitSignal(backdrop.refined):
        pass
    assert min(seen_before) < 5  # something was shown before all was made
    assert source.bands == 5
    drawn(backdrop, view)
    qtbot.waitUntil(lambda: not backdrop.unfinished)
    assert {level for level, _ in source.read_now} >= {1, 2}
