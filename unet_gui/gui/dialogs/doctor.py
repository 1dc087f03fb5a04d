"""Checking a dataset: what is wrong with it, file by file, and a copy in which it is put right."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPushButton, QWidget

from unet_gui.core.errors import ProjectError
from unet_gui.dataset.doctor import Finding, Severity, examine, repair
from unet_gui.gui.dialogs.finding_table import FIXABLE, FindingTable
from unet_gui.gui.dialogs.folders import FolderEdit
from unet_gui.gui.dialogs.job_dialog import PACE, JobDialog, muted
from unet_gui.gui.theme.tokens import SPACE_M
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from collections.abc import Generator

    from unet_gui.core.progress import Progress
    from unet_gui.dataset.doctor import RepairReport, Report
    from unet_gui.gui.theme import Theme

SIZE: Final = (940, 600)


class DoctorDialog(JobDialog):
    """Looks a folder through as soon as it opens.

    Args:
        parent: the window.
        theme: icons.
        folder: what is looked through; empty to ask for it.
        synchronous: at once, for tests.

    Signals:
        file_chosen: a Path, which the person wants to see.
        folder_chosen: a Path to a repaired copy, which the person wants to open.
    """

    file_chosen = Signal(object)
    folder_chosen = Signal(object)

    def __init__(
        self, parent: QWidget, theme: Theme, folder: Path | None, *, synchronous: bool = False
    ) -> None:
        super().__init__(parent, theme, "", "doctor", synchronous=synchronous)
        self.setWindowTitle(self.tr("Check a dataset"))
        icon = theme.icon("open_folder", theme.tokens.muted)
        self.report: Report | None = None
        self.repaired: RepairReport | None = None
        self.folder = FolderEdit(self.tr("Folder to check"), icon, "doctor_folder")
        self.folder.setPlaceholderText(self.tr("A project, or a folder of images and masks"))
        self.folder.setAccessibleName(self.tr("Folder to check"))
        self.check_button = named(QPushButton(self.tr("Check")), "doctor_check")
        self.kind = named(QComboBox(), "doctor_kind")
        for words, data in (
            (self.tr("All findings"), ""),
            (self.tr("Errors"), Severity.ERROR.value),
            (self.tr("Warnings"), Severity.WARNING.value),
            (self.tr("Notes"), Severity.NOTE.value),
            (self.tr("What can be put right"), FIXABLE),
        ):
            self.kind.addItem(words, data)
        self.kind.setAccessibleName(self.tr("Which findings"))
        self.search = named(QLineEdit(), "doctor_search")
        self.search.setPlaceholderText(self.tr("Find a file or a word"))
        self.search.setAccessibleName(self.search.placeholderText())
        self.search.setClearButtonEnabled(True)
        self.table = FindingTable(theme, "doctor_findings")
        self.table.setAccessibleName(self.tr("Findings"))
        self.copy = FolderEdit(self.tr("Folder for the copy"), icon, "doctor_copy")
        self.copy.setAccessibleName(self.tr("Folder for the copy"))
        self.repair_button = named(QPushButton(self.tr("Repair into a copy")), "doctor_repair")
        self.repair_button.setAutoDefault(False)
        self.open_button = named(QPushButton(self.tr("Open the copy")), "doctor_open")
        self.open_button.setAutoDefault(False)
        self.open_button.setVisible(False)
        self._lay_out()
        self._connect()
        self.resize(*SIZE)
        self.folder.setText(str(folder or ""))
        self._check_fields()
        if folder is not None:
            self.examine()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACE_M)
        top.addWidget(self.folder, 1)
        top.addWidget(self.check_button)
        row = QHBoxLayout()
        row.setSpacing(SPACE_M)
        row.addWidget(self.kind)
        row.addWidget(self.search, 1)
        self.repair_row = QWidget()
        copy = QHBoxLayout(self.repair_row)
        copy.setContentsMargins(0, 0, 0, 0)
        copy.setSpacing(SPACE_M)
        copy.addWidget(self.copy, 1)
        copy.addWidget(self.repair_button)
        self.hint = muted(
            self.tr(
                "Nothing is changed here. What is safe to put right is written into a copy; "
                "what needs a decision is left to you."
            ),
            small=True,
        )
        self.body.addLayout(top)
        self.body.addLayout(row)
        self.body.addWidget(self.table, 1)
        self.body.addWidget(self.repair_row)
        self.body.addWidget(self.hint)
        self.buttons.insertWidget(0, self.open_button)

    def _connect(self) -> None:
        self.folder.textChanged.connect(self._check_fields)
        self.folder.returnPressed.connect(self.examine)
        self.copy.textChanged.connect(self._check_fields)
        self.check_button.clicked.connect(self.examine)
        self.kind.currentIndexChanged.connect(self._filter)
        self.search.textChanged.connect(self._filter)
        self.table.chosen.connect(self._on_finding_chosen)
        self.repair_button.clicked.connect(self.repair)
        self.open_button.clicked.connect(self._on_open_button_clicked)

    # -- looking -------------------------------------------------------------------------------

    def examine(self) -> None:
        """Look the folder through."""
        folder = Path(self.folder.path())
        if not self.folder.path() or self.busy:
            return
        self.report = self.repaired = None
        self.table.model_of_findings.clear()
        self.open_button.setVisible(False)
        self.work("examine", partial(_batched, folder), self._on_examined, on_item=self._take)

    def _take(self, batch: _Batch) -> None:
        progress, findings = batch.progress, batch.findings
        self.table.model_of_findings.append(findings)
        if progress is not None:
            self.show_progress(progress)

    def _on_examined(self, report: Report) -> None:
        self.report = report
        number = report.count(Severity.NOTE)
        where = self.tr("{0} images, {1} masks").format(report.images, report.masks)
        if not report.findings:
            self.say(self.tr("{0}: all is well.").format(where), "good")
        else:
            self.say(
                self.tr("{0}: {1} errors, {2} warnings, {3} notes; {4} can be put right.").format(
                    where, report.errors, report.warnings, number, len(report.fixable)
                ),
                "error" if report.errors else "warning" if report.warnings else "",
            )
        self.copy.setText(str(report.folder.with_name(f"{report.folder.name}-fixed")))
        self._check_fields()
        self.table.setFocus()

    # -- repairing -----------------------------------------------------------------------------

    def repair(self) -> None:
        """Write a copy in which all that is safe is put right."""
        report, out = self.report, Path(self.copy.path())
        if report is None or not report.fixable:
            return
        if not out.is_absolute():
            self.fail(ProjectError(self.tr("Write the whole path of the copy.")))
            return
        self.work("repair", lambda: repair(report, out), self._on_repaired)

    def _on_repaired(self, repaired: RepairReport) -> None:
        self.repaired = repaired
        assert self.report is not None
        self.say(
            self.tr("{0} of {1} findings are put right in {2}.").format(
                len(repaired.fixed), len(self.report.findings), repaired.out
            ),
            "good",
            repaired.problems,
        )
        self.open_button.setVisible(True)
        self._check_fields()

    # -- the rest ------------------------------------------------------------------------------

    def working_changed(self, working: bool) -> None:
        self._check_fields()

    def _check_fields(self) -> None:
        self.check_button.setEnabled(bool(self.folder.path()) and not self.busy)
        self.folder.setEnabled(not self.busy)
        fixable = self.report is not None and bool(self.report.fixable)
        self.repair_row.setVisible(fixable)
        self.hint.setVisible(fixable)
        self.copy.setEnabled(not self.busy)
        self.repair_button.setEnabled(fixable and bool(self.copy.path()) and not self.busy)

    def _filter(self) -> None:
        self.table.show_only(str(self.kind.currentData()), self.search.text())

    def _on_finding_chosen(self, finding: Finding) -> None:
        if self.report is not None and finding.file:
            self.file_chosen.emit(self.report.folder / finding.file)
        elif finding.file:
            self.file_chosen.emit(Path(self.folder.path()).resolve() / finding.file)

    def _on_open_button_clicked(self) -> None:
        if self.repaired is not None:
            self.folder_chosen.emit(self.repaired.out)


class _Batch:
    """Findings made since the last look, and how far it is. It is handed over whole."""

    def __init__(self, progress: Progress | None, findings: list[Finding]) -> None:
        self.progress = progress
        self.findings = findings


def _batched(folder: Path) -> Generator[_Batch, None, Report]:
    """As `examine`, not waking the window for each finding by itself."""
    job: Generator[Any, None, Report] = examine(folder)
    findings: list[Finding] = []
    progress: Progress | None = None
    last = time.monotonic()
    try:
        while True:
            item = next(job)
            if isinstance(item, Finding):
                findings.append(item)
            else:
                progress = item
            if time.monotonic() - last >= PACE:
                yield _Batch(progress, findings)
                findings, last = [], time.monotonic()
    except StopIteration as stop:
        yield _Batch(None, findings)
        return stop.value  # type: ignore[no-any-return]  # StopIteration knows no type
    finally:
        job.close()


def show_file(path: Path) -> None:
    """Show a file's folder in whatever the system shows folders with."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))
