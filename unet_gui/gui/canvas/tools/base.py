"""What every tool of the canvas is: what it is told, what it works on, what it shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QPointF, Qt

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.draft import Draft
from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.progress import Progress
from unet_gui.gui.state import Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from unet_gui.core.brush import Point
    from unet_gui.core.document import Document
    from unet_gui.core.errors import UnetGuiError
    from unet_gui.core.protection import Protection
    from unet_gui.core.tiled_mask import MaskSnapshot
    from unet_gui.gui.canvas.viewport import Viewport
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ToolOptions, ViewState

Region = tuple[Rect, NDArray[np.bool_]]
"""A rectangle inside the image and a bool array of its shape."""

CLOSE: Final = 8.0
"""Logical pixels within which the pointer is meant to be at a point."""


WRITTEN_AT_ONCE: Final = 4_000_000
"""Pixels around a region up to which it is painted on the spot."""

BAND: Final = 256
"""Rows written between two points where writing can be given up."""

WRITING: Final = "write a region"


def tr(text: str) -> str:
    return QCoreApplication.translate("Canvas", text)


class Contact(NamedTuple):
    """A press or move of mouse, pen or finger.

    Attributes:
        at: in canvas coordinates.
        pressure: 0..1, 1 for a mouse.
        eraser_end: the other end of a pen.
    """

    at: QPointF
    button: Qt.MouseButton = Qt.MouseButton.NoButton
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    pressure: float = 1.0
    eraser_end: bool = False


class Look(NamedTuple):
    """How the pointer looks while a tool is in hand.

    Attributes:
        diameter: of a brush in image pixels; 0 shows a crosshair.
        square: the brush is a square.
        erases: dashed, and without the colour of a class.
    """

    diameter: float = 0.0
    square: bool = False
    erases: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """What a tool shows of what it would do, in image coordinates.

    Attributes:
        line: a thin line through these points.
        closed: the line returns to its start.
        filled: what the closed line encloses is tinted.
        nodes: points that can be taken back or closed at.
        region: tinted pixels with an outline. The same object as long as it is the same region:
            its picture is made only once.
        level: of the image in whose pixels the region is given.
        marks: pixels that are shown faintly, whatever the class. Kept like `region`.
        value: what would be painted, a class id; 255 erases.
    """

    line: Sequence[Point] = ()
    closed: bool = False
    filled: bool = False
    nodes: Sequence[Point] = ()
    region: Region | None = None
    level: int = 0
    marks: Region | None = None
    value: int = UNLABELLED


class Bench:
    """What all tools share: the session to write to, the view, and where the pointer is.

    Attributes:
        at: where the pointer is on the canvas, None when it is elsewhere.
        modifiers: keys held now.
        line_start: where the last stroke ended, in image coordinates.
        changed: to be called when a preview has changed without an event of the pointer.
        writing: a region is being written in the background.
    """

    def __init__(
        self,
        session: Session,
        state: ViewState,
        viewport: Viewport,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        self.session = session
        self.state = state
        self.viewport = viewport
        self.changed = changed
        self.at: QPointF | None = None
        self.modifiers = Qt.KeyboardModifier.NoModifier
        self.line_start: Point | None = None
        self.writing = False

    @property
    def document(self) -> Document | None:
        return self.session.document

    @property
    def options(self) -> ToolOptions:
        return self.state.options

    @property
    def bounds(self) -> Rect:
        """All pixels of the open image."""
        return self.document.bounds if self.document is not None else EMPTY

    def held(self, modifier: Qt.KeyboardModifier) -> bool:
        return bool(self.modifiers & modifier)

    def point(self, contact: Contact) -> Point:
        """Image coordinates of a contact."""
        return self.viewport.to_image(contact.at.x(), contact.at.y())

    def pointed(self) -> Point | None:
        """Image coordinates of the pointer."""
        return None if self.at is None else self.viewport.to_image(self.at.x(), self.at.y())

    def pixel(self, point: Point) -> tuple[int, int] | None:
        """(x, y) of the pixel at a point; None outside the image."""
        x, y, bounds = math.floor(point[0]), math.floor(point[1]), self.bounds
        inside = bounds.x0 <= x < bounds.x1 and bounds.y0 <= y < bounds.y1
        return (x, y) if inside else None

    def apart(self, a: Point, b: Point) -> float:
        """Logical pixels between two image points on the canvas."""
        return math.dist(a, b) * self.viewport.scale

    def value(self, *, erase: bool) -> int | None:
        """What to paint now; None, and the person is told, when no class is chosen."""
        if erase:
            return UNLABELLED
        project, active = self.session.project, self.state.active_class
        if project is None or active not in project.classes:
            self.session.noticed.emit(tr("Choose a class to paint with first."))
            return None
        return active

    def apply(self, name: str, region: Region, value: int) -> None:
        """Paint a region as one undo step."""
        rect, where = region
        if not rect.empty:
            self.session.apply(name, rect, value, where=where)

    def apply_aside(self, name: str, region: Region, value: int) -> None:
        """As `apply`, of a region that may be huge: written in the background then.

        When the mask changes meanwhile nothing is painted, and the person is told.
        """
        rect, session, document = region[0], self.session, self.document
        if document is None or rect.width * rect.height <= WRITTEN_AT_ONCE:
            self.apply(name, region, value)
            return
        session.long_work.begin(name, self.stop_writing)
        self.writing = True
        session.runner.submit(
            WRITING,
            partial(_written, name, document.snapshot(), document.protection, region, value),
            on_item=session.long_work.progressed.emit,
            on_done=partial(self._take, document),
            on_error=self._on_error,
            priority=-20,
        )

    def stop_writing(self) -> bool:
        """Give up what is being written. False when nothing is."""
        was, self.writing = self.writing, False
        if was:
            self.session.runner.cancel(WRITING)
            self.session.long_work.end()
        return was

    def done_writing(self) -> bool:
        """Whether there is nothing that waits to be written; else the person is told."""
        if self.writing:
            self.session.noticed.emit(tr("The region before this one is still being painted."))
        return not self.writing

    def _take(self, document: Document, draft: Draft) -> None:
        self.writing = False
        self.session.long_work.end()
        if self.document is document and self.session.take(draft) is None:
            self.session.noticed.emit(tr("The mask has changed meanwhile. Click again."))

    def _on_error(self, error: UnetGuiError) -> None:
        self.stop_writing()
        self.session.failed.emit(error)

    def read_image(self, rect: Rect, level: int = 0) -> NDArray[np.uint8]:
        """RGB pixels of a rectangle of a level of the open image."""
        source = self.session.source
        assert source is not None
        return source.read(rect, level)


class CanvasTool:
    """A tool. Its methods are called by the pointer; this one does nothing.

    Attributes:
        tool: which one it is.
        dragging: a button is held down for it.
    """

    tool: ClassVar[Tool]

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.dragging = False

    @property
    def busy(self) -> bool:
        """Something is under way that Esc would take back."""
        return self.dragging

    @property
    def look(self) -> Look:
        return Look()

    @property
    def preview(self) -> Preview | None:
        return None

    def press(self, contact: Contact, *, erase: bool) -> None:
        """A button has gone down: the left one, or with `erase` the right one."""

    def double_press(self, contact: Contact, *, erase: bool) -> None:
        """The second press of a double click: for most tools a press as any other."""
        self.press(contact, erase=erase)

    def move(self, contact: Contact) -> None:
        """The pointer moves while the button is down."""

    def look_elsewhere(self) -> None:
        """The view has changed under the pointer, which is at another place of the image now."""

    def hover(self) -> None:
        """The pointer moves with no button down, or has left (`bench.at` is None then)."""

    def finish(self) -> None:
        """The button is up; also when the canvas loses the keyboard or another button is used."""
        self.dragging = False

    def abort(self) -> bool:
        """Take back what is under way. False when nothing was."""
        was, self.dragging = self.busy, False
        return was

    def drop(self) -> None:
        """The image has gone: forget everything, write nothing."""
        self.dragging = False

    def wants_wheel(self, modifiers: Qt.KeyboardModifier) -> bool:
        """Whether the wheel is for this tool now, and not for zoom and size."""
        return False

    def wheel(self, steps: int) -> None:
        """Whole steps of a wheel that was wanted, positive away from the person."""

    def wants_key(self, key: int) -> bool:
        """Whether `key` does something now, so that it is not taken for a shortcut."""
        return False

    def key(self, key: int) -> None:
        """A key that was wanted."""


def _written(
    name: str, mask: MaskSnapshot, protection: Protection, region: Region, value: int
) -> Generator[Progress, None, Draft]:
    (rect, where), draft = region, Draft(name, mask, protection)
    tops = range(rect.y0, rect.y1, BAND)
    for number, top in enumerate(tops):
        yield Progress(number, len(tops))
        band = Rect(rect.x0, top, rect.x1, min(top + BAND, rect.y1))
        draft.write(band, value, where[top - rect.y0 : band.y1 - rect.y0])
    for _ in draft.finish():
        yield Progress(1, 1)
    return draft


def tool_name(tool: Tool, *, erase: bool = False) -> str:
    """What the history calls a use of the tool."""
    names = {
        Tool.BRUSH: tr("Brush"),
        Tool.ERASER: tr("Eraser"),
        Tool.POLYGON: tr("Polygon"),
        Tool.LASSO: tr("Lasso"),
        Tool.RECTANGLE: tr("Rectangle"),
        Tool.ELLIPSE: tr("Ellipse"),
        Tool.FILL: tr("Fill"),
        Tool.WAND: tr("Wand"),
        Tool.SUPERPIXEL: tr("Superpixels"),
        Tool.EDGE: tr("Along edges"),
        Tool.SMART: tr("Smart click"),
        Tool.ACCEPT: tr("Accept"),
        Tool.PAN: tr("Move"),
    }
    if not erase or tool is Tool.ERASER:
        return names[tool]
    if tool is Tool.BRUSH:
        return names[Tool.ERASER]
    return tr("{0}, erasing").format(names[tool])
