"""Naming and colouring the classes of a project that is to be made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QColorDialog,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from unet_gui.core.classes import ClassInfo, ClassTable, default_color
from unet_gui.dataset.class_files import voc_classes
from unet_gui.gui.theme.tokens import ICON_SMALL, SPACE_M, SPACE_S
from unet_gui.gui.theme.widgets import named, padded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from unet_gui.gui.theme import Theme

MAX_HEIGHT: Final = 190


def presets() -> list[tuple[str, ClassTable]]:
    """Sets of classes to start from."""
    translate = QCoreApplication.translate
    background = translate("ClassEditor", "background")
    named = (
        (translate("ClassEditor", "Background and one object"),
         [background, translate("ClassEditor", "object")]),
        (translate("ClassEditor", "Cells"),
         [background, translate("ClassEditor", "cytoplasm"), translate("ClassEditor", "nucleus")]),
        (translate("ClassEditor", "Fields"),
         [translate("ClassEditor", "soil"), translate("ClassEditor", "crop"),
          translate("ClassEditor", "weed")]),
        (translate("ClassEditor", "Materials"),
         [translate("ClassEditor", "matrix"), translate("ClassEditor", "particle"),
          translate("ClassEditor", "pore")]),
    )  # fmt: skip
    return [
        *((title, ClassTable.from_names(names)) for title, names in named),
        (translate("ClassEditor", "Pascal VOC (21 classes)"), voc_classes()),
    ]


class ClassRow(QWidget):
    """One class: colour, name, a button that takes it away."""

    def __init__(self, theme: Theme, info: ClassInfo) -> None:
        super().__init__()
        self.setObjectName("class_row")
        self.color = info.color
        self.name = named(QLineEdit(info.name), "class_row_name")
        self.name.setAccessibleName(self.tr("Name of the class"))
        self.name.setPlaceholderText(self.tr("Name"))
        self.name.setMaxLength(80)
        self.chip = named(QToolButton(), "class_row_color")
        self.chip.setIconSize(QSize(ICON_SMALL, ICON_SMALL))
        self.chip.setAutoRaise(True)
        self.chip.setToolTip(self.tr("Change the colour"))
        self.chip.setAccessibleName(self.tr("Colour of the class"))
        self.chip.clicked.connect(self._choose_color)
        self.remove = named(QToolButton(), "class_row_remove")
        self.remove.setIcon(theme.icon("close", theme.tokens.muted))
        self.remove.setIconSize(QSize(ICON_SMALL, ICON_SMALL))
        self.remove.setAutoRaise(True)
        self.remove.setToolTip(self.tr("Take this class away"))
        self.remove.setAccessibleName(self.tr("Take this class away"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_S)
        row.addWidget(self.chip)
        row.addWidget(self.name, 1)
        row.addWidget(self.remove)
        self._show_color()

    def _choose_color(self) -> None:
        choose_color(self, self.color, self._set_color)

    def _set_color(self, color: str) -> None:
        self.color = color
        self._show_color()

    def _show_color(self) -> None:
        pixmap = QPixmap(2 * ICON_SMALL, 2 * ICON_SMALL)
        pixmap.fill(QColor(self.color))
        self.chip.setIcon(QIcon(pixmap))


class ClassEditor(QWidget):
    """Rows of classes; Return in a name makes one more.

    Signals:
        changed: names or number are different now.
    """

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows: list[ClassRow] = []
        self.preset_box = named(QComboBox(), "class_preset")
        self.preset_box.setAccessibleName(self.tr("Start from"))
        for title, table in presets():
            self.preset_box.addItem(title, table)
        self.preset_box.activated.connect(self._on_preset_box_activated)
        self.add_button = named(QPushButton(self.tr("Add a class")), "class_row_add")
        self.add_button.setIcon(theme.icon("add"))
        self.add_button.setAutoDefault(False)
        self.add_button.clicked.connect(self.add_row)
        self._column = QVBoxLayout()
        self._column.setContentsMargins(0, 0, SPACE_S, 0)
        self._column.setSpacing(SPACE_S)
        self._column.addStretch()
        inner = QWidget()
        inner.setLayout(self._column)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setStyleSheet(
            "QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; }"
        )
        self._area.setWidget(inner)
        self._area.setMinimumHeight(MAX_HEIGHT)
        top = QHBoxLayout()
        top.setSpacing(SPACE_M)
        top.addWidget(self.preset_box, 1)
        top.addWidget(self.add_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_M)
        layout.addLayout(top)
        layout.addWidget(self._area, 1)
        self.show_table(presets()[0][1])

    def show_table(self, table: ClassTable) -> None:
        """Edit these classes from now on."""
        for row in list(self.rows):
            self._remove(row)
        for info in table:
            self._append(info)
        self.changed.emit()

    def table(self) -> ClassTable:
        """The classes as they stand.

        Raises:
            ClassTableError: a name is missing or doubled.
        """
        return ClassTable(
            ClassInfo(i, row.name.text().strip(), row.color) for i, row in enumerate(self.rows)
        )

    def add_row(self) -> ClassRow:
        """One more class, ready to be named."""
        row = self._append_new()
        row.name.setFocus()
        self.changed.emit()
        return row

    def _append_new(self) -> ClassRow:
        number = len(self.rows)
        info = ClassInfo(number, "?", default_color(number))
        row = self._append(info)
        row.name.clear()
        return row

    def _append(self, info: ClassInfo) -> ClassRow:
        row = ClassRow(self._theme, info)
        row.name.textChanged.connect(self.changed)
        row.name.returnPressed.connect(self.add_row)
        row.remove.clicked.connect(lambda: self._on_row_remove_clicked(row))
        self.rows.append(row)
        self._column.insertWidget(self._column.count() - 1, row)
        return row

    def _on_row_remove_clicked(self, row: ClassRow) -> None:
        self._remove(row)
        self.changed.emit()

    def _remove(self, row: ClassRow) -> None:
        self.rows.remove(row)
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _on_preset_box_activated(self, index: int) -> None:
        self.show_table(self.preset_box.itemData(index))


def choose_color(parent: QWidget, color: str, on_chosen: Callable[[str], object]) -> QColorDialog:
    """Open a colour dialog; `on_chosen` gets "#rrggbb"."""
    dialog = QColorDialog(QColor(color), parent)
    dialog.setObjectName("color_dialog")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    # Qt's own looks like the rest of the window and shows the default colours below.
    dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
    for box in dialog.findChildren(QSpinBox):
        padded(box)
    _offer(dialog, [default_color(i) for i in range(16)])
    dialog.colorSelected.connect(lambda chosen: on_chosen(chosen.name()))
    dialog.open()
    return dialog


def _offer(dialog: QColorDialog, colors: Sequence[str]) -> None:
    for i, color in enumerate(colors[: dialog.customCount()]):
        dialog.setCustomColor(i, QColor(color))
