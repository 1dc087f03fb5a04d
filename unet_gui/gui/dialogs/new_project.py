"""Making a project: images, classes and where it lives. Nothing is written before Create."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from unet_gui.core.errors import ClassTableError, UnetGuiError
from unet_gui.dataset.images import find_images
from unet_gui.gui.dialogs.class_editor import ClassEditor
from unet_gui.gui.dialogs.creation import Creation
from unet_gui.gui.dialogs.fitting import FittingDialog
from unet_gui.gui.dialogs.folders import FolderEdit
from unet_gui.gui.jobs import JobRunner
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M, SPACE_S, SPACE_XL
from unet_gui.gui.theme.widgets import named, styled

if TYPE_CHECKING:
    from collections.abc import Generator

    from unet_gui.core.progress import Progress
    from unet_gui.dataset.project import Project
    from unet_gui.gui.theme import Theme

WIDTH: Final = 560
_LOOK_AFTER_MS: Final = 250
_LOOK_KEY: Final = "look for images"
_CREATE_KEY: Final = "create project"


class NewProjectDialog(FittingDialog):
    """Asks for what a project needs and makes it on the background thread.

    Args:
        parent: the window.
        theme: icons.
        runner: looks for images.
        folder: where folder dialogs begin.
        synchronous: the project is made at once, for tests.

    Signals:
        created: the Project.
        noticed: a line for the status bar.
    """

    created = Signal(object)
    noticed = Signal(str)

    def __init__(
        self,
        parent: QWidget,
        theme: Theme,
        runner: JobRunner,
        folder: str = "",
        *,
        synchronous: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("new_project_dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("New project"))
        self._runner = runner
        self._synchronous = synchronous
        # Of its own, so that masks of the open project are saved while another one is made.
        self._maker: JobRunner | None = None
        self._creation: Creation | None = None
        self._found: int | None = None
        self._place_typed = False
        icon = theme.icon("open_folder", theme.tokens.muted)
        self.images = FolderEdit(self.tr("Folder of images"), icon, "new_images")
        self.images.setPlaceholderText(self.tr("Where the images are; they stay there"))
        self.place = FolderEdit(self.tr("Where the project lives"), icon, "new_place")
        self.place.setPlaceholderText(self.tr("A folder for masks and rounds"))
        self.masks = FolderEdit(self.tr("Folder of masks"), icon, "new_masks")
        self.masks.setPlaceholderText(self.tr("Only if you have some already; they are copied"))
        self._start = folder
        self.editor = ClassEditor(theme)
        self.images_note = _note("new_images_note")
        self.place_note = _note("new_place_note")
        self.masks_note = _note("new_masks_note")
        self.classes_note = _note("new_classes_note")
        self.problem = _note("new_problem")
        self.problem.setProperty("level", "error")
        self.bar = named(QProgressBar(), "new_progress")
        self.bar.setTextVisible(False)
        self.bar.setVisible(False)
        self._look = QTimer(self, singleShot=True, interval=_LOOK_AFTER_MS)
        self._build()
        self._connect()
        self._check()

    def _build(self) -> None:
        self.create_button = named(QPushButton(self.tr("Create")), "new_create")
        self.create_button.setDefault(True)
        cancel = named(QPushButton(self.tr("Cancel")), "new_cancel")
        cancel.setAutoDefault(False)
        self.create_button.clicked.connect(self._create)
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(cancel)
        buttons.addWidget(self.create_button)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        form.setHorizontalSpacing(SPACE_L)
        form.setVerticalSpacing(SPACE_L)
        for label, field, note in (
            (self.tr("&Images"), self.images, self.images_note),
            (self.tr("&Project folder"), self.place, self.place_note),
            (self.tr("&Masks"), self.masks, self.masks_note),
            (self.tr("&Classes"), self.editor, self.classes_note),
        ):
            caption = QLabel(label)
            caption.setBuddy(field)
            box = QVBoxLayout()
            box.setSpacing(SPACE_S)
            box.addWidget(field)
            box.addWidget(note)
            form.addRow(caption, box)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, 2 * SPACE_M)
        layout.setSpacing(SPACE_L)
        layout.addLayout(form)
        layout.addWidget(self.problem)
        layout.addWidget(self.bar)
        layout.addLayout(buttons)
        self.setMinimumWidth(WIDTH)

    def _connect(self) -> None:
        self.images.textChanged.connect(self._on_images_text_changed)
        self.place.textEdited.connect(self._on_place_text_edited)
        self.place.textChanged.connect(self._check)
        self.masks.textChanged.connect(self._check)
        self.editor.changed.connect(self._check)
        self._look.timeout.connect(self._look_for_images)

    # -- while it is filled in -------------------------------------------------------------------

    def _on_images_text_changed(self) -> None:
        self._found = None
        if not self._place_typed and self.images.path():
            self.place.setText(str(suggested_place(Path(self.images.path()))))
        self._look.start()
        self._check()

    def _on_place_text_edited(self) -> None:
        self._place_typed = bool(self.place.path())

    def _look_for_images(self) -> None:
        folder = Path(self.images.path())
        if self.images.path() and folder.is_dir():
            self._runner.submit(
                _LOOK_KEY,
                lambda: _count_images(folder),
                on_done=lambda n: self._on_images_counted(folder, n),
                on_error=lambda _: self._on_images_counted(folder, 0),
            )

    def _on_images_counted(self, folder: Path, number: int) -> None:
        if isValid(self) and Path(self.images.path()) == folder:
            self._found = number
            self._check()

    def _check(self) -> None:
        problems = (
            self._images_problem(),
            self._place_problem(),
            self._masks_problem(),
            self._classes_problem(),
        )
        notes = (self.images_note, self.place_note, self.masks_note, self.classes_note)
        for note, (text, bad) in zip(notes, problems, strict=True):
            _show_note(note, text, bad=bad)
        missing = not self.images.path() or not self.place.path()
        ready = not missing and not any(bad for _, bad in problems)
        self.create_button.setEnabled(ready and self._creation is None)
        _show_note(self.problem, "", bad=True)

    def _images_problem(self) -> tuple[str, bool]:
        text = self.images.path()
        if not text:
            return "", False
        if not Path(text).is_dir():
            return self.tr("There is no such folder."), True
        if self._found is None:
            return self.tr("Looking…"), False
        if self._found == 0:
            return self.tr("No images in it yet; you can add them later."), False
        if self._found == 1:
            return self.tr("1 image"), False
        return self.tr("{0} images").format(self._found), False

    def _place_problem(self) -> tuple[str, bool]:
        text = self.place.path()
        if not text:
            return "", False
        place = Path(text)
        if (place / "project.json").exists():
            return self.tr("There is a project in it already. Open that one instead."), True
        if place.exists() and not place.is_dir():
            return self.tr("That is a file."), True
        if not place.is_absolute():
            return self.tr("Write the whole path."), True
        return self.tr("Masks and rounds will be kept here."), False

    def _masks_problem(self) -> tuple[str, bool]:
        text = self.masks.path()
        if text and not Path(text).is_dir():
            return self.tr("There is no such folder."), True
        return "", False

    def _classes_problem(self) -> tuple[str, bool]:
        try:
            table = self.editor.table()
        except ClassTableError as error:
            return " ".join(filter(None, (error.message, error.hint))), True
        if len(table) < 2:
            return self.tr("At least two are needed to tell anything apart."), True
        return "", False

    # -- making it ---------------------------------------------------------------------------------

    def _create(self) -> None:
        place, images = Path(self.place.path()), Path(self.images.path())
        masks = Path(self.masks.path()) if self.masks.path() else None
        table = self.editor.table()
        self._creation = creation = Creation(place, images, table, masks)
        self.create_button.setEnabled(False)
        self.bar.setRange(0, 0)
        self.bar.setVisible(True)
        if self._maker is None:
            self._maker = JobRunner("new project", self, synchronous=self._synchronous)
        self._maker.submit(
            _CREATE_KEY,
            creation.run,
            on_item=self._show_progress,
            on_done=self._on_created,
            on_error=self._on_create_failed,
        )

    def _show_progress(self, progress: Progress) -> None:
        self.bar.setRange(0, progress.total)
        self.bar.setValue(progress.done)

    def _on_created(self, project: Project) -> None:
        assert self._creation is not None
        warnings, self._creation = self._creation.warnings, None
        self.created.emit(project)
        if warnings:
            self.noticed.emit(" ".join(filter(None, (project.notice, *warnings))))
        self.accept()

    def _on_create_failed(self, error: UnetGuiError) -> None:
        self._take_back()
        self.bar.setVisible(False)
        self._check()
        _show_note(self.problem, " ".join(filter(None, (error.message, error.hint))), bad=True)

    def done(self, result: int) -> None:
        self._look.stop()
        self._runner.cancel(_LOOK_KEY)
        if self._maker is not None:
            self._maker.shutdown()
        self._take_back()
        super().done(result)

    def _take_back(self) -> None:
        """A project that was not finished goes again, if its folder came with it."""
        creation, self._creation = self._creation, None
        if creation is not None and not creation.undo():
            self.noticed.emit(
                self.tr("What was made of the project stays in {0}.").format(creation.place)
            )


def suggested_place(images: Path) -> Path:
    """Beside the images; a folder called `images` already stands in its project."""
    if images.name.lower() == "images" and not (images.parent / "project.json").exists():
        return images.parent
    place = images.with_name(f"{images.name}-project")
    number = 2
    while (place / "project.json").exists():
        place = images.with_name(f"{images.name}-project-{number}")
        number += 1
    return place


def _count_images(folder: Path) -> Generator[None, None, int]:
    yield
    return len(find_images(folder))


def _note(name: str) -> QLabel:
    label = named(QLabel(), name)
    label.setProperty("small", True)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setVisible(False)
    return label


def _show_note(label: QLabel, text: str, *, bad: bool) -> None:
    label.setText(text)
    label.setVisible(bool(text))
    label.setProperty("muted", not bad)
    styled(label, level="error" if bad else "")
