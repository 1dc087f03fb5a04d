"""Draws what a tool would do: a tinted region with its outline, lines and corners."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.gui.canvas.glyphs import DARK, LIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PySide6.QtGui import QTransform

    from unet_gui.gui.canvas.tools.base import Preview, Region
    from unet_gui.gui.canvas.viewport import Viewport

TINT: Final = 110
"""Alpha of what a region would become."""

MOST_LINES: Final = 6000
"""Pieces of outline up to which it is drawn as lines; beyond, its pixels are drawn strongly."""

MARKS: Final = QColor(255, 255, 255, 70)

_MARGIN: Final = 6
_NODE: Final = 2.5


class RegionPicture:
    """A region prepared for drawing at one magnification; turning and moving need no new one.

    Args:
        region: in pixels of a level of the image.
        own: that level.
        level: it is drawn from blocks of 2ᵏ image pixels, or from its own where they are coarser.
        color: tint, with its alpha.
        outlined: a two-tone line runs around it.
    """

    def __init__(
        self, region: Region, own: int, level: int, color: QColor, *, outlined: bool
    ) -> None:
        rect, where = region
        step = 1 << max(0, level - own)
        where = where if step == 1 else _coarser(where, rect, step)
        self._step = step << own
        self._corner = rect.x0 // step * self._step, rect.y0 // step * self._step
        self._lines = _outline(where) if outlined else []
        codes = where.astype(np.uint8)
        if self._lines is None:
            codes[_border(where)] = 2
        height, width = codes.shape
        # Rows of an indexed QImage begin at whole 32-bit words.
        self._codes = np.zeros((height, -(-width // 4) * 4), np.uint8)
        self._codes[:, :width] = codes
        self._image = QImage(
            self._codes.data, width, height, self._codes.shape[1], QImage.Format.Format_Indexed8
        )
        strong = QColor(color)
        strong.setAlpha(240)
        self._image.setColorTable([0, color.rgba(), strong.rgba()])

    def paint(self, painter: QPainter, transform: QTransform) -> None:
        """The painter is in canvas coordinates."""
        painter.save()
        painter.setTransform(transform, combine=True)
        painter.translate(*self._corner)
        painter.scale(self._step, self._step)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(QRectF(0, 0, self._image.width(), self._image.height()), self._image)
        if self._lines:
            for color, width in ((DARK, 3.0), (LIGHT, 1.4)):
                pen = QPen(color, width)
                pen.setCosmetic(True)
                painter.setPen(pen)
                painter.drawLines(self._lines)
        painter.restore()


class _Kept:
    """The picture of the last region, made anew for another one only."""

    def __init__(self, *, outlined: bool) -> None:
        self._outlined = outlined
        self._region: Region | None = None
        self._look: tuple[int, int, int] | None = None
        self._picture: RegionPicture | None = None

    def picture(self, region: Region, own: int, level: int, color: QColor) -> RegionPicture:
        look = (own, level, color.rgba())
        if self._picture is None or self._region is not region or self._look != look:
            self._picture = RegionPicture(region, own, level, color, outlined=self._outlined)
            self._region, self._look = region, look
        return self._picture


class PreviewPainter:
    """Draws previews and keeps the picture of the last region."""

    def __init__(self, viewport: Viewport) -> None:
        self._viewport = viewport
        self._regions = _Kept(outlined=True)
        self._marks = _Kept(outlined=False)

    def box(self, preview: Preview) -> Rect:
        """The canvas pixels that the preview covers."""
        box = EMPTY
        if preview.line:
            points = np.array([self._viewport.to_view(*point) for point in preview.line])
            (left, top), (right, bottom) = np.floor(points.min(0)), np.ceil(points.max(0))
            box = Rect(int(left), int(top), int(right) + 1, int(bottom) + 1)
        for region, level in ((preview.region, preview.level), (preview.marks, 0)):
            if region is not None and not region[0].empty:
                box = box.union(self._viewport.seen(_on_image(region[0], level)))
        return box if box.empty else box.expanded(_MARGIN)

    def paint(self, painter: QPainter, preview: Preview, color: QColor) -> None:
        """The painter is in canvas coordinates."""
        level = max(0, math.floor(-math.log2(self._viewport.zoom) + 1e-9))
        if preview.marks is not None and not preview.marks[0].empty:
            marks = self._marks.picture(preview.marks, 0, level, MARKS)
            marks.paint(painter, self._viewport.transform())
        if preview.region is not None and not preview.region[0].empty:
            tint = QColor(color)
            tint.setAlpha(TINT)
            region = self._regions.picture(preview.region, preview.level, level, tint)
            region.paint(painter, self._viewport.transform())
        if preview.line:
            points = self._on_canvas(preview.line)
            if preview.filled and len(points) > 2:
                _paint_inside(painter, points, color)
            paint_line(painter, points, closed=preview.closed)
            _paint_nodes(painter, self._on_canvas(preview.nodes))

    def _on_canvas(self, points: Sequence[tuple[float, float]]) -> list[QPointF]:
        return [QPointF(*self._viewport.to_view(*point)) for point in points]


def _on_image(rect: Rect, level: int) -> Rect:
    return Rect(rect.x0 << level, rect.y0 << level, rect.x1 << level, rect.y1 << level)


def paint_line(painter: QPainter, points: Sequence[QPointF], *, closed: bool) -> None:
    """A thin two-tone line through canvas points; a closed one returns to its start."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    dashed = QPen(LIGHT, 1.4)
    dashed.setDashPattern([4.0, 3.0])
    dashed.setCapStyle(Qt.PenCapStyle.FlatCap)
    line = [*points, points[0]] if closed else list(points)
    for pen in (QPen(DARK, 3.0), dashed):
        painter.setPen(pen)
        painter.drawPolyline(line)
    painter.restore()


def _paint_inside(painter: QPainter, points: Sequence[QPointF], color: QColor) -> None:
    tint = QColor(color)
    tint.setAlpha(TINT // 2)
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tint)
    painter.drawPolygon(QPolygonF(points), Qt.FillRule.OddEvenFill)
    painter.restore()


def _paint_nodes(painter: QPainter, points: Sequence[QPointF]) -> None:
    painter.save()
    painter.setPen(QPen(DARK, 1.0))
    painter.setBrush(LIGHT)
    for number, point in enumerate(points):
        half = _NODE + 1.5 if number == 0 else _NODE
        painter.drawRect(QRectF(point.x() - half, point.y() - half, 2 * half, 2 * half))
    painter.restore()


def _coarser(where: NDArray[np.bool_], rect: Rect, step: int) -> NDArray[np.bool_]:
    """Blocks of the image's grid that any pixel lies in: thin parts must not vanish."""
    x0, y0 = rect.x0 % step, rect.y0 % step
    rows = np.arange(-y0, where.shape[0], step).clip(0)
    columns = np.arange(-x0, where.shape[1], step).clip(0)
    some = np.logical_or.reduceat(where, rows, axis=0)
    return np.logical_or.reduceat(some, columns, axis=1)


def _outline(where: NDArray[np.bool_]) -> list[QLineF] | None:
    """Lines along the sides of pixels between inside and outside; None when there are too many."""
    padded = np.pad(where, 1)
    level = _runs(padded[1:] != padded[:-1])
    upright = _runs((padded[:, 1:] != padded[:, :-1]).T)
    if len(level) + len(upright) > MOST_LINES:
        return None
    return [
        *(QLineF(a - 1, row, b - 1, row) for row, a, b in level.tolist()),
        *(QLineF(column, a - 1, column, b - 1) for column, a, b in upright.tolist()),
    ]


def _runs(edges: NDArray[np.bool_]) -> NDArray[np.intp]:
    """(row, first, last + 1) of each run of True along the rows."""
    padded = np.pad(edges, ((0, 0), (1, 1))).astype(np.int8)
    steps = np.diff(padded, axis=1)
    rows, first = np.nonzero(steps == 1)
    last = np.nonzero(steps == -1)[1]
    return np.stack([rows, first, last], axis=1)


def _border(where: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of the region with a neighbour outside it."""
    padded = np.pad(where, 1)
    inner = padded[2:, 1:-1] & padded[:-2, 1:-1] & padded[1:-1, 2:] & padded[1:-1, :-2]
    border: NDArray[np.bool_] = where & ~inner
    return border


@lru_cache(maxsize=64)
def preview_color(color: str) -> QColor:
    """Of a class; white for what would be erased."""
    return QColor(color) if color else QColor(255, 255, 255)
