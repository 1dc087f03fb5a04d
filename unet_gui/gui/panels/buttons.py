"""Buttons that show an action of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QToolButton

from unet_gui.gui.theme.tokens import ICON, ICON_SMALL

if TYPE_CHECKING:
    from PySide6.QtGui import QAction, QIcon
    from PySide6.QtWidgets import QWidget


class ActionButton(QToolButton):
    """Follows an action's icon, tip, checked and enabled state; a click triggers it.

    Unlike a default action it keeps a text of its own.

    Args:
        action: what it stands for.
        name: objectName.
        text: words on the button; an icon alone when empty.
        look: "" for a flat one, "outlined" or "primary".
        small: for rows inside panels.
    """

    def __init__(
        self,
        action: QAction,
        name: str,
        *,
        text: str = "",
        look: str = "",
        small: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._action = action
        self._own_icon = False
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        side = ICON_SMALL if small else ICON
        self.setIconSize(QSize(side, side))
        self.setAutoRaise(True)
        if text:
            self.setText(text)
            self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        if look:
            self.setProperty(look, True)
        self.clicked.connect(self._on_clicked)
        action.changed.connect(self._follow)
        action.toggled.connect(self.setChecked)
        self._follow()

    def use_icon(self, icon: QIcon) -> None:
        """Show this one instead of the action's: a filled button needs other colours."""
        self._own_icon = True
        self.setIcon(icon)

    def set_compact(self, compact: bool) -> None:
        """Icon alone, to save room; the words stay in the tool tip."""
        style = Qt.ToolButtonStyle
        self.setToolButtonStyle(
            style.ToolButtonIconOnly if compact else style.ToolButtonTextBesideIcon
        )

    def _on_clicked(self) -> None:
        self._action.trigger()
        # An exclusive action that was on stays on, though the click has switched the button off.
        self.setChecked(self._action.isChecked())

    def _follow(self) -> None:
        action = self._action
        self.setCheckable(action.isCheckable())
        self.setChecked(action.isChecked())
        self.setEnabled(action.isEnabled())
        if not self._own_icon:
            self.setIcon(action.icon())
        self.setToolTip(action.toolTip())
        self.setStatusTip(action.statusTip())
        self.setAccessibleName(action.text().split("\t")[0].replace("&", ""))
        self.setAccessibleDescription(action.statusTip())
