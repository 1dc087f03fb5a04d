"""Buttons that show an action of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPolygonF
from PySide6.QtWidgets import QMenu, QToolButton

from unet_gui.gui.theme.tokens import ICON, ICON_SMALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QAction, QIcon, QMouseEvent, QPaintEvent
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


class FlyoutButton(QToolButton):
    """Several exclusive actions in one button: a click takes the last one used again.

    A click on the corner, a long press or the down key shows them all.

    Args:
        actions: what is in it, the first one shown at first.
        name: objectName.
        text: what they are called together.
    """

    def __init__(self, actions: Sequence[QAction], name: str, text: str) -> None:
        super().__init__()
        self._actions = list(actions)
        self._text = text
        self.current = 0
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setIconSize(QSize(ICON, ICON))
        self.setAutoRaise(True)
        self.setCheckable(True)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.DelayedPopup)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.addActions(self._actions)
        menu.aboutToHide.connect(self._follow)
        self.setMenu(menu)
        self.clicked.connect(self._on_clicked)
        for number, action in enumerate(self._actions):
            action.toggled.connect(lambda on, n=number: self._on_action_toggled(n, on=on))
            action.changed.connect(self._follow)
        self._follow()

    def show_action(self, number: int) -> None:
        """Stand for this one from now on."""
        self.current = number
        self._follow()

    def _on_action_toggled(self, number: int, *, on: bool) -> None:
        if on:
            self.current = number
        self._follow()

    def _on_clicked(self) -> None:
        self._actions[self.current].trigger()
        self._follow()

    def _follow(self) -> None:
        action = self._actions[self.current]
        self.setChecked(action.isChecked())
        self.setEnabled(action.isEnabled())
        self.setIcon(action.icon())
        more = self.tr("Hold the button, or click its corner, for more shapes")
        self.setToolTip(f"{action.toolTip()}<br>{more}")
        self.setStatusTip(action.statusTip())
        name = action.text().split("\t")[0].replace("&", "")
        self.setAccessibleName(f"{self._text}: {name}")
        self.setAccessibleDescription(action.statusTip())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.RightButton or self._corner().contains(
            event.position()
        ):
            self.showMenu()
        else:
            super().mousePressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        box = self._corner()
        at = box.bottomRight() - QPoint(4, 4)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.palette().color(QPalette.ColorRole.ButtonText)))
        painter.setOpacity(0.7)
        painter.drawPolygon(QPolygonF([at, at - QPoint(5, 0), at - QPoint(0, 5)]))

    def _corner(self) -> QRectF:
        side = 12
        return QRectF(self.width() - side, self.height() - side, side, side)
