"""What a drag on the canvas does: paint, erase, outline a part of the proposal, move the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QCoreApplication, QPointF, Qt

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.fill import polygon_footprint
from unet_gui.gui.state import Tool

if TYPE_CHECKING:
    from unet_gui.core.brush import Point
    from unet_gui.gui.canvas.viewport import Viewport
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState


def tr(text: str) -> str:
    return QCoreApplication.translate("Canvas", text)


def tool_hint(tool: Tool) -> str:
    """What a tool does and what the modifier keys change, for tooltips and the cheat sheet."""
    hints = {
        Tool.BRUSH: tr(
            "Paint the chosen class. Right button: erase. Shift+click: straight line from the last"
            " stroke. Alt+click: take the class under the pointer. Ctrl+wheel: size. Esc: never"
            " mind."
        ),
        Tool.ERASER: tr(
            "Make pixels unlabelled again. Shift+click: straight line from the last stroke."
            " Ctrl+wheel: size. Esc: never mind."
        ),
        Tool.ACCEPT: tr(
            "Draw around a part of the proposal to accept what is inside. Esc: never mind."
        ),
        Tool.PAN: tr("Drag the image. Also: middle button, or Space and drag. Wheel: zoom."),
    }
    return hints[tool]


@dataclass(frozen=True, slots=True)
class Contact:
    """A press or move of mouse or pen.

    Attributes:
        at: in canvas coordinates.
        pressure: 0..1, 1 for a mouse.
    """

    at: QPointF
    button: Qt.MouseButton = Qt.MouseButton.NoButton
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    pressure: float = 1.0
    eraser_end: bool = False


class Drag(Protocol):
    """What goes on between press and release."""

    def move(self, contact: Contact) -> None: ...
    def finish(self) -> None: ...
    def abort(self) -> None: ...


class StrokeDrag:
    """A stroke of brush or eraser. Each move is painted as a segment, so none leaves a gap."""

    def __init__(
        self, session: Session, viewport: Viewport, *, value: int, diameter: int, name: str
    ) -> None:
        self._session = session
        self._viewport = viewport
        self._name = name
        self.value = value
        self.diameter = diameter
        self.end: Point = (0.0, 0.0)

    def start(self, contact: Contact, since: Point | None = None) -> None:
        """First dab, or a straight line from `since` (image coordinates)."""
        self.end = _image_point(self._viewport, contact)
        self._session.begin_stroke(since or self.end, self.value, self._name)
        self._session.stroke_to(self.end, self._width(contact))

    def move(self, contact: Contact) -> None:
        if self._session.stroking:  # undo may have ended it
            self.end = _image_point(self._viewport, contact)
            self._session.stroke_to(self.end, self._width(contact))

    def finish(self) -> None:
        self._session.end_stroke()

    def abort(self) -> None:
        self._session.abort_stroke()

    def _width(self, contact: Contact) -> float:
        return max(1.0, self.diameter * contact.pressure)


class LassoDrag:
    """A free outline; on release the proposal inside it is accepted."""

    def __init__(self, session: Session, viewport: Viewport, contact: Contact) -> None:
        self._session = session
        self._viewport = viewport
        self.points: list[Point] = [_image_point(viewport, contact)]

    def move(self, contact: Contact) -> None:
        point = _image_point(self._viewport, contact)
        last = self._viewport.to_view(*self.points[-1])
        if abs(last[0] - contact.at.x()) + abs(last[1] - contact.at.y()) >= 2:
            self.points.append(point)

    def finish(self) -> None:
        document = self._session.document
        if document is None or len(self.points) < 3:
            return
        if not self._session.accept(polygon_footprint(self.points, document.bounds)):
            self._session.noticed.emit(tr("There is nothing to accept inside this outline."))

    def abort(self) -> None:
        self.points.clear()


class PanDrag:
    """Moves the image along with the pointer."""

    def __init__(self, viewport: Viewport, contact: Contact) -> None:
        self._viewport = viewport
        self._at = contact.at

    def move(self, contact: Contact) -> None:
        delta = contact.at - self._at
        self._at = contact.at
        self._viewport.pan(delta.x(), delta.y())

    def finish(self) -> None: ...

    def abort(self) -> None: ...


class Pointer:
    """Turns presses into drags of the tool in hand.

    Attributes:
        at: where the pointer is on the canvas, None when it is elsewhere.
        drag: what is under way.
        space: the space bar is held, which turns any tool into the hand.
    """

    def __init__(self, session: Session, state: ViewState, viewport: Viewport) -> None:
        self._session = session
        self._state = state
        self._viewport = viewport
        self._button = Qt.MouseButton.NoButton
        self._line_start: Point | None = None
        self.at: QPointF | None = None
        self.drag: Drag | None = None
        self.space = False
        self.shift = False

    @property
    def tool(self) -> Tool:
        """What the pointer does now, or would do when pressed."""
        if self.panning or (self.space and self.drag is None):
            return Tool.PAN
        if isinstance(self.drag, StrokeDrag):
            return Tool.ERASER if self.drag.value == UNLABELLED else Tool.BRUSH
        return self._state.tool

    @property
    def panning(self) -> bool:
        """The image moves with the pointer."""
        return isinstance(self.drag, PanDrag)

    @property
    def size(self) -> int:
        """Diameter of brush or eraser in image pixels."""
        if isinstance(self.drag, StrokeDrag):
            return self.drag.diameter
        return self._state.size

    @property
    def guide(self) -> list[Point]:
        """Image points of a thin line to be shown: a lasso, or where a straight stroke would go."""
        if isinstance(self.drag, LassoDrag):
            return self.drag.points
        paints = self.tool in (Tool.BRUSH, Tool.ERASER) and self.drag is None
        if self.shift and paints and self._line_start is not None and self.at is not None:
            return [self._line_start, self._viewport.to_image(self.at.x(), self.at.y())]
        return []

    def press(self, contact: Contact) -> None:
        """Another button during a drag finishes that first: nothing painted is lost."""
        self.finish()
        self.at = contact.at
        if self._session.document is None:
            return
        self._button = contact.button
        left = contact.button == Qt.MouseButton.LeftButton
        right = contact.button == Qt.MouseButton.RightButton
        if contact.button == Qt.MouseButton.MiddleButton or (left and self.tool is Tool.PAN):
            self.drag = PanDrag(self._viewport, contact)
        elif left and self._state.tool is Tool.ACCEPT:
            self.drag = LassoDrag(self._session, self._viewport, contact)
        elif left and contact.modifiers & Qt.KeyboardModifier.AltModifier:
            self.pick()
        elif (left or right) and self._state.tool in (Tool.BRUSH, Tool.ERASER):
            self._begin_stroke(contact, erase=right or contact.eraser_end)

    def move(self, contact: Contact) -> None:
        self.at = contact.at
        if self.drag is not None:
            self.drag.move(contact)

    def release(self, contact: Contact) -> None:
        """The button that began the drag ends it."""
        if self.drag is not None and contact.button == self._button:
            self.move(contact)
            self.finish()

    def finish(self) -> None:
        """End what is under way as if the button had been released."""
        drag, self.drag = self.drag, None
        if drag is None:
            return
        if isinstance(drag, StrokeDrag):
            self._line_start = drag.end
        drag.finish()

    def abort(self) -> bool:
        """Take back what is under way. False when nothing was."""
        drag, self.drag = self.drag, None
        if drag is None:
            return False
        drag.abort()
        return True

    def drop(self) -> None:
        """The image has gone: forget the drag, and where the last stroke ended."""
        self.drag = None
        self._line_start = None

    def pick(self) -> None:
        """Paint from now on with the class under the pointer, or the one proposed there."""
        class_id = self._class_under()
        if class_id == UNLABELLED:
            self._session.noticed.emit(tr("There is no class here to take."))
            return
        self._state.set_active_class(class_id)
        if self._state.tool is Tool.ERASER:
            self._state.set_tool(Tool.BRUSH)

    def _class_under(self) -> int:
        document, ghost = self._session.document, self._session.ghost
        if document is None or self.at is None:
            return UNLABELLED
        x, y = (int(v // 1) for v in self._viewport.to_image(self.at.x(), self.at.y()))
        height, width = document.mask.shape
        if not (0 <= x < width and 0 <= y < height):
            return UNLABELLED
        value = int(document.mask[y, x])
        if value == UNLABELLED and ghost is not None and ghost.mask.shape == document.mask.shape:
            value = int(ghost.mask[y, x])
        return value

    def _begin_stroke(self, contact: Contact, *, erase: bool) -> None:
        state, project = self._state, self._session.project
        erase = erase or state.tool is Tool.ERASER
        value = UNLABELLED if erase else state.active_class
        if not erase and (project is None or value not in project.classes):
            self._session.noticed.emit(tr("Choose a class to paint with first."))
            return
        drag = StrokeDrag(
            self._session,
            self._viewport,
            value=value,
            diameter=state.eraser_size if erase else state.brush_size,
            name=tr("Eraser") if erase else tr("Brush"),
        )
        straight = contact.modifiers & Qt.KeyboardModifier.ShiftModifier
        drag.start(contact, self._line_start if straight else None)
        self.drag = drag


def _image_point(viewport: Viewport, contact: Contact) -> Point:
    return viewport.to_image(contact.at.x(), contact.at.y())
