"""How the window stood and what the tools were set to, from one start to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QGuiApplication

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMainWindow

    from unet_gui.gui.actions import Actions
    from unet_gui.gui.settings import Settings
    from unet_gui.gui.state import ViewState
    from unet_gui.gui.window.parts import Parts

DEFAULT_SIZE: Final = (1360, 860)

FRAME: Final = (16, 48)
"""What title bar and borders of the desktop may take: the status bar stays on the screen."""

DOCKS: Final = 2
"""Counts up when there are other docks: an arrangement without them is not restored."""

OPTIONS: Final = ("square", "pressure", "tolerance", "connected", "superpixel", "speck", "radius")
"""Those of the tools' options that outlive the program; what protects a mask does not."""

VIEW: Final = ("smooth", "pixel_grid", "rulers", "superpixels", "uncertainty_opacity")


class Memory:
    """Puts everything back as it was, and notes it down.

    Args:
        settings: where it is kept.
        state: tools and view.
        parts: docks and learner.
        actions: their keys.

    Attributes:
        arranged: the docks are as the person left them.
    """

    def __init__(
        self, settings: Settings, state: ViewState, parts: Parts, actions: Actions
    ) -> None:
        self._settings = settings
        self._state = state
        self._parts = parts
        self._actions = actions
        self.arranged = False

    def restore(self, window: QMainWindow) -> None:
        """As the window stood at the end of the last run."""
        settings, state, parts = self._settings, self._state, self._parts
        geometry, docks = settings.get("window/geometry"), settings.get("window/docks")
        if not geometry or not window.restoreGeometry(QByteArray(geometry)):
            available = QGuiApplication.primaryScreen().availableGeometry()
            window.resize(
                min(DEFAULT_SIZE[0], available.width() - FRAME[0]),
                min(DEFAULT_SIZE[1], available.height() - FRAME[1]),
            )
        self.arranged = bool(docks) and window.restoreState(QByteArray(docks), DOCKS)
        # Hidden for a moment with Tab, they must not stay away at the next start.
        for bar in (parts.tool_bar, parts.options_bar):
            bar.setVisible(True)
        state.brush_size = settings.get("paint/brush_size")
        state.eraser_size = settings.get("paint/eraser_size")
        state.size_changed.emit(state.size)
        state.set_opacity(settings.get("view/opacity"))
        state.set_outline(settings.get("view/outline"))
        state.set_options(**{name: settings.get(f"paint/{name}") for name in OPTIONS})
        state.set_view(**{name: settings.get(f"view/{name}") for name in VIEW})
        parts.tool_bar.choose_shape(settings.get("paint/shape"))
        parts.learner.set_budget(settings.get("learn/budget"))
        self._actions.shortcuts.replace(settings.own_keys(self._actions.shortcuts.ids()))

    def remember(self, window: QMainWindow) -> None:
        """Note how things stand now."""
        settings, state, parts = self._settings, self._state, self._parts
        parts.panels.bring_back()
        values = {
            "window/geometry": window.saveGeometry().data(),
            "window/docks": window.saveState(DOCKS).data(),
            "paint/brush_size": state.brush_size,
            "paint/eraser_size": state.eraser_size,
            "paint/shape": parts.tool_bar.shape,
            "view/opacity": state.opacity,
            "view/outline": state.outline,
            "learn/budget": parts.learner.budget,
            **{f"paint/{name}": getattr(state.options, name) for name in OPTIONS},
            **{f"view/{name}": getattr(state.view, name) for name in VIEW},
        }
        for key, value in values.items():
            settings.set(key, value)
        settings.sync()

    def keep_keys(self) -> None:
        """The person has chosen other keys."""
        self._settings.set_own_keys(self._actions.shortcuts.own)
        self._settings.sync()
