"""A person who does the whole job with mouse and keyboard in the real window.

    python tests/e2e/scripted_person.py IMAGES TRUTH OUT [--shots DIR]

Opens the folder IMAGES, makes three classes, paints by the truth in TRUTH, undoes, waits for a
proposal, accepts, corrects, fine-tunes, fine-tunes again and stops it, and exports VOC into
OUT/voc. What the window held at the end is written to OUT/painted as .npy, one for each image
worked on; OUT/report.json tells what happened. Nothing of the program is called but `create` and
what a person can reach: widgets by name, mouse events and keys.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QWidget
from scipy import ndimage

from unet_gui.gui.app import create

CLASSES = ("background", "cytoplasm", "nucleus")
LEFT = Qt.MouseButton.LeftButton


class Person:
    """Looks at the window and uses it."""

    def __init__(self, window: QWidget, truth: Path, shots: Path | None) -> None:
        self.window = window
        self.session = window.session
        self.canvas = self.see("canvas")
        self.truth = truth
        self.shots = shots
        self.strokes = 0

    def see(self, name: str, kind: type = QWidget):
        found = self.window.findChild(kind, name)
        assert found is not None, f"there is no {name} in the window"
        return found

    def wait(self, what, until, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < end, f"waited {seconds} s in vain for {what}"
            # not QTest.qWait, which keeps Python's lock and so holds up the threads waited for
            QApplication.processEvents()
            time.sleep(0.02)

    def look(self, name: str) -> None:
        if self.shots:
            self.shots.mkdir(parents=True, exist_ok=True)
            self.window.grab().save(str(self.shots / f"{name}.png"))

    def press(self, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.canvas, key, modifier)
        QApplication.processEvents()

    def click(self, name: str) -> None:
        widget = self.see(name)
        assert widget.isEnabled(), f"{name} cannot be pressed"
        QTest.mouseClick(widget, LEFT, pos=widget.rect().center())
        QApplication.processEvents()

    def on_canvas(self, x: float, y: float) -> QPoint:
        return self.canvas.to_canvas(QPointF(x, y)).toPoint()

    def drag(self, points) -> None:
        """Press at the first image point, move along the others, release."""
        first, *others = [self.on_canvas(x, y) for x, y in points]
        QTest.mouseMove(self.canvas, first)
        QTest.mousePress(self.canvas, LEFT, pos=first)
        for point in others:
            QTest.mouseMove(self.canvas, point)
            QApplication.processEvents()
        QTest.mouseRelease(self.canvas, LEFT, pos=(others or [first])[-1])
        QApplication.processEvents()
        self.strokes += 1

    def mask(self) -> np.ndarray:
        return self.session.document.mask

    def true_mask(self) -> np.ndarray:
        stem = Path(self.session.entry.name).stem
        return np.asarray(Image.open(self.truth / f"{stem}.png"))

    def type_class_name(self, name: str) -> None:
        self.wait("a place to type", lambda: isinstance(QApplication.focusWidget(), QLineEdit), 10)
        editor = QApplication.focusWidget()
        editor.selectAll()
        QTest.keyClicks(editor, name)
        QTest.keyClick(editor, Qt.Key.Key_Return)
        project = self.session.project
        self.wait(f"the name {name}", lambda: name in [c.name for c in project.classes], 10)

    def name_class(self, row: int, name: str) -> None:
        """Choose a row of the class list with the mouse and type a name after F2."""
        view = self.see("class_list")
        index = view.model().index(row, 0)
        QTest.mouseClick(view.viewport(), LEFT, pos=view.visualRect(index).center())
        QTest.keyClick(view, Qt.Key.Key_F2)
        QTest.qWait(50)
        self.type_class_name(name)

    def make_classes(self) -> None:
        for row, name in enumerate(CLASSES):
            if row < len(self.session.project.classes):
                self.name_class(row, name)
            else:
                QTest.keyClick(
                    self.window,
                    Qt.Key.Key_A,
                    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
                )
                QTest.qWait(50)
                self.type_class_name(name)
        names = [c.name for c in self.session.project.classes]
        assert tuple(names) == CLASSES, names

    def paint_class(self, class_id: int, *, where: np.ndarray | None = None) -> bool:
        """One stroke along the middle of the largest part of a class; False when it is too thin."""
        wanted = self.true_mask() == class_id
        if where is not None:
            wanted &= where
        parts, count = ndimage.label(wanted)
        if not count:
            return False
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        part = parts == sizes.argmax()
        room = ndimage.distance_transform_edt(np.pad(part, 1))[1:-1, 1:-1]
        y, x = np.unravel_index(room.argmax(), room.shape)
        radius = room[y, x]
        if radius < 3:
            return False
        self.press(Qt.Key.Key_1 + class_id)
        self.see("brush_size").setValue(max(2, int(radius)))
        before = self.mask().copy()
        reach = radius / 4
        self.drag([(x + 0.5 - reach, y + 0.5), (x + 0.5, y + 0.5), (x + 0.5 + reach, y + 0.5)])
        changed = self.mask() != before
        assert (self.mask()[changed] == class_id).all()
        return True

    def paint_every_class(self, times: int) -> None:
        for _ in range(times):
            for class_id in range(len(CLASSES)):
                self.paint_class(class_id, where=self.mask() == 255)

    def undo_and_redo(self) -> None:
        before = self.mask().copy()
        assert self.paint_class(0, where=self.mask() == 255)
        after = self.mask().copy()
        assert not np.array_equal(before, after)
        self.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert np.array_equal(self.mask(), before)
        self.click("redo")
        assert np.array_equal(self.mask(), after)
        self.click("undo")
        assert np.array_equal(self.mask(), before)

    def fine_tune(self) -> dict:
        tuning = self.window.finetuning
        self.see("budget").setCurrentIndex(0)
        self.click("fine_tune")
        self.wait("the round to start", lambda: tuning.state.step > 0 or not tuning.running, 120)
        self.look("learning")
        self.wait("the round to end", lambda: not tuning.running, 150)
        assert tuning.outcome is not None, "the round brought nothing"
        return {"round": tuning.outcome.round, "adopted": tuning.outcome.adopted}

    def fine_tune_and_stop(self) -> None:
        tuning, rounds = self.window.finetuning, self.rounds()
        self.click("fine_tune")
        self.wait("the round to start", lambda: tuning.state.step > 0, 120)
        # painting goes on meanwhile
        self.paint_class(1, where=self.mask() == 255)
        self.click("fine_tune")
        self.wait("the round to stop", lambda: not tuning.running)
        assert self.rounds() == rounds, "a stopped round left something behind"

    def rounds(self) -> list[str]:
        return [r.name for r in self.session.project.rounds()]

    def accept_and_correct(self) -> dict:
        self.wait("a proposal", lambda: self.session.ghost is not None, 120)
        self.look("proposal")
        painted, proposed = self.mask().copy(), self.session.ghost.mask.copy()
        QTest.keyClick(self.canvas, Qt.Key.Key_Return)
        QApplication.processEvents()
        accepted = self.mask().copy()
        kept = painted != 255
        assert np.array_equal(accepted[kept], painted[kept]), "a correction was overwritten"
        # the instant learner is silent where it is unsure
        assert np.array_equal(accepted[~kept], proposed[~kept]), "something else was accepted"
        assert (accepted != 255).mean() > max(0.5, kept.mean()), "little was accepted"
        wrong = accepted != self.true_mask()
        corrections = sum(self.paint_class(c, where=wrong) for c in range(len(CLASSES)))
        return {"wrong_after_accepting": float(wrong.mean()), "corrections": corrections}

    def next_image(self) -> None:
        name = self.session.entry.name
        self.press(Qt.Key.Key_D)
        self.wait(
            "the next image",
            lambda: (
                self.session.document is not None
                and self.session.entry is not None
                and self.session.entry.name != name
            ),
        )

    def export(self, out: Path) -> None:
        QTest.keyClick(self.window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
        QTest.qWait(100)
        dialog = self.see("export_dialog", QDialog)
        folder = dialog.findChild(QLineEdit, "export_folder")
        if folder is None:
            folder = dialog.findChild(QWidget, "export_folder").findChild(QLineEdit)
        folder.selectAll()
        QTest.keyClicks(folder, str(out))
        self.look("export")
        button = dialog.findChild(QWidget, "export_start")
        assert button.isEnabled()
        QTest.mouseClick(button, LEFT, pos=button.rect().center())
        self.wait("the export", lambda: dialog.report is not None)
        close = dialog.findChild(QWidget, "export_close")
        QTest.mouseClick(close, LEFT, pos=close.rect().center())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("images", "truth", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--shots", type=Path)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    app, window = create(["unet-gui", str(args.images)])
    window.resize(1280, 800)
    window.show()
    assert QTest.qWaitForWindowExposed(window)
    window.activateWindow()  # a bare X server has no window manager to do so
    assert QTest.qWaitForWindowActive(window)
    person = Person(window, args.truth, args.shots)
    person.wait("the first image", lambda: window.session.document is not None)
    report: dict = {"platform": app.platformName()}
    painted: dict[str, np.ndarray] = {}

    def keep() -> None:
        painted[window.session.entry.name] = person.mask().copy()

    person.make_classes()
    person.paint_every_class(times=2)
    person.undo_and_redo()
    person.look("painted")
    keep()
    person.next_image()
    person.paint_every_class(times=1)
    keep()
    report["first_round"] = person.fine_tune()
    person.next_image()
    report["accepted"] = person.accept_and_correct()
    keep()
    person.fine_tune_and_stop()
    keep()
    report["strokes"] = person.strokes
    report["rounds"] = person.rounds()
    person.export(args.out / "voc")
    person.look("end")
    folder = args.out / "painted"
    folder.mkdir(exist_ok=True)
    for name, mask in painted.items():
        np.save(folder / f"{Path(name).stem}.npy", mask)
    window.close()
    (args.out / "report.json").write_text(json.dumps(report, indent=1), "utf-8")


if __name__ == "__main__":
    main()
