"""Rulers along the upper and left edge of the canvas: where in the image one is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QWidget

from unet_gui.gui.canvas.placeholder import tokens_for

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from unet_gui.gui.canvas.viewport import Viewport

RULER: Final = 22
"""Thickness in logical pixels."""

LABEL_EVERY: Final = 64
"""Logical pixels that a labelled tick needs at least."""

_SMALL_TEXT: Final = 9
_DIVISIONS: Final = {1: 5, 2: 4, 5: 5}


@dataclass(frozen=True, slots=True)
class PixelSize:
    """How long the side of a pixel is.

    Attributes:
        size: in `unit`; None when it is not known.
        unit: such as µm.
    """

    size: float | None = None
    unit: str = ""


def nice_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, 20 … (and 0.5, 0.2, …) that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(f * power for f in (1, 2, 5, 10) if f * power >= least * (1 - 1e-9))


def format_tick(value: float, step: float) -> str:
    """A tick's label with as many decimals as its step needs."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:.{decimals}f}" if decimals <= 4 else f"{value:g}"


def _divisions(step: float) -> int:
    leading = round(step / 10.0 ** math.floor(math.log10(step) + 1e-9))
    return _DIVISIONS.get(leading, 5)


class Ruler(QWidget):
    """One ruler. A widget of its own, so that its mark moves without repainting the image.

    Attributes:
        size_of_pixel: what the labels count in.
        reach: how far along it there are ticks, in logical pixels.
    """

    def __init__(self, viewport: Viewport, parent: QWidget, *, upright: bool) -> None:
        super().__init__(parent)
        self._viewport = viewport
        self._upright = upright
        self._mark: int | None = None
        self.reach = 0
        self.size_of_pixel = PixelSize()
        self.setObjectName("ruler_left" if upright else "ruler_top")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def set_mark(self, at: QPointF | None) -> None:
        """Where the pointer is on the canvas."""
        mark = None
        if at is not None:
            mark = round((at.y() if self._upright else at.x()) - self._start)
        if mark == self._mark:
            return
        for place in (self._mark, mark):
            if place is not None:
                self.update(self._strip(place - 4, place + 5))
        self._mark = mark

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = tokens_for(self.palette())
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(tokens.surface))
        font = painter.font()
        font.setPixelSize(_SMALL_TEXT)
        painter.setFont(font)
        painter.setPen(QColor(tokens.muted))
        for place, text in self.ticks():
            self._paint_tick(painter, round(place), text)
        painter.setPen(QColor(tokens.border))
        end = self.rect().bottomRight()
        if self._upright:
            painter.drawLine(end.x(), 0, end.x(), end.y())
        else:
            painter.drawLine(0, end.y(), end.x(), end.y())
        if self._mark is not None:
            self._paint_mark(painter, self._mark, QColor(tokens.accent))

    def ticks(self) -> list[tuple[float, str]]:
        """Where on the ruler there is a tick, and its label, "" for a short one.

        None when the image is turned so that neither rows nor columns run along the ruler.
        """
        view = self._viewport
        if not (view.square and view.image_width):
            return []
        unit = self.size_of_pixel.size or 1.0
        first, last = self._value(0), self._value(self.reach)
        step = nice_step(LABEL_EVERY / view.scale * unit)
        if self.size_of_pixel.size is None:
            step = max(1.0, step)
        small = step / _divisions(step)
        if self.size_of_pixel.size is None and small < 1:
            small = step
        low, high = sorted((first * unit, last * unit))
        per_label = round(step / small)
        found = []
        for number in range(math.ceil(low / small), math.floor(high / small) + 1):
            place = self._place(number * small / unit)
            labelled = number % per_label == 0
            found.append((place, format_tick(number * small, step) if labelled else ""))
        return found

    @property
    def _start(self) -> int:
        """Where the ruler begins on the canvas."""
        return self._viewport.top if self._upright else self._viewport.left

    def _value(self, place: float) -> float:
        """The image coordinate that runs along the ruler, at a place on it."""
        view = self._viewport
        x, y = view.middle
        if self._upright:
            y = place + self._start
        else:
            x = place + self._start
        point = view.to_image(x, y)
        return point[self._axis]

    def _place(self, value: float) -> float:
        view = self._viewport
        point = list(view.center)
        point[self._axis] = value
        return view.to_view(point[0], point[1])[1 if self._upright else 0] - self._start

    @property
    def _axis(self) -> int:
        """0 where the ruler measures columns, 1 where it measures rows."""
        turned = self._viewport.rotation % 180 == 90
        return int(self._upright != turned)

    def _strip(self, start: int, end: int) -> QRect:
        if self._upright:
            return QRect(0, start, RULER, end - start)
        return QRect(start, 0, end - start, RULER)

    def _paint_tick(self, painter: QPainter, place: int, text: str) -> None:
        length = RULER if text else 5
        edge = RULER - 1
        if not self._upright:
            painter.drawLine(place, edge - length, place, edge)
            painter.drawText(QPointF(place + 3, _SMALL_TEXT + 1), text)
            return
        painter.drawLine(edge - length, place, edge, place)
        if text:
            painter.save()
            painter.translate(_SMALL_TEXT + 1, place - 3)
            painter.rotate(-90)
            painter.drawText(QPointF(0, 0), text)
            painter.restore()

    def _paint_mark(self, painter: QPainter, place: int, color: QColor) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        edge, middle = RULER - 1.0, place + 0.5
        corners = [(edge, middle), (edge - 7, middle - 3.5), (edge - 7, middle + 3.5)]
        painter.drawPolygon([QPointF(*(c if self._upright else c[::-1])) for c in corners])
        painter.restore()


class Corner(QWidget):
    """Where both rulers meet: the unit."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.unit = "px"
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens = tokens_for(self.palette())
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.surface))
        font = painter.font()
        font.setPixelSize(_SMALL_TEXT)
        painter.setFont(font)
        painter.setPen(QColor(tokens.muted))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.unit)


class Rulers:
    """Both rulers and their corner, on a canvas."""

    def __init__(self, canvas: QWidget, viewport: Viewport) -> None:
        self.top = Ruler(viewport, canvas, upright=False)
        self.left = Ruler(viewport, canvas, upright=True)
        self.corner = Corner(canvas)
        self.shown = False

    @property
    def inset(self) -> int:
        """How much of the canvas they take away on two sides."""
        return RULER if self.shown else 0

    def set_shown(self, shown: bool) -> None:
        self.shown = shown
        for widget in (self.top, self.left, self.corner):
            widget.setVisible(shown)

    def set_pixel_size(self, size: PixelSize) -> None:
        self.top.size_of_pixel = self.left.size_of_pixel = size
        self.corner.unit = "px" if size.size is None else size.unit
        self.refresh()

    def place(self, canvas: QRect, area: QRect) -> None:
        """Follow the canvas to another size; only `area` of it shows the image."""
        self.top.setGeometry(RULER, 0, max(0, canvas.width() - RULER), RULER)
        self.left.setGeometry(0, RULER, RULER, max(0, canvas.height() - RULER))
        self.corner.setGeometry(0, 0, RULER, RULER)
        self.top.reach, self.left.reach = area.width(), area.height()

    def refresh(self) -> None:
        """The view has changed."""
        if self.shown:
            for widget in (self.top, self.left, self.corner):
                widget.update()

    def set_mark(self, at: QPointF | None) -> None:
        if self.shown:
            self.top.set_mark(at)
            self.left.set_mark(at)
