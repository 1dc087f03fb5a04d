"""One channel of an image: whether it is shown, in which colour, and between which values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from unet_gui.gui.theme.tokens import SPACE_M, SPACE_S
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent

    from unet_gui.gui.theme import Theme

BINS: Final = 128
_SWATCH: Final = 14
_GRIP: Final = 5
_STEPS: Final = 100


class RangeView(QWidget):
    """The values of a channel, and two handles for what becomes black and what gets full colour.

    Signals:
        changed: (low, high) as the person drags.
        released: the person let go.
    """

    changed = Signal(float, float)
    released = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._counts: NDArray[np.int64] = np.zeros(BINS, np.int64)
        self._ends = (0.0, 1.0)
        self._color = "#ffffff"
        self.limits = (0.0, 1.0)
        self._handle: int | None = None
        self.chosen = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            self.tr(
                "Drag the handles: what becomes black, and what gets the full colour. By keyboard:"
                " Page up and down for the handle, arrows move it."
            )
        )
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, 52)

    def minimumSizeHint(self) -> QSize:
        return QSize(100, 52)

    def show_values(self, values: NDArray[np.float64]) -> None:
        """Show how often each of these finite values is."""
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
        self._ends = (low, high if high > low else low + 1)
        self._counts = np.histogram(values, BINS, self._ends)[0]
        self.update()

    def show_limits(self, limits: tuple[float, float], color: str) -> None:
        """Show where the handles are without announcing it."""
        self.limits, self._color = limits, color
        self.setAccessibleDescription(
            self.tr("Black {0}, full colour {1}").format(*(words(v) for v in limits))
        )
        self.update()

    def handle_x(self, handle: int) -> float:
        """Where a handle is (0: black, 1: full colour), in pixels from the left edge."""
        area, (low, high) = self._area(), self._ends
        part = (self.limits[handle] - low) / (high - low)
        return area.left() + min(1.0, max(0.0, part)) * area.width()

    # -- hands ---------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            x = event.position().x()
            # Where both are at one place, the one that can go there.
            order = (0, 1) if x < self.handle_x(0) else (1, 0)
            self._handle = self.chosen = min(order, key=lambda h: abs(self.handle_x(h) - x))
            self._move(self._value(x))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._handle is not None:
            self._move(self._value(event.position().x()))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._handle = None
        self.released.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step:
            low, high = self._ends
            self._move(self.limits[self.chosen] + step * (high - low) / _STEPS)
            self.released.emit()
        elif event.key() in {Qt.Key.Key_PageUp, Qt.Key.Key_PageDown}:
            self.chosen = 1 - self.chosen
            self.update()
        else:
            super().keyPressEvent(event)

    def _move(self, value: float) -> None:
        gap = (self._ends[1] - self._ends[0]) / (4 * _STEPS)
        low, high = self.limits
        if self.chosen == 0:
            low = min(value, high - gap)
        else:
            high = max(value, low + gap)
        if (low, high) != self.limits:
            self.show_limits((low, high), self._color)
            self.changed.emit(low, high)

    def _value(self, x: float) -> float:
        area, (low, high) = self._area(), self._ends
        part = (x - area.left()) / max(1.0, area.width())
        return low + min(1.0, max(0.0, part)) * (high - low)

    # -- drawing -------------------------------------------------------------------------------

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_GRIP + 1, 1, -_GRIP - 1, -_GRIP - 1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens, area = self._theme.tokens, self._area()
        painter.setPen(QPen(QColor(tokens.border), 1))
        painter.setBrush(QColor(tokens.window))
        painter.drawRoundedRect(area, 3, 3)
        painter.setPen(Qt.PenStyle.NoPen)
        muted = QColor(tokens.muted)
        muted.setAlphaF(0.55)
        painter.setBrush(muted)
        painter.drawPath(self._outline(area))
        painter.setPen(QPen(self._theme.color("text"), 1.2))
        x0, x1 = self.handle_x(0), self.handle_x(1)
        painter.drawLine(int(x0), int(area.bottom()), int(x1), int(area.top()))
        for handle, fill in enumerate(("#000000", self._color)):
            chosen = self.hasFocus() and handle == self.chosen
            painter.setPen(QPen(QColor(tokens.accent if chosen else tokens.muted), 1.4))
            painter.setBrush(QColor(fill))
            x = (x0, x1)[handle]
            painter.drawEllipse(QRectF(x - _GRIP, area.bottom() - _GRIP, 2 * _GRIP, 2 * _GRIP))
        painter.end()

    def _outline(self, area: QRectF) -> QPainterPath:
        heights = np.sqrt(self._counts.astype(np.float64))
        # One value that fills half the image must not press all others flat.
        top = max(1.0, float(np.partition(heights, -3)[-3]) * 1.1)
        path = QPainterPath(area.bottomLeft())
        for i, height in enumerate(np.minimum(heights / top, 1.0)):
            x = area.left() + (i + 0.5) / BINS * area.width()
            path.lineTo(x, area.bottom() - float(height) * area.height())
        path.lineTo(area.bottomRight())
        path.closeSubpath()
        return path


class ChannelBlock(QWidget):
    """A channel in the list.

    Signals:
        toggled: shown or not.
        color_chosen: another colour, "#rrggbb".
    """

    toggled = Signal(bool)
    color_chosen = Signal(str)

    def __init__(self, number: int, theme: Theme) -> None:
        super().__init__()
        self.setObjectName(f"channel_{number}")
        name = self.tr("Channel {0}").format(number)
        self.shown = named(QCheckBox(name), f"channel_shown_{number}")
        self.numbers = QLabel()
        self.numbers.setProperty("muted", True)
        self.numbers.setProperty("small", True)
        self.color = named(QToolButton(), f"channel_color_{number}")
        self.color.setAutoRaise(True)
        self.color.setIconSize(QSize(_SWATCH, _SWATCH))
        self.color.setToolTip(self.tr("Colour of this channel"))
        self.color.setAccessibleName(self.tr("Colour of {0}").format(name))
        self.range = named(RangeView(theme), f"channel_range_{number}")
        self.range.setAccessibleName(self.tr("Range of {0}").format(name))
        self._chosen_color = "#ffffff"
        head = QHBoxLayout()
        head.setSpacing(SPACE_M)
        head.addWidget(self.shown, 1)
        head.addWidget(self.numbers)
        head.addWidget(self.color)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_S)
        column.addLayout(head)
        column.addWidget(self.range)
        self.shown.toggled.connect(self.toggled)
        self.color.clicked.connect(self._ask_color)

    def show_channel(self, *, shown: bool, color: str, limits: tuple[float, float]) -> None:
        """Show a channel without announcing it."""
        self._chosen_color = color
        blocked = self.shown.blockSignals(True)
        self.shown.setChecked(shown)
        self.shown.blockSignals(blocked)
        self.range.setEnabled(shown)
        swatch = QPixmap(_SWATCH, _SWATCH)
        swatch.fill(QColor(color))
        painter = QPainter(swatch)
        painter.setPen(QColor(128, 128, 128))
        painter.drawRect(0, 0, _SWATCH - 1, _SWATCH - 1)
        painter.end()
        self.color.setIcon(swatch)
        self.range.show_limits(limits, color)
        self.numbers.setText(f"{words(limits[0])} – {words(limits[1])}")

    def _ask_color(self) -> None:
        chosen = QColorDialog.getColor(QColor(self._chosen_color), self)
        if chosen.isValid():
            self.color_chosen.emit(chosen.name())


def words(value: float) -> str:
    """A value of any size in few characters."""
    return f"{value:.0f}" if 100 <= abs(value) < 1e6 else f"{value:.3g}"
