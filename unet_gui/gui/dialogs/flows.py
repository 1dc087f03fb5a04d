"""What the menus start: each opens a dialog or a project and sees it through."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from unet_gui.core.errors import UnetGuiError
from unet_gui.dataset import bundled
from unet_gui.dataset.places import log_file
from unet_gui.gui.dialogs.cheat_sheet import CheatSheet
from unet_gui.gui.dialogs.class_editor import choose_color
from unet_gui.gui.dialogs.class_questions import DeleteClassQuestion, MergeClassQuestion
from unet_gui.gui.dialogs.errors import ErrorBox
from unet_gui.gui.dialogs.folders import choose_folder
from unet_gui.gui.dialogs.help import AboutDialog, CommandSearch
from unet_gui.gui.dialogs.new_project import NewProjectDialog
from unet_gui.gui.dialogs.prompts import PixelSizePrompt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

    from unet_gui.dataset.project import Project
    from unet_gui.gui.class_edits import ClassEdits
    from unet_gui.gui.dialogs.help import Row
    from unet_gui.gui.session import Session
    from unet_gui.gui.settings import Settings
    from unet_gui.gui.theme import Theme


class Flows(QObject):
    """Dialogs of one window. None of them blocks: each reports when it is done.

    Args:
        window: what the dialogs belong to.
        session: the project they act on.
        edits: changes classes.
        settings: recent projects and last folders.
        theme: icons.

    Signals:
        pixel_size_changed: the project knows another one, or none.
    """

    pixel_size_changed = Signal()

    def __init__(
        self,
        window: QWidget,
        session: Session,
        edits: ClassEdits,
        settings: Settings,
        theme: Theme,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._edits = edits
        self._settings = settings
        self._theme = theme
        self.errors = ErrorBox(window, theme)

    # -- projects ------------------------------------------------------------------------------

    def open(self) -> None:
        """Ask for a folder and open it."""
        project = self._session.project
        recent = self._settings.recent_projects()
        start = project.source.parent if project is not None else Path(recent[0]).parent if recent \
            else Path.home()  # fmt: skip
        title = self.tr("Open a project or a folder of images")
        choose_folder(self._window, title, str(start), self.open_path)

    def open_path(self, path: str | Path) -> None:
        """Open this project or folder and remember it. The present one stays when that fails."""
        folder = Path(path)

        def forget() -> None:
            if not folder.exists():
                self._settings.forget_project(str(folder))

        self._session.open_project(
            folder,
            on_opened=lambda: self._settings.remember_project(str(folder)),
            on_failed=forget,
        )

    def open_sample(self) -> None:
        """Open the person's own copy of the sample project."""
        try:
            folder = bundled.sample_project_copy()
        except UnetGuiError as error:
            self.errors.show(error)
        else:
            self.open_path(folder)

    def new_project(self) -> None:
        folder = self._settings.get("new_project/folder") or str(Path.home())
        dialog = NewProjectDialog(self._window, self._theme, self._session.runner, folder)
        dialog.created.connect(self._on_project_created)
        dialog.noticed.connect(self._session.noticed)
        dialog.open()

    def _on_project_created(self, project: Project) -> None:
        if self._session.use_project(project):
            self._settings.remember_project(str(project.root))
            self._settings.set("new_project/folder", str(project.root.parent))

    def close_project(self) -> None:
        if self._session.close_project():
            self._settings.set("projects/last", "")

    def refresh(self) -> None:
        """Look for images that have come or gone."""
        self._session.refresh_images()

    def export(self) -> None:
        # All formats are read in with it: a start does not wait for them.
        from unet_gui.gui.dialogs.export import ExportDialog

        if self._session.project is not None:
            ExportDialog(self._window, self._theme, self._session, self._settings).open()

    def pixel_size(self) -> None:
        """Ask how large a pixel is and note it in the project."""
        project = self._session.project
        if project is None:
            return
        prompt = PixelSizePrompt(self._window, project.pixel_size)

        def keep() -> None:
            try:
                project.set_pixel_size(prompt.pixel_size)
            except UnetGuiError as error:
                self.errors.show(error)
            else:
                self.pixel_size_changed.emit()

        prompt.accepted.connect(keep)
        prompt.open()

    # -- classes -------------------------------------------------------------------------------

    def recolor_class(self, class_id: int | None) -> None:
        project = self._session.project
        if project is not None and class_id is not None:
            choose_color(
                self._window,
                project.classes[class_id].color,
                lambda color: self._edits.recolor(class_id, color),
            )

    def delete_class(self, class_id: int | None) -> None:
        if self._session.project is not None and class_id is not None:
            DeleteClassQuestion(self._window, self._session, self._edits, class_id).open()

    def merge_class(self, class_id: int | None) -> None:
        project = self._session.project
        if project is not None and class_id is not None and len(project.classes) > 1:
            MergeClassQuestion(self._window, self._session, self._edits, class_id).open()

    # -- help ------------------------------------------------------------------------------------

    def keys(self, rows: Sequence[Row]) -> None:
        CheatSheet(self._window, rows).open()

    def commands(self, rows: Sequence[Row]) -> None:
        CommandSearch(self._window, self._theme, rows).open()

    def about(self, device: str) -> None:
        AboutDialog(self._window, device).open()

    def show_log(self) -> None:
        """Open the log in whatever shows text files."""
        log = log_file()
        if log.is_file() and QDesktopServices.openUrl(QUrl.fromLocalFile(str(log))):
            return
        self.errors.show(
            UnetGuiError(
                self.tr("The log cannot be opened here."), self.tr("It is kept in {0}.").format(log)
            )
        )
