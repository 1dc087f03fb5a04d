"""The tool bar: tools, size, undo, how the overlay looks, zoom, and what to do with a proposal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QSlider, QSpinBox, QToolBar, QWidget

from unet_gui.gui.panels.buttons import ActionButton
from unet_gui.gui.state import MAX_SIZE, MIN_SIZE
from unet_gui.gui.theme.tokens import ICON, ICON_SMALL
from unet_gui.gui.theme.widgets import named, padded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QAction

    from unet_gui.gui.state import ViewState
    from unet_gui.gui.theme import Theme

SLIDER_STEPS: Final = 200
SLIDER_TOP: Final = 500
"""The slider's largest size; larger ones are typed."""

RETURN_SIGN: Final = "⏎"
SHIFT_SIGN: Final = "⇧"


class MainToolBar(QToolBar):
    """One row of everything a hand needs while it paints.

    Args:
        state: size and overlay.
        theme: icons.
        actions: QActions by id.

    Signals:
        typed: a value was typed in full; the keyboard may go back to the canvas.
    """

    typed = Signal()

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
        self._widths: list[int] = []
        self._icons: list[tuple[QLabel, str]] = []
        self._build()
        self._connect()
        self._on_theme_changed()

    # -- building ------------------------------------------------------------------------------

    def _build(self) -> None:
        self._add_buttons("open")
        self.addSeparator()
        self._add_buttons("brush", "eraser", "pan")
        self.addSeparator()
        self._add_size()
        self.addSeparator()
        self._add_buttons("undo", "redo")
        self.addSeparator()
        self._add_opacity()
        self._add_buttons("outline", "ghost")
        self.addSeparator()
        self._add_buttons("zoom_fit", "zoom_actual")
        gap = QWidget()
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(gap)
        self._add_proposal_buttons()

    def _add_buttons(self, *ids: str) -> None:
        for action_id in ids:
            self.addWidget(ActionButton(self._actions[action_id], action_id))

    def _add_size(self) -> None:
        self.size_slider = named(QSlider(Qt.Orientation.Horizontal), "size_slider")
        self.size_slider.setRange(0, SLIDER_STEPS)
        self.size_slider.setFixedWidth(90)
        self.size_slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.size_slider.setAccessibleName(self.tr("Size of the brush or eraser"))
        self.size_box = named(padded(QSpinBox()), "brush_size")
        self.size_box.setRange(MIN_SIZE, MAX_SIZE)
        self.size_box.setSuffix(self.tr(" px"))
        self.size_box.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.size_box.setFixedWidth(self.size_box.fontMetrics().horizontalAdvance("2000 px") + 22)
        self.size_box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.size_box.setAccessibleName(self.tr("Size of the brush or eraser in image pixels"))
        tip = self.tr("Diameter in image pixels ([ and ], or Ctrl and the mouse wheel)")
        self.size_slider.setToolTip(tip)
        self.size_box.setToolTip(tip)
        self._sliders.append(self.addWidget(self.size_slider))
        self.addWidget(self.size_box)

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
            ("accept_lasso", self.tr("Accept in lasso"), ""),
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
        self.size_box.valueChanged.connect(state.set_size)
        self.size_box.editingFinished.connect(self.typed)
        self.size_slider.valueChanged.connect(self._on_size_slider_changed)
        self.opacity_slider.valueChanged.connect(lambda v: state.set_opacity(v / 100))
        state.size_changed.connect(self._show_size)
        state.opacity_changed.connect(self._show_opacity)
        self._theme.changed.connect(self._on_theme_changed)
        self._show_size(state.size)
        self._show_opacity(state.opacity)

    def _on_size_slider_changed(self, position: int) -> None:
        if position != slider_position(self._state.size):
            self._state.set_size(slider_size(position))

    def _show_size(self, size: int) -> None:
        for widget, value in (
            (self.size_box, size),
            (self.size_slider, slider_position(size)),
        ):
            blocked = widget.blockSignals(True)
            widget.setValue(value)
            widget.blockSignals(blocked)

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
        """In a narrow window words go first, then the sliders; every icon stays."""
        if not self._widths:
            self._widths = [self._width_at(level) for level in range(self._levels + 1)]
        fitting = (n for n, width in enumerate(self._widths) if width <= event.size().width())
        self._set_level(next(fitting, self._levels))
        super().resizeEvent(event)

    @property
    def _levels(self) -> int:
        """How many steps of saving room there are."""
        return len(self._worded) + len(self._sliders)

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


def slider_position(size: int) -> int:
    """Sizes are spread by ratio, so that small ones can be told apart."""
    part: float = math.log(max(1, min(SLIDER_TOP, size))) / math.log(SLIDER_TOP)
    return round(part * SLIDER_STEPS)


def slider_size(position: int) -> int:
    """The size at a place of the slider."""
    return max(1, round(math.pow(SLIDER_TOP, position / SLIDER_STEPS)))
