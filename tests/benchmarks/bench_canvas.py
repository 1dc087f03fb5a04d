"""How long the canvas takes from a mouse move to the repaint, against a bare painter's line.

    python tests/benchmarks/bench_canvas.py [--megapixels 1 16 100] [--brushes 20 200] [--json]

Real events go into the real canvas; each of the 200 moves of a stroke is timed until the canvas has
painted. The baseline, in the same run, is a bare widget that draws the same moves with QPainter
into one Indexed8 image and repaints the same rectangles over the same image: no undo, no classes'
counts, no cursor. CPU times are what a busy machine does not disturb.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QApplication, QWidget

from unet_gui.core.classes import ClassTable
from unet_gui.core.document import Document
from unet_gui.gui.canvas.view import CanvasView
from unet_gui.gui.documents import Ghost
from unet_gui.gui.session import Session
from unet_gui.gui.state import ViewState

SIZE = (1640, 1000)
MOVES = 200


class FakeProject:
    """As much of a project as the canvas asks for; nothing is written."""

    def __init__(self):
        self.classes = ClassTable.from_names(["ground", "cell", "core"])
        self.images = [self]
        self.name = "bench"


class BenchSession(Session):
    """A session over an image in memory; edits are announced but not saved."""

    def _edited(self, rect):
        self._announce(rect)
        self.history_changed.emit()
        return rect


class Bare(QWidget):
    """The baseline: a round-capped line into one image, and a repaint of its box."""

    def __init__(self, side, scale, diameter):
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        rng = np.random.default_rng(0)
        step = max(1, round(1 / scale)) if scale < 1 else 1
        shown = rng.integers(0, 255, (-(-side // step),) * 2, np.uint8).astype(np.uint32)
        self.pixels = np.uint32(0xFF000000) | shown << 16 | shown << 8 | shown
        size = shown.shape[0]
        self.image = QImage(self.pixels.data, size, size, size * 4, QImage.Format.Format_RGB32)
        self.mask = QImage(size, size, QImage.Format.Format_Indexed8)
        self.mask.setColorTable([0] + [0x80FF0000] * 255)
        self.mask.fill(0)
        self.ink = QImage(
            self.mask.bits(), size, size, self.mask.bytesPerLine(), QImage.Format.Format_Grayscale8
        )
        self.scale = scale * step
        self.diameter = diameter / step
        self.corner = QPointF(
            round(SIZE[0] / 2 - size * self.scale / 2), round(SIZE[1] / 2 - size * self.scale / 2)
        )
        self.last = None
        self.drawn = 0

    def _paint_to(self, at):
        point = (at - self.corner) / self.scale
        painter = QPainter(self.ink)
        pen = QPen(Qt.GlobalColor.white, self.diameter)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawLine(self.last or point, point)
        painter.end()
        old, self.last = self.last or point, point
        r = self.diameter / 2 + 1
        box = QRectF(old, point).normalized().adjusted(-r, -r, r, r)
        view = QRectF(box.topLeft() * self.scale + self.corner, box.size() * self.scale)
        self.update(view.toAlignedRect())

    def mousePressEvent(self, event):
        self._paint_to(event.position())

    def mouseMoveEvent(self, event):
        self._paint_to(event.position())

    def mouseReleaseEvent(self, _event):
        self.last = None

    def paintEvent(self, event):
        self.drawn += 1
        painter = QPainter(self)
        painter.translate(self.corner)
        painter.scale(self.scale, self.scale)
        box = QRectF(event.rect())
        source = QRectF((box.topLeft() - self.corner) / self.scale, box.size() / self.scale)
        painter.drawImage(source, self.image, source)
        painter.drawImage(source, self.mask, source)


class CountingCanvas(CanvasView):
    drawn = 0

    def paintEvent(self, event):
        super().paintEvent(event)
        self.drawn += 1


def circle():
    cx, cy = SIZE[0] / 2, SIZE[1] / 2
    radius = min(250, 0.4 * SIZE[1])
    angles = (2 * math.pi * i / MOVES for i in range(MOVES + 1))
    return [QPointF(cx + radius * math.cos(a), cy + radius * math.sin(a)) for a in angles]


def send(widget, kind, at, button, buttons):
    event = QMouseEvent(kind, at, at, button, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def stroke(widget, *, hold=True):
    """Wall and CPU milliseconds of each move until painted, and of press and release.

    Without `hold` the pointer only hovers.
    """
    app = QApplication.instance()
    none = Qt.MouseButton.NoButton
    left = Qt.MouseButton.LeftButton if hold else none
    points = circle()
    app.processEvents()
    begin = time.perf_counter()
    if hold:
        send(widget, QEvent.Type.MouseButtonPress, points[0], left, left)
    app.processEvents()
    press = time.perf_counter() - begin
    wall, cpu = [], []
    for at in points[1:]:
        drawn = widget.drawn
        start, busy = time.perf_counter(), time.process_time()
        send(widget, QEvent.Type.MouseMove, at, none, left)
        while widget.drawn == drawn:
            app.processEvents()
        wall.append(1000 * (time.perf_counter() - start))
        cpu.append(1000 * (time.process_time() - busy))
    begin = time.perf_counter()
    if hold:
        send(widget, QEvent.Type.MouseButtonRelease, points[-1], left, none)
    app.processEvents()
    release = time.perf_counter() - begin
    return wall, cpu, 1000 * press, 1000 * release


def timed(widget, action, times=15):
    """Median milliseconds from `action` until the widget is painted."""
    app, took = QApplication.instance(), []
    for _ in range(times):
        app.processEvents()
        start = time.perf_counter()
        action()
        drawn = widget.drawn
        while widget.drawn == drawn:
            app.processEvents()
        took.append(1000 * (time.perf_counter() - start))
    return sorted(took)[times // 2]


def open_canvas(side, *, ghost):
    session, state = BenchSession(synchronous=True), ViewState()
    canvas = CountingCanvas(session, state)
    canvas.resize(*SIZE)
    canvas.show()
    noise = np.random.default_rng(0).integers(0, 255, (500, 500, 3), np.uint8)
    image = np.tile(noise, (side // 500, side // 500, 1))
    project = FakeProject()
    session.project, session.entry, session.image = project, project, image
    session.document = Document.blank(side, side)
    if ghost:
        proposed = (np.arange(side) // 300 % 3).astype(np.uint8)
        mask = np.ascontiguousarray(np.broadcast_to(proposed, (side, side)))
        session._ghosts.put("bench", Ghost(mask, np.full_like(mask, 200)))
    session.classes_changed.emit()
    start = time.perf_counter()
    session.image_opened.emit()
    QApplication.instance().processEvents()
    return session, state, canvas, 1000 * (time.perf_counter() - start)


def percentile(values, q):
    return sorted(values)[min(len(values) - 1, round(q / 100 * (len(values) - 1)))]


def measure(megapixels, brushes, repeats, *, ghost):
    side = {1: 1000, 16: 4000, 100: 10000}[megapixels]
    session, state, canvas, opened = open_canvas(side, ghost=ghost)
    yield {"what": "open", "mp": megapixels, "ms": round(opened, 1)}
    for view in ("fit", "1:1"):
        canvas.zoom_fit() if view == "fit" else canvas.zoom_actual()
        for brush in brushes:
            state.set_size(brush)
            bare = Bare(side, canvas.zoom, brush)
            bare.resize(*SIZE)
            bare.show()
            ours, baseline = [], []
            for repeat in range(repeats):
                state.set_active_class(1 + repeat % 2)
                ours.append(stroke(canvas))
                baseline.append(stroke(bare))
            bare.close()
            yield {
                "what": "stroke",
                "mp": megapixels,
                "view": view,
                "brush": brush,
                **summary("", ours),
                **summary("bare_", baseline),
                "undo": round(timed(canvas, session.undo, 1), 2),
                "hover": round(percentile(stroke(canvas, hold=False)[1], 50), 2),
            }
        for name, action in (
            ("repaint", canvas.update),
            ("pan", lambda c=canvas: (c._viewport.pan(3, 2), c._on_view_changed())),
        ):
            yield {
                "what": name,
                "mp": megapixels,
                "view": view,
                "ms": round(timed(canvas, action), 2),
            }
    session.shutdown()
    canvas.close()


def summary(prefix, strokes):
    wall = [v for s in strokes for v in s[0]]
    cpu = [v for s in strokes for v in s[1]]
    figures = {
        "p50": percentile(wall, 50),
        "p99": percentile(wall, 99),
        "cpu": percentile(cpu, 50),
        "cpu99": percentile(cpu, 99),
        "press": percentile([s[2] for s in strokes], 50),
        "release": percentile([s[3] for s in strokes], 50),
    }
    return {prefix + k: round(v, 2) for k, v in figures.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=int, nargs="+", default=[1, 16], choices=[1, 16, 100])
    parser.add_argument("--brushes", type=int, nargs="+", default=[20, 200])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--ghost", action="store_true", help="with a proposal on every pixel")
    parser.add_argument("--json", action="store_true", help="one JSON line a figure")
    args = parser.parse_args()
    QApplication.instance() or QApplication(sys.argv[:1])
    for megapixels in args.megapixels:
        for row in measure(megapixels, args.brushes, args.repeats, ghost=args.ghost):
            if args.json:
                print(json.dumps(row))
            elif row["what"] == "stroke":
                print(
                    f"{row['mp']:4} MP {row['view']:>3} brush {row['brush']:4}:"
                    f" p50 {row['p50']:5.2f}"
                    f" p99 {row['p99']:5.2f}  CPU p50 {row['cpu']:5.2f} p99 {row['cpu99']:5.2f}"
                    f"  press {row['press']:5.2f} release {row['release']:5.2f}"
                    f" undo {row['undo']:5.2f} hover {row['hover']:5.2f} ms"
                    f"   bare p50 {row['bare_p50']:5.2f} ratio {row['p50'] / row['bare_p50']:4.1f}"
                )
            else:
                print(f"{row['mp']:4} MP {row.get('view', ''):>3} {row['what']}: {row['ms']} ms")


if __name__ == "__main__":
    main()
