"""What takes a while, in the status bar: its name, how far it is, and a way to give it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from unet_gui.gui.theme.tokens import SPACE_S
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from unet_gui.core.progress import Progress
    from unet_gui.gui.long_work import LongWork
    from unet_gui.gui.mask_edits import MaskEdits


class JobStrip(QWidget):
    """Seen while a command over the mask, or what a tool does, runs for long."""

    def __init__(self, *works: MaskEdits | LongWork) -> None:
        super().__init__()
        self._works = works
        self.setObjectName("job_strip")
        self.label = named(QLabel(), "job_name")
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = named(QProgressBar(), "job_progress")
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(90)
        self.stop = named(QPushButton(self.tr("Cancel")), "job_cancel")
        self.stop.setToolTip(self.tr("Give it up; the mask stays as it is"))
        self.stop.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_S)
        for widget in (self.label, self.bar, self.stop):
            row.addWidget(widget)
        self.hide()
        for work in works:
            work.long_running.connect(self._begin)
            work.progressed.connect(self._show_progress)
            work.busy_changed.connect(self._on_busy_changed)
            self.stop.clicked.connect(work.cancel)

    def _begin(self, name: str) -> None:
        self.label.setText(self.tr("{0}… you can go on looking around").format(name))
        self.show()

    def _show_progress(self, progress: Progress) -> None:
        self.bar.setRange(0, max(1, progress.total))
        self.bar.setValue(progress.done)

    def _on_busy_changed(self, _busy: bool) -> None:
        if not any(work.busy for work in self._works):
            self.hide()
