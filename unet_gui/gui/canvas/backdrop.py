"""The image itself: drawn from the level that fits the zoom, only where something is exposed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QRectF, Signal
from PySide6.QtGui import QImage, QPainter

from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.gui.canvas.pyramid import build_pyramid

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from unet_gui.core.document import RgbImage
    from unet_gui.gui.canvas.viewport import Viewport
    from unet_gui.gui.jobs import JobRunner

AT_ONCE: Final = 4_000_000
"""Pixels up to which the levels are made on the spot: some ten milliseconds."""

CRISP_FROM: Final = 2.0
"""Pixels are shown as squares from this zoom on; below, the squares would be uneven."""

BLOCK: Final = 1024


class Backdrop(QObject):
    """The open image as QImages of falling size.

    Signals:
        refined: smaller levels have become ready, the image can be drawn better.
    """

    refined = Signal()

    def __init__(self, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._levels: list[QImage] = []
        self._pixels: list[NDArray[np.uint8] | NDArray[np.uint32]] = []

    def set_image(self, image: RgbImage | None) -> None:
        """Show another image. A large one is drawn roughly until its smaller levels are made."""
        self._runner.cancel("pyramid")
        if image is None:
            self._levels, self._pixels = [], []
        elif image.shape[0] * image.shape[1] <= AT_ONCE:
            self._use(drain(build_pyramid(image)))
        else:
            height, width = image.shape[:2]
            self._pixels = [image]  # QImage borrows the memory
            self._levels = [
                QImage(image.data, width, height, width * 3, QImage.Format.Format_RGB888)
            ]
            self._runner.submit(
                "pyramid",
                lambda: build_pyramid(image),
                on_done=self._on_pyramid_built,
                priority=-10,
            )

    def paint(self, painter: QPainter, viewport: Viewport, exposed: Rect) -> None:
        """Draw the image pixels `exposed`; the painter is in canvas coordinates."""
        if not self._levels or exposed.empty:
            return
        level = min(max(0, math.floor(-math.log2(viewport.zoom))), len(self._levels) - 1)
        painter.save()
        painter.translate(*viewport.origin)
        painter.scale(viewport.scale, viewport.scale)
        smooth = viewport.zoom < CRISP_FROM and viewport.zoom != 1.0
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        step = 1 << level
        if smooth:
            # Two pixels more on each side: interpolation must not see where the exposed part ends.
            self._draw(painter, viewport, level, exposed.expanded(2 * step + 2))
        else:
            # Whole blocks, cut by the painter: which pixel is copied where must not depend on
            # what happens to be exposed.
            block = BLOCK * step
            for row, column in exposed.tiles(block):
                area = Rect(0, 0, block, block).moved(column * block, row * block)
                self._draw(painter, viewport, level, area)
        painter.restore()

    def _draw(self, painter: QPainter, viewport: Viewport, level: int, area: Rect) -> None:
        step = 1 << level
        x0, y0 = max(0, area.x0) // step * step, max(0, area.y0) // step * step
        x1 = min(-(-area.x1 // step) * step, viewport.image_width)
        y1 = min(-(-area.y1 // step) * step, viewport.image_height)
        target = QRectF(x0, y0, x1 - x0, y1 - y0)
        source = QRectF(x0 / step, y0 / step, (x1 - x0) / step, (y1 - y0) / step)
        painter.drawImage(target, self._levels[level], source)

    def _use(self, pyramid: list[NDArray[np.uint32]]) -> None:
        self._pixels = [*pyramid]
        self._levels = [
            QImage(p.data, p.shape[1], p.shape[0], p.strides[0], QImage.Format.Format_RGB32)
            for p in pyramid
        ]

    def _on_pyramid_built(self, pyramid: list[NDArray[np.uint32]] | None) -> None:
        if pyramid:
            self._use(pyramid)
            self.refined.emit()
