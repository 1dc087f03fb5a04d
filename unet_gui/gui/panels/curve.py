"""A small line chart: a few curves over time, tidy axes, values under the pointer."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QLocale, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from unet_gui.gui.panels.wording import duration
from unet_gui.gui.theme import scaled_font
from unet_gui.gui.theme.tokens import SPACE_M, SPACE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from unet_gui.gui.theme import Theme

Point = tuple[float, float]

MAX_POINTS: Final = 400
"""More are not seen on a panel's width; they are thinned out."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of the chart.

    Attributes:
        name: shown under the pointer.
        color: "#rrggbb".
        points: (seconds, value), rising in seconds.
        bold: drawn thicker, for the one that matters most.
        band: (seconds, low, high) where the value is not certain, rising in seconds.
    """

    name: str
    color: str
    points: Sequence[Point]
    bold: bool = False
    band: Sequence[tuple[float, float, float]] = ()


class CurveChart(QWidget):
    """Curves over seconds.

    Args:
        theme: colours.
        title: what the values are, above the chart.
        top: upper end of the scale; fitted to the values when None.
        words: how a place on the scale below is said; seconds as a duration.
    """

    def __init__(
        self,
        theme: Theme,
        title: str,
        *,
        top: float | None = None,
        words: Callable[[float], str] = duration,
    ) -> None:
        super().__init__()
        self._theme = theme
        self._title = title
        self._top = top
        self._words = words
        self._curves: list[Curve] = []
        self._pointer: float | None = None
        self.setMouseTracking(True)
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(220, 118)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 118)

    def show_curves(self, curves: Sequence[Curve]) -> None:
        """Draw these from now on."""
        self._curves = [replace(c, points=_thinned(c.points)) for c in curves if c.points]
        last = "; ".join(f"{c.name} {_number(c.points[-1][1])}" for c in self._curves)
        self.setAccessibleDescription(last)
        self.update()

    @property
    def curves(self) -> list[Curve]:
        return list(self._curves)

    # -- scale ---------------------------------------------------------------------------------

    def _plot_area(self) -> QRectF:
        metrics = self.fontMetrics()
        left = metrics.horizontalAdvance("0.00") + SPACE_M
        title = metrics.height() + SPACE_M
        bottom = metrics.height() + 2
        return QRectF(left, title, self.width() - left - SPACE_M, self.height() - title - bottom)

    def _x_end(self) -> float:
        return max((c.points[-1][0] for c in self._curves), default=1.0) or 1.0

    def _y_end(self) -> float:
        if self._top is not None:
            return self._top
        return nice_end(max((y for c in self._curves for _, y in c.points), default=1.0))

    def _place(self, point: Point, area: QRectF) -> QPointF:
        return QPointF(
            area.left() + point[0] / self._x_end() * area.width(),
            area.bottom() - min(1.0, point[1] / self._y_end()) * area.height(),
        )

    # -- painting ------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        small = scaled_font(self.font(), 0.9)
        painter.setFont(small)
        area = self._plot_area()
        painter.setPen(self._theme.color("muted"))
        painter.drawText(QPointF(0, painter.fontMetrics().ascent() + 1), self._title)
        self._paint_axes(painter, area)
        for curve in self._curves:
            self._paint_band(painter, area, curve)
            self._paint_curve(painter, area, curve)
        if self._pointer is not None and self._curves:
            self._paint_pointer(painter, area, self._pointer)

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        muted, line = self._theme.color("muted"), QPen(self._theme.color("border"), 1)
        end = self._y_end()
        for step in range(3):
            y = round(area.bottom() - step / 2 * area.height()) + 0.5
            painter.setPen(line)
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(muted)
            box = QRectF(0, y - 10, area.left() - SPACE_S, 20)
            painter.drawText(
                box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                _number(end * step / 2),
            )  # fmt: skip
        below = QRectF(area.left(), area.bottom() + 2, area.width(), self.fontMetrics().height())
        if self._curves:
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft, self._words(0))
            painter.drawText(below, Qt.AlignmentFlag.AlignRight, self._words(self._x_end()))

    def _paint_band(self, painter: QPainter, area: QRectF, curve: Curve) -> None:
        if len(curve.band) < 2:
            return
        upper = [self._place((x, high), area) for x, _, high in curve.band]
        lower = [self._place((x, low), area) for x, low, _ in curve.band]
        ground = self._theme.color("faint")
        if not _close(curve.color, self._theme.tokens.surface):
            ground = QColor(curve.color)
            ground.setAlpha(60)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawPolygon(QPolygonF([*upper, *reversed(lower)]))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_curve(self, painter: QPainter, area: QRectF, curve: Curve) -> None:
        pen = QPen(QColor(curve.color), 2.4 if curve.bold else 1.5)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        places = [self._place(p, area) for p in curve.points]
        if _close(curve.color, self._theme.tokens.surface):
            # A black class on dark ground, a white one on light, still has to be seen.
            edge = QPen(pen)
            edge.setColor(self._theme.color("faint"))
            edge.setWidthF(pen.widthF() + 1.6)
            painter.setPen(edge)
            painter.drawPolyline(QPolygonF(places))
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(places))
        if len(places) <= 12:
            painter.setBrush(QColor(curve.color))
            painter.setPen(Qt.PenStyle.NoPen)
            for place in places:
                painter.drawEllipse(place, 2.4, 2.4)
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_pointer(self, painter: QPainter, area: QRectF, seconds: float) -> None:
        x = self._place((seconds, 0), area).x()
        painter.setPen(QPen(self._theme.color("muted"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setPen(QPen(self._theme.color("surface"), 1.5))
        for curve in self._curves:
            painter.setBrush(QColor(curve.color))
            painter.drawEllipse(self._place(nearest(curve.points, seconds), area), 3.5, 3.5)

    # -- pointer -------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        area = self._plot_area()
        inside = self._curves and area.left() <= event.position().x() <= area.right()
        if not inside:
            self._pointer = None
            QToolTip.hideText()
        else:
            part = (event.position().x() - area.left()) / max(1.0, area.width())
            self._pointer = part * self._x_end()
            QToolTip.showText(event.globalPosition().toPoint(), self.values_at(self._pointer), self)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.update()
        super().leaveEvent(event)

    def values_at(self, seconds: float) -> str:
        """What the tool tip says there, as rich text."""
        rows = [f"<b>{self._words(seconds)}</b>"]
        rows += [
            f"<span style='color:{c.color}'>■</span> {html.escape(c.name)} "
            f"{_number(nearest(c.points, seconds)[1])}{_range(c, seconds)}"
            for c in self._curves
        ]
        return "<br>".join(rows)


def nearest(points: Sequence[Point], seconds: float) -> Point:
    """The point closest in time."""
    return min(points, key=lambda p: abs(p[0] - seconds))


def _range(curve: Curve, seconds: float) -> str:
    """The band's ends at that place; empty where there is none."""
    if not curve.band:
        return ""
    _, low, high = min(curve.band, key=lambda p: abs(p[0] - seconds))
    return f" ({_number(low)} – {_number(high)})"


def nice_end(value: float) -> float:
    """The end of a scale: the next 1, 2 or 5 times a power of ten."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= value * 0.999)


def _close(color: str, ground: str) -> bool:
    return abs(QColor(color).lightness() - QColor(ground).lightness()) < 50


def _number(value: float) -> str:
    digits = 2 if abs(value) < 10 else 0
    return QLocale().toString(float(value), "f", digits)


def _thinned(points: Sequence[Point]) -> list[Point]:
    step = max(1, math.ceil(len(points) / MAX_POINTS))
    kept = list(points[::step])
    if points and kept[-1] != points[-1]:
        kept.append(points[-1])
    return kept
