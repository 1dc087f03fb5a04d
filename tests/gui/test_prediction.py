"""Predicting in the background, with a predictor that waits until the test lets it go on."""

import json
import subprocess
import sys
import threading

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.classes import ClassTable
from unet_gui.core.errors import CheckpointError, DeviceMemoryError
from unet_gui.core.progress import Progress
from unet_gui.dataset.project import Project, Status
from unet_gui.gui import prediction
from unet_gui.gui.prediction import AHEAD, PredictionService
from unet_gui.gui.session import Session


class Answer:
    def __init__(self, shape, value):
        self.mask = np.full(shape, value, np.uint8)
        self.confidence = np.full(shape, 99, np.uint8)
        self.note = ""


class FakePredictor:
    """Takes two tiles; holds still before the second while `gate` is closed."""

    def __init__(self):
        self.gate = threading.Event()
        self.gate.set()
        self.started = []
        self.finished = 0
        self.error = None

    def predict(self, image):
        self.started.append(image.shape)
        yield Progress(0, 2)
        self.gate.wait(10)
        if self.error is not None:
            raise self.error
        yield Progress(1, 2)
        self.finished += 1
        return Answer(image.shape[:2], 1)


@pytest.fixture
def predictor():
    return FakePredictor()


@pytest.fixture
def project(tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    for i in range(8):
        Image.new("RGB", (20 + i, 16)).save(images / f"{i}.png")
    return Project.create(tmp_path / "p", images=images, classes=ClassTable.from_names(["a", "b"]))


@pytest.fixture
def session(qtbot, project):
    session = Session()
    session.use_project(project)
    qtbot.waitUntil(lambda: session.document is not None)
    yield session
    session.shutdown()


@pytest.fixture
def service(session, predictor, monkeypatch):
    def load(_project):
        yield
        return predictor, "round-001", "CPU fake"

    monkeypatch.setattr(prediction, "_load", load)
    service = PredictionService(session)
    yield service
    predictor.gate.set()
    service.shutdown()


def test_nothing_is_loaded_before_start(service, session):
    assert service.state.kind == "off"
    session.classes_changed.emit()
    assert service.device_text == ""


def test_the_open_image_comes_first_and_the_next_ones_follow(service, session, predictor, qtbot):
    service.start()
    qtbot.waitUntil(lambda: all(session.has_prediction(f"{i}.png") for i in range(AHEAD + 1)))
    widths = [shape[1] for shape in predictor.started]
    assert widths == [20, 21, 22, 23]
    assert session.ghost.round == "round-001"
    assert (session.document.mask == 255).all()
    assert service.state.kind == "idle"
    assert service.device_text == "CPU fake"


def test_switching_images_turns_to_the_new_one(service, session, predictor, qtbot):
    predictor.gate.clear()
    service.start()
    qtbot.waitUntil(lambda: len(predictor.started) == 1)
    session.open_image("5.png")
    qtbot.waitUntil(lambda: session.entry.name == "5.png" and session.document is not None)
    predictor.gate.set()
    qtbot.waitUntil(lambda: session.has_prediction("5.png"))
    assert predictor.started[1][1] == 25
    assert not session.has_prediction("0.png")  # dropped: nobody looks at it any more


def test_a_result_of_a_closed_project_is_dropped(service, session, predictor, qtbot):
    predictor.gate.clear()
    service.start()
    qtbot.waitUntil(lambda: len(predictor.started) == 1)
    with qtbot.assertNotEmitted(session.ghost_changed):
        session.close_project()
        predictor.gate.set()
        qtbot.waitUntil(lambda: not service._runner.busy)
    assert service.state.kind == "off"


def test_a_prediction_is_kept_for_the_next_time(service, session, predictor, project, qtbot):
    service.start()
    qtbot.waitUntil(lambda: session.has_prediction("0.png"))
    assert project.status(project.entry("0.png")) is Status.PROPOSED
    before = len(predictor.started)
    qtbot.waitUntil(lambda: not service._runner.busy)
    before = len(predictor.started)
    service.reload()
    qtbot.waitUntil(lambda: session.has_prediction("0.png"))
    qtbot.waitUntil(lambda: not service._runner.busy)
    assert len(predictor.started) == before


def test_without_a_learner_that_fits_the_person_is_told_what_to_do(
    service, session, qtbot, monkeypatch
):
    def nothing(_project):
        yield

    monkeypatch.setattr(prediction, "_load", nothing)
    service.start()
    qtbot.waitUntil(lambda: service.state.kind == "off" and "strokes" in service.state.text)


def test_a_learner_that_cannot_be_loaded_is_an_error_with_words(
    service, session, qtbot, monkeypatch
):
    def bad(_project):
        yield
        raise CheckpointError("round-001 is damaged.")

    monkeypatch.setattr(prediction, "_load", bad)
    with qtbot.waitSignal(session.failed) as failed:
        service.start()
    assert failed.args[0].message == "round-001 is damaged."
    assert service.state.kind == "failed"


def test_out_of_memory_is_said_in_the_status_and_painting_goes_on(
    service, session, predictor, qtbot
):
    predictor.error = DeviceMemoryError("Not enough memory.")
    service.start()
    qtbot.waitUntil(lambda: service.state.kind == "failed")
    session.begin_stroke((3, 3), 1, "Brush")
    session.stroke_to((5, 5), 3)
    session.end_stroke()
    assert session.document.counts[1] > 0


def test_new_names_of_classes_reload_but_new_colours_do_not(service, session, qtbot):
    service.start()
    qtbot.waitUntil(lambda: session.has_prediction("0.png"))
    table = session.project.classes
    session.project.set_classes(table.recolored(0, "#112233"))
    session.classes_changed.emit()
    assert session.has_prediction("0.png")
    session.project.set_classes(table.renamed(0, "other"))
    session.classes_changed.emit()
    assert not session.has_prediction("0.png")


@pytest.mark.parametrize(("scores", "silent"), [({"threshold": 0.5}, 8), ({}, 0), (None, 0)])
def test_silent_where_the_round_was_often_wrong_when_so_unsure(project, scores, silent):
    folder = project.models_dir / "round-001"
    folder.mkdir(parents=True)
    (folder / "checkpoint.safetensors").write_bytes(b"")
    (folder / "model.json").write_text(json.dumps({"scores": scores}))
    mask, confidence = np.ones((4, 4), np.uint8), np.full((4, 4), 200, np.uint8)
    confidence[:2] = 120
    ghost = prediction._offered(project, mask, confidence, "round-001")
    assert (ghost.mask == 255).sum() == silent
    assert (mask == 1).all()
    assert (prediction._offered(project, mask, confidence, "starter").mask == 1).all()


def test_nothing_is_loaded_for_an_image_too_large_to_propose_for(
    session, predictor, qtbot, monkeypatch
):
    loaded = []

    def load(_project):
        yield
        loaded.append(session.entry.name)
        return predictor, "round-001", "CPU fake"

    monkeypatch.setattr(prediction, "_load", load)
    monkeypatch.setattr(prediction, "LARGEST", 22 * 16)
    session.open_image("5.png")
    qtbot.waitUntil(lambda: session.document is not None)
    service = PredictionService(session)
    service.start()
    assert service.state.kind == "off"
    assert "large" in service.state.text
    assert not service._runner.busy
    session.open_image("1.png")
    qtbot.waitUntil(lambda: session.has_prediction("1.png"))
    qtbot.waitUntil(lambda: not service._runner.busy)
    assert loaded == ["1.png"]
    assert sorted(shape[1] for shape in predictor.started) == [20, 21, 22]
    session.open_image("7.png")
    qtbot.waitUntil(lambda: "large" in service.state.text)
    service.shutdown()


def test_other_channels_while_the_network_loads_do_not_end_proposing(
    session, predictor, qtbot, monkeypatch
):
    gate, loads = threading.Event(), []

    def load(_project):
        loads.append(gate.wait(10))
        yield
        return predictor, "round-001", "CPU fake"

    monkeypatch.setattr(prediction, "_load", load)
    service = PredictionService(session)
    service.start()
    session.reload_images()
    gate.set()
    qtbot.waitUntil(lambda: session.has_prediction("0.png"))
    session.reload_images()
    qtbot.waitUntil(lambda: session.has_prediction("0.png"))
    qtbot.waitUntil(lambda: not service._runner.busy)
    assert len(loads) <= 2, "what is loaded stays"
    service.shutdown()


def test_where_nothing_can_propose_nothing_is_imported(project):
    code = (
        "import sys; from unet_gui.core.progress import drain;"
        "from unet_gui.dataset.project import Project; from unet_gui.gui.prediction import _load;"
        f"drain(_load(Project.open({str(project.root)!r})));"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0
