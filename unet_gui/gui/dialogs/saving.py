"""Asking where a table, a picture or a network goes, and writing it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from unet_gui.core.errors import ExportError
from unet_gui.dataset.files import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


def ask_where(
    parent: QWidget,
    title: str,
    suggested: Path,
    filters: list[str],
    on_chosen: Callable[[Path], object],
) -> QFileDialog:
    """Open a dialog for a file that is to be written.

    Args:
        parent: what it belongs to.
        title: what is going to be written.
        suggested: folder and name it begins with; its ending is added where none is typed.
        filters: as Qt has them, "Tables (*.csv)".
        on_chosen: gets the path.
    """
    dialog = QFileDialog(parent, title, str(suggested.parent))
    dialog.setObjectName("save_dialog")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setNameFilters(filters)
    dialog.setDefaultSuffix(suggested.suffix.lstrip("."))
    dialog.selectFile(suggested.name)
    dialog.fileSelected.connect(lambda text: on_chosen(Path(text)))
    dialog.open()
    return dialog


def write_job(path: Path, write: Callable[[Path], object]) -> Generator[None, None, Path]:
    """Write one file, as a job.

    Raises:
        ExportError: it cannot be written.
    """
    yield
    try:
        write(path)
    except OSError as exc:
        reason, hint = explain(exc)
        raise ExportError(f"{path} could not be written: {reason}.", hint) from exc
    return path
