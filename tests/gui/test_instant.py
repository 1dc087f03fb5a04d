"""The instant learner in the window, with a learner that answers what the test wants."""

import json
import threading

import numpy as np
import pytest
import torch  # noqa: F401 - loading it takes longer than a test waits
from PIL import Image
from PySide6.QtCore import QSettings

from unet_gui.core.classes import ClassTable
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import Progress
from unet_gui.dataset.channel_view import Channel, ChannelView
from unet_gui.dataset.project import Project
from unet_gui.gui.instant import ROUND, InstantService
from unet_gui.gui.instant import service as instant
from unet_gui.gui.prediction import PredictionService
from unet_gui.gui.session import Session
from unet_gui.gui.settings import Settings
from unet_gui.unet.arbiter import Arbiter, Verdict
from unet_gui.unet.instant.proposing import Offer

RED = ChannelView().with_row(3, (Channel(), Channel(False), Channel(False)))


class FakeLearner:
    knows = frozenset()
    eager = False

    def __init__(self):
        self.prepared = []

    def study(self, _view, _labels):
        yield

    def keep(self, _view, _labels):
        pass

    def deepen(self):
        yield
        self.eager = False

    def prepare(self, view):
        yield
        self.prepared.append(view.name)


class FakeProposer:
    def __init__(self):
        self.learner = FakeLearner()
        self.asked = []
        self.proposes = self.helps = True
        self.arbiter = Arbiter()
        self.saved = 0
        self.part = None
        self.left = []
        self.looks = []
        self.succeeded = []

    def leave(self, view, labels):
        yield
        self.looks.append((view.stamp, view.shown))
        self.left.append((view.name, int((labels != 255).sum())))

    def save(self):
        self.saved += 1

    def succeed(self, rival, ancestors):
        self.succeeded.append((rival, ancestors))

    def stay_with(self, names):
        self.stays = names

    def offer(self, view, labels, *, rival=None, near=None):
        yield Progress(0, 1)
        self.looks.append((view.stamp, view.shown))
        self.asked.append((view.name, int((labels != 255).sum()), rival, near))
        if (labels == 255).all():
            return None
        mask = np.full(labels.shape, 1, np.uint8)
        if self.part is not None:
            yield self.part
        return Offer(mask, np.full(labels.shape, 200, np.uint8), self.proposes, self.helps)


@pytest.fixture
def proposer(monkeypatch):
    fake = FakeProposer()

    def load(_project):
        yield
        return fake

    monkeypatch.setattr(instant.work, "load", load)
    return fake


@pytest.fixture
def session(qtbot, tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    for i in range(2):
        Image.new("RGB", (40, 30)).save(images / f"{i}.png")
    project = Project.create(
        tmp_path / "p", images=images, classes=ClassTable.from_names(["a", "b"])
    )
    session = Session()
    session.use_project(project)
    qtbot.waitUntil(lambda: session.document is not None)
    yield session
    session.shutdown()


@pytest.fixture
def settings(tmp_path):
    return Settings(QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def service(qtbot, session, settings, proposer):
    service = InstantService(session, settings)
    service.restart()
    qtbot.waitUntil(lambda: len(proposer.asked) == 1)
    yield service
    service.shutdown()


def stroke(session, x=5):
    session.begin_stroke((x, 5), 0, "Brush")
    session.paint(Rect(x, 5, x + 4, 9))
    session.end_stroke()


def test_a_stroke_is_answered(qtbot, session, service, proposer):
    assert session.ghost is None
    with qtbot.waitSignal(service.proposing, check_params_cb=bool):
        stroke(session)
    assert session.ghost.round == ROUND
    name, painted, rival, near = proposer.asked[-1]
    assert (name, painted, rival, near) == ("0.png", 16, None, (7.0, 7.0))


def test_a_new_round_is_introduced_with_those_before_it(qtbot, session, service, proposer):
    project = session.project
    for name, parent in (("round-001", None), ("round-002", "round-001")):
        folder = project.models_dir / name
        folder.mkdir(parents=True)
        (folder / "checkpoint.safetensors").write_bytes(b"x")
        (folder / "model.json").write_text(json.dumps({"parent": parent}), "utf-8")
    project.adopt("round-002")
    said = np.zeros((30, 40), np.uint8)
    project.save_prediction(project.images[0], said, said, round_name="round-002")
    with qtbot.waitSignal(service.proposing, check_params_cb=bool):
        stroke(session)
    assert proposer.succeeded[-1] == ("round-002", ["round-001"])
    assert proposer.asked[-1][2][0] == "round-002"


def test_nothing_changes_under_the_brush(qtbot, session, service):
    with qtbot.waitSignal(session.ghost_changed):
        stroke(session)
    before = session.ghost
    session.begin_stroke((20, 20), 1, "Brush")
    service._on_answered("0.png", Offer(before.mask.copy(), before.confidence, True, True), None)
    assert session.ghost is before
    session.end_stroke()
    assert session.ghost is not before


def test_undo_of_everything_takes_the_proposal_back(qtbot, session, service):
    with qtbot.waitSignal(session.ghost_changed):
        stroke(session)
    session.undo()
    qtbot.waitUntil(lambda: session.ghost is None)


@pytest.mark.parametrize(("proposes", "helps", "said"), [(False, True, False), (True, False, True)])
def test_it_is_silent_where_another_is_better_or_it_would_not_help(
    qtbot, session, service, proposer, proposes, helps, said
):
    proposer.proposes, proposer.helps = proposes, helps
    with qtbot.waitSignal(service.proposing) as heard:
        stroke(session)
    assert session.ghost is None
    assert bool(heard.args[0]) is said


def test_switching_off_is_remembered_and_ends_it(qtbot, session, service, settings, proposer):
    with qtbot.waitSignal(service.proposing, check_params_cb=lambda text: not text):
        service.set_enabled(False)
    assert settings.get("learn/instant") is False
    asked = len(proposer.asked)
    stroke(session)
    service.restart()
    again = InstantService(session, settings)
    assert not again.enabled
    again.shutdown()
    assert len(proposer.asked) == asked
    service.set_enabled(True)
    qtbot.waitUntil(lambda: len(proposer.asked) > asked)


def test_the_next_image_is_answered_as_well(qtbot, session, service, proposer):
    session.next_image()
    qtbot.waitUntil(lambda: proposer.asked[-1][0] == "1.png")


def test_what_was_left_is_taken_in(qtbot, session, service, proposer):
    """At once after a stroke: the answer to it is not waited for."""
    stroke(session)
    session.open_image("1.png")
    qtbot.waitUntil(lambda: proposer.left == [("0.png", 16)])
    qtbot.waitUntil(lambda: proposer.asked[-1][0] == "1.png")
    session.open_image("0.png")
    qtbot.waitUntil(lambda: proposer.asked[-1][0] == "0.png")
    assert len(proposer.left) == 1, "nothing was painted in the other"


def test_of_an_image_too_large_to_answer_for_nothing_is_taken_in(
    qtbot, session, service, proposer, monkeypatch
):
    stroke(session)
    qtbot.waitUntil(lambda: session.ghost is not None)
    monkeypatch.setattr(instant, "LARGEST", 40 * 30 - 1)
    session.open_image("1.png")
    qtbot.waitUntil(lambda: session.entry.name == "1.png" and session.document is not None)
    qtbot.waitUntil(lambda: not service._runner.busy)
    assert not proposer.left
    assert {name for name, *_ in proposer.asked} == {"0.png"}


def test_it_deepens_when_it_has_answered_and_answers_again(qtbot, session, service, proposer):
    proposer.learner.eager = True
    stroke(session)
    qtbot.waitUntil(lambda: not proposer.learner.eager)
    asked = len(proposer.asked)
    qtbot.waitUntil(lambda: len(proposer.asked) > asked)


def test_it_does_not_deepen_while_somebody_paints(qtbot, session, service, proposer):
    qtbot.waitUntil(lambda: not service._runner.busy)
    proposer.learner.eager = True
    session.begin_stroke((5, 5), 0, "Brush")
    service._on_answered("0.png", None, None)
    assert not service._runner.busy
    session.end_stroke()


def test_the_next_image_is_looked_at_in_a_pause(
    qtbot, session, settings, proposer, monkeypatch, tmp_path
):
    monkeypatch.setattr(instant, "AHEAD_MS", 0)
    service = InstantService(session, settings)
    service.restart()
    qtbot.waitUntil(lambda: proposer.learner.prepared == ["1.png"])
    monkeypatch.setattr(instant, "LARGEST_AHEAD", 40 * 30 - 1)
    stroke(session)
    qtbot.waitUntil(lambda: len(proposer.asked) == 2 and not service._runner.busy)
    (tmp_path / "images" / "1.png").write_bytes(b"damaged")
    monkeypatch.setattr(instant, "LARGEST_AHEAD", 40 * 30)
    with qtbot.assertNotEmitted(session.noticed):
        service._look_ahead()
        qtbot.waitUntil(lambda: not service._runner.busy)
    assert proposer.learner.prepared == ["1.png"]
    service.shutdown()


def test_a_part_of_a_large_image_is_shown_before_the_rest(qtbot, session, service, proposer):
    first = np.full((30, 40), 0, np.uint8)
    proposer.part = Offer(first, first, True, True)
    shown = []
    session.ghost_changed.connect(lambda _rect: shown.append(session.ghost))
    stroke(session)
    qtbot.waitUntil(lambda: len(shown) == 2)
    assert shown[0].mask is first
    assert (shown[1].mask == 1).all()


def test_other_pixels_are_learnt_from_anew(qtbot, session, service, proposer):
    asked = len(proposer.asked)
    session.reload_images()
    assert service._proposer is None
    qtbot.waitUntil(lambda: len(proposer.asked) > asked)


def test_another_project_begins_anew(qtbot, session, service, proposer):
    asked = len(proposer.asked)
    project = session.project
    session.close_project()
    assert service._proposer is None
    session.use_project(project)
    service.restart()
    qtbot.waitUntil(lambda: len(proposer.asked) > asked)


def test_the_round_in_use_is_silent_meanwhile_and_says_why(session):
    prediction = PredictionService(session)
    prediction.leave_to("Instant learner proposes")
    assert prediction.state.text == "Instant learner proposes"
    ghost = instant.Ghost(np.zeros((30, 40), np.uint8), np.zeros((30, 40), np.uint8), "round-001")
    prediction._on_predicted(session.entry, (ghost, ""))
    assert session.ghost is None
    prediction.leave_to("")
    prediction._on_predicted(session.entry, (ghost, ""))
    assert session.ghost is ghost
    prediction.shutdown()


def test_how_the_learners_stand_is_told_and_kept(qtbot, session, service, proposer):
    with qtbot.waitSignal(service.judged, check_params_cb=lambda s: s is not None):
        stroke(session)
    verdict = Verdict("instant + round-001", "instant")
    offer = Offer(np.zeros((30, 40), np.uint8), np.zeros((30, 40), np.uint8), True, True, verdict)
    with qtbot.waitSignal(service.proposing) as heard:
        service._on_answered("0.png", offer, None)
    assert "together" in heard.args[0]
    with qtbot.waitSignal(service.judged, check_params_cb=lambda s: s is None):
        session.close_project()
    qtbot.waitUntil(lambda: proposer.saved == 1)
    qtbot.waitUntil(lambda: service._leaving is None)
    service.shutdown()
    assert proposer.saved == 1


def test_pixels_go_by_the_channels_they_were_read_with(qtbot, session, service, proposer):
    before = proposer.looks[0]
    session.project.preview_channels(RED)
    stroke(session)
    qtbot.waitUntil(lambda: len(proposer.asked) == 2)
    session.open_image("1.png")
    qtbot.waitUntil(lambda: bool(proposer.left))
    assert proposer.looks[1:3] == [before, before]


def test_begun_anew_it_learns_from_the_open_image_as_it_is_painted(
    qtbot, session, service, proposer
):
    stroke(session)
    qtbot.waitUntil(lambda: len(proposer.asked) == 2)
    session.project.load_mask = lambda *_: np.full((30, 40), 255, np.uint8)  # as long as unsaved
    service.begin_anew()
    qtbot.waitUntil(lambda: len(proposer.asked) == 3)
    assert proposer.asked[-1][:2] == ("0.png", 16)
    session.open_image("1.png")
    qtbot.waitUntil(lambda: proposer.left == [("0.png", 16)])


def test_it_does_not_begin_anew_with_stale_pixels(qtbot, session, service, proposer):
    session.images_reloading.emit()
    service.restart()
    assert not service._loading
    session.image_reloaded.emit()
    qtbot.waitUntil(lambda: len(proposer.asked) == 2)


def test_what_it_knew_is_kept_however_often_it_is_stopped(qtbot, session, service, proposer):
    gate = threading.Event()

    def busy():
        gate.wait(10)
        yield

    service._runner.submit("busy", busy)
    session.images_reloading.emit()
    session.images_reloading.emit()
    gate.set()
    qtbot.waitUntil(lambda: proposer.saved == 1)


def test_at_the_end_the_newest_learner_is_saved_last(session, service, proposer):
    saved = []
    newer = FakeProposer()
    proposer.save, newer.save = lambda: saved.append("old"), lambda: saved.append("new")
    service._stop()
    service._proposer = newer
    service.shutdown()
    assert saved[0] == "old"
    assert saved[-1] == "new"


def test_nothing_is_loaded_for_an_image_too_large_to_answer_for(
    qtbot, session, settings, proposer, monkeypatch
):
    monkeypatch.setattr(instant, "LARGEST", 40 * 30 - 1)
    service = InstantService(session, settings)
    service.restart()
    assert not service._loading
    monkeypatch.setattr(instant, "LARGEST", 40 * 30)
    session.open_image("1.png")
    qtbot.waitUntil(lambda: service._proposer is proposer)
    service.shutdown()
