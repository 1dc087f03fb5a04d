"""How the window copes with a folder of very many images.

    python tests/benchmarks/bench_many.py [--images 100000] [--folder PLACE] [--json]

Makes a folder of small JPEG and PNG files, starts the window on it in a process of its own, and
tells how long it took from the start of the process to the first picture and to the whole list,
the longest the window did not answer meanwhile, how long a frame of the list takes while it is
scrolled, and the most memory that was needed (the network is left out). The same folder is walked
and sorted by Python alone in the same run: `ratio` is the processor time of opening the project
without a window to that. Processor times are what a busy machine does not disturb. Needs a display,
real, virtual or `QT_QPA_PLATFORM=offscreen`.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 16
DIFFERENT = 64
FRAMES = 300
GIVE_UP_S = 120


def make_folder(folder: Path, images: int) -> None:
    """Small files, half JPEG, half PNG, of some dozens of contents."""
    rng = np.random.default_rng(1)
    contents = []
    for number in range(DIFFERENT):
        buffer = io.BytesIO()
        pixels = rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
        Image.fromarray(pixels).save(buffer, ("PNG", "JPEG")[number % 2])
        contents.append(buffer.getvalue())
    folder.mkdir(parents=True)
    for number in range(images):
        name = f"image {number}.{('png', 'jpg')[number % 2]}"
        (folder / name).write_bytes(contents[number % DIFFERENT])


def walked(folder: Path) -> list[str]:
    """What nobody can do without."""
    return sorted(f"{place}{os.sep}{f}" for place, _, files in os.walk(folder) for f in files)


def clocked(action) -> dict:
    """Seconds of the clock and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return {"s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def measure(folder: Path) -> dict:
    from unet_gui.dataset.project import Project

    walked(folder)  # the disk's cache is warm for both
    walk = clocked(lambda: walked(folder))
    opened = clocked(lambda: Project.open(folder))
    with tempfile.TemporaryDirectory() as home:
        places = {f"XDG_{kind}_HOME": home for kind in ("CONFIG", "DATA", "CACHE", "STATE")}
        command = [
            sys.executable,
            "-X",
            "faulthandler",
            __file__,
            "--child",
            repr(time.time()),
            "--folder",
            str(folder),
        ]
        environment = {**os.environ, **places, "HOME": home}
        found = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    return {
        "walk_and_sort": walk,
        "open_project": {**opened, "ratio": opened["cpu_s"] / walk["cpu_s"]},
        **json.loads(found.stdout.splitlines()[-1]),
    }


class Watched:
    """The window, its events pumped by hand; remembers the longest it did not answer.

    Args:
        folder: what it opens.
        began: when the process was started, seconds since 1970.
    """

    def __init__(self, folder: Path, began: float) -> None:
        from unet_gui.gui.app import create

        self._began = began
        self.app, self.window = create(["unet-gui", str(folder)])
        self.window.prediction.start = lambda: None
        self.window.show()
        self.longest = 0.0

    def until(self, reached) -> dict:
        """Handle events until `reached()`; how long since the start of the process."""
        while not reached():
            started = time.perf_counter()
            self.app.processEvents()
            self.longest = max(self.longest, time.perf_counter() - started)
            time.sleep(0.002)
            if time.time() - self._began > GIVE_UP_S:
                sys.exit("The window was not ready in time.")
        return {
            "s": time.time() - self._began,
            "cpu_s": time.process_time(),
            "gui_thread_cpu_s": time.thread_time(),
        }

    def pictured(self) -> bool:
        """The canvas has painted an image."""
        return self.window.session.document is not None and self.window.canvas.isVisible()

    def scroll(self) -> dict:
        """Milliseconds for a frame: wheel turns, then long leaps by the scroll bar."""
        view = self.window.images.view
        bar = view.verticalScrollBar()
        cost, cpu = [], []
        for step in range(FRAMES):
            leap = step >= FRAMES // 2
            bar.setValue(step * (bar.maximum() // FRAMES) if leap else bar.value() + 120)
            wall, busy = time.perf_counter(), time.thread_time()
            view.viewport().repaint()
            self.app.processEvents()
            cost.append(1000 * (time.perf_counter() - wall))
            cpu.append(1000 * (time.thread_time() - busy))
        return {
            "median_ms": float(np.median(cost)), "worst_ms": max(cost),
            "cpu_median_ms": float(np.median(cpu)), "cpu_worst_ms": max(cpu),
        }  # fmt: skip


def child(folder: Path, began: float) -> None:
    watched = Watched(folder, began)
    first = watched.until(watched.pictured)
    images = watched.window.images
    whole = watched.until(lambda: images.model.rowCount() >= 2)
    unanswered = watched.longest
    read = watched.until(lambda: not images.statuses.busy)
    result = {
        "first_picture": first,
        "whole_list": whole,
        "statuses_read": read,
        "longest_unanswered_s": {"opening": unanswered, "statuses": watched.longest},
        "scrolling": watched.scroll(),
        "peak_mb": peak_mb(),
    }
    watched.window.close()
    print(json.dumps(result), flush=True)


def peak_mb() -> float:
    """The most memory this process held."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="an existing folder instead of a made one")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", type=float, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.child is not None:
        child(words.folder, words.child)
        return
    if words.folder:
        result = measure(words.folder)
    else:
        with tempfile.TemporaryDirectory() as made:
            make_folder(Path(made) / "many", words.images)
            result = measure(Path(made) / "many")
    if words.json:
        print(json.dumps(result))
        return
    for name, figures in result.items():
        told = figures if isinstance(figures, dict) else {"": figures}
        print(f"{name:22}", "  ".join(f"{key} {value:.3f}".strip() for key, value in told.items()))


if __name__ == "__main__":
    main()
