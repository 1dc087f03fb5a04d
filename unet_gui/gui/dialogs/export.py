"""Writing the dataset: which form, where, which images; then progress and what was lost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from unet_gui.dataset.discovery import OUTPUT_MARKER
from unet_gui.dataset.formats import FORMATS, ExportReport, export
from unet_gui.dataset.project import Status
from unet_gui.gui.dialogs.fitting import FittingDialog
from unet_gui.gui.dialogs.folders import FolderEdit
from unet_gui.gui.jobs import JobRunner
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M, SPACE_S, SPACE_XL
from unet_gui.gui.theme.widgets import named, padded, styled

if TYPE_CHECKING:
    from unet_gui.core.errors import UnetGuiError
    from unet_gui.core.progress import Progress
    from unet_gui.dataset.project import ImageEntry
    from unet_gui.gui.session import Session
    from unet_gui.gui.settings import Settings
    from unet_gui.gui.theme import Theme

WIDTH: Final = 560


class ExportDialog(FittingDialog):
    """One export.

    Args:
        parent: the window.
        theme: icons.
        session: whose project is written.
        settings: remembers folder and format.
        synchronous: export at once, for tests.
    """

    def __init__(
        self,
        parent: QWidget,
        theme: Theme,
        session: Session,
        settings: Settings,
        *,
        synchronous: bool = False,
    ) -> None:
        super().__init__(parent)
        assert session.project is not None
        self.setObjectName("export_dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Export"))
        self._session = session
        self._settings = settings
        self._project = session.project
        self._runner = JobRunner("export", self, synchronous=synchronous)
        self._running = False
        self.report: ExportReport | None = None
        self.formats = QButtonGroup(self)
        self.folder = FolderEdit(
            self.tr("Folder for the export"),
            theme.icon("open_folder", theme.tokens.muted),
            "export_folder",
        )
        self.overwrite = named(
            QCheckBox(self.tr("Write into it all the same; files of the same name are replaced")),
            "export_overwrite",
        )
        self.which = named(QComboBox(), "export_which")
        self.which.setAccessibleName(self.tr("Which images"))
        self.val_box = named(padded(QSpinBox()), "export_val")
        self.val_box.setRange(0, 90)
        self.val_box.setValue(20)
        self.val_box.setSuffix(self.tr(" %"))
        self.val_box.setFixedWidth(72)
        self.val_box.setAccessibleName(self.tr("Share of images for validation"))
        self.note = _words("export_note")
        self.bar = named(QProgressBar(), "export_progress")
        self.bar.setTextVisible(False)
        self.bar.setVisible(False)
        self.outcome = _words("export_result")
        self.lost = _words("export_lost")
        self.lost.setProperty("muted", True)
        self.open_button = named(QPushButton(self.tr("Open folder")), "export_open")
        self.open_button.setVisible(False)
        self.export_button = named(QPushButton(self.tr("Export")), "export_start")
        self.export_button.setDefault(True)
        self.close_button = named(QPushButton(self.tr("Cancel")), "export_close")
        self._fill()
        self._lay_out()
        self._connect()
        self._check()

    # -- building ------------------------------------------------------------------------------

    def _fill(self) -> None:
        done = sum(self._project.status(e) is Status.DONE for e in self._project.images)
        self.which.addItem(self.tr("All with something painted"), "labelled")
        if done:
            self.which.addItem(self.tr("Only those that are done ({0})").format(done), "done")
        if self._session.entry is not None:
            self.which.addItem(self.tr("Only the open one"), "open")
        self.folder.setText(self._suggested_folder())

    def _suggested_folder(self) -> str:
        remembered = self._settings.get("export/folder")
        base = Path(remembered) if remembered else self._project.source.parent
        return str(base / f"{self._project.name}-export")

    def _lay_out(self) -> None:
        formats = QVBoxLayout()
        formats.setSpacing(SPACE_M)
        wanted = self._settings.get("export/format")
        for form in FORMATS.values():
            formats.addLayout(self._format_row(form.key, form.title, form.description))
        chosen = self.findChild(QRadioButton, f"format_{wanted}")
        (chosen or self.formats.buttons()[0]).setChecked(True)
        folder = QVBoxLayout()
        folder.setSpacing(SPACE_S)
        for widget in (self.folder, self.note, self.overwrite):
            folder.addWidget(widget)
        val = QHBoxLayout()
        val.setSpacing(SPACE_M)
        val.addWidget(self.val_box)
        val.addWidget(_muted(self.tr("of the images, set apart for checking")), 1)
        form_layout = QFormLayout()
        form_layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form_layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        form_layout.setHorizontalSpacing(SPACE_L)
        form_layout.setVerticalSpacing(SPACE_L)
        for label, content in (
            (self.tr("Form"), formats),
            (self.tr("&Images"), self.which),
            (self.tr("&Validation"), val),
            (self.tr("&Folder"), folder),
        ):
            caption = QLabel(label)
            if isinstance(content, QWidget):
                caption.setBuddy(content)
                form_layout.addRow(caption, content)
            else:
                caption.setBuddy(self.folder if content is folder else self.val_box)
                form_layout.addRow(caption, content)
        buttons = QHBoxLayout()
        buttons.addWidget(self.open_button)
        buttons.addStretch()
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.export_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, 2 * SPACE_M)
        layout.setSpacing(SPACE_L)
        layout.addLayout(form_layout)
        for line in (self.bar, self.outcome, self.lost):
            layout.addWidget(line)
        layout.addSpacing(SPACE_S)
        layout.addLayout(buttons)
        self.setMinimumWidth(WIDTH)

    def _format_row(self, key: str, title: str, description: str) -> QVBoxLayout:
        radio = named(QRadioButton(title), f"format_{key}")
        radio.setAccessibleDescription(description)
        self.formats.addButton(radio)
        line = _muted(description)
        line.setWordWrap(True)
        line.setProperty("small", True)
        line.setContentsMargins(22, 0, 0, 0)
        row = QVBoxLayout()
        row.setSpacing(2)
        row.addWidget(radio)
        row.addWidget(line)
        return row

    def _connect(self) -> None:
        self.folder.textChanged.connect(self._check)
        self.overwrite.toggled.connect(self._check)
        self.export_button.clicked.connect(self._start)
        self.close_button.clicked.connect(self.reject)
        self.open_button.clicked.connect(self._open_folder)
        self._session.project_closed.connect(self.reject)

    # -- while it is filled in -----------------------------------------------------------------

    @property
    def format(self) -> str:
        """Key of the chosen format."""
        button = self.formats.checkedButton()
        return button.objectName().removeprefix("format_") if button is not None else "voc"

    def _check(self) -> None:
        text = self.folder.path()
        taken = bool(text) and _holds_other_files(Path(text))
        problem = ""
        if text and Path(text).is_file():
            problem = self.tr("That is a file.")
        elif text and not Path(text).is_absolute():
            problem = self.tr("Write the whole path.")
        elif taken:
            problem = self.tr("There are other files in this folder.")
        self.note.setText(problem)
        self.note.setVisible(bool(problem))
        styled(self.note, level="warning")
        self.overwrite.setVisible(taken)
        blocked = bool(problem) and not (taken and self.overwrite.isChecked())
        self.export_button.setEnabled(bool(text) and not blocked and not self._running)

    def _entries(self) -> list[ImageEntry] | None:
        which = self.which.currentData()
        if which == "open" and self._session.entry is not None:
            return [self._session.entry]
        if which == "done":
            project = self._project
            return [e for e in project.images if project.status(e) is Status.DONE]
        return None

    # -- doing it --------------------------------------------------------------------------------

    def _start(self) -> None:
        if (error := self._session.flush()) is not None:
            self._on_failed(error)
            return
        project, key, out = self._project, self.format, Path(self.folder.path())
        entries, val = self._entries(), self.val_box.value() / 100
        overwrite = self.overwrite.isChecked()
        self._set_running(running=True)
        self._runner.submit(
            "export",
            lambda: export(project, key, out, entries=entries, val=val, overwrite=overwrite),
            on_item=self._show_progress,
            on_done=self._on_done,
            on_error=self._on_failed,
        )

    def _set_running(self, *, running: bool) -> None:
        self._running = running
        self.bar.setVisible(running)
        self.bar.setRange(0, 0)
        for widget in (self.folder, self.which, self.val_box, self.overwrite):
            widget.setEnabled(not running)
        for button in self.formats.buttons():
            button.setEnabled(not running)
        if running:
            self._say("", "", lost=())
        self._check()

    def _show_progress(self, progress: Progress) -> None:
        self.bar.setRange(0, max(1, progress.total))
        self.bar.setValue(progress.done)

    def _on_done(self, report: ExportReport) -> None:
        self._set_running(running=False)
        self.report = report
        self._settings.set("export/folder", str(report.out.parent))
        self._settings.set("export/format", report.format)
        self._say(self._summary(report), "good", lost=report.warnings)
        self.open_button.setVisible(True)
        self.close_button.setText(self.tr("Close"))
        self.close_button.setDefault(True)
        self.close_button.setFocus()

    def _summary(self, report: ExportReport) -> str:
        if report.images == 1:
            return self.tr("1 image with its mask is written.")
        return self.tr(
            "{0} images with their masks are written: {1} to train, {2} to check."
        ).format(report.images, len(report.train), len(report.val))

    def _on_failed(self, error: UnetGuiError) -> None:
        self._set_running(running=False)
        self._say(" ".join(filter(None, (error.message, error.hint))), "error", lost=())

    def _say(self, text: str, level: str, *, lost: tuple[str, ...]) -> None:
        self.outcome.setText(text)
        self.outcome.setVisible(bool(text))
        styled(self.outcome, level=level)
        self.lost.setText("\n".join(f"• {line}" for line in lost))
        self.lost.setVisible(bool(lost))

    def _open_folder(self) -> None:
        if self.report is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.report.out)))

    def done(self, result: int) -> None:
        """Closing while it runs cancels; nothing half-written stays."""
        self._runner.shutdown()
        super().done(result)


def _holds_other_files(folder: Path) -> bool:
    if not folder.is_dir() or (folder / OUTPUT_MARKER).is_file():
        return False
    try:
        return any(folder.iterdir())
    except OSError:
        return False


def _words(name: str) -> QLabel:
    label = named(QLabel(), name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setVisible(False)
    return label


def _muted(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("muted", True)
    return label
