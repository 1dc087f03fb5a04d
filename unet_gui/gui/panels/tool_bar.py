"""The tool bar: tools, undo, how the overlay looks, zoom, and what to do with a proposal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QSlider, QToolBar, QWidget

from unet_gui.gui.options import Tool
from unet_gui.gui.panels.buttons import ActionButton, FlyoutButton
from unet_gui.gui.theme.tokens import ICON, ICON_SMALL
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QAction

    from unet_gui.gui.state import ViewState
    from unet_gui.gui.theme import Theme

SHAPES: Final = (Tool.POLYGON, Tool.LASSO, Tool.RECTANGLE, Tool.ELLIPSE, Tool.EDGE)
"""Outlines that are drawn and then filled: one button holds them all."""

RETURN_SIGN: Final = "⏎"
SHIFT_SIGN: Final = "⇧"


class MainToolBar(QToolBar):
    """One row of everything a hand needs while it paints.

    Args:
        state: overlay.
        theme: icons.
        actions: QActions by id.
    """

    def __init__(self, state: ViewState, theme: Theme, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self.setObjectName("main_tool_bar")
        self.setWindowTitle(self.tr("Tools"))
        self.setMovable(False)
        self.setFloatable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setIconSize(QSize(ICON, ICON))
        self._state = state
        self._theme = theme
        self._actions = actions
        self._worded: list[ActionButton] = []
        self._sliders: list[QAction] = []
        self._separators: list[QAction] = []
        self._widths: list[int] = []
        self._icons: list[tuple[QLabel, str]] = []
        self._build()
        self._connect()
        self._on_theme_changed()

    @property
    def shape(self) -> str:
        """The shape that the button of shapes shows: the one used last."""
        return str(SHAPES[self._shapes.current].value)

    def choose_shape(self, name: str) -> None:
        """Show this shape on the button, without taking it into the hand."""
        values = [tool.value for tool in SHAPES]
        if name in values:
            self._shapes.show_action(values.index(name))

    # -- building ------------------------------------------------------------------------------

    def _build(self) -> None:
        self._add_buttons("open")
        self._separators.append(self.addSeparator())
        self._add_buttons("brush", "eraser")
        self._shapes = FlyoutButton(
            [self._actions[tool.value] for tool in SHAPES], "shapes", self.tr("Shapes")
        )
        self.addWidget(self._shapes)
        self._add_buttons("fill", "wand", "superpixel", "smart")
        self._separators.append(self.addSeparator())
        self._add_buttons("accept_region", "pan")
        self._separators.append(self.addSeparator())
        self._add_buttons("undo", "redo")
        self._separators.append(self.addSeparator())
        self._add_opacity()
        self._add_buttons("outline", "ghost")
        self._separators.append(self.addSeparator())
        self._add_buttons("zoom_fit", "zoom_actual")
        gap = QWidget()
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(gap)
        self._add_proposal_buttons()

    def _add_buttons(self, *ids: str) -> None:
        for action_id in ids:
            self.addWidget(ActionButton(self._actions[action_id], action_id))

    def _add_opacity(self) -> None:
        self.addWidget(self._icon_label("opacity", self.tr("Overlay opacity")))
        self.opacity_slider = named(QSlider(Qt.Orientation.Horizontal), "opacity")
        self.opacity_slider.setRange(0, 100)
        self.opacity_slider.setFixedWidth(80)
        self.opacity_slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.opacity_slider.setAccessibleName(self.tr("Overlay opacity"))
        self._sliders.append(self.addWidget(self.opacity_slider))

    def _add_proposal_buttons(self) -> None:
        enter, shift = self._key_signs()
        buttons = (
            ("discard", self.tr("Discard"), ""),
            ("accept", self.tr("Accept") + f"  {enter}", "outlined"),
            ("accept_next", self.tr("Accept && next") + f"  {shift}{enter}", "primary"),
        )
        for action_id, text, look in buttons:
            button = ActionButton(self._actions[action_id], action_id, text=text, look=look)
            self._worded.append(button)
            self.addWidget(button)
        self.accept_next_button = button

    def _key_signs(self) -> tuple[str, str]:
        """Signs of the keys, or their names in a font that lacks the signs."""
        metrics = self.fontMetrics()
        if all(metrics.inFontUcs4(ord(sign)) for sign in (RETURN_SIGN, SHIFT_SIGN)):
            return RETURN_SIGN, SHIFT_SIGN
        native = QKeySequence.SequenceFormat.NativeText
        return QKeySequence("Return").toString(native), QKeySequence("Shift+").toString(native)

    def _icon_label(self, icon: str, tip: str) -> QLabel:
        label = QLabel()
        label.setToolTip(tip)
        label.setContentsMargins(2, 0, 2, 0)
        self._icons.append((label, icon))
        return label

    # -- values ----------------------------------------------------------------------------------

    def _connect(self) -> None:
        state = self._state
        self.opacity_slider.valueChanged.connect(lambda v: state.set_opacity(v / 100))
        state.opacity_changed.connect(self._show_opacity)
        self._theme.changed.connect(self._on_theme_changed)
        self._show_opacity(state.opacity)

    def _show_opacity(self, opacity: float) -> None:
        blocked = self.opacity_slider.blockSignals(True)
        self.opacity_slider.setValue(round(100 * opacity))
        self.opacity_slider.blockSignals(blocked)
        self.opacity_slider.setToolTip(
            self.tr("Overlay opacity {0} %").format(round(100 * opacity))
        )

    def _on_theme_changed(self) -> None:
        muted = self._theme.tokens.muted
        for label, icon in self._icons:
            label.setPixmap(self._theme.pixmap(icon, ICON_SMALL, muted))
        self.accept_next_button.use_icon(
            self._theme.icon("accept_next", self._theme.tokens.on_accent)
        )

    # -- room ------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window words go first, then slider and lines; every icon stays."""
        if not self._widths:
            self._widths = [self._width_at(level) for level in range(self._levels + 1)]
        fitting = (n for n, width in enumerate(self._widths) if width <= event.size().width())
        self._set_level(next(fitting, self._levels))
        super().resizeEvent(event)

    @property
    def _levels(self) -> int:
        """How many steps of saving room there are."""
        return len(self._worded) + len(self._sliders) + 1

    def _width_at(self, level: int) -> int:
        self._set_level(level)
        layout = self.layout()
        assert layout is not None
        layout.invalidate()
        return layout.sizeHint().width()

    def _set_level(self, level: int) -> None:
        for number, button in enumerate(self._worded):
            button.set_compact(number < level)
        for number, slider in enumerate(self._sliders, len(self._worded)):
            slider.setVisible(number >= level)
        for line in self._separators:
            line.setVisible(level < self._levels)
