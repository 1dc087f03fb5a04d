"""Touch screens, touch pads and pens with synthesised events."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QInputDevice, QNativeGestureEvent, QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from unet_gui.core.brush import segment_footprint
from unet_gui.core.geometry import Rect
from unet_gui.gui.state import Tool

GREY = np.full((60, 80, 3), 120, np.uint8)


@pytest.fixture(scope="module")
def screen():
    return QTest.createTouchDevice()


@pytest.fixture
def easel(make_easel):
    easel = make_easel(GREY)
    easel.canvas.zoom_to(4.0)
    easel.state.set_size(5)
    return easel


class Fingers:
    """Up to two fingers on the canvas, in canvas coordinates."""

    def __init__(self, easel, screen):
        self.easel, self.screen = easel, screen

    def send(self, **what):
        sequence = QTest.touchEvent(self.easel.canvas, self.screen, False)
        for finger, (act, point) in what.items():
            getattr(sequence, act)(int(finger[1:]), point.toPoint(), self.easel.canvas)
        sequence.commit()


@pytest.fixture
def fingers(easel, screen):
    return Fingers(easel, screen)


def dab(mask, *points):
    for a, b in zip([points[0], *points], points, strict=False):
        rect, where = segment_footprint(a, b, 5, Rect(0, 0, 80, 60))
        mask[rect.slices][where] = 1
    return mask


def blank():
    return np.full(GREY.shape[:2], 255, np.uint8)


def test_one_finger_paints(easel, fingers):
    a, b = QPointF(120, 120), QPointF(200, 160)
    fingers.send(f0=("press", a))
    fingers.send(f0=("move", b))
    fingers.send(f0=("release", b))
    points = [easel.canvas.to_image(p).toTuple() for p in (a, b)]
    assert np.array_equal(easel.session.document.mask, dab(blank(), *points))
    assert easel.session.document.history.can_undo


def test_two_fingers_move_the_view_and_paint_nothing(easel, fingers):
    a, b, by = QPointF(120, 120), QPointF(200, 120), QPointF(30, 20)
    before = easel.canvas.to_canvas(QPointF(40, 30))
    fingers.send(f0=("press", a))
    fingers.send(f0=("move", a), f1=("press", b))
    fingers.send(f0=("move", a + by), f1=("move", b + by))
    fingers.send(f0=("release", a + by), f1=("move", b + by))
    fingers.send(f1=("move", b))
    fingers.send(f1=("release", b))
    moved = easel.canvas.to_canvas(QPointF(40, 30)) - before
    assert moved.toTuple() == pytest.approx((30, 20), abs=1)
    assert easel.canvas.zoom == pytest.approx(4.0)
    assert np.array_equal(easel.session.document.mask, blank())
    assert not easel.session.document.history.can_undo


def test_a_pinch_zooms_to_what_is_between_the_fingers(easel, fingers):
    a, b, out = QPointF(160, 120), QPointF(200, 120), QPointF(20, 0)
    middle = easel.canvas.to_image((a + b) / 2)
    fingers.send(f0=("press", a), f1=("press", b))
    fingers.send(f0=("move", a - out), f1=("move", b + out))
    fingers.send(f0=("release", a - out), f1=("release", b + out))
    assert easel.canvas.zoom == pytest.approx(8.0, rel=0.02)
    assert easel.canvas.to_canvas(middle).toTuple() == pytest.approx((180, 120), abs=1)


def test_a_long_stroke_is_kept_when_a_second_finger_comes(easel, fingers):
    a, b = QPointF(120, 120), QPointF(240, 120)
    fingers.send(f0=("press", a))
    fingers.send(f0=("move", b))
    fingers.send(f0=("move", b), f1=("press", QPointF(300, 200)))
    fingers.send(f0=("release", b), f1=("release", QPointF(300, 200)))
    assert easel.session.document.history.can_undo
    assert not easel.session.stroking


def test_a_finger_moves_the_image_with_the_hand(easel, fingers):
    easel.state.set_tool(Tool.PAN)
    before = easel.canvas.to_canvas(QPointF(40, 30))
    fingers.send(f0=("press", QPointF(100, 100)))
    fingers.send(f0=("move", QPointF(120, 90)))
    fingers.send(f0=("release", QPointF(120, 90)))
    moved = easel.canvas.to_canvas(QPointF(40, 30)) - before
    assert moved.toTuple() == pytest.approx((20, -10), abs=1)


def pad(easel, kind, *, value=0.0, delta=None):
    kinds = QInputDevice.DeviceType.TouchPad
    finger = QPointingDevice.PointerType.Finger
    device = QPointingDevice("pad", 7, kinds, finger, QInputDevice.Capability.Position, 5, 0)
    at = QPointF(200, 150)
    glob = QPointF(easel.canvas.mapToGlobal(at))
    event = QNativeGestureEvent(kind, device, 2, at, at, glob, value, delta or QPointF())
    QApplication.sendEvent(easel.canvas, event)


def test_a_touch_pad_pinches_and_pans(easel):
    middle = easel.canvas.to_image(QPointF(200, 150))
    pad(easel, Qt.NativeGestureType.ZoomNativeGesture, value=0.5)
    assert easel.canvas.zoom == pytest.approx(6.0)
    assert easel.canvas.to_canvas(middle).toTuple() == pytest.approx((200, 150), abs=1)
    pad(easel, Qt.NativeGestureType.PanNativeGesture, delta=QPointF(12, -8))
    assert easel.canvas.to_canvas(middle).toTuple() == pytest.approx((212, 142), abs=1)


def test_pressure_may_be_switched_off(easel):
    easel.state.set_options(pressure=False)
    pen = QPointingDevice.PointerType.Pen
    pen_event(easel, QEvent.Type.TabletPress, (40.5, 30.5), 0.1, pen)
    pen_event(easel, QEvent.Type.TabletRelease, (40.5, 30.5), 0.0, pen)
    assert np.array_equal(easel.session.document.mask, dab(blank(), (40.5, 30.5)))


def test_the_other_end_of_a_pen_looks_like_an_eraser_before_it_touches(easel):
    pen_event(easel, QEvent.Type.TabletMove, (40.5, 30.5), 0.0, QPointingDevice.PointerType.Eraser)
    assert easel.canvas._pointer.look.erases
    pen_event(easel, QEvent.Type.TabletMove, (40.5, 30.5), 0.0, QPointingDevice.PointerType.Pen)
    assert not easel.canvas._pointer.look.erases


def pen_event(easel, kind, point, pressure, end):
    from PySide6.QtGui import QTabletEvent

    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    stylus = QInputDevice.DeviceType.Stylus
    senses = QInputDevice.Capability.Position | QInputDevice.Capability.Pressure
    device = QPointingDevice("pen", 1, stylus, end, senses, 1, 3)
    at = easel.at(*point)
    event = QTabletEvent(
        kind,
        device,
        at,
        QPointF(easel.canvas.mapToGlobal(at)),
        pressure,
        *(0.0,) * 5,
        Qt.KeyboardModifier.NoModifier,
        none if kind == QEvent.Type.TabletMove else left,
        left if kind == QEvent.Type.TabletPress else none,
    )
    QApplication.sendEvent(easel.canvas, event)
