"""Writing the dataset: which form, which images and classes, where; then what became of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from unet_gui.dataset.discovery import OUTPUT_MARKER
from unet_gui.dataset.formats import FORMATS, ExportReport, Selection
from unet_gui.gui.dialogs.export_pages import CardPage, ClassesPage, FormatPage, ImagesPage
from unet_gui.gui.dialogs.export_preview import ExportChoice, look_ahead, write
from unet_gui.gui.dialogs.export_split import SplitPage, checkbox
from unet_gui.gui.dialogs.folders import FolderEdit
from unet_gui.gui.dialogs.job_dialog import JobDialog, paced, show_note, wrapped
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_S, SPACE_XL
from unet_gui.gui.theme.widgets import named, styled

if TYPE_CHECKING:
    from unet_gui.core.errors import UnetGuiError
    from unet_gui.gui.dialogs.export_preview import Preview
    from unet_gui.gui.session import Session
    from unet_gui.gui.settings import Settings
    from unet_gui.gui.theme import Theme

SIZE: Final = (860, 620)
LIST_WIDTH: Final = 190
LOOK_AFTER_MS: Final = 250
_LOOK: Final = "look ahead"
_EXPORT: Final = "export"


class ExportDialog(JobDialog):
    """One export.

    Args:
        parent: the window.
        theme: icons.
        session: whose project is written.
        settings: remembers what was chosen.
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
        super().__init__(parent, theme, "", "export", synchronous=synchronous)
        assert session.project is not None
        self.setWindowTitle(self.tr("Export"))
        self._session = session
        self._settings = settings
        self._project = project = session.project
        self.report: ExportReport | None = None
        self.preview: Preview | None = None
        done = sum(project.is_done(e) for e in project.images)
        self.formats = named(QListWidget(), "export_formats")
        self.formats.setProperty("framed", True)
        self.formats.setAccessibleName(self.tr("Form"))
        self.formats.setFixedWidth(LIST_WIDTH)
        self.formats.setSpacing(3)
        self.format_page = FormatPage()
        self.images_page = ImagesPage(done, len(project.images), one=session.entry is not None)
        self.split_page = SplitPage()
        self.classes_page = ClassesPage(project.classes)
        self.card_page = CardPage(project.name)
        self.tabs = named(QTabWidget(), "export_tabs")
        self.tabs.setDocumentMode(True)
        self.folder = FolderEdit(
            self.tr("Folder for the export"),
            theme.icon("open_folder", theme.tokens.muted),
            "export_folder",
        )
        self.note = wrapped("export_note")
        self.overwrite = checkbox(
            self.tr("Write into it all the same; files of the same name are replaced"),
            "export_overwrite",
        )
        self.verified = checkbox(
            self.tr("Read all of it again and compare each pixel"), "export_verify"
        )
        self.verified.setToolTip(self.tr("Takes about as long as writing it."))
        self.resume = checkbox(
            self.tr("When stopped, keep what is written and go on from there the next time"),
            "export_resume",
        )
        self.open_button = named(QPushButton(self.tr("Open folder")), "export_open")
        self.open_button.setAutoDefault(False)
        self.open_button.setVisible(False)
        self.export_button = named(QPushButton(self.tr("Export")), "export_start")
        self.export_button.setDefault(True)
        self._look = QTimer(self, singleShot=True, interval=LOOK_AFTER_MS)
        self._synchronous = synchronous
        self._fill()
        self._lay_out()
        self._restore()
        self._connect()
        self._on_format_changed()
        self.resize(*SIZE)
        self.folder.setFocus()

    # -- building ------------------------------------------------------------------------------

    def _fill(self) -> None:
        for form in FORMATS.values():
            if form.write is not None:
                item = QListWidgetItem(form.title)
                item.setData(0x0100, form.key)
                item.setToolTip(f"<span>{form.description}</span>")
                self.formats.addItem(item)
        for page, title in (
            (self.format_page, self.tr("&Form")),
            (self.images_page, self.tr("&Images")),
            (self.split_page, self.tr("&Split")),
            (self.classes_page, self.tr("&Classes")),
            (self.card_page, self.tr("C&ard")),
        ):
            self.tabs.addTab(page, title)
        remembered = self._settings.get("export/folder")
        base = Path(remembered) if remembered else self._project.source.parent
        self.folder.setText(str(base / f"{self._project.name}-export"))

    def _lay_out(self) -> None:
        upper = QHBoxLayout()
        upper.setSpacing(SPACE_XL)
        upper.addWidget(self.formats)
        upper.addWidget(self.tabs, 1)
        self.body.addLayout(upper, 1)
        folder = QVBoxLayout()
        folder.setSpacing(SPACE_S)
        for widget in (self.folder, self.note, self.overwrite, self.verified, self.resume):
            folder.addWidget(widget)
        caption = QLabel(self.tr("F&older"))
        caption.setBuddy(self.folder)
        caption.setFixedWidth(LIST_WIDTH)
        lower = QHBoxLayout()
        lower.setSpacing(SPACE_XL)
        captions = QVBoxLayout()
        captions.setContentsMargins(0, SPACE_S + 2, 0, 0)
        captions.addWidget(caption)
        captions.addStretch()
        lower.addLayout(captions)
        lower.addLayout(folder, 1)
        self.body.addSpacing(SPACE_L)
        self.body.addLayout(lower)
        self.buttons.insertWidget(0, self.open_button)
        self.buttons.addWidget(self.export_button)

    def _connect(self) -> None:
        self.formats.currentRowChanged.connect(self._on_format_changed)
        for page in (self.format_page, self.images_page, self.split_page, self.classes_page):
            page.changed.connect(self._on_choice_changed)
        self.folder.textChanged.connect(self._check)
        self.overwrite.toggled.connect(self._check)
        self._look.timeout.connect(self._look_ahead)
        self.export_button.clicked.connect(self._start)
        self.open_button.clicked.connect(self._open_folder)
        self._session.project_closed.connect(self.close)

    # -- what is remembered --------------------------------------------------------------------

    def _restore(self) -> None:
        wanted = self._settings.get("export/format")
        self.choose_format(wanted if wanted in FORMATS else "voc")
        try:
            state: Any = json.loads(self._settings.get("export/choices") or "{}")
        except ValueError:
            state = {}
        if not isinstance(state, dict):
            state = {}
        for page in (self.images_page, self.split_page, self.card_page):
            page.restore(state)
        self.verified.setChecked(state.get("verified") is True)
        self.resume.setChecked(state.get("resume") is True)

    def _remember(self, report: ExportReport) -> None:
        self._settings.set("export/folder", str(report.out.parent))
        self._settings.set("export/format", report.format)
        state = {
            **self.images_page.state(),
            **self.split_page.state(),
            **self.card_page.state(),
            "verified": self.verified.isChecked(),
            "resume": self.resume.isChecked(),
        }
        self._settings.set("export/choices", json.dumps(state))

    # -- while it is filled in -----------------------------------------------------------------

    @property
    def format(self) -> str:
        """Key of the chosen format."""
        item = self.formats.currentItem()
        return str(item.data(0x0100)) if item is not None else "voc"

    def choose_format(self, key: str) -> None:
        """Choose a format by its key."""
        keys = [f.key for f in FORMATS.values() if f.write is not None]
        self.formats.setCurrentRow(keys.index(key))

    def choice(self) -> ExportChoice:
        """All that is chosen.

        Raises:
            UsageError: crops that cannot be.
        """
        pages = self.images_page
        return ExportChoice(
            self.format,
            Selection(pages.only, pages.cut(), self.classes_page.choice()),
            self.split_page.split(),
            self.format_page.fields.chosen(),
            self._session.entry if pages.only_open else None,
            self.card_page.card(),
        )

    def _on_format_changed(self) -> None:
        self.format_page.show_format(FORMATS[self.format])
        self._on_choice_changed()

    def _on_choice_changed(self) -> None:
        self.preview = None
        self.format_page.show_preview(None)
        self._runner.cancel(_LOOK)
        if self._synchronous:
            self._look_ahead()
        else:
            self._look.start()
        self._check()

    def _look_ahead(self) -> None:
        if self.busy or self._own_problem():
            return
        project, choice = self._project, self.choice()
        self._runner.submit(
            _LOOK,
            lambda: paced(look_ahead(project, choice)),
            on_done=self._on_looked,
            on_error=self.fail,
        )

    def _on_looked(self, preview: Preview) -> None:
        self.preview = preview
        self.format_page.show_preview(preview)
        self.split_page.show_preview(preview)
        words = self.tr("{0} images go into the export.").format(preview.images)
        show_note(self.images_page.note, "" if preview.problem else words)
        self._check()

    def _own_problem(self) -> str:
        return self.images_page.problem or self.split_page.problem

    def _check(self) -> None:
        text = self.folder.path()
        taken = bool(text) and _holds_other_files(Path(text))
        problem = self._folder_problem(text, taken=taken)
        wrong = self._own_problem() or (self.preview.problem if self.preview else "")
        blocked = bool(problem) and not (taken and self.overwrite.isChecked())
        show_note(self.note, problem or wrong, "warning")
        self.overwrite.setVisible(taken)
        self.export_button.setEnabled(bool(text) and not blocked and not wrong and not self.busy)

    def _folder_problem(self, text: str, *, taken: bool) -> str:
        if text and Path(text).is_file():
            return self.tr("That is a file.")
        if text and not Path(text).is_absolute():
            return self.tr("Write the whole path.")
        return self.tr("There are other files in this folder.") if taken else ""

    # -- doing it --------------------------------------------------------------------------------

    def _start(self) -> None:
        if (error := self._session.flush()) is not None:
            self.fail(error)
            return
        project, choice, out = self._project, self.choice(), Path(self.folder.path())
        how = {
            "overwrite": self.overwrite.isChecked(),
            "resume": self.resume.isChecked(),
            "verified": self.verified.isChecked(),
        }
        self._look.stop()
        self._runner.cancel(_LOOK)
        self.open_button.setVisible(False)
        self.work(
            _EXPORT,
            lambda: write(project, choice, out, how),
            self._on_done,
            on_error=self._on_failed,
        )

    def working_changed(self, working: bool) -> None:
        for widget in (
            self.folder, self.formats, self.tabs, self.overwrite, self.verified, self.resume,
        ):  # fmt: skip
            widget.setEnabled(not working)
        if not working and self.preview is None:
            self._on_choice_changed()
        self._check()

    def stopped(self) -> None:
        if self.resume.isChecked():
            self.say(self.tr("Stopped. Exporting here again goes on from there."), "warning")

    def _on_done(self, report: ExportReport) -> None:
        self.report = report
        self._remember(report)
        self.say(self._summary(report), "good", report.warnings)
        self.open_button.setVisible(True)
        self.close_button.setFocus()

    def _summary(self, report: ExportReport) -> str:
        if report.images == 1:
            said = self.tr("1 image with its mask is written.")
        elif report.test:
            said = self.tr(
                "{0} images with their masks are written: {1} to train, {2} to check, {3} to test."
            ).format(report.images, len(report.train), len(report.val), len(report.test))
        else:
            said = self.tr(
                "{0} images with their masks are written: {1} to train, {2} to check."
            ).format(report.images, len(report.train), len(report.val))
        if report.verified is not None:
            said += " " + self.tr("All were read again and are equal to the project.")
        return said

    def _on_failed(self, error: UnetGuiError) -> None:
        self.say(self.tr("Nothing was written."), "error")
        styled(self.outcome, level="error")

    def _open_folder(self) -> None:
        if self.report is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.report.out)))

    def done(self, result: int) -> None:
        self._look.stop()
        super().done(result)


def _holds_other_files(folder: Path) -> bool:
    if not folder.is_dir() or (folder / OUTPUT_MARKER).is_file():
        return False
    try:
        return any(not p.name.startswith(".unet_gui_export-") for p in folder.iterdir())
    except OSError:
        return False
