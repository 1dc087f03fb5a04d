"""Small fields of the options bar: a slider with its number, a size, a list of classes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QWidget,
)

from unet_gui.gui.panels.marks import chip_pixmap
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M, SPACE_S
from unet_gui.gui.theme.widgets import named, padded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QResizeEvent

    from unet_gui.core.classes import ClassInfo
    from unet_gui.gui.theme import Theme

SLIDER_STEPS: Final = 200
CHIP: Final = 14


class NumberField(QWidget):
    """A caption, a slider and a number that say the same.

    Args:
        name: objectName of the number; the slider's has "_slider" behind it.
        caption: before them; empty for none.
        limits: smallest and largest number.
        top: largest number the slider reaches; larger ones are typed.
        suffix: behind the number.
        ratio: the slider goes by ratio, not by difference: small sizes can be told apart.

    Signals:
        changed: another number, set by the person.
        typed: a number was typed in full.
    """

    changed = Signal(int)
    typed = Signal()

    def __init__(
        self,
        name: str,
        caption: str,
        limits: tuple[int, int],
        *,
        top: int = 0,
        suffix: str = "",
        ratio: bool = False,
    ) -> None:
        super().__init__()
        self._low, high = limits
        self._top = top or high
        self._ratio = ratio
        self.box = named(padded(QSpinBox()), name)
        self.box.setRange(*limits)
        self.box.setSuffix(suffix)
        self.box.setAlignment(Qt.AlignmentFlag.AlignRight)
        widest = self.box.fontMetrics().horizontalAdvance(f"{high}{suffix}")
        self.box.setFixedWidth(widest + 26)
        self.box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.slider = named(QSlider(Qt.Orientation.Horizontal), f"{name}_slider")
        self.slider.setRange(0, SLIDER_STEPS)
        self.slider.setFixedWidth(96)
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_S + 2)
        if caption:
            row.addWidget(caption_label(caption, self.box))
        row.addWidget(self.slider)
        row.addWidget(self.box)
        self.box.valueChanged.connect(self._on_box_changed)
        self.box.editingFinished.connect(self.typed)
        self.slider.valueChanged.connect(self._on_slider_changed)

    def describe(self, words: str, tip: str) -> None:
        """Name for a screen reader, and tool tip."""
        for widget in (self.box, self.slider):
            widget.setAccessibleName(words)
            widget.setToolTip(tip)
            widget.setStatusTip(tip)

    def show_value(self, value: int) -> None:
        """Show a number without announcing it."""
        for widget, shown in ((self.box, value), (self.slider, self.position(value))):
            blocked = widget.blockSignals(True)
            widget.setValue(shown)
            widget.blockSignals(blocked)

    def position(self, value: int) -> int:
        """Where on the slider a number is, 0..SLIDER_STEPS."""
        value = max(self._low, min(self._top, value))
        if self._ratio:
            part = math.log(value / self._low) / math.log(self._top / self._low)
        else:
            part = (value - self._low) / (self._top - self._low)
        return round(part * SLIDER_STEPS)

    def value_at(self, position: int) -> int:
        """The number at a place of the slider."""
        part = position / SLIDER_STEPS
        if self._ratio:
            return max(self._low, round(self._low * math.pow(self._top / self._low, part)))
        return round(self._low + part * (self._top - self._low))

    def _on_box_changed(self, value: int) -> None:
        self.show_value(value)
        self.changed.emit(value)

    def _on_slider_changed(self, position: int) -> None:
        if position != self.position(self.box.value()):
            value = self.value_at(position)
            self.show_value(value)
            self.changed.emit(value)


class ClassBox(QComboBox):
    """A choice of some general answers and every class.

    Args:
        name: objectName.
        theme: colours.
        answers: those before the classes, each with its value.
        of_class: what stands for a class, with {0} for its name.

    Signals:
        chosen: the value of what the person chose: an answer's, or the id of a class.
    """

    chosen = Signal(object)

    def __init__(
        self, name: str, theme: Theme, answers: Sequence[tuple[str, int | None]], of_class: str
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self._theme = theme
        self._answers = list(answers)
        self._of_class = of_class
        self._classes: list[ClassInfo] = []
        self.setIconSize(QSize(CHIP, CHIP))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(14)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.activated.connect(lambda row: self.chosen.emit(self.itemData(row)))
        theme.changed.connect(self._fill)
        self._fill()

    def show_classes(self, classes: Sequence[ClassInfo]) -> None:
        self._classes = list(classes)
        self._fill()

    def show_value(self, value: int | None) -> None:
        """Show an answer without announcing it."""
        values = [self.itemData(row) for row in range(self.count())]
        self.setCurrentIndex(values.index(value) if value in values else 0)

    def _fill(self) -> None:
        value = self.currentData()
        self.clear()
        for text, answer in self._answers:
            self.addItem(text, answer)
        for info in self._classes:
            pixmap = chip_pixmap(
                info.color, self._theme.tokens, CHIP, max(1.0, self.devicePixelRatioF())
            )
            self.addItem(pixmap, self._of_class.format(info.name), info.id)
        self.show_value(value)


class HintLine(QLabel):
    """As many whole sentences of a text as there is room for; all of them in the tool tip.

    Args:
        name: objectName.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("muted", True)
        self.setProperty("small", True)
        self.setContentsMargins(SPACE_L, 0, SPACE_M, 0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._text = ""

    def sizeHint(self) -> QSize:
        """No room of its own: it takes what is left."""
        return QSize(0, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def show_text(self, text: str) -> None:
        self._text = text
        self.setToolTip(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.width() - SPACE_L - SPACE_M
        line = ""
        for sentence in filter(None, (s.strip().rstrip(".") for s in self._text.split(". "))):
            longer = f"{line}  ·  {sentence}" if line else sentence
            if self.fontMetrics().horizontalAdvance(longer) > room:
                break
            line = longer
        self.setText(line)


def caption_label(text: str, field: QWidget) -> QLabel:
    """Words before a field."""
    label = QLabel(text)
    label.setProperty("muted", True)
    label.setContentsMargins(SPACE_M, 0, 0, 0)
    label.setBuddy(field)
    return label
