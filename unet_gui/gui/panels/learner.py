"""The learner panel: who proposes, fine-tuning with its curves, and the rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from unet_gui.core.errors import UnetGuiError
from unet_gui.gui.panels.curve import Curve, CurveChart
from unet_gui.gui.panels.rounds import RoundsList, title_of
from unet_gui.gui.panels.standing import StandingView
from unet_gui.gui.panels.wording import duration, score
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M
from unet_gui.gui.theme.widgets import named, styled

if TYPE_CHECKING:
    from unet_gui.gui.finetuning import FineTuneState, FineTuning, Outcome
    from unet_gui.gui.instant import Standing
    from unet_gui.gui.prediction import PredictionService
    from unet_gui.gui.session import Session
    from unet_gui.gui.theme import Theme

BUDGETS: Final = (30, 60, 120, 300, 900)
"""Seconds a round may take."""


class LearnerPanel(QWidget):
    """Starts and stops rounds and shows what they brought.

    Args:
        session: whose project learns.
        prediction: who proposes at the moment.
        finetuning: runs the rounds.
        theme: colours and icons.

    Signals:
        round_used: another round proposes from now on.
    """

    round_used = Signal()

    def __init__(
        self, session: Session, prediction: PredictionService, finetuning: FineTuning, theme: Theme
    ) -> None:
        super().__init__()
        self.setObjectName("learner_panel")
        self._session = session
        self._prediction = prediction
        self._finetuning = finetuning
        self._theme = theme
        self._build()
        self._connect()
        self._on_project_changed()

    @property
    def budget(self) -> int:
        """Seconds the next round may take."""
        return int(self.budget_box.currentData())

    def set_budget(self, seconds: int) -> None:
        """Choose the budget nearest to this."""
        best = min(range(len(BUDGETS)), key=lambda i: abs(BUDGETS[i] - seconds))
        self.budget_box.setCurrentIndex(best)

    def start(self) -> None:
        """Begin a round with the chosen budget."""
        self._say("", "")
        self._finetuning.start(float(self.budget))

    def toggle(self) -> None:
        """Begin, or stop the round that is running."""
        if self._finetuning.running:
            self._finetuning.stop()
        else:
            self.start()

    def use_round(self, name: str) -> None:
        """Let a round propose from now on; "" for what there was before the first."""
        project = self._session.project
        if project is None:
            return
        try:
            project.adopt(name or None)
        except UnetGuiError as error:
            self._session.failed.emit(error)
            return
        self._show_rounds()
        self._prediction.reload()
        self.round_used.emit()

    @property
    def previous_round(self) -> str | None:
        """The round before the one in use, "" for the start; None when there is none."""
        adopted = self.rounds.adopted
        if adopted is None:
            return None
        names = self.rounds.names
        before = names[: names.index(adopted)] if adopted in names else names
        return before[-1] if before else ""

    # -- building ------------------------------------------------------------------------------

    def _build(self) -> None:
        self.who = named(QLabel(), "who_proposes")
        self.who.setProperty("heading", True)
        self.who.setWordWrap(True)
        self.what = named(QLabel(), "prediction_text")
        self.what.setProperty("muted", True)
        self.what.setWordWrap(True)
        self.button = named(QPushButton(), "fine_tune")
        self.button.setProperty("primary", True)
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.budget_box = named(QComboBox(), "budget")
        self.budget_box.setAccessibleName(self.tr("How long to learn"))
        self.budget_box.setToolTip(self.tr("How long to learn"))
        for seconds in BUDGETS:
            self.budget_box.addItem(duration(seconds), seconds)
        self.set_budget(60)
        self.bar = named(QProgressBar(), "fine_tune_progress")
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.remaining = named(QLabel(), "fine_tune_remaining")
        self.remaining.setProperty("muted", True)
        self.remaining.setProperty("small", True)
        self.result = named(QLabel(), "fine_tune_result")
        self.result.setWordWrap(True)
        self.result.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.result.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for label in (self.who, self.what, self.remaining, self.result):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.iou_chart = CurveChart(self._theme, self.tr("Match with your corrections"), top=1.0)
        self.loss_chart = CurveChart(self._theme, self.tr("Training loss"))
        self.standing = StandingView(self._theme)
        self.rounds = RoundsList(self._theme)
        self._lay_out()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(SPACE_M)
        row.addWidget(self.button, 1)
        row.addWidget(self.budget_box)
        inner = QWidget()
        inner.setProperty("surface", True)
        inner.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(inner)
        column.setContentsMargins(SPACE_L, SPACE_L, SPACE_L, SPACE_L)
        column.setSpacing(SPACE_M)
        column.addWidget(self.who)
        column.addWidget(self.what)
        column.addLayout(row)
        for widget in (self.bar, self.remaining, self.result, self.standing, self.iou_chart,
                       self.loss_chart):  # fmt: skip
            column.addWidget(widget)
        column.addWidget(self.rounds)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)

    def _connect(self) -> None:
        session, finetuning = self._session, self._finetuning
        session.project_opened.connect(self._on_project_changed)
        session.project_closed.connect(self._on_project_changed)
        session.images_changed.connect(self._show_state)
        self._prediction.state_changed.connect(self._show_who)
        finetuning.state_changed.connect(self._show_state)
        finetuning.scored.connect(self._show_curves)
        finetuning.finished.connect(self._on_finetuning_finished)
        finetuning.stopped.connect(self._on_finetuning_stopped)
        finetuning.failed.connect(self._on_finetuning_failed)
        self.button.clicked.connect(self.toggle)
        self.rounds.use_requested.connect(self.use_round)
        self.rounds.failed.connect(self._session.failed)
        self._theme.changed.connect(self._show_state)
        self._theme.changed.connect(self._show_curves)

    def show_standing(self, standing: Standing | None) -> None:
        """How the learners stand against each other; None for nothing known."""
        self.standing.show_standing(self._session.project, standing)
        self._show_who()

    # -- what happens ----------------------------------------------------------------------------

    def _on_project_changed(self) -> None:
        self._say("", "")
        self.show_standing(None)
        self._show_rounds()
        self._show_state()
        self._show_curves()

    def _on_finetuning_finished(self, outcome: Outcome) -> None:
        self._say(self.judgement(outcome), "good" if outcome.adopted else "")
        self._show_rounds()
        self._show_curves()
        if outcome.adopted:
            self.round_used.emit()

    def _on_finetuning_stopped(self) -> None:
        self._say(self.tr("Stopped. What was used before stays."), "")
        self._show_curves()

    def _on_finetuning_failed(self, error: UnetGuiError) -> None:
        self._say(" ".join(filter(None, (error.message, error.hint))), "error")

    def judgement(self, outcome: Outcome) -> str:
        """What a round brought, in plain words."""
        now, before = score(outcome.miou), score(outcome.previous_miou)
        if outcome.miou is None:
            return (
                self.tr("Learnt; nothing to score it on yet. Now used.")
                if outcome.adopted
                else self.tr("Learnt, but nothing to score it on: the previous round stays.")
            )
        if outcome.previous_miou is None:
            return self.tr("Score {0}. Now used.").format(now) if outcome.adopted else self.tr(
                "Score {0}, not good enough to be used."
            ).format(now)  # fmt: skip
        if outcome.adopted:
            return self.tr("Better: {0} → {1}. Now used.").format(before, now)
        return self.tr("Not better ({0} vs {1}): the previous round stays.").format(now, before)

    # -- showing ---------------------------------------------------------------------------------

    def _say(self, text: str, level: str) -> None:
        self.result.setText(text)
        self.result.setVisible(bool(text))
        styled(self.result, level=level)

    def _show_who(self) -> None:
        name, project = self._prediction.round, self._session.project
        state = self._prediction.state
        if project is None:
            text = self.tr("No project is open")
        elif self._prediction.silent and self._together():
            text = self.tr("The instant learner and {0} propose").format(title_of(name))
        elif self._prediction.silent:
            text = state.text
        elif state.kind == "loading":
            text = self.tr("Getting ready")
        elif not name:
            text = self.tr("Nothing proposes yet")
        elif name.startswith("round-"):
            text = self.tr("{0} proposes").format(title_of(name))
        else:
            text = self.tr("The starter network proposes")
        self.who.setText(text)
        told = (state.kind != "off" or project is not None) and not self._prediction.silent
        parts = [state.text] if told else []
        if state.device:
            parts.append(state.device)
        self.what.setText(" · ".join(parts))
        self.what.setVisible(bool(parts))

    def _together(self) -> bool:
        verdict = self.standing.verdict
        return verdict is not None and verdict.chosen not in ("", verdict.better)

    def _show_state(self) -> None:
        state: FineTuneState = self._finetuning.state
        project = self._session.project
        self._show_button(running=state.running)
        self.button.setEnabled(
            not state.stopping if state.running else bool(project and project.images)
        )
        self.budget_box.setEnabled(not state.running)
        self.bar.setVisible(state.running)
        self.remaining.setVisible(state.running)
        if state.running:
            self._show_progress(state)
        self._show_who()
        if state.running and state.loss is not None:
            self._show_curves()

    def _show_button(self, *, running: bool) -> None:
        self.button.setText(self.tr("Stop") if running else self.tr("Fine-tune"))
        if running:
            self.button.setToolTip(self.tr("End the round; what was used before stays"))
        else:
            self.button.setToolTip(self.tr("Learn from everything painted so far (Ctrl+T)"))
        self.button.setAccessibleDescription(self.button.toolTip())
        tokens = self._theme.tokens
        icon, color = ("stop", tokens.text) if running else ("fine_tune", tokens.on_accent)
        self.button.setIcon(self._theme.icon(icon, color))
        if self.button.property("primary") == running:
            styled(self.button, primary=not running)

    def _show_progress(self, state: FineTuneState) -> None:
        if state.budget > 0 and state.seconds > 0:
            self.bar.setRange(0, 1000)
            self.bar.setValue(min(1000, round(1000 * state.seconds / state.budget)))
        else:
            self.bar.setRange(0, 0)
        left = state.budget - state.seconds
        if state.stopping or state.seconds <= 0:
            self.remaining.setText(state.text)
        elif left > 0:
            self.remaining.setText(self.tr("{0} about {1} left").format(state.text, duration(left)))
        else:
            self.remaining.setText(self.tr("Scoring…"))

    def _show_curves(self) -> None:
        finetuning, tokens = self._finetuning, self._theme.tokens
        losses = finetuning.losses
        self.loss_chart.setVisible(len(losses) > 1)
        self.loss_chart.show_curves([Curve(self.tr("Loss"), tokens.accent, list(losses))])
        curves = self._iou_curves()
        self.iou_chart.setVisible(bool(curves))
        self.iou_chart.show_curves(curves)

    def _iou_curves(self) -> list[Curve]:
        scores, project = self._finetuning.scores, self._session.project
        if project is None or not scores:
            return []
        curves = [
            Curve(c.name, c.color, [(s.seconds, s.iou[c.id]) for s in scores if c.id in s.iou])
            for c in project.classes
        ]
        mean = [(s.seconds, s.miou) for s in scores]
        curves.append(Curve(self.tr("Mean"), self._theme.tokens.text, mean, bold=True))
        return [c for c in curves if c.points]

    def _show_rounds(self) -> None:
        self.rounds.show_rounds(self._session.project)
