"""How fast the window paints while the instant learner refits without a pause, and when it is off.

    xvfb-run -a -s "-screen 0 1920x1080x24" \
        python tests/benchmarks/bench_paint_live.py [--brushes 20 200] [--repeats 3]

The real window with an image of 1 megapixel and real events, as `bench_paint.py`; leave both of two
cores to it. A person lifts the brush now and then; here one refit follows the other, so that every
move is painted beside one.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from bench_paint import SIDES, Window, make_project, percentile

from unet_gui.core.geometry import Rect

PAUSE = 0.004
"""Seconds between two moves, or the learner would have no chance to disturb."""


class Busy:
    """The window's instant learner, kept at work."""

    def __init__(self, window: Window) -> None:
        from unet_gui.gui.instant import InstantService

        self.window = window
        self.service = window.window.findChild(InstantService)
        self.on, self.answers = False, 0
        self.service.judged.connect(self._again)

    def _again(self, standing) -> None:
        if self.on and standing is not None:
            self.answers += 1
            self.begin()

    def begin(self) -> None:
        self.service._proposer.learner._fitted = False
        self.service._answer()

    def switch(self, *, on: bool) -> None:
        """The learner there and at work, or off."""
        self.on, self.answers = False, 0
        self.service.set_enabled(on)
        while on and self.service._proposer is None:
            self.window.settle(0.1)
        self.window.settle(2.0)
        self.on = on
        if on:
            self.begin()


def moves_of(window: Window, brush: int, repeats: int) -> list[tuple[float, float]]:
    """Wall and CPU milliseconds of each move of some strokes."""
    from PySide6.QtCore import QEvent

    kind = QEvent.Type
    window.state.set_size(brush)
    found = []
    for repeat in range(repeats):
        window.state.set_active_class(1 + repeat % 2)
        points = window.circle()
        window.settle(0.1)
        window.timed(
            lambda p=points[0]: window.send(kind.MouseButtonPress, p, window.left, window.left)
        )
        for point in points[1:]:
            found.append(
                window.timed(
                    lambda p=point: window.send(kind.MouseMove, p, window.none, window.left)
                )
            )
            time.sleep(PAUSE)
        window.send(kind.MouseButtonRelease, points[-1], window.left, window.none)
        window.app.processEvents()
    return found


def measure(args, folder: Path):
    window = Window(make_project(folder / "project", SIDES[1]))
    for class_id, corner in ((0, 0), (3, 880)):
        rect = Rect(corner, corner, corner + 120, corner + 120)
        window.session.apply("Fill", rect, class_id)
    learner = Busy(window)
    for view in ("fit", "1:1"):
        window.canvas.zoom_fit() if view == "fit" else window.canvas.zoom_actual()
        for brush in args.brushes:
            row = {"view": view, "brush": brush}
            for label, on in (("alone", False), ("learning", True)):
                learner.switch(on=on)
                wall, cpu = zip(*moves_of(window, brush, args.repeats), strict=True)
                row |= {f"{label}_p{q}": percentile(wall, q) for q in (50, 99)}
                row[f"{label}_cpu_p99"] = percentile(cpu, 99)
            yield {
                **row,
                "answers": learner.answers,
                "ratio": row["learning_p99"] / row["alone_p99"],
            }
    learner.on = False
    window.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--brushes", type=int, nargs="+", default=[20, 200])
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
            os.environ[variable] = name
        for row in measure(args, Path(name)):
            rounded = {k: round(v, 2) if isinstance(v, float) else v for k, v in row.items()}
            print(json.dumps(rounded), flush=True)


if __name__ == "__main__":
    main()
