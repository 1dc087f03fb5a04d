"""The bundled SVG line icons, recoloured for the theme and for each state."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPainter, QPen, QPixmap
from PySide6.QtSvg import QSvgRenderer

from unet_gui.core.errors import UnetGuiError
from unet_gui.dataset import bundled

if TYPE_CHECKING:
    from unet_gui.gui.theme.tokens import Tokens

logger = logging.getLogger(__name__)

SIZES: Final = (16, 20)
"""What buttons and menus use. Larger drawings are asked for as pixmaps."""


class IconSet:
    """Icons of one theme. Pixmaps are drawn at the sizes and pixel densities in use, hence crisp.

    Args:
        tokens: the colours.
    """

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._icons: dict[tuple[str, str], QIcon] = {}

    def icon(self, name: str, color: str | None = None) -> QIcon:
        """The icon called `name`; `color` replaces the text colour of the theme."""
        key = (name, color or "")
        if key not in self._icons:
            self._icons[key] = self._build(name, color)
        return self._icons[key]

    def pixmap(self, name: str, size: int, color: str | None = None) -> QPixmap:
        """One drawing of `size` logical pixels at the density of the main screen."""
        return _draw(name, color or self._tokens.text, size, _densities()[-1])

    def _build(self, name: str, color: str | None) -> QIcon:
        tokens = self._tokens
        looks = (
            (QIcon.Mode.Normal, QIcon.State.Off, color or tokens.text),
            (QIcon.Mode.Normal, QIcon.State.On, color or tokens.accent),
            (QIcon.Mode.Disabled, QIcon.State.Off, tokens.faint),
            (QIcon.Mode.Disabled, QIcon.State.On, tokens.faint),
        )
        icon = QIcon()
        drawn: dict[str, list[QPixmap]] = {}
        for mode, state, tint in looks:
            if tint not in drawn:
                drawn[tint] = [_draw(name, tint, s, d) for s in SIZES for d in _densities()]
            for pixmap in drawn[tint]:
                icon.addPixmap(pixmap, mode, state)
        return icon


def app_icon() -> QIcon:
    """The program's own icon, in its own colours."""
    icon = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        icon.addPixmap(_draw("app", "#4f48e0", size, 1.0))
    return icon


@lru_cache(maxsize=256)
def svg(name: str, color: str) -> bytes:
    """The SVG of an icon with its lines in `color`; empty when there is no such icon."""
    try:
        return bundled.icon_svg(name, color)
    except UnetGuiError as error:
        logger.warning("%s", error.message)
        return b""


def _densities() -> list[float]:
    """Device pixels per logical pixel on the screens there are."""
    return sorted({s.devicePixelRatio() for s in QGuiApplication.screens()}) or [1.0]


def _draw(name: str, color: str, size: int, density: float) -> QPixmap:
    source = svg(name, color)
    pixmap = QPixmap(round(size * density), round(size * density))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    area = QRectF(pixmap.rect())
    if source:
        QSvgRenderer(QByteArray(source)).render(painter, area)
    else:
        _draw_letter(painter, name, color, area)
    painter.end()
    pixmap.setDevicePixelRatio(density)
    return pixmap


def _draw_letter(painter: QPainter, name: str, color: str, area: QRectF) -> None:
    """Stands in for an icon file that is missing, so that the button can still be told apart."""
    margin = area.width() * 0.12
    painter.setPen(QPen(QColor(color), area.width() * 0.07))
    painter.drawRoundedRect(area.adjusted(margin, margin, -margin, -margin), margin, margin)
    font = QFont(painter.font())
    font.setPixelSize(max(1, round(area.height() * 0.5)))
    painter.setFont(font)
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, name[:1].upper())
