"""What the menus start that works on whole datasets and on network files.

Each dialog is imported when it is first asked for: all formats come with them, and a start of the
program does not wait for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox

from unet_gui.core.errors import UnetGuiError
from unet_gui.dataset.project_file import FILE_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QWidget

    from unet_gui.gui.dialogs.doctor import DoctorDialog
    from unet_gui.gui.dialogs.flows import Flows
    from unet_gui.gui.session import Session
    from unet_gui.gui.theme import Theme

NETWORKS: Final = (".pth", ".pt", ".safetensors")
LISTS: Final = (".json", ".yaml", ".yml", ".xml", ".jsonl", ".parquet")
"""Files that may be the list of objects of a dataset."""


class DataFlows(QObject):
    """Dialogs of one window. None of them blocks.

    Args:
        window: what the dialogs belong to.
        session: the project they act on.
        flows: opens projects and shows errors.
        theme: icons.

    Signals:
        round_made: name of a round that came from a file; it is in use.
        learn_requested: Path of a network to go on learning from.
        encoder_fetched: better encoder weights are on this computer now.
        said: a sentence for the person.
    """

    encoder_fetched = Signal()
    round_made = Signal(str)
    learn_requested = Signal(object)
    said = Signal(str)

    def __init__(self, window: QWidget, session: Session, flows: Flows, theme: Theme) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._flows = flows
        self._theme = theme

    # -- datasets ------------------------------------------------------------------------------

    def import_dataset(self, src: Path | None = None) -> None:
        """Bring a dataset into the open project or a new one."""
        from unet_gui.gui.dialogs.import_dataset import ImportDialog

        dialog = ImportDialog(self._window, self._theme, self._session, src)
        dialog.imported.connect(self._flows.open_path)
        dialog.open()

    def check(self) -> None:
        """Let the doctor look through the project's folder."""
        from unet_gui.gui.dialogs.doctor import DoctorDialog

        project = self._session.project
        folder = None
        if project is not None:
            if (error := self._session.flush()) is not None:
                self._flows.errors.show(error)
            folder = project.root if (project.root / FILE_NAME).is_file() else project.source
        dialog = DoctorDialog(self._window, self._theme, folder)
        dialog.file_chosen.connect(lambda path: self._show_file(dialog, path))
        dialog.folder_chosen.connect(lambda path: self._open_copy(dialog, path))
        dialog.open()

    def _open_copy(self, dialog: DoctorDialog, folder: Path) -> None:
        dialog.accept()
        self._flows.open_path(folder)

    def _show_file(self, dialog: DoctorDialog, path: Path) -> None:
        """Open the image that a file is or belongs to; a folder for what is not in the project."""
        name = self.image_of(path)
        if name is None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))
        else:
            dialog.close()
            self._session.open_image(name)

    def image_of(self, path: Path) -> str | None:
        """Name of the project's image that a file is, or is the mask of; None for others."""
        project = self._session.project
        if project is None:
            return None
        wanted = str(path.resolve())
        for entry in project.images:
            for place in (entry.path, entry.mask_path):
                # Looking a file's real place up takes time: first by name.
                if place.name == path.name and str(place.resolve()) == wanted:
                    return entry.name
        return None

    def statistics(self) -> None:
        """Count and measure what is painted."""
        from unet_gui.gui.dialogs.statistics import StatisticsDialog

        if self._session.project is not None:
            StatisticsDialog(self._window, self._theme, self._session).open()

    def compare(self) -> None:
        """Compare masks with masks."""
        from unet_gui.gui.dialogs.comparison import ComparisonDialog

        ComparisonDialog(self._window, self._theme, self._session).open()

    # -- dropped onto the window ---------------------------------------------------------------

    def dropped(self, path: Path) -> None:
        """Find out what was dropped onto the window, then open it or offer to import it."""
        from unet_gui.gui.dialogs.import_plan import guess_format

        suffix = path.suffix.lower()
        if path.is_file() and suffix in NETWORKS and self._session.project is not None:
            self.load_network(path)
        elif path.is_file() and suffix not in LISTS:
            self._flows.open_path(path.parent)
        elif (path / FILE_NAME).is_file():
            self._flows.open_path(path)
        else:
            self._session.runner.submit(
                "what was dropped",
                lambda: guess_format(path),
                on_done=lambda key: self._on_guessed(path, key),
            )

    def _on_guessed(self, path: Path, key: str) -> None:
        from unet_gui.dataset.formats import FORMATS

        folder = path if path.is_dir() else path.parent
        if not key:
            self._flows.open_path(folder)
            return
        box = QMessageBox(self._window)
        box.setObjectName("dropped_question")
        box.setWindowTitle(self.tr("Open or import?"))
        box.setText(self.tr("{0} looks like {1}.").format(path.name, FORMATS[key].title))
        box.setInformativeText(
            self.tr(
                "Importing brings its images and masks into a project. Opening shows the folder's "
                "images as they are."
            )
        )
        import_button = box.addButton(self.tr("Import…"), QMessageBox.ButtonRole.AcceptRole)
        open_button = box.addButton(self.tr("Open the folder"), QMessageBox.ButtonRole.ActionRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        native = key in {"voc", "png"} and self._session.project is None
        box.setDefaultButton(open_button if native else import_button)
        box.buttonClicked.connect(
            lambda button: (
                self.import_dataset(path)
                if button is import_button
                else self._flows.open_path(folder)
                if button is open_button
                else None
            )
        )
        box.finished.connect(box.deleteLater)
        box.open()

    # -- networks ------------------------------------------------------------------------------

    def load_network(self, path: Path | None = None) -> None:
        """Load a `.pth` or `.safetensors` into the open project."""
        from unet_gui.gui.dialogs.network_files import NetworkDialog

        if self._session.project is None:
            return
        dialog = NetworkDialog(self._window, self._theme, self._session, path)
        dialog.taken.connect(self._on_taken)
        dialog.learn_requested.connect(self.learn_requested)
        dialog.open()

    def _on_taken(self, name: str) -> None:
        self.said.emit(self.tr("The network is {0} now and proposes.").format(name))
        self.round_made.emit(name)

    def fetch_encoder(self) -> None:
        """Offer the download of VGG16's ImageNet weights."""
        from unet_gui.gui.dialogs.encoder import EncoderDialog

        dialog = EncoderDialog(self._window, self._theme)
        dialog.fetched.connect(self.encoder_fetched)
        dialog.open()

    def save_network(self) -> None:
        """Save the round in use as `.pth`."""
        from unet_gui.gui.dialogs.network_files import round_to_save
        from unet_gui.gui.dialogs.saving import ask_where

        project = self._session.project
        if project is None:
            return
        try:
            folder = round_to_save(self._session)
        except UnetGuiError as error:
            self._flows.errors.show(error)
            return
        suggested = project.source.parent / f"{project.name}-{folder.name}.pth"
        ask_where(
            self._window,
            self.tr("Save the network"),
            suggested,
            [self.tr("Networks of the U-Net tutorials (*.pth)")],
            lambda out: self.write_network(folder, out),
        )

    def write_network(self, folder: Path, out: Path) -> None:
        """Write a round's folder as `.pth`; what the other side has to know is said."""
        from unet_gui.gui.dialogs.network_files import save_job

        self._session.runner.submit(
            "save network",
            lambda: save_job(folder, out),
            on_done=self._on_network_saved,
            on_error=self._flows.errors.show,
        )

    def _on_network_saved(self, converted: Any) -> None:
        said = [self.tr("Written: {0}").format(converted.out), *converted.notes]
        self.said.emit(" ".join(said))
