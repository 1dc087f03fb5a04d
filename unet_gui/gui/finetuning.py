"""Fine-tuning as a child process: `unet-gui train PROJECT --json`, its lines read as they come.

A child can neither stall painting nor take the window down with an out-of-memory, it is cancelled
by ending it, and the same command runs on a server.
"""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from unet_gui.core.errors import TrainingError
from unet_gui.gui.background import send_to_background

if TYPE_CHECKING:
    from unet_gui.gui.session import Session

logger = logging.getLogger(__name__)

KILL_AFTER_MS: Final = 5000


@dataclass(frozen=True, slots=True)
class FineTuneState:
    """Where the running round is."""

    running: bool = False
    stopping: bool = False
    seconds: float = 0.0
    budget: float = 0.0
    step: int = 0
    loss: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """IoU on held-back corrections after `seconds`; `iou` by class id, each 0..1."""

    seconds: float
    step: int
    miou: float
    iou: dict[int, float] = field(default_factory=dict)
    loss: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished round brought."""

    round: str
    adopted: bool
    miou: float | None
    previous_miou: float | None
    iou: dict[int, float] = field(default_factory=dict)
    seconds: float = 0.0


class FineTuning(QObject):
    """Starts, follows and stops the child.

    Signals:
        state_changed: a FineTuneState.
        scored: a Score.
        finished: an Outcome; the project's rounds and the adopted one are new by then.
        stopped: the person stopped it; what was there before stays.
        failed: a TrainingError with the child's own words.
    """

    state_changed = Signal(object)
    scored = Signal(object)
    finished = Signal(object)
    stopped = Signal()
    failed = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = FineTuneState()
        self.losses: list[tuple[float, float]] = []
        self.scores: list[Score] = []
        self.outcome: Outcome | None = None
        self._session = session
        self._process: QProcess | None = None
        self._buffer = b""
        self._error: TrainingError | None = None
        self._stderr = b""
        session.project_closed.connect(self.abandon)

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self, budget: float, *, preset: str = "quick", parent: str = "") -> bool:
        """Save all masks, then train for `budget` seconds. False when it could not start.

        Args:
            budget: seconds.
            preset: as on the command line.
            parent: a checkpoint to go on from instead of the round in use.
        """
        project = self._session.project
        if project is None or self.running:
            return False
        if (error := self._session.flush()) is not None:
            self._session.failed.emit(error)
            return False
        self.losses.clear()
        self.scores.clear()
        self.outcome, self._error, self._buffer, self._stderr = None, None, b"", b""
        process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONUNBUFFERED", "1")
        environment.insert("PYTHONIOENCODING", "utf-8")
        process.setProcessEnvironment(environment)
        process.started.connect(lambda: send_to_background(process.processId()))
        process.readyReadStandardOutput.connect(self._on_process_output)
        process.readyReadStandardError.connect(self._on_process_error_output)
        process.finished.connect(self._on_process_finished)
        process.errorOccurred.connect(self._on_process_error)
        self._process = process
        self._set(FineTuneState(True, budget=budget, text=self.tr("Starting…")))
        program, *arguments = command(str(project.root), budget, preset, parent)
        process.start(program, arguments)
        return True

    def stop(self) -> None:
        """Ask the child to end, make it after five seconds. The previous round stays."""
        if self._process is None or self.state.stopping:
            return
        self._set(replace(self.state, stopping=True, text=self.tr("Stopping…")))
        self._process.terminate()
        process = self._process
        QTimer.singleShot(KILL_AFTER_MS, process, lambda: self._kill(process))

    def abandon(self) -> None:
        """End the child now and forget it: the project or the window is closing."""
        process, self._process = self._process, None
        if process is None:
            return
        process.blockSignals(True)
        process.terminate()
        if not process.waitForFinished(1500):
            process.kill()
            process.waitForFinished(3000)
        process.deleteLater()
        self._set(FineTuneState())

    def _kill(self, process: QProcess) -> None:
        if process is self._process:
            process.kill()

    def _on_process_output(self) -> None:
        if self._process is None:
            return
        self._buffer += self._process.readAllStandardOutput().data()
        *lines, self._buffer = self._buffer.split(b"\n")
        for line in lines:
            self._on_line(line)

    def _on_line(self, line: bytes) -> None:
        try:
            event = json.loads(line)
            handler = {
                "start": self._on_start,
                "progress": self._on_progress,
                "score": self._on_score,
                "done": self._on_done,
                "error": self._on_error,
            }.get(event["event"])
            if handler is not None:
                handler(event)
        except (ValueError, KeyError, TypeError):
            logger.warning("fine-tuning said something odd: %r", line[:200])

    def _on_start(self, _event: dict[str, Any]) -> None:
        self._set(replace(self.state, text=self.tr("Learning…")))

    def _on_progress(self, event: dict[str, Any]) -> None:
        seconds, loss = float(event["seconds"]), event.get("loss")
        if loss is not None:
            self.losses.append((seconds, float(loss)))
        text = self.state.text if self.state.stopping else self.tr("Learning…")
        self._set(
            replace(self.state, seconds=seconds, step=int(event["step"]), loss=loss, text=text)
        )

    def _on_score(self, event: dict[str, Any]) -> None:
        if event["miou"] is None:
            return
        score = Score(
            float(event.get("seconds", self.state.seconds)),
            int(event["step"]),
            float(event["miou"]),
            _by_class(event["iou"]),
            event.get("loss"),
        )
        self.scores.append(score)
        self.scored.emit(score)

    def _on_done(self, event: dict[str, Any]) -> None:
        self.outcome = Outcome(
            event["round"],
            bool(event["adopted"]),
            event.get("miou"),
            event.get("previous_miou"),
            _by_class(event.get("iou") or {}),
            float(event.get("seconds", 0.0)),
        )

    def _on_error(self, event: dict[str, Any]) -> None:
        self._error = TrainingError(event["message"], event.get("hint", ""))

    def _on_process_error_output(self) -> None:
        if self._process is not None:
            self._stderr = (self._stderr + self._process.readAllStandardError().data())[-4000:]

    def _on_process_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart and self._process is not None:
            self._process.deleteLater()
            self._process = None
            self._set(FineTuneState())
            self.failed.emit(TrainingError("Fine-tuning could not be started."))

    def _on_process_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        process = self._process
        if process is None:
            return
        self._on_process_output()
        self._on_process_error_output()
        stopping = self.state.stopping
        self._process = None
        process.deleteLater()
        self._set(FineTuneState())
        crashed = status is QProcess.ExitStatus.CrashExit
        if self.outcome is not None and code == 0 and not crashed:
            self._on_round_finished(self.outcome)
        elif stopping:
            self.stopped.emit()
        else:
            self.failed.emit(self._error or self._explain(code, crashed=crashed))

    def _on_round_finished(self, outcome: Outcome) -> None:
        self.finished.emit(outcome)

    def _explain(self, code: int, *, crashed: bool) -> TrainingError:
        if crashed or code in (137, 9):
            return TrainingError(
                "Fine-tuning was ended from outside, most likely because memory ran out.",
                "Close other programs or label smaller images. Nothing you painted is lost.",
            )
        logger.error("fine-tuning exited %s: %s", code, self._stderr.decode(errors="replace"))
        lines = self._stderr.decode(errors="replace").strip().splitlines()
        return TrainingError(
            lines[-1] if lines else f"Fine-tuning ended with code {code}.",
            "Nothing you painted is lost; the previous round stays.",
        )

    def _set(self, state: FineTuneState) -> None:
        self.state = state
        self.state_changed.emit(state)


def command(project: str, budget: float, preset: str, parent: str = "") -> list[str]:
    """The child's command line: this very program, frozen or not."""
    program = (
        [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "unet_gui"]
    )
    return [
        *program, "train", project, "--budget", f"{budget:g}s", "--preset", preset, "--json",
        *(["--from", parent] if parent else []),
    ]  # fmt: skip


def _by_class(iou: dict[str, float | None]) -> dict[int, float]:
    return {int(k): float(v) for k, v in iou.items() if v is not None}
