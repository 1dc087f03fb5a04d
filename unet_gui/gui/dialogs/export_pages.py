"""Pages of the export: the format's own choices, which images, which classes, the card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from unet_gui.core.errors import UsageError
from unet_gui.dataset.class_choice import ClassChoice
from unet_gui.dataset.crops import Crops
from unet_gui.dataset.formats import Card, Only
from unet_gui.gui.dialogs.class_mapping import ClassMapping
from unet_gui.gui.dialogs.export_split import checkbox
from unet_gui.gui.dialogs.job_dialog import Sentences, muted, show_note, wrapped
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M
from unet_gui.gui.theme.widgets import named, padded, styled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from unet_gui.core.classes import ClassTable
    from unet_gui.dataset.formats import Format, Option
    from unet_gui.gui.dialogs.export_preview import Preview

OPEN: Final = "open"
LICENCES: Final = ("", "CC0 1.0", "CC BY 4.0", "CC BY-SA 4.0", "CC BY-NC 4.0", "ODC-By 1.0")


class Page(QWidget):
    """One page; `changed` says that something else is chosen now."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, SPACE_L, 0, 0)
        self.column.setSpacing(SPACE_M)
        self.form = _form()


class FormatPage(Page):
    """What the format is, what it lets choose and what it cannot hold."""

    def __init__(self) -> None:
        super().__init__()
        self.title = styled(named(QLabel(), "export_format_title"), heading=True)
        self.description = muted("")
        self.description.setObjectName("export_format_description")
        self.fields = OptionFields("export_option")
        self.losses_title = styled(QLabel(self.tr("What it cannot hold")), heading=True)
        self.losses_note = wrapped("export_losses_note")
        self.losses = Sentences("export_losses", rows=7)
        above: tuple[QWidget, ...] = (self.title, self.description, self.fields)
        below: tuple[QWidget, ...] = (self.losses_title, self.losses_note, self.losses)
        for widget in above:
            self.column.addWidget(widget)
        self.column.addSpacing(SPACE_M)
        for widget in below:
            self.column.addWidget(widget)
        self.column.addStretch()
        self.fields.changed.connect(self.changed)

    def show_format(self, form: Format) -> None:
        """Describe this format."""
        self.title.setText(form.title)
        self.description.setText(form.description)
        self.fields.show_options(o for o in form.options if o.writing)

    def show_preview(self, preview: Preview | None) -> None:
        """What is known of the losses; None while that is found out."""
        if preview is None:
            show_note(self.losses_note, self.tr("Looking through the masks…"))
            self.losses.show_lines(())
            return
        if preview.problem:
            show_note(self.losses_note, self.tr("That cannot be told yet."))
        elif not preview.losses and not preview.notes:
            show_note(self.losses_note, self.tr("Nothing is lost."), "good")
        else:
            show_note(self.losses_note, "" if preview.losses else self.tr("Nothing is lost."))
        self.losses.show_lines([*preview.losses, *preview.notes])


class OptionFields(QWidget):
    """A field for each choice that a format offers.

    Args:
        prefix: objectNames begin with it.

    Signals:
        changed: a choice is another one.
    """

    changed = Signal()

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix
        self._form = _form()
        self._form.setContentsMargins(0, 0, 0, 0)
        self.setLayout(self._form)
        self.fields: dict[str, QComboBox | QLineEdit] = {}

    def show_options(self, options: Iterable[Option]) -> None:
        """Ask for these, at their defaults."""
        while self._form.rowCount():
            self._form.removeRow(0)  # with the widgets of its inner layout
        self.fields = {}
        for option in options:
            field = self._field(option)
            caption = QLabel(option.key.replace("_", " ").capitalize())
            caption.setBuddy(field)
            cell = QVBoxLayout()
            cell.setSpacing(2)
            cell.addWidget(field)
            cell.addWidget(muted(option.help, small=True))
            self._form.addRow(caption, cell)
            self.fields[option.key] = field
        self.setVisible(bool(self.fields))

    def chosen(self) -> dict[str, str]:
        """The values by key; what is left empty is left to the format."""
        values = {
            key: field.currentText() if isinstance(field, QComboBox) else field.text().strip()
            for key, field in self.fields.items()
        }
        return {key: value for key, value in values.items() if value}

    def _field(self, option: Option) -> QComboBox | QLineEdit:
        name = f"{self._prefix}_{option.key}"
        if len(option.choices) > 1:
            box = named(QComboBox(), name)
            box.addItems(list(option.choices))
            box.setAccessibleDescription(option.help)
            box.currentIndexChanged.connect(self.changed)
            return box
        field = named(QLineEdit(option.default), name)
        field.setAccessibleDescription(option.help)
        field.textChanged.connect(self.changed)
        return field


class ImagesPage(Page):
    """How far images must be, and whether they are cut."""

    def __init__(self, done: int, total: int, *, one: bool) -> None:
        super().__init__()
        self.which = named(QComboBox(), "export_which")
        self.which.setAccessibleName(self.tr("Which images"))
        if done:
            self.which.addItem(self.tr("Those that are done ({0})").format(done), Only.DONE.value)
        self.which.addItem(self.tr("All with something painted"), Only.LABELLED.value)
        self.which.addItem(self.tr("All of them ({0})").format(total), Only.ALL.value)
        if one:
            self.which.addItem(self.tr("Only the open one"), OPEN)
        self.crops = checkbox(self.tr("Cut them into crops"), "export_crops")
        self.width_box = self._pixels("export_crop_width", self.tr("Width of a crop"), 512, 8)
        self.height_box = self._pixels("export_crop_height", self.tr("Height of a crop"), 512, 8)
        self.overlap_box = self._pixels("export_crop_overlap", self.tr("Overlap of crops"), 0, 0)
        self.note = wrapped("export_images_note")
        size = QHBoxLayout()
        size.setContentsMargins(0, 0, 0, 0)
        size.setSpacing(SPACE_M)
        size.addWidget(self.width_box)
        size.addWidget(QLabel("×"))
        size.addWidget(self.height_box)
        size.addSpacing(SPACE_L)
        size.addWidget(QLabel(self.tr("Overlap")))
        size.addWidget(self.overlap_box)
        size.addStretch()
        self.size_row = QWidget()
        self.size_row.setLayout(size)
        self.form.addRow(self.tr("Images"), self.which)
        self.form.addRow("", self.crops)
        self.form.addRow("", self.size_row)
        self.column.addLayout(self.form)
        self.column.addWidget(self.note)
        self.column.addWidget(
            muted(
                self.tr(
                    "Crops of one image stay together. Those with nothing painted are left out, "
                    "unless all images are exported."
                ),
                small=True,
            )
        )
        self.column.addStretch()
        self.crops.toggled.connect(self._show_crops)
        self.which.currentIndexChanged.connect(self.changed)
        self.crops.toggled.connect(self.changed)
        for box in (self.width_box, self.height_box, self.overlap_box):
            box.valueChanged.connect(self.changed)
        self._show_crops()

    def _pixels(self, name: str, words: str, value: int, least: int) -> QSpinBox:
        box = named(padded(QSpinBox()), name)
        box.setRange(least, 16_384)
        box.setValue(value)
        box.setSuffix(self.tr(" px"))
        box.setFixedWidth(96)
        box.setAccessibleName(words)
        return box

    def _show_crops(self) -> None:
        self.size_row.setEnabled(self.crops.isChecked())

    @property
    def only_open(self) -> bool:
        return bool(self.which.currentData() == OPEN)

    @property
    def only(self) -> Only:
        data = self.which.currentData()
        return Only.ALL if data == OPEN else Only(data)

    def cut(self) -> Crops | None:
        """How images are cut.

        Raises:
            UsageError: an overlap as large as a crop.
        """
        if not self.crops.isChecked():
            return None
        return Crops(self.width_box.value(), self.height_box.value(), self.overlap_box.value())

    @property
    def problem(self) -> str:
        """What is wrong with the crops; empty when nothing is."""
        try:
            self.cut()
        except UsageError as error:
            return " ".join(filter(None, (error.message, error.hint)))
        return ""

    def state(self) -> dict[str, Any]:
        return {
            "which": self.which.currentData(),
            "crops": self.crops.isChecked(),
            "width": self.width_box.value(),
            "height": self.height_box.value(),
            "overlap": self.overlap_box.value(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Choose what was chosen the last time, but never the open image alone."""
        at = self.which.findData(state.get("which"))
        if at >= 0 and state.get("which") != OPEN:
            self.which.setCurrentIndex(at)
        self.crops.setChecked(state.get("crops") is True)
        for key, box in (
            ("width", self.width_box),
            ("height", self.height_box),
            ("overlap", self.overlap_box),
        ):
            if isinstance(state.get(key), int):
                box.setValue(state[key])


class ClassesPage(Page):
    """Which classes are exported, and which of them become one."""

    def __init__(self, classes: ClassTable) -> None:
        super().__init__()
        self._names = {c.id: c.name for c in classes}
        self.table = ClassMapping("export_classes", (self.tr("Class"), self.tr("Exported as")))
        self.table.show_classes(classes, [c.name for c in classes])
        self.renumber = checkbox(self.tr("Count ids anew from 0"), "export_renumber")
        self.column.addWidget(
            muted(
                self.tr(
                    "Untick a class to leave its pixels unlabelled. Double click on the right to "
                    "give it another name, or the name of another class to merge the two."
                ),
                small=True,
            )
        )
        self.column.addWidget(self.table, 1)
        self.column.addWidget(self.renumber)
        self.table.changed.connect(self.changed)
        self.renumber.toggled.connect(self.changed)

    def choice(self) -> ClassChoice:
        mapping = tuple(
            (self._names[class_id], "unlabelled" if new is None else new)
            for class_id, new in self.table.mapping().items()
            if new != self._names[class_id]
        )
        return ClassChoice(mapping=mapping, renumber=self.renumber.isChecked())


class CardPage(Page):
    """What goes onto the dataset's card."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.wanted = checkbox(
            self.tr("Write README.md, dataset_card.json and checksums"), "export_card", on=True
        )
        self.title = named(QLineEdit(), "export_title")
        self.title.setPlaceholderText(title)
        self.licence = named(QComboBox(), "export_license")
        self.licence.setEditable(True)
        self.licence.addItems(list(LICENCES))
        if (line := self.licence.lineEdit()) is not None:
            line.setPlaceholderText(self.tr("Not stated"))
        self.source = named(QLineEdit(), "export_source")
        self.source.setPlaceholderText(
            self.tr("Where the images are from, who labelled them, whom to cite")
        )
        self.form.addRow("", self.wanted)
        self.form.addRow(self.tr("Title"), self.title)
        self.form.addRow(self.tr("Licence"), self.licence)
        self.form.addRow(self.tr("Source"), self.source)
        self.column.addLayout(self.form)
        self.column.addWidget(
            muted(
                self.tr(
                    "The card counts images and pixels by class and tells how the images were "
                    "dealt out and what was lost."
                ),
                small=True,
            )
        )
        self.column.addStretch()
        self.wanted.toggled.connect(self._show_wanted)

    def _show_wanted(self) -> None:
        for field in (self.title, self.licence, self.source):
            field.setEnabled(self.wanted.isChecked())

    def card(self) -> Card | None:
        if not self.wanted.isChecked():
            return None
        return Card(
            self.licence.currentText().strip(),
            self.source.text().strip(),
            self.title.text().strip(),
        )

    def state(self) -> dict[str, Any]:
        return {
            "card": self.wanted.isChecked(),
            "license": self.licence.currentText(),
            "source": self.source.text(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.wanted.setChecked(state.get("card") is not False)
        self.licence.setCurrentText(str(state.get("license", "")))
        self.source.setText(str(state.get("source", "")))


def _form() -> QFormLayout:
    form = QFormLayout()
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setHorizontalSpacing(SPACE_L)
    form.setVerticalSpacing(SPACE_M)
    return form
