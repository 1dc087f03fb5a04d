"""Asking for a folder, without stopping everything else meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable


def choose_folder(
    parent: QWidget, title: str, start: str, on_chosen: Callable[[str], object]
) -> QFileDialog:
    """Open a folder dialog; `on_chosen` gets the path when the person has chosen one."""
    dialog = QFileDialog(parent, title, start)
    dialog.setObjectName("folder_dialog")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly, True)
    dialog.fileSelected.connect(on_chosen)
    dialog.open()
    return dialog


class FolderEdit(QLineEdit):
    """A path that can be typed, or chosen with the button inside the field.

    Args:
        title: title of the folder dialog.
        icon: the button's picture.
    """

    def __init__(self, title: str, icon: QIcon, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._title = title
        button = QAction(icon, QCoreApplication.translate("FolderEdit", "Browse…"), self)
        button.setObjectName(f"{name}_browse")
        button.triggered.connect(self._browse)
        self.addAction(button, QLineEdit.ActionPosition.TrailingPosition)

    def path(self) -> str:
        """What is typed, without the blanks around it."""
        return self.text().strip()

    def _browse(self) -> None:
        choose_folder(self, self._title, self.path(), self.setText)
