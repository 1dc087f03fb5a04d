"""The program's window with one image, and a hand that works in it by mouse, wheel and keys."""

from __future__ import annotations

import json
import shutil
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from unet_gui.gui.app import create
from unet_gui.gui.canvas.tools.window import enlarged

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from unet_gui.gui.state import Tool

NONE, LEFT = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
PLAIN, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
PATIENCE = 60.0
"""Seconds after which a tool that does not answer is an error."""


def make_project(folder: Path, image: Path, classes: int) -> Path:
    """A project of one image, whose classes have numbers for names."""
    (folder / "images").mkdir(parents=True)
    shutil.copy(image, folder / "images" / image.name)
    rows = [
        {"id": i, "name": f"class {i}", "color": f"#{(97 * i + 60) % 256:02x}{53 * i % 256:02x}a0"}
        for i in range(classes)
    ]
    (folder / "project.json").write_text(
        json.dumps({"format": 1, "images": "images", "classes": rows})
    )
    return folder


class Hand:
    """Mouse, wheel and keys in the real window; all points are (x, y) of the image.

    Nothing is proposed by a network or the instant learner: the tools are on their own.
    """

    def __init__(self, project: Path) -> None:
        self.app, self.window = create(["unet-gui", str(project)])
        self.session, self.state = self.window.session, self.window.state
        self.canvas = self.window.canvas
        self.window.show()
        self.window.resize(1920, 1080)
        self.window.switch_instant(on=False)
        self.until(lambda: self.session.document is not None)
        self.until(lambda: self.window.prediction.state.kind != "loading")
        self.settle()
        self.canvas.zoom_fit()

    @property
    def mask(self) -> np.ndarray:
        """H×W uint8, as it is now."""
        return self.session.document.mask

    @property
    def region(self):
        """What the tool in hand shows it would paint, a rectangle and a bool array; or None."""
        preview = self.canvas._pointer.preview
        if preview is None or preview.region is None:
            return None
        return enlarged(preview.region, preview.level, self.session.document.bounds)

    def blank(self, value: int) -> None:
        """All pixels of one value, as the menu does it; no proposal."""
        self.settle()
        self.session.discard_ghost()
        self.session.apply("All one class", self.session.document.bounds, value)
        self.settle()

    def take(self, tool: Tool, value: int, *, diameter: int = 1, cell: int | None = None) -> None:
        self.state.set_tool(tool)
        self.state.set_active_class(value)
        self.state.set_size(diameter)
        if cell is not None:
            self.state.set_options(superpixel=cell)

    def stroke(self, points, modifiers=PLAIN) -> None:
        """Press at the first point, move through the others, release at the last."""
        self._mouse(QEvent.Type.MouseMove, points[0], NONE, NONE, modifiers)
        self._mouse(QEvent.Type.MouseButtonPress, points[0], LEFT, LEFT, modifiers)
        for point in points[1:]:
            self._mouse(QEvent.Type.MouseMove, point, NONE, LEFT, modifiers)
        self._mouse(QEvent.Type.MouseButtonRelease, points[-1], LEFT, NONE, modifiers)
        self.answered()

    def hover(self, point, modifiers=PLAIN) -> None:
        self._mouse(QEvent.Type.MouseMove, point, NONE, NONE, modifiers)
        self.answered()

    def wheel(self, point, steps: int, modifiers=PLAIN) -> None:
        """One event a step; waits for what the tool finds."""
        at = self.canvas.to_canvas(QPointF(*point))
        place, notch = QPointF(self.canvas.mapToGlobal(at)), QPoint(0, 120 if steps > 0 else -120)
        for _ in range(abs(steps)):
            event = QWheelEvent(
                at, place, QPoint(), notch, NONE, modifiers, Qt.ScrollPhase.NoScrollPhase, False,
            )  # fmt: skip
            QApplication.sendEvent(self.canvas, event)
            self.answered()

    def key(self, key: Qt.Key) -> None:
        for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(self.canvas, QKeyEvent(kind, key, PLAIN))
        self.answered()

    def answered(self) -> None:
        """Wait until the tool in hand has no work in the background."""
        self.app.processEvents()
        self.until(lambda: not self.session.runner.busy)
        self.app.processEvents()

    def settle(self, seconds: float = 0.3) -> None:
        """Let everything come to its end, saving included."""
        until = time.perf_counter() + seconds
        while time.perf_counter() < until or self.session.saver.pending:
            self.app.processEvents()
            time.sleep(0.002)

    def until(self, met) -> None:
        limit = time.perf_counter() + PATIENCE
        while not met():
            self.app.processEvents()
            time.sleep(0.001)
            if time.perf_counter() > limit:
                raise TimeoutError("the window does not answer")

    def close(self) -> None:
        self.settle()
        self.window.close()
        self.window.shutdown()

    def _mouse(self, kind, point, button, buttons, modifiers) -> None:
        at = self.canvas.to_canvas(QPointF(*point))
        place = QPointF(self.canvas.mapToGlobal(at))
        QApplication.sendEvent(
            self.canvas, QMouseEvent(kind, at, place, button, buttons, modifiers)
        )
