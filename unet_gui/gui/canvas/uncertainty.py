"""Where the learner is unsure, in colour over the image: coloured tiles, made only while shown."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QCoreApplication, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter

from unet_gui.core.geometry import Rect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unet_gui.gui.canvas.viewport import Viewport
    from unet_gui.gui.documents import Ghost
    from unet_gui.gui.session import Session

TILE: Final = 256
KEPT: Final = 160
"""Tiles kept, a quarter of a MiB each: twice what a large window shows."""

SAMPLES: Final = 4
"""Pixels of an edge that a coarse pixel looks at: huge images cost no more than large ones."""

SURE: Final = 0.05
UNSURE: Final = 0.6
"""Doubt from which on a pixel is coloured, and at which it gets the last colour."""

RAMP: Final = (
    (0.0, (66, 10, 104)), (0.35, (147, 38, 103)), (0.65, (221, 81, 58)), (0.85, (252, 165, 10)),
    (1.0, (250, 240, 120)),
)  # fmt: skip
"""Of matplotlib's “inferno”: its lightness rises all the way, whatever colours one can tell."""

_BAR: Final = 84
_PAD: Final = 10


class UncertaintyMap:
    """Draws the doubt of the open image's proposal. Asks for nothing while it is not painted."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._ghost: Ghost | None = None
        self._tiles: OrderedDict[tuple[int, int, int], QImage | None] = OrderedDict()
        self._opacity = 0.0
        self._colors = np.zeros(256, np.uint32)
        self._sheet = QImage()

    def paint(self, painter: QPainter, viewport: Viewport, exposed: QRect, opacity: float) -> None:
        """Draw what lies under `exposed`; painter and `exposed` are in the view's coordinates."""
        ghost, document = self._session.ghost, self._session.document
        if ghost is None or document is None or ghost.confidence.shape != document.shape:
            self.forget()
            return
        if ghost is not self._ghost or opacity != self._opacity:
            self.forget()
            self._ghost, self._opacity = ghost, opacity
            self._colors = ramp(opacity)
        height, width = ghost.confidence.shape
        level = max(0, math.floor(-math.log2(viewport.zoom) + 1e-9))
        level = min(level, max(0, math.ceil(math.log2(max(height, width, 1)))))
        box = viewport.image_box(exposed.x(), exposed.y(), exposed.width(), exposed.height())
        bounds = Rect(0, 0, -(-width >> level), -(-height >> level))
        area = Rect(
            box.x0 >> level, box.y0 >> level, -(-box.x1 >> level), -(-box.y1 >> level)
        ).expanded(0 if viewport.upright else 1).intersection(bounds)  # fmt: skip
        parts = []
        for row, column in area.tiles(TILE):
            image = self._tile(level, row, column)
            if image is not None:
                parts.append((column * TILE, row * TILE, image))
        if parts:
            self._draw(painter, viewport, 2**level, area, parts)

    def forget(self) -> None:
        """Give the memory back."""
        self._tiles.clear()
        self._ghost = None

    def _draw(
        self,
        painter: QPainter,
        viewport: Viewport,
        size: int,
        area: Rect,
        parts: list[tuple[int, int, QImage]],
    ) -> None:
        painter.save()
        painter.setTransform(viewport.transform(), True)
        painter.scale(size, size)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        if not viewport.upright:
            # turned one by one they would show their sides
            parts = [(area.x0, area.y0, self._joined(area, parts))]
        for x, y, image in parts:
            width = min(image.width(), viewport.image_width / size - x)
            height = min(image.height(), viewport.image_height / size - y)
            painter.drawImage(QRectF(x, y, width, height), image, QRectF(0, 0, width, height))
        painter.restore()

    def _joined(self, area: Rect, parts: list[tuple[int, int, QImage]]) -> QImage:
        self._sheet = QImage(area.width, area.height, QImage.Format.Format_ARGB32_Premultiplied)
        self._sheet.fill(Qt.GlobalColor.transparent)
        inner = QPainter(self._sheet)
        for x, y, image in parts:
            inner.drawImage(x - area.x0, y - area.y0, image)
        inner.end()
        return self._sheet

    def _tile(self, level: int, row: int, column: int) -> QImage | None:
        """A coloured tile; None where the learner is sure of everything."""
        key = (level, row, column)
        if key in self._tiles:
            self._tiles.move_to_end(key)
            return self._tiles[key]
        assert self._ghost is not None
        doubts = doubts_of(self._ghost.confidence, level, row, column)
        made = _image(self._colors[doubts]) if doubts.any() else None
        self._tiles[key] = made
        while len(self._tiles) > KEPT:
            self._tiles.popitem(last=False)
        return made


def doubts_of(
    confidence: NDArray[np.uint8], level: int, row: int, column: int
) -> NDArray[np.uint8]:
    """Doubt in one tile, 0..255, the mean of the pixels that a pixel of the tile stands for.

    Args:
        confidence: H×W, 0 where nobody has looked, 255 meaning certain.
        level: a pixel of the tile stands for 2ᵏ×2ᵏ.
        row: of the tile.
        column: of the tile.
    """
    size = 1 << level
    step = max(1, size // SAMPLES)
    side = TILE * size
    block = confidence[
        row * side : (row + 1) * side : step, column * side : (column + 1) * side : step
    ]
    doubts: NDArray[np.uint8] = _doubt_table()[block]
    each = size // step
    if each == 1:
        return doubts
    rows, columns = (-(-n // each) * each for n in doubts.shape)
    padded = np.pad(doubts, ((0, rows - doubts.shape[0]), (0, columns - doubts.shape[1])), "edge")
    mean = padded.reshape(rows // each, each, columns // each, each).mean((1, 3))
    small: NDArray[np.uint8] = np.round(mean).astype(np.uint8)
    return small


def _doubt_table() -> NDArray[np.uint8]:
    doubt = 1 - np.arange(256) / 255
    scaled = np.clip((doubt - SURE) / (UNSURE - SURE), 0, 1)
    scaled[0] = 0  # nobody has looked there
    return np.round(255 * scaled).astype(np.uint8)


def ramp(opacity: float) -> NDArray[np.uint32]:
    """256 colours as premultiplied ARGB: the more doubt the lighter and the less transparent."""
    stops = [stop for stop, _ in RAMP]
    at = np.arange(256) / 255
    rgb = np.stack([np.interp(at, stops, [c[i] for _, c in RAMP]) for i in range(3)], 1)
    alpha = opacity * at**0.75
    mixed = np.round(rgb * alpha[:, None]).astype(np.uint32)
    strength = np.round(255 * alpha).astype(np.uint32)
    red, green, blue = mixed.T
    codes: NDArray[np.uint32] = strength * np.uint32(1 << 24) + red * np.uint32(1 << 16)
    codes += green * np.uint32(1 << 8) + blue
    return codes


def _image(pixels: NDArray[np.uint32]) -> QImage:
    height, width = pixels.shape
    data = pixels.tobytes()
    view = QImage(data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    return view.copy()  # `data` does not outlive this function


def paint_legend(painter: QPainter, area: QRect, exposed: QRect, *, proposed: bool) -> None:
    """Say what the colours mean, at the upper right of `area`, where that is exposed."""
    metrics = painter.fontMetrics()
    sure, unsure = _tr("sure"), _tr("unsure")
    if not proposed:
        sure, unsure = _tr("Nothing is proposed yet"), ""
    ends = metrics.horizontalAdvance(sure), metrics.horizontalAdvance(unsure)
    bar = _BAR + 2 * _PAD if proposed else 0
    width, height = ends[0] + ends[1] + bar + 2 * _PAD, metrics.height() + _PAD
    box = QRect(area.right() - width - _PAD, area.y() + _PAD, width, height)
    if not box.intersects(exposed) or box.width() > area.width():
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 165))
    painter.drawRoundedRect(QRectF(box), height / 2, height / 2)
    if proposed:
        strip = QRectF(box.x() + 2 * _PAD + ends[0], box.center().y() - 4, _BAR, 9)
        gradient = QLinearGradient(strip.topLeft(), strip.topRight())
        gradient.setColorAt(0, QColor(120, 120, 120))
        for stop, color in RAMP:
            gradient.setColorAt(0.06 + 0.94 * stop, QColor(*color))
        painter.setBrush(gradient)
        painter.drawRoundedRect(strip, 3, 3)
    painter.setPen(QColor(255, 255, 255))
    inner = box.adjusted(_PAD, 0, -_PAD, 0)
    middle = Qt.AlignmentFlag.AlignVCenter
    painter.drawText(inner, middle | Qt.AlignmentFlag.AlignLeft, sure)
    painter.drawText(inner, middle | Qt.AlignmentFlag.AlignRight, unsure)
    painter.restore()


def _tr(text: str) -> str:
    return QCoreApplication.translate("Canvas", text)
