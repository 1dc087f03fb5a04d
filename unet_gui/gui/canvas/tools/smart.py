"""Smart click: an object, or all that are like it, is proposed, made more or less, and painted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PySide6.QtCore import Qt

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.geometry import Rect
from unet_gui.gui.canvas.tools.base import CanvasTool, Contact, Look, Preview, tool_name, tr
from unet_gui.gui.canvas.tools.outlines import ENTER
from unet_gui.gui.canvas.tools.window import Window, enlarged, on_image, window_around
from unet_gui.gui.state import Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from numpy.typing import NDArray

    from unet_gui.core.errors import UnetGuiError
    from unet_gui.dataset.image_source import ImageSource
    from unet_gui.gui.canvas.tools.base import Bench, Region
    from unet_gui.gui.documents import Ghost
    from unet_gui.regions.objects import Nested, ObjectFinder

MOST: Final = 720 * 720
"""Pixels looked at: of a larger view a coarser level."""

KEY: Final = "smart click"
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


@dataclass(frozen=True, slots=True)
class Labels:
    """What is labelled while an object is sought.

    Attributes:
        read: gives the mask in a rectangle inside the image; from any thread.
        value: to be painted, 255 to erase.
        over: of the pixel clicked.
    """

    read: Callable[[Rect], NDArray[np.uint8]]
    value: int
    over: int

    def marked(self, mask: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
        """What has the class to be painted; it says what the next one may look like."""
        if self.value == UNLABELLED:
            return None
        same: NDArray[np.bool_] = mask == self.value
        return same

    def taken(self, mask: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
        """What stays as it is, and so is no part of the object."""
        if self.over == self.value:
            return None
        other: NDArray[np.bool_] = (mask != self.over) & (mask != self.value)
        return other


class SmartTool(CanvasTool):
    """A click proposes, the wheel changes how much, Enter or a click on it paints.

    Only pixels of the class that the one clicked has now, or of none as it, are painted: what is
    labelled otherwise inside the object or beside it stays.

    The wheel with Shift goes on from the object as it is shown to those in view that are like it,
    the likest first. They are one proposal, and one undo step.
    """

    tool = Tool.SMART

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._nested: Nested | None = None
        self._finder: ObjectFinder | None = None
        self._further = False
        self._window: Window | None = None
        self._over: int | None = None
        self._level = 0
        self._erase = False
        self._searching = False
        self._preview: Preview | None = None

    @property
    def busy(self) -> bool:
        return self._searching or self._nested is not None

    @property
    def look(self) -> Look:
        return Look(erases=self._erase and self.busy)

    @property
    def preview(self) -> Preview | None:
        return self._preview

    def press(self, contact: Contact, *, erase: bool) -> None:
        bench = self.bench
        pixel, source = bench.pixel(bench.point(contact)), bench.session.source
        if pixel is None or source is None:
            return
        if self._holds(pixel):
            self._accept()
            return
        self.drop()
        if bench.value(erase=erase) is None:
            return
        self._erase, self._searching = erase, True
        self._over = bench.document.value_at(*pixel) if bench.document is not None else None
        visible = bench.viewport.visible.intersection(bench.bounds)
        window = window_around(source, visible, pixel, MOST)
        bench.session.runner.submit(
            KEY,
            partial(_propose, source, bench.session.ghost, window, pixel, self._labels(erase)),
            on_done=partial(self._on_found, window),
            on_error=self._on_error,
            priority=-20,
        )

    def double_press(self, contact: Contact, *, erase: bool) -> None:
        """A quick second click paints what the first has proposed, if that is there already."""
        if self._nested is not None:
            self._accept()

    def wants_wheel(self, modifiers: Qt.KeyboardModifier) -> bool:
        return self._nested is not None and modifiers in (NONE, SHIFT)

    def wheel(self, steps: int) -> None:
        assert self._nested is not None
        if self._searching:
            return
        if steps > 0 and not self._further and self.bench.held(SHIFT):
            self._go_further()
            return
        level = max(0, min(self._nested.count - 1, self._level + steps))
        if level != self._level:
            self._show(level)

    def wants_key(self, key: int) -> bool:
        return self._nested is not None and key in ENTER

    def key(self, key: int) -> None:
        self._accept()

    def abort(self) -> bool:
        was = self.busy
        self.drop()
        return was

    def drop(self) -> None:
        super().drop()
        self.bench.session.runner.cancel(KEY)
        self._searching = self._further = False
        self._nested = self._finder = self._window = self._preview = None

    def _labels(self, erase: bool) -> Labels | None:
        """The mask as it is now."""
        document, over = self.bench.document, self._over
        if document is None or over is None:
            return None
        value = UNLABELLED if erase else self.bench.state.active_class
        return Labels(document.snapshot().read, value, over)

    def _on_found(self, window: Window, found: tuple[ObjectFinder, Nested] | None) -> None:
        self._searching = False
        if found is not None:
            self._finder, self._nested = found
            self._window = window
            self._show(self._nested.start)
        self.bench.changed()

    def _go_further(self) -> None:
        """Seek what is like the object as it is shown now."""
        assert self._finder is not None
        assert self._nested is not None
        self._searching = True
        self.bench.session.runner.submit(
            KEY,
            partial(_alike, self._finder, self._nested, self._level),
            on_done=self._on_alike,
            on_error=self._on_error,
            priority=-20,
        )

    def _on_alike(self, nested: Nested | None) -> None:
        self._searching = False
        if nested is not None and self._nested is not None:
            if nested.start == self._level:
                self.bench.session.noticed.emit(tr("Nothing else in view looks like it."))
            else:
                self._nested, self._further = nested, True
                self._show(nested.start)
        self.bench.changed()

    def _on_error(self, error: UnetGuiError) -> None:
        self.drop()
        self.bench.session.failed.emit(error)

    def _show(self, level: int) -> None:
        assert self._nested is not None
        assert self._window is not None
        self._level = level
        rect, where = self._nested.region(level)
        at, coarser = self._window.rect, self._window.level
        rect = rect.moved(at.x0, at.y0)
        value = UNLABELLED if self._erase else self.bench.state.active_class
        inside = on_image(rect, coarser).intersection(self.bench.bounds)
        step = 1 << coarser
        where = where & self._free(inside)[::step, ::step]
        self._preview = Preview(region=(rect, where), level=coarser, value=value)

    def _free(self, rect: Rect) -> NDArray[np.bool_]:
        """Pixels that may be painted: of the value that the one clicked has, or is to have."""
        document = self.bench.document
        assert document is not None
        mask = document.read(rect)
        value = UNLABELLED if self._erase else self.bench.state.active_class
        if self._over == value:  # to complete what is painted already, whatever is around it
            return np.ones(mask.shape, np.bool_)
        free: NDArray[np.bool_] = (mask == self._over) | (mask == value)
        return free

    def _region(self) -> Region:
        assert self._preview is not None
        assert self._preview.region is not None
        rect, where = enlarged(self._preview.region, self._preview.level, self.bench.bounds)
        return rect, where & self._free(rect)

    def _holds(self, pixel: tuple[int, int]) -> bool:
        if self._preview is None or self._preview.region is None:
            return False
        rect, where = self._preview.region
        x, y = pixel[0] >> self._preview.level, pixel[1] >> self._preview.level
        inside = rect.x0 <= x < rect.x1 and rect.y0 <= y < rect.y1
        return inside and bool(where[y - rect.y0, x - rect.x0])

    def _accept(self) -> None:
        region, erase = self._region(), self._erase
        self.drop()
        value = self.bench.value(erase=erase)
        if value is not None:
            self.bench.apply(tool_name(self.tool, erase=erase), region, value)


def _propose(
    source: ImageSource,
    ghost: Ghost | None,
    window: Window,
    pixel: tuple[int, int],
    labels: Labels | None,
) -> Generator[Any, None, tuple[ObjectFinder, Nested]]:
    from unet_gui.regions.objects import ObjectFinder

    yield
    image = source.read(window.rect, window.level)
    yield
    classes = confidence = marked = taken = None
    box, step = on_image(window.rect, window.level), 1 << window.level
    if ghost is not None and ghost.mask.shape == source.shape:
        cut = slice(box.y0, box.y1, step), slice(box.x0, box.x1, step)
        classes, confidence = ghost.mask[cut], ghost.confidence[cut]
    if labels is not None:
        inside = box.intersection(Rect.of_shape(source.shape))
        mask = labels.read(inside)[::step, ::step]
        marked, taken = labels.marked(mask), labels.taken(mask)
    finder = ObjectFinder(
        image, classes=classes, confidence=confidence, labelled=marked, taken=taken
    )
    yield
    return finder, finder.propose(*window.inside(pixel))


def _alike(finder: ObjectFinder, nested: Nested, level: int) -> Generator[Any, None, Nested]:
    yield
    return finder.alike(nested, level)
