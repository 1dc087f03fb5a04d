"""What the canvas says when there is no image on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPalette

from unet_gui.gui.theme.tokens import DARK, LIGHT, SPACE_M, Tokens

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import QFont

    from unet_gui.dataset.project import Project

WIDTH: Final = 440


@dataclass(frozen=True, slots=True)
class Message:
    """A line that says what is the case, and one that says what to do."""

    title: str
    hint: str = ""


def tokens_for(palette: QPalette) -> Tokens:
    """The theme's colours that go with a palette."""
    dark = palette.color(QPalette.ColorRole.Window).lightness() < 128
    return DARK if dark else LIGHT


def message_for(project: Project | None, opening: Path | None = None) -> Message:
    """Why there is nothing to see, and what to do about it."""
    if project is None and opening is not None:
        return Message(_tr("Opening {0} …").format(opening.name or opening))
    if project is None:
        return Message(
            _tr("Nothing is open yet"), _tr("Open a project or any folder of images to begin.")
        )
    if not project.images:
        return Message(
            _tr("There are no images here yet"),
            _tr("Put images into the project's folder, or open another one."),
        )
    return Message(_tr("Choose an image from the list"))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Canvas", text)


def paint_message(painter: QPainter, rect: QRect, message: Message, palette: QPalette) -> None:
    """Both lines, wrapped, in the middle of `rect`."""
    tokens = tokens_for(palette)
    base = painter.font()
    title = _sized(base, 1.45)
    title.setWeight(title.Weight.DemiBold)
    hint = _sized(base, 1.05)
    flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap)
    width = min(WIDTH, rect.width() - 4 * SPACE_M)
    room = QRect(0, 0, max(1, width), rect.height())
    heights = [
        QFontMetrics(font).boundingRect(room, flags, text).height()
        for font, text in ((title, message.title), (hint, message.hint))
    ]
    left = rect.center().x() - width // 2
    top = rect.center().y() - (sum(heights) + SPACE_M) // 2
    for font, color, text, height in (
        (title, tokens.text, message.title, heights[0]),
        (hint, tokens.muted, message.hint, heights[1]),
    ):
        painter.setFont(font)
        painter.setPen(QColor(color))
        painter.drawText(QRect(left, top, width, height), flags, text)
        top += height + SPACE_M
    painter.setFont(base)


def _sized(font: QFont, factor: float) -> QFont:
    font = type(font)(font)
    if font.pointSizeF() > 0:
        font.setPointSizeF(font.pointSizeF() * factor)
    else:
        font.setPixelSize(round(font.pixelSize() * factor))
    return font
