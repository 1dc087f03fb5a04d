"""Comparing masks with masks: two people, or a person and a round."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from unet_gui.dataset.comparison import compare
from unet_gui.dataset.difference_pictures import DIFFERENT, ONLY_A, ONLY_B
from unet_gui.gui.dialogs.difference_view import Differences, PictureView
from unet_gui.gui.dialogs.folders import choose_folder
from unet_gui.gui.dialogs.job_dialog import JobDialog
from unet_gui.gui.dialogs.number_table import NumberTable, percent, score_text, whole
from unet_gui.gui.dialogs.saving import ask_where, write_job
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M
from unet_gui.gui.theme.widgets import named, styled

if TYPE_CHECKING:
    from unet_gui.core.document import RgbImage
    from unet_gui.core.errors import UnetGuiError
    from unet_gui.dataset.comparison import ComparisonReport
    from unet_gui.gui.session import Session
    from unet_gui.gui.theme import Theme

SIZE: Final = (980, 640)
_DRAW: Final = "draw"


class ComparisonDialog(JobDialog):
    """Two sources, their scores, and a picture of the image that is chosen.

    Args:
        parent: the window.
        theme: icons.
        session: offers its project and the rounds of it; need not have one open.
        synchronous: at once, for tests.
    """

    def __init__(
        self, parent: QWidget, theme: Theme, session: Session, *, synchronous: bool = False
    ) -> None:
        super().__init__(parent, theme, "", "comparison", synchronous=synchronous)
        self.setWindowTitle(self.tr("Compare masks"))
        self._session = session
        self.report: ComparisonReport | None = None
        self._differences: Differences | None = None
        self.a = self._source("comparison_a", self.tr("Masks A"))
        self.b = self._source("comparison_b", self.tr("Masks B"))
        self.compare_button = named(QPushButton(self.tr("Compare")), "comparison_start")
        self.compare_button.setDefault(True)
        self.classes = NumberTable(
            "comparison_classes",
            [
                (self.tr("Class"), whole),
                (self.tr("IoU"), score_text),
                (self.tr("Dice"), score_text),
                (self.tr("Pixels in A"), whole),
            ],
        )
        self.images = NumberTable(
            "comparison_images",
            [
                (self.tr("Image, the worst first"), whole),
                (self.tr("Mean IoU"), score_text),
                (self.tr("Same"), percent),
            ],
        )
        self.picture = PictureView(theme, "comparison_picture")
        self.csv_button = named(QPushButton(self.tr("Save table…")), "comparison_save")
        self.csv_button.setAutoDefault(False)
        self.csv_button.setToolTip(self.tr("A line for each image, the worst first, as CSV"))
        self._fill()
        self._lay_out()
        self._connect()
        self.picture.show_text(self.tr("Choose two sets of masks and compare them."))
        self.resize(*SIZE)
        self._check()
        self.b.setFocus()

    # -- building ------------------------------------------------------------------------------

    def _source(self, name: str, words: str) -> QComboBox:
        box = named(QComboBox(), name)
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.setAccessibleName(words)
        if (line := box.lineEdit()) is not None:
            line.setPlaceholderText(self.tr("A folder of masks, a project, or a round"))
        return box

    def _fill(self) -> None:
        project = self._session.project
        for box in (self.a, self.b):
            if project is not None:
                place = str(project.source)
                box.addItem(self.tr("The masks of this project"), place)
                for found in reversed(project.rounds()):
                    box.addItem(self.tr("What {0} predicted").format(found.name), str(found.path))
            box.setCurrentIndex(-1)
            box.setEditText("")
        if project is not None:
            self.a.setCurrentIndex(0)
            if self.b.count() > 1:
                adopted = project.adopted
                at = self.b.findText(self.tr("What {0} predicted").format(adopted))
                self.b.setCurrentIndex(max(1, at))

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setHorizontalSpacing(SPACE_L)
        form.setVerticalSpacing(SPACE_M)
        for label, box in (("&A", self.a), ("&B", self.b)):
            browse = named(QPushButton(self.tr("Folder…")), f"{box.objectName()}_browse")
            browse.setAutoDefault(False)
            browse.clicked.connect(partial(self._browse, box))
            row = QHBoxLayout()
            row.setSpacing(SPACE_M)
            row.addWidget(box, 1)
            row.addWidget(browse)
            caption = QLabel(label)
            caption.setBuddy(box)
            form.addRow(caption, row)
        left = QVBoxLayout()
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(SPACE_M)
        left.addWidget(self.classes, 2)
        left.addWidget(self.images, 3)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(SPACE_M)
        right.addWidget(self.picture, 1)
        right.addLayout(self._legend())
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        for column in (left, right):
            side = QWidget()
            side.setLayout(column)
            splitter.addWidget(side)
        splitter.setHandleWidth(SPACE_L)
        splitter.setSizes([SIZE[0] // 2, SIZE[0] // 2])
        self.body.addLayout(form)
        self.body.addWidget(splitter, 1)
        self.buttons.insertWidget(0, self.csv_button)
        self.buttons.addWidget(self.compare_button)

    def _legend(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACE_M)
        for rgb, words in (
            (ONLY_A, self.tr("only in A")),
            (ONLY_B, self.tr("only in B")),
            (DIFFERENT, self.tr("another class")),
        ):
            chip = QLabel()
            chip.setFixedSize(12, 12)
            chip.setStyleSheet(f"background: {QColor(*rgb).name()}; border-radius: 3px;")
            label = styled(QLabel(words), muted=True, small=True)
            row.addWidget(chip)
            row.addWidget(label)
            row.addSpacing(SPACE_M)
        row.addStretch()
        return row

    def _connect(self) -> None:
        for box in (self.a, self.b):
            box.editTextChanged.connect(self._check)
        self.compare_button.clicked.connect(self.compare)
        self.images.row_changed.connect(self._on_row_changed)
        self.csv_button.clicked.connect(self._save)
        self._session.project_closed.connect(self.close)

    def _browse(self, box: QComboBox) -> None:
        project = self._session.project
        path = self.place(box)
        start = path if path is not None else project.source.parent if project else Path.home()
        title = self.tr("Masks to compare")
        choose_folder(self, title, str(start), box.setEditText)

    # -- comparing -----------------------------------------------------------------------------

    @staticmethod
    def place(box: QComboBox) -> Path | None:
        """What is chosen or typed; None when nothing is."""
        text = box.currentText().strip()
        at = box.findText(text)
        if at >= 0:
            return Path(box.itemData(at))
        return Path(text) if text else None

    def _check(self) -> None:
        a, b = self.place(self.a), self.place(self.b)
        ready = a is not None and b is not None and a != b
        self.compare_button.setEnabled(ready and not self.busy)
        self.csv_button.setEnabled(self.report is not None and not self.busy)
        for box in (self.a, self.b):
            box.setEnabled(not self.busy)

    def working_changed(self, working: bool) -> None:
        self._check()

    def compare(self) -> None:
        """Compare what is chosen."""
        a, b = self.place(self.a), self.place(self.b)
        if a is None or b is None:
            return
        if (error := self._session.flush()) is not None:
            self.fail(error)
            return
        self.report = None
        self._differences = Differences(a, b)
        self.images.fill([])
        self.classes.fill([])
        self.picture.show_text("")
        self.work("compare", lambda: compare(a, b), self._on_compared)

    def _on_compared(self, report: ComparisonReport) -> None:
        self.report = report
        project = self._session.project
        known = {c.id: c.color for c in project.classes} if project is not None else {}
        colors = [known.get(c.id, self.theme.tokens.muted) for c in report.classes]
        self.classes.fill(
            [(c.name, c.iou, c.dice, float(c.pixels)) for c in report.classes], colors
        )
        self.images.fill([(i.name, i.miou, i.agreement) for i in report.images])
        lines = [*report.problems]
        if report.missing:
            lines.append(
                self.tr("{0} images have a mask in one of the two only, such as {1}.").format(
                    len(report.missing), report.missing[0]
                )
            )
        words = self.tr(
            "{0} images: mean IoU {1}, mean Dice {2}; {3} of the pixels are alike, "
            "Cohen's kappa {4}."
        ).format(
            whole(len(report.images)),
            score_text(report.miou),
            score_text(report.dice),
            percent(report.agreement),
            score_text(report.kappa),
        )
        self.say(words, "", lines)
        self._check()
        if report.images:
            self.images.choose(0)
            self.images.setFocus()

    def _on_row_changed(self, row: int) -> None:
        differences, report = self._differences, self.report
        if differences is None or report is None:
            return
        name = report.images[row].name
        self._runner.submit(
            _DRAW,
            lambda: differences.draw(name),
            on_done=self._on_drawn,
            on_error=self._on_draw_failed,
        )

    def _on_drawn(self, pixels: RgbImage) -> None:
        self.picture.show_pixels(pixels)

    def _on_draw_failed(self, error: UnetGuiError) -> None:
        self.picture.show_text(error.message)

    # -- saving --------------------------------------------------------------------------------

    def _save(self) -> None:
        project = self._session.project
        folder = project.source.parent if project is not None else Path.home()
        filters = [self.tr("Tables (*.csv)")]
        ask_where(self, self.tr("Save the table"), folder / "comparison.csv", filters, self.write)

    def write(self, path: Path) -> None:
        """Write a line for each image, the worst first."""
        report = self.report
        if report is not None:
            self.work(
                "csv",
                lambda: write_job(path, report.write_csv),
                lambda written: self.say(self.tr("Written: {0}").format(written), "good"),
                on_item=lambda _: None,
            )
