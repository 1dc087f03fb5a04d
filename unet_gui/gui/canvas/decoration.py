"""What floats over the image: the brush cursor, lasso, the way of a straight stroke."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, Qt

from unet_gui.gui.canvas.cursor import BrushCursor, Outline, guide_box, paint_guide
from unet_gui.gui.canvas.tools import LassoDrag
from unet_gui.gui.state import Tool

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from unet_gui.gui.canvas.tools import Pointer
    from unet_gui.gui.canvas.viewport import Viewport
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState


class Decoration:
    """Knows what to draw at the pointer, and where it was drawn last.

    Attributes:
        shape: the system cursor that goes with it; blank where a brush cursor is drawn instead.
    """

    def __init__(
        self, session: Session, state: ViewState, viewport: Viewport, pointer: Pointer
    ) -> None:
        self._session = session
        self._state = state
        self._viewport = viewport
        self._pointer = pointer
        self._cursor: BrushCursor | None = None
        self._box = QRect()
        self.shape = Qt.CursorShape.ArrowCursor

    def refresh(self) -> tuple[QRect, QRect]:
        """Follow pointer and tool; returns where it was and where it is, to be repainted."""
        self._cursor, self.shape = self._choose()
        box, at = QRect(), self._pointer.at
        if self._cursor is not None and at is not None:
            box = self._cursor.box(at)
        if guide := self._guide():
            box = box.united(guide_box(guide))
        before, self._box = self._box, box
        return before, box

    def paint(self, painter: QPainter) -> None:
        """The painter is in canvas coordinates."""
        if guide := self._guide():
            paint_guide(painter, guide, closed=isinstance(self._pointer.drag, LassoDrag))
        if self._cursor is not None and self._pointer.at is not None:
            self._cursor.paint(painter, self._pointer.at)

    def _guide(self) -> list[QPointF]:
        return [QPointF(*self._viewport.to_view(*point)) for point in self._pointer.guide]

    def _choose(self) -> tuple[BrushCursor | None, Qt.CursorShape]:
        tool, ratio = self._pointer.tool, self._viewport.ratio
        if self._session.image is None:
            return None, Qt.CursorShape.ArrowCursor
        if tool is Tool.PAN:
            if self._pointer.panning:
                return None, Qt.CursorShape.ClosedHandCursor
            return None, Qt.CursorShape.OpenHandCursor
        if tool is Tool.ACCEPT:
            return BrushCursor(0, ratio=ratio), Qt.CursorShape.BlankCursor
        diameter = self._pointer.size * self._viewport.scale
        if tool is Tool.ERASER:
            cursor = BrushCursor(diameter, Outline.DASHED, ratio=ratio)
        else:
            cursor = BrushCursor(diameter, color=self._color(), ratio=ratio)
        return cursor, Qt.CursorShape.BlankCursor

    def _color(self) -> str:
        project, active = self._session.project, self._state.active_class
        if project is None or active not in project.classes:
            return ""
        return project.classes[active].color
