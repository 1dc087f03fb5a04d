"""How fast the whole window paints, against the bare prototype of a canvas in the same run.

    xvfb-run -a -s "-screen 0 1920x1080x24" taskset -c 0 \
        python tests/benchmarks/bench_paint.py [--megapixels 16 100 400] [--brushes 20 200 2000]

Real events go into the real window, with a project on disk and saving under way: 200 moves a
stroke, about 8 screen pixels each, every one timed until the canvas has painted; then press,
release, undo, redo, and frames of panning and zooming over a mask on every pixel. CPU times are
those of this process, which a busy machine disturbs least.

`--while-training` paints once more while a round learns in the background as the window starts it,
after painting alone; leave both cores to it then (no taskset).

The baseline is the prototype canvas of `bench/yardstick` (no program around it) beside the checkout
or below UNET_GUI_SHARED, run between the views; without it the ratios are left out.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tifffile

CANVAS = (1640, 1000)
MOVES = 200
SIDES = {1: 1000, 16: 4000, 100: 10000, 400: 20000}


def shared_folder() -> Path | None:
    root = Path(__file__).resolve().parents[2].parent / "shared"
    folder = Path(os.environ.get("UNET_GUI_SHARED", root))
    return folder if (folder / "bench" / "yardstick" / "yardstick.py").is_file() else None


def make_project(folder: Path, side: int) -> Path:
    """A project of one uncompressed image of noise, which is read fastest."""
    (folder / "images").mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 255, (500, 500, 3), np.uint8)
    tifffile.imwrite(folder / "images" / "noise.tif", np.tile(noise, (side // 500, side // 500, 1)))
    classes = [
        {"id": i, "name": f"class {i}", "color": f"#{40 * i + 40:02x}60a0"} for i in range(4)
    ]
    (folder / "project.json").write_text(
        json.dumps({"format": 1, "images": "images", "classes": classes})
    )
    return folder


class Window:
    """The program's window with one image open."""

    def __init__(self, project: Path) -> None:
        from PySide6.QtCore import QEvent, QObject, Qt
        from PySide6.QtGui import QMouseEvent

        from unet_gui.gui.app import create
        from unet_gui.gui.app.collector import Collector

        paint = QEvent.Type.Paint

        class Spy(QObject):
            painted = 0

            def eventFilter(self, _watched, event):
                if event.type() is paint:
                    self.painted += 1
                return False

        begin = time.perf_counter()
        self.app, self.window = create(["unet-gui", str(project)])
        self.session, self.state = self.window.session, self.window.state
        self.collector = Collector(lambda: self.session.stroking, self.window)
        self.window.show()
        self.canvas = self.window.canvas
        self.window.resize(1920, 1080)
        self.spy = Spy()
        self.canvas.installEventFilter(self.spy)
        while self.session.document is None:
            self.app.processEvents()
            time.sleep(0.002)
        self.opened = time.perf_counter() - begin
        self.window.parts.panels.toggle()  # the canvas has the room it has in the prototype
        while self.window.prediction.state.kind == "loading" or not self.idle_for(1.0):
            self.settle()
        self.none, self.left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
        # Importing takes a part of what a move does, so it is done before.
        self.mouse_event, self.unmodified = QMouseEvent, Qt.KeyboardModifier.NoModifier

    def settle(self, seconds: float = 0.5) -> None:
        """Let everything that is under way come to its end, saving included."""
        until = time.perf_counter() + seconds
        while time.perf_counter() < until or self.session.saver.pending:
            self.app.processEvents()
            time.sleep(0.002)

    def idle_for(self, seconds: float) -> bool:
        """Whether nothing runs in the background for so long."""
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            self.app.processEvents()
            time.sleep(0.01)
            if self.session.runner.busy or self.window.prediction.state.kind == "loading":
                return False
        return True

    def circle(self):
        from PySide6.QtCore import QPointF

        width, height = self.canvas.width(), self.canvas.height()
        radius = min(250, 0.4 * height)
        angles = (2 * math.pi * i / MOVES for i in range(MOVES + 1))
        return [
            QPointF(width / 2 + radius * math.cos(a), height / 2 + radius * math.sin(a))
            for a in angles
        ]

    def send(self, kind, at, button, buttons) -> None:
        place = self.canvas.mapToGlobal(at.toPoint())
        event = self.mouse_event(kind, at, place, button, buttons, self.unmodified)
        self.app.sendEvent(self.canvas, event)

    def timed(self, act) -> tuple[float, float]:
        """Wall and CPU milliseconds from `act` until the canvas is painted."""
        painted = self.spy.painted
        start, busy = time.perf_counter(), time.process_time()
        act()
        until = start + 5
        while self.spy.painted == painted and time.perf_counter() < until:
            self.app.processEvents()
        return 1000 * (time.perf_counter() - start), 1000 * (time.process_time() - busy)

    def stroke(self):
        """Figures of one stroke, then of undoing and redoing it."""
        from PySide6.QtCore import QEvent

        points, kind = self.circle(), QEvent.Type
        self.settle(0.3)
        press = self.timed(
            lambda: self.send(kind.MouseButtonPress, points[0], self.left, self.left)
        )
        moves = [
            self.timed(lambda p=p: self.send(kind.MouseMove, p, self.none, self.left))
            for p in points[1:]
        ]
        start, busy = time.perf_counter(), time.process_time()
        self.send(kind.MouseButtonRelease, points[-1], self.left, self.none)
        self.app.processEvents()
        release = 1000 * (time.perf_counter() - start), 1000 * (time.process_time() - busy)
        self.settle(0.3)
        undo = self.timed(self.session.undo)
        self.settle(0.3)
        redo = self.timed(self.session.redo)
        return {"moves": moves, "press": press, "release": release, "undo": undo, "redo": redo}

    def train(self, seconds: float) -> None:
        """Start a round as the window does, and wait until it learns."""
        finetuning = self.window.finetuning
        if not finetuning.start(seconds):
            raise SystemExit("training did not start")
        while not finetuning.losses:
            if not finetuning.running:
                raise SystemExit(f"training ended: {finetuning.state.text}")
            self.settle(0.2)

    def frames(self, act, count: int = 40):
        return [self.timed(act) for _ in range(count)]

    def close(self) -> None:
        self.collector.stop()
        self.window.close()
        self.window.shutdown()


def percentile(values, q) -> float:
    return sorted(values)[min(len(values) - 1, round(q / 100 * (len(values) - 1)))]


def rss() -> float:
    """Resident memory in GB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e9


def prototype(shared: Path, megapixels: int, repeats: int):
    """p50 and p99 of the prototype's moves by (view, brush), on the same screen."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as out:
        script = shared / "bench" / "yardstick" / "yardstick.py"
        command = [sys.executable, str(script), "widget", "--mp", str(megapixels)]
        env = {**os.environ, "BENCH_OUT": out.name, "PYTHONPATH": ""}
        done = subprocess.run(
            [*command, "--reps", str(repeats)], env=env, capture_output=True, text=True, check=False
        )
        rows = [json.loads(line) for line in Path(out.name).read_text().splitlines()]
    if not rows:
        print(f"the prototype did not run: {done.stderr[-300:]}", file=sys.stderr)
    found: dict[tuple[str, int], list[dict[str, float]]] = {}
    for row in rows:
        if row["what"] == "stroke":
            found.setdefault((row["view"], row["brush"]), []).append(row)
    return {
        key: {k: statistics.median(r[k] for r in group) for k in ("p50", "p99", "cpu_p50")}
        for key, group in found.items()
    }


def stroke_row(megapixels, view, brush, strokes, base):
    moves = [m for s in strokes for m in s["moves"]]
    row = {
        "what": "stroke", "mp": megapixels, "view": view, "brush": brush,
        "p50": percentile([m[0] for m in moves], 50), "p99": percentile([m[0] for m in moves], 99),
        "cpu_p50": percentile([m[1] for m in moves], 50),
        "cpu_p99": percentile([m[1] for m in moves], 99),
    }  # fmt: skip
    for name in ("press", "release", "undo", "redo"):
        row[name] = statistics.median(s[name][0] for s in strokes)
        row[f"cpu_{name}"] = statistics.median(s[name][1] for s in strokes)
    if base is not None:
        row["prototype_p50"], row["prototype_cpu"] = base["p50"], base["cpu_p50"]
        row["prototype_p99"] = base["p99"]
        row["ratio"] = row["cpu_p50"] / base["cpu_p50"]
    return row


def strokes_of(window, brushes, repeats):
    """(view, brush, strokes) of each kind."""
    for view in ("fit", "1:1"):
        window.canvas.zoom_fit() if view == "fit" else window.canvas.zoom_actual()
        for brush in brushes:
            window.state.set_size(brush)
            strokes = []
            for repeat in range(repeats):
                window.state.set_active_class(1 + repeat % 2)
                strokes.append(window.stroke())
            yield view, brush, strokes


def measure_training(megapixels, brushes, repeats):
    """Painting alone, then while a round learns from what was painted."""
    with tempfile.TemporaryDirectory() as folder:
        window = Window(make_project(Path(folder) / "project", SIDES[megapixels]))
        alone = {}
        for view, brush, strokes in strokes_of(window, brushes, repeats):
            alone[view, brush] = stroke_row(megapixels, view, brush, strokes, None)
            yield alone[view, brush]
        window.train(3600.0)
        for view, brush, strokes in strokes_of(window, brushes, repeats):
            row = stroke_row(megapixels, view, brush, strokes, None)
            idle = alone[view, brush]
            running = window.window.finetuning.running
            yield {**row, "training": running, "p99_ratio": row["p99"] / idle["p99"]}
        window.window.finetuning.abandon()
        window.close()
        gc.collect()


def measure(megapixels, brushes, repeats, shared):
    with tempfile.TemporaryDirectory() as folder:
        window = Window(make_project(Path(folder) / "project", SIDES[megapixels]))
        yield {"what": "open", "mp": megapixels, "s": window.opened, "rss_gb": rss()}
        canvas, session = window.canvas, window.session
        base = prototype(shared, megapixels, repeats) if shared is not None else {}
        for view, brush, strokes in strokes_of(window, brushes, repeats):
            yield stroke_row(megapixels, view, brush, strokes, base.get((view, brush)))
        yield {"what": "undo memory", "mp": megapixels, "mb": session.document.history.size / 1e6}
        pattern = (np.arange(session.document.shape[1]) // 40 % 4).astype(np.uint8)
        whole = np.broadcast_to(pattern, session.document.shape)
        session.apply("Fill", session.document.bounds, whole)
        window.settle()
        yield {"what": "memory with a full mask", "mp": megapixels, "rss_gb": rss()}
        for view in ("fit", "1:1"):
            canvas.zoom_fit() if view == "fit" else canvas.zoom_actual()
            window.settle()
            for name, act in (
                ("pan", lambda: (canvas._viewport.pan(7, 5), canvas._on_view_changed())),
                ("zoom", lambda: canvas.zoom_to(canvas.zoom * 1.02)),
                ("repaint", canvas.update),
            ):
                times = window.frames(act)
                wall, cpu = [t[0] for t in times], [t[1] for t in times]
                yield {
                    "what": name, "mp": megapixels, "view": view,
                    "p50": percentile(wall, 50), "p99": percentile(wall, 99),
                    "cpu_p50": percentile(cpu, 50), "cpu_p99": percentile(cpu, 99),
                }  # fmt: skip
        window.close()
        gc.collect()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=int, nargs="+", default=[16, 100], choices=[*SIDES])
    parser.add_argument("--brushes", type=int, nargs="+", default=[20, 200])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--while-training", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
            os.environ[name] = home  # the person's own settings and projects stay out of it
        for megapixels in args.megapixels:
            if args.while_training:
                rows = measure_training(megapixels, args.brushes, args.repeats)
            else:
                rows = measure(megapixels, args.brushes, args.repeats, shared_folder())
            for row in rows:
                print(
                    json.dumps(
                        {k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()}
                    ),
                    flush=True,
                )


if __name__ == "__main__":
    main()
