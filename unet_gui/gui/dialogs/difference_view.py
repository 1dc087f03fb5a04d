"""Pictures of where two masks differ, drawn in the background for the image that is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from unet_gui.core.errors import ImageReadError
from unet_gui.dataset import pages
from unet_gui.dataset.difference_pictures import difference
from unet_gui.dataset.mask_sources import mask_source

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from unet_gui.core.document import RgbImage
    from unet_gui.dataset.mask_sources import MaskSource
    from unet_gui.gui.theme import Theme

MAX_SIDE: Final = 1600
"""Larger pictures are thinned out: they are looked at in a corner of a dialog."""


class Differences:
    """Draws differences of two sources, which are looked up once. For one thread.

    Args:
        a: a project, a round or a folder of masks.
        b: another one.
    """

    def __init__(self, a: Path, b: Path) -> None:
        self._places = (a, b)
        self._sources: tuple[MaskSource, MaskSource] | None = None

    def draw(self, name: str) -> Generator[None, None, RgbImage]:
        """The difference of one image, over the image where it is known.

        Returns:
            H×W×3 uint8, at most `MAX_SIDE` on a side.

        Raises:
            MaskReadError, ProjectError: it cannot be read any more.
        """
        yield
        if self._sources is None:
            one, two = map(mask_source, self._places)
            self._sources = (one, two)
            yield
        one, two = self._sources
        first, second = one.load(name), two.load(name)
        yield
        table = one.classes or two.classes
        nothing = 0 if table is None else None
        if table is not None:
            names = {"background", "bg", "背景"}
            nothing = next((c.id for c in table if c.name.casefold() in names), None)
        backdrop = None
        image = one.images.get(name) or two.images.get(name)
        if image is not None:
            try:
                backdrop = pages.read(image)
            except ImageReadError:
                backdrop = None  # the differences alone still tell
        yield
        step = -(-max(first.shape) // MAX_SIDE)
        thin = None if backdrop is None else backdrop[::step, ::step]
        return difference(first[::step, ::step], second[::step, ::step], thin, nothing)


class PictureView(QWidget):
    """One picture, as large as there is room, or a word in its place."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setMinimumSize(220, 180)
        self._theme = theme
        self._pixmap: QPixmap | None = None
        self._text = ""

    @property
    def has_picture(self) -> bool:
        return self._pixmap is not None

    def show_text(self, text: str) -> None:
        """A word instead of a picture."""
        self._pixmap, self._text = None, text
        self.update()

    def show_pixels(self, pixels: RgbImage) -> None:
        """This picture, H×W×3 uint8."""
        data = np.ascontiguousarray(pixels)
        height, width = data.shape[:2]
        image = QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self._pixmap = QPixmap.fromImage(image)  # a copy: `data` may go
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(380, 300)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("canvas"))
        if self._pixmap is None:
            painter.setPen(self._theme.color("muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(16, 16, -16, -16), flags, self._text)
        else:
            size = self._pixmap.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            large = size.width() > 2 * self._pixmap.width()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not large)
            left = (self.width() - size.width()) / 2
            top = (self.height() - size.height()) / 2
            target = QRectF(left, top, size.width(), size.height())
            painter.drawPixmap(target, self._pixmap, QRectF(self._pixmap.rect()))
        painter.end()
