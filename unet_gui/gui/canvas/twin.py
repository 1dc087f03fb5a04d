"""The right half of the canvas in side by side: the same view with the prediction on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from unet_gui.gui.canvas.compare import Part, Shows, paint_tag
from unet_gui.gui.canvas.pane import Led, LinkedPane
from unet_gui.gui.canvas.placeholder import tokens_for

if TYPE_CHECKING:
    from PySide6.QtCore import QRect
    from PySide6.QtGui import QPainter
    from PySide6.QtWidgets import QWidget

    from unet_gui.gui.canvas.compare import Comparison
    from unet_gui.gui.canvas.layers import Layers


class TwinPane(LinkedPane):
    """Lies on the canvas, so that nobody paints where the mask is not seen."""

    def __init__(
        self, canvas: Led, layers: Layers, comparison: Comparison, parent: QWidget
    ) -> None:
        super().__init__(canvas, parent)
        self.setObjectName("compare_twin")
        self._below = parent
        self._layers = layers
        self._comparison = comparison
        self.hide()

    def place(self, area: QRect) -> None:
        """Cover this part of the canvas while both are shown side by side."""
        self.setGeometry(area)
        self.setVisible(self._comparison.side_by_side)

    def enterEvent(self, _event: object) -> None:
        """Qt tells a widget that the pointer is on a child of it only by silence."""
        QApplication.sendEvent(self._below, QEvent(QEvent.Type.Leave))

    def _follow_viewport(self) -> None:
        shown = self._canvas.viewport
        self.viewport.image_width, self.viewport.image_height = (
            shown.image_width,
            shown.image_height,
        )
        super()._follow_viewport()

    def _paint(self, painter: QPainter, exposed: QRect) -> None:
        whole = self.rect()
        self._layers.paint(painter, self.viewport, exposed, [Part(whole, Shows.PREDICTION)])
        paint_tag(painter, whole, exposed, self._comparison.tag(Shows.PREDICTION))
        painter.fillRect(0, 0, 1, self.height(), QColor(tokens_for(self.palette()).border))
