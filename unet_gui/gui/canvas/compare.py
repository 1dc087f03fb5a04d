"""Mask and prediction held against each other: by turns, left and right of a line, side by side."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import (
    QCoreApplication,
    QMargins,
    QObject,
    QRect,
    QRectF,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QPainter, QPen
from PySide6.QtWidgets import QWidget

from unet_gui.gui.options import Compare

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent, QPaintEvent

    from unet_gui.gui.session import Session

FLICKER: Final = 600
"""Milliseconds that each of mask and prediction is seen."""

GRIP: Final = 11
"""Logical pixels in which the dividing line can be grasped."""

_EDGE: Final = 0.04
_TAG_MARGINS: Final = QMargins(11, 4, 11, 4)


class Shows(Enum):
    """What is drawn over the image."""

    USUAL = "usual"
    MASK = "mask"
    PREDICTION = "prediction"


class Part(NamedTuple):
    """A part of the canvas and what is shown there."""

    area: QRect
    shows: Shows


class Divider(QWidget):
    """The line between mask and prediction; dragging moves it.

    Signals:
        moved: to another place.
    """

    moved = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("compare_divider")
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setToolTip(_tr("Left: the mask. Right: the prediction. Drag to compare."))
        self._area = QRect()
        self._share = 0.5
        self.hide()

    @property
    def at(self) -> int:
        """Where it is on the canvas."""
        return self._area.x() + round(self._share * self._area.width())

    def place(self, area: QRect) -> None:
        """Follow the canvas to another size."""
        self._area = area
        self.setGeometry(self.at - GRIP // 2, area.y(), GRIP, area.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self._area.width() > 0:
            x = self.mapToParent(event.position()).x()
            share = (x - self._area.x()) / self._area.width()
            self._share = max(_EDGE, min(1 - _EDGE, share))
            self.place(self._area)
            self.moved.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        middle = GRIP // 2
        painter.fillRect(middle - 1, 0, 3, self.height(), QColor(0, 0, 0, 150))
        painter.fillRect(middle, 0, 1, self.height(), QColor(255, 255, 255))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(0, 0, 0, 150), 1))
        painter.setBrush(QColor(255, 255, 255))
        grip = QRectF(middle - 2.5, self.height() / 2 - 16, 6, 32)
        painter.drawRoundedRect(grip, 3, 3)


class Comparison(QObject):
    """Which parts of the canvas show the mask and which the prediction.

    Signals:
        changed: something else is shown.
    """

    changed = Signal()

    def __init__(self, canvas: QWidget, session: Session) -> None:
        super().__init__(canvas)
        self._session = session
        self._mode = Compare.OFF
        self._predicted = False
        self._area = QRect()
        self.divider = Divider(canvas)
        self.divider.moved.connect(self.changed)
        self._timer = QTimer(self, interval=FLICKER)
        self._timer.timeout.connect(self._turn)

    @property
    def mode(self) -> Compare:
        return self._mode

    @property
    def side_by_side(self) -> bool:
        return self._mode is Compare.SIDE_BY_SIDE

    def set_mode(self, mode: Compare) -> None:
        if mode is self._mode:
            return
        self._mode, self._predicted = mode, False
        self.divider.setVisible(mode is Compare.SPLIT)
        if mode is Compare.FLICKER:
            self._timer.start()
        else:
            self._timer.stop()
        self.changed.emit()

    def place(self, area: QRect) -> None:
        """The image is shown in this part of the canvas."""
        self._area = area
        self.divider.place(area)

    def parts(self) -> list[Part]:
        """What is shown where on the canvas."""
        area = self._area
        if self._mode is Compare.SPLIT:
            left, right = QRect(area), QRect(area)
            left.setRight(self.divider.at - 1)
            right.setLeft(self.divider.at)
            return [Part(left, Shows.MASK), Part(right, Shows.PREDICTION)]
        if self._mode is Compare.FLICKER and self._session.ghost is not None:
            return [Part(area, Shows.PREDICTION if self._predicted else Shows.MASK)]
        return [Part(area, Shows.MASK if self.side_by_side else Shows.USUAL)]

    def paint_tags(self, painter: QPainter, parts: list[Part], exposed: QRect) -> None:
        """Say what is what, in the upper corner of each part."""
        for area, shows in parts:
            if shows is not Shows.USUAL:
                paint_tag(painter, area, exposed, self.tag(shows))

    def tag(self, shows: Shows) -> str:
        if shows is Shows.MASK:
            return _tr("Mask")
        return _tr("Prediction") if self._session.ghost is not None else _tr("No prediction yet")

    def _turn(self) -> None:
        """The other one, unless the person is just painting on this one."""
        if self._session.stroking or QGuiApplication.mouseButtons():
            predicted = False
        else:
            predicted = not self._predicted
        if predicted != self._predicted:
            self._predicted = predicted
            self.changed.emit()


def paint_tag(painter: QPainter, area: QRect, exposed: QRect, text: str) -> None:
    """A few words on a dark ground at the upper middle of `area`, where that is exposed."""
    metrics = QFontMetrics(painter.font())
    size = metrics.size(0, text).grownBy(_TAG_MARGINS)
    box = QRect(area.center().x() - size.width() // 2, area.y() + 10, size.width(), size.height())
    if not box.intersects(exposed) or box.width() > area.width():
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 165))
    painter.drawRoundedRect(QRectF(box), box.height() / 2, box.height() / 2)
    painter.setPen(QColor(255, 255, 255))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def _tr(text: str) -> str:
    return QCoreApplication.translate("Canvas", text)
