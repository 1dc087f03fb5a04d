"""The display panel: levels, brightness and contrast of the image on its way to the screen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from unet_gui.core.display import Display
from unet_gui.gui.panels.histogram import HistogramView
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray
    from PySide6.QtGui import QAction, QShowEvent

    from unet_gui.gui.options import ViewOptions
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState
    from unet_gui.gui.theme import Theme

    Histogram = NDArray[np.int64]

STRETCHES: Final = ((0.5, 99.5), (0.1, 99.9), (2.0, 98.0), (0.0, 100.0))
"""Percentiles that become black and white."""

SAMPLES: Final = 1 << 20
"""Pixels that are counted; of larger images every so many rows and columns."""


class DisplayPanel(QWidget):
    """Changes only what is seen, never the image.

    Args:
        session: the open image.
        state: holds the display.
        theme: colours.
        actions: QActions by id.
    """

    def __init__(
        self, session: Session, state: ViewState, theme: Theme, actions: Mapping[str, QAction]
    ) -> None:
        super().__init__()
        self.setObjectName("display_panel")
        self.setProperty("surface", True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session, self._state = session, state
        self._actions = actions
        self._source: Callable[[], Histogram | None] = self._count
        self._histogram: Histogram | None = None
        self._stale = True
        self._showing = False
        self._timer = QTimer(self, singleShot=True, interval=0)
        self.plot = HistogramView(theme)
        self.channel = named(QComboBox(), "display_channel")
        self.range = named(QComboBox(), "display_range")
        self.brightness = self._slider("display_brightness", self.tr("Brightness"))
        self.contrast = self._slider("display_contrast", self.tr("Contrast"))
        self.invert = named(QCheckBox(self.tr("Invert")), "display_invert")
        self.doubt = self._slider("uncertainty_opacity", self.tr("Strength of the uncertainty map"))
        self.doubt.setRange(10, 100)
        self.doubt.setToolTip(self.tr("Strength of the uncertainty map"))
        self.numbers = named(QLabel(), "display_levels")
        self._build()
        self._connect()
        self._show(state.display)

    # -- building -----------------------------------------------------------------------------

    def _build(self) -> None:
        for text, channel in (
            (self.tr("All channels"), None), (self.tr("Red"), 0), (self.tr("Green"), 1),
            (self.tr("Blue"), 2),
        ):  # fmt: skip
            self.channel.addItem(text, channel)
        self.channel.setAccessibleName(self.tr("Channel"))
        for low, high in STRETCHES:
            self.range.addItem(self.tr("{0} – {1} %").format(f"{low:g}", f"{high:g}"), (low, high))
        self.range.setAccessibleName(self.tr("Percentiles that become black and white"))
        self.range.setToolTip(self.tr("Percentiles that become black and white"))
        self.numbers.setProperty("muted", True)
        self.numbers.setProperty("small", True)
        stretch = self._action_button("display_stretch", self.tr("Stretch"))
        reset = self._action_button("display_reset", self.tr("Reset"))
        self.invert.setToolTip(self._actions["display_invert"].toolTip())
        top = QHBoxLayout()
        top.addWidget(self.channel, 1)
        top.addWidget(self.numbers)
        percentiles = QHBoxLayout()
        percentiles.addWidget(self.range, 1)
        percentiles.addWidget(stretch)
        sliders = QGridLayout()
        sliders.setHorizontalSpacing(SPACE_L)
        sliders.setVerticalSpacing(SPACE_M)
        for row, (slider, text) in enumerate(
            ((self.brightness, self.tr("Brightness")), (self.contrast, self.tr("Contrast")))
        ):
            label = QLabel(text)
            label.setBuddy(slider)
            sliders.addWidget(label, row, 0)
            sliders.addWidget(slider, row, 1)
        label = QLabel(self.tr("Uncertainty"))
        label.setBuddy(self.doubt)
        sliders.addWidget(label, 2, 0)
        sliders.addWidget(self.doubt, 2, 1)
        bottom = QHBoxLayout()
        bottom.addWidget(self.invert, 1)
        bottom.addWidget(reset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_L, SPACE_L, SPACE_L, SPACE_L)
        layout.setSpacing(SPACE_L)
        layout.addLayout(top)
        # Its own margins hold the handles, which may stand out at both ends.
        plot = QHBoxLayout()
        plot.setContentsMargins(-SPACE_L, 0, -SPACE_L, 0)
        plot.addWidget(self.plot)
        layout.addLayout(plot)
        layout.addLayout(percentiles)
        layout.addLayout(sliders)
        layout.addLayout(bottom)
        layout.addStretch(1)

    def _slider(self, name: str, words: str) -> QSlider:
        slider = named(QSlider(Qt.Orientation.Horizontal), name)
        slider.setRange(-100, 100)
        slider.setAccessibleName(words)
        return slider

    def _action_button(self, action_id: str, text: str) -> QPushButton:
        action = self._actions[action_id]
        button = named(QPushButton(text), action_id)
        button.setToolTip(action.toolTip())
        button.setStatusTip(action.statusTip())
        button.clicked.connect(action.trigger)
        action.changed.connect(lambda: button.setEnabled(action.isEnabled()))
        return button

    def _connect(self) -> None:
        session, state = self._session, self._state
        self.plot.changed.connect(self._on_levels_changed)
        self.channel.currentIndexChanged.connect(self._on_channel_changed)
        self.range.activated.connect(lambda _: self.stretch())
        self.brightness.valueChanged.connect(lambda v: self._change(brightness=v / 100))
        self.contrast.valueChanged.connect(lambda v: self._change(contrast=v / 100))
        self.invert.toggled.connect(self.set_inverted)
        self.doubt.valueChanged.connect(lambda v: state.set_view(uncertainty_opacity=v / 100))
        state.view_changed.connect(self._on_view_options_changed)
        self._on_view_options_changed(state.view)
        state.display_changed.connect(self._show)
        session.image_opened.connect(self._on_image_changed)
        session.image_closed.connect(self._on_image_changed)
        self._timer.timeout.connect(self._refresh)

    def _on_view_options_changed(self, view: ViewOptions) -> None:
        self.doubt.setValue(round(100 * view.uncertainty_opacity))
        self.doubt.setEnabled(view.uncertainty)

    # -- values ----------------------------------------------------------------------------------

    def use_histogram(self, source: Callable[[], Histogram | None]) -> None:
        """Take the counts from here: int64[3, 256], None when there are none yet."""
        self._source = source
        self.histogram_changed()

    def histogram_changed(self) -> None:
        """There are other counts now."""
        self._stale = True
        self._timer.start()

    def stretch(self) -> None:
        """Between the percentiles chosen: each channel alone, or all alike, as the box says."""
        self._refresh(even_hidden=True)
        if self._histogram is None:
            return
        low, high = self.range.currentData()
        channel = self.channel.currentData()
        now = self._state.display
        found = Display.from_percentiles(self._histogram, low, high, each=channel is not None)
        if channel is None:
            self._state.set_display(replace(now, black=found.black, white=found.white))
        else:
            black, white, gamma = found.black[channel], found.white[channel], now.gamma[channel]
            self._set_levels((black, white, gamma))

    def set_inverted(self, inverted: bool) -> None:
        self._change(invert=inverted)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    def _on_image_changed(self) -> None:
        self._histogram = None
        self.histogram_changed()

    def _refresh(self, *, even_hidden: bool = False) -> None:
        """Count only for somebody who looks."""
        if self._stale and (even_hidden or not self.visibleRegion().isEmpty()):
            self._histogram = self._source()
            self._stale = self._histogram is None and self._session.image is not None
            self.plot.show_histogram(self._histogram)

    def _count(self) -> Histogram | None:
        image = self._session.image
        return None if image is None else count_values(image)

    def _change(self, **changes: object) -> None:
        if not self._showing:
            self._state.set_display(replace(self._state.display, **changes))  # type: ignore[arg-type]

    def _on_channel_changed(self) -> None:
        self.plot.show_channel(self.channel.currentData())
        self._show(self._state.display)

    def _on_levels_changed(self, levels: tuple[float, float, float]) -> None:
        self._set_levels(levels)

    def _set_levels(self, levels: tuple[float, float, float]) -> None:
        """To the channel that is chosen, or to all."""
        display, channel = self._state.display, self.channel.currentData()
        now = (display.black, display.white, display.gamma)
        black, white, gamma = (
            tuple(value if channel in (None, c) else old for c, old in enumerate(three))
            for three, value in zip(now, levels, strict=True)
        )
        self._change(black=black, white=white, gamma=gamma)

    def _show(self, display: Display) -> None:
        self._showing = True
        channel = self.channel.currentData() or 0
        levels = display.black[channel], display.white[channel], display.gamma[channel]
        self.plot.show_levels(levels)
        self.numbers.setText(f"{levels[0]:.0f} – {levels[1]:.0f}   γ {levels[2]:.2f}")
        self.brightness.setValue(round(100 * display.brightness))
        self.contrast.setValue(round(100 * display.contrast))
        self.invert.setChecked(display.invert)
        self._showing = False


def count_values(image: NDArray[np.uint8]) -> Histogram:
    """How often each value is in each channel.

    Args:
        image: H×W×3 uint8.

    Returns:
        int64[3, 256]; of about a million pixels when there are more.
    """
    step = max(1, int(np.sqrt(image.shape[0] * image.shape[1] / SAMPLES)))
    pixels = image[::step, ::step].reshape(-1, 3)
    return np.stack([np.bincount(pixels[:, c], minlength=256) for c in range(3)])
