"""Sessions with an image open, for tests of widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from unet_gui.dataset.project import Project
from unet_gui.gui.canvas.view import CanvasView
from unet_gui.gui.documents import Ghost
from unet_gui.gui.session import Session
from unet_gui.gui.state import ViewState

if TYPE_CHECKING:
    from collections.abc import Callable

CLASSES = ("ground", "cell", "core")


@pytest.fixture(autouse=True)
def unhurried(monkeypatch) -> None:
    """One paint event finishes its picture, however busy the computer is."""
    monkeypatch.setattr("unet_gui.gui.canvas.pacing.AT_LEAST", 1_000_000)


class Easel:
    """A canvas and a hand on it: mouse in image coordinates; what is seen, in pixels."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.state = ViewState()
        self.state.set_active_class(1)
        self.canvas = CanvasView(session, self.state)

    def at(self, x: float, y: float) -> QPointF:
        return self.canvas.to_canvas(QPointF(x, y))

    def mouse(
        self,
        kind: QEvent.Type,
        point: QPointF,
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        """`point` is in canvas coordinates, and need not be whole as QTest's has to."""
        moved = kind == QEvent.Type.MouseMove
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button
        caused_by = Qt.MouseButton.NoButton if moved else button
        glob = QPointF(self.canvas.mapToGlobal(point))
        QApplication.sendEvent(
            self.canvas, QMouseEvent(kind, point, glob, caused_by, held, modifiers)
        )

    def press(self, x, y, **how) -> None:
        self.mouse(QEvent.Type.MouseButtonPress, self.at(x, y), **how)

    def move(self, x, y, **how) -> None:
        self.mouse(QEvent.Type.MouseMove, self.at(x, y), **how)

    def release(self, x, y, **how) -> None:
        self.mouse(QEvent.Type.MouseButtonRelease, self.at(x, y), **how)

    def hover(self, x, y, **how) -> None:
        self.mouse(QEvent.Type.MouseMove, self.at(x, y), button=Qt.MouseButton.NoButton, **how)

    def drag(self, *points: tuple[float, float], **how) -> None:
        """Press at the first image point, move through the others, release at the last."""
        self.press(*points[0], **how)
        for point in points[1:]:
            self.move(*point, **how)
        self.release(*points[-1], **how)

    def wheel(self, x, y, steps, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
        at = self.at(x, y)
        event = QWheelEvent(
            at,
            QPointF(self.canvas.mapToGlobal(at)),
            QPoint(),
            QPoint(0, round(120 * steps)),
            Qt.MouseButton.NoButton,
            modifiers,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self.canvas, event)

    def seen(self) -> np.ndarray:
        """The canvas as H×W×3, painted anew where Qt has been told to."""
        QApplication.processEvents()
        image = self.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        size = image.height(), image.width(), 4
        return np.frombuffer(image.constBits(), np.uint8).reshape(size)[..., 2::-1].copy()

    def color(self, x, y) -> tuple[int, int, int]:
        """What is seen at an image point."""
        point = self.at(x, y)
        return tuple(int(v) for v in self.seen()[int(point.y()), int(point.x())])


@pytest.fixture
def open_session(tmp_path, qtbot) -> Callable[..., Session]:
    """`open_session(a, b, …)` opens a project of these H×W×3 images, without threads."""
    sessions = []

    def make(*images: np.ndarray, classes=CLASSES) -> Session:
        folder = tmp_path / f"images-{len(sessions)}"
        folder.mkdir()
        for number, pixels in enumerate(images):
            Image.fromarray(pixels).save(folder / f"{number}.png")
        root = tmp_path / f"project-{len(sessions)}"
        session = Session(synchronous=True)
        sessions.append(session)
        session.use_project(Project.create(root, images=folder, classes=classes))
        return session

    yield make
    for session in sessions:
        session.shutdown()


@pytest.fixture
def propose() -> Callable[[Session, np.ndarray | int], None]:
    """`propose(session, mask)` offers a prediction for the open image; a number fills it."""

    def offer(session: Session, mask: np.ndarray | int) -> None:
        shape = session.document.mask.shape
        mask = np.broadcast_to(np.asarray(mask, np.uint8), shape).copy()
        session.set_prediction(session.entry.name, Ghost(mask, np.full(shape, 200, np.uint8)))

    return offer


@pytest.fixture
def make_easel(qtbot, open_session) -> Callable[..., Easel]:
    """`make_easel(a, b, …)` shows a canvas of 400×300 on a project of these images."""
    easels = []  # kept, since a state that is gone emits no more

    def show(*images: np.ndarray, **how) -> Easel:
        easel = Easel(open_session(*images, **how))
        easels.append(easel)
        qtbot.addWidget(easel.canvas)
        easel.canvas.resize(400, 300)
        easel.canvas.show()
        qtbot.waitExposed(easel.canvas)
        QApplication.processEvents()  # the platform's own pointer enters the new window
        QApplication.sendEvent(easel.canvas, QEvent(QEvent.Type.Leave))
        return easel

    return show


@pytest.fixture
def theme(qapp):
    """A theme of its own; the application looks as before afterwards."""
    from unet_gui.gui.theme import Theme, ThemeMode

    palette = qapp.palette()
    made = Theme(qapp, ThemeMode.LIGHT)
    yield made
    made.deleteLater()
    qapp.setStyleSheet("")
    qapp.setPalette(palette)


@pytest.fixture
def open_window(qtbot, qapp, monkeypatch):
    """`open_window(folder)` shows the real window; nothing predicts. No widget may stay."""
    from unet_gui.gui import app
    from unet_gui.gui.prediction import PredictionService

    monkeypatch.setattr(PredictionService, "start", lambda _: None)
    before = set(QApplication.topLevelWidgets())
    windows = []

    def show(*words: object):
        _, window = app.create(["unet-gui", *map(str, words)])
        windows.append(window)
        window.resize(1280, 800)
        window.show()
        qtbot.waitExposed(window)
        qtbot.waitUntil(lambda: window.session.opening is None)
        if window.session.project is not None and window.session.project.images:
            qtbot.waitUntil(lambda: window.session.document is not None)
        qtbot.waitUntil(lambda: not window.images.statuses.busy)
        return window

    yield show
    for window in windows:
        window.close()
        window.deleteLater()
    qapp.setStyleSheet("")
    for _ in range(3):
        QApplication.processEvents()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = [w for w in set(QApplication.topLevelWidgets()) - before if w.parent() is None]
    assert not left, f"left behind: {left}"


@pytest.fixture
def host(qtbot):
    host = QWidget()
    qtbot.addWidget(host)
    host.show()
    yield host
    # A dialog left open would be a window of its own in the next test.
    for dialog in host.findChildren(QWidget):
        if dialog.isWindow():
            dialog.close()
