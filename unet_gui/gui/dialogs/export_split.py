"""The page of the export on which images are dealt out: what to train, check and test with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from unet_gui.dataset.splits import FOLDER, Split
from unet_gui.gui.dialogs.job_dialog import muted, show_note, wrapped
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M
from unet_gui.gui.theme.widgets import named, padded

if TYPE_CHECKING:
    from unet_gui.gui.dialogs.export_preview import Preview

SHARES: Final = "shares"
LISTS: Final = "lists"
PATTERN: Final = "pattern"
EXAMPLE: Final = r"^(\w+?)[-_]"


class SplitPage(QWidget):
    """By shares or by lists; what belongs together stays together.

    Signals:
        changed: the split is another one now.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.kind = named(QComboBox(), "export_split")
        self.kind.addItem(self.tr("By shares"), SHARES)
        self.kind.addItem(self.tr("By lists: train.txt, val.txt, test.txt"), LISTS)
        self.kind.setAccessibleName(self.tr("How images are dealt out"))
        self.val_box = self._percent("export_val", self.tr("Share of images for validation"), 20)
        self.test_box = self._percent("export_test", self.tr("Share of images for the test"), 0)
        self.seed_box = named(padded(QSpinBox()), "export_seed")
        self.seed_box.setRange(0, 999_999)
        self.seed_box.setFixedWidth(90)
        self.seed_box.setAccessibleName(self.tr("Seed"))
        self.seed_box.setToolTip(self.tr("Another number deals the images out another way."))
        self.lists = named(QLineEdit(), "export_lists")
        self.lists.setReadOnly(True)
        self.lists.setPlaceholderText(self.tr("No lists chosen yet"))
        self.lists.setAccessibleName(self.tr("Lists"))
        self.list_files: tuple[Path, ...] = ()
        self.browse = named(QPushButton(self.tr("Choose…")), "export_lists_browse")
        self.browse.setAutoDefault(False)
        self.group = named(QComboBox(), "export_group")
        self.group.addItem(self.tr("Nothing: each image by itself"), "")
        self.group.addItem(self.tr("Images of one folder"), FOLDER)
        self.group.addItem(self.tr("Images with the same in their name"), PATTERN)
        self.group.setAccessibleName(self.tr("What stays together"))
        self.pattern = named(QLineEdit(EXAMPLE), "export_pattern")
        self.pattern.setAccessibleName(self.tr("Regular expression that finds it"))
        self.note = wrapped("export_split_note")
        self.tree = named(QTreeWidget(), "export_groups")
        self.tree.setProperty("framed", True)
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setHeaderLabels([self.tr("Together"), self.tr("Images"), self.tr("For")])
        self.tree.setAccessibleName(self.tr("What stays together, and what it is for"))
        self._lay_out()
        self._connect()
        self._show_kind()

    def _percent(self, name: str, words: str, value: int) -> QSpinBox:
        box = named(padded(QSpinBox()), name)
        box.setRange(0, 90)
        box.setValue(value)
        box.setSuffix(self.tr(" %"))
        box.setFixedWidth(72)
        box.setAccessibleName(words)
        return box

    def _lay_out(self) -> None:
        shares = QHBoxLayout()
        shares.setSpacing(SPACE_M)
        for box, words in (
            (self.val_box, self.tr("to validate")),
            (self.test_box, self.tr("to test")),
        ):
            shares.addWidget(box)
            shares.addWidget(QLabel(words))
            shares.addSpacing(SPACE_M)
        shares.addStretch()
        shares.addWidget(QLabel(self.tr("Seed")))
        shares.addWidget(self.seed_box)
        self.shares_row = QWidget()
        self.shares_row.setLayout(shares)
        shares.setContentsMargins(0, 0, 0, 0)
        lists = QHBoxLayout()
        lists.setContentsMargins(0, 0, 0, 0)
        lists.addWidget(self.lists, 1)
        lists.addWidget(self.browse)
        self.lists_row = QWidget()
        self.lists_row.setLayout(lists)
        self.form = form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setHorizontalSpacing(SPACE_L)
        form.setVerticalSpacing(SPACE_L)
        form.addRow(self.tr("Dealt out"), self.kind)
        form.addRow("", self.shares_row)
        form.addRow("", self.lists_row)
        form.addRow(self.tr("Kept together"), self.group)
        form.addRow("", self.pattern)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACE_L, 0, 0)
        layout.setSpacing(SPACE_M)
        layout.addWidget(
            muted(
                self.tr(
                    "Slices, frames and tiles of one specimen look alike. Kept together, they "
                    "are never both learned from and checked with."
                ),
                small=True,
            )
        )
        layout.addLayout(form)
        layout.addWidget(self.note)
        layout.addWidget(self.tree, 1)
        layout.addStretch()

    def _connect(self) -> None:
        self.kind.currentIndexChanged.connect(self._on_choice_changed)
        self.group.currentIndexChanged.connect(self._on_choice_changed)
        self.pattern.textChanged.connect(self.changed)
        for box in (self.val_box, self.test_box, self.seed_box):
            box.valueChanged.connect(self.changed)
        self.browse.clicked.connect(self._browse)

    def _on_choice_changed(self) -> None:
        self._show_kind()
        self.changed.emit()

    def _show_kind(self) -> None:
        by_lists = self.kind.currentData() == LISTS
        self.form.setRowVisible(self.shares_row, not by_lists)
        self.form.setRowVisible(self.lists_row, by_lists)
        self.form.setRowVisible(self.pattern, self.group.currentData() == PATTERN)
        self.tree.setVisible(bool(self.group.currentData()))

    def _browse(self) -> None:
        dialog = QFileDialog(self, self.tr("Lists of images"))
        dialog.setObjectName("lists_dialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilter(self.tr("Text files (*.txt)"))
        dialog.filesSelected.connect(self.set_lists)
        dialog.open()

    def set_lists(self, files: list[str]) -> None:
        """Deal out by these files."""
        self.list_files = tuple(Path(f) for f in files)
        self.lists.setText(", ".join(f.name for f in self.list_files))
        self.lists.setToolTip("\n".join(files))
        self.changed.emit()

    # -- what is chosen ------------------------------------------------------------------------

    @property
    def problem(self) -> str:
        """What is missing; empty when nothing is."""
        if self.kind.currentData() == LISTS and not self.list_files:
            return self.tr("Choose at least one list.")
        if self.group.currentData() == PATTERN and not self.pattern.text().strip():
            return self.tr("Write down what is the same in the names.")
        return ""

    def split(self) -> Split:
        """The split as chosen."""
        kind = self.group.currentData()
        group = {"": None, FOLDER: FOLDER}.get(kind, self.pattern.text().strip())
        if self.kind.currentData() == LISTS:
            return Split(group=group, lists=self.list_files)
        return Split(
            val=self.val_box.value() / 100,
            test=self.test_box.value() / 100,
            seed=self.seed_box.value(),
            group=group,
        )

    def show_preview(self, preview: Preview) -> None:
        """What would become of the images."""
        words = {"train": self.tr("train"), "val": self.tr("validate"), "test": self.tr("test")}
        said = ", ".join(
            self.tr("{0} to {1}").format(preview.parts[part], word)
            for part, word in words.items()
            if preview.parts.get(part)
        )
        if preview.group_count:
            said += self.tr("; {0} groups").format(preview.group_count)
        show_note(self.note, said)
        self.tree.clear()
        for group in preview.groups:
            item = QTreeWidgetItem(
                [group.name, str(group.images), words.get(group.part, group.part)]
            )
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.tree.addTopLevelItem(item)
        self.tree.resizeColumnToContents(0)

    def state(self) -> dict[str, Any]:
        """What is remembered."""
        return {
            "val": self.val_box.value(),
            "test": self.test_box.value(),
            "seed": self.seed_box.value(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Choose what was chosen the last time."""
        for key, box in (("val", self.val_box), ("test", self.test_box), ("seed", self.seed_box)):
            if isinstance(state.get(key), int):
                box.setValue(state[key])


def checkbox(words: str, name: str, *, on: bool = False) -> QCheckBox:
    """A check box by name."""
    box = named(QCheckBox(words), name)
    box.setChecked(on)
    return box
