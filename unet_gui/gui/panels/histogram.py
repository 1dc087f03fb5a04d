"""The histogram with its handles: black, white and the bend between them."""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from unet_gui.gui.theme.tokens import SPACE_L

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent

    from unet_gui.gui.theme import Theme

Levels = tuple[float, float, float]
"""Black and white in 0..255, and gamma."""

GRIP: Final = 7
HANDLES: Final = 16
"""Height of the strip the handles are in."""

MIN_GAMMA: Final = 0.1
MAX_GAMMA: Final = 10.0
CHANNELS: Final = ("#e5484d", "#30a46c", "#3e7bfa")


class Handle(Enum):
    """What can be dragged."""

    BLACK = 0
    WHITE = 1
    GAMMA = 2


class HistogramView(QWidget):
    """Shows how often each value is in the image, and lets the person set the range shown.

    Args:
        theme: colours.

    Signals:
        changed: (black, white, gamma) as the person drags.
    """

    changed = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("histogram")
        self._theme = theme
        self._histogram: NDArray[np.int64] | None = None
        self._channel: int | None = None
        self._levels: Levels = (0.0, 255.0, 1.0)
        self._dragged: Handle | None = None
        self.chosen = Handle.BLACK
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Histogram"))
        self.setToolTip(
            self.tr(
                "Drag the handles: black, white, and the middle one to lighten or darken."
                " By keyboard: Tab to come here, Page up and down for the handle, arrows move it."
                " A double click puts the handle back."
            )
        )
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(220, 112)

    def minimumSizeHint(self) -> QSize:
        return QSize(140, 112)

    @property
    def levels(self) -> Levels:
        return self._levels

    def show_histogram(self, histogram: NDArray[np.int64] | None) -> None:
        """Show int64[3, 256], pixels of each value in each channel; None for no image."""
        self._histogram = histogram
        self.update()

    def show_channel(self, channel: int | None) -> None:
        """Draw one channel alone, or all when None."""
        self._channel = channel
        self.update()

    def show_levels(self, levels: Levels) -> None:
        """Show where the handles are without announcing it."""
        if levels != self._levels:
            self._levels = levels
            self._describe()
            self.update()

    def handle_x(self, handle: Handle) -> float:
        """Where a handle is, in pixels from the left edge."""
        black, white, gamma = self._levels
        if handle is Handle.BLACK:
            return self._x(black)
        if handle is Handle.WHITE:
            return self._x(white)
        # Where the value is that is shown as middle grey.
        return self._x(black + (white - black) * math.pow(0.5, gamma))

    def _set(self, levels: Levels) -> None:
        if levels != self._levels:
            self._levels = levels
            self._describe()
            self.update()
            self.changed.emit(levels)

    def _describe(self) -> None:
        black, white, gamma = self._levels
        self.setAccessibleDescription(
            self.tr("Black {0}, white {1}, gamma {2}").format(
                round(black), round(white), f"{gamma:.2f}"
            )
        )

    # -- hands ------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if event.button() == Qt.MouseButton.LeftButton:
            # The middle one first: between black and white that lie close it could not be had.
            order = (Handle.GAMMA, Handle.BLACK, Handle.WHITE)
            self._dragged = min(order, key=lambda h: abs(self.handle_x(h) - x))
            self.chosen = self._dragged
            self._drag(x)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged is not None:
            self._drag(event.position().x())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._dragged = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)
        self._dragged = None
        black, white, gamma = self._levels
        self._set(
            {
                Handle.BLACK: (0.0, white, gamma),
                Handle.WHITE: (black, 255.0, gamma),
                Handle.GAMMA: (black, white, 1.0),
            }[self.chosen]
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        turn = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}.get(Qt.Key(event.key()), 0)
        handles = (Handle.BLACK, Handle.GAMMA, Handle.WHITE)
        if step:
            self._move(self.chosen, self._value(self.handle_x(self.chosen)) + step)
        elif turn:
            self.chosen = handles[(handles.index(self.chosen) + turn) % 3]
            self.update()
        else:
            super().keyPressEvent(event)

    def _drag(self, x: float) -> None:
        assert self._dragged is not None
        self._move(self._dragged, self._value(x))

    def _move(self, handle: Handle, value: float) -> None:
        black, white, gamma = self._levels
        value = max(0.0, min(255.0, value))
        if handle is Handle.BLACK:
            self._set((min(value, white - 1), white, gamma))
        elif handle is Handle.WHITE:
            self._set((black, max(value, black + 1), gamma))
        else:
            part = max(1e-3, min(1 - 1e-3, (value - black) / max(1.0, white - black)))
            bent = math.log(part) / math.log(0.5)
            self._set((black, white, max(MIN_GAMMA, min(MAX_GAMMA, bent))))

    # -- drawing --------------------------------------------------------------------------------

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(SPACE_L, 2, -SPACE_L, -HANDLES)

    def _x(self, value: float) -> float:
        area = self._area()
        return area.left() + value / 255 * area.width()

    def _value(self, x: float) -> float:
        area = self._area()
        return (x - area.left()) / max(1.0, area.width()) * 255

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens, area = self._theme.tokens, self._area()
        painter.setPen(QPen(QColor(tokens.border), 1))
        painter.setBrush(QColor(tokens.window))
        painter.drawRoundedRect(area.adjusted(-0.5, -0.5, 0.5, 0.5), 4, 4)
        if self._histogram is not None:
            self._paint_counts(painter, area)
            self._paint_curve(painter, area)
        self._paint_handles(painter, area)
        painter.end()

    def _paint_counts(self, painter: QPainter, area: QRectF) -> None:
        assert self._histogram is not None
        grey = bool((self._histogram == self._histogram[:1]).all())
        rows = range(3) if self._channel is None else (self._channel,)
        painter.setPen(Qt.PenStyle.NoPen)
        for row in (0,) if grey else rows:
            color = QColor(self._theme.tokens.muted if grey else CHANNELS[row])
            color.setAlphaF(0.55)
            painter.setBrush(color)
            painter.drawPath(_outline(self._histogram[row], area))

    def _paint_curve(self, painter: QPainter, area: QRectF) -> None:
        """What each value becomes."""
        black, white, gamma = self._levels
        path = QPainterPath(area.bottomLeft())
        for part in np.linspace(0, 1, 33):
            x = self._x(black + part * (white - black))
            path.lineTo(x, area.bottom() - math.pow(part, 1 / gamma) * area.height())
        path.lineTo(area.topRight())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.color("text"), 1.2))
        painter.drawPath(path)

    def _paint_handles(self, painter: QPainter, area: QRectF) -> None:
        tokens = self._theme.tokens
        fills = {Handle.BLACK: "#000000", Handle.GAMMA: "#808080", Handle.WHITE: "#ffffff"}
        for handle, fill in fills.items():
            x, top = self.handle_x(handle), area.bottom() + 2
            chosen = self.hasFocus() and handle is self.chosen
            painter.setPen(QPen(QColor(tokens.accent if chosen else tokens.muted), 1.4))
            painter.setBrush(QColor(fill))
            corners = [(x, top), (x - GRIP + 1, top + 11), (x + GRIP - 1, top + 11)]
            painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))


def _outline(counts: NDArray[np.int64], area: QRectF) -> QPainterPath:
    """Counts as an area; roots, so that rare values are seen beside a large background."""
    heights = np.sqrt(counts.astype(np.float64))
    # One value that fills half the image must not press all others flat.
    top = max(1.0, float(np.partition(heights, -4)[-4]) * 1.1)
    path = QPainterPath(area.bottomLeft())
    for value, height in enumerate(np.minimum(heights / top, 1.0)):
        x = area.left() + value / 255 * area.width()
        path.lineTo(x, area.bottom() - float(height) * area.height())
    path.lineTo(area.bottomRight())
    path.closeSubpath()
    return path
