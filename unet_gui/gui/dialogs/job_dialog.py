"""A dialog that works in the background: progress, stopping, errors, and words of its own."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from unet_gui.gui.dialogs.errors import ErrorBox
from unet_gui.gui.dialogs.fitting import FittingDialog
from unet_gui.gui.jobs import JobRunner
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M, SPACE_XL
from unet_gui.gui.theme.widgets import named, styled

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from unet_gui.core.errors import UnetGuiError
    from unet_gui.core.progress import Progress
    from unet_gui.gui.theme import Theme

T = TypeVar("T")

PACE: Final = 0.05
MAX_SAID: Final = 300
_SWITCH = re.compile(r"\s*\(--[^)]*\)")


class JobDialog(FittingDialog):
    """Base of the dialogs that read or write whole datasets.

    One job at a time is shown with a bar and can be stopped; closing the dialog stops it too, and
    leaves behind what the job itself leaves behind.

    Args:
        parent: the window.
        theme: icons.
        title: of the dialog.
        name: objectName; the bar, the result and the buttons are called after it.
        synchronous: jobs run inside the click that starts them, for tests.
    """

    def __init__(
        self, parent: QWidget, theme: Theme, title: str, name: str, *, synchronous: bool = False
    ) -> None:
        super().__init__(parent)
        self.setObjectName(f"{name}_dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.theme = theme
        self.errors = ErrorBox(self, theme)
        self._runner = JobRunner(name, self, synchronous=synchronous)
        self._job = ""
        self.bar = named(QProgressBar(), f"{name}_progress")
        self.bar.setTextVisible(False)
        self.bar.setVisible(False)
        self.doing = styled(named(QLabel(), f"{name}_doing"), muted=True, small=True)
        self.doing.setTextFormat(Qt.TextFormat.PlainText)
        self.doing.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.doing.setVisible(False)
        self.outcome = wrapped(f"{name}_result")
        self.said = Sentences(f"{name}_said")
        self.close_button = named(QPushButton(self._words("Close")), f"{name}_close")
        self.close_button.setAutoDefault(False)
        self.close_button.clicked.connect(self._on_close_button_clicked)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(SPACE_M)
        self.buttons.addStretch()
        self.buttons.addWidget(self.close_button)
        self.body = QVBoxLayout()
        self.body.setSpacing(SPACE_L)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, 2 * SPACE_M)
        layout.setSpacing(SPACE_L)
        layout.addLayout(self.body, 1)
        for line in (self.bar, self.doing, self.outcome, self.said):
            layout.addWidget(line)
        layout.addLayout(self.buttons)

    # -- working -------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """A job that is shown is under way."""
        return bool(self._job)

    def work(
        self,
        key: str,
        job: Callable[[], Generator[Any, None, T]],
        on_done: Callable[[T], object],
        *,
        on_item: Callable[[Any], object] | None = None,
        on_error: Callable[[UnetGuiError], object] | None = None,
    ) -> None:
        """Run a job and show how far it is.

        Args:
            key: its name; the same key once more takes the place of the first.
            job: makes the generator, on the background thread.
            on_done: gets what it returns.
            on_item: gets what it yields; the bar shows it when None.
            on_error: gets the error before it is shown.
        """
        self._set_job(key)

        def done(result: T) -> None:
            self._set_job("")
            on_done(result)

        def failed(error: UnetGuiError) -> None:
            self._set_job("")
            if on_error is not None:
                on_error(error)
            self.fail(error)

        self._runner.submit(
            key,
            lambda: paced(job()),
            on_item=on_item or self.show_progress,
            on_done=done,
            on_error=failed,
        )

    def stop(self) -> None:
        """End the job that is shown."""
        if self._job:
            self._runner.cancel(self._job)
            self._set_job("")
            self.say(self._words("Stopped."), "warning")
            self.stopped()

    def stopped(self) -> None:
        """What else happens after a stop; nothing here."""

    def show_progress(self, progress: Progress) -> None:
        self.bar.setRange(0, progress.total)
        self.bar.setValue(progress.done)
        self.doing.setText(progress.text)

    def working_changed(self, working: bool) -> None:
        """A job has begun or ended; enable what fits. Nothing here."""

    def fail(self, error: UnetGuiError) -> None:
        """Show an error over this dialog."""
        self.errors.show(type(error)(plain_words(error.message), plain_words(error.hint)))

    def say(self, text: str, level: str = "", lines: Sequence[str] = ()) -> None:
        """One sentence about the outcome and what else there is to know."""
        self.outcome.setText(text)
        self.outcome.setVisible(bool(text))
        styled(self.outcome, level=level)
        self.said.show_lines(lines)

    def done(self, result: int) -> None:
        self._runner.shutdown()
        super().done(result)

    def reject(self) -> None:
        """Escape stops what runs; only then it closes."""
        if self.busy:
            self.stop()
        else:
            super().reject()

    def _on_close_button_clicked(self) -> None:
        self.reject()

    def _set_job(self, key: str) -> None:
        self._job = key
        self.bar.setVisible(bool(key))
        self.bar.setRange(0, 0)
        self.doing.setVisible(bool(key))
        self.doing.setText("")
        self.close_button.setText(self._words("Stop") if key else self._words("Close"))
        if key:
            self.say("")
        self.working_changed(bool(key))

    @staticmethod
    def _words(text: str) -> str:
        return QCoreApplication.translate("JobDialog", text)


class Sentences(QPlainTextEdit):
    """Lines that can be read and copied, as high as they need up to a limit.

    Args:
        name: objectName.
        rows: lines before it scrolls.
    """

    def __init__(self, name: str, rows: int = 5) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setVisible(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._rows = rows
        self.lines: tuple[str, ...] = ()

    def show_lines(self, lines: Sequence[str]) -> None:
        """Show these; without any there is nothing to be seen."""
        self.lines = tuple(plain_words(line) for line in lines)
        shown = self.lines[:MAX_SAID]
        text = "\n".join(f"• {line}" for line in shown)
        if len(self.lines) > len(shown):
            text += f"\n… +{len(self.lines) - len(shown)}"
        self.setPlainText(text)
        self.setVisible(bool(self.lines))
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        per_line = max(1, (self.width() - 24) // max(1, self.fontMetrics().averageCharWidth()))
        rows = sum(1 + len(line) // per_line for line in self.lines)
        height = self.fontMetrics().lineSpacing() * min(self._rows, max(1, rows)) + 20
        return QSize(super().sizeHint().width(), height)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())


def paced(job: Generator[Any, None, T]) -> Generator[Any, None, T]:
    """The same job, handing over no more than a progress every so often.

    A hundred thousand small steps would otherwise each wake the window. Lists and whatever else is
    no progress is handed over whole.
    """
    last = -PACE
    try:
        while True:
            item = next(job)
            now = time.monotonic()
            if now - last >= PACE or not hasattr(item, "total"):
                last = now
                yield item
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # StopIteration knows no type
    finally:
        job.close()


def plain_words(text: str) -> str:
    """Without the switches of the command line that some sentences name."""
    return _SWITCH.sub("", text)


def wrapped(name: str, *, muted: bool = False) -> QLabel:
    """A label of several lines, hidden until it has something to say."""
    label = named(QLabel(), name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setProperty("muted", muted)
    label.setVisible(False)
    return label


def muted(text: str, *, small: bool = False) -> QLabel:
    """A quiet line."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return styled(label, muted=True, small=small)


def show_note(label: QLabel, text: str, level: str = "") -> None:
    """Text in a line that is only there when it says something."""
    label.setText(text)
    label.setVisible(bool(text))
    styled(label, level=level, muted=not level)
