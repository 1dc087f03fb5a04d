"""Takes the pictures in README of the real window at work.

    python packaging/screenshots.py                       the sample project
    python packaging/screenshots.py FOLDER --out DIR      any project or folder of images
    python packaging/screenshots.py --every --out DIR     dialogs and small sizes too

Needs no screen: without one Qt draws into memory. Works on a copy of the sample and leaves the
settings of the person who runs it alone.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

# so that the script also runs where the package is not installed
sys.path.insert(1, str(Path(__file__).resolve().parents[1]))

import numpy as np
from make_sample import sample_image
from PIL import Image
from scipy import ndimage

from unet_gui.dataset import bundled

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from unet_gui.gui.main_window import MainWindow

OUT: Final = Path(__file__).resolve().parent / "screenshots"
SIZE: Final = (1360, 850)
SMALL: Final = (1024, 640)
PATIENCE: Final = 120.0


class Photographer:
    """Uses the window as a person would and takes pictures of it."""

    def __init__(self, window: MainWindow, out: Path) -> None:
        self.window = window
        self.session = window.session
        self.out = out
        out.mkdir(parents=True, exist_ok=True)

    def wait(self, what: str, until: Callable[[], bool]) -> None:
        """Let the window work until something has happened.

        Raises:
            TimeoutError: it does not happen.
        """
        from PySide6.QtTest import QTest

        end = time.monotonic() + PATIENCE
        while not until():
            if time.monotonic() > end:
                raise TimeoutError(f"waited in vain for {what}")
            QTest.qWait(20)

    def settle(self, milliseconds: int = 400) -> None:
        from PySide6.QtTest import QTest

        QTest.qWait(milliseconds)

    def take(self, name: str, widget: QWidget | None = None) -> None:
        """Save a picture of the window, or of one widget."""
        self.settle(1200)
        path = self.out / f"{name}.png"
        (widget or self.window).grab().save(str(path))
        with Image.open(path) as picture:
            picture.convert("RGB").save(path, optimize=True)
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB", flush=True)

    def trigger(self, action: str) -> None:
        from PySide6.QtGui import QAction

        found = self.window.findChild(QAction, f"action_{action}")
        if found is None:
            raise LookupError(f"there is no action {action}")
        found.trigger()
        self.settle(100)

    def key(self, key: int) -> None:
        from PySide6.QtTest import QTest

        QTest.keyClick(self.window.findChild(_widget(), "canvas"), key)

    def open(self, number: int) -> None:
        """Show an image (from 0) and wait for its proposal."""
        name = self.session.project.images[number].name
        self.session.open_image(name)
        self.wait(name, lambda: self.session.entry is not None and self.session.entry.name == name)
        self.wait("the image", lambda: self.session.document is not None)

    def wait_for_proposal(self) -> None:
        self.wait("a proposal", lambda: self.session.ghost is not None)

    def paint(self, class_number: int, *, over: int | None = None) -> None:
        """A stroke along the largest part that the proposal gives to a class.

        With `over`, where the proposal says `over` and the sample's truth the class itself.
        """
        from PySide6.QtCore import QPointF, Qt
        from PySide6.QtTest import QTest

        ghost, document = self.session.ghost, self.session.document
        ids = self.session.project.classes.ids
        wanted = ghost.mask == ids[class_number]
        if over is not None:
            number = int(Path(self.session.entry.name).stem.rpartition("-")[2])
            _, truth = sample_image(number)
            wanted = (ghost.mask == ids[over]) & (truth == ids[class_number])
            wanted = ndimage.binary_opening(wanted, iterations=3)
        parts, count = ndimage.label(wanted & (document.mask == 255))
        if not count:
            return
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        room = ndimage.distance_transform_edt(np.pad(parts == sizes.argmax(), 1))[1:-1, 1:-1]
        y, x = np.unravel_index(room.argmax(), room.shape)
        radius = float(room[y, x])
        canvas = self.window.findChild(_widget(), "canvas")
        QTest.keyClick(canvas, Qt.Key.Key_1 + class_number)
        self.window.findChild(_widget(), "brush_size").setValue(max(3, int(radius * 1.3)))
        way = [
            (x + dx * radius, y + dy * radius) for dx, dy in ((-0.5, 0.2), (0, -0.2), (0.5, 0.1))
        ]
        points = [canvas.to_canvas(QPointF(a, b)).toPoint() for a, b in way]
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=points[0])
        for point in points[1:]:
            QTest.mouseMove(canvas, point)
            self.settle(20)
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=points[-1])

    def learn(self, shot: str | None = None) -> None:
        """Fine-tune once with the shortest budget; take a picture on the way."""
        tuning = self.window.finetuning
        self.window.findChild(_widget(), "budget").setCurrentIndex(0)
        self.trigger("fine_tune")
        self.wait("the round", lambda: tuning.state.step > 0 or not tuning.running)
        if shot:
            self.settle(4000)
            self.take(shot)
        self.wait("the end of the round", lambda: not tuning.running)


def _widget() -> type[QWidget]:
    from PySide6.QtWidgets import QWidget

    return QWidget


def readme_pictures(person: Photographer, first: int, second: int, *, sample: bool) -> None:
    """One light while painting over a proposal, one dark after a round.

    In the sample the red cells are corrected, which the starter takes for cytoplasm.
    """
    person.open(first)
    person.wait_for_proposal()
    person.paint(1)
    person.paint(2)
    for _ in range(3 if sample else 1):
        person.paint(0, over=1 if sample else None)
    person.trigger("theme_light")
    person.trigger("brush")
    person.take("window-light")
    person.learn()
    person.open(second)
    person.wait_for_proposal()
    person.trigger("theme_dark")
    person.trigger("outline")
    person.paint(1)
    person.take("window-dark")
    person.trigger("outline")


def other_pictures(person: Photographer, number: int) -> None:
    """What README does not show: learning, small windows, dialogs, the start page."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QDialog

    def shoot_dialog(name: str) -> None:
        for dialog in QApplication.topLevelWidgets():
            if isinstance(dialog, QDialog) and dialog.isVisible():
                person.take(name, dialog)
                dialog.close()

    person.open(number)
    for theme in ("light", "dark"):
        person.trigger(f"theme_{theme}")
        person.window.resize(*SMALL)
        person.take(f"small-{theme}")
        person.window.resize(*SIZE)
        person.learn(f"learning-{theme}")
        for action in ("export", "new_project", "keys", "commands", "about"):
            QTimer.singleShot(600, lambda n=f"{action}-{theme}": shoot_dialog(n))
            person.trigger(action)
            person.settle(1200)
    person.trigger("close_project")
    for theme in ("light", "dark"):
        person.trigger(f"theme_{theme}")
        person.take(f"start-{theme}")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Take the pictures in README.")
    parser.add_argument("folder", nargs="?", type=Path, help="default: a copy of the sample")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--every", action="store_true", help="dialogs and small sizes too")
    parser.add_argument("--images", type=int, nargs=2, default=(4, 8), metavar="N", help="from 0")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="unet-gui-shots-") as home:
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            os.environ[name] = home
        if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
            os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        folder = arguments.folder or bundled.sample_project_copy(Path(home) / "cells")
        from unet_gui.gui.app import create

        _, window = create(["unet-gui", str(folder)])
        window.resize(*SIZE)
        window.show()
        person = Photographer(window, arguments.out.absolute())
        person.wait("the first image", lambda: window.session.document is not None)
        readme_pictures(person, *arguments.images, sample=arguments.folder is None)
        if arguments.every:
            other_pictures(person, arguments.images[0])
        window.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
