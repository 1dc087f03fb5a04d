"""A network from a file: what it is, whether it fits, and using it or learning from it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QFormLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton

from unet_gui.core.errors import CheckpointError
from unet_gui.gui.dialogs.job_dialog import JobDialog, muted, show_note, wrapped
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from collections.abc import Generator

    from PySide6.QtWidgets import QWidget

    from unet_gui.gui.session import Session
    from unet_gui.gui.theme import Theme

WIDTH: Final = 560
LOOK_AFTER_MS: Final = 300
SUFFIXES: Final = (".pth", ".pt", ".safetensors")


class NetworkDialog(JobDialog):
    """Loads one network into the open project.

    Args:
        parent: the window.
        theme: icons.
        session: whose project learns.
        path: the file, if it is known already.
        synchronous: at once, for tests.

    Signals:
        taken: name of the round that was made; it is in use.
        learn_requested: Path of a file to go on learning from.
    """

    taken = Signal(str)
    learn_requested = Signal(object)

    def __init__(
        self,
        parent: QWidget,
        theme: Theme,
        session: Session,
        path: Path | None = None,
        *,
        synchronous: bool = False,
    ) -> None:
        super().__init__(parent, theme, "", "network", synchronous=synchronous)
        assert session.project is not None
        self.setWindowTitle(self.tr("Load a network"))
        self._session = session
        self._project = session.project
        self._synchronous = synchronous
        self.network: Any = None
        self.path = named(QLineEdit(), "network_path")
        self.path.setPlaceholderText(self.tr("A .pth of the U-Net tutorials, or a .safetensors"))
        self.path.setAccessibleName(self.tr("File of the network"))
        self.browse = named(QPushButton(self.tr("File…")), "network_browse")
        self.browse.setAutoDefault(False)
        self.browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.setSpacing(SPACE_M)
        row.addWidget(self.path, 1)
        row.addWidget(self.browse)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setHorizontalSpacing(SPACE_L)
        caption = QLabel(self.tr("&File"))
        caption.setBuddy(self.path)
        form.addRow(caption, row)
        self.what = wrapped("network_what")
        self.verdict = wrapped("network_verdict")
        self.notes = muted("", small=True)
        self.notes.setObjectName("network_notes")
        self.notes.setVisible(False)
        self.body.addLayout(form)
        for label in (self.what, self.verdict, self.notes):
            self.body.addWidget(label)
        self.body.addStretch()
        self.learn_button = named(QPushButton(self.tr("Learn from it")), "network_learn")
        self.learn_button.setToolTip(
            self.tr("A round that begins with it; the layer of the classes begins anew.")
        )
        self.use_button = named(QPushButton(self.tr("Use it")), "network_use")
        self.buttons.addWidget(self.learn_button)
        self.buttons.addWidget(self.use_button)
        self.learn_button.clicked.connect(self._learn)
        self.use_button.clicked.connect(self._use)
        self._look = QTimer(self, singleShot=True, interval=LOOK_AFTER_MS)
        self._look.timeout.connect(self._look_now)
        self.path.textChanged.connect(self._on_path_changed)
        session.project_closed.connect(self.close)
        self.setMinimumWidth(WIDTH)
        self._check()
        if path is not None:
            self.path.setText(str(path))

    def _browse(self) -> None:
        dialog = QFileDialog(self, self.tr("File of a network"), self.path.text())
        dialog.setObjectName("file_dialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(self.tr("Networks ({0})").format(" ".join(f"*{s}" for s in SUFFIXES)))
        dialog.fileSelected.connect(self.path.setText)
        dialog.open()

    # -- looking -------------------------------------------------------------------------------

    def _on_path_changed(self) -> None:
        self.network = None
        self._check()
        if self._synchronous:
            self._look_now()
        else:
            self._look.start()

    def _look_now(self) -> None:
        path = Path(self.path.text().strip())
        if path.is_file() and not self.busy:
            self.work("look", partial(_look_job, path, self._project), self._on_looked,
                on_item=lambda _: None)  # fmt: skip

    def _on_looked(self, network: Any) -> None:
        self.network = network
        self._check()
        default = self.use_button if network.fits else self.learn_button
        default.setDefault(True)
        default.setFocus()

    def working_changed(self, working: bool) -> None:
        for widget in (self.path, self.browse):
            widget.setEnabled(not working)
        self._check()

    def _check(self) -> None:
        network = self.network
        ready = network is not None and not self.busy
        self.use_button.setEnabled(ready and network.fits)
        self.learn_button.setEnabled(ready)
        text = self.path.text().strip()
        if network is None:
            missing = bool(text) and not Path(text).is_file()
            show_note(self.what, self.tr("There is no such file.") if missing else "", "warning")
            show_note(self.verdict, "")
            show_note(self.notes, "")
            return
        spec = network.checkpoint.spec
        show_note(
            self.what,
            self.tr("A U-Net over VGG16 for {0} classes, width {1}, “{2}” decoder.").format(
                spec.num_classes, f"{spec.width:g}", spec.decoder
            ),
        )
        show_note(self.notes, " ".join(network.checkpoint.notes))
        if network.fits:
            words = self.tr("It fits this project: it can propose at once.")
            show_note(self.verdict, words, "good")
        else:
            words = self.tr(
                "{0} It cannot propose here as it is, but the project can go on learning from it."
            ).format(network.problem)
            show_note(self.verdict, words, "warning")

    # -- doing it ------------------------------------------------------------------------------

    def _use(self) -> None:
        network = self.network
        if (error := self._session.flush()) is not None:
            self.fail(error)
            return
        self.work(
            "use", partial(_take_job, network, self._project), self._on_taken,
            on_item=lambda _: None,
        )  # fmt: skip

    def _on_taken(self, name: str) -> None:
        self.taken.emit(name)
        self.accept()

    def _learn(self) -> None:
        self.learn_requested.emit(self.network.path)
        self.accept()

    def done(self, result: int) -> None:
        self._look.stop()
        super().done(result)


def round_to_save(session: Session) -> Path:
    """Folder of the round in use.

    Raises:
        CheckpointError: none is in use, or its decoder is not the tutorials'.
        ProjectError: it is missing.
    """
    project = session.project
    assert project is not None
    name = project.adopted
    if name is None:
        raise CheckpointError(
            "No round is in use yet, so there is no network to save.", "Fine-tune first."
        )
    found = project.round(name)
    if found.info.get("decoder") != "tutorial":
        raise CheckpointError(
            f"{name} has the “{found.info.get('decoder')}” decoder, which the tutorials do not "
            "know, so it cannot be saved as .pth.",
            "A round that was trained with the tutorials' decoder can be: "
            "unet-gui train PROJECT --preset tutorial.",
        )
    return found.path


def save_job(folder: Path, out: Path) -> Generator[None, None, Any]:
    """Write a round as `.pth`, as a job; gives what `unet.convert.convert` does."""
    yield
    from unet_gui.unet.convert import convert

    return convert(folder, out)


def _look_job(path: Path, project: Any) -> Generator[None, None, Any]:
    yield
    from unet_gui.unet.network_files import look_at  # torch takes seconds to load

    return (yield from look_at(path, project))


def _take_job(network: Any, project: Any) -> Generator[None, None, str]:
    from unet_gui.unet.network_files import take_in

    return (yield from take_in(network, project))
