"""The list of classes as Qt shows it: rows to choose and drag, eyes and locks to switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QListView, QStyleOptionViewItem, QToolTip

from unet_gui.gui.panels.class_delegate import eye_rect, lock_rect

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent


class ClassView(QListView):
    """A list whose Delete key asks for the class to go, and whose switches choose no row.

    Signals:
        delete_pressed: the person wants the chosen class gone.
    """

    delete_pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._pressed_switch = False
        self._eye_tip = self.tr("Draw this class or not (Alt+click: draw it alone)")
        self._lock_tip = self.tr("Locked: no tool paints over this class")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete and self.currentIndex().isValid():
            self.delete_pressed.emit()
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.on_switch(event.position().toPoint()):
            # Only the delegate hears of it: neither choosing nor dragging the row is meant.
            self._pressed_switch = True
            event.accept()
            return
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        if self._pressed_switch:
            self._pressed_switch = False
            index = self.indexAt(at)
            if self.on_switch(at):
                option = QStyleOptionViewItem()
                self.initViewItemOption(option)
                option.rect = self.visualRect(index)
                self.itemDelegate().editorEvent(event, self.model(), option, index)
            return
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.on_switch(event.position().toPoint()):
            self.mousePressEvent(event)
            return
        super().mouseDoubleClickEvent(event)

    def on_switch(self, at: QPoint) -> bool:
        """Whether this place is an eye or a lock."""
        index = self.indexAt(at)
        row = self.visualRect(index)
        return index.isValid() and (eye_rect(row).contains(at) or lock_rect(row).contains(at))

    def viewportEvent(self, event: QEvent) -> bool:
        """What eye and lock do, when the pointer rests on them."""
        if not isinstance(event, QHelpEvent) or not self.on_switch(event.pos()):
            return super().viewportEvent(event)
        eye = eye_rect(self.visualRect(self.indexAt(event.pos()))).contains(event.pos())
        QToolTip.showText(event.globalPos(), self._eye_tip if eye else self._lock_tip, self)
        return True
