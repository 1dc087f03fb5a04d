"""Before a class goes: how many pixels and images that touches, then the work with its progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from unet_gui.gui.dialogs.fitting import FittingDialog
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M, SPACE_XL
from unet_gui.gui.theme.widgets import named, styled

if TYPE_CHECKING:
    from unet_gui.core.errors import UnetGuiError
    from unet_gui.core.progress import Progress
    from unet_gui.gui.class_edits import ClassEdits, Touched
    from unet_gui.gui.session import Session

WIDTH: Final = 440


class ClassQuestion(FittingDialog):
    """Counts, asks, works. Base of the two questions below.

    Args:
        parent: the window.
        session: whose project it is.
        edits: does it.
        class_id: the class that goes.
    """

    def __init__(self, parent: QWidget, session: Session, edits: ClassEdits, class_id: int) -> None:
        super().__init__(parent)
        assert session.project is not None
        self.setObjectName("class_question")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._session = session
        self._edits = edits
        self._project = session.project
        self._class_id = class_id
        self._name = session.project.classes[class_id].name
        self._working = False
        self._listening = True
        self.touched: Touched | None = None
        self.question = named(QLabel(), "class_question_text")
        self.question.setProperty("heading", True)
        self.question.setWordWrap(True)
        self.question.setTextFormat(Qt.TextFormat.PlainText)
        self.effect = named(QLabel(), "class_question_effect")
        self.effect.setWordWrap(True)
        self.effect.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = named(QProgressBar(), "class_question_progress")
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 0)
        self.confirm = named(QPushButton(), "class_question_confirm")
        self.confirm.setEnabled(False)
        self.cancel = named(QPushButton(self.tr("Cancel")), "class_question_cancel")
        self.cancel.setDefault(True)
        styled(self.cancel, plain=True)
        self.column = QVBoxLayout()
        self._lay_out()
        self.confirm.clicked.connect(self._start)
        self.cancel.clicked.connect(self.reject)
        session.project_closed.connect(self.reject)
        edits.progressed.connect(self._show_progress)
        edits.finished.connect(self._on_edits_finished)
        self.setMinimumWidth(WIDTH)
        self._count()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.confirm)
        self.column.setSpacing(SPACE_L)
        self.column.addWidget(self.question)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, 2 * SPACE_M)
        layout.setSpacing(SPACE_L)
        layout.addLayout(self.column)
        layout.addWidget(self.effect)
        layout.addWidget(self.bar)
        layout.addSpacing(SPACE_M)
        layout.addLayout(buttons)

    def describe(self, touched: Touched) -> str:
        """What confirming would do, in words."""
        raise NotImplementedError

    def work(self) -> None:
        """Do it."""
        raise NotImplementedError

    def reject(self) -> None:
        """Not while masks are being rewritten: half of it is no state to leave behind."""
        if self._alive and not self._working:
            super().reject()

    @property
    def _alive(self) -> bool:
        """Not when it went with its window, which nobody hears of."""
        return isValid(self)

    def done(self, result: int) -> None:
        """Hear of nothing any more: the session outlives the dialog."""
        if self._listening:
            self._listening = False
            self._session.project_closed.disconnect(self.reject)
            self._edits.progressed.disconnect(self._show_progress)
            self._edits.finished.disconnect(self._on_edits_finished)
            self._edits.cancel_count()
        super().done(result)

    def _count(self) -> None:
        self.effect.setText(self.tr("Counting its pixels…"))
        self._edits.count(self._class_id, self._on_counted, self._on_failed)

    def _on_counted(self, touched: Touched) -> None:
        if not self._alive:
            return
        self.touched = touched
        self.bar.setVisible(False)
        self.refresh_effect()
        self.confirm.setEnabled(True)

    def refresh_effect(self) -> None:
        """Say anew what would happen."""
        if self.touched is not None:
            self.effect.setText(self.describe(self.touched))

    def _start(self) -> None:
        self._working = True
        self.confirm.setEnabled(False)
        self.cancel.setEnabled(False)
        self.bar.setRange(0, 0)
        self.bar.setVisible(True)
        self.effect.setText(self.tr("Rewriting masks…"))
        self.work()

    def _show_progress(self, progress: Progress) -> None:
        if self._alive:
            self.bar.setRange(0, max(1, progress.total))
            self.bar.setValue(progress.done)

    def _on_edits_finished(self) -> None:
        if self._alive and self._working:
            self._working = False
            self.accept()

    def _on_failed(self, error: UnetGuiError) -> None:
        if not self._alive:
            return
        self.bar.setVisible(False)
        self.effect.setText(" ".join(filter(None, (error.message, error.hint))))

    def amount(self, touched: Touched) -> str:
        """Pixels and images in words."""
        number = QLocale().toString
        if touched.images == 1:
            return self.tr("{0} pixels in 1 image").format(number(touched.pixels))
        return self.tr("{0} pixels in {1} images").format(
            number(touched.pixels), number(touched.images)
        )


class DeleteClassQuestion(ClassQuestion):
    """The class goes and its pixels become unlabelled."""

    def __init__(self, parent: QWidget, session: Session, edits: ClassEdits, class_id: int) -> None:
        super().__init__(parent, session, edits, class_id)
        self.setWindowTitle(self.tr("Delete a class"))
        self.question.setText(self.tr("Delete “{0}”?").format(self._name))
        self.confirm.setText(self.tr("Delete"))
        self.confirm.setProperty("danger", True)

    def describe(self, touched: Touched) -> str:
        if touched.pixels == 0:
            return self.tr("No pixel has this class.")
        return self.tr("{0} become unlabelled. This cannot be undone.").format(self.amount(touched))

    def work(self) -> None:
        self._edits.delete(self._class_id)


class MergeClassQuestion(ClassQuestion):
    """The class goes and its pixels get another one."""

    def __init__(self, parent: QWidget, session: Session, edits: ClassEdits, class_id: int) -> None:
        self.target_box = named(QComboBox(), "merge_target")
        super().__init__(parent, session, edits, class_id)
        self.setWindowTitle(self.tr("Merge classes"))
        self.question.setText(self.tr("Merge “{0}” into").format(self._name))
        self.confirm.setText(self.tr("Merge"))
        styled(self.confirm, primary=True)
        self.target_box.setAccessibleName(self.tr("The class that stays"))
        for info in self._project.classes:
            if info.id != class_id:
                self.target_box.addItem(info.name, info.id)
        self.column.addWidget(self.target_box)
        self.target_box.currentIndexChanged.connect(self.refresh_effect)

    def describe(self, touched: Touched) -> str:
        target = self.target_box.currentText()
        if touched.pixels == 0:
            return self.tr("No pixel has this class.")
        return self.tr("{0} become “{1}”. This cannot be undone.").format(
            self.amount(touched), target
        )

    def work(self) -> None:
        self.target_box.setEnabled(False)
        self._edits.merge(self._class_id, int(self.target_box.currentData()))
