"""How a step of the history looks: a small picture in the colours of the classes, its name."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from unet_gui.gui.panels.history_model import StepRole
from unet_gui.gui.panels.wording import count
from unet_gui.gui.theme.tokens import RADIUS, SPACE_L, SPACE_M, SPACE_S

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from unet_gui.core.classes import ClassInfo
    from unet_gui.core.history import Step
    from unet_gui.gui.panels.history_model import Index
    from unet_gui.gui.theme import Theme

ROW_HEIGHT: Final = 38
PICTURE: Final = 28
KEPT: Final = 256
"""Pictures kept ready: more than any window shows at once."""


class HistoryDelegate(QStyledItemDelegate):
    """Paints one step.

    Args:
        theme: colours.
        parent: owner.
    """

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self._colors = np.zeros((256, 4), np.uint8)
        self._pictures: OrderedDict[int, tuple[Step, QPixmap]] = OrderedDict()

    def show_classes(self, classes: Iterable[ClassInfo]) -> None:
        """The colours of the pictures from now on; unlabelled pixels are transparent."""
        self._colors[:] = 0
        for info in classes:
            color = QColor(info.color)
            self._colors[info.id] = (color.red(), color.green(), color.blue(), 255)
        self._pictures.clear()

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(120, max(ROW_HEIGHT, option.fontMetrics.height() + 2 * SPACE_M))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect
        tokens = self._theme.tokens
        current, undone = index.data(StepRole.CURRENT), index.data(StepRole.UNDONE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        if current or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.accent_soft if current else tokens.hover))
            painter.drawRoundedRect(rect.adjusted(SPACE_S, 1, -SPACE_S, -1), RADIUS, RADIUS)
        if current:
            painter.setBrush(QColor(tokens.accent))
            bar = QRectF(rect.left() + SPACE_S, rect.top() + 8, 3, rect.height() - 16)
            painter.drawRoundedRect(bar, 1.5, 1.5)
        if bool(option.state & QStyle.StateFlag.State_HasFocus):
            painter.setPen(QPen(QColor(tokens.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            ring = QRectF(rect.adjusted(SPACE_S, 1, -SPACE_S, -1)).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(ring, RADIUS, RADIUS)
        painter.setOpacity(0.45 if undone else 1.0)
        self._paint_picture(painter, rect, index.data(StepRole.STEP))
        self._paint_words(painter, option, index)
        painter.restore()

    def _paint_picture(self, painter: QPainter, rect: QRect, step: Step | None) -> None:
        box = QRect(rect.left() + SPACE_L, rect.center().y() - PICTURE // 2 + 1, PICTURE, PICTURE)
        painter.setPen(QPen(self._theme.color("border"), 1))
        painter.setBrush(self._theme.color("window"))
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        if step is None:
            icon = self._theme.pixmap("image", 16, self._theme.tokens.muted)
            painter.drawPixmap(box.left() + 6, box.top() + 6, icon)
            return
        pixmap = self._picture(step)
        inner = box.adjusted(3, 3, -3, -3)
        size = pixmap.size().scaled(inner.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(0, 0, max(1, size.width()), max(1, size.height()))
        target.moveCenter(inner.center())
        painter.drawPixmap(target, pixmap)

    def _paint_words(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect
        metrics = option.fontMetrics
        area = rect.adjusted(SPACE_L + PICTURE + SPACE_M + 2, 0, -SPACE_L, 0)
        painter.setFont(option.font)
        if index.row():
            number = count(index.row())
            painter.setPen(self._theme.color("muted"))
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(area, flags, number)
            area.adjust(0, 0, -metrics.horizontalAdvance(number) - SPACE_M, 0)
        painter.setPen(self._theme.color("text"))
        name = metrics.elidedText(index.data(), Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, name)

    def _picture(self, step: Step) -> QPixmap:
        key = id(step)
        if key not in self._pictures:
            # The step is kept beside its picture, so that its id is not given to another one.
            self._pictures[key] = (step, _pixmap(self._colors[step.preview]))
            while len(self._pictures) > KEPT:
                self._pictures.popitem(last=False)
        self._pictures.move_to_end(key)
        return self._pictures[key][1]


def _pixmap(rgba: NDArray[np.uint8]) -> QPixmap:
    """H×W×4 as a pixmap."""
    pixels = np.ascontiguousarray(rgba)
    height, width = pixels.shape[:2]
    if not height or not width:
        return QPixmap(1, 1)
    image = QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888)
    return QPixmap.fromImage(image)
