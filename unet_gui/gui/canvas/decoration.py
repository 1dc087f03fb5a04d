"""What floats over the image: the cursor of the tool, and what it would do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.gui.canvas.cursor import BrushCursor, Outline
from unet_gui.gui.canvas.preview import PreviewPainter, preview_color
from unet_gui.gui.state import Tool

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from unet_gui.gui.canvas.tools import Pointer, Preview
    from unet_gui.gui.canvas.tools.base import Look
    from unet_gui.gui.canvas.viewport import Viewport
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState

PLAIN: Final = frozenset({Tool.BRUSH, Tool.ERASER, Tool.PAN})
"""Tools whose cursor says what they are without a sign."""


class Decoration:
    """Knows what to draw at the pointer, and where it was drawn last.

    Attributes:
        shape: the system cursor that goes with it; blank where a cursor is drawn instead.
    """

    def __init__(
        self, session: Session, state: ViewState, viewport: Viewport, pointer: Pointer
    ) -> None:
        self._session = session
        self._state = state
        self._viewport = viewport
        self._pointer = pointer
        self._cursor: BrushCursor | None = None
        self._cursor_box = EMPTY
        self._looks: object = None
        self._preview: Preview | None = None
        self._preview_box = EMPTY
        self._painter = PreviewPainter(viewport)
        self.shape = Qt.CursorShape.ArrowCursor

    def refresh(self) -> list[Rect]:
        """Follow pointer and tool; returns where anything was and is, to be repainted."""
        self._choose()
        return self.follow()

    def follow(self) -> list[Rect]:
        """As `refresh` while nothing but the pointer has changed, as in the middle of a stroke."""
        at, before = self._pointer.at, self._cursor_box
        if self._cursor is None or at is None:
            self._cursor_box = EMPTY
        else:
            self._cursor_box = self._cursor.box(at)
        changed = _close(before, self._cursor_box)
        return changed + self._refresh_preview()

    def _refresh_preview(self) -> list[Rect]:
        """A region that stays the same need not be drawn anew because the pointer moves."""
        preview = self._pointer.preview if self._session.document is not None else None
        if preview is None and self._preview is None:
            return []
        before, same = self._preview_box, preview is self._preview
        self._preview = preview
        self._preview_box = self._painter.box(preview) if preview is not None else EMPTY
        if same and before == self._preview_box:
            return []
        return _close(before, self._preview_box)

    def paint(self, painter: QPainter) -> None:
        """The painter is in canvas coordinates."""
        if self._preview is not None:
            color = preview_color(self._color(self._preview.value))
            self._painter.paint(painter, self._preview, color)
        if self._cursor is not None and self._pointer.at is not None:
            self._cursor.paint(painter, self._pointer.at)

    def _choose(self) -> None:
        """The cursor stays the same object as long as it looks the same: its picture is kept."""
        hand, view = self._pointer.hand, self._viewport
        tool, look = hand.tool, hand.look
        colored = not look.erases and tool is not Tool.ACCEPT
        color = self._color(self._state.active_class) if colored else ""
        looks = (
            tool, look, color, self._pointer.panning, self._session.document is None,
            view.zoom, view.ratio, view.rotation, view.mirrored,
        )  # fmt: skip
        if looks != self._looks:
            self._looks = looks
            self._cursor, self.shape = self._make(tool, look, color)

    def _make(
        self, tool: Tool, look: Look, color: str
    ) -> tuple[BrushCursor | None, Qt.CursorShape]:
        if self._session.document is None:
            return None, Qt.CursorShape.ArrowCursor
        if tool is Tool.PAN:
            if self._pointer.panning:
                return None, Qt.CursorShape.ClosedHandCursor
            return None, Qt.CursorShape.OpenHandCursor
        cursor = BrushCursor(
            look.diameter * self._viewport.scale,
            Outline.DASHED if look.erases else Outline.PLAIN,
            color=color,
            ratio=self._viewport.ratio,
            square=look.square,
            angle=self._angle() if look.square else 0.0,
            glyph=None if tool in PLAIN else tool,
        )
        return cursor, Qt.CursorShape.BlankCursor

    def _angle(self) -> float:
        """How far the image's rows are turned on the screen; a quarter turn changes no square."""
        turned = self._viewport.transform()
        return round(math.degrees(math.atan2(turned.m12(), turned.m11())) % 90.0, 3)

    def _color(self, class_id: int) -> str:
        project = self._session.project
        if project is None or class_id == UNLABELLED or class_id not in project.classes:
            return ""
        return project.classes[class_id].color


def _close(before: Rect, after: Rect) -> list[Rect]:
    """Both rectangles, as one where they meet."""
    if before.empty or after.empty or before.intersection(after).empty:
        return [rect for rect in (before, after) if not rect.empty]
    return [before.union(after)]
