"""How a row of the image list looks: thumbnail, name, status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from unet_gui.gui.panels.image_model import ImageRole
from unet_gui.gui.panels.marks import draw_status
from unet_gui.gui.panels.wording import status_words
from unet_gui.gui.theme import scaled_font
from unet_gui.gui.theme.tokens import RADIUS, SPACE_M, SPACE_S

if TYPE_CHECKING:
    from unet_gui.dataset.project import Status
    from unet_gui.gui.panels.image_model import Index
    from unet_gui.gui.panels.thumbnails import ThumbnailLoader
    from unet_gui.gui.theme import Theme

ROW_HEIGHT: Final = 60
THUMBNAIL: Final = 44
MARK: Final = 13


class ImageDelegate(QStyledItemDelegate):
    """Paints one image's row.

    Args:
        thumbnails: where pictures come from; asked only for rows that are painted.
        theme: colours.
        parent: owner.
    """

    def __init__(self, thumbnails: ThumbnailLoader, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._theme = theme
        self._words = status_words()

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(160, max(ROW_HEIGHT, 2 * option.fontMetrics.height() + 3 * SPACE_M))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, rect, option.state)
        box = QRect(rect.left() + SPACE_M, 0, THUMBNAIL, THUMBNAIL)
        box.moveTop(rect.top() + (rect.height() - THUMBNAIL) // 2)
        self._paint_thumbnail(painter, box, index)
        text = rect.adjusted(THUMBNAIL + 2 * SPACE_M + SPACE_S, 0, -SPACE_M, 0)
        self._paint_words(painter, text, option, index)
        painter.restore()

    def _paint_ground(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag) -> None:
        tokens = self._theme.tokens
        if state & QStyle.StateFlag.State_Selected:
            ground = tokens.accent_soft
        elif state & QStyle.StateFlag.State_MouseOver:
            ground = tokens.hover
        else:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(rect.adjusted(SPACE_S, 1, -SPACE_S, -1), RADIUS, RADIUS)

    def _paint_thumbnail(self, painter: QPainter, box: QRect, index: Index) -> None:
        entry = index.data(ImageRole.ENTRY)
        pixmap = self._thumbnails.get(entry)
        painter.save()
        clip = QPainterPath()
        clip.addRoundedRect(QRectF(box), 5, 5)
        painter.setClipPath(clip)
        painter.fillRect(box, self._theme.color("hover"))
        if pixmap is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(QRectF(box), pixmap, _square(pixmap))
        elif self._thumbnails.known(entry.name):
            warning = self._theme.pixmap("warning", 20, self._theme.tokens.warning)
            painter.drawPixmap(box.center().x() - 9, box.center().y() - 9, warning)
        painter.restore()

    def _paint_words(
        self, painter: QPainter, rect: QRect, option: QStyleOptionViewItem, index: Index
    ) -> None:
        status: Status | None = index.data(ImageRole.STATUS)
        folder, _, name = str(index.data()).rpartition("/")
        metrics = option.fontMetrics
        line = metrics.height()
        above = QRect(rect.left(), 0, rect.width(), line)
        above.moveTop(rect.top() + (rect.height() - 2 * line - SPACE_S) // 2)
        painter.setPen(self._theme.color("text"))
        painter.drawText(
            above,
            Qt.AlignmentFlag.AlignVCenter,
            metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, rect.width()),
        )
        below = above.translated(0, line + SPACE_S)
        if status is not None:
            mark = QRectF(below.left(), below.top() + (line - MARK) / 2, MARK, MARK)
            draw_status(painter, mark, status, self._theme.tokens)
            below.setLeft(below.left() + MARK + SPACE_S + 2)
        words = " · ".join(filter(None, (self._words[status] if status else "", folder)))
        painter.setFont(scaled_font(option.font, 0.9))
        painter.setPen(self._theme.color("muted"))
        painter.drawText(
            below,
            Qt.AlignmentFlag.AlignVCenter,
            painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, below.width()),
        )


def _square(pixmap: QPixmap) -> QRectF:
    """The middle of the picture, as large as a square can be."""
    side = min(pixmap.width(), pixmap.height())
    return QRectF((pixmap.width() - side) / 2, (pixmap.height() - side) / 2, side, side)
