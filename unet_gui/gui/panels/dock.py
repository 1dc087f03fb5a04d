"""A dock with a quiet title line that matches the panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QToolButton, QWidget

from unet_gui.gui.theme.tokens import ICON_SMALL, SPACE_L, SPACE_S

if TYPE_CHECKING:
    from unet_gui.gui.theme import Theme


class PanelDock(QDockWidget):
    """Holds one panel; can be moved, floated and hidden.

    Args:
        name: objectName, by which its place is remembered.
        title: what its title line says.
        panel: the panel.
        theme: icons.
    """

    def __init__(self, name: str, title: str, panel: QWidget, theme: Theme) -> None:
        super().__init__(title)
        self.setObjectName(name)
        self.setWidget(panel)
        caption = QLabel(title)
        caption.setProperty("heading", True)
        close = QToolButton()
        close.setIconSize(QSize(ICON_SMALL - 2, ICON_SMALL - 2))
        close.setAutoRaise(True)
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.setToolTip(self.tr("Hide this panel (View menu brings it back)"))
        close.setAccessibleName(self.tr("Hide the panel {0}").format(title))
        close.clicked.connect(self.close)
        theme.set_icon(close, "close", "muted")
        bar = QWidget()
        bar.setProperty("bar", True)
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(bar)
        row.setContentsMargins(SPACE_L, SPACE_S, SPACE_S, SPACE_S)
        row.addWidget(caption, 1)
        row.addWidget(close)
        self.setTitleBarWidget(bar)
