"""Docks with a quiet title line, and how all panels go away and come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, QSize, Qt, QTimer
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QScrollArea,
    QToolButton,
    QWidget,
)

from unet_gui.gui.theme.tokens import ICON_SMALL, SPACE_L, SPACE_S

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        self._bar = bar
        # Without any widget Qt draws a title of its own; an empty one takes no room.
        self._no_bar = QWidget(self)
        self._no_bar.hide()
        self.setTitleBarWidget(bar)

    def show_title(self, shown: bool) -> None:
        """With or without the title line."""
        bar = self._bar if shown else self._no_bar
        if self.titleBarWidget() is not bar:
            self.setTitleBarWidget(bar)
            bar.show()


def scrolled(panel: QWidget) -> QScrollArea:
    """The panel with a scroll bar where the dock is too low: it never makes the window higher."""
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(panel)
    area.setMinimumWidth(panel.minimumSizeHint().width())
    return area


class DockTitles(QObject):
    """Hides the title line of a dock that shares its place: there the tabs say the same.

    Args:
        window: the docks are in it.
        docks: those to look after.
    """

    def __init__(self, window: QMainWindow, docks: Sequence[PanelDock]) -> None:
        super().__init__(window)
        self._window = window
        self._docks = list(docks)
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._show)
        for dock in docks:
            dock.dockLocationChanged.connect(self._show_soon)
            dock.topLevelChanged.connect(self._show_soon)
            dock.toggleViewAction().toggled.connect(self._show_soon)
        self._show()

    def _show_soon(self) -> None:
        self._timer.start()

    def _show(self) -> None:
        for dock in self._docks:
            others = self._window.tabifiedDockWidgets(dock)
            tabbed = any(not other.isHidden() for other in others) and not dock.isFloating()
            dock.show_title(not tabbed)


class PanelSwitch:
    """Hides panels together and remembers which of them were there.

    Args:
        panels: docks and tool bars.
    """

    def __init__(self, panels: Sequence[QWidget]) -> None:
        self._panels = list(panels)
        self._hidden: list[QWidget] = []
        self._aside: list[QWidget] = []
        self._arrangement: QByteArray | None = None

    def toggle(self) -> None:
        """Leave only the image, or bring back what was there."""
        shown = self._shown()
        window = self._panels[0].window()
        if shown:
            self._hidden = shown
            # Docks shown one by one share the room anew, a little differently each time.
            self._arrangement = window.saveState() if isinstance(window, QMainWindow) else None
            _set_visible(shown, visible=False)
        else:
            _set_visible(self._hidden or self._panels, visible=True)
            if self._arrangement is not None and isinstance(window, QMainWindow):
                window.restoreState(self._arrangement)
            self._hidden, self._arrangement = [], None

    def set_aside(self, *, aside: bool) -> None:
        """Without a project there is nothing to put into panels: the start page has the window."""
        if aside and not self._aside:
            self._aside = self._shown()
            _set_visible(self._aside, visible=False)
        elif not aside:
            _set_visible(self._aside, visible=True)
            self._aside = []

    def bring_back(self) -> None:
        """Undo both, so that what is remembered is how the person arranged them."""
        self.set_aside(aside=False)
        if not self._shown():
            _set_visible(self._hidden, visible=True)
            self._hidden = []

    def _shown(self) -> list[QWidget]:
        return [panel for panel in self._panels if not panel.isHidden()]


def _set_visible(widgets: Sequence[QWidget], *, visible: bool) -> None:
    for widget in widgets:
        widget.setVisible(visible)
