"""Bringing in a dataset: what it is, what comes of it, which class becomes which."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTabWidget,
    QWidget,
)

from unet_gui.core.errors import ClassTableError
from unet_gui.dataset.formats import FORMATS
from unet_gui.dataset.formats.importing import bring_in
from unet_gui.dataset.formats.placing import COPY, REFER
from unet_gui.gui.dialogs.class_mapping import ClassMapping
from unet_gui.gui.dialogs.export_pages import OptionFields
from unet_gui.gui.dialogs.export_split import checkbox
from unet_gui.gui.dialogs.finding_table import FindingTable
from unet_gui.gui.dialogs.folders import FolderEdit
from unet_gui.gui.dialogs.import_plan import AUTO, look_into, with_classes
from unet_gui.gui.dialogs.job_dialog import JobDialog, Sentences, paced, show_note, wrapped
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from unet_gui.core.errors import UnetGuiError
    from unet_gui.core.progress import Progress
    from unet_gui.dataset.formats import DatasetReport
    from unet_gui.gui.dialogs.import_plan import Looked
    from unet_gui.gui.session import Session
    from unet_gui.gui.theme import Theme

SIZE: Final = (860, 640)
LOOK_AFTER_MS: Final = 300
OPEN: Final = "open"
NEW: Final = "new"
_LOOK: Final = "look"


class ImportDialog(JobDialog):
    """One import.

    Args:
        parent: the window.
        theme: icons.
        session: its project can take the dataset in.
        src: the dataset, if it is known already.
        synchronous: at once, for tests.

    Signals:
        imported: Path of the project that has it now; it is to be opened, or opened anew.
    """

    imported = Signal(object)

    def __init__(
        self,
        parent: QWidget,
        theme: Theme,
        session: Session,
        src: Path | None = None,
        *,
        synchronous: bool = False,
    ) -> None:
        super().__init__(parent, theme, "", "import", synchronous=synchronous)
        self.setWindowTitle(self.tr("Import a dataset"))
        self._session = session
        self._synchronous = synchronous
        self._place_typed = False
        self._problem = ""
        self.looked: Looked | None = None
        self.report: DatasetReport | None = None
        icon = theme.icon("open_folder", theme.tokens.muted)
        self.src = FolderEdit(self.tr("Folder of the dataset"), icon, "import_src")
        self.src.setPlaceholderText(self.tr("A folder, or the file that lists the objects"))
        self.file_button = named(QPushButton(self.tr("File…")), "import_file")
        self.file_button.setAutoDefault(False)
        self.format = named(QComboBox(), "import_format")
        self.options = OptionFields("import_option")
        self.target = named(QComboBox(), "import_target")
        self.place = FolderEdit(self.tr("Where the project lives"), icon, "import_place")
        self.images = named(QComboBox(), "import_images")
        self.overwrite = checkbox(
            self.tr("Replace masks that the project has already"), "import_overwrite"
        )
        self.note = wrapped("import_note")
        self.tabs = named(QTabWidget(), "import_tabs")
        self.tabs.setDocumentMode(True)
        self.mapping = ClassMapping(
            "import_classes", (self.tr("Class of the dataset"), self.tr("Becomes"))
        )
        self.findings = FindingTable(theme, "import_findings")
        self.warnings = Sentences("import_warnings")
        self.import_button = named(QPushButton(self.tr("Import")), "import_start")
        self.import_button.setDefault(True)
        self._look = QTimer(self, singleShot=True, interval=LOOK_AFTER_MS)
        self._fill()
        self._lay_out()
        self._connect()
        self.resize(*SIZE)
        self.src.setFocus()
        self._check()
        if src is not None:
            self.src.setText(str(src))

    # -- building ------------------------------------------------------------------------------

    def _fill(self) -> None:
        self.format.addItem(self.tr("Find out by itself"), AUTO)
        for form in FORMATS.values():
            if form.read is not None:
                self.format.addItem(form.title, form.key)
        project = self._session.project
        if project is not None:
            self.target.addItem(self.tr("The open project: {0}").format(project.name), OPEN)
        self.target.addItem(self.tr("A new project"), NEW)
        self.images.addItem(self.tr("Copy them into the project"), COPY)
        self.images.addItem(self.tr("Leave them where they are"), REFER)
        self.options.show_options([])

    def _lay_out(self) -> None:
        src = QHBoxLayout()
        src.setSpacing(SPACE_M)
        src.addWidget(self.src, 1)
        src.addWidget(self.file_button)
        self.form = form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setHorizontalSpacing(SPACE_L)
        form.setVerticalSpacing(SPACE_M)
        for words, buddy, content in (
            (self.tr("&Dataset"), self.src, src),
            (self.tr("&Form"), self.format, self.format),
            ("", self.options, self.options),
            (self.tr("Im&port into"), self.target, self.target),
            ("", self.place, self.place),
            (self.tr("I&mages"), self.images, self.images),
            ("", self.overwrite, self.overwrite),
        ):
            caption = QLabel(words)
            caption.setBuddy(buddy)
            form.addRow(caption, content)
        self.tabs.addTab(self.mapping, self.tr("&Classes"))
        self.tabs.addTab(self.findings, self.tr("&Check"))
        self.body.addLayout(form)
        self.body.addWidget(self.note)
        self.body.addWidget(self.tabs, 1)
        self.body.addStretch(0)  # takes the room while there is nothing to show
        self.body.addWidget(self.warnings)
        self.buttons.addWidget(self.import_button)

    def _connect(self) -> None:
        self.src.textChanged.connect(self._on_src_changed)
        self.format.currentIndexChanged.connect(self._on_format_changed)
        self.options.changed.connect(self._look_soon)
        self.target.currentIndexChanged.connect(self._on_target_changed)
        self.place.textEdited.connect(self._on_place_typed)
        self.place.textChanged.connect(self._check)
        self.mapping.changed.connect(self._check)
        self.file_button.clicked.connect(self._browse_file)
        self._look.timeout.connect(self._look_now)
        self.import_button.clicked.connect(self._start)
        self._session.project_closed.connect(self._on_project_closed)

    def _browse_file(self) -> None:
        dialog = QFileDialog(self, self.tr("File of the dataset"), self.src.path())
        dialog.setObjectName("file_dialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(
            [self.tr("Lists of objects (*.json *.yaml *.yml *.xml)"), self.tr("All files (*)")]
        )
        dialog.fileSelected.connect(self.src.setText)
        dialog.open()

    # -- while it is filled in -----------------------------------------------------------------

    def _on_src_changed(self) -> None:
        if not self._place_typed and self.src.path():
            self.place.setText(str(suggested_place(Path(self.src.path()))))
        self._look_soon()

    def _on_place_typed(self) -> None:
        self._place_typed = bool(self.place.path())

    def _on_format_changed(self) -> None:
        self._show_options(str(self.format.currentData()))
        self._look_soon()

    def _show_options(self, key: str) -> None:
        form = FORMATS.get(key)
        self.options.show_options([o for o in form.options if o.reading] if form else [])
        self.form.setRowVisible(self.options, bool(self.options.fields))

    def _on_target_changed(self) -> None:
        self._show_classes()
        self._check()

    def _look_soon(self) -> None:
        self.looked = self.report = None
        self._problem = ""
        self._runner.cancel(_LOOK)
        if self._synchronous:
            self._look_now()
        else:
            self._look.start()
        self._check()

    def _look_now(self) -> None:
        src = Path(self.src.path())
        if not self.src.path() or self.busy or not src.exists():
            return
        key, options = str(self.format.currentData()), self.options.chosen()
        show_note(self.note, self.tr("Looking through it…"))
        self._runner.submit(
            _LOOK,
            lambda: paced(look_into(src, key, options)),
            on_item=lambda p: show_note(
                self.note, self.tr("Looking through it… {0}").format(p.text)
            ),
            on_done=self._on_looked,
            on_error=self._on_look_failed,
        )

    def _on_look_progress(self, progress: Progress) -> None:
        show_note(self.note, self.tr("Looking through it… {0}").format(progress.text))

    def _on_looked(self, looked: Looked) -> None:
        self.looked = looked
        self._show_classes()
        self.findings.model_of_findings.clear()
        self.findings.model_of_findings.append(looked.findings)
        number = len(looked.findings)
        words = self.tr("&Check ({0})").format(number) if number else self.tr("&Check: all is well")
        self.tabs.setTabText(1, words)
        self.warnings.show_lines(looked.plan.warnings)
        self._check()

    def _on_look_failed(self, error: UnetGuiError) -> None:
        self.looked = None
        hint = self.tr("Choose its form above.") if "no format" in error.message else error.hint
        self._problem = " ".join(filter(None, (error.message, hint)))
        self._check()

    def _show_classes(self) -> None:
        if self.looked is not None:
            project = self._session.project
            taking = project if self.target.currentData() == OPEN else None
            names = [c.name for c in taking.classes] if taking is not None else []
            self.mapping.show_classes(self.looked.plan.classes, names)

    def _check(self) -> None:
        problem = self._problem
        new = self.target.currentData() == NEW
        self.form.setRowVisible(self.place, new)
        self.form.setRowVisible(self.overwrite, not new)
        self.form.setRowVisible(self.options, bool(self.options.fields))
        path = Path(self.src.path())
        if self.src.path() and not path.exists():
            problem = self.tr("There is no such folder or file.")
        place = self._place_problem() if new else ""
        shown = self.looked is not None
        self.tabs.setVisible(shown)
        self.warnings.setVisible(shown and bool(self.warnings.lines))
        if self.report is not None:
            show_note(self.note, "")
            self.import_button.setEnabled(False)
            return
        if problem or place:
            show_note(self.note, problem or place, "warning")
        else:
            show_note(self.note, self._what_comes())
        something = self.looked is not None and self.looked.images > 0
        ready = something and not problem and not place and not self.busy
        self.import_button.setEnabled(ready)

    def _what_comes(self) -> str:
        looked = self.looked
        if looked is None:
            if self.src.path():
                return self.tr("Looking through it…")
            return self.tr(
                "COCO, YOLO, LabelMe, CVAT, Label Studio, Pascal VOC, nnU-Net and others. "
                "You can also drop a dataset onto the window."
            )
        title = FORMATS[looked.plan.format].title
        words = self.tr("{0}. Images: {1}, with a mask: {2}, classes: {3}.").format(
            title, looked.images, looked.masks, len(looked.plan.classes)
        )
        if looked.splits:
            parts = ", ".join(f"{number} {part}" for part, number in looked.splits.items())
            words += " " + self.tr("It is dealt out: {0}.").format(parts)
        return words

    def _place_problem(self) -> str:
        text = self.place.path()
        place = Path(text)
        if not text:
            return self.tr("Say where the project is to live.") if self.src.path() else ""
        if not place.is_absolute():
            return self.tr("Write the whole path.")
        if (place / "project.json").exists():
            return self.tr("There is a project in that folder already. Open that one first.")
        if place.is_file() or (place.is_dir() and any(place.iterdir())):
            return self.tr("The folder for the new project is not empty.")
        return ""

    # -- doing it --------------------------------------------------------------------------------

    def _start(self) -> None:
        looked, project = self.looked, self._session.project
        if looked is None:
            return
        if (error := self._session.flush()) is not None:
            self.fail(error)
            return
        try:
            plan = with_classes(looked.plan, self.mapping.mapping())
        except ClassTableError as wrong:
            self.fail(wrong)
            return
        new = self.target.currentData() == NEW or project is None
        into = Path(self.place.path()) if new or project is None else project.source
        images, overwrite = str(self.images.currentData()), self.overwrite.isChecked()
        self._look.stop()
        self.work(
            "import",
            lambda: bring_in(plan, into, images=images, overwrite=overwrite),
            self._on_imported,
        )

    def working_changed(self, working: bool) -> None:
        for widget in (
            self.src, self.file_button, self.format, self.options, self.target, self.place,
            self.images, self.overwrite, self.tabs,
        ):  # fmt: skip
            widget.setEnabled(not working)
        self._check()

    def stopped(self) -> None:
        self.say(self.tr("Stopped. What was imported stays; importing again goes on."), "warning")
        if self.target.currentData() == OPEN and self._session.project is not None:
            self.imported.emit(self._session.project.source)

    def _on_imported(self, report: DatasetReport) -> None:
        self.report = report
        said = self.tr("Images: {0}, masks: {1}. They are in {2}.").format(
            report.images, report.masks, report.root
        )
        if report.added:
            said += " " + self.tr("New classes: {0}.").format(", ".join(report.added))
        self.imported.emit(report.root)
        self._check()
        self.tabs.hide()
        self.warnings.hide()
        self.say(said, "good", report.sentences)
        self.close_button.setFocus()

    def _on_project_closed(self) -> None:
        # Its own import closes the project, to open it anew.
        if self.report is None and not self.busy:
            self.target.removeItem(self.target.findData(OPEN))

    def done(self, result: int) -> None:
        self._look.stop()
        super().done(result)


def suggested_place(src: Path) -> Path:
    """A folder beside the dataset that is not there yet."""
    folder = src.parent if src.is_file() else src
    place = folder.parent / f"{folder.name}-project"
    number = 2
    while place.exists():
        place = folder.parent / f"{folder.name}-project-{number}"
        number += 1
    return place
