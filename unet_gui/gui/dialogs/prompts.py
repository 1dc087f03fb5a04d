"""Small questions: a number with its unit, one class for another, how large a pixel is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLocale, QSize, Qt
from PySide6.QtGui import QColor, QDoubleValidator, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M, SPACE_XL
from unet_gui.gui.theme.widgets import named, padded, styled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unet_gui.core.classes import ClassInfo

UNITS: Final = ("nm", "µm", "mm", "cm", "m")


class Prompt(QDialog):
    """A sentence, a field or two, and two buttons. Base of those below.

    Args:
        parent: the window.
        title: what is going to be done.
        words: what that means.
        confirm: what the button says.
    """

    def __init__(self, parent: QWidget, title: str, words: str, confirm: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        text = QLabel(words)
        text.setWordWrap(True)
        text.setMinimumWidth(320)
        self.form = QFormLayout()
        self.form.setHorizontalSpacing(SPACE_L)
        self.form.setVerticalSpacing(SPACE_M)
        self.confirm = named(QPushButton(confirm), "prompt_confirm")
        self.confirm.setDefault(True)
        self.confirm.clicked.connect(self.accept)
        cancel = named(QPushButton(self.tr("Cancel")), "prompt_cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        self.buttons = QHBoxLayout()
        self.buttons.addStretch()
        self.buttons.addWidget(cancel)
        self.buttons.addWidget(self.confirm)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, 2 * SPACE_M)
        layout.setSpacing(SPACE_L)
        layout.addWidget(text)
        layout.addLayout(self.form)
        layout.addSpacing(SPACE_M)
        layout.addLayout(self.buttons)


class NumberPrompt(Prompt):
    """Asks for a whole number.

    Args:
        parent: the window.
        texts: what is going to be done, what that means, and what the number is.
        value: the number at first.
        limits: smallest and largest.
        only: the class it is done to; empty when there is none, and then it is done to all.
    """

    def __init__(
        self,
        parent: QWidget,
        texts: tuple[str, str, str],
        *,
        value: int,
        limits: tuple[int, int],
        only: str,
    ) -> None:
        title, words, caption = texts
        super().__init__(parent, title, words, title)
        self.setObjectName("number_prompt")
        self.box = named(padded(QSpinBox()), "prompt_number")
        self.box.setRange(*limits)
        self.box.setValue(value)
        self.box.setSuffix(self.tr(" px"))
        self.box.setAccessibleName(caption)
        self.box.selectAll()
        self.scope = named(QComboBox(), "prompt_scope")
        self.scope.setAccessibleName(self.tr("Classes it is done to"))
        if only:
            self.scope.addItem(only, False)
        self.scope.addItem(self.tr("All classes"), True)
        self.form.addRow(caption, self.box)
        self.form.addRow(self.tr("Class"), self.scope)
        self.box.setFocus()

    @property
    def everything(self) -> bool:
        """It is done to all classes."""
        return bool(self.scope.currentData())

    @property
    def value(self) -> int:
        return self.box.value()


class ReplacePrompt(Prompt):
    """Asks which class becomes which.

    Args:
        parent: the window.
        classes: those to choose from.
        old: the class at first.
        unlabelled: the mask value of unlabelled pixels, which may be put in its place too.
    """

    def __init__(
        self, parent: QWidget, classes: Sequence[ClassInfo], old: int, unlabelled: int
    ) -> None:
        title = self.tr("Replace a class")
        words = self.tr("In this image, all pixels of one class get another one.")
        super().__init__(parent, title, words, self.tr("Replace"))
        self.setObjectName("replace_prompt")
        self.old_box = self._box("replace_old", classes, self.tr("Class to be replaced"))
        self.new_box = self._box("replace_new", classes, self.tr("Class in its place"))
        self.new_box.addItem(self.tr("unlabelled"), unlabelled)
        ids = [c.id for c in classes]
        self.old_box.setCurrentIndex(ids.index(old) if old in ids else 0)
        self.new_box.setCurrentIndex((self.old_box.currentIndex() + 1) % len(ids))
        self.form.addRow(self.tr("Instead of"), self.old_box)
        self.form.addRow(self.tr("paint"), self.new_box)
        for box in (self.old_box, self.new_box):
            box.currentIndexChanged.connect(self._check)
        self.old_box.setFocus()
        self._check()

    @property
    def old(self) -> int:
        return int(self.old_box.currentData())

    @property
    def new(self) -> int:
        return int(self.new_box.currentData())

    def _check(self) -> None:
        self.confirm.setEnabled(self.old != self.new)

    def _box(self, name: str, classes: Sequence[ClassInfo], words: str) -> QComboBox:
        box = named(QComboBox(), name)
        box.setIconSize(QSize(14, 14))
        box.setAccessibleName(words)
        for info in classes:
            chip = QPixmap(28, 28)
            chip.fill(QColor(info.color))
            box.addItem(chip, info.name, info.id)
        return box


class PixelSizePrompt(Prompt):
    """Asks how large a pixel is.

    Args:
        parent: the window.
        size: the size known, with its unit; None when it is not.
    """

    def __init__(self, parent: QWidget, size: tuple[float, str] | None) -> None:
        title = self.tr("Pixel size")
        words = self.tr(
            "The side of a pixel in nature. Rulers then show lengths instead of pixels."
        )
        super().__init__(parent, title, words, self.tr("Use"))
        self.setObjectName("pixel_size_prompt")
        self.cleared = False
        self.field = named(QLineEdit(), "pixel_size")
        validator = QDoubleValidator(0.0, 1e9, 9, self.field)
        validator.setNotation(QDoubleValidator.Notation.StandardNotation)
        self.field.setValidator(validator)
        self.field.setAccessibleName(self.tr("Side of a pixel"))
        self.unit = named(QComboBox(), "pixel_unit")
        self.unit.addItems(list(UNITS))
        self.unit.setCurrentText("µm")
        self.unit.setAccessibleName(self.tr("Unit"))
        if size is not None:
            self.field.setText(QLocale().toString(size[0], "g", 9))
            if size[1] not in UNITS:
                self.unit.addItem(size[1])
            self.unit.setCurrentText(size[1])
        row = QHBoxLayout()
        row.addWidget(self.field, 1)
        row.addWidget(self.unit)
        self.form.addRow(self.tr("One pixel is"), row)
        forget = styled(named(QPushButton(self.tr("Not known")), "pixel_size_forget"), plain=True)
        forget.setAutoDefault(False)
        forget.setEnabled(size is not None)
        forget.clicked.connect(self._forget)
        self.buttons.insertWidget(0, forget)
        self.field.textChanged.connect(self._check)
        self.field.setFocus()
        self._check()

    @property
    def pixel_size(self) -> tuple[float, str] | None:
        """What was typed; None when it is to be forgotten."""
        value, good = QLocale().toDouble(self.field.text())
        if self.cleared or not good or value <= 0:
            return None
        return value, self.unit.currentText()

    def _check(self) -> None:
        self.confirm.setEnabled(self.pixel_size is not None)

    def _forget(self) -> None:
        self.cleared = True
        self.accept()
