"""How a row of the class list looks: key, colour chip, name, share of the image, eye, lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from unet_gui.gui.panels.class_model import ClassRole
from unet_gui.gui.panels.marks import draw_chip
from unet_gui.gui.theme import scaled_font
from unet_gui.gui.theme.tokens import RADIUS, SPACE_M, SPACE_S
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from PySide6.QtCore import QAbstractItemModel

    from unet_gui.gui.panels.class_model import Index
    from unet_gui.gui.theme import Theme

ROW_HEIGHT: Final = 36
CHIP: Final = 18
KEY: Final = 18
SWITCH: Final = 16
SWITCH_ROOM: Final = 24


class ClassDelegate(QStyledItemDelegate):
    """Paints one class's row and edits its name.

    Signals:
        color_clicked: the id of the class whose chip was double-clicked.
        eye_clicked: the id of the class, and whether Alt was held.
        lock_clicked: the id of the class.
    """

    color_clicked = Signal(int)
    eye_clicked = Signal(int, bool)
    lock_clicked = Signal(int)

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(120, max(ROW_HEIGHT, option.fontMetrics.height() + 2 * SPACE_M))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = self._theme.tokens
        if selected or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.accent_soft if selected else tokens.hover))
            painter.drawRoundedRect(rect.adjusted(SPACE_S, 1, -SPACE_S, -1), RADIUS, RADIUS)
        self._paint_key(painter, rect, option, index)
        draw_chip(painter, QRectF(chip_rect(rect)).adjusted(0.5, 0.5, -0.5, -0.5),
                  index.data(ClassRole.COLOR), tokens)  # fmt: skip
        self._paint_words(painter, rect, option, index)
        self._paint_switches(painter, rect, index, lively=selected or hovered)
        painter.restore()

    def _paint_key(
        self, painter: QPainter, rect: QRect, option: QStyleOptionViewItem, index: Index
    ) -> None:
        key: str = index.data(ClassRole.KEY)
        if not key:
            return
        cap = QRect(rect.left() + SPACE_M + 2, rect.center().y() - KEY // 2 + 1, KEY, KEY)
        painter.setPen(QPen(self._theme.color("border"), 1))
        painter.setBrush(self._theme.color("window"))
        painter.drawRoundedRect(QRectF(cap).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(scaled_font(option.font, 0.9))
        painter.setPen(self._theme.color("muted"))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, key)

    def _paint_words(
        self, painter: QPainter, rect: QRect, option: QStyleOptionViewItem, index: Index
    ) -> None:
        share: str = index.data(ClassRole.SHARE)
        metrics = option.fontMetrics
        area = name_rect(rect)
        painter.setFont(option.font)
        if share:
            width = metrics.horizontalAdvance(share)
            painter.setPen(self._theme.color("muted"))
            painter.drawText(
                area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, share
            )
            area = area.adjusted(0, 0, -width - SPACE_M, 0)
        painter.setPen(self._theme.color("muted" if index.data(ClassRole.HIDDEN) else "text"))
        name = metrics.elidedText(index.data(), Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, name)

    def _paint_switches(
        self, painter: QPainter, rect: QRect, index: Index, *, lively: bool
    ) -> None:
        """Eye and lock: faint until they are used."""
        tokens = self._theme.tokens
        hidden, solo = index.data(ClassRole.HIDDEN), index.data(ClassRole.SOLO)
        locked = index.data(ClassRole.LOCKED)
        quiet = tokens.muted if lively else tokens.faint
        for area, icon, used in (
            (eye_rect(rect), "eye_off" if hidden else "eye", hidden or solo),
            (lock_rect(rect), "lock" if locked else "unlock", locked),
        ):
            color = tokens.accent if used else quiet
            at = area.center() - QPoint(SWITCH // 2 - 1, SWITCH // 2 - 1)
            painter.drawPixmap(at, self._theme.pixmap(icon, SWITCH, color))

    def createEditor(
        self, parent: QWidget, _option: QStyleOptionViewItem, _index: Index
    ) -> QWidget:
        editor = named(QLineEdit(parent), "class_name")
        editor.setAccessibleName(self.tr("Name of the class"))
        editor.setMaxLength(80)
        return editor

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, _index: Index
    ) -> None:
        rect: QRect = option.rect
        editor.setGeometry(name_rect(rect).adjusted(-SPACE_M - 1, 3, 0, -3))

    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        kind = event.type()
        if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            at, row = event.position().toPoint(), option.rect
            class_id = index.data(ClassRole.ID)
            if kind == QEvent.Type.MouseButtonDblClick and chip_rect(row).contains(at):
                self.color_clicked.emit(class_id)
                return True
            if eye_rect(row).contains(at) or lock_rect(row).contains(at):
                if kind == QEvent.Type.MouseButtonRelease:
                    self._switch(class_id, event, eye=eye_rect(row).contains(at))
                return True
        return super().editorEvent(event, model, option, index)

    def _switch(self, class_id: int, event: QMouseEvent, *, eye: bool) -> None:
        if eye:
            alone = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            self.eye_clicked.emit(class_id, alone)
        else:
            self.lock_clicked.emit(class_id)


def chip_rect(row: QRect) -> QRect:
    """Where the colour of a class is, in its row."""
    left = row.left() + SPACE_M + KEY + SPACE_M + 2
    return QRect(left, row.center().y() - CHIP // 2 + 1, CHIP, CHIP)


def name_rect(row: QRect) -> QRect:
    """Where its name and share are."""
    left = chip_rect(row).right() + SPACE_M + 2
    return QRect(left, row.top(), eye_rect(row).left() - left - SPACE_S, row.height())


def lock_rect(row: QRect) -> QRect:
    """Where its lock is."""
    left = row.right() - SPACE_M - SWITCH_ROOM
    return QRect(left, row.top(), SWITCH_ROOM, row.height())


def eye_rect(row: QRect) -> QRect:
    """Where its eye is."""
    return lock_rect(row).translated(-SWITCH_ROOM, 0)
