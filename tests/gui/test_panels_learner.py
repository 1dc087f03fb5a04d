"""The learner panel with a fine-tuning and a prediction that are played; charts; rounds."""

import json
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from unet_gui.core.errors import TrainingError
from unet_gui.gui.finetuning import FineTuneState, Outcome, Score
from unet_gui.gui.panels.curve import Curve, CurveChart, nice_end
from unet_gui.gui.panels.learner import LearnerPanel
from unet_gui.gui.panels.wording import count
from unet_gui.gui.prediction import PredictionState


class FakePrediction(QObject):
    state_changed = Signal(object)

    def __init__(self):
        super().__init__()
        self.state = PredictionState("idle", "Ready", device="CPU bf16")
        self.round = "starter"
        self.silent = False
        self.reloads = 0

    def reload(self):
        self.reloads += 1


class FakeFineTuning(QObject):
    state_changed = Signal(object)
    scored = Signal(object)
    finished = Signal(object)
    stopped = Signal()
    failed = Signal(object)

    def __init__(self):
        super().__init__()
        self.state = FineTuneState()
        self.losses, self.scores, self.started = [], [], []

    @property
    def running(self):
        return self.state.running

    def become(self, **state):
        self.state = FineTuneState(**state)
        self.state_changed.emit(self.state)

    def start(self, budget):
        self.started.append(budget)
        self.become(running=True, budget=budget, text="Starting…")

    def stop(self):
        self.become(running=True, stopping=True, budget=60, seconds=10, text="Stopping…")


@pytest.fixture
def session(open_session):
    return open_session(np.zeros((10, 10, 3), np.uint8))


@pytest.fixture
def panel(session, theme, qtbot):
    panel = LearnerPanel(session, FakePrediction(), FakeFineTuning(), theme)
    panel.tuning, panel.prediction, panel.session = (
        panel._finetuning, panel._prediction, session,
    )  # fmt: skip
    qtbot.addWidget(panel)
    panel.resize(280, 700)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def make_rounds(session, *scores, adopted=None):
    for number, score in enumerate(scores, 1):
        folder = Path(session.project.models_dir) / f"round-{number:03}"
        folder.mkdir(parents=True)
        (folder / "checkpoint.safetensors").write_bytes(b"")
        info = {"scores": {"miou": score}, "date": "2025-03-12T14:05:00+00:00"}
        (folder / "model.json").write_text(json.dumps(info))
    session.project.adopt(adopted)


def test_who_proposes(panel):
    assert panel.who.text() == "The starter network proposes"
    assert panel.what.text() == "Ready · CPU bf16"
    panel.prediction.round = "round-012"
    panel.prediction.state_changed.emit(panel.prediction.state)
    assert panel.who.text() == "Round 12 proposes"
    panel.prediction.round = ""
    panel.prediction.state_changed.emit(panel.prediction.state)
    assert panel.who.text() == "Nothing proposes yet"


def test_start_and_stop_are_one_button(panel, qtbot):
    panel.budget_box.setCurrentIndex(panel.budget_box.findData(120))
    assert panel.button.text() == "Fine-tune"
    assert not panel.bar.isVisible()
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    assert panel.tuning.started == [120]
    assert panel.button.text() == "Stop"
    assert panel.bar.isVisible()
    assert not panel.budget_box.isEnabled()
    assert panel.remaining.text() == "Starting…"
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    assert panel.remaining.text() == "Stopping…"
    assert not panel.button.isEnabled()
    panel.tuning.become()
    panel.tuning.stopped.emit()
    assert panel.button.text() == "Fine-tune"
    assert panel.button.isEnabled()
    assert panel.result.text() == "Stopped. What was used before stays."


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(20, "Learning… about 40 s left"), (60, "Scoring…"), (70, "Scoring…")],
)
def test_remaining_time(panel, seconds, text):
    panel.tuning.become(running=True, budget=60, seconds=seconds, text="Learning…")
    assert panel.remaining.text() == text
    assert panel.bar.value() == min(1000, round(seconds / 60 * 1000))


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (Outcome("round-002", True, 0.86, 0.81), "Better: 0.81 → 0.86. Now used."),
        (
            Outcome("round-002", False, 0.84, 0.86),
            "Not better (0.84 vs 0.86): the previous round stays.",
        ),
        (Outcome("round-001", True, 0.5, None), "Score 0.50. Now used."),
        (Outcome("round-001", False, 0.1, None), "Score 0.10, not good enough to be used."),
        (
            Outcome("round-001", True, None, None),
            "Learnt; nothing to score it on yet. Now used.",
        ),
        (
            Outcome("round-001", False, None, None),
            "Learnt, but nothing to score it on: the previous round stays.",
        ),
    ],
)
def test_the_result_in_plain_words(panel, outcome, text):
    panel.tuning.finished.emit(outcome)
    assert panel.result.text() == text
    assert panel.result.isVisible()


def test_a_failure_is_told_with_its_hint(panel):
    panel.tuning.failed.emit(TrainingError("Nothing is painted yet.", "Paint something."))
    assert panel.result.text() == "Nothing is painted yet. Paint something."
    panel.start()
    assert not panel.result.isVisible()


def test_curves_come_with_the_scores(panel):
    assert not panel.iou_chart.isVisible()
    panel.tuning.losses[:] = [(1.0, 2.0), (2.0, 1.0), (3.0, 0.8)]
    panel.tuning.scores[:] = [
        Score(1, 5, 0.4, {0: 0.5, 1: 0.3}), Score(3, 9, 0.6, {0: 0.7, 1: 0.5, 2: 0.1}),
    ]  # fmt: skip
    panel.tuning.scored.emit(panel.tuning.scores[-1])
    assert [c.name for c in panel.iou_chart.curves] == ["ground", "cell", "core", "Mean"]
    assert panel.iou_chart.curves[2].points == [(3, 0.1)]
    assert panel.iou_chart.isVisible()
    assert panel.loss_chart.isVisible()


def test_rounds_newest_first_with_a_tick_at_the_one_in_use(panel, session):
    make_rounds(session, 0.71, 0.81, adopted="round-002")
    panel.tuning.finished.emit(Outcome("round-002", True, 0.81, 0.71))
    tree = panel.rounds.tree
    rows = [
        (tree.topLevelItem(i).text(0), tree.topLevelItem(i).text(1))
        for i in range(tree.topLevelItemCount())
    ]
    assert rows == [("Round 2", "0.81"), ("Round 1", "0.71"), ("Start", "")]
    assert not panel.rounds.use_button.isEnabled()
    assert panel.previous_round == "round-001"


def test_a_round_is_noted_and_says_what_it_learned_from(panel, session):
    make_rounds(session, 0.71, 0.81, adopted="round-002")
    path = Path(session.project.models_dir) / "round-002" / "model.json"
    about = {**json.loads(path.read_text()), "samples": 3, "labelled_pixels": 4321}
    about["classes"] = [{"id": 0, "name": "ground"}, {"id": 2, "name": "core"}]
    about["scores"]["iou"] = {"0": 0.9, "2": 0.5, "7": 0.1}
    path.write_text(json.dumps({**about, "parent": "round-001"}))
    panel.rounds.show_rounds(session.project)
    panel.rounds.note.setText("the one with < night images")
    panel.rounds.note.editingFinished.emit()
    assert json.loads(path.read_text())["note"] == "the one with < night images"
    words = panel.rounds.tree.topLevelItem(0).toolTip(1)
    assert "Images: 3" in words
    assert "Labelled pixels: 4" in words
    assert "Round 1" in words
    panel.rounds.tree.setCurrentItem(panel.rounds.tree.topLevelItem(0))
    assert panel.rounds.details.isVisible()
    assert panel.rounds.details.text().splitlines() == [
        f"Images: 3 · Labelled pixels: {count(4321)}",
        "ground 0.90 · core 0.50",
        "Went on from: Round 1",
    ]
    assert "&lt; night" in words
    panel.rounds.tree.setCurrentItem(panel.rounds.tree.topLevelItem(1))
    assert panel.rounds.note.text() == ""
    panel.rounds.tree.setCurrentItem(panel.rounds.tree.topLevelItem(2))
    assert not panel.rounds.note.isEnabled()
    panel.rounds.tree.setCurrentItem(panel.rounds.tree.topLevelItem(0))
    assert panel.rounds.note.text() == "the one with < night images"
    assert session.project.round("round-002").note == "the one with < night images"


def test_the_previous_round_goes_by_number(panel, session):
    make_rounds(session, 0.71, 0.81)
    models = Path(session.project.models_dir)
    (models / "round-001").rename(models / "round-999")
    (models / "round-002").rename(models / "round-1000")
    project = session.project
    project.adopt("round-1000")
    panel.tuning.finished.emit(Outcome("round-1000", True, 0.81, 0.71))
    assert panel.previous_round == "round-999"
    project.adopt("round-999")
    panel.tuning.finished.emit(Outcome("round-999", True, 0.81, 0.71))
    assert panel.previous_round == ""


def test_an_earlier_round_is_one_click_away(panel, session, qtbot):
    make_rounds(session, 0.71, 0.81, adopted="round-002")
    panel.tuning.finished.emit(Outcome("round-002", True, 0.81, 0.71))
    used = []
    panel.round_used.connect(lambda: used.append(True))
    panel.rounds.tree.setCurrentItem(panel.rounds.tree.topLevelItem(1))
    qtbot.mouseClick(panel.rounds.use_button, Qt.MouseButton.LeftButton)
    assert session.project.adopted == "round-001"
    assert panel.prediction.reloads == 1
    assert used == [True]
    assert panel.previous_round == ""
    panel.use_round("")
    assert session.project.adopted is None
    assert panel.previous_round is None


def test_a_round_that_is_gone_is_told(panel, session, qtbot):
    with qtbot.waitSignal(session.failed):
        panel.use_round("round-009")
    assert panel.prediction.reloads == 0


def test_without_a_project_nothing_can_be_learnt(panel, session):
    session.close_project()
    assert not panel.button.isEnabled()
    assert panel.who.text() == "No project is open"
    panel.use_round("round-001")


# -- the chart -----------------------------------------------------------------------------------


@pytest.fixture
def chart(theme, qtbot):
    chart = CurveChart(theme, "IoU", top=1.0)
    qtbot.addWidget(chart)
    chart.resize(300, 118)
    chart.show()
    qtbot.waitExposed(chart)
    return chart


def move(chart, x, y=60):
    point = QPointF(x, y)
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        point,
        chart.mapToGlobal(point),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(chart, event)


def test_values_under_the_pointer(chart):
    chart.show_curves([Curve("a<b", "#ff0000", [(0, 0.25), (10, 0.75)])])
    assert "0.25" in chart.values_at(2)
    assert "0.75" in chart.values_at(9)
    assert "a&lt;b" in chart.values_at(9)
    before = chart.grab().toImage()
    move(chart, 200)
    assert chart.grab().toImage() != before
    move(chart, 1)
    QApplication.sendEvent(chart, QEvent(QEvent.Type.Leave))
    assert chart.grab().toImage() == before


def test_an_empty_chart_draws_its_axes(chart):
    chart.show_curves([Curve("none", "#ff0000", [])])
    assert chart.curves == []
    assert not chart.grab().isNull()
    move(chart, 150)


def test_long_curves_are_thinned_but_keep_their_end(chart):
    chart.show_curves([Curve("loss", "#00ff00", [(i, 1.0) for i in range(5000)])])
    points = chart.curves[0].points
    assert len(points) <= 401
    assert points[-1] == (4999, 1.0)


@pytest.mark.parametrize(
    ("value", "end"), [(0.3, 0.5), (1.0, 1.0), (1.1, 2.0), (7, 10), (0, 1.0), (float("nan"), 1.0)]
)
def test_scales_end_at_round_numbers(value, end):
    assert nice_end(value) == pytest.approx(end)
