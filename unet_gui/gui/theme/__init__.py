"""One look on every system: Fusion, a palette and a short style sheet from the design tokens."""

from __future__ import annotations

import weakref
from enum import Enum
from typing import TYPE_CHECKING, Final

import shiboken6
from PySide6.QtCore import QObject, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QColor, QFont, QPalette

from unet_gui.gui.theme.icons import IconSet
from unet_gui.gui.theme.style import style_sheet
from unet_gui.gui.theme.tokens import DARK, LIGHT, Tokens

if TYPE_CHECKING:
    from PySide6.QtGui import QAction, QIcon, QPixmap
    from PySide6.QtWidgets import QAbstractButton, QApplication

    IconTarget = QAction | QAbstractButton


_GLYPH: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="{color}" '
    'stroke-width="2" stroke-linecap="round" stroke-linejoin="round"><path d="{line}"/></svg>'
)


class ThemeMode(Enum):
    """What the person chose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


def mode_named(name: str) -> ThemeMode:
    """The mode of this name; the system's for a name that is none."""
    return next((mode for mode in ThemeMode if mode.value == name), ThemeMode.SYSTEM)


class Theme(QObject):
    """Keeps the application in the chosen theme and hands out its colours and icons.

    Signals:
        changed: colours and icons are different now.
    """

    changed = Signal()

    def __init__(self, app: QApplication, mode: ThemeMode = ThemeMode.SYSTEM) -> None:
        super().__init__(app)
        self._app = app
        self._targets: weakref.WeakKeyDictionary[IconTarget, tuple[str, str]] = (
            weakref.WeakKeyDictionary()
        )
        self._drawings = QTemporaryDir()
        self.mode = mode
        self.tokens: Tokens = LIGHT
        self.icons = IconSet(LIGHT)
        app.setStyle("Fusion")
        self._request_scheme()
        self._apply()
        app.styleHints().colorSchemeChanged.connect(self._on_color_scheme_changed)
        # A screen of another pixel density needs icons of its own.
        app.screenAdded.connect(self._apply)

    def set_mode(self, mode: ThemeMode) -> None:
        if mode is not self.mode:
            self.mode = mode
            self._request_scheme()
            self._apply()

    def icon(self, name: str, color: str | None = None) -> QIcon:
        return self.icons.icon(name, color)

    def pixmap(self, name: str, size: int, color: str | None = None) -> QPixmap:
        return self.icons.pixmap(name, size, color)

    def set_icon(self, target: IconTarget, name: str, token: str = "") -> None:
        """Give an action or button this icon, now and after every change of theme.

        Args:
            target: what shows the icon.
            name: the icon's file name without ending.
            token: name of the colour token; the text colour when empty.
        """
        self._targets[target] = (name, token)
        target.setIcon(self._tinted(name, token))

    def color(self, token: str) -> QColor:
        """A colour token ready to paint with."""
        return QColor(getattr(self.tokens, token))

    def _tinted(self, name: str, token: str) -> QIcon:
        return self.icons.icon(name, getattr(self.tokens, token) if token else None)

    def _request_scheme(self) -> None:
        """So that what the system draws itself, title bars for one, follows along."""
        schemes = {ThemeMode.LIGHT: Qt.ColorScheme.Light, ThemeMode.DARK: Qt.ColorScheme.Dark}
        hints = self._app.styleHints()
        if self.mode is ThemeMode.SYSTEM:
            hints.unsetColorScheme()
        else:
            hints.setColorScheme(schemes[self.mode])

    def _wants_dark(self) -> bool:
        if self.mode is ThemeMode.SYSTEM:
            return self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return self.mode is ThemeMode.DARK

    def _on_color_scheme_changed(self) -> None:
        if self._wants_dark() != self.tokens.dark:
            self._apply()

    def _apply(self) -> None:
        self.tokens = DARK if self._wants_dark() else LIGHT
        self.icons = IconSet(self.tokens)
        self._app.setPalette(palette(self.tokens))
        self._app.setStyleSheet(style_sheet(self.tokens, self._app.font(), self._draw_glyphs()))
        for target, (name, token) in list(self._targets.items()):
            if shiboken6.isValid(target):
                target.setIcon(self._tinted(name, token))
        self.changed.emit()

    def _draw_glyphs(self) -> dict[str, str]:
        """Arrow files for the style sheet, which takes pictures from files only."""
        glyphs = {}
        tick = "M5 12.5 10 17.5 19 7.5"
        for name, line, color in (
            ("down", "M6 9.5 12 15.5 18 9.5", self.tokens.muted),
            ("tick", tick, self.tokens.muted),
            ("check", tick, self.tokens.on_accent),
        ):
            path = self._drawings.filePath(f"{name}-{'dark' if self.tokens.dark else 'light'}.svg")
            with open(path, "w", encoding="ascii") as file:  # noqa: PTH123 - the path is Qt's
                file.write(_GLYPH.format(color=color, line=line))
            glyphs[name] = path.replace("\\", "/")
        return glyphs


def palette(tokens: Tokens) -> QPalette:
    """Qt's colour roles from our tokens."""
    role = QPalette.ColorRole
    roles = {
        role.Window: tokens.window,
        role.WindowText: tokens.text,
        role.Base: tokens.surface,
        role.AlternateBase: tokens.window,
        role.Text: tokens.text,
        role.Button: tokens.raised,
        role.ButtonText: tokens.text,
        role.BrightText: tokens.danger,
        role.ToolTipBase: tokens.raised,
        role.ToolTipText: tokens.text,
        role.PlaceholderText: tokens.muted,
        role.Highlight: tokens.accent_fill,
        role.HighlightedText: tokens.on_accent,
        role.Accent: tokens.accent_fill,
        role.Link: tokens.accent,
        role.LinkVisited: tokens.accent,
        role.Light: tokens.raised,
        role.Midlight: tokens.hover,
        role.Mid: tokens.border,
        role.Dark: tokens.border,
        role.Shadow: "#000000",
    }
    result = QPalette()
    for color_role, color in roles.items():
        result.setColor(color_role, QColor(color))
    for color_role in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        result.setColor(QPalette.ColorGroup.Disabled, color_role, QColor(tokens.faint))
    result.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(tokens.border))
    return result


def scaled_font(font: QFont, factor: float, *, bold: bool = False) -> QFont:
    """The font larger or smaller, whether its size is in points or pixels."""
    result = QFont(font)
    if font.pointSizeF() > 0:
        result.setPointSizeF(font.pointSizeF() * factor)
    else:
        result.setPixelSize(max(1, round(font.pixelSize() * factor)))
    if bold:
        result.setWeight(QFont.Weight.DemiBold)
    return result
